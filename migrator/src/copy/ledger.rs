//! The record of migrations inside the target: schema `_outgrow`, one row a migration.
//!
//! It is written in the transaction of the rows it speaks of, so its presence proves theirs. A later
//! verification finds the plan here.

use crate::target::{Target, TargetError};

/// The schema of outgrow's own.
pub(super) const SCHEMA: &str = "_outgrow";

/// Makes its table where it is missing.
pub(super) const CREATE: &str = "CREATE TABLE IF NOT EXISTS _outgrow.migration ( \
       run_id uuid PRIMARY KEY, \
       finished_at timestamptz NOT NULL DEFAULT pg_catalog.now(), \
       source_file text NOT NULL, \
       source_path_sha256 text NOT NULL, \
       plan_sha256 text NOT NULL, \
       plan text NOT NULL, \
       root text NOT NULL)";

/// Taken by every migration's transaction and held to its end.
pub(super) const LOCK: &str =
    "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('outgrow', 0))";

/// One migration on record.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its run.
    pub run_id: uuid::Uuid,
    /// When it was finished, as the server writes it.
    pub finished_at: String,
    /// File name of the source.
    pub source_file: String,
    /// SHA-256 of the source's canonical path, hex.
    pub source_path_sha256: String,
    /// The plan as it was carried out, JSON.
    pub plan: String,
    /// Root D that both sides had.
    pub root: String,
}

/// The migrations on record, latest first; none where outgrow never ran.
pub async fn find_record(target: &Target) -> Result<Vec<Record>, TargetError> {
    let fault = |error: tokio_postgres::Error| target.fault(&error);
    // By oid: a name in a schema that the role may not use would be an error.
    let there = "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n \
                 ON n.oid = c.relnamespace WHERE n.nspname = '_outgrow' AND c.relname = 'migration' \
                 AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT'))";
    if !target
        .client()
        .query_one(there, &[])
        .await
        .map_err(fault)?
        .get::<_, bool>(0)
    {
        return Ok(Vec::new());
    }
    let sql = "SELECT run_id::text, finished_at::text, source_file, source_path_sha256, plan, root \
               FROM _outgrow.migration ORDER BY finished_at DESC, run_id DESC";
    let rows = target.client().query(sql, &[]).await.map_err(fault)?;
    Ok(rows
        .iter()
        .map(|row| Record {
            run_id: row.get::<_, String>(0).parse().unwrap_or_default(),
            finished_at: row.get(1),
            source_file: row.get(2),
            source_path_sha256: row.get(3),
            plan: row.get(4),
            root: row.get(5),
        })
        .collect())
}

/// Whether one of these tables of the schema was made by a migration on record.
pub async fn made_by_outgrow(target: &Target, schema: &str, tables: &[String]) -> Result<bool, TargetError> {
    let records = find_record(target).await?;
    Ok(records.iter().any(|record| {
        // Plans of other versions have these parts under the same names.
        let plan: serde_json::Value = serde_json::from_str(&record.plan).unwrap_or_default();
        let made = plan["tables"].as_array().into_iter().flatten();
        plan["schema_mode"] != "app"
            && plan["choices"]["schema"] == schema
            && made
                .into_iter()
                .any(|table| tables.iter().any(|name| table["target_name"] == name.as_str()))
    }))
}

/// Waits until no migration is at work: the backend that lost its client may still be committing, and holds the lock
/// until it is done.
pub async fn await_end(target: &Target) -> Result<(), TargetError> {
    let ended = target.client().batch_execute(LOCK).await;
    ended.map_err(|error| target.fault(&error))
}

/// Whether this run's transaction was committed; asked when the answer to COMMIT was lost.
pub async fn record_exists(target: &Target, run_id: uuid::Uuid) -> Result<bool, TargetError> {
    await_end(target).await?;
    Ok(find_record(target)
        .await?
        .iter()
        .any(|record| record.run_id == run_id))
}
