//! Proof that an index holds exactly its table's rows, each where a search finds it.
//!
//! SQLite's own check searches every index for every row, in the order of the table: nearly every search goes to other
//! pages than the one before. Here every index is searched for its own entries, in its own order, which is the same
//! search many times faster; and the sum of their hashes must be that of the table's rows. So nothing is left that
//! SQLite's check would find beyond its `quick_check`. The hash has a fresh random key each time: two different contents
//! meet once in 2^64.
//!
//! The search matters, reading the entries is not enough: a damaged header of an entry may show the right values to a
//! scan, and hide it from any search.
//!
//! It only ever proves. Whatever it cannot prove, for damage or for a kind of index that it does not read, is left
//! to SQLite's check.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::catalog::{Index, IndexColumn, Table};
use super::scan::quote;
use super::{Reader, TextEncoding};

/// It could not be proven. Why is for SQLite's own check to say.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unproven;

impl From<rusqlite::Error> for Unproven {
    fn from(_: rusqlite::Error) -> Self {
        Self
    }
}

/// What an index holds, or what it has to hold by its table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Content {
    entries: u64,
    hash_sum: u64,
}

impl Content {
    fn add(&mut self, hash: u64) {
        self.entries += 1;
        self.hash_sum = self.hash_sum.wrapping_add(hash);
    }
}

/// Whether all indexes of the table are of the kinds that can be proven here. A table without a rowid is not: it is
/// an index itself.
pub(super) fn is_provable(reader: &Reader, table: &Table) -> bool {
    reader.encoding() == TextEncoding::Utf8
        && table.rowid_name.is_some()
        && !table.without_rowid
        && table
            .indexes
            .iter()
            .all(|index| is_plain(table, index) && is_searched_by_all(reader, table, index) == Ok(true))
}

/// Over stored columns, each once, all rows, and collations of SQLite's own.
fn is_plain(table: &Table, index: &Index) -> bool {
    let mut seen = Vec::with_capacity(index.columns.len());
    let is_stored_once = |column: &IndexColumn| {
        let Some(place) = column.column.filter(|place| !seen.contains(place)) else {
            return false;
        };
        seen.push(place);
        // In place of its alias SQLite reads the rowid, and not what the key says.
        Some(place) != table.rowid_alias
            && table.columns.get(place).is_some_and(|column| !column.generated)
            && BUILT_IN_COLLATIONS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(&column.collation))
    };
    !index.partial && index.columns.iter().all(is_stored_once)
}

/// What every index of the table has to hold, in the order of the catalog.
pub(super) fn of_rows(reader: &Reader, table: &Table, keys: &RandomState) -> Result<Vec<Content>, Unproven> {
    let mut columns: Vec<usize> = Vec::new();
    // For every index, where its columns lie among those that are read.
    let mut places: Vec<Vec<usize>> = Vec::with_capacity(table.indexes.len());
    for index in &table.indexes {
        let place_of = |column: usize| {
            columns
                .iter()
                .position(|known| *known == column)
                .unwrap_or_else(|| {
                    columns.push(column);
                    columns.len() - 1
                })
        };
        places.push(
            index
                .columns
                .iter()
                .filter_map(|c| c.column)
                .map(place_of)
                .collect(),
        );
    }
    let mut names: Vec<String> = columns
        .iter()
        .map(|place| quote(&table.columns[*place].name))
        .collect();
    names.push(rowid_name(table)?.to_owned());
    let sql = format!(
        "SELECT {} FROM {} NOT INDEXED",
        names.join(", "),
        quote(&table.name)
    );
    let mut statement = reader.connection().prepare(&sql)?;
    let mut contents = vec![Content::default(); table.indexes.len()];
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let rowid: i64 = row.get(columns.len())?;
        for (content, places) in contents.iter_mut().zip(&places) {
            content.add(hash(keys, row, places.iter().copied(), rowid)?);
        }
    }
    Ok(contents)
}

/// What can be found in the index by a search for each of its own entries; a unique one has no key twice.
pub(super) fn of_entries(
    reader: &Reader,
    table: &Table,
    index: &Index,
    keys: &RandomState,
) -> Result<Content, Unproven> {
    let mut statement = reader.connection().prepare(&search(table, index)?)?;
    let mut content = Content::default();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let rowid: i64 = row.get(index.columns.len())?;
        content.add(hash(keys, row, 0..index.columns.len(), rowid)?);
    }
    if index.unique
        && reader
            .connection()
            .prepare(&search_twins(table, index)?)?
            .exists([])?
    {
        return Err(Unproven);
    }
    Ok(content)
}

fn rowid_name(table: &Table) -> Result<&'static str, Unproven> {
    table.rowid_name.ok_or(Unproven)
}

