//! Each trigger of the default policy just below, at and above its thresholds, and for how long. The numbers
//! are written out, so that a changed threshold fails here.

use outgrow_shared::decide;
use outgrow_shared::verdict::{
    Deployment, FixState, Level, Measured, Policy, Signals, TriggerState, Unit, name,
};

use crate::calm::{calm, calm_but, decided, state};

#[test]
fn calm_signals_are_sufficient() {
    let decision = decided(&calm());
    assert_eq!(decision.headline, "SQLite sufficient");
    assert_eq!(decision.level, Level::SqliteSufficient);
    assert!(decision.because.is_empty(), "{:?}", decision.because);
    assert_eq!(decision.triggers.len(), 7);
    assert!(decision.triggers.iter().all(|t| t.state == TriggerState::Ok));
    assert!(decision.fixes.iter().all(|f| f.state == FixState::Closed));
}

const SUFFICIENT: &str = "SQLite sufficient";

/// Signal, value, decision: each limit from below, on it and from above.
const THRESHOLDS: &[(&str, f64, &str)] = &[
    (name::WRITE_ERROR_RATIO, f64::next_down(0.005), SUFFICIENT),
    (
        name::WRITE_ERROR_RATIO,
        0.005,
        "PLAN MIGRATION - Write errors >=0.5%",
    ),
    (
        name::WRITE_ERROR_RATIO,
        0.01,
        "PLAN MIGRATION - Write errors >=0.5%",
    ),
    (
        name::WRITE_ERROR_RATIO,
        f64::next_up(0.01),
        "MIGRATE NOW - Write errors >1%",
    ),
    (name::WRITE_ERROR_RATIO, 1.0, "MIGRATE NOW - Write errors >1%"),
    (name::WRITES_PER_SECOND, f64::next_down(80.0), SUFFICIENT),
    (
        name::WRITES_PER_SECOND,
        80.0,
        "PLAN MIGRATION - Throughput >=80 writes/sec",
    ),
    (
        name::WRITES_PER_SECOND,
        100.0,
        "PLAN MIGRATION - Throughput >=80 writes/sec",
    ),
    (
        name::WRITES_PER_SECOND,
        f64::next_up(100.0),
        "MIGRATE NOW - Throughput >100 writes/sec",
    ),
    (name::DATABASE_SIZE_BYTES, 4_999_999_999.0, SUFFICIENT),
    (
        name::DATABASE_SIZE_BYTES,
        5_000_000_000.0,
        "PLAN MIGRATION - File size >=5 GB",
    ),
    (
        name::DATABASE_SIZE_BYTES,
        10_000_000_000.0,
        "PLAN MIGRATION - File size >=5 GB",
    ),
    (
        name::DATABASE_SIZE_BYTES,
        10_000_000_001.0,
        "MIGRATE NOW - File size >10 GB",
    ),
    (name::WRITE_P99_SECONDS, f64::next_down(0.5), SUFFICIENT),
    (
        name::WRITE_P99_SECONDS,
        0.5,
        "PLAN MIGRATION - P99 latency >=500ms",
    ),
    (
        name::WRITE_P99_SECONDS,
        2.0,
        "PLAN MIGRATION - P99 latency >=500ms",
    ),
    (
        name::WRITE_P99_SECONDS,
        f64::next_up(2.0),
        "MIGRATE NOW - P99 latency >2s",
    ),
    (name::WRITER_LOCK_UTILIZATION, f64::next_down(0.3), SUFFICIENT),
    (
        name::WRITER_LOCK_UTILIZATION,
        0.3,
        "PLAN MIGRATION - Writer lock busy >=30%",
    ),
    (
        name::WRITER_LOCK_UTILIZATION,
        0.6,
        "PLAN MIGRATION - Writer lock busy >=30%",
    ),
    (
        name::WRITER_LOCK_UTILIZATION,
        f64::next_up(0.6),
        "MIGRATE NOW - Writer lock busy >60%",
    ),
    (name::DISK_FULL_DAYS, 30.0, SUFFICIENT),
    (
        name::DISK_FULL_DAYS,
        f64::next_down(30.0),
        "PLAN MIGRATION - Disk full in <30 days",
    ),
    (
        name::DISK_FULL_DAYS,
        7.0,
        "PLAN MIGRATION - Disk full in <30 days",
    ),
    (
        name::DISK_FULL_DAYS,
        f64::next_down(7.0),
        "MIGRATE NOW - Disk full in <7 days",
    ),
    (name::DISK_FULL_DAYS, 0.0, "MIGRATE NOW - Disk full in <7 days"),
];

