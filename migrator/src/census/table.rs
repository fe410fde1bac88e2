//! The census of tables: one scan each, and the rows whose foreign keys point nowhere.

use std::collections::BTreeMap;

use super::ColumnCensus;
use super::width::{RowWidths, value_bytes};
use crate::source::catalog::{Catalog, Table};
use crate::source::scan::{Scan, SourceRow, quote};
use crate::source::{Source, SourceError};

/// Orphans named as examples of each foreign key.
const SAMPLES_MAX: usize = 3;

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
    /// What SQLite says when a foreign key cannot be checked at all.
    pub foreign_keys_broken: Option<String>,
}

/// Rows whose foreign key points nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Orphans {
    /// How many.
    pub rows: u64,
    /// The first of them.
    pub samples: Vec<String>,
}

impl TableCensus {
    /// Bytes of all its values together.
    pub fn total_bytes(&self) -> u64 {
        self.columns.iter().map(|c| c.total_bytes).sum()
    }
}

impl Census {
    /// Counts every value of every table; `progress` hears now and then of rows and bytes seen since.
    pub fn take(
        source: &Source,
        catalog: &Catalog,
        mut progress: impl FnMut(&Table, u64, u64),
    ) -> Result<Self, SourceError> {
        let tables = catalog
            .tables
            .iter()
            .map(|table| take_table(source, table, |rows, bytes| progress(table, rows, bytes)))
            .collect::<Result<_, _>>()?;
        Ok(Self { tables })
    }
}

/// Rows between two words about progress.
const PROGRESS_ROWS: u64 = 1000;

fn take_table(
    source: &Source,
    table: &Table,
    mut progress: impl FnMut(u64, u64),
) -> Result<TableCensus, SourceError> {
    let stored: Vec<usize> = table.stored_columns().collect();
    let mut columns: Vec<ColumnCensus> = table.columns.iter().map(ColumnCensus::new).collect();
    let mut widths = RowWidths::new(stored.len());
    let (mut rows, mut bytes) = (0, 0);
    let mut told = Told::default();
    let scan = Scan {
        with_rowid: true,
        ..Scan::all(table, &stored)
    };
    scan.run(source, |row| {
        let key = || row_key(table, &stored, row);
        let mut row_bytes = 0;
        for (place, column) in stored.iter().enumerate() {
            let value = row.value(place);
            row_bytes += value_bytes(&value);
            columns[*column].count(&value, key);
        }
        widths.count_bytes(row_bytes, key);
        if widths.wants_widths() {
            widths.count_width((0..stored.len()).map(|place| row.value(place)), key);
        }
        rows += 1;
        bytes += row_bytes;
        if rows % PROGRESS_ROWS == 0 {
            told.tell(rows, bytes, &mut progress);
        }
        Ok::<(), SourceError>(())
    })?;
    told.tell(rows, bytes, &mut progress);
    let (orphans, foreign_keys_broken) = find_orphans(source, table)?;
    Ok(TableCensus {
        rows,
        columns,
        widths,
        orphans,
        foreign_keys_broken,
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

type FoundOrphans = (BTreeMap<i64, Orphans>, Option<String>);

fn find_orphans(source: &Source, table: &Table) -> Result<FoundOrphans, SourceError> {
    if table.foreign_keys.is_empty() {
        return Ok((BTreeMap::new(), None));
    }
    match check_foreign_keys(source, table) {
        Ok(orphans) => Ok((orphans, None)),
        // "foreign key mismatch": the parent has no key to point at. The plan blocks it by name.
        Err(cause) if cause.sqlite_error_code() == Some(rusqlite::ErrorCode::Unknown) => {
            Ok((BTreeMap::new(), Some(cause.to_string())))
        }
        Err(cause) => {
            let doing = format!("checking the foreign keys of table {}", table.name);
            Err(source.classify(&doing, cause))
        }
    }
}

fn check_foreign_keys(source: &Source, table: &Table) -> rusqlite::Result<BTreeMap<i64, Orphans>> {
    let mut orphans: BTreeMap<i64, Orphans> = BTreeMap::new();
    let sql = format!("PRAGMA foreign_key_check({})", quote(&table.name));
    let mut statement = source.connection().prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let rowid: Option<i64> = row.get(1)?;
        let found = orphans.entry(row.get(3)?).or_default();
        found.rows += 1;
        if found.samples.len() < SAMPLES_MAX {
            found.samples.extend(rowid.map(|rowid| format!("rowid {rowid}")));
        }
    }
    Ok(orphans)
}
