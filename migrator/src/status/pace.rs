//! How fast rows come, and how long the stage at work still takes.
//!
//! Nothing in too short a time is no pace, and without a pace there is no time to go.

use super::facts::{Amount, ChunkFacts, Facts, Pulse};
use super::model::{Pace, State};

/// The window of the present pace.
pub const WINDOW_SECONDS: f64 = 60.0;

/// A pace needs this much time to mean anything.
const PACE_MIN_SECONDS: f64 = 1.0;

/// Stages of the pulse, as the migration names them.
pub(super) const COPY: &str = "copy";
const VERIFY: &str = "verify";

/// What all tables have together.
pub(super) fn sum(facts: &Facts, of: impl Fn(&ChunkFacts) -> Amount) -> Amount {
    facts
        .chunks
        .iter()
        .map(of)
        .fold(Amount::default(), |all, one| Amount {
            rows: all.rows.saturating_add(one.rows),
            bytes: all.bytes.saturating_add(one.bytes),
        })
}

/// The pace of the last minute and since the run was begun or last taken up.
pub(super) fn paces(facts: &Facts, state: State, pulse: Option<&Pulse>) -> (Option<Pace>, Option<Pace>) {
    let run = &facts.run;
    let Some(since) = run
        .taken_up_at_seconds
        .or(run.begun_at_seconds)
        .filter(|_| state == State::Running)
    else {
        return (None, None);
    };
    let last = facts.chunks.iter().filter_map(|chunks| chunks.last_at_seconds);
    let is_copying = pulse.is_some_and(|pulse| pulse.stage == COPY);
    let until = match last.reduce(f64::max) {
        Some(last) if !is_copying => last,
        _ => facts.now_seconds,
    };
    let lasted = until - since;
    let overall = pace(sum(facts, |chunks| chunks.since_taken_up), lasted);
    let last_minute = is_copying
        .then(|| {
            pace(
                sum(facts, |chunks| chunks.last_minute),
                lasted.min(WINDOW_SECONDS),
            )
        })
        .flatten();
    (last_minute, overall)
}

/// Nothing in too short a time is no pace.
fn pace(amount: Amount, seconds: f64) -> Option<Pace> {
    (seconds >= PACE_MIN_SECONDS && amount != Amount::default()).then(|| Pace {
        rows_per_second: whole((real(amount.rows) / seconds).round()),
        bytes_per_second: whole((real(amount.bytes) / seconds).round()),
    })
}

/// How long the stage at work still takes, where bytes tell it.
pub(super) fn eta(
    facts: &Facts,
    pulse: Option<&Pulse>,
    bytes_total: Option<u64>,
    bytes_done: u64,
    copying: Option<Pace>,
) -> (Option<&'static str>, Option<u64>) {
    let Some(pulse) = pulse else { return (None, None) };
    let (stage, left, per_second) = match pulse.stage.as_str() {
        COPY => {
            let left = bytes_total.map(|total| total.saturating_sub(bytes_done));
            (COPY, left, copying.map(|pace| real(pace.bytes_per_second)))
        }
        VERIFY => {
            // It begins when the last step is done.
            let steps = facts.steps.iter().map(|step| step.finished_at_seconds);
            let lasted = steps.reduce(f64::max).map(|begun| pulse.at_seconds - begun);
            let lasted = lasted.filter(|seconds| *seconds >= PACE_MIN_SECONDS);
            let left = pulse.bytes_total.map(|total| total.saturating_sub(pulse.bytes));
            (VERIFY, left, lasted.map(|seconds| real(pulse.bytes) / seconds))
        }
        _ => return (None, None),
    };
    match (left, per_second) {
        (Some(left), Some(per_second)) if per_second > 0.0 => {
            (Some(stage), Some(whole((real(left) / per_second).ceil())))
        }
        _ => (None, None),
    }
}

fn real(count: u64) -> f64 {
    count as f64
}

/// Whole seconds or units; what lies before zero is zero.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast from a float saturates, and a span below zero is none"
)]
pub(super) fn whole(value: f64) -> u64 {
    value.max(0.0) as u64
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;
