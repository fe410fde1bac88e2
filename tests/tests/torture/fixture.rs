//! The source that is tortured: every kind of table, in a size of choice, and what its application does to it.

use std::path::Path;

use rusqlite::Connection;

use crate::hostile::random::Random;

/// Options of every migration of it: a few values fit no column and are set aside.
pub const OPTIONS: [&str; 4] = ["--values", "integer=quarantine", "--values", "text=quarantine"];

/// Tables around the big one: keys of text, of several columns and of none, keys onto other tables, blobs.
const AROUND: &str = "\
    CREATE TABLE pairs (a TEXT NOT NULL, b TEXT NOT NULL, n INTEGER, PRIMARY KEY (a, b)); \
    INSERT INTO pairs SELECT 'thread-' || (id % 70), 'step ' || id, n FROM big LIMIT 6000; \
    CREATE TABLE words (word TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID; \
    INSERT INTO words SELECT 'word ' || id, n FROM big LIMIT 5000; \
    CREATE TABLE log (at TEXT, message TEXT, took REAL); \
    INSERT INTO log SELECT 'at ' || (id % 50), 'm' || (id % 100), n + 0.5 FROM big LIMIT 9000; \
    CREATE TABLE odd (id INTEGER PRIMARY KEY, amount INTEGER, note TEXT); \
    INSERT INTO odd SELECT id, CASE WHEN id % 5000 = 0 THEN 'ten' ELSE n END, 'note' FROM big LIMIT 5000; \
    CREATE TABLE blobs (id INTEGER PRIMARY KEY, b BLOB); \
    INSERT INTO blobs SELECT id, randomblob(300000) FROM big LIMIT 16; \
    CREATE TABLE child (id INTEGER PRIMARY KEY AUTOINCREMENT, big_id INTEGER REFERENCES big (id), \
      word TEXT REFERENCES words (word)); \
    INSERT INTO child (big_id, word) SELECT id, 'word ' || id FROM big LIMIT 4500; \
    CREATE TABLE empty (id INTEGER PRIMARY KEY, v TEXT UNIQUE); \
    CREATE TABLE small_2 (a, b TEXT); INSERT INTO small_2 VALUES (NULL, NULL), (NULL, NULL), (1, 'x'); \
    CREATE TABLE small_3 (a INTEGER, b BLOB NOT NULL, PRIMARY KEY (b, a DESC)) WITHOUT ROWID; \
    INSERT INTO small_3 VALUES (1, x'00'), (2, x''); \
    CREATE INDEX big_n ON big (n, v); CREATE UNIQUE INDEX child_one ON child (big_id, id); \
    CREATE INDEX log_at ON log (at); \
    CREATE VIEW numbered AS SELECT id, v FROM big WHERE n > 3; CREATE VIEW twice AS SELECT v FROM numbered;";

/// Many small tables, each made along with its rows.
const SMALL_TABLES: usize = 12;

/// Makes the file: a big table of so many rows that points at itself, and all others.
pub fn make(path: &Path, rows: u32, wal: bool) {
    let connection = Connection::open(path).unwrap();
    let mode = if wal { "wal" } else { "delete" };
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = {mode}; PRAGMA foreign_keys = off; BEGIN; \
             CREATE TABLE big (id INTEGER PRIMARY KEY, v TEXT, n INTEGER, parent INTEGER REFERENCES big (id)); \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) \
               INSERT INTO big SELECT i * 10, 'value ' || (i * 7919 % 100003), i % 97, \
                 CASE WHEN i % 3 = 0 THEN (i / 3) * 10 END FROM n; {AROUND}"
        ))
        .unwrap();
    for number in 10..10 + SMALL_TABLES {
        let sql = format!(
            "CREATE TABLE small_{number} (id INTEGER PRIMARY KEY, v TEXT DEFAULT 'x'); \
             INSERT INTO small_{number} VALUES (1, 'a'), (2, NULL);"
        );
        connection.execute_batch(&sql).unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
    connection.close().unwrap();
}

/// What the application did to its file between two attempts, by name. No row loses its parent, and no column its only value:
/// that would be another plan.
const CHANGES: [(&str, &str); 9] = [
    (
        "update",
        "UPDATE big SET v = v || '+' WHERE id BETWEEN :at AND :at + 900",
    ),
    (
        "insert",
        "INSERT OR IGNORE INTO big (id, v, n) SELECT id + 3, 'between', 5 FROM big WHERE id BETWEEN :at AND :at + 300",
    ),
    (
        "delete",
        "DELETE FROM big WHERE id % 10 = 3; DELETE FROM odd WHERE id BETWEEN :at AND :at + 200",
    ),
    (
        "grow",
        "INSERT INTO big (v, n, parent) SELECT 'grown', n, id FROM big LIMIT 700; \
         INSERT INTO child (big_id, word) SELECT big_id, word FROM child LIMIT 300",
    ),
    (
        "log",
        "DELETE FROM log WHERE rowid = :at / 10 + 1; INSERT INTO log VALUES ('at 1', 'm1', 0.5)",
    ),
    (
        "pairs",
        "UPDATE pairs SET n = n + 1 WHERE b > 'step 4' AND n % 9 = 0; INSERT OR IGNORE INTO pairs VALUES ('', :at, 1)",
    ),
    (
        "set aside",
        "UPDATE odd SET amount = 'eleven' WHERE id BETWEEN :at AND :at + 20",
    ),
    (
        "small",
        "UPDATE small_11 SET v = v || 'b'; INSERT OR IGNORE INTO empty VALUES (:at, :at); UPDATE small_2 SET b = b || 'y' WHERE a = 1; \
         UPDATE blobs SET b = randomblob(1000) WHERE id = 40; INSERT OR IGNORE INTO words VALUES ('word ' || :at || 'a', 1)",
    ),
    ("vacuum", "VACUUM"),
];

/// Changes the file as its application would, and says how.
pub fn change(path: &Path, random: &mut Random, rows: u32) -> &'static str {
    let (name, sql) = *random.pick(&CHANGES);
    let at = random.below(rows as usize) * 10;
    let connection = Connection::open(path).unwrap();
    connection
        .busy_timeout(std::time::Duration::from_secs(30))
        .unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    connection
        .execute_batch(&sql.replace(":at", &at.to_string()))
        .unwrap();
    connection.close().unwrap();
    name
}
