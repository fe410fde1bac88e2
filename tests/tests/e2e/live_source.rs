//! A source that its application writes while it is migrated: the copy is one moment of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

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
