//! A decision: the level, its headline, and every number it rests on.
//!
//! The JSON form of [`Decision`] is the contract of `outgrow verdict --json`: fields are added, but none is
//! renamed, removed or given another meaning without a new [`DECISION_SCHEMA_VERSION`].

use std::fmt;

use serde::{Deserialize, Serialize};

use super::number;
use super::threshold::Threshold;
use super::unit::Unit;

/// Version of the JSON form of [`Decision`].
pub const DECISION_SCHEMA_VERSION: u32 = 1;

/// What is to be done, mildest first. `Unknown` ranks above `SqliteSufficient`, because what was not seen may be
/// bad, and below the others, because what was seen stays true whatever else is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Every required signal was seen and none passed a threshold.
    SqliteSufficient,
    /// Nothing passed a threshold, but too little was seen to call SQLite sufficient.
    Unknown,
    /// A threshold was passed while a cheaper cause is open.
    TuneFirst,
    /// A plan threshold was passed.
    PlanMigration,
    /// A migrate-now threshold was passed.
    MigrateNow,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SqliteSufficient => "SQLite sufficient",
            Self::Unknown => "UNKNOWN",
            Self::TuneFirst => "TUNE FIRST",
            Self::PlanMigration => "PLAN MIGRATION",
            Self::MigrateNow => "MIGRATE NOW",
        })
    }
}

/// Where one trigger stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerState {
    /// No threshold passed.
    Ok,
    /// A threshold is passed, but the value did not hold for the time needed, and the database was watched
    /// for longer than that: a spike.
    Spike,
    /// A threshold is passed, but the database was watched for too short a time or too few writes to count it.
    TooShort,
    /// The plan threshold is passed.
    Plan,
    /// The migrate-now threshold is passed.
    MigrateNow,
    /// A threshold is passed, and a cheaper cause is open.
    TuneFirst,
    /// The signal is absent.
    NotMeasured,
    /// The signal is there, but its value is nonsense or stale.
    Unusable,
}

/// One trigger with the numbers it was judged by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TriggerResult {
    /// Name of the signal.
    pub signal: String,
    /// What is limited, in words.
    pub title: String,
    /// Unit of value and thresholds.
    pub unit: Unit,
    /// Where the trigger stands.
    pub state: TriggerState,
    /// The value, `null` when not measured; `"NaN"`, `"+Inf"`, `"-Inf"` when not finite.
    #[serde(with = "number::optional")]
    pub value: Option<f64>,
    /// The plan threshold, such as `{"at_least": 0.005}`.
    pub plan: Option<Threshold>,
    /// The migrate-now threshold.
    pub migrate_now: Threshold,
    /// For how long the value has held; `null` when not measured or declared.
    #[serde(with = "number::optional")]
    pub held_seconds: Option<f64>,
    /// Hold time of the policy.
    pub holds_for_seconds: f64,
    /// Hold time it was judged over: shorter than the policy's when the caller had only a short window.
    pub judged_over_seconds: f64,
    /// Whether SQLite cannot be called sufficient without this signal.
    pub required: bool,
    /// What passing the threshold means, for `plan` and `migrate_now`.
    pub headline: Option<String>,
    /// Why the state is what it is, in words; `null` for `ok`.
    pub reason: Option<String>,
    /// Query, metric or flag the value came from; empty when not measured.
    pub source: String,
}

/// Where a cheaper cause stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FixState {
    /// The cause is there: fix it.
    Open,
    /// The cause is ruled out.
    Closed,
    /// Nobody can tell: the signal is absent, nonsense or stale.
    NotMeasured,
}

/// One cheaper cause, its fix and the number it was judged by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FixResult {
    /// Name of the signal.
    pub signal: String,
    /// Unit of value and threshold.
    pub unit: Unit,
    /// Where the cause stands.
    pub state: FixState,
    /// The value, `null` when not measured.
    #[serde(with = "number::optional")]
    pub value: Option<f64>,
    /// Passed: the cause is open.
    pub open: Threshold,
    /// The fix in a few words.
    pub headline: String,
    /// What to do.
    pub fix: String,
    /// Query, metric or flag the value came from.
    pub source: String,
}

/// What to do about one database, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// [`DECISION_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What is to be done.
    pub level: Level,
    /// One line: `SQLite sufficient`, or the level's words, ` - ` and the reason.
    pub headline: String,
    /// Name of the policy.
    pub policy: String,
    /// Alias of the database.
    pub database: Option<String>,
    /// When the newest number was taken, seconds since 1970-01-01 UTC.
    pub measured_at_unix_seconds: Option<f64>,
    /// How long the database was watched.
    #[serde(with = "number")]
    pub observed_seconds: f64,
    /// Age of the newest number.
    #[serde(with = "number")]
    pub age_seconds: f64,
    /// Writes seen in the window.
    #[serde(with = "number::optional")]
    pub writes_seen: Option<f64>,
    /// Why nothing could be measured.
    pub failure: Option<String>,
    /// Justification: one line for each trigger that is not `ok`, in the policy's order. Optional signals
    /// that were not measured are left to `triggers`.
    pub because: Vec<String>,
    /// Every trigger of the policy, in its order.
    pub triggers: Vec<TriggerResult>,
    /// Every cheaper cause of the policy, in its order.
    pub fixes: Vec<FixResult>,
}

impl Decision {
    /// The cheaper causes that are open.
    pub fn open_fixes(&self) -> impl Iterator<Item = &FixResult> {
        self.fixes.iter().filter(|fix| fix.state == FixState::Open)
    }
}
