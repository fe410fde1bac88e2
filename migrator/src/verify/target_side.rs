//! The rows of the target: decoded to SQLite's values, with what was set aside put back, and hashed.

use std::cmp::Ordering;

use outgrow_shared::ce1::{Digest, RowHasher};
use outgrow_shared::value::{OwnedValue, Value};

use super::copy_out::{Fields, Malformed};
use super::decode::{Undecodable, decode_field};
use super::digest::{SortError, compare_key_values};
use super::set_aside::{SetAside, Values};
pub use super::target_rows::{KeyRange, read_rows};
use crate::plan::model::{ColumnPlan, TablePlan};
use crate::target::TargetError;

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

    /// Values set aside that no row has taken yet.
    pub fn left_over(&self) -> u64 {
        self.set_aside.len()
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

/// Compares the key of a row with the last key of a chunk. Runs for every row, so it copies nothing.
pub(super) fn compare_key(
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
