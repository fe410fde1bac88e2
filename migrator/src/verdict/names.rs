//! The metric and label names the verdict reads, all in one place.
//!
//! The first block is exported by the agent; the second is read when some exporter has it.

pub(super) const WRITES_TOTAL: &str = "checkpoint_writes_total";
pub(super) const WRITE_ERRORS_TOTAL: &str = "checkpoint_write_errors_total";
pub(super) const WRITE_DURATION_SECONDS: &str = "checkpoint_write_duration_seconds";
pub(super) const DATABASE_SIZE_BYTES: &str = "sqlite_database_size_bytes";
pub(super) const CONFIG_INFO: &str = "sqlite_config_info";
pub(super) const BUSY_TIMEOUT_SECONDS: &str = "sqlite_busy_timeout_seconds";

pub(super) const WRITE_LOCK_HOLD_SECONDS: &str = "sqlite_write_lock_hold_seconds";
pub(super) const WAL_CHECKPOINTS_TOTAL: &str = "sqlite_wal_checkpoints_total";
pub(super) const WAL_CHECKPOINT_BLOCKED_TOTAL: &str = "sqlite_wal_checkpoint_blocked_total";

pub(super) const LABEL_DB: &str = "db";
pub(super) const LABEL_STATUS: &str = "status";
pub(super) const LABEL_CODE: &str = "code";
pub(super) const LABEL_JOURNAL_MODE: &str = "journal_mode";
/// Upper bound of a histogram bucket.
pub(super) const LABEL_LE: &str = "le";

pub(super) const STATUS_ERROR: &str = "error";
pub(super) const CODE_BUSY_SNAPSHOT: &str = "busy_snapshot";
