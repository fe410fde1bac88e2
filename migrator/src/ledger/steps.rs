//! The step rows of a run: DDL, indexes, constraints, identities, each by its object's name, once it is done.
//!
//! A row is written in the transaction of its step. What a step made in the target is kept by its oid, so that
//! discarding a run drops that very object and never one that took its name.

use std::collections::HashMap;

use outgrow_shared::ce1::Digest;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::run::Run;
use crate::target::{Target, TargetError};

/// Makes its table where it is missing.
pub(super) const CREATE: &str = "CREATE TABLE IF NOT EXISTS _outgrow.step ( \
       run_id uuid NOT NULL, \
       step text NOT NULL, \
       ordinal bigint GENERATED ALWAYS AS IDENTITY, \
       sql_sha256 text NOT NULL, \
       made_class oid, \
       made_object oid, \
       epoch bigint NOT NULL, \
       finished_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), \
       PRIMARY KEY (run_id, step))";

const INSERT: &str = "INSERT INTO _outgrow.step (run_id, epoch, step, sql_sha256, made_class, made_object) \
     SELECT $1::text::uuid, $2, $3, $4, made.class, made.object FROM (SELECT 1) one LEFT JOIN ( \
       SELECT 'pg_catalog.pg_class'::regclass::oid, c.oid FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE $5 = 'relation' AND n.nspname = $6 AND c.relname = $7 \
       UNION ALL SELECT 'pg_catalog.pg_namespace'::regclass::oid, n.oid FROM pg_catalog.pg_namespace n \
         WHERE $5 = 'schema' AND n.nspname = $7 \
       UNION ALL SELECT 'pg_catalog.pg_collation'::regclass::oid, l.oid FROM pg_catalog.pg_collation l \
         JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace \
         WHERE $5 = 'collation' AND n.nspname = $6 AND l.collname = $7 \
       UNION ALL SELECT 'pg_catalog.pg_extension'::regclass::oid, e.oid FROM pg_catalog.pg_extension e \
         WHERE $5 = 'extension' AND e.extname = $7 \
     ) made (class, object) ON true LIMIT 1 \
     ON CONFLICT (run_id, step) DO UPDATE SET epoch = excluded.epoch, sql_sha256 = excluded.sql_sha256, \
       made_class = excluded.made_class, made_object = excluded.made_object, finished_at = pg_catalog.clock_timestamp()";

/// Steps that are done. An index that somebody dropped since is not there, and is built again; a table that is gone
/// shows in its rows.
const SELECT: &str = "SELECT step, sql_sha256 FROM _outgrow.step s WHERE run_id = $1::text::uuid \
     AND (made_object IS NULL OR step NOT LIKE 'index:%' \
          OR EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.oid = s.made_object))";

/// Steps that are done, each with the digest of its statement.
pub type Done = HashMap<String, String>;

/// What a step makes in the target, for whoever discards the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made<'a> {
    /// Nothing that goes by itself: a constraint goes with its table.
    Nothing,
    /// The schema of the tables.
    Schema(&'a str),
    /// A table, view or index of this schema.
    Relation(&'a str, &'a str),
    /// A collation of this schema.
    Collation(&'a str, &'a str),
    /// An extension.
    Extension(&'a str),
}

impl<'a> Made<'a> {
    fn parts(self) -> (&'static str, &'a str, &'a str) {
        match self {
            Self::Nothing => ("nothing", "", ""),
            Self::Schema(name) => ("schema", "", name),
            Self::Relation(schema, name) => ("relation", schema, name),
            Self::Collation(schema, name) => ("collation", schema, name),
            Self::Extension(name) => ("extension", "", name),
        }
    }
}

/// Digest of a step's statement, hex.
pub fn sql_sha256(sql: &str) -> String {
    Digest(Sha256::digest(sql.as_bytes()).into()).to_hex()
}

/// Steps that are done, each with the digest of its statement.
pub async fn load(target: &Target, run: Uuid) -> Result<Done, TargetError> {
    let rows = target.client().query(SELECT, &[&run.to_string()]).await;
    let rows = rows.map_err(|error| target.fault(&error))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Writes a step down, in its transaction and after its statement.
pub async fn record(
    target: &Target,
    run: Run,
    step: &str,
    sql: &str,
    made: Made<'_>,
) -> Result<(), TargetError> {
    let (kind, schema, name) = made.parts();
    target
        .execute(
            INSERT,
            &[
                &run.id.to_string(),
                &run.epoch,
                &step,
                &sql_sha256(sql),
                &kind,
                &schema,
                &name,
            ],
        )
        .await?;
    Ok(())
}

/// Strikes steps out, in the transaction that undoes them.
pub async fn forget(target: &Target, run: Run, steps: &[String]) -> Result<(), TargetError> {
    let sql = "DELETE FROM _outgrow.step WHERE run_id = $1::text::uuid AND step = ANY ($2::text[])";
    target.execute(sql, &[&run.id.to_string(), &steps]).await?;
    Ok(())
}
