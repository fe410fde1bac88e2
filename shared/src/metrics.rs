//! The metric contract: every metric the agent exports, as data, with its labels, buckets and meaning.
//!
//! The agent registers and describes what stands in [`ALL`]; verdict, recording rules, alerts and dashboards
//! read the same names. A metric stands here if and only if the agent exports it. Recording and rendering
//! belong to the agent.

use serde::Serialize;

mod labels;

pub use labels::{Code, DEFAULT_OP, OTHER_OP, OUTCOMES, REASON_OP_LIMIT, Status};

/// How a metric behaves over time, as Prometheus names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Only grows, and starts again at zero with the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts samples in classic buckets.
    Histogram,
}

/// Base unit of a metric's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Plain number: writes, rows, events, or the constant 1 of an info metric.
    Count,
    /// Seconds; for a timestamp, seconds since the Unix epoch.
    Seconds,
    /// Bytes.
    Bytes,
}

/// One exported metric family.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Metric {
    /// Full name as it stands on `/metrics`.
    pub name: &'static str,
    /// Behaviour over time.
    pub kind: Kind,
    /// Base unit.
    pub unit: Unit,
    /// Label names, in the order they are written.
    pub labels: &'static [&'static str],
    /// Upper bounds of the buckets in `unit`, without +Inf; empty unless `kind` is a histogram.
    pub buckets: &'static [f64],
    /// The HELP text.
    pub description: &'static str,
}

/// Upper bounds in seconds of every write duration. 50 ms, 500 ms, 1 s, 2 s and 5 s are among them because
/// thresholds and SQLite's usual busy timeouts lie there: a percentile between two bounds is a guess, so none may
/// lie on the other side of a threshold than the writes it counts.
pub const DURATION_BUCKETS_SECONDS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0,
    2.5, 5.0, 10.0,
];

/// Upper bounds in bytes of a write's payload: 256 B to 16 MiB by fours, the span of checkpoint blobs.
pub const PAYLOAD_BUCKETS_BYTES: &[f64] = &[
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
];

const fn counter(
    name: &'static str,
    unit: Unit,
    labels: &'static [&'static str],
    description: &'static str,
) -> Metric {
    Metric {
        name,
        kind: Kind::Counter,
        unit,
        labels,
        buckets: &[],
        description,
    }
}

const fn gauge(
    name: &'static str,
    unit: Unit,
    labels: &'static [&'static str],
    description: &'static str,
) -> Metric {
    Metric {
        name,
        kind: Kind::Gauge,
        unit,
        labels,
        buckets: &[],
        description,
    }
}

const fn histogram(
    name: &'static str,
    unit: Unit,
    buckets: &'static [f64],
    labels: &'static [&'static str],
    description: &'static str,
) -> Metric {
    Metric {
        name,
        kind: Kind::Histogram,
        unit,
        labels,
        buckets,
        description,
    }
}

