//! Files made to exhaust memory or time. SQLite's heap is bounded for the whole process, so these tests have a
//! process of their own, and a bound far below the program's: what passes here never built a large value.

#![allow(clippy::unwrap_used, reason = "helpers of tests state what must hold")]

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use outgrow_migrator::census::{Census, Trials};
use outgrow_migrator::exit::Exit;
use outgrow_migrator::failure::Failure;
use outgrow_migrator::source::catalog::Catalog;
use outgrow_migrator::source::{Source, SourceError};
use rusqlite::Connection;

/// Page caches of all readers, and something to work with.
const HEAP_BYTES: i64 = 160 * 1024 * 1024;

/// Far more than any of these files takes, and far less than reading their traps would.
const PATIENCE: Duration = Duration::from_secs(60);

/// One test at a time: they share the bound.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file made by this SQL, before the bound holds for whoever reads it.
fn file(folder: &Path, sql: &str) -> PathBuf {
    let path = folder.join("a.db");
    let writer = Connection::open(&path).unwrap();
    // It can only be lowered: opening a source does not raise it again.
    writer.pragma_update(None, "hard_heap_limit", HEAP_BYTES).unwrap();
    writer.execute_batch(sql).unwrap();
    path
}

/// Everything that reading a source does, up to its census.
fn read(path: &Path) -> Result<(Catalog, Census), SourceError> {
    let source = Source::open(path)?;
    let bound: i64 = source
        .connection()
        .query_row("PRAGMA hard_heap_limit", [], |row| row.get(0))
        .unwrap();
    assert_eq!(bound, HEAP_BYTES);
    let catalog = Catalog::read(&source);
    source.check_integrity(catalog.as_ref().ok())?;
    let catalog = catalog?;
    let census = Census::take(&source, &catalog, &Trials::default(), |_, _, _| {})?;
    Ok((catalog, census))
}

#[test]
fn a_value_beyond_the_bound_is_refused_with_its_table() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let path = file(
        folder.path(),
        "CREATE TABLE small (a); INSERT INTO small VALUES (1);
         CREATE TABLE large (a); INSERT INTO large VALUES (zeroblob(30000000)); INSERT INTO large VALUES (1)",
    );
    let (catalog, census) = read(&path).unwrap();
    assert_eq!(catalog.tables.len(), 2);
    assert_eq!(census.tables[1].columns[0].length_max_bytes, 30_000_000);

    let writer = Connection::open(&path).unwrap();
    writer
        .execute_batch("CREATE TABLE beyond (a); INSERT INTO beyond VALUES (zeroblob(300000000))")
        .unwrap();
    drop(writer);
    let error = read(&path).unwrap_err();
    assert!(matches!(error, SourceError::Memory { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("reading table beyond needs more memory than"),
        "{error}"
    );
    let failure = Failure::from(error);
    assert_eq!(failure.exit, Exit::SourceRefused);
}

/// Each value fits alone and two of them do not, so readers side by side may fail where one after another pass.
#[test]
fn values_that_fit_one_at_a_time_are_counted() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut sql = String::new();
    for table in ["a", "b", "c", "d"] {
        sql += &format!(
            "CREATE TABLE {table} (id INTEGER PRIMARY KEY, v);
             INSERT INTO {table} VALUES (1, zeroblob(90000000)); INSERT INTO {table} VALUES (1000000, 1);"
        );
    }
    let path = file(folder.path(), &sql);
    let (_, census) = read(&path).unwrap();
    for table in &census.tables {
        assert_eq!((table.rows, table.columns[1].length_max_bytes), (2, 90_000_000));
    }
}

#[test]
fn computed_columns_and_triggers_are_never_evaluated() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let path = file(
        folder.path(),
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); INSERT INTO t (b) VALUES ('x'), ('y');
         CREATE TRIGGER again AFTER INSERT ON t BEGIN INSERT INTO t (b) VALUES (new.b); END;
         PRAGMA recursive_triggers = ON; PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = 'CREATE TABLE t (a INTEGER PRIMARY KEY,
             b TEXT CHECK (length(hex(zeroblob(400000000))) > 0) DEFAULT (hex(zeroblob(400000000))),
             g AS (zeroblob(500000000)), h AS (hex(zeroblob(400000000))))' WHERE name = 't'",
    );
    let started = Instant::now();
    let (_, census) = read(&path).unwrap();
    assert_eq!(census.tables[0].rows, 2);
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

#[test]
fn views_that_double_at_every_level_are_only_listed() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut sql =
        "CREATE TABLE t (a); INSERT INTO t VALUES (1); CREATE VIEW v0 AS SELECT a FROM t;".to_owned();
    for level in 1..100 {
        let below = level - 1;
        sql += &format!("CREATE VIEW v{level} AS SELECT x.a FROM v{below} AS x, v{below} AS y;");
    }
    let path = file(folder.path(), &sql);
    let started = Instant::now();
    let (catalog, census) = read(&path).unwrap();
    assert_eq!((catalog.others.len(), census.tables[0].rows), (100, 1));
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

#[test]
fn a_schema_of_thousands_of_objects_is_read_in_time() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut sql = "BEGIN;".to_owned();
    for table in 0..4000 {
        sql += &format!("CREATE TABLE t{table} (a, b); CREATE INDEX i{table} ON t{table} (a);");
    }
    let path = file(folder.path(), &(sql + "COMMIT"));
    let started = Instant::now();
    let (catalog, census) = read(&path).unwrap();
    assert_eq!((catalog.tables.len(), census.tables.len()), (4000, 4000));
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

#[test]
fn an_index_over_a_huge_expression_ends_in_an_error() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let path = file(
        folder.path(),
        "CREATE TABLE t (a); INSERT INTO t VALUES (1); CREATE INDEX i ON t (a);
         PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON t (hex(zeroblob(400000000)))' WHERE name = 'i'",
    );
    let started = Instant::now();
    let error = read(&path).unwrap_err();
    assert_eq!(Failure::from(error).exit, Exit::SourceRefused);
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}
