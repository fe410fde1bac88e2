//! The record of migrations that came to their end, one row each.
//!
//! It is written in the transaction that ends a migration, after both sides were found equal, so its presence proves
//! the rows'. A later verification finds the plan here.

use super::tables::{LOCK, may_read};
use crate::plan::model::Plan;
use crate::target::{Target, TargetError};

/// Makes its table where it is missing.
pub(super) const CREATE: &str = "CREATE TABLE IF NOT EXISTS _outgrow.migration ( \
       run_id uuid PRIMARY KEY, \
       finished_at timestamptz NOT NULL DEFAULT pg_catalog.now(), \
       source_file text NOT NULL, \
       source_path_sha256 text NOT NULL, \
       plan_sha256 text NOT NULL, \
       plan text NOT NULL, \
       root text NOT NULL)";

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
    if !may_read(target, "migration").await? {
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

/// The latest migration of a source into a schema that came to its end.
pub async fn latest_of(
    target: &Target,
    source_path_sha256: &str,
    schema: &str,
) -> Result<Option<Record>, TargetError> {
    let into = |record: &Record| {
        let plan: serde_json::Value = serde_json::from_str(&record.plan).unwrap_or_default();
        plan["choices"]["schema"] == schema
    };
    let records = find_record(target).await?;
    let of_source = records
        .into_iter()
        .filter(|r| r.source_path_sha256 == source_path_sha256);
    Ok(of_source.into_iter().find(into))
}

/// Whether one of these tables of the schema was made by a migration on record or under way.
pub async fn made_by_outgrow(target: &Target, schema: &str, tables: &[String]) -> Result<bool, TargetError> {
    let records = find_record(target).await?;
    let under_way = super::run::unfinished(target, schema).await?;
    let plans = records.iter().map(|record| &record.plan);
    Ok(plans.chain(under_way.iter().map(|run| &run.plan)).any(|plan| {
        // Plans of other versions have these parts under the same names.
        let plan: serde_json::Value = serde_json::from_str(plan).unwrap_or_default();
        let made = plan["tables"].as_array().into_iter().flatten();
        plan["schema_mode"] != "app"
            && plan["choices"]["schema"] == schema
            && made
                .into_iter()
                .any(|table| tables.iter().any(|name| table["target_name"] == name.as_str()))
    }))
}

/// Writes a migration down.
pub async fn write_record(
    target: &Target,
    plan: &Plan,
    run_id: uuid::Uuid,
    (plan_json, plan_sha256): (&str, &str),
    root: &str,
) -> Result<(), TargetError> {
    let sql = "INSERT INTO _outgrow.migration \
               (run_id, source_file, source_path_sha256, plan_sha256, plan, root) \
               VALUES ($1::text::uuid, $2, $3, $4, $5, $6)";
    let source = &plan.source;
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] = [
        &run_id.to_string(),
        &source.file_name,
        &source.path_sha256,
        &plan_sha256,
        &plan_json,
        &root,
    ];
    target.execute(sql, &values).await?;
    Ok(())
}

/// Waits until nobody is in a transaction that fills an application's tables: the backend that lost its client may
/// still be committing, and holds the lock until it is done.
pub async fn await_end(target: &Target) -> Result<(), TargetError> {
    target.batch(LOCK).await
}

/// Whether this run's transaction was committed; asked when the answer to COMMIT was lost.
pub async fn record_exists(target: &Target, run_id: uuid::Uuid) -> Result<bool, TargetError> {
    await_end(target).await?;
    Ok(find_record(target)
        .await?
        .iter()
        .any(|record| record.run_id == run_id))
}
