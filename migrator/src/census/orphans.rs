//! Rows whose foreign keys point nowhere, counted key by key.
//!
//! SQLite's own check is asked first. It gives up on a whole table as soon as one key has no unique columns to
//! point at; then each key is counted by a query that compares as SQLite does, by the affinity and collation of
//! the parent's column.

use std::collections::BTreeMap;

use crate::source::catalog::{Catalog, ForeignKey, Table};
use crate::source::objects::OtherKind;
use crate::source::scan::quote;
use crate::source::{Reader, SourceError, is_general_error, message};

/// Orphans named as examples of each foreign key; a person looks at no more.
const SAMPLES_MAX: usize = 3;

/// Rows whose foreign key points nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Orphans {
    /// How many.
    pub rows: u64,
    /// The first of them.
    pub samples: Vec<String>,
}

/// The orphans of one table.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// By SQLite's number of the foreign key; keys without orphans are left out.
    pub orphans: BTreeMap<i64, Orphans>,
    /// Why keys cannot be checked.
    pub broken: Option<String>,
}

/// Finds the orphans of every foreign key of the table.
pub(super) fn find(reader: &Reader, catalog: &Catalog, table: &Table) -> Result<Found, SourceError> {
    if table.foreign_keys.is_empty() {
        return Ok(Found::default());
    }
    let wrap = |cause| {
        reader.classify(
            &format!("checking the foreign keys of table {}", table.name),
            cause,
        )
    };
    match check_all(reader, table) {
        Ok(orphans) => {
            return Ok(Found {
                orphans,
                broken: None,
            });
        }
        // "foreign key mismatch", or a collation of the application.
        Err(cause) if is_general_error(&cause) => {}
        Err(cause) => return Err(wrap(cause)),
    }
    let (mut found, mut broken) = (Found::default(), Vec::new());
    for key in &table.foreign_keys {
        let sql = match query(catalog, table, key) {
            Ok(sql) => sql,
            Err(why) => {
                broken.push(why);
                continue;
            }
        };
        match count(reader, &sql) {
            Ok(orphans) if orphans.rows == 0 => {}
            Ok(orphans) => {
                found.orphans.insert(key.id, orphans);
            }
            Err(cause) if is_general_error(&cause) => {
                broken.push(message(&cause));
            }
            Err(cause) => return Err(wrap(cause)),
        }
    }
    found.broken = (!broken.is_empty()).then(|| broken.join("; "));
    Ok(found)
}

/// The orphans that a key would have which the source may know nothing of; none if it cannot be asked so.
pub fn orphans_of(
    reader: &Reader,
    catalog: &Catalog,
    table: &Table,
    key: &ForeignKey,
) -> Result<Option<Orphans>, SourceError> {
    let Ok(sql) = query(catalog, table, key) else {
        return Ok(None);
    };
    match count(reader, &sql) {
        Ok(mut orphans) => {
            if let Some(id) = table.rowid_alias.and_then(|id| table.columns.get(id)) {
                for rowid in &mut orphans.samples {
                    *rowid = rowid.replacen("rowid", &format!("{} = integer", id.name), 1);
                }
            }
            Ok(Some(orphans))
        }
        // A collation of the application.
        Err(cause) if is_general_error(&cause) => Ok(None),
        Err(cause) => Err(reader.classify(
            &format!("looking for rows of table {} without a parent", table.name),
            cause,
        )),
    }
}

fn check_all(reader: &Reader, table: &Table) -> rusqlite::Result<BTreeMap<i64, Orphans>> {
    let mut orphans: BTreeMap<i64, Orphans> = BTreeMap::new();
    let sql = format!("PRAGMA foreign_key_check({})", quote(&table.name));
    let mut statement = reader.connection().prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        orphans.entry(row.get(3)?).or_default().add(row.get(1)?);
    }
    Ok(orphans)
}

fn count(reader: &Reader, sql: &str) -> rusqlite::Result<Orphans> {
    let mut orphans = Orphans::default();
    let mut statement = reader.connection().prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        orphans.add(row.get(0)?);
    }
    Ok(orphans)
}

impl Orphans {
    fn add(&mut self, rowid: Option<i64>) {
        self.rows += 1;
        if self.samples.len() < SAMPLES_MAX {
            self.samples.extend(rowid.map(|rowid| format!("rowid {rowid}")));
        }
    }
}

/// A query of the rowids of all orphans of one key, or why there is none.
///
/// The parent's keys are made distinct first and SQLite indexes them for the query, so the cost is that of one
/// sort and not of every row against every parent. The plus sign takes the child's affinity away, so that the
/// parent's decides, as it does in a foreign key; the parent stands on the left for its collation.
fn query(catalog: &Catalog, table: &Table, key: &ForeignKey) -> Result<String, String> {
    let rowid = table
        .rowid_name
        .map_or("NULL".to_owned(), |name| format!("c.{name}"));
    let child = quote(&table.name);
    let given: Vec<String> = key
        .columns
        .iter()
        .map(|(column, _)| format!("c.{} IS NOT NULL", quote(column)))
        .collect();
    let given = given.join(" AND ");
    let Some(parent) = catalog
        .tables
        .iter()
        .find(|t| t.name.eq_ignore_ascii_case(&key.parent))
    else {
        let is_other = catalog
            .others
            .iter()
            .any(|other| other.kind != OtherKind::Trigger && other.name.eq_ignore_ascii_case(&key.parent));
        return if is_other {
            Err(format!("{} is no ordinary table", key.parent))
        } else {
            Ok(format!(
                "SELECT {rowid} FROM {child} AS c NOT INDEXED WHERE {given}"
            ))
        };
    };
    let parents = parent_columns(parent, key)?;
    let keys: Vec<String> = parents
        .iter()
        .enumerate()
        .map(|(place, column)| format!("{} AS k{place}", quote(&parent.columns[*column].name)))
        .collect();
    let pairs: Vec<String> = key
        .columns
        .iter()
        .enumerate()
        .map(|(place, (column, _))| format!("p.k{place} = +c.{}", quote(column)))
        .collect();
    Ok(format!(
        "SELECT {rowid} FROM {child} AS c NOT INDEXED LEFT JOIN (SELECT DISTINCT {} FROM {} NOT INDEXED) AS p ON {} \
         WHERE {given} AND p.k0 IS NULL",
        keys.join(", "),
        quote(&parent.name),
        pairs.join(" AND "),
    ))
}

