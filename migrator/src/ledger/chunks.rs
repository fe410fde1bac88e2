//! The chunk rows of a run: which rows of which table are in the target, and their digest.
//!
//! A chunk with a key is the range `(after, until]`; the target has rows of the run in these ranges and nowhere else.
//! Chunks of a table without a usable key count in the order in which its rows are read.

use std::collections::HashMap;

use outgrow_shared::ce1::Digest;
use outgrow_shared::value::OwnedValue;
use uuid::Uuid;

use super::run::Run;
use super::{LedgerError, key};
use crate::target::{Target, TargetError};

/// Makes its table where it is missing.
pub(super) const CREATE: &str = "CREATE TABLE IF NOT EXISTS _outgrow.chunk ( \
       run_id uuid NOT NULL, \
       table_name text NOT NULL, \
       chunk bigint NOT NULL, \
       after_key text, \
       until_key text, \
       rows bigint NOT NULL, \
       bytes bigint NOT NULL, \
       digest bytea NOT NULL, \
       epoch bigint NOT NULL, \
       finished_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), \
       PRIMARY KEY (run_id, table_name, chunk))";

const INSERT: &str = "INSERT INTO _outgrow.chunk \
     (run_id, epoch, table_name, chunk, after_key, until_key, rows, bytes, digest) \
     SELECT $1::text::uuid, $2, * FROM ROWS FROM (unnest($3::text[]), unnest($4::bigint[]), unnest($5::text[]), \
     unnest($6::text[]), unnest($7::bigint[]), unnest($8::bigint[]), unnest($9::bytea[]))";

const SELECT: &str = "SELECT table_name, chunk, after_key, until_key, rows, bytes, digest FROM _outgrow.chunk \
     WHERE run_id = $1::text::uuid ORDER BY table_name, chunk";

const FORGET: &str = "DELETE FROM _outgrow.chunk \
     WHERE run_id = $1::text::uuid AND table_name = $2 AND chunk = ANY ($3::bigint[])";

/// One chunk that is in the target.
#[derive(Debug, Clone, PartialEq)]
pub struct ChunkRow {
    /// Its number in its table; numbers are given once and say nothing about the order of keys.
    pub number: i64,
    /// The key after which it begins; none at the table's begin, and without a usable key.
    pub after: Option<Vec<OwnedValue>>,
    /// Its last key; none without a usable key.
    pub until: Option<Vec<OwnedValue>>,
    /// Rows in it.
    pub rows: u64,
    /// Bytes that they took in the COPY stream.
    pub bytes: u64,
    /// Digest of its rows, as CE1's chunk digest C.
    pub digest: Digest,
}

/// All chunks of a run by table, each table's in the order of their numbers.
pub async fn load(target: &Target, run: Uuid) -> Result<HashMap<String, Vec<ChunkRow>>, LedgerError> {
    let rows = target.client().query(SELECT, &[&run.to_string()]).await;
    let mut tables: HashMap<String, Vec<ChunkRow>> = HashMap::new();
    for row in rows.map_err(|error| target.fault(&error))? {
        let table: String = row.get(0);
        let unreadable = || LedgerError::Unreadable(format!("a chunk of table {table}"));
        let bound = |text: Option<String>| match text {
            None => Ok(None),
            Some(text) => key::from_text(&text).map(Some).ok_or_else(unreadable),
        };
        let count = |count: i64| u64::try_from(count).map_err(|_| unreadable());
        let digest: Vec<u8> = row.get(6);
        let chunk = ChunkRow {
            number: row.get(1),
            after: bound(row.get(2))?,
            until: bound(row.get(3))?,
            rows: count(row.get(4))?,
            bytes: count(row.get(5))?,
            digest: Digest(digest.try_into().map_err(|_| unreadable())?),
        };
        tables.entry(table).or_default().push(chunk);
    }
    Ok(tables)
}

/// Writes chunks down, in the transaction that copied them.
pub async fn insert(target: &Target, run: Run, chunks: &[(String, ChunkRow)]) -> Result<(), TargetError> {
    let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let of = |chunk: &Option<Vec<OwnedValue>>| chunk.as_deref().map(key::to_text);
    let tables: Vec<&str> = chunks.iter().map(|(table, _)| table.as_str()).collect();
    let numbers: Vec<i64> = chunks.iter().map(|(_, c)| c.number).collect();
    let after: Vec<Option<String>> = chunks.iter().map(|(_, c)| of(&c.after)).collect();
    let until: Vec<Option<String>> = chunks.iter().map(|(_, c)| of(&c.until)).collect();
    let rows: Vec<i64> = chunks.iter().map(|(_, c)| signed(c.rows)).collect();
    let bytes: Vec<i64> = chunks.iter().map(|(_, c)| signed(c.bytes)).collect();
    let digests: Vec<&[u8]> = chunks.iter().map(|(_, c)| &c.digest.0[..]).collect();
    target
        .execute(
            INSERT,
            &[
                &run.id.to_string(),
                &run.epoch,
                &tables,
                &numbers,
                &after,
                &until,
                &rows,
                &bytes,
                &digests,
            ],
        )
        .await?;
    Ok(())
}

/// Strikes chunks out, in the transaction that deletes their rows.
pub async fn forget(target: &Target, run: Run, table: &str, numbers: &[i64]) -> Result<(), TargetError> {
    target
        .execute(FORGET, &[&run.id.to_string(), &table, &numbers])
        .await?;
    Ok(())
}
