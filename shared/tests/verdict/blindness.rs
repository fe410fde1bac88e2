//! Data that is missing, stale, too thin or nonsense is never calm, and never hides what is seen.

use outgrow_shared::decide;
use outgrow_shared::verdict::{Deployment, Level, Policy, Signals, Threshold, TriggerState, name};

use crate::calm::{calm, calm_but, decided, state};

#[test]
fn few_writes_prove_no_ratio() {
    for (writes, level) in [
        (100.0, Level::MigrateNow),
        (99.0, Level::Unknown),
        (1.0, Level::Unknown),
        (0.0, Level::Unknown),
        (-1.0, Level::Unknown),
        (f64::NAN, Level::Unknown),
    ] {
        let mut signals = calm_but(name::WRITE_ERROR_RATIO, 0.5);
        signals.writes_seen = Some(writes);
        assert_eq!(decided(&signals).level, level, "{writes} writes");
    }
    let mut quiet = calm();
    quiet.writes_seen = Some(1.0);
    assert_eq!(
        decided(&quiet).level,
        Level::SqliteSufficient,
        "one good write is calm"
    );
    quiet.writes_seen = Some(0.0);
    assert_eq!(
        decided(&quiet).headline,
        "UNKNOWN - write error ratio: no writes were seen (and 1 more)"
    );
    quiet.writes_seen = None;
    assert_eq!(decided(&quiet).level, Level::SqliteSufficient, "nobody counted");
}

#[test]
fn nonsense_in_any_signal_is_unknown() {
    for trigger in Policy::sqlite_to_postgres().triggers {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.001] {
            let decision = decided(&calm_but(&trigger.signal, value));
            assert_eq!(decision.level, Level::Unknown, "{} at {value}", trigger.signal);
            assert_eq!(state(&decision, &trigger.signal), TriggerState::Unusable);
            assert!(
                decision.headline.starts_with("UNKNOWN - "),
                "{}",
                decision.headline
            );
        }
    }
    assert_eq!(
        decided(&calm_but(name::WRITE_ERROR_RATIO, 1.5)).level,
        Level::Unknown
    );
}

#[test]
fn only_required_signals_may_not_be_missing() {
    for trigger in Policy::sqlite_to_postgres().triggers {
        let mut signals = calm();
        signals.measured.remove(&trigger.signal);
        signals.insert_absent(&trigger.signal, "nobody exports it");
        let decision = decided(&signals);
        assert_eq!(state(&decision, &trigger.signal), TriggerState::NotMeasured);
        let required = [
            name::WRITE_ERROR_RATIO,
            name::WRITES_PER_SECOND,
            name::DATABASE_SIZE_BYTES,
            name::WRITE_P99_SECONDS,
        ]
        .contains(&trigger.signal.as_str());
        assert_eq!(trigger.required, required, "{}", trigger.signal);
        if required {
            assert_eq!(
                decision.headline,
                format!("UNKNOWN - {}: nobody exports it", trigger.title)
            );
        } else {
            assert_eq!(decision.level, Level::SqliteSufficient, "{}", trigger.signal);
        }
    }
}

#[test]
fn stale_numbers_are_unknown_but_a_declaration_has_no_age() {
    for (age, level) in [
        (0.0, Level::MigrateNow),
        (300.0, Level::MigrateNow),
        (f64::next_up(300.0), Level::Unknown),
        (f64::NAN, Level::Unknown),
        (f64::INFINITY, Level::Unknown),
        (-1.0, Level::Unknown),
    ] {
        let mut signals = calm_but(name::WRITE_ERROR_RATIO, 0.5);
        signals.age_seconds = age;
        assert_eq!(decided(&signals).level, level, "{age} s old");
        signals.declare_deployment(Deployment::MultiServer, "declared");
        assert_eq!(
            decided(&signals).level,
            Level::MigrateNow,
            "{age} s old, several servers"
        );
    }
}

#[test]
fn nothing_measured_is_unknown_with_the_reason() {
    let mut signals = Signals::unavailable("connection refused");
    assert_eq!(decided(&signals).headline, "UNKNOWN - connection refused");
    signals.declare_deployment(Deployment::Single, "declared");
    assert_eq!(decided(&signals).level, Level::Unknown);
    signals.declare_deployment(Deployment::MultiServer, "declared");
    let decision = decided(&signals);
    assert_eq!(
        decision.level,
        Level::MigrateNow,
        "several servers are reason enough"
    );
    assert_eq!(decision.failure.as_deref(), Some("connection refused"));

    let mut optional = Policy::sqlite_to_postgres();
    for trigger in &mut optional.triggers {
        trigger.required = false;
    }
    assert_eq!(
        decide(&Signals::new(60.0), &optional).headline,
        "UNKNOWN - no signal was measured"
    );
    optional.triggers.clear();
    assert_eq!(decide(&calm(), &optional).level, Level::Unknown);
}

#[test]
fn what_fired_is_not_hidden_by_what_is_missing() {
    for (signal, value, level) in [
        (name::WRITES_PER_SECOND, 150.0, Level::MigrateNow),
        (name::DATABASE_SIZE_BYTES, 6e9, Level::PlanMigration),
    ] {
        let mut signals = calm_but(signal, value);
        signals.measured.remove(name::WRITE_ERROR_RATIO);
        signals.insert(name::WRITE_P99_SECONDS, f64::NAN, "q");
        let decision = decided(&signals);
        assert_eq!(decision.level, level, "{signal}");
        assert_eq!(decision.because.len(), 3, "{:?}", decision.because);
    }
}

#[test]
fn a_broken_threshold_is_unknown() {
    let mut policy = Policy::sqlite_to_postgres();
    policy.triggers[0].migrate_now = Threshold::Above(f64::NAN);
    assert_eq!(decide(&calm(), &policy).level, Level::Unknown);
}
