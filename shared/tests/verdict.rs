//! The default policy, trigger by trigger: just below, at and above each threshold, and with data that is
//! missing, stale or nonsense. The numbers are written out, so that a changed threshold fails here.

#![allow(clippy::expect_used, reason = "helpers of tests state what must hold")]

use outgrow_shared::decide;
use outgrow_shared::verdict::{
    Decision, Deployment, FixState, Level, Measured, MigrationMetrics, Policy, Signals, Threshold,
    TriggerState, Unit, name, should_migrate_to_postgresql,
};

/// Long enough for every hold time of the policy.
const WATCHED_SECONDS: f64 = 1800.0;

/// A busy database that SQLite serves well, with every signal measured.
fn calm() -> Signals {
    let mut signals = Signals::new(WATCHED_SECONDS);
    signals.writes_seen = Some(18_000.0);
    for (signal, value) in [
        (name::WRITE_ERROR_RATIO, 0.0),
        (name::WRITES_PER_SECOND, 10.0),
        (name::DATABASE_SIZE_BYTES, 1e9),
        (name::WRITE_P99_SECONDS, 0.01),
        (name::WRITER_LOCK_UTILIZATION, 0.05),
        (name::DISK_FULL_DAYS, 400.0),
        (name::JOURNAL_MODE_WAL, 1.0),
        (name::BUSY_TIMEOUT_SECONDS, 5.0),
        (name::BUSY_SNAPSHOT_ERRORS, 0.0),
        (name::WAL_PINNED_SECONDS, 0.0),
        (name::WAL_CHECKPOINTS_BLOCKED_RATIO, 0.0),
        (name::WRITE_LOCK_HOLD_P99_SECONDS, 0.001),
    ] {
        signals.insert(signal, value, format!("query of {signal}"));
    }
    signals.declare_deployment(Deployment::Single, "declared");
    signals
}

fn calm_but(signal: &str, value: f64) -> Signals {
    let mut signals = calm();
    let source = format!("query of {signal}");
    signals.insert(signal, value, source);
    signals
}

fn decided(signals: &Signals) -> Decision {
    decide(signals, &Policy::sqlite_to_postgres())
}

fn state(decision: &Decision, signal: &str) -> TriggerState {
    decision
        .triggers
        .iter()
        .find(|t| t.signal == signal)
        .expect("a trigger")
        .state
}

fn next_up(value: f64) -> f64 {
    value.next_up()
}

fn next_down(value: f64) -> f64 {
    value.next_down()
}

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
        let spike = held(next_down(holds_for));
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
        (next_up(300.0), Level::Unknown),
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
fn each_cheaper_cause_comes_first_on_its_own_side_of_its_limit() {
    let table: &[(&str, f64, f64, &str)] = &[
        (name::JOURNAL_MODE_WAL, 1.0, 0.0, "TUNE FIRST - Turn on WAL"),
        (
            name::BUSY_TIMEOUT_SECONDS,
            1.0,
            next_down(1.0),
            "TUNE FIRST - Raise the busy timeout to 5 s",
        ),
        (
            name::BUSY_SNAPSHOT_ERRORS,
            0.0,
            1.0,
            "TUNE FIRST - Use BEGIN IMMEDIATE",
        ),
        (
            name::WAL_PINNED_SECONDS,
            60.0,
            next_up(60.0),
            "TUNE FIRST - End the reader that pins the WAL",
        ),
        (
            name::WAL_CHECKPOINTS_BLOCKED_RATIO,
            0.5,
            next_up(0.5),
            "TUNE FIRST - Unblock wal checkpoints",
        ),
        (
            name::WRITE_LOCK_HOLD_P99_SECONDS,
            0.05,
            next_up(0.05),
            "TUNE FIRST - Shorten write transactions",
        ),
    ];
    for (tunable, value) in [
        (name::WRITE_ERROR_RATIO, 0.02),
        (name::WRITE_ERROR_RATIO, 0.005),
        (name::WRITE_P99_SECONDS, 3.0),
        (name::WRITER_LOCK_UTILIZATION, 0.7),
    ] {
        for (cause, closed, open, headline) in table {
            let mut signals = calm_but(tunable, value);
            signals.insert(cause, *closed, "q");
            assert!(
                decided(&signals).level >= Level::PlanMigration,
                "{tunable} {cause}"
            );
            signals.insert(cause, *open, "q");
            let decision = decided(&signals);
            assert_eq!(&decision.headline, headline, "{tunable}");
            assert_eq!(state(&decision, tunable), TriggerState::TuneFirst);
            assert_eq!(decision.open_fixes().count(), 1);
        }
    }
}