/// Positions of the parent's columns that the key points at.
fn parent_columns(parent: &Table, key: &ForeignKey) -> Result<Vec<usize>, String> {
    let named: Option<Vec<&String>> = key.columns.iter().map(|(_, column)| column.as_ref()).collect();
    let Some(named) = named else {
        return if parent.primary_key.len() == key.columns.len() {
            Ok(parent.primary_key.clone())
        } else {
            Err(format!(
                "the primary key of {} has another number of columns",
                parent.name
            ))
        };
    };
    named
        .into_iter()
        .map(|column| {
            let found = parent
                .column_named(column)
                .filter(|at| !parent.columns[*at].generated);
            found.ok_or_else(|| format!("{} stores no column {column}", parent.name))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::source::Source;

    /// The orphans of the table `child`.
    fn orphans_of(sql: &str) -> Found {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let writer = Connection::open(&path).unwrap();
        writer
            .execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}"))
            .unwrap();
        drop(writer);
        let source = Source::open(&path).unwrap();
        let catalog = Catalog::read(&source).unwrap();
        let table = catalog.tables.iter().find(|t| t.name == "child").unwrap();
        find(&source, &catalog, table).unwrap()
    }

    /// Orphans by the number of the key; SQLite numbers the last one 0.
    fn counts(found: &Found) -> Vec<(i64, u64)> {
        found
            .orphans
            .iter()
            .map(|(id, orphans)| (*id, orphans.rows))
            .collect()
    }

    const PARENTS: &str = "CREATE TABLE good (id INTEGER PRIMARY KEY, code TEXT COLLATE NOCASE UNIQUE);
        INSERT INTO good VALUES (1, 'a'), (2, 'b');
        CREATE TABLE loose (k TEXT, n INTEGER);
        INSERT INTO loose VALUES ('x', 1), ('x', 1), ('1', 2), (NULL, 3);";

    #[test]
    fn a_key_without_unique_parent_does_not_hide_the_others() {
        let found = orphans_of(&format!(
            "{PARENTS} CREATE TABLE child (g INTEGER REFERENCES good, l REFERENCES loose (k), c TEXT REFERENCES good (code));
             INSERT INTO child VALUES (1, 'x', 'A'), (9, 'y', 'zz'), (NULL, NULL, NULL), (8, 1, 'b'), (7, 'X', 'q')"
        ));
        assert_eq!(found.broken, None);
        // g: 9, 8 and 7; l: y and X, since 1 becomes text as the parent is; c: zz and q, A matches by NOCASE.
        assert_eq!(counts(&found), [(0, 2), (1, 2), (2, 3)]);
        assert_eq!(found.orphans[&2].samples, ["rowid 2", "rowid 4", "rowid 5"]);
    }

    #[test]
    fn a_lone_mismatch_is_counted() {
        let found = orphans_of(&format!(
            "{PARENTS} CREATE TABLE child (k, n, FOREIGN KEY (k, n) REFERENCES loose (k, n));
             INSERT INTO child VALUES ('x', 1), ('x', 2), (NULL, 2), ('x', NULL), ('x', '1')"
        ));
        assert_eq!((counts(&found), found.broken), (vec![(0, 1)], None));
    }

    #[test]
    fn a_missing_parent_makes_all_orphans() {
        let found = orphans_of(&format!(
            "{PARENTS} CREATE TABLE child (m REFERENCES nowhere, l REFERENCES loose (k));
             INSERT INTO child VALUES (1, 'x'), (NULL, 'x'), (2, 'x')"
        ));
        assert_eq!((counts(&found), found.broken), (vec![(1, 2)], None));
    }

    #[test]
    fn what_cannot_be_checked_is_said_and_hides_nothing() {
        let found = orphans_of(&format!(
            "{PARENTS} CREATE VIEW v AS SELECT 1 AS a;
             CREATE TABLE child (v REFERENCES v (a), o REFERENCES good (absent), g REFERENCES good, l REFERENCES loose);
             INSERT INTO child VALUES (1, 1, 5, 5)"
        ));
        assert_eq!(counts(&found), [(1, 1)]);
        assert!(found.broken.unwrap().contains("no ordinary table"));
    }

    #[test]
    fn many_equal_parents_cost_no_more() {
        let found = orphans_of(
            "CREATE TABLE loose (k TEXT);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
             INSERT INTO loose SELECT 'x' FROM n;
             CREATE TABLE child (k TEXT REFERENCES loose (k));
             INSERT INTO child SELECT CASE WHEN rowid % 100 = 0 THEN 'y' ELSE 'x' END FROM loose",
        );
        assert_eq!(counts(&found), [(0, 200)]);
    }
}
