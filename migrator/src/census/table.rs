//! The census of tables: one scan each, and the rows whose foreign keys point nowhere.
//!
//! Tables are counted side by side, the largest first, each by one reader from end to end, so that what is
//! counted does not depend on who does it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::ColumnCensus;
use super::casting::Castings;
use super::duplicates::Duplicates;
use super::orphans::{self, Orphans};
use super::trial::{Refused, Trials};
use super::width::{RowWidths, value_bytes};
use crate::source::catalog::{Catalog, Table};
use crate::source::scan::{Scan, SourceRow, quote};
use crate::source::{Reader, Source, SourceError, Stop};

/// The census of a source, its tables in the catalog's order.
#[derive(Debug, Clone)]
pub struct Census {
    /// One per table.
    pub tables: Vec<TableCensus>,
}

/// The census of one table.
#[derive(Debug, Clone)]
pub struct TableCensus {
    /// Rows.
    pub rows: u64,
    /// One per column of the catalog, computed columns left empty.
    pub columns: Vec<ColumnCensus>,
    /// How wide its rows are.
    pub widths: RowWidths,
    /// Rows without a parent, by SQLite's number of the foreign key.
    pub orphans: BTreeMap<i64, Orphans>,
    /// Rows that a unique key would refuse if it compared as chosen for the target, by the key's object. Empty as
    /// the census counts; it does not know the choices.
    pub folded_keys: BTreeMap<String, Duplicates>,
    /// Why a foreign key cannot be checked at all; those that can be are in `orphans` all the same.
    pub foreign_keys_broken: Option<String>,
}

impl TableCensus {
    /// Bytes of all its values together.
    pub fn total_bytes(&self) -> u64 {
        self.columns.iter().map(|c| c.total_bytes).sum()
    }
}

impl Census {
    /// Counts every value of every table; `progress` hears now and then of rows and bytes seen since, from any
    /// thread.
    pub fn take(
        source: &Source,
        catalog: &Catalog,
        trials: &Trials<'_>,
        progress: impl Fn(&Table, u64, u64) + Sync,
    ) -> Result<Self, SourceError> {
        let sizes: Vec<u64> = catalog
            .tables
            .iter()
            .map(|table| size_hint(source, table))
            .collect();
        let mut order: Vec<usize> = (0..sizes.len()).collect();
        order.sort_by_key(|place| Reverse(sizes[*place]));
        let workers = workers(sizes.iter().fold(0, |sum: u64, size| sum.saturating_add(*size)));
        let take_one = |reader: &Reader, place: usize, stop: &Stop| {
            let table = &catalog.tables[place];
            take_table(reader, catalog, table, trials, stop, |rows, bytes| {
                progress(table, rows, bytes);
            })
        };
        let counted = source.run_all(&order, workers, |reader, place, stop| {
            match take_one(reader, place, stop) {
                // Several readers may each hold a value that fits alone.
                Err(SourceError::Memory { .. }) if workers > 1 => Ok(None),
                other => other.map(Some),
            }
        })?;
        let mut tables: Vec<(usize, TableCensus)> = Vec::with_capacity(order.len());
        for (place, table) in order.into_iter().zip(counted) {
            let table = match table {
                Some(table) => table,
                None => take_one(source, place, &Stop::default())?,
            };
            tables.push((place, table));
        }
        tables.sort_by_key(|(place, _)| *place);
        Ok(Self {
            tables: tables.into_iter().map(|(_, table)| table).collect(),
        })
    }
}

/// Rows that are worth a reader of their own: below, starting a thread costs as much as counting them.
const ROWS_PER_WORKER: u64 = 20_000;

/// Readers to use for so many rows.
fn workers(rows: u64) -> usize {
    usize::try_from(rows / ROWS_PER_WORKER)
        .unwrap_or(usize::MAX)
        .saturating_add(1)
}

/// About how many rows a table has, at the cost of one look: its largest rowid. A table without one may be of
/// any size and counts as large.
fn size_hint(source: &Source, table: &Table) -> u64 {
    let Some(rowid) = table.rowid_name else {
        return u64::MAX;
    };
    let sql = format!("SELECT max({rowid}) FROM {} NOT INDEXED", quote(&table.name));
    let largest = source
        .connection()
        .query_row(&sql, [], |row| row.get::<_, Option<i64>>(0));
    // A table that cannot be read says so when it is counted.
    largest
        .ok()
        .flatten()
        .map_or(0, |largest| u64::try_from(largest).unwrap_or(u64::MAX))
}

/// Rows between two words about progress.
const PROGRESS_ROWS: u64 = 1000;

