//! The verdict: signals from a source, the decision over them, and how it is shown.
//!
//! Thresholds and the decision itself live in `outgrow_shared::verdict`; this folder only gathers and shows.

mod exposition;
mod names;
mod quantile;
mod scrape;
mod show;
mod signals_file;
mod watch;
mod window;

use outgrow_shared::decide;
use outgrow_shared::verdict::{Decision, Level, Policy, SIGNALS_SCHEMA_VERSION, Signals};
use thiserror::Error;

use crate::exit::Exit;
use crate::failure::Failure;

pub use scrape::{Endpoint, scrape};
pub use show::{Answer, OtherDatabase};
pub use signals_file::read as read_signals;
pub use watch::Watch;

/// Why no decision could be asked for. What is wrong with the system itself is no error but `UNKNOWN`.
#[derive(Debug, Error)]
pub enum VerdictError {
    /// `--scrape` is no address. The address itself is left out: it may hold a password.
    #[error("the address given to --scrape cannot be used: {why}")]
    Address {
        /// What is wrong with it.
        why: String,
    },
    /// The signals file cannot be read.
    #[error("cannot read the signals file")]
    Read {
        /// The file.
        place: String,
        /// The cause.
        #[source]
        why: std::io::Error,
    },
    /// The signals file is not the JSON form of signals.
    #[error("the signals file cannot be understood")]
    Parse {
        /// The file.
        place: String,
        /// The cause with line and column.
        #[source]
        why: serde_json::Error,
    },
    /// The signals file was written for another version.
    #[error("the signals file has schema_version {found}, this outgrow reads {SIGNALS_SCHEMA_VERSION}")]
    Version {
        /// The file.
        place: String,
        /// Its version.
        found: u32,
    },
    /// The signals file names a signal that no trigger reads.
    #[error("the signals file names the unknown signal `{signal}`")]
    UnknownSignal {
        /// The file.
        place: String,
        /// The signal.
        signal: String,
        /// The signals there are.
        known: String,
    },
    /// The decision cannot be written as JSON.
    #[error("the decision cannot be written as JSON")]
    Json(#[source] serde_json::Error),
    /// The decision cannot be printed.
    #[error("cannot write the decision to standard output")]
    Output(#[source] std::io::Error),
}

impl From<VerdictError> for Failure {
    fn from(error: VerdictError) -> Self {
        let (exit, place, next) = match &error {
            VerdictError::Address { .. } => {
                (Exit::Usage, "", "Give it as http://HOST:PORT/metrics.".to_owned())
            }
            VerdictError::Read { place, .. } => (
                Exit::Usage,
                place.as_str(),
                "Check the path, or use `-` for standard input.".to_owned(),
            ),
            VerdictError::Parse { place, .. } | VerdictError::Version { place, .. } => (
                Exit::Usage,
                place.as_str(),
                "See `outgrow verdict --help` for the form of the file.".to_owned(),
            ),
            VerdictError::UnknownSignal { place, known, .. } => {
                (Exit::Usage, place.as_str(), format!("Known signals: {known}."))
            }
            VerdictError::Json(_) => (
                Exit::Bug,
                "",
                "Please report this with the signals used.".to_owned(),
            ),
            VerdictError::Output(_) => (Exit::Usage, "", "Check where standard output goes.".to_owned()),
        };
        let place = place.to_owned();
        let failure = Failure::new(exit, error.to_string(), next).at(place);
        match error {
            VerdictError::Read { why, .. } | VerdictError::Output(why) => failure.because(why),
            VerdictError::Parse { why, .. } | VerdictError::Json(why) => failure.because(why),
            _ => failure,
        }
    }
}

/// Judges each database and puts the worst first; of equally bad ones the first stays first.
///
/// Without any signals at all the answer is `UNKNOWN`.
#[must_use]
pub fn judge(databases: &[Signals], policy: &Policy) -> Answer {
    let mut decisions: Vec<Decision> = databases.iter().map(|signals| decide(signals, policy)).collect();
    decisions.sort_by_key(|decision| std::cmp::Reverse(decision.level));
    let mut decisions = decisions.into_iter();
    let worst = decisions
        .next()
        .unwrap_or_else(|| decide(&Signals::unavailable("no database was seen"), policy));
    Answer::new(worst, decisions)
}

/// The exit code that says `level`.
#[must_use]
pub fn exit_of(level: Level) -> Exit {
    match level {
        Level::SqliteSufficient => Exit::Done,
        Level::Unknown => Exit::Unknown,
        Level::TuneFirst => Exit::TuneFirst,
        Level::PlanMigration => Exit::PlanMigration,
        Level::MigrateNow => Exit::MigrateNow,
    }
}
