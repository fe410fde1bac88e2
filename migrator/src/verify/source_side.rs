//! The source side of a table: one scan in chunk order, every row hashed.
//!
//! The copy runs on the same scan, so what is hashed is what is sent.

use std::cmp::Ordering;

use outgrow_shared::ce1::{Digest, Mode, RowHasher};
use outgrow_shared::value::OwnedValue;

use super::digest::{BucketDigester, Chunk, KeyedDigester, SortError, TableDigest, compare_key_values};
use crate::plan::mapping::Scratch;
use crate::plan::model::TablePlan;
use crate::source::catalog::{Catalog, Table};
use crate::source::scan::{Scan, SourceRow};
use crate::source::{Reader, SourceError};

/// Keys after the first, up to the second; none is no bound.
pub type SourceRange = (Option<Vec<OwnedValue>>, Option<Vec<OwnedValue>>);

/// A table of the source with the plan's columns found in it.
#[derive(Debug, Clone)]
pub struct SourceTable<'a> {
    /// The table.
    pub table: &'a Table,
    /// Positions in the table of the plan's columns.
    pub columns: Vec<usize>,
    /// Positions in the table of the key's columns; empty in bucket mode.
    pub key: Vec<usize>,
    /// What is done with it.
    pub plan: &'a TablePlan,
}

/// What ends a source scan early.
#[derive(Debug, thiserror::Error)]
pub enum SourceSideError {
    /// The source failed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The sort of a table without a key failed.
    #[error(transparent)]
    Sort(#[from] SortError),
}

impl<'a> SourceTable<'a> {
    /// Finds the plan's table and columns in the catalog; `Err` names what is missing.
    pub fn find(catalog: &'a Catalog, plan: &'a TablePlan) -> Result<Self, String> {
        let table = catalog
            .tables
            .iter()
            .find(|t| t.name == plan.name)
            .ok_or_else(|| format!("table {}", plan.name))?;
        let columns = plan
            .columns
            .iter()
            .map(|c| {
                let found = table.columns.iter().position(|own| own.name == c.name);
                found.ok_or_else(|| format!("column {}.{}", plan.name, c.name))
            })
            .collect::<Result<Vec<usize>, String>>()?;
        let key = plan
            .key
            .iter()
            .filter_map(|place| columns.get(*place).copied())
            .collect();
        Ok(Self {
            table,
            columns,
            key,
            plan,
        })
    }

    /// The scan of all its rows, in chunk order.
    pub fn scan(&self) -> Scan<'_> {
        let scan = Scan::all(self.table, &self.columns).ordered_by(&self.key);
        // Only what is set aside is named by its rowid.
        Scan {
            with_rowid: self.plan.sets_aside(),
            ..scan
        }
    }

    /// The key of a row under the scan.
    pub fn key_of(&self, row: &SourceRow<'_>) -> Vec<OwnedValue> {
        self.plan
            .key
            .iter()
            .map(|place| row.value(*place).into())
            .collect()
    }

    /// The values of a row under the scan, as both sides hash them.
    pub fn values_of(&self, row: &SourceRow<'_>) -> Vec<OwnedValue> {
        let mut scratch = Scratch::default();
        let columns = self.plan.columns.iter().enumerate();
        columns
            .map(|(place, column)| column.treat(row.value(place), &mut scratch).hashed().into())
            .collect()
    }

