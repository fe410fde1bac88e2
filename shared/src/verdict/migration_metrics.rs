//! The short form of the verdict: five numbers that most applications already have.
//!
//! They are judged by the default policy. Whoever calls vouches for the hold times: the rates are taken as
//! sustained averages over at least the policy's window.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::decide::decide;
use super::decision::Decision;
use super::policy::Policy;
use super::signal::{Deployment, Signals, name};

/// Bytes in a GB as the thresholds mean it.
const BYTES_PER_GB: f64 = 1e9;

/// What an application knows about its own writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MigrationMetrics {
    /// Failed writes, percent of all writes, sustained over five minutes.
    pub error_rate: f64,
    /// Writes per second, sustained over five minutes.
    pub writes_per_second: f64,
    /// Whether one server or more write.
    pub deployment: Deployment,
    /// Size of the database file in GB of 10^9 bytes.
    pub file_size_gb: f64,
    /// When the numbers were taken. It is cited, not judged: a pure function has no clock to compare it with.
    pub timestamp: SystemTime,
}

/// Judges `metrics` by the default policy. Latency is not among the five numbers, so it is not required here;
/// it is listed as not measured.
#[must_use]
pub fn should_migrate_to_postgresql(metrics: &MigrationMetrics) -> Decision {
    let mut policy = Policy::sqlite_to_postgres();
    for trigger in &mut policy.triggers {
        if trigger.signal == name::WRITE_P99_SECONDS {
            trigger.required = false;
        }
    }
    let vouched_seconds = policy
        .triggers
        .iter()
        .map(|trigger| trigger.holds_for_seconds)
        .fold(0.0, f64::max);
    let mut signals = Signals::new(vouched_seconds);
    signals.measured_at_unix_seconds = metrics
        .timestamp
        .duration_since(UNIX_EPOCH)
        .ok()
        .map(|since| since.as_secs_f64());
    let mut insert = |signal, value, field: &str| {
        signals.insert(signal, value, format!("MigrationMetrics::{field}"));
    };
    insert(name::WRITE_ERROR_RATIO, metrics.error_rate / 100.0, "error_rate");
    insert(
        name::WRITES_PER_SECOND,
        metrics.writes_per_second,
        "writes_per_second",
    );
    insert(
        name::DATABASE_SIZE_BYTES,
        metrics.file_size_gb * BYTES_PER_GB,
        "file_size_gb",
    );
    signals.declare_deployment(metrics.deployment, "MigrationMetrics::deployment");
    decide(&signals, &policy)
}