fn take_table(
    reader: &Reader,
    catalog: &Catalog,
    table: &Table,
    trials: &Trials<'_>,
    stop: &Stop,
    mut progress: impl FnMut(u64, u64),
) -> Result<TableCensus, SourceError> {
    let stored: Vec<usize> = table.read_columns().collect();
    let mut columns: Vec<ColumnCensus> = table.columns.iter().map(ColumnCensus::new).collect();
    let tests: Vec<_> = stored
        .iter()
        .map(|column| trials.of(&table.name, &table.columns[*column].name))
        .collect();
    // Nearly always nothing is tried, and this is asked for every value.
    let is_trying = tests.iter().any(Option::is_some);
    let mut refused = vec![Refused::default(); stored.len()];
    let mut castings = Castings::new(table, &stored, trials);
    let mut widths = RowWidths::new(stored.len());
    let (mut rows, mut bytes) = (0, 0);
    let mut told = Told::default();
    let scan = Scan {
        with_rowid: true,
        ..Scan::all(table, &stored)
    };
    scan.run(reader, |row| {
        let key = || row_key(table, &stored, row);
        let mut row_bytes = 0;
        for (place, column) in stored.iter().enumerate() {
            let value = row.value(place);
            row_bytes += value_bytes(&value);
            columns[*column].count(&value, key);
            if is_trying
                && let Some(test) = tests[place]
                && !test(&value)
            {
                refused[place].count(&value, key);
            }
            castings.count(place, &value, key);
        }
        widths.count_bytes(row_bytes, key);
        if widths.wants_widths() {
            widths.count_width((0..stored.len()).map(|place| row.value(place)), key);
        }
        rows += 1;
        bytes += row_bytes;
        if rows % PROGRESS_ROWS == 0 {
            told.tell(rows, bytes, &mut progress);
            if stop.is_set() {
                return Err(SourceError::Stopped);
            }
        }
        Ok::<(), SourceError>(())
    })?;
    told.tell(rows, bytes, &mut progress);
    for ((column, test), refused) in stored.iter().zip(tests).zip(refused) {
        columns[*column].refused = test.map(|_| refused);
    }
    castings.finish(&stored, &mut columns);
    let found = orphans::find(reader, catalog, table)?;
    Ok(TableCensus {
        rows,
        columns,
        widths,
        orphans: found.orphans,
        folded_keys: BTreeMap::new(),
        foreign_keys_broken: found.broken,
    })
}

/// What progress was told already.
#[derive(Default)]
struct Told {
    rows: u64,
    bytes: u64,
}

impl Told {
    fn tell(&mut self, rows: u64, bytes: u64, progress: &mut impl FnMut(u64, u64)) {
        progress(rows - self.rows, bytes - self.bytes);
        *self = Self { rows, bytes };
    }
}

/// Names a row for a person: by its primary key, else by its rowid, else by its place among rows alike.
pub fn row_key(table: &Table, columns: &[usize], row: &SourceRow<'_>) -> String {
    let key: Vec<String> = table
        .primary_key
        .iter()
        .filter_map(|column| {
            let place = columns.iter().position(|c| c == column)?;
            Some(format!("{} = {}", table.columns[*column].name, row.value(place)))
        })
        .collect();
    match (key.is_empty(), row.rowid()) {
        (false, _) => key.join(", "),
        (true, Some(rowid)) => format!("rowid {rowid}"),
        (true, None) => "a row without a key".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use rusqlite::Connection;

    use super::*;

    const TABLES: &str =
        "CREATE TABLE small (k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO small VALUES ('a', 1);
        CREATE TABLE large (id INTEGER PRIMARY KEY, v TEXT, r REAL);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
        INSERT INTO large SELECT i, 'text ' || i, i / 3.0 FROM n;
        CREATE TABLE other AS SELECT id % 7 AS a, v, NULL AS b FROM large;
        CREATE TABLE child (p INTEGER REFERENCES large (id)); INSERT INTO child VALUES (1), (0), (-5);
        CREATE TABLE bare (a)";

    fn counted(readers: usize) -> (String, u64, u64) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let writer = Connection::open(&path).unwrap();
        writer
            .execute_batch(&format!("PRAGMA foreign_keys = OFF; {TABLES}"))
            .unwrap();
        drop(writer);
        let source = Source::open_with(&path, readers).unwrap();
        assert_eq!(source.readers().len(), readers);
        let catalog = Catalog::read(&source).unwrap();
        let (rows, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        let census = Census::take(
            &source,
            &catalog,
            &Trials::default(),
            |_, more_rows, more_bytes| {
                rows.fetch_add(more_rows, Ordering::Relaxed);
                bytes.fetch_add(more_bytes, Ordering::Relaxed);
            },
        )
        .unwrap();
        let total: u64 = census.tables.iter().map(TableCensus::total_bytes).sum();
        assert_eq!(total, bytes.into_inner());
        let rows_of: Vec<u64> = census.tables.iter().map(|table| table.rows).collect();
        assert_eq!(rows_of, [1, 30_000, 30_000, 3, 0]);
        (format!("{census:?}"), rows.into_inner(), total)
    }

    #[test]
    fn it_is_the_same_however_many_readers_count() {
        let alone = counted(0);
        assert_eq!(alone.1, 60_004);
        for readers in [1, 2, 3] {
            assert_eq!(counted(readers), alone, "{readers} more readers");
        }
    }

    #[test]
    fn rows_decide_how_many_readers_are_worth_it() {
        assert_eq!(workers(0), 1);
        assert_eq!(workers(ROWS_PER_WORKER - 1), 1);
        assert_eq!(workers(ROWS_PER_WORKER), 2);
        assert!(workers(u64::MAX) > 4);
    }

    #[test]
    fn rows_are_measured_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let columns: Vec<String> = (0..1100).map(|column| format!("c{column}")).collect();
        let writer = Connection::open(&path).unwrap();
        let sql = format!(
            "CREATE TABLE w ({}); INSERT INTO w (c0) VALUES (1); INSERT INTO w VALUES ({})",
            columns.join(", "),
            vec!["7"; 1100].join(", ")
        );
        writer.execute_batch(&sql).unwrap();
        drop(writer);
        let source = Source::open(&path).unwrap();
        let catalog = Catalog::read(&source).unwrap();
        let census = Census::take(&source, &catalog, &Trials::default(), |_, _, _| {}).unwrap();
        let widths = &census.tables[0].widths;
        assert_eq!(
            (widths.row_bytes_max, widths.row_bytes_max_sample.as_deref()),
            (8800, Some("rowid 2"))
        );
        assert_eq!(
            (widths.rows_too_wide, &widths.too_wide_samples[..]),
            (1, &["rowid 2".to_owned()][..])
        );
    }
}
