//! A database that SQLite serves well, to be made worse one signal at a time.

use outgrow_shared::decide;
use outgrow_shared::verdict::{Decision, Deployment, Policy, Signals, TriggerState, name};

/// Long enough for every hold time of the policy.
const WATCHED_SECONDS: f64 = 1800.0;

/// A busy database that SQLite serves well, with every signal measured.
pub(crate) fn calm() -> Signals {
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

pub(crate) fn calm_but(signal: &str, value: f64) -> Signals {
    let mut signals = calm();
    let source = format!("query of {signal}");
    signals.insert(signal, value, source);
    signals
}

pub(crate) fn decided(signals: &Signals) -> Decision {
    decide(signals, &Policy::sqlite_to_postgres())
}

pub(crate) fn state(decision: &Decision, signal: &str) -> TriggerState {
    decision
        .triggers
        .iter()
        .find(|t| t.signal == signal)
        .expect("a trigger")
        .state
}
