//! The one transaction that fills an application's tables: its begin and its end.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::ledger::tables;
use crate::plan::model::{Plan, TablePlan};
use crate::target::{Target, TargetError, TargetFault};

/// Whether a migration can be put on record in the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Records {
    /// It can.
    Kept,
    /// The role may not make the place for it; this would let it.
    Refused {
        /// A statement for an administrator.
        grant: String,
    },
}

/// Begins the transaction and makes the schema of the records.
pub async fn begin(target: &Target, plan: &Plan) -> Result<Records, Failure> {
    target.batch("BEGIN").await?;
    // Two migrations into one database must not both make the schemas; the lock ends with the transaction.
    tables::lock(target).await?;
    target.batch("SAVEPOINT records").await?;
    let refusal = match tables::create(target).await {
        Ok(()) => {
            target.batch("RELEASE records").await?;
            return Ok(Records::Kept);
        }
        Err(error) => error,
    };
    if !matches!(refusal.fault, TargetFault::MissingGrant(_)) {
        return Err(refusal.into());
    }
    target.batch("ROLLBACK TO records").await?;
    let grant = tables::missing_grant(target).await?;
    if plan.tables.iter().any(TablePlan::sets_aside) {
        let what = "the role may not make schema _outgrow, where values are set aside in quarantine";
        let next =
            format!("Nothing was written. Have an administrator run: {grant}; or choose null instead.");
        return Err(Failure::new(Exit::TargetError, what, next).because(refusal));
    }
    Ok(Records::Refused { grant })
}

/// Ends the transaction and keeps everything.
pub async fn commit(target: &Target) -> Result<(), TargetError> {
    target.batch("COMMIT").await
}
