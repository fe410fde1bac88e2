//! A policy: named triggers over signals, and the cheaper causes to rule out first, all as data.
//!
//! Thresholds live here and nowhere else. Order matters: of several triggers at the same level the first one
//! gives the headline, and of several open causes the first one is named.

use serde::{Deserialize, Serialize};

use super::signal::name;
use super::threshold::Threshold;
use super::unit::Unit;

/// Version of the data form of [`Policy`].
pub const POLICY_SCHEMA_VERSION: u32 = 1;

/// Five minutes: the hold time of Prometheus' own warnings, long enough to outlive a deploy or a backup.
const HOLD_SECONDS: f64 = 300.0;

/// Half an hour: lock utilization swings with batch jobs, and a batch job is no reason to move.
const HOLD_UTILIZATION_SECONDS: f64 = 1800.0;

/// Numbers older than this say nothing about now; five minutes is also Prometheus' look-back.
const STALE_AFTER_SECONDS: f64 = 300.0;

/// Below 100 writes one failed write alone makes 1 %, and the 99th percentile is the slowest write.
const MIN_WRITES: u64 = 100;

/// A limit on one signal, in two steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// What is limited, in words.
    pub title: String,
    /// Name of the signal.
    pub signal: String,
    /// Unit of the signal and of both thresholds.
    pub unit: Unit,
    /// Passed: plan the migration.
    #[serde(default)]
    pub plan: Option<Threshold>,
    /// Passed: migrate now.
    pub migrate_now: Threshold,
    /// How long a value must hold before it counts; 0 for values that do not swing.
    #[serde(default)]
    pub holds_for_seconds: f64,
    /// Writes that must have been seen before a passed threshold counts; 0 when the signal needs none.
    #[serde(default)]
    pub min_writes: u64,
    /// What the decision says at `migrate_now`.
    pub headline: String,
    /// What the decision says at `plan`; `headline` when absent.
    #[serde(default)]
    pub plan_headline: Option<String>,
    /// True when a cheaper cause, while open, explains this trigger and turns it into `TUNE FIRST`.
    #[serde(default)]
    pub tunable: bool,
    /// True when SQLite cannot be called sufficient without this signal.
    #[serde(default)]
    pub required: bool,
}

/// A cheaper cause of errors and latency, and its fix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tuning {
    /// Name of the signal that shows the cause.
    pub signal: String,
    /// Unit of the signal and of the threshold.
    pub unit: Unit,
    /// Passed: the cause is open.
    pub open: Threshold,
    /// What the decision says.
    pub headline: String,
    /// What to do, one or two sentences.
    pub fix: String,
}

/// Named triggers over signals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// [`POLICY_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Name, as the decision cites it.
    pub name: String,
    /// Measured numbers older than this are stale.
    pub stale_after_seconds: f64,
    /// Caps every hold time, for callers that have only a short window to judge by. Each decision shows both
    /// the trigger's own hold time and the one it was judged over.
    #[serde(default)]
    pub hold_at_most_seconds: Option<f64>,
    /// The triggers, most telling first.
    pub triggers: Vec<Trigger>,
    /// The cheaper causes, cheapest fix first.
    #[serde(default)]
    pub tunings: Vec<Tuning>,
}

impl Policy {
    /// The default policy: when to leave SQLite for Postgres.
    #[must_use]
    pub fn sqlite_to_postgres() -> Self {
        Self {
            schema_version: POLICY_SCHEMA_VERSION,
            name: "sqlite-to-postgres".to_owned(),
            stale_after_seconds: STALE_AFTER_SECONDS,
            hold_at_most_seconds: None,
            triggers: vec![
                error_trigger(),
                throughput_trigger(),
                deployment_trigger(),
                size_trigger(),
                latency_trigger(),
                utilization_trigger(),
                disk_trigger(),
            ],
            tunings: sqlite_tunings(),
        }
    }

    /// How long `trigger` must hold under this policy.
    #[must_use]
    pub fn hold_needed_seconds(&self, trigger: &Trigger) -> f64 {
        match self.hold_at_most_seconds {
            Some(cap) if cap < trigger.holds_for_seconds => cap,
            _ => trigger.holds_for_seconds,
        }
    }
}

fn error_trigger() -> Trigger {
    Trigger {
        title: "write error ratio".to_owned(),
        signal: name::WRITE_ERROR_RATIO.to_owned(),
        unit: Unit::Ratio,
        plan: Some(Threshold::AtLeast(0.005)),
        migrate_now: Threshold::Above(0.01),
        holds_for_seconds: HOLD_SECONDS,
        min_writes: MIN_WRITES,
        headline: "Write errors >1%".to_owned(),
        plan_headline: Some("Write errors >=0.5%".to_owned()),
        tunable: true,
        required: true,
    }
}

fn throughput_trigger() -> Trigger {
    Trigger {
        title: "writes per second".to_owned(),
        signal: name::WRITES_PER_SECOND.to_owned(),
        unit: Unit::PerSecond,
        plan: Some(Threshold::AtLeast(80.0)),
        migrate_now: Threshold::Above(100.0),
        holds_for_seconds: HOLD_SECONDS,
        min_writes: 0,
        headline: "Throughput >100 writes/sec".to_owned(),
        plan_headline: Some("Throughput >=80 writes/sec".to_owned()),
        tunable: false,
        required: true,
    }
}