    /// Hashes every row and hands it to `each`, whose error ends the scan.
    pub fn digest<E>(
        &self,
        reader: &Reader,
        mut each: impl FnMut(&SourceRow<'_>) -> Result<(), E>,
    ) -> Result<TableDigest, E>
    where
        E: From<SourceSideError>,
    {
        self.digest_leaves(reader, |row, _, _| each(row))
    }

    /// As [`SourceTable::digest`], with the digest of every row and its canonical bytes.
    pub fn digest_leaves<E>(
        &self,
        reader: &Reader,
        mut each: impl FnMut(&SourceRow<'_>, Digest, u64) -> Result<(), E>,
    ) -> Result<TableDigest, E>
    where
        E: From<SourceSideError>,
    {
        match self.plan.mode {
            Mode::Keyed => {
                let mut keyed = KeyedDigester::default();
                self.hash_rows(reader, |row, leaf, bytes| {
                    keyed.row(leaf, bytes, || self.key_of(row));
                    each(row, leaf, bytes)
                })?;
                Ok(keyed.finish())
            }
            Mode::Bucket => {
                let mut buckets = BucketDigester::default();
                let sorting = |error: SortError| E::from(error.into());
                self.hash_rows(reader, |row, leaf, bytes| {
                    buckets.row(leaf).map_err(sorting)?;
                    each(row, leaf, bytes)
                })?;
                let rows = buckets.rows();
                buckets.finish(rows).map_err(sorting)
            }
        }
    }

    /// As [`Self::digest`] in key order, and hands each chunk to `chunk` as soon as it ends.
    pub fn digest_chunks<E>(
        &self,
        reader: &Reader,
        mut chunk: impl FnMut(&Chunk) -> Result<(), E>,
        mut each: impl FnMut(&SourceRow<'_>) -> Result<(), E>,
    ) -> Result<TableDigest, E>
    where
        E: From<SourceSideError>,
    {
        let mut keyed = KeyedDigester::default();
        let mut handed = 0;
        self.hash_rows(reader, |row, leaf, bytes| {
            if let Some(ended) = keyed.row(leaf, bytes, || self.key_of(row)) {
                handed += 1;
                chunk(ended)?;
            }
            each(row)
        })?;
        let digest = keyed.finish();
        digest.chunks.iter().skip(handed).try_for_each(chunk)?;
        Ok(digest)
    }

    /// Hashes every row and hands over its digest and its canonical bytes; the error of `each` ends the scan.
    pub fn hash_rows<E>(
        &self,
        reader: &Reader,
        each: impl FnMut(&SourceRow<'_>, Digest, u64) -> Result<(), E>,
    ) -> Result<(), E>
    where
        E: From<SourceSideError>,
    {
        self.hash_range(reader, &(None, None), each)
    }

    /// As [`SourceTable::hash_rows`], for a range of keys.
    pub fn hash_range<E>(
        &self,
        reader: &Reader,
        range: &SourceRange,
        mut each: impl FnMut(&SourceRow<'_>, Digest, u64) -> Result<(), E>,
    ) -> Result<(), E>
    where
        E: From<SourceSideError>,
    {
        let mut hasher = RowHasher::new();
        // SQLite has no table of more than 32767 columns.
        let count = u32::try_from(self.columns.len()).unwrap_or(u32::MAX);
        let scan = Scan {
            after: range.0.as_deref(),
            until: range.1.as_deref(),
            ..self.scan()
        };
        let mut scratch = Scratch::default();
        scan.run::<ScanStop<E>>(reader, |row| {
            hasher.begin(count);
            for (place, column) in self.plan.columns.iter().enumerate() {
                hasher.value(&column.treat(row.value(place), &mut scratch).hashed());
            }
            let (leaf, bytes) = hasher.finish();
            each(row, leaf, bytes).map_err(ScanStop::Own)
        })
        .map_err(|stop| match stop {
            ScanStop::Own(error) => error,
            ScanStop::Source(error) => E::from(error.into()),
        })
    }

    /// Compares the key of a row under the scan with another. Runs for every row, so it copies nothing.
    pub fn compare_key(&self, row: &SourceRow<'_>, other: &[OwnedValue]) -> Ordering {
        let places = self.plan.key.iter().zip(other);
        places
            .map(|(place, other)| compare_key_values(&row.value(*place), &other.as_value()))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

/// Either the caller's own error or the scan's, told apart again after it.
enum ScanStop<E> {
    Own(E),
    Source(SourceError),
}

impl<E> From<SourceError> for ScanStop<E> {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}
