//! Files whose indexes and checks need the application that made them.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

use super::*;
use crate::census::{Census, Trials};
use crate::source::catalog::Catalog;

/// A file made by an application with a collation and a function of its own.
fn open(folder: &std::path::Path, sql: &str) -> Source {
    let path = folder.join("a.db");
    let application = Connection::open(&path).unwrap();
    application.create_collation("german", str::cmp).unwrap();
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    application
        .create_scalar_function("slug", 1, flags, |call| Ok(call.get::<String>(0)?.to_lowercase()))
        .unwrap();
    application.execute_batch(sql).unwrap();
    drop(application);
    Source::open(&path).unwrap()
}

fn check(source: &Source) -> Result<Integrity, SourceError> {
    source.check_integrity(Catalog::read(source).as_ref().ok())
}

fn unchecked(object: &str, reason: &str, rows_checked: bool) -> Unchecked {
    Unchecked {
        object: format!("table:{object}"),
        reason: reason.to_owned(),
        rows_checked,
    }
}

const TABLES: &str = "CREATE TABLE plain (a INTEGER PRIMARY KEY, b TEXT);
    CREATE INDEX plain_b ON plain (b);
    CREATE TABLE collated (a INTEGER PRIMARY KEY, b TEXT COLLATE german);
    CREATE INDEX collated_b ON collated (b);
    CREATE TABLE unindexed (a INTEGER PRIMARY KEY, b TEXT COLLATE german);
    CREATE TABLE expressed (a INTEGER PRIMARY KEY, b TEXT);
    CREATE INDEX expressed_b ON expressed (slug(b));
    CREATE TABLE partial (a INTEGER PRIMARY KEY, b TEXT);
    CREATE INDEX partial_b ON partial (b) WHERE slug(b) = 'x';
    CREATE TABLE checked (a INTEGER PRIMARY KEY, b TEXT CHECK (slug(b) <> ''));
    CREATE TABLE computed (a INTEGER PRIMARY KEY, b TEXT, s AS (slug(b)) STORED);";

const NAMES: [&str; 7] = [
    "plain",
    "collated",
    "unindexed",
    "expressed",
    "partial",
    "checked",
    "computed",
];

fn with_rows() -> String {
    let inserts = NAMES.map(|name| format!("INSERT INTO {name} (a, b) VALUES (1, 'X'), (2, 'y');"));
    TABLES.to_owned() + &inserts.concat()
}

#[test]
fn a_sound_file_is_checked_in_full() {
    let folder = tempfile::tempdir().unwrap();
    let source = open(folder.path(), "CREATE TABLE t (a); CREATE INDEX i ON t (a)");
    assert_eq!(check(&source).unwrap(), Integrity::default());
}

/// CHECKs are no part of it: SQLite passes over them in a file that is opened read-only.
#[test]
fn what_needs_the_application_is_named_and_the_rest_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let source = open(folder.path(), &with_rows());
    let expected = [
        unchecked("collated", "no such collation sequence: german", false),
        unchecked("expressed", "unknown function: slug()", true),
        unchecked("partial", "unknown function: slug()", true),
    ];
    assert_eq!(check(&source).unwrap().unchecked, expected);
}

#[test]
fn its_rows_are_read_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let source = open(folder.path(), &with_rows());
    let catalog = Catalog::read(&source).unwrap();
    let census = Census::take(&source, &catalog, &Trials::default(), |_, _, _| {}).unwrap();
    assert_eq!(catalog.tables.len(), NAMES.len());
    for (table, counted) in catalog.tables.iter().zip(&census.tables) {
        assert_eq!(counted.rows, 2, "{}", table.name);
        assert_eq!(counted.columns[1].text_bytes, 2, "{}", table.name);
    }
}

#[test]
fn damage_beside_it_is_still_found() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path(), &with_rows()));
    let path = folder.path().join("a.db");
    // An index that claims to be of another column.
    let vandal = Connection::open(&path).unwrap();
    vandal
        .execute_batch(
            "PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = 'CREATE INDEX plain_b ON plain (a)' WHERE name = 'plain_b'",
        )
        .unwrap();
    drop(vandal);
    let error = check(&Source::open(&path).unwrap()).unwrap_err();
    assert!(matches!(error, SourceError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("plain_b"), "{error}");
}

/// Without a rowid the rows lie in the index of the key itself, which needs the collation to be opened.
#[test]
fn a_table_ordered_by_a_collation_of_the_application_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let source = open(
        folder.path(),
        "CREATE TABLE own (k TEXT COLLATE german, n, PRIMARY KEY (k, n)) WITHOUT ROWID;
         INSERT INTO own VALUES ('b', 1), ('a', 2), ('a', 1)",
    );
    let expected = [unchecked("own", "no such collation sequence: german", false)];
    assert_eq!(check(&source).unwrap().unchecked, expected);
    let catalog = Catalog::read(&source).unwrap();
    let census = Census::take(&source, &catalog, &Trials::default(), |_, _, _| {}).unwrap();
    assert_eq!(
        (census.tables[0].rows, census.tables[0].columns[0].text_bytes),
        (3, 3)
    );
    // It is not there for anybody else: an order by it would be another than the application's.
    let sorted = source.connection().prepare("SELECT k FROM own ORDER BY k");
    assert!(sorted.is_err());
}
