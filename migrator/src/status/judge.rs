//! From what ledger and server say to a status: how the run stands, how fast it is, how long it still takes.
//!
//! Pure: the time is the server's, given with the facts. A figure that cannot be known is none, never zero.

use std::collections::HashSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::blockers::blockers;
use super::facts::{Amount, Facts, Pulse, Recorded, RunFacts};
use super::model::{CommandStatus, SessionStatus, State, Status, StepsStatus, TableState, TableStatus};
use super::pace::{COPY, eta, paces, sum, whole};
use super::steps;
use crate::plan::choices::{Choices, DEFAULT_SCHEMA};
use crate::plan::model::Plan;
use crate::quote::quote_ident;
use crate::report::layout::quoted;

/// A pulse beats every two seconds; one that is older has stopped.
pub const PULSE_FRESH_SECONDS: f64 = 30.0;

/// How a run stands. Whoever holds the lease must have been there when the run was last heard of: the lease belongs
/// to a schema, and another run may have it now.
pub fn state_of(run: &RunFacts, now_seconds: f64) -> State {
    match run.recorded {
        Recorded::Done => return State::Done,
        Recorded::Discarded => return State::Discarded,
        Recorded::Unfinished => {}
    }
    let (Some(lease), Some(heard)) = (run.lease, last_heard(run)) else {
        return State::Stopped;
    };
    let is_theirs = lease.since_seconds.is_none_or(|since| heard >= since);
    if is_theirs && now_seconds - heard <= PULSE_FRESH_SECONDS {
        State::Running
    } else {
        State::Stopped
    }
}

/// When the run last gave a sign of life.
fn last_heard(run: &RunFacts) -> Option<f64> {
    let pulse = run.pulse.as_ref().map(|pulse| pulse.at_seconds);
    let signs = [run.begun_at_seconds, run.taken_up_at_seconds, pulse];
    signs.into_iter().flatten().reduce(f64::max)
}

/// Which runs are shown, latest first, when none is named: all that are at work; else the latest that has not come to
/// its end; else the latest. The second part has the unfinished ones that are not shown.
pub fn choose(runs: &[RunFacts], now_seconds: f64) -> (Vec<usize>, Vec<Uuid>) {
    let with = |state: State| {
        let found = runs.iter().enumerate();
        found
            .filter(move |(_, run)| state_of(run, now_seconds) == state)
            .map(|(place, _)| place)
    };
    let mut shown: Vec<usize> = with(State::Running).collect();
    if shown.is_empty() {
        shown.extend(with(State::Stopped).next());
    }
    if shown.is_empty() && !runs.is_empty() {
        shown.push(0);
    }
    let others = with(State::Stopped).filter(|place| !shown.contains(place));
    let others = others.map(|place| runs[place].id).collect();
    (shown, others)
}

/// The status of a run.
pub fn judge(facts: &Facts) -> Status {
    let run = &facts.run;
    let now = facts.now_seconds;
    let state = state_of(run, now);
    let pulse = current_pulse(run, state);
    let done: HashSet<&str> = facts.steps.iter().map(|step| step.step.as_str()).collect();
    let tables = tables(facts, state, &done);
    let total = |of: fn(&TableStatus) -> Option<u64>| tables.iter().map(of).sum::<Option<u64>>();
    let (rows_total, bytes_total) = match facts.plan {
        Some(_) => (total(|table| table.rows_total), total(|table| table.bytes_total)),
        None => (None, None),
    };
    let copied = sum(facts, |chunks| chunks.since_taken_up);
    let bytes_done = tables.iter().map(|table| table.bytes_done).sum();
    let (last_minute, overall) = paces(facts, state, pulse);
    let (eta_stage, eta_seconds) = eta(facts, pulse, bytes_total, bytes_done, last_minute.or(overall));
    Status {
        run_id: run.id,
        state,
        source_file: run.source_file.clone(),
        target_schema: run.schema.clone(),
        tool_version: run.tool_version.clone(),
        system_identifier: run.system_identifier.clone(),
        timeline: run.timeline.clone(),
        begun_at: run.begun_at_seconds.and_then(moment),
        taken_up_at: run.taken_up_at_seconds.and_then(moment),
        ended_at: run.ended_at_seconds.and_then(moment),
        age_seconds: run
            .begun_at_seconds
            .map(|begun| whole(run.ended_at_seconds.unwrap_or(now) - begun)),
        times_taken_up: run
            .epoch
            .map(|epoch| u64::try_from(epoch - 1).unwrap_or_default()),
        root: run.root.clone(),
        pulse_age_seconds: run.pulse.as_ref().map(|pulse| whole(now - pulse.at_seconds)),
        stage: pulse.map(|pulse| pulse.stage.clone()).filter(|s| !s.is_empty()),
        doing: pulse.map(|pulse| pulse.doing.clone()).filter(|d| !d.is_empty()),
        stage_bytes_done: pulse.map(|pulse| pulse.bytes),
        stage_bytes_total: pulse.and_then(|pulse| pulse.bytes_total),
        rows_done: tables.iter().map(|table| table.rows_done).sum(),
        rows_total,
        bytes_done,
        bytes_total,
        bytes_in_flight: pulse
            .filter(|pulse| pulse.stage == COPY)
            .map_or(0, |pulse| pulse.bytes.saturating_sub(copied.bytes)),
        last_minute,
        overall,
        eta_seconds,
        eta_stage,
        tables,
        steps: steps_of(facts, state, &done),
        sessions: sessions(facts),
        sessions_visible: !facts.sessions_hidden,
        blockers: blockers(&facts.blockers, now),
        values_quarantined: facts.values_quarantined,
        next: (state == State::Stopped).then(|| go_on(run)),
        notes: notes(facts, state),
    }
}

