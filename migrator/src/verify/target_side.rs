//! The target side of a table: read back through COPY, decoded to SQLite's values, hashed.

use std::cmp::Ordering;

use bytes::Bytes;
use futures_util::TryStreamExt;
use outgrow_shared::ce1::{Digest, Mode, RowHasher};
use outgrow_shared::value::{OwnedValue, Value};

use super::copy_out::{Fields, Malformed, RowParser};
use super::decode::{Undecodable, decode_field};
use super::digest::{BoundedDigester, BucketDigester, SortError, TableDigest, compare_key_values};
use super::set_aside::{SetAside, Values};
use crate::plan::mapping::Mapping;
use crate::plan::model::{ColumnPlan, TablePlan};
use crate::quote::{quote_bytes, quote_ident, quote_literal};
use crate::target::{Target, TargetError};

/// What ends a read of the target.
#[derive(Debug, thiserror::Error)]
pub enum TargetSideError {
    /// Postgres refused, failed or went away.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The stream is not what COPY sends.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A column holds another type than the plan says.
    #[error("column {column}: {cause}")]
    Column {
        /// Which.
        column: String,
        /// What its bytes were.
        cause: Undecodable,
    },
    /// The sort of a table without a key failed.
    #[error(transparent)]
    Sort(#[from] SortError),
}

/// A key range of the target: after the first key, up to the second.
pub type KeyRange<'a> = (Option<&'a [OwnedValue]>, Option<&'a [OwnedValue]>);

/// The SELECT that gives a table's columns in chunk order, within a range of keys.
fn select(schema: &str, table: &TablePlan, range: KeyRange<'_>) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|c| quote_ident(&c.target_name))
        .collect();
    let mut sql = format!(
        "SELECT {} FROM {}.{}",
        columns.join(", "),
        quote_ident(schema),
        quote_ident(&table.target_name)
    );
    let condition = range_condition(table, range);
    if !condition.is_empty() {
        sql.push_str(" WHERE ");
        sql.push_str(&condition);
    }
    let keys = key_terms(table);
    if !keys.is_empty() {
        sql.push_str(" ORDER BY ");
        sql.push_str(&keys);
    }
    sql
}

/// The columns of a table's key as they are ordered by; empty without a key.
fn key_terms(table: &TablePlan) -> String {
    let columns = table.key.iter().filter_map(|place| table.columns.get(*place));
    columns.map(key_term).collect::<Vec<String>>().join(", ")
}

/// The condition that a row's key is in a range; empty for all keys.
pub fn range_condition(table: &TablePlan, range: KeyRange<'_>) -> String {
    let keys = key_terms(table);
    let bounds = [(">", range.0), ("<=", range.1)];
    let conditions: Vec<String> = bounds
        .into_iter()
        .filter_map(|(comparison, bound)| Some((comparison, bound?)))
        .map(|(comparison, bound)| {
            let literals: Vec<String> = bound.iter().map(key_literal).collect();
            format!("({keys}) {comparison} ({})", literals.join(", "))
        })
        .collect();
    conditions.join(" AND ")
}

/// The collation is spelled out: the order must hold even if somebody changed the column's.
fn key_term(column: &ColumnPlan) -> String {
    let name = quote_ident(&column.target_name);
    if column.mapping == Mapping::TextText {
        format!("{name} COLLATE \"C\"")
    } else {
        name
    }
}

fn key_literal(value: &OwnedValue) -> String {
    match value {
        OwnedValue::Integer(i) => format!("'{i}'::bigint"),
        // A keyed text came out of Postgres or goes into it, so it holds no NUL.
        OwnedValue::Text(t) => quote_literal(t).unwrap_or_else(|| "NULL".to_owned()),
        OwnedValue::Blob(b) => quote_bytes(b),
        OwnedValue::Null | OwnedValue::Real(_) | OwnedValue::RawText(_) => "NULL".to_owned(),
    }
}

/// Reads rows in chunk order and calls `each` with the fields of every one.
pub async fn read_rows<E>(
    target: &Target,
    schema: &str,
    table: &TablePlan,
    range: KeyRange<'_>,
    mut each: impl FnMut(&Fields<'_>) -> Result<(), E>,
) -> Result<(), E>
where
    E: From<TargetSideError>,
{
    let lost = |error| E::from(TargetSideError::from(target.fault(&error)));
    let sql = format!(
        "COPY ({}) TO STDOUT (FORMAT binary)",
        select(schema, table, range)
    );
    let stream = target.client().copy_out(sql.as_str()).await.map_err(lost)?;
    let mut stream = std::pin::pin!(stream);
    let mut parser = RowParser::default();
    while let Some(message) = stream.try_next().await.map_err(lost)? {
        feed(&mut parser, &message, &mut each)?;
    }
    parser.finish().map_err(|error| E::from(error.into()))
}

fn feed<E: From<TargetSideError>>(
    parser: &mut RowParser,
    message: &Bytes,
    each: &mut impl FnMut(&Fields<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut own = None;
    let fed = parser.feed(message, |fields| {
        each(fields).map_err(|error| {
            own = Some(error);
            Malformed::STOPPED
        })
    });
    match (own, fed) {
        (Some(error), _) => Err(error),
        (None, fed) => fed.map_err(|error| E::from(error.into())),
    }
}

/// Decodes one row as the target holds it, value by value; `each` gets the place and the value. What no mapped
/// value looks like comes as [`Value::RawText`].
fn decode_row(
    table: &TablePlan,
    fields: &Fields<'_>,
    scratch: &mut String,
    mut each: impl FnMut(usize, &Value<'_>),
) -> Result<(), TargetSideError> {
    if fields.count() != table.columns.len() {
        return Err(Malformed::OTHER_COLUMNS.into());
    }
    for (place, column) in table.columns.iter().enumerate() {
        let field = fields.get(place);
        // A value of the right type that its mapping never writes ('infinity', half a microsecond too much) is
        // a difference like any other. No mapped column of the source holds this class.
        let value = match decode_field(column.mapping, field, scratch) {
            Ok(value) => value,
            Err(_) => Value::RawText(field.unwrap_or_default()),
        };
        each(place, &value);
    }
    Ok(())
}

/// Reads rows of one table of the target one after another, with what was set aside put back into them.
#[derive(Debug)]
pub struct RowReader<'a> {
    table: &'a TablePlan,
    set_aside: SetAside,
    /// What was put back into the row read last.
    back: Option<Values>,
    hasher: RowHasher,
    scratch: String,
}

impl<'a> RowReader<'a> {
    /// A reader that puts these values back, each once.
    pub fn new(table: &'a TablePlan, set_aside: SetAside) -> Self {
        Self {
            table,
            set_aside,
            back: None,
            hasher: RowHasher::default(),
            scratch: String::new(),
        }
    }

    /// The digest of the next row.
    pub fn leaf(&mut self, fields: &Fields<'_>) -> Result<Digest, TargetSideError> {
        self.back = None;
        let stored = self.hash(fields)?;
        if self.set_aside.is_empty() {
            return Ok(stored);
        }
        self.back = self.set_aside.take(&stored);
        match self.back {
            Some(_) => self.hash(fields),
            None => Ok(stored),
        }
    }

    fn hash(&mut self, fields: &Fields<'_>) -> Result<Digest, TargetSideError> {
        // Postgres has no table of more than 1600 columns.
        let count = u32::try_from(self.table.columns.len()).unwrap_or(u32::MAX);
        let Self {
            table,
            back,
            hasher,
            scratch,
            ..
        } = self;
        hasher.begin(count);
        decode_row(table, fields, scratch, |place, value| {
            match put_back(back.as_ref(), place) {
                Some(own) => hasher.value(&own.as_value()),
                None => hasher.value(value),
            }
        })?;
        Ok(hasher.finish().0)
    }

    /// The values of the row whose digest was taken last.
    pub fn values(
        &mut self,
        fields: &Fields<'_>,
        mut each: impl FnMut(usize, &Value<'_>),
    ) -> Result<(), TargetSideError> {
        let Self {
            table, back, scratch, ..
        } = self;
        decode_row(table, fields, scratch, |place, value| {
            match put_back(back.as_ref(), place) {
                Some(own) => each(place, &own.as_value()),
                None => each(place, value),
            }
        })
    }
}

fn put_back(back: Option<&Values>, place: usize) -> Option<&OwnedValue> {
    let found = back?.iter().find(|(own, _)| *own == place);
    found.map(|(_, value)| value)
}

/// The digest of a whole table, cut as the source's is, and the values set aside that belong to none of its rows.
/// `progress` hears of every row's bytes.
pub async fn digest(
    target: &Target,
    schema: &str,
    table: &TablePlan,
    set_aside: SetAside,
    source: &TableDigest,
    mut progress: impl FnMut(u64),
) -> Result<(TableDigest, u64), TargetSideError> {
    let mut rows = RowReader::new(table, set_aside);
    let everything = (None, None);
    if table.mode == Mode::Bucket {
        let mut buckets = BucketDigester::default();
        read_rows::<TargetSideError>(target, schema, table, everything, |fields| {
            progress(fields.byte_len());
            Ok(buckets.row(rows.leaf(fields)?)?)
        })
        .await?;
        return Ok((buckets.finish(source.root.rows)?, rows.set_aside.len()));
    }
    let mut keyed = BoundedDigester::new(&source.chunks);
    read_rows::<TargetSideError>(target, schema, table, everything, |fields| {
        progress(fields.byte_len());
        let leaf = rows.leaf(fields)?;
        keyed.row(leaf, |until| compare_key(table, fields, until))
    })
    .await?;
    Ok((keyed.finish(), rows.set_aside.len()))
}

/// Compares the key of a row with the last key of a chunk. Runs for every row, so it copies nothing.
fn compare_key(
    table: &TablePlan,
    fields: &Fields<'_>,
    until: &[OwnedValue],
) -> Result<Ordering, TargetSideError> {
    let mut scratch = String::new();
    let columns = table
        .key
        .iter()
        .filter_map(|place| Some((place, table.columns.get(*place)?)));
    for ((place, column), last) in columns.zip(until) {
        let value = decode_column(column, fields.get(*place), &mut scratch)?;
        let order = compare_key_values(&value, &last.as_value());
        if order.is_ne() {
            return Ok(order);
        }
    }
    Ok(Ordering::Equal)
}

/// The key of a row.
pub fn key_of(table: &TablePlan, fields: &Fields<'_>) -> Result<Vec<OwnedValue>, TargetSideError> {
    let mut scratch = String::new();
    table
        .key
        .iter()
        .filter_map(|place| Some((place, table.columns.get(*place)?)))
        .map(|(place, column)| decode_column(column, fields.get(*place), &mut scratch).map(OwnedValue::from))
        .collect()
}

fn decode_column<'a>(
    column: &ColumnPlan,
    field: Option<&'a [u8]>,
    scratch: &'a mut String,
) -> Result<Value<'a>, TargetSideError> {
    decode_field(column.mapping, field, scratch).map_err(|cause| TargetSideError::Column {
        column: column.name.clone(),
        cause,
    })
}
