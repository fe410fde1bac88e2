//! A cheaper cause takes the place of what it explains, and of nothing else.

use outgrow_shared::verdict::{FixState, Level, TriggerState, name};

use crate::calm::{calm_but, decided, state};

#[test]
fn each_cheaper_cause_comes_first_on_its_own_side_of_its_limit() {
    let table: &[(&str, f64, f64, &str)] = &[
        (name::JOURNAL_MODE_WAL, 1.0, 0.0, "TUNE FIRST - Turn on WAL"),
        (
            name::BUSY_TIMEOUT_SECONDS,
            1.0,
            f64::next_down(1.0),
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
            f64::next_up(60.0),
            "TUNE FIRST - End the reader that pins the WAL",
        ),
        (
            name::WAL_CHECKPOINTS_BLOCKED_RATIO,
            0.5,
            f64::next_up(0.5),
            "TUNE FIRST - Unblock wal checkpoints",
        ),
        (
            name::WRITE_LOCK_HOLD_P99_SECONDS,
            0.05,
            f64::next_up(0.05),
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