fn deployment_trigger() -> Trigger {
    Trigger {
        title: "deployment".to_owned(),
        signal: name::WRITING_SERVERS.to_owned(),
        unit: Unit::Servers,
        plan: None,
        migrate_now: Threshold::Above(1.0),
        holds_for_seconds: 0.0,
        min_writes: 0,
        headline: "Multi-server deployment".to_owned(),
        plan_headline: None,
        tunable: false,
        required: false,
    }
}

fn size_trigger() -> Trigger {
    Trigger {
        title: "database size".to_owned(),
        signal: name::DATABASE_SIZE_BYTES.to_owned(),
        unit: Unit::Bytes,
        plan: Some(Threshold::AtLeast(5e9)),
        migrate_now: Threshold::Above(10e9),
        holds_for_seconds: 0.0,
        min_writes: 0,
        headline: "File size >10 GB".to_owned(),
        plan_headline: Some("File size >=5 GB".to_owned()),
        tunable: false,
        required: true,
    }
}

fn latency_trigger() -> Trigger {
    Trigger {
        title: "write p99".to_owned(),
        signal: name::WRITE_P99_SECONDS.to_owned(),
        unit: Unit::Seconds,
        plan: Some(Threshold::AtLeast(0.5)),
        migrate_now: Threshold::Above(2.0),
        holds_for_seconds: HOLD_SECONDS,
        min_writes: MIN_WRITES,
        headline: "P99 latency >2s".to_owned(),
        plan_headline: Some("P99 latency >=500ms".to_owned()),
        tunable: true,
        required: true,
    }
}

fn utilization_trigger() -> Trigger {
    Trigger {
        title: "writer-lock utilization".to_owned(),
        signal: name::WRITER_LOCK_UTILIZATION.to_owned(),
        unit: Unit::Ratio,
        plan: Some(Threshold::AtLeast(0.3)),
        migrate_now: Threshold::Above(0.6),
        holds_for_seconds: HOLD_UTILIZATION_SECONDS,
        min_writes: 0,
        headline: "Writer lock busy >60%".to_owned(),
        plan_headline: Some("Writer lock busy >=30%".to_owned()),
        tunable: true,
        required: false,
    }
}

fn disk_trigger() -> Trigger {
    Trigger {
        title: "disk full predicted".to_owned(),
        signal: name::DISK_FULL_DAYS.to_owned(),
        unit: Unit::Days,
        plan: Some(Threshold::Below(30.0)),
        migrate_now: Threshold::Below(7.0),
        holds_for_seconds: 0.0,
        min_writes: 0,
        headline: "Disk full in <7 days".to_owned(),
        plan_headline: Some("Disk full in <30 days".to_owned()),
        tunable: false,
        required: false,
    }
}

/// Cheaper causes, with thresholds from the experience of SQLite's operators: a pinned WAL grows without bound,
/// and no lock should last more than a few dozen milliseconds (sqlite.org/whentouse.html).
fn sqlite_tunings() -> Vec<Tuning> {
    let tuning = |signal: &str, unit, open, headline: &str, fix: &str| Tuning {
        signal: signal.to_owned(),
        unit,
        open,
        headline: headline.to_owned(),
        fix: fix.to_owned(),
    };
    vec![
        tuning(
            name::JOURNAL_MODE_WAL,
            Unit::YesNo,
            Threshold::Below(1.0),
            "Turn on WAL",
            "Run `PRAGMA journal_mode=WAL;` once: readers and the writer then stop blocking each other.",
        ),
        tuning(
            name::BUSY_TIMEOUT_SECONDS,
            Unit::Seconds,
            Threshold::Below(1.0),
            "Raise the busy timeout to 5 s",
            "Run `PRAGMA busy_timeout=5000;` on every connection: a writer then waits for the lock instead of failing.",
        ),
        tuning(
            name::BUSY_SNAPSHOT_ERRORS,
            Unit::Count,
            Threshold::Above(0.0),
            "Use BEGIN IMMEDIATE",
            "Start each transaction that writes with `BEGIN IMMEDIATE`: no busy timeout can save a read \
             transaction that turns into a write (SQLITE_BUSY_SNAPSHOT).",
        ),
        tuning(
            name::WAL_PINNED_SECONDS,
            Unit::Seconds,
            Threshold::Above(60.0),
            "End the reader that pins the WAL",
            "Close cursors and read transactions that stay open: they keep the WAL from being reset, and every \
             read gets slower.",
        ),
        tuning(
            name::WAL_CHECKPOINTS_BLOCKED_RATIO,
            Unit::Ratio,
            Threshold::Above(0.5),
            "Unblock wal checkpoints",
            "Shorten read transactions, or run `PRAGMA wal_checkpoint(TRUNCATE);` at a quiet moment.",
        ),
        tuning(
            name::WRITE_LOCK_HOLD_P99_SECONDS,
            Unit::Seconds,
            Threshold::Above(0.05),
            "Shorten write transactions",
            "Do slow work such as network calls outside the transaction, and split batches: nobody else can \
             write while one holds the lock.",
        ),
    ]
}
