//! Signals: the measured numbers a decision rests on, with how long each held and where it came from.
//!
//! The JSON form of [`Signals`] is what `outgrow verdict --signals` reads. Its shape changes only together with
//! [`SIGNALS_SCHEMA_VERSION`]. A signal that was not measured is absent; nothing is ever filled in with a zero.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::number;

/// Version of the JSON form of [`Signals`].
pub const SIGNALS_SCHEMA_VERSION: u32 = 1;

/// Names of the signals that the policy `sqlite-to-postgres` reads. Other policies may name others.
pub mod name {
    /// Failed writes over all writes, ratio.
    pub const WRITE_ERROR_RATIO: &str = "write_error_ratio";
    /// Writes attempted per second.
    pub const WRITES_PER_SECOND: &str = "writes_per_second";
    /// Servers that write the same state: declared, or instances seen writing.
    pub const WRITING_SERVERS: &str = "writing_servers";
    /// Bytes of the database file.
    pub const DATABASE_SIZE_BYTES: &str = "database_size_bytes";
    /// 99th percentile of the write duration, lock wait included.
    pub const WRITE_P99_SECONDS: &str = "write_p99_seconds";
    /// Share of time in which somebody held the write lock.
    pub const WRITER_LOCK_UTILIZATION: &str = "writer_lock_utilization";
    /// Days until the file system is full at the present rate.
    pub const DISK_FULL_DAYS: &str = "disk_full_days";
    /// 1 when the journal mode is WAL, else 0.
    pub const JOURNAL_MODE_WAL: &str = "journal_mode_wal";
    /// SQLite's busy timeout.
    pub const BUSY_TIMEOUT_SECONDS: &str = "busy_timeout_seconds";
    /// Writes failed with `SQLITE_BUSY_SNAPSHOT` in the observed window.
    pub const BUSY_SNAPSHOT_ERRORS: &str = "busy_snapshot_errors";
    /// For how long one reader has kept the WAL from being reset.
    pub const WAL_PINNED_SECONDS: &str = "wal_pinned_seconds";
    /// WAL checkpoints that a reader blocked, over all WAL checkpoints, ratio.
    pub const WAL_CHECKPOINTS_BLOCKED_RATIO: &str = "wal_checkpoints_blocked_ratio";
    /// 99th percentile of how long a transaction held the write lock.
    pub const WRITE_LOCK_HOLD_P99_SECONDS: &str = "write_lock_hold_p99_seconds";
}

/// One number and what stands behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The value that was sustained over `held_seconds`: an average over that window, or the mildest value in it.
    /// In JSON a value that is not finite is the string `NaN`, `+Inf` or `-Inf`.
    #[serde(with = "number")]
    pub value: f64,
    /// For how long `value` has held.
    #[serde(default, with = "number")]
    pub held_seconds: f64,
    /// True when a person stated the value: it then has no age and needs no hold time.
    #[serde(default)]
    pub declared: bool,
    /// The query, metric or flag the value came from.
    #[serde(default)]
    pub source: String,
}

impl Measured {
    /// A measured value that held for `held_seconds`.
    pub fn new(value: f64, held_seconds: f64, source: impl Into<String>) -> Self {
        Self {
            value,
            held_seconds,
            declared: false,
            source: source.into(),
        }
    }
}

/// Whether one server or more write the application's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deployment {
    /// One server writes.
    Single,
    /// Two or more servers write, or are about to.
    MultiServer,
}

/// All that is known about one database at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signals {
    /// [`SIGNALS_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Alias of the database, never a path.
    #[serde(default)]
    pub database: Option<String>,
    /// When the newest number was taken, seconds since 1970-01-01 UTC.
    #[serde(default)]
    pub measured_at_unix_seconds: Option<f64>,
    /// How long the database was watched for these numbers.
    #[serde(with = "number")]
    pub observed_seconds: f64,
    /// Age of the newest number when the decision is asked for.
    #[serde(with = "number")]
    pub age_seconds: f64,
    /// Writes seen in the window, failed ones included; absent when nobody counted.
    #[serde(default, with = "number::optional")]
    pub writes_seen: Option<f64>,
    /// Why nothing could be measured, such as a refused connection.
    #[serde(default)]
    pub failure: Option<String>,
    /// The numbers by signal name.
    #[serde(default)]
    pub measured: BTreeMap<String, Measured>,
    /// By signal name, why a number is absent.
    #[serde(default)]
    pub absent: BTreeMap<String, String>,
}

impl Signals {
    /// No signal yet, from a window of `observed_seconds`, fresh.
    #[must_use]
    pub fn new(observed_seconds: f64) -> Self {
        Self {
            schema_version: SIGNALS_SCHEMA_VERSION,
            database: None,
            measured_at_unix_seconds: None,
            observed_seconds,
            age_seconds: 0.0,
            writes_seen: None,
            failure: None,
            measured: BTreeMap::new(),
            absent: BTreeMap::new(),
        }
    }

    /// No signal at all, and why.
    #[must_use]
    pub fn unavailable(why: impl Into<String>) -> Self {
        Self {
            failure: Some(why.into()),
            ..Self::new(0.0)
        }
    }

    /// Adds a value that held over the whole observed window.
    pub fn insert(&mut self, signal: &str, value: f64, source: impl Into<String>) {
        let measured = Measured::new(value, self.observed_seconds, source);
        self.measured.insert(signal.to_owned(), measured);
    }

    /// Records why `signal` has no value.
    pub fn insert_absent(&mut self, signal: &str, why: impl Into<String>) {
        self.absent.insert(signal.to_owned(), why.into());
    }

    /// States the deployment; `source` says who stated it.
    pub fn declare_deployment(&mut self, deployment: Deployment, source: impl Into<String>) {
        let value = match deployment {
            Deployment::Single => 1.0,
            Deployment::MultiServer => 2.0,
        };
        let measured = Measured {
            declared: true,
            ..Measured::new(value, 0.0, source)
        };
        self.measured.insert(name::WRITING_SERVERS.to_owned(), measured);
    }
}
