//! The decision itself: pure, deterministic, total.
//!
//! Each trigger is judged alone; the worst one gives the level. A passed threshold is never hidden by a signal
//! that is missing, because more knowledge could only make the level worse. Without one, a required signal that
//! is missing, stale or nonsense makes the decision `UNKNOWN`, never "sufficient". An optional signal may be
//! missing, but when present it must make sense. While a cheaper cause is open it takes the place of the
//! triggers it explains.

use super::decision::{
    DECISION_SCHEMA_VERSION, Decision, FixResult, FixState, Level, TriggerResult, TriggerState,
};
use super::policy::{Policy, Trigger, Tuning};
use super::signal::{Measured, Signals};
use super::threshold::Threshold;
use super::unit::Unit;

/// Judges `signals` by `policy`.
///
/// The level never falls when a trigger's signal gets worse (greater, or smaller for a limit from below), all
/// else being equal and the values being possible ones. Opening a cheaper cause may lower it to `TUNE FIRST`.
#[must_use]
pub fn decide(signals: &Signals, policy: &Policy) -> Decision {
    let fixes: Vec<FixResult> = policy
        .tunings
        .iter()
        .map(|tuning| judge_tuning(tuning, signals, policy))
        .collect();
    let cheaper_cause = fixes.iter().any(|fix| fix.state == FixState::Open);
    let triggers: Vec<TriggerResult> = policy
        .triggers
        .iter()
        .map(|trigger| judge_trigger(trigger, signals, policy, cheaper_cause))
        .collect();
    let level = level_of(&triggers, signals, policy);
    Decision {
        schema_version: DECISION_SCHEMA_VERSION,
        level,
        headline: headline(level, &triggers, &fixes, signals),
        policy: policy.name.clone(),
        database: signals.database.clone(),
        measured_at_unix_seconds: signals.measured_at_unix_seconds,
        observed_seconds: signals.observed_seconds,
        age_seconds: signals.age_seconds,
        writes_seen: signals.writes_seen,
        failure: signals.failure.clone(),
        because: triggers.iter().filter_map(justification).collect(),
        triggers,
        fixes,
    }
}

fn level_of(triggers: &[TriggerResult], signals: &Signals, policy: &Policy) -> Level {
    // A policy of optional triggers alone must not call an unseen database sufficient.
    let seen = triggers.iter().zip(&policy.triggers).any(|(result, trigger)| {
        matches!(result.state, TriggerState::Ok | TriggerState::Spike)
            && signals.measured.get(&trigger.signal).is_some_and(|m| !m.declared)
    });
    let floor = if seen && signals.failure.is_none() {
        Level::SqliteSufficient
    } else {
        Level::Unknown
    };
    triggers.iter().map(level_of_trigger).fold(floor, Ord::max)
}

fn level_of_trigger(result: &TriggerResult) -> Level {
    match result.state {
        TriggerState::Ok | TriggerState::Spike => Level::SqliteSufficient,
        TriggerState::NotMeasured if !result.required => Level::SqliteSufficient,
        TriggerState::NotMeasured | TriggerState::Unusable | TriggerState::TooShort => Level::Unknown,
        TriggerState::TuneFirst => Level::TuneFirst,
        TriggerState::Plan => Level::PlanMigration,
        TriggerState::MigrateNow => Level::MigrateNow,
    }
}

fn judge_trigger(
    trigger: &Trigger,
    signals: &Signals,
    policy: &Policy,
    cheaper_cause: bool,
) -> TriggerResult {
    let measured = signals.measured.get(&trigger.signal);
    let (state, reason) = match measured {
        Some(measured) => state_of(trigger, measured, signals, policy, cheaper_cause),
        None => {
            let why = signals.absent.get(&trigger.signal).cloned();
            let why = why.unwrap_or_else(|| "not measured".to_owned());
            (TriggerState::NotMeasured, Some(why))
        }
    };
    let headline = match state {
        TriggerState::MigrateNow => Some(&trigger.headline),
        TriggerState::Plan => Some(trigger.plan_headline.as_ref().unwrap_or(&trigger.headline)),
        _ => None,
    };
    TriggerResult {
        signal: trigger.signal.clone(),
        title: trigger.title.clone(),
        unit: trigger.unit,
        state,
        value: measured.map(|m| m.value),
        plan: trigger.plan,
        migrate_now: trigger.migrate_now,
        held_seconds: measured.filter(|m| !m.declared).map(|m| m.held_seconds),
        holds_for_seconds: trigger.holds_for_seconds,
        judged_over_seconds: policy.hold_needed_seconds(trigger),
        required: trigger.required,
        headline: headline.cloned(),
        reason,
        source: measured.map(|m| m.source.clone()).unwrap_or_default(),
    }
}

