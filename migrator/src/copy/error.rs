//! What ends a copy, and what its user is told then.

use super::ddl::leave_out;
use super::encode::Unencodable;
use super::quarantine::TooLarge;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::target::{TargetError, TargetFault};
use crate::verify::source_side::SourceSideError;
use crate::verify::target_side::TargetSideError;

/// What ends a copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceSideError),
    /// The target refused, failed or went away.
    #[error("copying table {table} failed")]
    Target {
        /// Which table.
        table: String,
        /// Why.
        #[source]
        cause: TargetError,
    },
    /// A value does not fit what the census saw.
    #[error("table {table}, column {column}: {cause}")]
    Value {
        /// Which table.
        table: String,
        /// Which column.
        column: String,
        /// Why.
        cause: Unencodable,
    },
    /// More is set aside than the quarantine holds.
    #[error("table {table}: {cause}")]
    Quarantine {
        /// Which table.
        table: String,
        /// How much.
        cause: TooLarge,
    },
    /// A constraint or type of the application's table refuses a row.
    #[error("table {table} of the target refuses {row}")]
    Refused {
        /// Which table.
        table: String,
        /// The row, by key where it can be told.
        row: String,
        /// Why.
        #[source]
        cause: Box<TargetError>,
    },
    /// Rows that are to be merged are not in the source.
    #[error("table {table} of the target holds rows that the source does not have as they are: {rows}")]
    NotInSourceAsTheyAre {
        /// Which table.
        table: String,
        /// How many.
        rows: u64,
        /// The first of them.
        samples: Vec<String>,
    },
    /// The rows of the target cannot be read.
    #[error("reading what table {table} of the target holds failed: {cause}")]
    Present {
        /// Which table.
        table: String,
        /// Why.
        cause: Box<TargetSideError>,
    },
    /// Both sides count other rows.
    #[error("table {table}: {sent} rows were sent, Postgres took {taken}")]
    Count {
        /// Which table.
        table: String,
        /// Rows read from the source.
        sent: u64,
        /// Rows Postgres reports.
        taken: u64,
    },
    /// The plan speaks of what the source does not have.
    #[error("the source has no {0}")]
    NotInSource(String),
    /// The reader has nobody to read for; told only inside.
    #[error("the session stopped taking rows")]
    Stopped,
    /// A worker thread of outgrow ended by a panic.
    #[error("a worker ended unexpectedly")]
    Worker,
}

impl From<CopyError> for Failure {
    fn from(error: CopyError) -> Self {
        let what = error.to_string();
        let report = "Please report this with the command you ran.";
        match error {
            CopyError::Source(SourceSideError::Source(source)) => source.into(),
            CopyError::Source(SourceSideError::Sort(sort)) => Self::new(
                Exit::Usage,
                what,
                "Free space in the temporary folder (TMPDIR), then run again.",
            )
            .because(sort),
            CopyError::Target { table, cause } => {
                let too_large = cause.fault.is_beyond_a_limit();
                let failure = Self::from(cause);
                let place = format!("table {table}, {}", failure.place);
                let failure = failure.at(place.trim_end_matches(", "));
                if too_large {
                    leave_out(failure, &format!("table:{table}"))
                } else {
                    failure
                }
            }
            CopyError::Refused { cause, .. } => {
                let next = if is_about_a_name(&cause) {
                    "Nothing was kept. A function that the table calls (in a CHECK, default, index or computed column) \
                     names something without its schema, and no search_path finds it here. Let it name the schema, or \
                     give it one: ALTER FUNCTION NAME SET search_path = SCHEMA."
                } else {
                    "Nothing was kept. Correct the row in the source; the target's constraints and types stay as they are."
                };
                Self::new(Exit::PlanBlocked, what, next).because(cause)
            }
            CopyError::NotInSourceAsTheyAre { samples, .. } => Self::new(
                Exit::PlanBlocked,
                what,
                "Nothing was kept. Look at them, then choose replace or keep for this table with --seeds.",
            )
            .at(samples.join("; ")),
            CopyError::Present { cause, .. } => match *cause {
                TargetSideError::Target(cause) => cause.into(),
                other => Self::new(Exit::Bug, other.to_string(), report),
            },
            CopyError::Quarantine { .. } => Self::new(
                Exit::PlanBlocked,
                what,
                "Nothing was kept. Choose text, bytea or null for the columns that have most of them.",
            ),
            CopyError::Count { .. } => Self::new(
                Exit::TargetError,
                what,
                "A trigger or rule on the table takes rows out or puts some in. Look at it (\\d TABLE in psql) and drop or \
                 disable it, then run the same command again.",
            ),
            _ => Self::new(Exit::Bug, what, report),
        }
    }
}

/// Whether a name was not found: class 42 of SQLSTATE, a missing right aside. The names of the copy itself are there.
fn is_about_a_name(cause: &TargetError) -> bool {
    match &cause.fault {
        TargetFault::Sql(fault) => fault.sqlstate.starts_with("42") && fault.sqlstate != "42501",
        _ => false,
    }
}
