//! Drill-down without a usable key: from differing buckets to rows, named by what they hold.
//!
//! Both sides are read again, once to find which row digests have no partner and once to see their rows. A
//! row of one side and a row of the other that are alike in most columns are taken for one changed row.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use outgrow_shared::ce1::{Digest, bucket_bits, bucket_of};
use outgrow_shared::value::OwnedValue;

use super::difference::{ColumnDifference, Difference, Differences, Kind, LISTED_MAX};
use super::digest::TableDigest;
use super::error::VerifyError;
use super::set_aside::SetAside;
use super::source_side::{SourceSideError, SourceTable};
use super::target_side::{RowReader, TargetSideError, read_rows};
use crate::job::Job;
use crate::plan::model::TablePlan;
use crate::target::Target;

/// Buckets looked into; the rest only counts as differing.
const BUCKETS_MAX: usize = 64;
/// Columns that name a row which has no key.
const NAMING_COLUMNS_MAX: usize = 3;

/// Row digests without a partner: positive counts are the source's, negative ones the target's.
type Unpaired = HashMap<Digest, i64>;

/// Finds the rows that differ between two digests of a table in buckets.
pub async fn drill(
    target: &Target,
    job: &Arc<Job>,
    place: usize,
    set_aside: &SetAside,
    source: &TableDigest,
    other: &TableDigest,
) -> Result<Differences, VerifyError> {
    let table = &job.plan.tables[place];
    let bits = bucket_bits(source.root.rows);
    let differing: Vec<usize> = source.differing(other).collect();
    let mut differences = Differences {
        more: differing.len() > BUCKETS_MAX,
        ..Differences::default()
    };
    let buckets: BTreeSet<usize> = differing.into_iter().take(BUCKETS_MAX).collect();
    let is_suspect = move |leaf: &Digest| buckets.contains(&bucket_of(leaf, bits));

    let mut unpaired = count_source(job, place, is_suspect.clone()).await?;
    let schema = &job.plan.choices.schema;
    let mut reader = RowReader::new(table, set_aside.clone());
    read_rows::<TargetSideError>(target, schema, table, (None, None), |fields| {
        let leaf = reader.leaf(fields)?;
        if is_suspect(&leaf) {
            *unpaired.entry(leaf).or_default() -= 1;
        }
        Ok(())
    })
    .await
    .map_err(VerifyError::target(&table.name))?;
    unpaired.retain(|_, count| *count != 0);

    let missing = see_source(job, place, unpaired.clone()).await?;
    let reader = RowReader::new(table, set_aside.clone());
    let extra = see_target(target, schema, table, reader, unpaired.clone()).await?;
    let (lost, gained) = unpaired.values().partition::<Vec<i64>, _>(|count| **count > 0);
    let (lost, gained) = (lost.iter().sum::<i64>(), -gained.iter().sum::<i64>());
    pair(table, missing, extra, &mut differences);
    // A changed row is one lost and one gained.
    differences.total = differences.total.max(lost.max(gained).unsigned_abs());
    Ok(differences)
}

async fn count_source(
    job: &Arc<Job>,
    place: usize,
    is_suspect: impl Fn(&Digest) -> bool + Send + 'static,
) -> Result<Unpaired, VerifyError> {
    walk_source(job, place, move |counts: &mut Unpaired, leaf, _| {
        if is_suspect(&leaf) {
            *counts.entry(leaf).or_default() += 1;
        }
    })
    .await
}

async fn see_source(
    job: &Arc<Job>,
    place: usize,
    mut unpaired: Unpaired,
) -> Result<Vec<Vec<OwnedValue>>, VerifyError> {
    walk_source(
        job,
        place,
        move |seen: &mut Vec<Vec<OwnedValue>>, leaf, values| {
            if seen.len() < LISTED_MAX && take_one(&mut unpaired, &leaf, 1) {
                seen.push(values());
            }
        },
    )
    .await
}