#[test]
fn each_threshold_falls_on_its_own_side() {
    for (signal, value, headline) in THRESHOLDS {
        let decision = decided(&calm_but(signal, *value));
        assert_eq!(&decision.headline, headline, "{signal} at {value}");
    }
}

#[test]
fn several_servers_migrate_now_and_need_no_hold_time() {
    let mut signals = calm();
    signals.declare_deployment(Deployment::MultiServer, "--deployment");
    let decision = decided(&signals);
    assert_eq!(decision.headline, "MIGRATE NOW - Multi-server deployment");
    let seen = decided(&calm_but(name::WRITING_SERVERS, 2.0));
    assert_eq!(seen.headline, "MIGRATE NOW - Multi-server deployment");
}

#[test]
fn hold_times_count_to_the_second() {
    for (signal, value, holds_for) in [
        (name::WRITE_ERROR_RATIO, 0.02, 300.0),
        (name::WRITE_ERROR_RATIO, 0.006, 300.0),
        (name::WRITES_PER_SECOND, 120.0, 300.0),
        (name::WRITE_P99_SECONDS, 3.0, 300.0),
        (name::WRITER_LOCK_UTILIZATION, 0.7, 1800.0),
    ] {
        let held = |seconds: f64| {
            let mut signals = calm();
            let measured = Measured::new(value, seconds, "q");
            signals.measured.insert(signal.to_owned(), measured);
            decided(&signals)
        };
        assert!(held(holds_for).level >= Level::PlanMigration, "{signal}");
        let spike = held(f64::next_down(holds_for));
        assert_eq!(spike.level, Level::SqliteSufficient, "{signal}");
        assert_eq!(state(&spike, signal), TriggerState::Spike, "{signal}");
        assert_eq!(spike.because.len(), 1, "a spike is still shown");
        assert_eq!(held(f64::NAN).level, Level::SqliteSufficient, "{signal}");
    }
}

#[test]
fn a_window_shorter_than_the_hold_time_is_no_proof_of_calm() {
    let mut signals = Signals::new(30.0);
    signals.writes_seen = Some(5_000.0);
    for (signal, measured) in calm().measured {
        signals.insert(&signal, measured.value, "q");
    }
    assert_eq!(decided(&signals).level, Level::SqliteSufficient);

    signals.insert(name::WRITE_ERROR_RATIO, 0.05, "q");
    let strict = decided(&signals);
    assert_eq!(
        strict.headline,
        "UNKNOWN - write error ratio: 5 %, limit > 1 %, but held 30 s of 5 min"
    );
    let mut policy = Policy::sqlite_to_postgres();
    policy.hold_at_most_seconds = Some(30.0);
    let judged_over_window = decide(&signals, &policy);
    assert_eq!(judged_over_window.headline, "MIGRATE NOW - Write errors >1%");
    let row = &judged_over_window.triggers[0];
    assert_eq!((row.holds_for_seconds, row.judged_over_seconds), (300.0, 30.0));
}

#[test]
fn a_cap_never_lengthens_a_hold_time() {
    let mut policy = Policy::sqlite_to_postgres();
    policy.hold_at_most_seconds = Some(3600.0);
    for trigger in &policy.triggers {
        assert_eq!(policy.hold_needed_seconds(trigger), trigger.holds_for_seconds);
    }
}

#[test]
fn the_worst_trigger_gives_the_headline_and_all_are_told() {
    let mut signals = calm_but(name::WRITE_ERROR_RATIO, 0.007);
    signals.insert(name::WRITE_P99_SECONDS, 2.5, "q");
    signals.insert(name::DATABASE_SIZE_BYTES, 11e9, "q");
    let decision = decided(&signals);
    assert_eq!(
        decision.headline, "MIGRATE NOW - File size >10 GB",
        "first of the worst"
    );
    assert_eq!(
        decision.because,
        [
            "write error ratio: 0.7 %, limit >= 0.5 %",
            "database size: 11 GB, limit > 10 GB",
            "write p99: 2.5 s, limit > 2 s",
        ]
    );
}

#[test]
fn every_trigger_cites_its_source() {
    for result in decided(&calm()).triggers {
        assert!(!result.source.is_empty(), "{}", result.signal);
    }
}

#[test]
fn the_policy_is_data() {
    let policy = Policy::sqlite_to_postgres();
    let text = toml::to_string(&policy).expect("TOML");
    assert!(text.contains("above = 0.01"), "{text}");
    assert_eq!(toml::from_str::<Policy>(&text).expect("a policy"), policy);
    assert_eq!(Unit::Ratio.show(0.01), "1 %");
}