#[test]
fn throughput_deployment_size_and_disk_are_never_tuned_away() {
    for (signal, value, headline) in [
        (
            name::WRITES_PER_SECOND,
            150.0,
            "MIGRATE NOW - Throughput >100 writes/sec",
        ),
        (
            name::WRITING_SERVERS,
            2.0,
            "MIGRATE NOW - Multi-server deployment",
        ),
        (name::DATABASE_SIZE_BYTES, 11e9, "MIGRATE NOW - File size >10 GB"),
        (name::DISK_FULL_DAYS, 3.0, "MIGRATE NOW - Disk full in <7 days"),
    ] {
        let mut signals = calm_but(signal, value);
        signals.insert(name::JOURNAL_MODE_WAL, 0.0, "q");
        signals.insert(name::WRITE_ERROR_RATIO, 0.2, "q");
        let decision = decided(&signals);
        assert_eq!(decision.headline, headline);
        assert_eq!(state(&decision, name::WRITE_ERROR_RATIO), TriggerState::TuneFirst);
    }
}

#[test]
fn an_open_cause_alone_changes_nothing() {
    let decision = decided(&calm_but(name::JOURNAL_MODE_WAL, 0.0));
    assert_eq!(decision.level, Level::SqliteSufficient);
    assert_eq!(decision.open_fixes().count(), 1);
}

#[test]
fn a_cause_that_cannot_be_read_is_not_open() {
    for value in [f64::NAN, -1.0] {
        let mut signals = calm_but(name::WRITE_ERROR_RATIO, 0.2);
        signals.insert(name::BUSY_TIMEOUT_SECONDS, value, "q");
        let decision = decided(&signals);
        assert_eq!(decision.level, Level::MigrateNow);
        assert_eq!(decision.fixes[1].state, FixState::NotMeasured);
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
fn a_broken_threshold_is_unknown() {
    let mut policy = Policy::sqlite_to_postgres();
    policy.triggers[0].migrate_now = Threshold::Above(f64::NAN);
    assert_eq!(decide(&calm(), &policy).level, Level::Unknown);
}

#[test]
fn every_trigger_cites_its_source() {
    for result in decided(&calm()).triggers {
        assert!(!result.source.is_empty(), "{}", result.signal);
    }
}

#[test]
fn five_numbers_are_enough() {
    let metrics = MigrationMetrics {
        error_rate: 0.1,
        writes_per_second: 10.0,
        deployment: Deployment::Single,
        file_size_gb: 1.0,
        timestamp: std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000),
    };
    let decision = should_migrate_to_postgresql(&metrics);
    assert_eq!(decision.headline, "SQLite sufficient");
    assert_eq!(decision.measured_at_unix_seconds, Some(1_700_000_000.0));
    let with = |change: &dyn Fn(&mut MigrationMetrics)| {
        let mut metrics = metrics.clone();
        change(&mut metrics);
        should_migrate_to_postgresql(&metrics).headline
    };
    for (percent, headline) in [
        (0.499_999, "SQLite sufficient"),
        (0.5, "PLAN MIGRATION - Write errors >=0.5%"),
        (1.0, "PLAN MIGRATION - Write errors >=0.5%"),
        (1.000_001, "MIGRATE NOW - Write errors >1%"),
    ] {
        assert_eq!(with(&|m| m.error_rate = percent), headline, "{percent} %");
    }
    for (size_gb, headline) in [
        (4.99, "SQLite sufficient"),
        (5.0, "PLAN MIGRATION - File size >=5 GB"),
        (10.0, "PLAN MIGRATION - File size >=5 GB"),
        (10.01, "MIGRATE NOW - File size >10 GB"),
    ] {
        assert_eq!(with(&|m| m.file_size_gb = size_gb), headline, "{size_gb} GB");
    }
    assert_eq!(
        with(&|m| m.writes_per_second = 100.1),
        "MIGRATE NOW - Throughput >100 writes/sec"
    );
    assert_eq!(
        with(&|m| m.deployment = Deployment::MultiServer),
        "MIGRATE NOW - Multi-server deployment"
    );
    assert!(with(&|m| m.error_rate = f64::NAN).starts_with("UNKNOWN - "));
    assert!(with(&|m| m.error_rate = 101.0).starts_with("UNKNOWN - "));
    assert!(with(&|m| m.file_size_gb = -1.0).starts_with("UNKNOWN - "));
}

#[test]
fn the_policy_is_data() {
    let policy = Policy::sqlite_to_postgres();
    let text = toml::to_string(&policy).expect("TOML");
    assert!(text.contains("above = 0.01"), "{text}");
    assert_eq!(toml::from_str::<Policy>(&text).expect("a policy"), policy);
    assert_eq!(Unit::Ratio.show(0.01), "1 %");
}
