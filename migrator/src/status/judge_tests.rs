//! A status judged from made-up facts: states, totals, paces, and what is told when something is not known.

use super::super::facts::BlockerFacts;
use super::*;
use crate::status::facts::{ChunkFacts, Lease, StepFacts};

pub(in crate::status) const NOW: f64 = 1_000_000.0;

pub(in crate::status) fn pulse(age_seconds: f64, stage: &str) -> Pulse {
    Pulse {
        epoch: 1,
        at_seconds: NOW - age_seconds,
        stage: stage.to_owned(),
        ..Pulse::default()
    }
}

/// A run that was begun ten minutes ago and is in its copy.
pub(in crate::status) fn at_work() -> RunFacts {
    RunFacts {
        epoch: Some(1),
        schema: "public".to_owned(),
        source_file: "app.db".to_owned(),
        begun_at_seconds: Some(NOW - 600.0),
        pulse: Some(pulse(1.0, "copy")),
        lease: Some(Lease {
            pid: 7,
            since_seconds: Some(NOW - 601.0),
        }),
        ..RunFacts::default()
    }
}

fn plan() -> Plan {
    let table = |name: &str, rows: u64, bytes: u64| {
        serde_json::json!({
            "name": name, "target_name": name, "rows": rows, "bytes": bytes, "mode": "keyed", "key": [], "columns": [],
        })
    };
    let plan = serde_json::json!({
        "format": crate::plan::model::FORMAT, "choices": {},
        "source": {
            "file_name": "app.db", "path_sha256": "", "size_bytes": 1, "wal_size_bytes": 0, "modified_at": "",
            "wal_modified_at": "", "header_sha256": "", "page_count": 1, "page_size_bytes": 4096,
            "schema_version": 1, "encoding": "UTF-8", "journal_mode": "wal",
        },
        "findings": [], "converted": {"objects": []},
        "tables": [table("a", 1000, 98_000), table("empty", 0, 0)],
        "steps": [{"object": "index:a.ix", "sql": "CREATE INDEX"}],
    });
    serde_json::from_value(plan).unwrap()
}

pub(in crate::status) fn chunks(all: u64, since: u64, minute: u64) -> ChunkFacts {
    let amount = |rows: u64| Amount {
        rows,
        bytes: rows * 100,
    };
    ChunkFacts {
        table: "a".to_owned(),
        all: amount(all),
        since_taken_up: amount(since),
        last_minute: amount(minute),
        last_at_seconds: (all > 0).then_some(NOW - 2.0),
    }
}

pub(in crate::status) fn facts(run: RunFacts, chunks: Vec<ChunkFacts>) -> Facts {
    Facts {
        now_seconds: NOW,
        role: "watcher".to_owned(),
        run,
        plan: Some(plan()),
        chunks,
        values_quarantined: Some(0),
        ..Facts::default()
    }
}

#[test]
fn a_run_is_at_work_while_its_lease_is_held_and_its_pulse_is_fresh() {
    let with = |change: fn(&mut RunFacts)| {
        let mut run = at_work();
        change(&mut run);
        state_of(&run, NOW)
    };
    let lease = |run: &mut RunFacts, since_seconds| {
        run.lease = Some(Lease {
            pid: 7,
            since_seconds,
        });
    };
    assert_eq!(with(|_| {}), State::Running);
    // At both sides of the limit, and from after the snapshot.
    assert_eq!(with(|run| run.pulse = Some(pulse(30.0, "copy"))), State::Running);
    assert_eq!(with(|run| run.pulse = Some(pulse(30.5, "copy"))), State::Stopped);
    assert_eq!(with(|run| run.pulse = Some(pulse(-3.0, "copy"))), State::Running);
    assert_eq!(with(|run| run.lease = None), State::Stopped);
    assert_eq!(with(|run| run.recorded = Recorded::Done), State::Done);
    assert_eq!(with(|run| run.recorded = Recorded::Discarded), State::Discarded);
    // Another run has the lease by now; or the role does not see since when it is held.
    let mut run = at_work();
    lease(&mut run, Some(NOW - 0.5));
    assert_eq!(state_of(&run, NOW), State::Stopped);
    lease(&mut run, None);
    assert_eq!(state_of(&run, NOW), State::Running);
    // Taken up, or begun, a moment ago, before its first pulse.
    lease(&mut run, Some(NOW - 0.5));
    run.pulse = Some(pulse(4000.0, "copy"));
    run.taken_up_at_seconds = Some(NOW - 0.1);
    assert_eq!(state_of(&run, NOW), State::Running);
    run.pulse = None;
    run.taken_up_at_seconds = None;
    run.begun_at_seconds = Some(NOW - 0.1);
    assert_eq!(state_of(&run, NOW), State::Running);
}

#[test]
fn runs_at_work_are_shown_before_stopped_ones_and_those_before_ended_ones() {
    let running = at_work;
    let stopped = || RunFacts {
        lease: None,
        ..at_work()
    };
    let done = || RunFacts {
        recorded: Recorded::Done,
        ..at_work()
    };
    for (runs, shown, others) in [
        (vec![], vec![], 0),
        (vec![done(), done()], vec![0], 0),
        (vec![done(), stopped(), stopped()], vec![1], 1),
        (vec![stopped(), running(), done(), running()], vec![1, 3], 1),
    ] {
        let (found, also) = choose(&runs, NOW);
        assert_eq!((found, also.len()), (shown, others), "{runs:?}");
    }
}

