//! What ends work on a run, and what its user is told then.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::target::TargetError;

/// What ends work on a run.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The target refused, failed or went away.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Another process took the run over.
    #[error("another outgrow took this migration over")]
    Fenced,
    /// The run came to its end while this process waited.
    #[error("another outgrow finished this migration, or dropped it, in the meantime")]
    Ended,
    /// Another process is at work in this schema.
    #[error("another outgrow is migrating into schema {schema} at this moment: {holder}")]
    Held {
        /// The schema of the tables.
        schema: String,
        /// Its session, as far as the server tells.
        holder: String,
    },
    /// What the run made cannot be dropped: others use it.
    #[error("what the migration made cannot be dropped, since other objects depend on it: {0}")]
    DependedOn(String),
    /// Somebody changed what the run made.
    #[error("{0}")]
    Changed(String),
    /// A row of the ledger is not what outgrow writes.
    #[error("the ledger in schema _outgrow holds what outgrow does not write: {0}")]
    Unreadable(String),
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        let what = error.to_string();
        match error {
            LedgerError::Target(target) => target.into(),
            LedgerError::Fenced => Self::new(
                Exit::TargetError,
                what,
                "Let that one finish; `outgrow status` shows how far it is. Nothing of it is lost.",
            ),
            LedgerError::Ended => Self::new(
                Exit::TargetError,
                what,
                "`outgrow status` shows what became of it; `outgrow verify` compares both sides.",
            ),
            LedgerError::Held { .. } => Self::new(
                Exit::TargetError,
                what,
                "Let it finish; `outgrow status` shows how far it is. Should it be stuck, stop that process, then run the \
                 same command again: it goes on from there.",
            ),
            LedgerError::DependedOn(_) => Self::new(
                Exit::TargetError,
                what,
                "Nothing was dropped. Drop these first if they are yours to drop, then run again with --restart; or go \
                 on without it.",
            ),
            LedgerError::Changed(_) => Self::new(
                Exit::PlanBlocked,
                what,
                "Somebody changed it since. Nothing was written there: put it back as it was and run the same command \
                 again, or begin anew with --restart, which drops what the migration made under whatever name.",
            ),
            LedgerError::Unreadable(_) => Self::new(
                Exit::TargetError,
                what,
                "It was changed by somebody, or written by another version of outgrow: finish with that one, or begin \
                 anew with --restart.",
            ),
        }
    }
}
