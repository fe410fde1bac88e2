//! Paces and times to go from made-up facts: at the begin, taken up, all there, and by stage.

use super::super::facts::{Pulse, RunFacts, StepFacts};
use super::super::judge::judge;
use super::super::judge::tests::{NOW, at_work, chunks, facts, pulse};
use super::super::model::Pace;

/// What came in all, since the run was taken up, and in the last minute; rows a second of the last minute and overall;
/// seconds to go.
type Case = (&'static str, RunFacts, [u64; 3], [Option<u64>; 2], Option<u64>);

fn cases() -> Vec<Case> {
    let begun = |seconds: f64| RunFacts {
        begun_at_seconds: Some(NOW - seconds),
        ..at_work()
    };
    let taken_up = RunFacts {
        taken_up_at_seconds: Some(NOW - 20.0),
        ..begun(90_000.0)
    };
    let none = [None, None];
    vec![
        ("at the begin", begun(0.0), [0; 3], none, None),
        ("in the first second", begun(0.5), [100; 3], none, None),
        ("a clock that went back", begun(-5.0), [100; 3], none, None),
        ("young", begun(10.0), [100; 3], [Some(10); 2], Some(90)),
        ("steady", begun(100.0), [500, 500, 300], [Some(5); 2], Some(100)),
        (
            "a still minute",
            begun(100.0),
            [500, 500, 0],
            [None, Some(5)],
            Some(100),
        ),
        ("taken up", taken_up, [800, 100, 100], [Some(5); 2], Some(40)),
        (
            "all there",
            begun(100.0),
            [1000, 1000, 600],
            [Some(10); 2],
            Some(0),
        ),
    ]
}

#[test]
fn pace_and_time_to_go_follow_from_what_came_and_are_none_where_nothing_did() {
    let pace = |rows: u64| Pace {
        rows_per_second: rows,
        bytes_per_second: rows * 100,
    };
    for (what, run, [all, since, minute], paces, eta_seconds) in cases() {
        let mut facts = facts(run, vec![chunks(all, since, minute)]);
        facts.steps = vec![StepFacts {
            step: "table:a".to_owned(),
            finished_at_seconds: NOW - 90.0,
        }];
        let status = judge(&facts);
        assert_eq!(
            [status.last_minute, status.overall],
            paces.map(|rows| rows.map(pace)),
            "{what}"
        );
        assert_eq!(status.eta_seconds, eta_seconds, "{what}");
        assert_eq!(status.eta_stage.is_some(), eta_seconds.is_some(), "{what}");
        assert_eq!(status.rows_done, all, "{what}");
    }
}

#[test]
fn the_time_to_go_speaks_of_its_stage_alone() {
    let in_stage = |stage: &str| {
        let mut facts = facts(
            RunFacts {
                pulse: Some(Pulse {
                    bytes: 25,
                    bytes_total: Some(100),
                    ..pulse(0.0, stage)
                }),
                ..at_work()
            },
            vec![chunks(1000, 1000, 600)],
        );
        facts.steps = vec![StepFacts {
            step: "analyze:a".to_owned(),
            finished_at_seconds: NOW - 5.0,
        }];
        let status = judge(&facts);
        (status.eta_stage, status.eta_seconds)
    };
    assert_eq!(in_stage("verify"), (Some("verify"), Some(15)));
    for without in ["", "keys", "compare", "a later stage"] {
        assert_eq!(in_stage(without), (None, None), "{without}");
    }
}
