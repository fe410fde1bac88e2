//! Rows of a table of the target in chunk order, through COPY.
//!
//! It asks for them and takes the stream apart; what the fields of a row mean is [`super::target_side`]'s.

use bytes::Bytes;
use futures_util::TryStreamExt;
use outgrow_shared::value::OwnedValue;
use tokio_postgres::CopyOutStream;

use super::copy_out::{Fields, Malformed, RowParser};
use super::target_side::TargetSideError;
use crate::plan::mapping::Mapping;
use crate::plan::model::{ColumnPlan, TablePlan};
use crate::quote::{quote_bytes, quote_ident, quote_literal};
use crate::target::{Target, TargetError};

/// A key range of the target: after the first key, up to the second.
pub type KeyRange<'a> = (Option<&'a [OwnedValue]>, Option<&'a [OwnedValue]>);

/// The SELECT that gives a table's columns.
fn select(schema: &str, table: &TablePlan) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|c| quote_ident(&c.target_name))
        .collect();
    format!(
        "SELECT {} FROM {}.{}",
        columns.join(", "),
        quote_ident(schema),
        quote_ident(&table.target_name)
    )
}

/// The same in chunk order, within a range of keys.
fn select_range(schema: &str, table: &TablePlan, range: KeyRange<'_>) -> String {
    let mut sql = select(schema, table);
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

/// The columns of a table's key as they are ordered by; empty without a key.
fn key_terms(table: &TablePlan) -> String {
    key_columns(table)
        .map(key_term)
        .collect::<Vec<String>>()
        .join(", ")
}

fn key_columns(table: &TablePlan) -> impl Iterator<Item = &ColumnPlan> {
    table.key.iter().filter_map(|place| table.columns.get(*place))
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

/// Asks for the rows of a range of keys, in chunk order.
pub(super) async fn open_rows(
    target: &Target,
    schema: &str,
    table: &TablePlan,
    range: KeyRange<'_>,
) -> Result<CopyOutStream, TargetError> {
    open(target, &select_range(schema, table, range)).await
}

async fn open(target: &Target, select: &str) -> Result<CopyOutStream, TargetError> {
    let sql = format!("COPY ({select}) TO STDOUT (FORMAT binary)");
    let opened = target.client().copy_out(sql.as_str()).await;
    opened.map_err(|error| target.fault(&error))
}

/// Calls `each` with the fields of every row of a stream; `lost` names what became of the connection.
pub(super) async fn each_row<E>(
    stream: CopyOutStream,
    lost: impl Fn(tokio_postgres::Error) -> E,
    mut each: impl FnMut(&Fields<'_>) -> Result<(), E>,
) -> Result<(), E>
where
    E: From<TargetSideError>,
{
    let mut stream = std::pin::pin!(stream);
    let mut parser = RowParser::default();
    while let Some(message) = stream.try_next().await.map_err(&lost)? {
        feed(&mut parser, &message, &mut each)?;
    }
    parser.finish().map_err(|error| E::from(error.into()))
}

/// Reads rows in chunk order and calls `each` with the fields of every one.
pub async fn read_rows<E>(
    target: &Target,
    schema: &str,
    table: &TablePlan,
    range: KeyRange<'_>,
    each: impl FnMut(&Fields<'_>) -> Result<(), E>,
) -> Result<(), E>
where
    E: From<TargetSideError>,
{
    let stream = open_rows(target, schema, table, range)
        .await
        .map_err(|error| E::from(error.into()))?;
    let lost = |error| E::from(target.fault(&error).into());
    each_row(stream, lost, each).await
}

/// Reads the rows that lie in no range, because their key is NULL or holds one; only a table whose key somebody has
/// taken off has any.
pub(super) async fn read_rows_beyond_ranges<E>(
    target: &Target,
    schema: &str,
    table: &TablePlan,
    each: impl FnMut(&Fields<'_>) -> Result<(), E>,
) -> Result<(), E>
where
    E: From<TargetSideError>,
{
    let nulls: Vec<String> = key_columns(table)
        .map(|column| format!("{} IS NULL", quote_ident(&column.target_name)))
        .collect();
    let sql = format!("{} WHERE {}", select(schema, table), nulls.join(" OR "));
    let stream = open(target, &sql).await.map_err(|error| E::from(error.into()))?;
    let lost = |error| E::from(target.fault(&error).into());
    each_row(stream, lost, each).await
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
