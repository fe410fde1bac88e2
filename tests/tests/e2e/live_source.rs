//! A source that its application writes while it is migrated: the copy is one moment of it.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use outgrow_e2e::postgres::Session;
use rusqlite::Connection;

use crate::scene::{Said, Scene};

/// Every transaction adds the same number to both tables and to a counter.
const PAIRS: &str = "PRAGMA journal_mode = wal; \
    CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER NOT NULL UNIQUE, pad TEXT); \
    CREATE TABLE b (id INTEGER PRIMARY KEY, n INTEGER NOT NULL REFERENCES a (n)); \
    CREATE TABLE total (id INTEGER PRIMARY KEY, n INTEGER NOT NULL); INSERT INTO total VALUES (1, 20000); \
    WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 20000) \
      INSERT INTO a SELECT i, i, printf('%0100d', i) FROM c; \
    INSERT INTO b SELECT id, n FROM a;";

const PAIR: &str = "BEGIN IMMEDIATE; UPDATE total SET n = n + 1; \
    INSERT INTO a (n) SELECT n FROM total; INSERT INTO b (n) SELECT n FROM total; COMMIT";

#[test]
fn a_migration_beside_a_writer_takes_one_moment_and_does_not_hold_the_writer_up() {
    let scene = Scene::script(PAIRS);
    let (stop, commits) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writer = {
        let (stop, commits, path) = (Arc::clone(&stop), Arc::clone(&commits), scene.source.clone());
        thread::spawn(move || {
            let connection = Connection::open(path).unwrap();
            connection.busy_timeout(Duration::from_secs(5)).unwrap();
            while !stop.load(Ordering::Relaxed) {
                connection.execute_batch(PAIR).unwrap();
                commits.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(1));
            }
            connection
        })
    };
    while commits.load(Ordering::Relaxed) < 10 {
        assert!(!writer.is_finished(), "the writer failed");
        thread::sleep(Duration::from_millis(1));
    }
    let before = commits.load(Ordering::Relaxed);
    let url = scene.database.url();
    let output = scene
        .command()
        .args(["migrate", scene.source.to_str().unwrap(), "--to", &url])
        .output();
    let after = commits.load(Ordering::Relaxed);
    stop.store(true, Ordering::Relaxed);
    let connection = writer.join().unwrap();
    Said::of(&output.unwrap()).exits(0);
    assert!(
        after > before + 10,
        "the writer made {} commits meanwhile",
        after - before
    );

    let number = |sql: &str| scene.database.value(sql).parse::<u64>().unwrap();
    let rows = number("SELECT count(*) FROM a");
    for same in [
        "SELECT count(*) FROM b",
        "SELECT max(n) FROM a",
        "SELECT max(n) FROM b",
        "SELECT n FROM total",
    ] {
        assert_eq!(number(same), rows, "{same}");
    }
    assert!((20_000 + before..=20_000 + after).contains(&rows), "{rows}");

    // Back to the moment that was migrated, the source is equal again; one row further it is not.
    let verify = || {
        Said::of(
            &scene
                .command()
                .args(["verify", scene.source.to_str().unwrap(), "--to", &url])
                .output()
                .unwrap(),
        )
    };
    assert!(
        verify()
            .exits(6)
            .stdout
            .contains(&format!("id = integer {}", rows + 1))
    );
    connection
        .execute_batch(&format!(
            "DELETE FROM b WHERE n > {rows}; DELETE FROM a WHERE n > {rows}; UPDATE total SET n = {rows}"
        ))
        .unwrap();
    assert!(verify().exits(0).stdout.starts_with("EQUAL"));
}

/// Another session has the first table's name in its hands, so that a migration waits in the middle.
fn hold_back(scene: &Scene) -> Session {
    let session = Session::open(&scene.database.url());
    assert!(session.rows("BEGIN; CREATE TABLE public.a ()").is_empty());
    session
}

#[test]
fn a_log_that_grows_too_large_ends_the_run_and_the_next_one_does_it_all() {
    let scene = Scene::script(PAIRS);
    let url = scene.database.url();
    let application = Connection::open(&scene.source).unwrap();
    // No snapshot of a reader ever holds a commit up, not by a moment.
    application.busy_timeout(Duration::ZERO).unwrap();
    let holding = hold_back(&scene);
    let mut command = scene.command();
    command.args(["migrate", scene.source.to_str().unwrap(), "--to", &url]);
    command.args(["--max-wal", "256KiB"]);
    let migration = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let migration = thread::spawn(move || migration.wait_with_output().unwrap());
    let mut commits = 0_u32;
    while !migration.is_finished() {
        application.execute_batch(PAIR).unwrap();
        commits += 1;
        thread::sleep(Duration::from_millis(1));
    }
    let log = scene.source.with_file_name("app.db-wal");
    let told = Said::of(&migration.join().unwrap());
    told.refuses(
        7,
        &[
            "the write-ahead log of the source grew by",
            "--max-wal 256.0 KiB",
            "app.db-wal",
            "run the same",
        ],
    );
    assert!(commits > 20, "{commits} commits");
    assert!(std::fs::metadata(&log).unwrap().len() > 256 * 1024);
    assert!(holding.rows("ROLLBACK").is_empty());

    // Nobody holds it any more: SQLite starts it anew.
    let busy: i64 = application
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .unwrap();
    assert_eq!((busy, std::fs::metadata(&log).unwrap().len()), (0, 0));
    let certificate = scene.migrated(&["--max-wal", "256KiB"]);
    assert_eq!(certificate["rows"], 2 * (20_000 + commits) + 1);
}

#[test]
fn a_size_that_is_none_is_refused() {
    let scene = Scene::script(PAIRS);
    scene.migrate(&["--max-wal", "much"]).exits(2);
}

/// Outside WAL mode a reader and a commit exclude each other, and SQLite says so to the one who comes later.
#[test]
fn with_a_rollback_journal_a_writer_waits_until_the_migration_is_done() {
    let scene = Scene::script(&PAIRS.replace("journal_mode = wal", "journal_mode = delete"));
    let url = scene.database.url();
    let holding = hold_back(&scene);
    let mut command = scene.command();
    command.args(["migrate", scene.source.to_str().unwrap(), "--to", &url]);
    let migration = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while scene.database.value(waits) == "0" {
        thread::sleep(Duration::from_millis(20));
    }
    let application = Connection::open(&scene.source).unwrap();
    application.busy_timeout(Duration::ZERO).unwrap();
    let refused = application.execute_batch(PAIR).unwrap_err();
    assert_eq!(
        refused.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseBusy)
    );
    application.execute_batch("ROLLBACK").unwrap();
    application.busy_timeout(Duration::from_secs(60)).unwrap();
    let waiting = thread::spawn(move || application.execute_batch(PAIR));
    assert!(holding.rows("ROLLBACK").is_empty());
    let said = Said::of(&migration.wait_with_output().unwrap()).exits(0);
    assert!(
        said.stderr.contains("the application cannot commit"),
        "{}",
        said.stderr
    );
    waiting.join().unwrap().unwrap();
    assert_eq!(scene.database.value("SELECT n FROM total"), "20000");
}