/// Writes by outcome.
pub const WRITES: Metric = counter(
    "checkpoint_writes_total",
    Unit::Count,
    &["db", "op", "status"],
    "State writes that ended, by outcome. A transaction is one write; a rollback the application asked for is none.",
);
/// Failed writes by cause.
pub const WRITE_ERRORS: Metric = counter(
    "checkpoint_write_errors_total",
    Unit::Count,
    &["db", "op", "code"],
    "State writes that failed, by the family of SQLite's extended result code.",
);
/// Duration of writes.
pub const WRITE_DURATION: Metric = histogram(
    "checkpoint_write_duration_seconds",
    Unit::Seconds,
    DURATION_BUCKETS_SECONDS,
    &["db", "op"],
    "Time of a state write from its begin to its end, failed ones included, with lock wait and automatic wal checkpoint.",
);
/// Rows changed by committed writes.
pub const WRITE_ROWS: Metric = counter(
    "checkpoint_write_rows_total",
    Unit::Count,
    &["db", "op"],
    "Rows inserted, updated or deleted by committed state writes, those of triggers included.",
);
/// Payload of committed writes.
pub const WRITE_BYTES: Metric = histogram(
    "checkpoint_write_bytes",
    Unit::Bytes,
    PAYLOAD_BUCKETS_BYTES,
    &["db", "op"],
    "Payload of committed state writes whose size the application told; exported once an op has told one.",
);
/// Writes under way.
pub const WRITES_IN_FLIGHT: Metric = gauge(
    "checkpoint_writes_in_flight",
    Unit::Count,
    &["db"],
    "State writes under way, waiting for the lock or working.",
);
/// When a write last committed.
pub const WRITE_LAST_SUCCESS: Metric = gauge(
    "checkpoint_write_last_success_timestamp_seconds",
    Unit::Seconds,
    &["db"],
    "Unix time of the last committed state write; 0 before the first.",
);
/// Transactions seen by hooks.
pub const ATTACHED_TRANSACTIONS: Metric = counter(
    "sqlite_attached_transactions_total",
    Unit::Count,
    &["db", "outcome"],
    "Write transactions that ended on attached connections, as commit and rollback hooks saw them; exported once one is attached.",
);
/// Size of the database file.
pub const DATABASE_SIZE: Metric = gauge(
    "sqlite_database_size_bytes",
    Unit::Bytes,
    &["db"],
    "Size of the database file; 0 while there is none.",
);
/// Size of the WAL file.
pub const WAL_SIZE: Metric = gauge(
    "sqlite_wal_size_bytes",
    Unit::Bytes,
    &["db"],
    "Size of the -wal file; 0 while there is none. It is a high-water mark: wal checkpoints do not shrink it.",
);
/// Free space under the database.
pub const FILESYSTEM_AVAIL: Metric = gauge(
    "sqlite_filesystem_avail_bytes",
    Unit::Bytes,
    &["db"],
    "Space the process may still use on the filesystem of the database.",
);
/// Size of the filesystem.
pub const FILESYSTEM_SIZE: Metric = gauge(
    "sqlite_filesystem_size_bytes",
    Unit::Bytes,
    &["db"],
    "Size of the filesystem of the database.",
);
/// Configuration of the database.
pub const CONFIG_INFO: Metric = gauge(
    "sqlite_config_info",
    Unit::Count,
    &["db", "journal_mode", "synchronous", "vfs", "fs"],
    "1 for the configuration of the connection opened or changed last, 0 for earlier ones.",
);
/// Busy timeout.
pub const BUSY_TIMEOUT: Metric = gauge(
    "sqlite_busy_timeout_seconds",
    Unit::Seconds,
    &["db"],
    "Busy timeout of the connection opened or changed last; 0 means that a busy lock fails at once.",
);
/// Version of the agent.
pub const BUILD_INFO: Metric = gauge(
    "outgrow_agent_build_info",
    Unit::Count,
    &["version", "sqlite"],
    "1, with the version of the agent and of the SQLite library it is linked with.",
);
/// Cost of the agent.
pub const OVERHEAD: Metric = counter(
    "outgrow_agent_overhead_seconds_total",
    Unit::Seconds,
    &[],
    "Time the agent took: its own threads as measured, plus the cost of one measurement, calibrated at the start, times the writes.",
);
/// Events the agent could not count as asked.
pub const DROPPED_EVENTS: Metric = counter(
    "outgrow_agent_dropped_events_total",
    Unit::Count,
    &["reason"],
    "Events the agent could not count as asked. op_limit: writes of ops beyond the limit, counted under op=\"other\".",
);

/// Every exported metric.
pub const ALL: &[Metric] = &[
    WRITES,
    WRITE_ERRORS,
    WRITE_DURATION,
    WRITE_ROWS,
    WRITE_BYTES,
    WRITES_IN_FLIGHT,
    WRITE_LAST_SUCCESS,
    ATTACHED_TRANSACTIONS,
    DATABASE_SIZE,
    WAL_SIZE,
    FILESYSTEM_AVAIL,
    FILESYSTEM_SIZE,
    CONFIG_INFO,
    BUSY_TIMEOUT,
    BUILD_INFO,
    OVERHEAD,
    DROPPED_EVENTS,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_conventions_promtool_checks() {
        for metric in ALL {
            let suffixed = metric.name.ends_with("_total");
            assert_eq!(suffixed, metric.kind == Kind::Counter, "{}", metric.name);
            let stem = metric.name.trim_end_matches("_total");
            match metric.unit {
                Unit::Seconds => assert!(stem.ends_with("_seconds"), "{}", metric.name),
                Unit::Bytes => assert!(stem.ends_with("_bytes"), "{}", metric.name),
                Unit::Count => assert!(
                    !stem.ends_with("_seconds") && !stem.ends_with("_bytes"),
                    "{}",
                    metric.name
                ),
            }
            assert!(metric.description.ends_with('.'), "{}", metric.name);
            assert!(
                metric.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
                "{}",
                metric.name
            );
        }
    }

    #[test]
    fn names_are_unique_and_buckets_ascend() {
        for (i, metric) in ALL.iter().enumerate() {
            assert!(
                ALL[..i].iter().all(|m| m.name != metric.name),
                "{} twice",
                metric.name
            );
            assert_eq!(
                metric.buckets.is_empty(),
                metric.kind != Kind::Histogram,
                "{}",
                metric.name
            );
            assert!(metric.buckets.windows(2).all(|w| w[0] < w[1]), "{}", metric.name);
        }
    }
}
