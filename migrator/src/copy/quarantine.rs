//! The quarantine: values that a policy set aside, whole, in a table of outgrow's own on the target.
//!
//! A value is tied to its row by the digest of the row as the target holds it, with NULL in its place, so that
//! tables without a key can be put together again as well. What is read here is what verification merges.

use outgrow_shared::ce1::{Digest, RowHasher};
use outgrow_shared::value::{OwnedValue, Value};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::census::row_key;
use crate::plan::mapping::Scratch;
use crate::plan::model::{TablePlan, Treated};
use crate::plan::policy::ValueKind;
use crate::source::catalog::Table;
use crate::source::scan::SourceRow;
use crate::target::{Target, TargetError};

/// Makes its table where it is missing.
pub(crate) const CREATE: &str = "CREATE TABLE IF NOT EXISTS _outgrow.quarantine ( \
       run_id uuid NOT NULL, \
       table_name text NOT NULL, \
       row_number bigint NOT NULL, \
       row_digest bytea NOT NULL, \
       row_key text NOT NULL, \
       column_name text NOT NULL, \
       kind text NOT NULL, \
       value bytea NOT NULL, \
       reason text NOT NULL, \
       PRIMARY KEY (run_id, table_name, row_number, column_name))";

const INSERT: &str = "INSERT INTO _outgrow.quarantine \
     (run_id, table_name, row_number, row_digest, row_key, column_name, kind, value, reason) \
     SELECT $1::text::uuid, $2, * FROM ROWS FROM (unnest($3::bigint[]), unnest($4::bytea[]), unnest($5::text[]), \
     unnest($6::text[]), unnest($7::text[]), unnest($8::bytea[]), unnest($9::text[]))";

const EXISTS: &str = "SELECT pg_catalog.to_regclass('_outgrow.quarantine') IS NOT NULL";

const SELECT: &str = "SELECT row_number, row_digest, column_name, kind, value FROM _outgrow.quarantine \
     WHERE run_id = $1::text::uuid AND table_name = $2 ORDER BY row_number, column_name";

/// Values written at once.
const BATCH_VALUES: usize = 1000;

/// The most bytes of one table that are set aside: they are held in memory while it is copied and compared.
pub const BYTES_MAX: usize = 64 * 1024 * 1024;

/// One row's values that were set aside.
#[derive(Debug, Clone, PartialEq)]
pub struct RowSetAside {
    /// Its number among the rows of its table: the number of its chunk and its own in it, so that numbers are given
    /// once.
    pub row_number: i64,
    /// Digest of the row as the target holds it.
    pub row_digest: Digest,
    /// Names the row for a person.
    pub row_key: String,
    /// Place of the column in the plan, and the value.
    pub values: Vec<(usize, OwnedValue)>,
}

/// More than the quarantine holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the values to set aside have more than {} MiB", BYTES_MAX / 1024 / 1024)]
pub struct TooLarge;

/// Gathers what one table sets aside while it is copied.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    rows: Vec<RowSetAside>,
    hasher: RowHasher,
    scratch: Scratch,
    row_number: i64,
    bytes: usize,
}

impl Gathered {
    /// Looks at the next row.
    pub fn row(
        &mut self,
        plan: &TablePlan,
        table: &Table,
        columns: &[usize],
        row: &SourceRow<'_>,
    ) -> Result<(), TooLarge> {
        let mut values: Vec<(usize, OwnedValue)> = Vec::new();
        // Postgres has no table of more than 1600 columns.
        self.hasher
            .begin(u32::try_from(plan.columns.len()).unwrap_or(u32::MAX));
        for (place, column) in plan.columns.iter().enumerate() {
            let treated = column.treat(row.value(place), &mut self.scratch);
            self.hasher.value(&treated.stored());
            if let Treated::SetAside(value) = treated {
                values.push((place, value.into()));
            }
        }
        let (row_digest, _) = self.hasher.finish();
        let row_number = self.row_number;
        self.row_number += 1;
        if values.is_empty() {
            return Ok(());
        }
        self.bytes += values
            .iter()
            .map(|(_, value)| bytes_of(&value.as_value()).len())
            .sum::<usize>();
        if self.bytes > BYTES_MAX {
            return Err(TooLarge);
        }
        self.rows.push(RowSetAside {
            row_number,
            row_digest,
            row_key: row_key(table, columns, row),
            values,
        });
        Ok(())
    }

    /// Counts on from this number.
    pub fn continue_at(&mut self, row_number: i64) {
        self.row_number = row_number;
    }

    /// What was gathered since it was asked last.
    pub fn take(&mut self) -> Vec<RowSetAside> {
        std::mem::take(&mut self.rows)
    }
}

