//! What is proven is sound by SQLite's own check as well, whatever was done to the file.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::Connection;

use super::*;
use crate::source::Source;
use crate::source::catalog::Catalog;

/// Indexes of every kind that is proven, over values that sort in every way.
const PLAIN: &str = "
    CREATE TABLE t (id INTEGER PRIMARY KEY, a, b TEXT, c NUMERIC, d REAL NOT NULL, e BLOB);
    CREATE INDEX t_a ON t (a);
    CREATE INDEX t_b ON t (b DESC, a);
    CREATE INDEX t_nocase ON t (b COLLATE NOCASE, c DESC);
    CREATE INDEX t_rtrim ON t (b COLLATE RTRIM);
    CREATE UNIQUE INDEX t_c ON t (c, e);
    CREATE INDEX t_d ON t (d, e DESC, b);
    CREATE TABLE keyed (k TEXT UNIQUE, n INTEGER NOT NULL UNIQUE, v);
    CREATE TABLE pairs (k TEXT, n INTEGER NOT NULL, v BLOB, PRIMARY KEY (k, n));
    CREATE TABLE named (k TEXT NOT NULL PRIMARY KEY, v);
    CREATE TABLE bare (a, b);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
    INSERT INTO t SELECT i,
        CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN i % 5 WHEN 2 THEN i / 8.0 WHEN 3 THEN 'word ' || i % 9
                   WHEN 4 THEN CAST('blob' || i AS BLOB) WHEN 5 THEN -i ELSE 9223372036854775807 - i % 3 END,
        CASE i % 4 WHEN 0 THEN 'Name' WHEN 1 THEN 'name' || i % 11 WHEN 2 THEN 'NAME' || char(32, 32) ELSE NULL END,
        CASE i % 3 WHEN 0 THEN i WHEN 1 THEN i + 0.25 ELSE NULL END,
        CASE i % 5 WHEN 0 THEN -0.0 WHEN 1 THEN 1e300 WHEN 2 THEN 3.0 ELSE i / 7.0 END,
        CASE i % 2 WHEN 0 THEN NULL ELSE zeroblob(i % 13) END FROM n;
    INSERT INTO keyed SELECT 'key' || id, id * 3, a FROM t;
    INSERT INTO pairs SELECT 'thread ' || (id % 9), id, e FROM t;
    INSERT INTO named SELECT 'n' || (id * 7919 % 100003), a FROM t;
    INSERT INTO bare SELECT a, b FROM t;";

fn file(folder: &Path, sql: &str) -> PathBuf {
    let path = folder.join("a.db");
    let writer = Connection::open(&path).unwrap();
    writer
        .execute_batch(&format!("PRAGMA page_size = 512; {sql}"))
        .unwrap();
    path
}

/// Whether the file is proven sound, and whether SQLite's full check finds nothing.
fn both(path: &Path) -> (bool, bool) {
    let source = Source::open_with(path, 1).unwrap();
    let is_sound = source
        .check_in_full()
        .is_ok_and(|integrity| integrity.unchecked.is_empty());
    let is_proven = Catalog::read(&source).is_ok_and(|catalog| source.prove_sound(&catalog).is_ok());
    (is_proven, is_sound)
}

#[test]
fn a_sound_file_is_proven_without_a_search() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), PLAIN);
    let source = Source::open_with(&path, 1).unwrap();
    let catalog = Catalog::read(&source).unwrap();
    assert!(catalog.tables.iter().all(|table| is_provable(&source, table)));
    let keys = RandomState::new();
    for table in &catalog.tables {
        let expected = of_rows(&source, table, &keys).unwrap();
        for (index, expected) in table.indexes.iter().zip(expected) {
            let found = of_entries(&source, table, index, &keys);
            assert_eq!(found, Ok(expected), "{}", index.name);
        }
    }
    assert_eq!(both(&path), (true, true));
}

/// Tables whose indexes are left to SQLite are proven by its own check of them.
#[test]
fn other_kinds_of_index_are_left_to_sqlite() {
    let kinds = "
        CREATE TABLE partial (a, b); CREATE INDEX p ON partial (a) WHERE b > 0;
        CREATE TABLE expressed (a, b); CREATE INDEX x ON expressed (a + b);
        CREATE TABLE computed (a, b AS (a * 2)); CREATE INDEX g ON computed (b);
        CREATE TABLE twice (a, b); CREATE INDEX w ON twice (a, a COLLATE NOCASE);
        CREATE TABLE alias (id INTEGER PRIMARY KEY, b); CREATE INDEX i ON alias (b, id);
        CREATE TABLE hidden (rowid, _rowid_, oid); CREATE INDEX h ON hidden (oid);
        CREATE TABLE keyed (k PRIMARY KEY, v) WITHOUT ROWID; CREATE INDEX k ON keyed (v);
        CREATE VIRTUAL TABLE words USING fts5 (text); INSERT INTO words VALUES ('some words');
        INSERT INTO keyed VALUES (1, 2), ('a', 'b'); INSERT INTO partial VALUES (1, 1), (2, 0);";
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), kinds);
    let source = Source::open_with(&path, 1).unwrap();
    let catalog = Catalog::read(&source).unwrap();
    assert_eq!(catalog.tables.len(), 7);
    assert!(!catalog.tables.iter().any(|table| is_provable(&source, table)));
    assert_eq!(both(&path), (true, true));
}

