//! Statements that may be refused without ending the transaction, and who is in the way of a lock.

use tokio_postgres::error::SqlState;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::target::{Target, TargetError};

use super::Relation;

/// Sessions in the way of a lock that a message names.
const HOLDERS_NAMED_MAX: i64 = 5;

/// Who holds a lock on one of these tables or their partitions. An ordinary role sees process, role and application.
const HOLDERS: &str = "\
SELECT DISTINCT pg_catalog.format('process %s (role %s, application %s)', l.pid, coalesce(a.usename::text, 'unknown'),
                pg_catalog.quote_literal(coalesce(a.application_name, '')))
  FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
 WHERE l.granted AND l.pid <> pg_catalog.pg_backend_pid()
   AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
   AND l.relation IN (SELECT pg_catalog.to_regclass(t)::oid FROM pg_catalog.unnest($1::text[]) AS t
                      UNION SELECT p.relid::oid FROM pg_catalog.unnest($1::text[]) AS t
                      CROSS JOIN LATERAL pg_catalog.pg_partition_tree(pg_catalog.to_regclass(t)) AS p)
 ORDER BY 1 LIMIT $2";

/// Runs one statement; a refusal takes back what it did and leaves the transaction usable.
pub(super) async fn attempt(
    target: &Target,
    sql: &str,
) -> Result<Result<(), tokio_postgres::Error>, TargetError> {
    batch(target, "SAVEPOINT outgrow_attempt").await?;
    let done = target.client().batch_execute(sql).await;
    match done {
        Ok(()) => batch(target, "RELEASE SAVEPOINT outgrow_attempt").await.map(Ok),
        // Without an answer by the server there is no transaction left to go on with.
        Err(error) if error.as_db_error().is_none() => Err(target.fault(&error)),
        Err(error) => {
            roll_back(target).await?;
            Ok(Err(error))
        }
    }
}

async fn roll_back(target: &Target) -> Result<(), TargetError> {
    batch(
        target,
        "ROLLBACK TO SAVEPOINT outgrow_attempt; RELEASE SAVEPOINT outgrow_attempt",
    )
    .await
}

/// Runs statements.
pub(super) async fn batch(target: &Target, sql: &str) -> Result<(), TargetError> {
    let done = target.client().batch_execute(sql).await;
    done.map_err(|error| target.fault(&error))
}

/// Runs a statement that has to lock these tables. If it waits in vain, those in the way are named.
pub(super) async fn with_lock(target: &Target, tables: &[&Relation], sql: &str) -> Result<(), Failure> {
    match attempt(target, sql).await? {
        Ok(()) => Ok(()),
        Err(error) => Err(refused(target, tables, &error).await?),
    }
}

/// What it means that a statement about these tables was refused.
pub(super) async fn refused(
    target: &Target,
    tables: &[&Relation],
    error: &tokio_postgres::Error,
) -> Result<Failure, TargetError> {
    if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) {
        return Ok(in_use(target, tables, &holders(target, tables).await?));
    }
    let failure = Failure::from(target.fault(error));
    let place = format!("{}, {}", named(tables), failure.place);
    Ok(failure.at(place))
}

async fn holders(target: &Target, tables: &[&Relation]) -> Result<Vec<String>, TargetError> {
    let names: Vec<String> = tables.iter().map(|table| table.quoted()).collect();
    let rows = target
        .client()
        .query(HOLDERS, &[&names, &HOLDERS_NAMED_MAX])
        .await;
    let rows = rows.map_err(|error| target.fault(&error))?;
    let told: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get(0)).collect();
    told.map_err(|error| target.fault(&error))
}

fn in_use(target: &Target, tables: &[&Relation], holders: &[String]) -> Failure {
    let what = format!("another session uses {} and does not let go of it", named(tables));
    let who = if holders.is_empty() {
        String::new()
    } else {
        format!(" In the way: {}.", holders.join(", "))
    };
    let next = format!(
        "Stop the application and whatever else uses these tables, then run the same command again; nothing was kept.{who}"
    );
    Failure::new(Exit::TargetError, what, next).at(target.server())
}

fn named(tables: &[&Relation]) -> String {
    let names: Vec<String> = tables.iter().map(|table| format!("table {table}")).collect();
    names.join(" or ")
}
