//! Files that are no database, not a whole one, or one whose rows lie beside it.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::fixture::{Fixture, code, fixtures, script};
use crate::sources;

const ROWS: &str = "PRAGMA page_size = 512; CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); CREATE INDEX ix ON t (v); \
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO t SELECT i, 'v' || i FROM n;";

/// A file that is refused with these words.
const fn refused(make: fn(&Path), says: &'static [&'static str]) -> Fixture {
    Fixture {
        exit: 3,
        says,
        ..code(make)
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

/// Bytes of which every value occurs as often, as in an encrypted file.
fn encrypted(path: &Path) {
    let mut state = 1_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_le_bytes()[3]
    };
    fs::write(path, (0..16_384).map(next).collect::<Vec<u8>>()).unwrap();
}

fn changed(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    sources::script(path, ROWS);
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// A page in the middle of the table holds nothing but noise.
fn corrupt_page(path: &Path) {
    changed(path, |bytes| bytes[4 * 512..5 * 512].fill(0xa5));
}

/// The index holds another text than the table; only the full check sees it.
fn stale_index(path: &Path) {
    changed(path, |bytes| {
        let last = bytes.windows(4).rposition(|window| window == b"v150").unwrap();
        bytes[last..last + 4].copy_from_slice(b"v15x");
    });
}

/// An index whose entries were never made: its definition was changed behind SQLite's back.
fn stale_definition(path: &Path) {
    sources::script(path, ROWS);
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "PRAGMA writable_schema = on; UPDATE sqlite_schema SET sql = 'CREATE INDEX ix ON t (v DESC)' WHERE name = 'ix'",
        )
        .unwrap();
}

fn wal_left_behind(path: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let original = folder.path().join("live.db");
    let connection = Connection::open(&original).unwrap();
    connection.execute_batch("PRAGMA journal_mode = wal").unwrap();
    connection.execute_batch(ROWS).unwrap();
    connection
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO t VALUES (999, 'in the log')")
        .unwrap();
    fs::copy(&original, path).unwrap();
}

fn wal_beside(path: &Path) {
    sources::with_live_wal(path, ROWS, "INSERT INTO t VALUES (999, 'in the log')");
}

/// A transaction was cut off in the middle: the journal holds what has to be put back.
fn hot_journal(path: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let original = folder.path().join("live.db");
    sources::script(&original, ROWS);
    let connection = Connection::open(&original).unwrap();
    connection
        .execute_batch("PRAGMA cache_size = 2; PRAGMA cache_spill = on; BEGIN; UPDATE t SET v = v || v || v")
        .unwrap();
    fs::copy(&original, path).unwrap();
    let journal = fs::read(beside(&original, "-journal")).unwrap();
    assert!(journal.len() > 512, "the cache did not spill");
    fs::write(beside(path, "-journal"), journal).unwrap();
}

fixtures! {
    r01a_an_encrypted_file: refused(encrypted, &["is not a SQLite database", "SQLCipher"]);
    r01b_another_kind_of_file: refused(|path| fs::write(path, "id;name\n1;x\n").unwrap(), &["is not a SQLite database"]);
    r01c_sixteen_bytes_of_a_header: refused(|path| fs::write(path, b"SQLite format 3\0").unwrap(), &["damaged"]);
    r02_an_empty_file: refused(|path| fs::write(path, b"").unwrap(), &["0 bytes"]);
    r03a_a_file_cut_short: refused(
        |path| changed(path, |bytes| bytes.truncate(bytes.len() - 700)), &["is damaged"]);
    r03b_a_corrupt_page: refused(corrupt_page, &["is damaged"]);
    r04a_a_stale_index: refused(stale_index, &["is damaged", "index ix"]);
    r04b_an_index_of_another_order: refused(stale_definition, &["is damaged", "index ix"]);
    r05a_a_log_left_behind: Fixture {
        says: &["no -wal file lies beside it"],
        holds: &[("SELECT count(*), max(id) FROM @.t", "200|200")],
        ..code(wal_left_behind)
    };
    r05b_rows_in_the_log_alone: Fixture {
        holds: &[("SELECT count(*), max(v COLLATE \"C\") FROM @.t WHERE id > 150", "51|v200"),
            ("SELECT v FROM @.t WHERE id = 999", "in the log")],
        ..code(wal_beside)
    };
    r06_a_hot_journal: refused(hot_journal, &["hot journal"]);
    p45_a_path_with_spaces: Fixture {
        file: "my application's data.db",
        holds: &[("SELECT count(*) FROM @.t", "1")],
        ..script("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
    };
}