/// Runs SQL on the file while an index is not known to be there, or is known by other DDL afterwards.
fn behind_the_back_of(path: &Path, index: &str, sql: &str, ddl: Option<&str>) {
    let step = |sql: &str| {
        let writer = Connection::open(path).unwrap();
        writer
            .execute_batch(&format!("PRAGMA writable_schema = ON; {sql}"))
            .unwrap();
    };
    step(&format!(
        "CREATE TABLE kept AS SELECT * FROM sqlite_schema WHERE name = '{index}'; \
         DELETE FROM sqlite_schema WHERE name = '{index}'"
    ));
    step(sql);
    let ddl = ddl.map_or("sql".to_owned(), |ddl| format!("'{ddl}'"));
    step(&format!(
        "INSERT INTO sqlite_schema SELECT type, name, tbl_name, rootpage, {ddl} FROM kept; DROP TABLE kept"
    ));
}

#[test]
fn whatever_is_wrong_with_an_index_is_not_proven() {
    let cases = [
        ("t_a", "UPDATE t SET a = 'other' WHERE id = 77", None),
        ("t_a", "UPDATE t SET a = a + 1 WHERE id = 8", None),
        ("t_a", "DELETE FROM t WHERE id = 300", None),
        (
            "t_a",
            "DELETE FROM t WHERE id = 300; INSERT INTO t (id, d) VALUES (300, 1.0)",
            None,
        ),
        ("t_a", "INSERT INTO t (id, d) VALUES (9999, 1.0)", None),
        ("t_a", "UPDATE t SET id = 9999 WHERE id = 7", None),
        // Equal by its collation, and not the same text.
        ("t_nocase", "UPDATE t SET b = 'nAME' WHERE id = 4", None),
        ("t_rtrim", "UPDATE t SET b = b || ' ' WHERE id = 4", None),
        ("t_d", "UPDATE t SET e = x'01' WHERE id = 1", None),
        // Sorted by another rule than it claims.
        ("t_b", "", Some("CREATE INDEX t_b ON t (b, a)")),
        (
            "t_b",
            "",
            Some("CREATE INDEX t_b ON t (b COLLATE NOCASE DESC, a)"),
        ),
        ("t_nocase", "", Some("CREATE INDEX t_nocase ON t (b, c DESC)")),
        ("t_rtrim", "", Some("CREATE INDEX t_rtrim ON t (d)")),
        ("t_a", "", Some("CREATE UNIQUE INDEX t_a ON t (a)")),
        ("t_a", "", Some("CREATE INDEX t_a ON t (a, b)")),
    ];
    for (index, sql, ddl) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), PLAIN);
        behind_the_back_of(&path, index, sql, ddl);
        assert_eq!(both(&path), (false, false), "{index}: {sql} {ddl:?}");
    }
}

#[test]
fn what_is_wrong_elsewhere_is_not_proven() {
    let schema = |sql: &str| format!("{PLAIN} PRAGMA writable_schema = ON; UPDATE sqlite_schema SET {sql}");
    let cases = [
        schema("sql = 'CREATE TABLE bare (a NOT NULL, b)' WHERE name = 'bare'"),
        schema("sql = 'CREATE TABLE bare (a TEXT, b ANY) STRICT' WHERE name = 'bare'"),
        // Two tables on the same pages, and the pages of the other are used by nobody.
        schema("rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 't') WHERE name = 'bare'"),
        format!("{PLAIN} PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'bare'"),
    ];
    for sql in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), &sql);
        assert_eq!(both(&path), (false, false), "{sql}");
    }
}

#[test]
fn a_freelist_that_is_cut_is_not_proven() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), &format!("{PLAIN} DELETE FROM bare"));
    assert_eq!(both(&path), (true, true));
    let mut bytes = fs::read(&path).unwrap();
    // First trunk page and number of free pages.
    bytes[32..40].fill(0);
    fs::write(&path, bytes).unwrap();
    assert_eq!(both(&path), (false, false));
}

/// Any byte may change. Where SQLite's check finds something nothing is proven.
#[test]
fn no_changed_byte_is_proven_that_sqlite_finds() {
    const FLIPS: usize = 1500;
    let seed = RandomState::new().hash_one(0);
    println!("seed {seed}");
    // A linear congruential generator is random enough for places.
    let mut state = seed;
    let mut below = |bound: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % bound
    };
    let folder = tempfile::tempdir().unwrap();
    let sound = fs::read(file(folder.path(), PLAIN)).unwrap();
    let path = folder.path().join("flipped.db");
    let (mut found, mut proven) = (0, 0);
    for _ in 0..FLIPS {
        let mut bytes = sound.clone();
        let place = 100 + below(bytes.len() - 100);
        bytes[place] ^= 1 << below(8);
        fs::write(&path, &bytes).unwrap();
        // An old file is not waited for.
        let hour_ago = SystemTime::now() - Duration::from_secs(3600);
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(hour_ago)
            .unwrap();
        if Source::open_with(&path, 0).is_err() {
            continue;
        }
        let (is_proven, is_sound) = both(&path);
        assert!(
            is_sound || !is_proven,
            "byte {place}, now {}: {:?}",
            bytes[place],
            Source::open(&path).unwrap().check_in_full()
        );
        found += usize::from(!is_sound);
        proven += usize::from(is_proven);
    }
    println!("{found} found, {proven} proven of {FLIPS}");
    assert!(found > FLIPS / 4 && proven > 0, "{found} found, {proven} proven");
}