fn state_of(
    trigger: &Trigger,
    measured: &Measured,
    signals: &Signals,
    policy: &Policy,
    cheaper_cause: bool,
) -> (TriggerState, Option<String>) {
    let limits = [Some(trigger.migrate_now), trigger.plan];
    if let Some(fault) = fault(measured, trigger.unit, &limits, signals, policy) {
        return (TriggerState::Unusable, Some(fault));
    }
    // A count of NaN or less than nothing is no writes either.
    let any_writes = signals.writes_seen.is_none_or(|writes| writes > 0.0);
    if trigger.min_writes > 0 && !any_writes {
        return (TriggerState::Unusable, Some("no writes were seen".to_owned()));
    }
    let (fired, limit) = if trigger.migrate_now.is_passed_by(measured.value) {
        (TriggerState::MigrateNow, trigger.migrate_now)
    } else if let Some(plan) = trigger.plan.filter(|plan| plan.is_passed_by(measured.value)) {
        (TriggerState::Plan, plan)
    } else {
        return (TriggerState::Ok, None);
    };
    let passed = format!(
        "{}, limit {}",
        trigger.unit.show(measured.value),
        limit.show(trigger.unit)
    );
    if let Some((state, why)) = not_counted_yet(trigger, measured, signals, policy) {
        return (state, Some(format!("{passed}, but {why}")));
    }
    if trigger.tunable && cheaper_cause {
        return (
            TriggerState::TuneFirst,
            Some(format!("{passed}, while a cheaper cause is open")),
        );
    }
    (fired, Some(passed))
}

/// Why a passed threshold does not count yet: it did not hold long enough, or too few writes were seen.
fn not_counted_yet(
    trigger: &Trigger,
    measured: &Measured,
    signals: &Signals,
    policy: &Policy,
) -> Option<(TriggerState, String)> {
    let needed = policy.hold_needed_seconds(trigger);
    // A time of NaN is not long enough.
    let held_long_enough = measured.declared || measured.held_seconds >= needed;
    if !held_long_enough {
        let held = Unit::Seconds.show(measured.held_seconds);
        let why = format!("held {held} of {}", Unit::Seconds.show(needed));
        let watched_long_enough = signals.observed_seconds >= needed;
        let state = if watched_long_enough {
            TriggerState::Spike
        } else {
            TriggerState::TooShort
        };
        return Some((state, why));
    }
    let writes = signals.writes_seen?;
    // Counts of writes stay far below 2^53, where f64 stops being exact.
    let min_writes = trigger.min_writes as f64;
    if writes < min_writes {
        let why = format!(
            "only {} of {min_writes} writes were seen",
            Unit::Count.show(writes)
        );
        return Some((TriggerState::TooShort, why));
    }
    None
}

fn judge_tuning(tuning: &Tuning, signals: &Signals, policy: &Policy) -> FixResult {
    let measured = signals.measured.get(&tuning.signal);
    let usable = measured.filter(|m| fault(m, tuning.unit, &[Some(tuning.open)], signals, policy).is_none());
    let state = match usable {
        Some(measured) if tuning.open.is_passed_by(measured.value) => FixState::Open,
        Some(_) => FixState::Closed,
        None => FixState::NotMeasured,
    };
    FixResult {
        signal: tuning.signal.clone(),
        unit: tuning.unit,
        state,
        value: measured.map(|m| m.value),
        open: tuning.open,
        headline: tuning.headline.clone(),
        fix: tuning.fix.clone(),
        source: measured.map(|m| m.source.clone()).unwrap_or_default(),
    }
}

/// Why a number cannot be judged: it is nonsense, stale, or meets a limit that is no number.
fn fault(
    measured: &Measured,
    unit: Unit,
    limits: &[Option<Threshold>],
    signals: &Signals,
    policy: &Policy,
) -> Option<String> {
    if let Some(fault) = unit.fault(measured.value) {
        return Some(fault);
    }
    if limits
        .iter()
        .flatten()
        .any(|threshold| !threshold.limit().is_finite())
    {
        return Some("the policy's threshold is no finite number".to_owned());
    }
    if measured.declared {
        return None;
    }
    let age = signals.age_seconds;
    // A negative or NaN age is a clock gone wrong: nobody knows how old the number is.
    let age_known = age >= 0.0;
    if !age_known {
        return Some(format!("stale: its age is unknown ({age} s)"));
    }
    let fresh = age <= policy.stale_after_seconds;
    if !fresh {
        let limit = Unit::Seconds.show(policy.stale_after_seconds);
        return Some(format!("stale: {} old, limit {limit}", Unit::Seconds.show(age)));
    }
    None
}

fn headline(level: Level, triggers: &[TriggerResult], fixes: &[FixResult], signals: &Signals) -> String {
    let first = |state: TriggerState| {
        let result = triggers.iter().find(|result| result.state == state);
        result.and_then(|result| result.headline.clone())
    };
    let why = match level {
        Level::SqliteSufficient => None,
        Level::MigrateNow => first(TriggerState::MigrateNow),
        Level::PlanMigration => first(TriggerState::Plan),
        Level::TuneFirst => fixes
            .iter()
            .find(|fix| fix.state == FixState::Open)
            .map(|fix| fix.headline.clone()),
        Level::Unknown => Some(why_unknown(triggers, signals)),
    };
    match why {
        Some(why) => format!("{level} - {why}"),
        None => level.to_string(),
    }
}

fn why_unknown(triggers: &[TriggerResult], signals: &Signals) -> String {
    if let Some(failure) = &signals.failure {
        return failure.clone();
    }
    let mut blind = triggers
        .iter()
        .filter(|result| level_of_trigger(result) == Level::Unknown);
    let Some(first) = blind.next() else {
        return "no signal was measured".to_owned();
    };
    let reason = first.reason.as_deref().unwrap_or("not measured");
    match blind.count() {
        0 => format!("{}: {reason}", first.title),
        more => format!("{}: {reason} (and {more} more)", first.title),
    }
}

fn justification(result: &TriggerResult) -> Option<String> {
    if result.state == TriggerState::NotMeasured && !result.required {
        return None;
    }
    let reason = result.reason.as_ref()?;
    Some(format!("{}: {reason}", result.title))
}