/// The pulse, if it is of the process at work.
fn current_pulse(run: &RunFacts, state: State) -> Option<&Pulse> {
    let pulse = run.pulse.as_ref()?;
    (state == State::Running && Some(pulse.epoch) == run.epoch).then_some(pulse)
}

/// Tables in the plan's order; without a plan those of which the ledger has rows.
fn tables(facts: &Facts, state: State, done: &HashSet<&str>) -> Vec<TableStatus> {
    let of = |name: &str| {
        let found = facts.chunks.iter().find(|chunks| chunks.table == name);
        found.map(|chunks| chunks.all).unwrap_or_default()
    };
    let Some(plan) = &facts.plan else {
        let known = facts.chunks.iter().map(|chunks| TableStatus {
            name: chunks.table.clone(),
            state: TableState::Copying,
            rows_done: chunks.all.rows,
            rows_total: None,
            bytes_done: chunks.all.bytes,
            bytes_total: None,
        });
        return known.collect();
    };
    let planned = plan.tables.iter().map(|table| {
        // What was copied in one transaction has no chunks on record, and is there.
        let is_recorded = state == State::Done && facts.run.epoch.is_none();
        let mut amount = of(&table.name);
        if is_recorded {
            amount = Amount {
                rows: table.rows,
                bytes: table.stream_bytes(),
            };
        }
        let made = is_recorded || done.contains(format!("table:{}", table.name).as_str());
        let state = match amount.rows {
            rows if made && rows >= table.rows => TableState::Done,
            0 => TableState::Waiting,
            _ => TableState::Copying,
        };
        let bytes_total = match state {
            // The plan's figure is an estimate; what is there is not.
            TableState::Done => amount.bytes,
            TableState::Waiting | TableState::Copying => table.stream_bytes().max(amount.bytes),
        };
        TableStatus {
            name: table.name.clone(),
            state,
            rows_done: amount.rows,
            rows_total: Some(table.rows),
            bytes_done: amount.bytes,
            bytes_total: Some(bytes_total),
        }
    });
    planned.collect()
}

fn steps_of(facts: &Facts, state: State, done: &HashSet<&str>) -> Vec<StepsStatus> {
    // A migration in one transaction keeps no steps, and what was discarded keeps none either.
    let keeps_steps = facts.run.epoch.is_some() && state != State::Discarded;
    match &facts.plan {
        Some(plan) if keeps_steps => steps::by_kind(plan, done),
        _ => Vec::new(),
    }
}

fn sessions(facts: &Facts) -> Vec<SessionStatus> {
    let sessions = facts.sessions.iter().map(|session| SessionStatus {
        pid: session.pid,
        state: session.state.clone(),
        wait_event_type: session.wait_event_type.clone(),
        wait_event: session.wait_event.clone(),
        command: session.command.as_ref().map(|command| CommandStatus {
            name: command.command.clone(),
            relation: command.relation.clone(),
            phase: command.phase.clone(),
            amount_done: command.done,
            amount_total: command.total,
            amount_unit: command.unit.clone(),
        }),
    });
    sessions.collect()
}

/// The command that goes on with a run. The path of the file is not on record.
fn go_on(run: &RunFacts) -> String {
    let schema = match run.schema.as_str() {
        DEFAULT_SCHEMA => String::new(),
        schema => format!(" --schema {}", quoted(schema)),
    };
    format!("outgrow migrate {} --to ...{schema}", quoted(&run.source_file))
}

fn notes(facts: &Facts, state: State) -> Vec<String> {
    let mut notes = Vec::new();
    let run = &facts.run;
    if state == State::Stopped {
        if facts.plan.as_ref().is_some_and(has_choices) {
            notes.push(
                "It was begun with choices; give the same ones again (--skip, --values, --plan and so on)."
                    .to_owned(),
            );
        }
        if last_heard(run).is_some_and(|heard| facts.now_seconds - heard <= PULSE_FRESH_SECONDS) {
            notes.push(
                "It was heard of a moment ago: a process that lost its connection tries again by itself."
                    .to_owned(),
            );
        }
    }
    if facts.plan.is_none() {
        notes.push("Its plan was written by another version of outgrow, so totals are not known.".to_owned());
    }
    if facts.sessions_hidden {
        notes.push(format!(
            "This role does not see the sessions at work, nor what blocks them. Have an administrator run: \
             GRANT pg_read_all_stats TO {}",
            quote_ident(&facts.role)
        ));
    }
    notes
}

/// Whether somebody decided anything but the schema.
fn has_choices(plan: &Plan) -> bool {
    let schema = plan.choices.schema.clone();
    plan.choices
        != Choices {
            schema,
            ..Choices::default()
        }
}

/// A time of the server, RFC 3339.
pub fn moment(seconds: f64) -> Option<String> {
    let timestamp = Timestamp::from_second(i64::try_from(whole(seconds)).ok()?).ok()?;
    Some(timestamp.to_string())
}

#[cfg(test)]
#[path = "judge_tests.rs"]
pub(super) mod tests;
