//! What ends a verification before it has an answer.

use crate::exit::Exit;
use crate::failure::Failure;

use super::source_side::SourceSideError;
use super::target_side::TargetSideError;
use crate::target::TargetError;

/// A verification that could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceSideError),
    /// The target cannot be read.
    #[error("table {table}: {cause}")]
    Target {
        /// Which table.
        table: String,
        /// Why.
        cause: TargetSideError,
    },
    /// The target's catalog cannot be read.
    #[error(transparent)]
    Catalog(TargetError),
    /// The source has no longer what the plan speaks of.
    #[error("the source has no {0} any more")]
    SourceChanged(String),
    /// A worker thread of outgrow ended by a panic.
    #[error("a worker ended unexpectedly")]
    Worker,
}

impl VerifyError {
    /// Wraps an error of the target's side.
    pub fn target(table: &str) -> impl FnOnce(TargetSideError) -> Self + use<> {
        let table = table.to_owned();
        |cause| Self::Target { table, cause }
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        let what = error.to_string();
        match error {
            VerifyError::Source(SourceSideError::Source(source)) => source.into(),
            VerifyError::Source(SourceSideError::Sort(sort)) => Self::new(
                Exit::Usage,
                what,
                "Free space in the temporary folder (TMPDIR), then run again.",
            )
            .because(sort),
            VerifyError::Target {
                table,
                cause: TargetSideError::Target(target),
            } => {
                let failure = Self::from(target);
                let place = if failure.place.is_empty() {
                    format!("table {table}")
                } else {
                    format!("table {table}, {}", failure.place)
                };
                failure.at(place)
            }
            VerifyError::Target { .. } => Self::new(
                Exit::Different,
                what,
                "The target column has another type or content than the migration gave it; compare the table's \
                 definition with the plan.",
            ),
            VerifyError::Catalog(target) => target.into(),
            VerifyError::SourceChanged(_) => Self::new(
                Exit::SourceRefused,
                what,
                "Its schema changed since the migration; verify against the file that was migrated.",
            ),
            VerifyError::Worker => Self::new(Exit::Bug, what, "Please report this with the command you ran."),
        }
    }
}
