//! The metric and label names the verdict reads, all in one place.
//!
//! The first block is the contract with the agent, from `outgrow_shared::metrics`. The second one names engine
//! metrics that the agent does not export yet; they are read when some exporter has them.

use outgrow_shared::metrics::{self, Code, Status};

pub(super) const WRITES_TOTAL: &str = metrics::WRITES.name;
pub(super) const WRITE_ERRORS_TOTAL: &str = metrics::WRITE_ERRORS.name;
pub(super) const WRITE_DURATION_SECONDS: &str = metrics::WRITE_DURATION.name;
pub(super) const DATABASE_SIZE_BYTES: &str = metrics::DATABASE_SIZE.name;
pub(super) const CONFIG_INFO: &str = metrics::CONFIG_INFO.name;
pub(super) const BUSY_TIMEOUT_SECONDS: &str = metrics::BUSY_TIMEOUT.name;

pub(super) const WRITE_LOCK_HOLD_SECONDS: &str = "sqlite_write_lock_hold_seconds";
pub(super) const WAL_CHECKPOINTS_TOTAL: &str = "sqlite_wal_checkpoints_total";
pub(super) const WAL_CHECKPOINT_BLOCKED_TOTAL: &str = "sqlite_wal_checkpoint_blocked_total";

pub(super) const LABEL_DB: &str = "db";
pub(super) const LABEL_STATUS: &str = "status";
pub(super) const LABEL_CODE: &str = "code";
pub(super) const LABEL_JOURNAL_MODE: &str = "journal_mode";
/// Upper bound of a histogram bucket.
pub(super) const LABEL_LE: &str = "le";

pub(super) const STATUS_ERROR: &str = Status::Error.as_str();
pub(super) const CODE_BUSY_SNAPSHOT: &str = Code::BusySnapshot.as_str();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_those_of_the_metrics_they_are_read_from() {
        for (metric, labels) in [
            (metrics::WRITES, &[LABEL_DB, LABEL_STATUS][..]),
            (metrics::WRITE_ERRORS, &[LABEL_DB, LABEL_CODE]),
            (metrics::CONFIG_INFO, &[LABEL_DB, LABEL_JOURNAL_MODE]),
        ] {
            assert!(
                labels.iter().all(|label| metric.labels.contains(label)),
                "{}",
                metric.name
            );
        }
    }
}