/// The entries of the index that a search for them finds again, columns first and then the rowid. Read in the order
/// of the index, the pages of each search are those of the one before.
fn search(table: &Table, index: &Index) -> Result<String, Unproven> {
    let rowid = rowid_name(table)?;
    let mut names: Vec<String> = names_of(table, index).map(|name| format!("x.{name}")).collect();
    names.push(format!("x.{rowid}"));
    let condition = conditions(table, index, "IS");
    Ok(format!(
        "SELECT {} {} WHERE {condition} AND y.{rowid} = x.{rowid}",
        names.join(", "),
        twice(table, index),
    ))
}

/// Another row with the same key. A search that takes the key for unique ends at the first, which then is another
/// for all but that one.
fn search_twins(table: &Table, index: &Index) -> Result<String, Unproven> {
    let rowid = rowid_name(table)?;
    let condition = conditions(table, index, "=");
    Ok(format!(
        "SELECT 1 {} WHERE {condition} AND y.{rowid} <> x.{rowid} LIMIT 1",
        twice(table, index),
    ))
}

fn names_of<'a>(table: &'a Table, index: &'a Index) -> impl Iterator<Item = String> + 'a {
    let columns = index.columns.iter().filter_map(|column| column.column);
    columns.map(|place| quote(&table.columns[place].name))
}

fn twice(table: &Table, index: &Index) -> String {
    let (table, index) = (quote(&table.name), quote(&index.name));
    format!("FROM {table} AS x INDEXED BY {index} CROSS JOIN {table} AS y INDEXED BY {index}")
}

fn conditions(table: &Table, index: &Index, comparison: &str) -> String {
    let pairs = names_of(table, index).zip(&index.columns);
    let conditions: Vec<String> = pairs
        .map(|(name, column)| {
            format!(
                "y.{name} {comparison} x.{name} COLLATE {}",
                quote(&column.collation)
            )
        })
        .collect();
    conditions.join(" AND ")
}

/// Whether SQLite does the search as it is meant: in the index alone, by all of an entry.
fn is_searched_by_all(reader: &Reader, table: &Table, index: &Index) -> Result<bool, Unproven> {
    let sql = format!("EXPLAIN QUERY PLAN {}", search(table, index)?);
    let mut statement = reader.connection().prepare(&sql)?;
    let steps = statement.query_map([], |row| row.get::<_, String>("detail"))?;
    let steps = steps.collect::<rusqlite::Result<Vec<String>>>()?;
    let [scan, search] = &steps[..] else {
        return Ok(false);
    };
    let reads_index = |step: &str| step.contains(" USING COVERING INDEX ");
    // A name may hold anything, so only the end of the line tells.
    let mut parts: Vec<String> = names_of(table, index)
        .map(|name| unquoted(&name) + "=?")
        .collect();
    let by_key = format!(" ({})", parts.join(" AND "));
    parts.push("rowid=?".to_owned());
    let by_all = format!(" ({})", parts.join(" AND "));
    // A unique key has one entry, which its rowid is then compared with.
    let is_whole = search.ends_with(&by_all) || (index.unique && search.ends_with(&by_key));
    Ok(scan.starts_with("SCAN x") && reads_index(scan) && reads_index(search) && is_whole)
}

/// As SQLite shows a name when it explains.
fn unquoted(name: &str) -> String {
    name[1..name.len() - 1].replace("\"\"", "\"")
}

/// Classes and lengths go in too, so that no two entries read alike.
fn hash(
    keys: &RandomState,
    row: &Row<'_>,
    places: impl Iterator<Item = usize>,
    rowid: i64,
) -> rusqlite::Result<u64> {
    let mut hasher = keys.build_hasher();
    for place in places {
        let value = row.get_ref(place)?;
        hasher.write_u8(rank(&value));
        match value {
            ValueRef::Null => {}
            ValueRef::Integer(integer) => {
                hasher.write_u8(0);
                hasher.write_i64(integer);
            }
            ValueRef::Real(real) => {
                hasher.write_u8(1);
                hasher.write_u64(real.to_bits());
            }
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                hasher.write_usize(bytes.len());
                hasher.write(bytes);
            }
        }
    }
    hasher.write_i64(rowid);
    Ok(hasher.finish())
}

/// The order of the storage classes; numbers are one.
fn rank(value: &ValueRef<'_>) -> u8 {
    match value {
        ValueRef::Null => 0,
        ValueRef::Integer(_) | ValueRef::Real(_) => 1,
        ValueRef::Text(_) => 2,
        ValueRef::Blob(_) => 3,
    }
}

/// Collations that SQLite has itself.
const BUILT_IN_COLLATIONS: [&str; 3] = ["BINARY", "NOCASE", "RTRIM"];

#[cfg(test)]
#[path = "index_proof_tests.rs"]
mod tests;
