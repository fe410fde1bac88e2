//! Tries on the target what a migration would do to the schema, without a row, and rolls it back.
//!
//! It shows what no catalog tells for sure: a right that is missing, a lock that somebody holds, a key that cannot be
//! made again.

use super::constraints;
use crate::failure::Failure;
use crate::target::{Target, TargetError};

/// Takes everything off and puts it back; what it came to is said after the transaction was rolled back.
///
/// # Errors
/// What the migration itself would be refused for.
pub async fn rehearse(target: &Target, schema: &str, tables: &[String]) -> Result<usize, Failure> {
    batch(target, "BEGIN").await?;
    let tried = try_all(target, schema, tables).await;
    // A session that was lost has rolled back by itself.
    let ended = batch(target, "ROLLBACK").await;
    let count = tried?;
    ended?;
    Ok(count)
}

async fn try_all(target: &Target, schema: &str, tables: &[String]) -> Result<usize, Failure> {
    constraints::lock(target, schema, tables).await?;
    let guards = constraints::survey(target, schema, tables).await?;
    constraints::take_off(target, &guards).await?;
    constraints::put_back(target, &guards).await?;
    Ok(guards.foreign_keys.len() + guards.triggers.len())
}

async fn batch(target: &Target, sql: &str) -> Result<(), TargetError> {
    let done = target.client().batch_execute(sql).await;
    done.map_err(|error| target.fault(&error))
}
