//! The end of the one transaction: COMMIT, and how its fate is learnt if the answer is lost.

use uuid::Uuid;

use crate::copy::{self, Records};
use crate::existing::outcome::{self, CommitOutcome, Transaction};
use crate::failure::Failure;
use crate::ledger::record;
use crate::target::{Conninfo, Target, connect};

/// What is known of the transaction at its end, to learn its fate if the answer to COMMIT is lost.
pub(super) struct End<'a> {
    pub conninfo: &'a Conninfo,
    pub run_id: Uuid,
    pub records: Records,
    pub transaction: Transaction,
}

impl End<'_> {
    /// Commits. If the answer is lost, the server tells what happened; it is never guessed.
    pub async fn commit(&self, target: &Target) -> Result<(), Failure> {
        let Err(lost) = copy::commit(target).await else {
            return Ok(());
        };
        let Ok(again) = connect(self.conninfo).await else {
            let next = format!(
                "The answer to COMMIT was lost and the server cannot be reached. When it is back, ask it: {}",
                self.question()
            );
            let failure = Failure::from(lost);
            return Err(Failure { next, ..failure });
        };
        // The record tells for sure, on whichever server answers; the number of a transaction only on the same one.
        let committed = match self.records {
            Records::Kept => record::record_exists(&again, self.run_id).await?,
            Records::Refused { .. } => {
                record::await_end(&again).await?;
                match outcome::of(&again, &self.transaction).await? {
                    CommitOutcome::Committed => true,
                    CommitOutcome::Aborted => false,
                    CommitOutcome::InProgress | CommitOutcome::Unknown => {
                        let next = format!(
                            "The answer to COMMIT was lost. Ask the server: {}",
                            self.question()
                        );
                        let failure = Failure::from(lost);
                        return Err(Failure { next, ..failure });
                    }
                }
            }
        };
        if committed { Ok(()) } else { Err(lost.into()) }
    }

    /// How a person learns what happened.
    fn question(&self) -> String {
        match self.records {
            Records::Kept => format!(
                "look for run {} in _outgrow.migration. If it is there everything was kept, otherwise nothing was.",
                self.run_id
            ),
            Records::Refused { .. } => format!(
                "SELECT pg_xact_status('{}'). If it says committed everything was kept, otherwise nothing was.",
                self.transaction
            ),
        }
    }
}