/// Walks the source with every row's digest, and its values on request.
async fn walk_source<T: Default + Send + 'static>(
    job: &Arc<Job>,
    place: usize,
    mut each: impl FnMut(&mut T, Digest, &dyn Fn() -> Vec<OwnedValue>) + Send + 'static,
) -> Result<T, VerifyError> {
    let job = Arc::clone(job);
    let read = move || {
        let table =
            SourceTable::find(&job.catalog, &job.plan.tables[place]).map_err(VerifyError::SourceChanged)?;
        let mut gathered = T::default();
        table.hash_rows::<SourceSideError>(&job.source(), |row, leaf, _| {
            each(&mut gathered, leaf, &|| table.values_of(row));
            Ok(())
        })?;
        Ok(gathered)
    };
    tokio::task::spawn_blocking(read)
        .await
        .map_err(|_| VerifyError::Worker)?
}

async fn see_target(
    target: &Target,
    schema: &str,
    table: &TablePlan,
    mut reader: RowReader<'_>,
    mut unpaired: Unpaired,
) -> Result<Vec<Vec<OwnedValue>>, VerifyError> {
    let mut seen = Vec::new();
    read_rows::<TargetSideError>(target, schema, table, (None, None), |fields| {
        let leaf = reader.leaf(fields)?;
        if seen.len() < LISTED_MAX && take_one(&mut unpaired, &leaf, -1) {
            let mut values = Vec::with_capacity(table.columns.len());
            reader.values(fields, |_, value| {
                values.push(OwnedValue::from(*value));
            })?;
            seen.push(values);
        }
        Ok(())
    })
    .await
    .map_err(VerifyError::target(&table.name))?;
    Ok(seen)
}

fn take_one(unpaired: &mut Unpaired, leaf: &Digest, sign: i64) -> bool {
    match unpaired.get_mut(leaf) {
        Some(count) if *count * sign > 0 => {
            *count -= sign;
            true
        }
        _ => false,
    }
}

fn pair(
    table: &TablePlan,
    missing: Vec<Vec<OwnedValue>>,
    mut extra: Vec<Vec<OwnedValue>>,
    differences: &mut Differences,
) {
    for row in missing {
        let alike = |other: &[OwnedValue]| row.iter().zip(other).filter(|(a, b)| same(a, b)).count();
        let best = (0..extra.len())
            .max_by_key(|i| alike(&extra[*i]))
            .filter(|i| 2 * alike(&extra[*i]) >= row.len());
        match best {
            Some(best) => {
                let other = extra.swap_remove(best);
                differences.add(|| changed(table, &row, &other));
            }
            None => differences.add(|| unmatched(table, Kind::Missing, &row)),
        }
    }
    for row in extra {
        differences.add(|| unmatched(table, Kind::Extra, &row));
    }
}

fn same(a: &OwnedValue, b: &OwnedValue) -> bool {
    a.as_value() == b.as_value()
}

fn changed(table: &TablePlan, row: &[OwnedValue], other: &[OwnedValue]) -> Difference {
    let pairs = table.columns.iter().zip(row.iter().zip(other));
    let columns = pairs
        .filter(|(_, (a, b))| !same(a, b))
        .map(|(column, (a, b))| ColumnDifference::of(column, &a.as_value(), &b.as_value()))
        .collect();
    Difference {
        columns,
        ..unmatched(table, Kind::Changed, row)
    }
}

fn unmatched(table: &TablePlan, kind: Kind, row: &[OwnedValue]) -> Difference {
    let named = table.columns.iter().zip(row).take(NAMING_COLUMNS_MAX);
    let parts: Vec<String> = named
        .map(|(c, value)| format!("{} = {}", c.name, value.as_value()))
        .collect();
    Difference {
        table: table.name.clone(),
        kind,
        key: format!("no key; {}", parts.join(", ")),
        columns: Vec::new(),
    }
}
