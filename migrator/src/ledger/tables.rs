//! The tables of outgrow's own in the target, and whether the role may have them.

use crate::exit::Exit;
use crate::failpoint;
use crate::failure::Failure;
use crate::quote::quote_ident;
use crate::target::{Target, TargetError, TargetFault};

/// The schema of outgrow's own.
pub const SCHEMA: &str = "_outgrow";

/// Taken by whoever makes or changes these tables, and held to the end of the transaction.
pub(super) const LOCK: &str =
    "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('outgrow', 0))";

/// Every table with the statement that makes it.
const TABLES: [(&str, &str); 7] = [
    ("migration", super::record::CREATE),
    ("quarantine", crate::copy::quarantine::CREATE),
    ("run", super::run::CREATE),
    ("session", super::run::CREATE_SESSION),
    ("step", super::steps::CREATE),
    ("chunk", super::chunks::CREATE),
    ("pulse", super::pulse::CREATE),
];

/// Waits for its turn to make them. Two migrations into one database must not both do so.
pub async fn lock(target: &Target) -> Result<(), TargetError> {
    target.batch(LOCK).await
}

/// Makes the schema and the tables where they are missing; [`lock`] comes first.
pub async fn create(target: &Target) -> Result<(), TargetError> {
    create_schema(target, SCHEMA).await?;
    for (table, sql) in TABLES {
        // IF NOT EXISTS asks for the right to make tables all the same.
        if !may_insert(target, table).await? {
            target.batch(sql).await?;
        }
    }
    Ok(())
}

/// Makes schema and tables in a transaction of their own, or says which right is missing.
pub async fn ensure(target: &Target) -> Result<(), Failure> {
    if are_there(target).await? {
        return Ok(());
    }
    target.batch("BEGIN").await?;
    lock(target).await?;
    let refusal = match create(target).await {
        Ok(()) => {
            failpoint::reach("ledger-made")?;
            target.batch("COMMIT").await?;
            failpoint::reach("ledger-committed")?;
            return Ok(());
        }
        Err(refusal) => refusal,
    };
    if !matches!(refusal.fault, TargetFault::MissingGrant(_)) {
        return Err(refusal.into());
    }
    target.batch("ROLLBACK").await?;
    let grant = missing_grant(target).await?;
    let what = "the role may not make schema _outgrow, where the progress of a migration is kept";
    let next = format!("Nothing was written. Have an administrator run: {grant}");
    Err(Failure::new(Exit::TargetError, what, next).because(refusal))
}

async fn are_there(target: &Target) -> Result<bool, TargetError> {
    for (table, _) in TABLES {
        if !may_insert(target, table).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether outgrow has this table of its own, and the role may read it.
pub async fn may_read(target: &Target, table: &str) -> Result<bool, TargetError> {
    has_privilege(target, table, "SELECT").await
}

async fn may_insert(target: &Target, table: &str) -> Result<bool, TargetError> {
    has_privilege(target, table, "INSERT").await
}

/// By oid: a name in a schema that the role may not use would be an error.
async fn has_privilege(target: &Target, table: &str, privilege: &str) -> Result<bool, TargetError> {
    let there = "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n \
                 ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2 \
                 AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, $3))";
    let row = target
        .client()
        .query_one(there, &[&SCHEMA, &table, &privilege])
        .await;
    Ok(row.map_err(|error| target.fault(&error))?.get(0))
}

/// Makes a schema if it is missing, and says whether it was.
pub async fn create_schema(target: &Target, schema: &str) -> Result<bool, TargetError> {
    let exists = "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1)";
    let row = target.client().query_one(exists, &[&schema]).await;
    // CREATE SCHEMA asks for a right that is not needed when the schema is there.
    if row.map_err(|error| target.fault(&error))?.get::<_, bool>(0) {
        return Ok(false);
    }
    let sql = format!("CREATE SCHEMA {}", quote_ident(schema));
    target.batch(&sql).await?;
    Ok(true)
}

/// What would let the role keep records.
pub async fn missing_grant(target: &Target) -> Result<String, TargetError> {
    let there = "SELECT pg_catalog.to_regnamespace('_outgrow') IS NOT NULL";
    let row = target.client().query_one(there, &[]).await;
    let role = quote_ident(&target.facts().user);
    if row.map_err(|error| target.fault(&error))?.get(0) {
        return Ok(format!("GRANT USAGE, CREATE ON SCHEMA _outgrow TO {role}"));
    }
    let database = quote_ident(&target.facts().database);
    Ok(format!("GRANT CREATE ON DATABASE {database} TO {role}"))
}
