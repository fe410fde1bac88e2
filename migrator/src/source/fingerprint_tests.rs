//! What changes the content changes the fingerprint; what only reads leaves it. Other processes are this test
//! program itself, started anew, as SQLite's locks are those of a process.

use std::fs;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::*;
use crate::source::Source;
use crate::source::open::sidecar;

const TABLE: &str =
    "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'y');";

/// Tells the child what to run, and on which file.
const SQL: &str = "OUTGROW_TEST_SQL";
const FILE: &str = "OUTGROW_TEST_FILE";

/// The part of the child: runs the SQL and stays out of the way otherwise.
#[test]
fn run_in_another_process() {
    let (Ok(sql), Ok(file)) = (std::env::var(SQL), std::env::var(FILE)) else {
        return;
    };
    run(Path::new(&file), &sql);
}

/// Runs statements, those that give rows too.
fn run(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    // The log stays when the connection closes, as after a crash or beside other connections.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .unwrap();
    connection.execute_batch(sql).unwrap();
}

fn elsewhere(path: &Path, sql: &str) {
    let name = "source::fingerprint::tests::run_in_another_process";
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", name]).env(SQL, sql).env(FILE, path);
    let output = child.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let ran = String::from_utf8_lossy(&output.stdout);
    assert!(ran.contains("1 passed"), "{ran}");
}

fn of(path: &Path) -> String {
    let fingerprint = Source::open_with(path, 1).unwrap().fingerprint().to_owned();
    assert_eq!(fingerprint.len(), 64);
    fingerprint
}

/// A file in this mode with rows in it, whose last connection is closed.
fn file(folder: &Path, journal_mode: &str) -> PathBuf {
    let path = folder.join("a.db");
    elsewhere(&path, &format!("PRAGMA journal_mode = {journal_mode}; {TABLE}"));
    path
}

const MODES: [&str; 2] = ["DELETE", "WAL"];

#[test]
fn it_stays_while_others_only_read() {
    for mode in MODES {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), mode);
        let first = of(&path);
        assert_eq!(of(&path), first, "{mode}");
        elsewhere(&path, "SELECT * FROM t");
        assert_eq!(of(&path), first, "{mode}");
        elsewhere(&path, "BEGIN IMMEDIATE; ROLLBACK; SELECT * FROM t");
        assert_eq!(of(&path), first, "{mode}");
    }
}

#[test]
fn every_change_of_the_content_changes_it() {
    for mode in MODES {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), mode);
        let mut seen = vec![of(&path)];
        for sql in [
            "UPDATE t SET b = 'z' WHERE a = 1",
            "UPDATE t SET b = 'x' WHERE a = 1",
            "UPDATE t SET b = 'z' WHERE a = 1",
            "DELETE FROM t WHERE a = 2",
            "VACUUM",
            "CREATE INDEX i ON t (b)",
            "DROP INDEX i",
        ] {
            elsewhere(&path, sql);
            let now = of(&path);
            assert!(!seen.contains(&now), "{mode}: {sql}");
            assert_eq!(of(&path), now, "{mode}: {sql}");
            seen.push(now);
        }
    }
}

/// Neither the header nor the size of the file moves, and the log has the size that it had before.
#[test]
fn a_log_that_is_started_anew_at_equal_size_changes_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "WAL");
    elsewhere(&path, "PRAGMA wal_checkpoint(TRUNCATE); UPDATE t SET b = 'p'");
    let size = fs::metadata(sidecar(&path, "-wal")).unwrap().len();
    let first = of(&path);
    elsewhere(&path, "PRAGMA wal_checkpoint(RESTART); UPDATE t SET b = 'q'");
    assert_eq!(fs::metadata(sidecar(&path, "-wal")).unwrap().len(), size);
    let second = of(&path);
    assert_ne!(first, second);
    assert_eq!(of(&path), second);
}