#[test]
fn totals_are_the_plans_until_a_table_is_done_and_its_own_then() {
    let table = |rows, made: bool| {
        let mut facts = facts(at_work(), vec![chunks(rows, rows, rows)]);
        if made {
            facts.steps = vec![StepFacts {
                step: "table:a".to_owned(),
                finished_at_seconds: NOW,
            }];
        }
        let status = judge(&facts);
        (status.tables[0].state, status.bytes_total)
    };
    assert_eq!(table(0, false), (TableState::Waiting, Some(100_000)));
    assert_eq!(table(500, true), (TableState::Copying, Some(100_000)));
    assert_eq!(table(1000, true), (TableState::Done, Some(100_000)));
    assert_eq!(table(1001, true), (TableState::Done, Some(100_100)));
    let empty = judge(&facts(at_work(), vec![]));
    assert_eq!(empty.tables[1].state, TableState::Waiting);
    assert_eq!((empty.rows_done, empty.rows_total), (0, Some(1000)));
}

#[test]
fn a_plan_of_another_version_leaves_totals_open() {
    let mut facts = facts(at_work(), vec![chunks(500, 500, 300)]);
    facts.plan = None;
    let status = judge(&facts);
    assert_eq!((status.rows_done, status.rows_total), (500, None));
    assert_eq!((status.bytes_total, status.eta_seconds), (None, None));
    assert!(status.steps.is_empty() && status.notes[0].contains("another version"));
}

#[test]
fn a_stopped_run_says_the_command_and_tells_no_stage() {
    let run = RunFacts {
        lease: None,
        schema: "le gacy".to_owned(),
        source_file: "my app.db".to_owned(),
        ..at_work()
    };
    let status = judge(&facts(run, vec![chunks(500, 500, 300)]));
    let next = "outgrow migrate 'my app.db' --to ... --schema 'le gacy'";
    assert_eq!(status.next.as_deref(), Some(next));
    assert_eq!(
        (status.stage, status.last_minute, status.overall),
        (None, None, None)
    );
    assert!(status.notes[0].contains("a moment ago"), "{:?}", status.notes);
    assert_eq!(judge(&facts(at_work(), vec![])).next, None);
}

#[test]
fn what_is_sent_and_not_committed_is_told_apart() {
    let in_flight = |sent: u64| {
        let pulse = Some(Pulse {
            bytes: sent,
            ..pulse(0.0, "copy")
        });
        // Of an earlier taking up are 20,000 bytes.
        let came = vec![chunks(300, 100, 100)];
        judge(&facts(RunFacts { pulse, ..at_work() }, came)).bytes_in_flight
    };
    assert_eq!([0, 10_000, 15_000].map(in_flight), [0, 0, 5_000]);
}

#[test]
fn each_kind_of_blocker_has_its_advice() {
    let blocker = |pid, state: Option<&str>, backend_type: &str, is_own| BlockerFacts {
        pid,
        blocked_pid: 5,
        is_own,
        state: state.map(str::to_owned),
        backend_type: Some(backend_type.to_owned()),
        transaction_since_seconds: Some(NOW - 61.0),
        ..BlockerFacts::default()
    };
    for (blocker, word) in [
        (blocker(0, None, "", false), "pg_prepared_xacts"),
        (
            blocker(8, Some("active"), "client backend", false),
            "pg_cancel_backend(8)",
        ),
        (
            blocker(8, Some("idle in transaction"), "client backend", false),
            "pg_terminate_backend(8)",
        ),
        (
            blocker(8, None, "client backend", false),
            "pg_terminate_backend(8)",
        ),
        (
            blocker(8, Some("active"), "autovacuum worker", false),
            "gives way by itself",
        ),
        (
            blocker(8, Some("active"), "client backend", true),
            "nothing has to be done",
        ),
    ] {
        let mut facts = facts(at_work(), vec![]);
        let twice = BlockerFacts {
            blocked_pid: 6,
            ..blocker.clone()
        };
        facts.blockers = vec![blocker, twice];
        let status = judge(&facts);
        let [told] = &status.blockers[..] else {
            panic!("{:?}", status.blockers)
        };
        assert!(told.next.contains(word), "{told:?}");
        assert_eq!(
            (&told.blocked_pids[..], told.transaction_age_seconds),
            (&[5, 6][..], Some(61))
        );
    }
}

#[test]
fn a_migration_in_one_transaction_is_told_from_its_record() {
    let run = RunFacts {
        recorded: Recorded::Done,
        ended_at_seconds: Some(NOW),
        root: Some("ab".to_owned()),
        ..RunFacts::default()
    };
    let status = judge(&facts(run, vec![]));
    assert_eq!((status.rows_done, status.rows_total), (1000, Some(1000)));
    assert_eq!(
        (status.begun_at, status.age_seconds, status.times_taken_up),
        (None, None, None)
    );
    assert_eq!(status.ended_at.as_deref(), Some("1970-01-12T13:46:40Z"));
    assert!(status.steps.is_empty());
}
