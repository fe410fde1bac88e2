//! One snapshot of the target for several sessions: what one of them sees, all see, whatever is committed meanwhile.
//!
//! The first session exports its snapshot and has to stay in its transaction while the others take it over.

use crate::quote::quote_literal;
use crate::target::{Target, TargetError, TargetFault};

/// Begins a transaction that writes nothing and sees one snapshot to its end.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// A session whose work is done waits for the others, and one without work for the source, however long both take.
/// It holds no lock that keeps a reader or a writer out.
const WAIT_WITHOUT_END: &str = "SET LOCAL idle_in_transaction_session_timeout = 0";

/// Begins a read-only transaction in every session, all on one snapshot.
///
/// # Errors
/// The server refuses, or does not know the snapshot: then the sessions are on different servers.
pub async fn begin(targets: &[&Target]) -> Result<(), TargetError> {
    let Some((first, others)) = targets.split_first() else {
        return Ok(());
    };
    run(first, BEGIN).await?;
    if !others.is_empty() {
        let exported = first
            .client()
            .query_one("SELECT pg_catalog.pg_export_snapshot()", &[]);
        let exported = exported.await.map_err(|error| first.fault(&error))?;
        let snapshot: String = exported.try_get(0).map_err(|error| first.fault(&error))?;
        let literal = quote_literal(&snapshot).ok_or_else(|| TargetError {
            server: first.server().to_owned(),
            fault: TargetFault::Protocol {
                reason: "the name of its snapshot holds a NUL".to_owned(),
            },
        })?;
        for target in others {
            run(target, BEGIN).await?;
            run(target, &format!("SET TRANSACTION SNAPSHOT {literal}")).await?;
        }
    }
    for target in targets {
        run(target, WAIT_WITHOUT_END).await?;
    }
    Ok(())
}

/// Ends the transactions of [`begin`].
///
/// # Errors
/// A session was lost.
pub async fn end(targets: &[&Target]) -> Result<(), TargetError> {
    for target in targets {
        run(target, "COMMIT").await?;
    }
    Ok(())
}

async fn run(target: &Target, statement: &str) -> Result<(), TargetError> {
    let done = target.client().batch_execute(statement).await;
    done.map_err(|error| target.fault(&error))
}