/// It may, as the content is the same; what matters is that the next commit is seen.
#[test]
fn after_a_wal_checkpoint_the_next_commit_changes_it() {
    for checkpoint in ["PASSIVE", "FULL", "RESTART", "TRUNCATE"] {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "WAL");
        elsewhere(&path, &format!("PRAGMA wal_checkpoint({checkpoint})"));
        let first = of(&path);
        assert_eq!(of(&path), first, "{checkpoint}");
        elsewhere(&path, "UPDATE t SET b = 'q'");
        assert_ne!(of(&path), first, "{checkpoint}");
    }
}

#[test]
fn a_copy_of_the_file_has_another_and_so_has_a_file_put_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "DELETE");
    let first = of(&path);
    let copy = folder.path().join("copy.db");
    assert!(
        Command::new("cp")
            .arg("-p")
            .args([&path, &copy])
            .status()
            .unwrap()
            .success()
    );
    assert_ne!(of(&copy), first);
    fs::rename(&copy, &path).unwrap();
    assert_ne!(of(&path), first);
}

/// The header of a file in WAL mode never moves, so an old state written over it in place, times included, shows
/// nowhere else.
#[test]
fn an_old_copy_written_over_the_file_with_its_times_changes_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "WAL");
    elsewhere(&path, "PRAGMA wal_checkpoint(TRUNCATE)");
    let copy = folder.path().join("copy.db");
    let cp = |from: &Path, to: &Path| {
        assert!(
            Command::new("cp")
                .arg("-p")
                .args([from, to])
                .status()
                .unwrap()
                .success()
        );
    };
    cp(&path, &copy);
    let first = of(&path);
    cp(&copy, &path);
    assert_ne!(of(&path), first);
}

/// The frames of a commit lie in the log and the index does not count them yet: a snapshot does not see what the
/// log's end would say.
#[test]
fn a_commit_that_is_not_announced_yet_is_not_told_as_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "WAL");
    let (log, index) = (sidecar(&path, "-wal"), sidecar(&path, "-shm"));
    let before = fs::read(&index).unwrap();
    assert!(Look::at(&path, &log, &index).is_settled);
    elsewhere(&path, "UPDATE t SET b = 'q'");
    assert!(Look::at(&path, &log, &index).is_settled);
    fs::write(&index, &before).unwrap();
    assert!(!Look::at(&path, &log, &index).is_settled);
    fs::write(&index, vec![0; before.len()]).unwrap();
    assert!(!Look::at(&path, &log, &index).is_settled);
}

#[test]
fn the_last_commit_is_found_behind_frames_that_do_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "WAL");
    let log = sidecar(&path, "-wal");
    let filler = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) \
                  INSERT INTO t (b) SELECT hex(randomblob(60)) FROM n;";
    // A long generation, then a shorter one over it.
    elsewhere(
        &path,
        &format!("BEGIN; {filler} COMMIT; PRAGMA wal_checkpoint(RESTART); UPDATE t SET b = 'q' WHERE a < 9"),
    );
    let short = Log::read(&log).unwrap().unwrap();
    let last = short.last_commit.clone().unwrap();
    assert!(short.size_bytes > 1 << 20, "{short:?}");
    assert!(last.number < 20, "{short:?}");
    // Pages of a transaction that is rolled back are spilled behind it.
    elsewhere(
        &path,
        &format!("PRAGMA cache_size = 10; BEGIN; {filler} ROLLBACK"),
    );
    let spilled = Log::read(&log).unwrap().unwrap();
    assert_eq!(spilled.last_commit, Some(last));
    let first = of(&path);
    assert_eq!(of(&path), first);
}

#[test]
fn a_file_that_was_written_while_it_was_opened_has_one_that_never_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "WAL");
    let header = Header::read(&path).unwrap();
    let look = || Look::at(&path, &sidecar(&path, "-wal"), &sidecar(&path, "-shm"));
    let at_rest = look();
    assert_eq!(at_rest.fingerprint(&header, 1), at_rest.fingerprint(&header, 1));
    assert_eq!(at_rest.fingerprint(&header, 1), look().fingerprint(&header, 1));
    assert_ne!(at_rest.fingerprint(&header, 1), at_rest.fingerprint(&header, 2));
    elsewhere(&path, "UPDATE t SET b = 'q'");
    assert_ne!(at_rest.fingerprint(&header, 1), at_rest.fingerprint(&header, 1));
}
