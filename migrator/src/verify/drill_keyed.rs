//! Drill-down in key order: from a differing chunk to the rows and columns.
//!
//! A chunk of the source is at hand as a whole, it is small; the target's rows of the same key range stream
//! past it, however many they are.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;

use outgrow_shared::value::OwnedValue;

use super::copy_out::Fields;
use super::difference::{ColumnDifference, Difference, Differences, Kind};
use super::digest::{TableDigest, compare_keys};
use super::error::VerifyError;
use super::set_aside::SetAside;
use super::source_side::{SourceSideError, SourceTable};
use super::target_rows::{read_rows, read_rows_beyond_ranges};
use super::target_side::{RowReader, TargetSideError, key_of};
use crate::job::Job;
use crate::plan::model::TablePlan;
use crate::source::scan::Scan;
use crate::target::Target;

/// Chunks looked into; the rest only counts as differing.
const CHUNKS_MAX: usize = 64;

struct Row {
    key: Vec<OwnedValue>,
    values: Vec<OwnedValue>,
}

/// Finds the rows that differ between two digests of a keyed table.
pub async fn drill(
    target: &Target,
    job: &Arc<Job>,
    place: usize,
    set_aside: &SetAside,
    source: &TableDigest,
    other: &TableDigest,
) -> Result<Differences, VerifyError> {
    let table = &job.plan.tables[place];
    let mut differences = Differences::default();
    let differing: Vec<usize> = source.differing(other).collect();
    differences.more = differing.len() > CHUNKS_MAX;
    for chunk in differing.into_iter().take(CHUNKS_MAX) {
        let end = |index: usize| source.chunks.get(index).and_then(|c| c.until.clone());
        let after = chunk.checked_sub(1).and_then(end);
        let until = end(chunk);
        let rows = source_rows(job, place, after.clone(), until.clone()).await?;
        let mut merge = Merge {
            table,
            reader: RowReader::new(table, set_aside.clone()),
            pending: rows.into(),
            differences: &mut differences,
        };
        let range = (after.as_deref(), until.as_deref());
        read_rows::<TargetSideError>(target, &job.plan.choices.schema, table, range, |fields| {
            merge.take(fields)
        })
        .await
        .map_err(VerifyError::target(&table.name))?;
        merge.finish();
    }
    let mut beyond = Merge {
        table,
        reader: RowReader::new(table, set_aside.clone()),
        pending: VecDeque::new(),
        differences: &mut differences,
    };
    let bounds: Vec<&[OwnedValue]> = source.chunks.iter().filter_map(|c| c.until.as_deref()).collect();
    read_rows_beyond_ranges::<TargetSideError>(target, &job.plan.choices.schema, table, |fields| {
        if is_in_a_range(&key_of(table, fields)?, &bounds) {
            return Ok(());
        }
        beyond.take(fields)
    })
    .await
    .map_err(VerifyError::target(&table.name))?;
    Ok(differences)
}

/// Whether a key with a NULL in it lies in one of the ranges between these bounds. SQL compares it with a bound column
/// by column, and only where all before the NULL are equal it gets no answer.
fn is_in_a_range(key: &[OwnedValue], bounds: &[&[OwnedValue]]) -> bool {
    let before_null = key.iter().take_while(|value| **value != OwnedValue::Null);
    let before_null: Vec<&OwnedValue> = before_null.collect();
    let meets = |bound: &&[OwnedValue]| bound.iter().zip(&before_null).all(|(a, b)| a == *b);
    !bounds.iter().any(meets)
}

async fn source_rows(
    job: &Arc<Job>,
    place: usize,
    after: Option<Vec<OwnedValue>>,
    until: Option<Vec<OwnedValue>>,
) -> Result<Vec<Row>, VerifyError> {
    let job = Arc::clone(job);
    let read = move || {
        let table =
            SourceTable::find(&job.catalog, &job.plan.tables[place]).map_err(VerifyError::SourceChanged)?;
        let mut rows = Vec::new();
        let scan = Scan {
            after: after.as_deref(),
            until: until.as_deref(),
            ..table.scan()
        };
        scan.run::<SourceSideError>(&job.source(), |row| {
            rows.push(Row {
                key: table.key_of(row),
                values: table.values_of(row),
            });
            Ok(())
        })?;
        Ok(rows)
    };
    tokio::task::spawn_blocking(read)
        .await
        .map_err(|_| VerifyError::Worker)?
}

/// Merges the target's rows into the source's.
struct Merge<'a> {
    table: &'a TablePlan,
    reader: RowReader<'a>,
    pending: VecDeque<Row>,
    differences: &'a mut Differences,
}

impl Merge<'_> {
    fn take(&mut self, fields: &Fields<'_>) -> Result<(), TargetSideError> {
        let key = key_of(self.table, fields)?;
        self.reader.leaf(fields)?;
        while let Some(row) = self
            .pending
            .pop_front_if(|row| compare_keys(&row.key, &key).is_lt())
        {
            self.note(Kind::Missing, &row.key, Vec::new);
        }
        let same = self
            .pending
            .pop_front_if(|row| compare_keys(&row.key, &key) == Ordering::Equal);
        match same {
            Some(row) => {
                let columns = changed_columns(self.table, &row, &mut self.reader, fields)?;
                if !columns.is_empty() {
                    self.note(Kind::Changed, &key, || columns);
                }
            }
            None => self.note(Kind::Extra, &key, Vec::new),
        }
        Ok(())
    }

    fn finish(mut self) {
        while let Some(row) = self.pending.pop_front() {
            self.note(Kind::Missing, &row.key, Vec::new);
        }
    }

    fn note(&mut self, kind: Kind, key: &[OwnedValue], columns: impl FnOnce() -> Vec<ColumnDifference>) {
        let table = self.table;
        self.differences.add(|| Difference {
            table: table.name.clone(),
            kind,
            key: name_key(table, key),
            columns: columns(),
        });
    }
}

fn name_key(table: &TablePlan, key: &[OwnedValue]) -> String {
    let names = table.key.iter().filter_map(|place| table.columns.get(*place));
    let parts: Vec<String> = names
        .zip(key)
        .map(|(column, value)| format!("{} = {}", column.name, value.as_value()))
        .collect();
    parts.join(", ")
}

fn changed_columns(
    table: &TablePlan,
    row: &Row,
    reader: &mut RowReader<'_>,
    fields: &Fields<'_>,
) -> Result<Vec<ColumnDifference>, TargetSideError> {
    let mut changed = Vec::new();
    reader.values(fields, |place, value| {
        let source = row.values[place].as_value();
        if source != *value {
            changed.push(ColumnDifference::of(&table.columns[place], &source, value));
        }
    })?;
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_null_lies_in_no_range_where_the_bound_begins_like_its_key() {
        let text = |text: &str| OwnedValue::Text(text.into());
        let (one, two) = (
            [text("k"), OwnedValue::Integer(1)],
            [text("m"), OwnedValue::Integer(2)],
        );
        let bounds: [&[OwnedValue]; 2] = [&one, &two];
        for (key, expected) in [
            ([text("k"), OwnedValue::Null], false),
            ([text("l"), OwnedValue::Null], true),
            ([text("m"), OwnedValue::Null], false),
            ([OwnedValue::Null, OwnedValue::Integer(1)], false),
        ] {
            assert_eq!(is_in_a_range(&key, &bounds), expected, "{key:?}");
            assert!(
                is_in_a_range(&key, &[]),
                "without bounds there is one range of all keys"
            );
        }
    }
}