/// Writes what one table set aside.
pub(super) async fn write(
    target: &Target,
    run: Uuid,
    table: &TablePlan,
    rows: &[RowSetAside],
) -> Result<(), TargetError> {
    let run = run.to_string();
    let values: Vec<_> = rows
        .iter()
        .flat_map(|row| row.values.iter().map(move |v| (row, v)))
        .collect();
    for batch in values.chunks(BATCH_VALUES) {
        let column = |place: usize| table.columns.get(place).map_or("", |c| c.name.as_str());
        let numbers: Vec<i64> = batch.iter().map(|(row, _)| row.row_number).collect();
        let digests: Vec<&[u8]> = batch.iter().map(|(row, _)| &row.row_digest.0[..]).collect();
        let keys: Vec<String> = batch
            .iter()
            .map(|(row, _)| row.row_key.replace('\0', "\u{fffd}"))
            .collect();
        let columns: Vec<&str> = batch.iter().map(|(_, (place, _))| column(*place)).collect();
        let kinds: Vec<&str> = batch
            .iter()
            .filter_map(|(_, (_, v))| ValueKind::of(&v.as_value()))
            .map(ValueKind::word)
            .collect();
        let bytes: Vec<Vec<u8>> = batch.iter().map(|(_, (_, v))| bytes_of(&v.as_value())).collect();
        let reasons: Vec<String> = batch
            .iter()
            .map(|(_, (place, _))| {
                format!(
                    "not a value of {}",
                    table.columns.get(*place).map_or("", |c| c.target_type.as_str())
                )
            })
            .collect();
        let parameters: [&(dyn ToSql + Sync); 9] = [
            &run,
            &table.name,
            &numbers,
            &digests,
            &keys,
            &columns,
            &kinds,
            &bytes,
            &reasons,
        ];
        let done = target.client().execute(INSERT, &parameters).await;
        done.map_err(|error| target.fault(&error))?;
    }
    Ok(())
}

/// Place of what is no value of ours: it is put back nowhere, so that the comparison finds it.
const NOWHERE: usize = usize::MAX;

/// Reads what one table set aside in a run, in the order of the copy; nothing where the quarantine is gone.
pub async fn read(target: &Target, run: Uuid, table: &TablePlan) -> Result<Vec<RowSetAside>, TargetError> {
    let fault = |error| target.fault(&error);
    let exists = target.client().query_one(EXISTS, &[]).await.map_err(fault)?;
    if !exists.get::<_, bool>(0) {
        return Ok(Vec::new());
    }
    let found = target
        .client()
        .query(SELECT, &[&run.to_string(), &table.name])
        .await;
    let mut rows: Vec<RowSetAside> = Vec::new();
    for row in found.map_err(fault)? {
        let (number, digest, own) = entry(&row, table).unwrap_or((-1, Digest([0; 32]), None));
        let (place, value) = own.unwrap_or((NOWHERE, OwnedValue::Null));
        let is_same = |last: &&mut RowSetAside| {
            last.row_number == number
                && last.row_digest == digest
                && last.values.iter().all(|(other, _)| *other != place)
        };
        match rows.last_mut().filter(is_same) {
            Some(last) => last.values.push((place, value)),
            None => rows.push(RowSetAside {
                row_number: number,
                row_digest: digest,
                row_key: String::new(),
                values: vec![(place, value)],
            }),
        }
    }
    Ok(rows)
}

/// The place of a column and a value of it.
type Placed = (usize, OwnedValue);

/// Number and digest of an entry's row, its column's place and its value; as far as it is one of ours.
fn entry(row: &Row, table: &TablePlan) -> Option<(i64, Digest, Option<Placed>)> {
    let digest: Vec<u8> = row.try_get(1).ok()?;
    let digest = Digest(digest.try_into().ok()?);
    let own = || {
        let (column, kind): (String, String) = (row.try_get(2).ok()?, row.try_get(3).ok()?);
        let place = table.columns.iter().position(|c| c.name == column)?;
        Some((place, value_of(&kind, row.try_get(4).ok()?)?))
    };
    Some((row.try_get(0).ok()?, digest, own()))
}

/// A value's bytes: numbers big-endian, texts and blobs as they are.
fn bytes_of(value: &Value<'_>) -> Vec<u8> {
    match value {
        Value::Null => Vec::new(),
        Value::Integer(integer) => integer.to_be_bytes().to_vec(),
        Value::Real(real) => real.to_bits().to_be_bytes().to_vec(),
        Value::Text(text) => text.as_bytes().to_vec(),
        Value::Blob(bytes) | Value::RawText(bytes) => bytes.to_vec(),
    }
}

fn value_of(kind: &str, bytes: Vec<u8>) -> Option<OwnedValue> {
    let kind = ValueKind::ALL.into_iter().find(|known| known.word() == kind)?;
    Some(match kind {
        ValueKind::Integer => OwnedValue::Integer(i64::from_be_bytes(bytes.try_into().ok()?)),
        ValueKind::Real => OwnedValue::Real(f64::from_be_bytes(bytes.try_into().ok()?)),
        ValueKind::Text | ValueKind::TextNul => OwnedValue::Text(String::from_utf8(bytes).ok()?),
        ValueKind::TextNotUnicode => OwnedValue::RawText(bytes),
        ValueKind::Blob => OwnedValue::Blob(bytes),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_from_their_bytes() {
        let values = [
            Value::Integer(-1),
            Value::Real(-0.0),
            Value::Text("a"),
            Value::Text("a\0"),
            Value::RawText(b"\xff"),
            Value::Blob(b""),
        ];
        for value in values {
            let kind = ValueKind::of(&value).unwrap();
            let back = value_of(kind.word(), bytes_of(&value)).unwrap();
            assert_eq!(back.as_value(), value);
        }
        assert_eq!(value_of("integer", vec![1]), None);
        assert_eq!(value_of("text", vec![0xff]), None);
        assert_eq!(value_of("no kind", vec![]), None);
    }
}
