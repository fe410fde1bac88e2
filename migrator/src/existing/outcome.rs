//! Whether a COMMIT whose answer was lost took place, for a role that cannot make a table to record it in.
//!
//! Postgres remembers the fate of every recent transaction by its number. The number is taken inside the transaction
//! and asked for in another session; nothing is written for it.

use std::fmt;

use crate::target::{Target, TargetError};

/// A transaction as the server numbers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction(String);

impl fmt::Display for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitOutcome {
    /// Everything was kept.
    Committed,
    /// Nothing was kept.
    Aborted,
    /// The server has not noticed yet that its client is gone; ask again.
    InProgress,
    /// So long ago that the server does not remember it, or it never heard of it.
    Unknown,
}

/// The running transaction.
///
/// # Errors
/// The server refuses or goes away.
pub async fn current(target: &Target) -> Result<Transaction, TargetError> {
    let row = target
        .client()
        .query_one("SELECT pg_catalog.pg_current_xact_id()::text", &[])
        .await;
    let number = row.and_then(|row| row.try_get(0));
    number.map(Transaction).map_err(|error| target.fault(&error))
}

/// What became of a transaction, asked in another session on the same server.
///
/// # Errors
/// The server goes away.
pub async fn of(target: &Target, transaction: &Transaction) -> Result<CommitOutcome, TargetError> {
    let sql = "SELECT pg_catalog.pg_xact_status($1::text::pg_catalog.xid8)";
    let row = match target.client().query_one(sql, &[&transaction.0]).await {
        Ok(row) => row,
        // A number of the future: another server, or one restored from a backup.
        Err(error) if error.as_db_error().is_some() => return Ok(CommitOutcome::Unknown),
        Err(error) => return Err(target.fault(&error)),
    };
    let status: Option<String> = row.try_get(0).map_err(|error| target.fault(&error))?;
    Ok(match status.as_deref() {
        Some("committed") => CommitOutcome::Committed,
        Some("aborted") => CommitOutcome::Aborted,
        Some("in progress") => CommitOutcome::InProgress,
        _ => CommitOutcome::Unknown,
    })
}
