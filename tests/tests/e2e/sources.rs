//! Sources made by script: each has one shape that real files have and that migrations trip over.

use std::fs;
use std::path::{Path, PathBuf};

use outgrow_e2e::programs::repository;
use rusqlite::Connection;

/// The sample database Chinook by Luis Rocha (MIT).
pub fn chinook() -> PathBuf {
    repository().join("tests/fixtures/chinook.sqlite")
}

/// Makes a file by SQL statements.
pub fn script(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    // As in most applications; orphans could not be made otherwise.
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    connection.execute_batch(sql).unwrap();
    connection.close().unwrap();
}

/// Makes a file in WAL mode as its application left it when it was killed: `later` lies in the `-wal` alone.
pub fn with_live_wal(path: &Path, first: &str, later: &str) {
    let folder = tempfile::tempdir().unwrap();
    let original = folder.path().join("live.db");
    let wal = |of: &Path| PathBuf::from(format!("{}-wal", of.display()));
    let connection = Connection::open(&original).unwrap();
    connection
        .execute_batch("PRAGMA foreign_keys = off; PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0")
        .unwrap();
    connection.execute_batch(first).unwrap();
    connection
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    connection.execute_batch(later).unwrap();
    fs::copy(&original, path).unwrap();
    fs::copy(wal(&original), wal(path)).unwrap();
    assert!(fs::metadata(wal(path)).unwrap().len() > 0);
}

/// Names with spaces, a key onto its own table, checks, defaults, orphans, a leftover `-wal`.
pub fn northwind(path: &Path) {
    let first = "\
        CREATE TABLE Employees (EmployeeID INTEGER PRIMARY KEY AUTOINCREMENT, LastName TEXT NOT NULL, \
          BirthDate DATE, Photo BLOB, ReportsTo INTEGER REFERENCES Employees (EmployeeID)); \
        CREATE TABLE Customers (CustomerID TEXT PRIMARY KEY NOT NULL, \"Company Name\" TEXT UNIQUE); \
        CREATE TABLE Orders (OrderID INTEGER PRIMARY KEY, CustomerID TEXT REFERENCES Customers, \
          EmployeeID INTEGER REFERENCES Employees ON DELETE SET NULL, OrderDate DATETIME, \
          Freight NUMERIC DEFAULT 0, Paid BOOLEAN NOT NULL DEFAULT 0); \
        CREATE TABLE \"Order Details\" (OrderID INTEGER NOT NULL, ProductID INTEGER NOT NULL, \
          UnitPrice DECIMAL(10,2) NOT NULL DEFAULT 0 CHECK (UnitPrice >= 0), \
          Quantity INTEGER NOT NULL DEFAULT 1, Discount REAL NOT NULL DEFAULT 0, \
          PRIMARY KEY (OrderID, ProductID), \
          CHECK (Discount >= 0 AND Discount <= 1), CONSTRAINT \"some of it\" CHECK (Quantity > 0), \
          FOREIGN KEY (OrderID) REFERENCES Orders (OrderID) ON DELETE CASCADE); \
        CREATE INDEX \"by date\" ON Orders (OrderDate DESC, CustomerID); \
        CREATE UNIQUE INDEX one_name ON Employees (LastName, EmployeeID); \
        CREATE INDEX unpaid ON Orders (CustomerID) WHERE Paid = 0; \
        CREATE VIEW \"Order Subtotals\" AS SELECT OrderID, sum(UnitPrice) FROM \"Order Details\" GROUP BY OrderID; \
        INSERT INTO Employees VALUES (1, 'Davolio', '1948-12-08', x'00ff', NULL), \
          (2, 'Fuller', '1952-02-19', NULL, 1), (9, 'Callahan', NULL, x'', 2); \
        UPDATE sqlite_sequence SET seq = 40; \
        INSERT INTO Customers VALUES ('ALFKI', 'Alfreds Futterkiste'), ('ANATR', 'Ana''s \"Trujillo\"');";
    let later = "\
        WITH RECURSIVE n (i) AS (SELECT 10248 UNION ALL SELECT i + 1 FROM n WHERE i < 10547) \
          INSERT INTO Orders SELECT i, CASE i % 5 WHEN 0 THEN 'GONE' WHEN 1 THEN NULL ELSE 'ALFKI' END, i % 3, \
            datetime('2016-07-04', i || ' minutes'), i / 4.0 + 0.1, i % 2 FROM n; \
        INSERT INTO \"Order Details\" SELECT OrderID, 11 + OrderID % 4, OrderID / 4.0, 1 + OrderID % 9, \
            (OrderID % 4) / 4.0 FROM Orders; \
        DELETE FROM Orders WHERE OrderID = 10300;";
    with_live_wal(path, first, later);
}

/// What LangGraph's saver keeps: composite text keys and blobs, in WAL mode.
pub fn langgraph(path: &Path) {
    let sql = "\
        PRAGMA journal_mode = wal; \
        CREATE TABLE checkpoints (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', \
          checkpoint_id TEXT NOT NULL, parent_checkpoint_id TEXT, type TEXT, checkpoint BLOB, metadata BLOB, \
          PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id)); \
        CREATE TABLE writes (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', \
          checkpoint_id TEXT NOT NULL, task_id TEXT NOT NULL, idx INTEGER NOT NULL, channel TEXT NOT NULL, \
          type TEXT, value BLOB, PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)); \
        WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4999) \
          INSERT INTO checkpoints SELECT printf('thread-%d', i % 7), CASE i % 3 WHEN 0 THEN '' ELSE 'ns|' || i END, \
            printf('%08x-%04x', i * 7919 % 65536, i), NULL, 'msgpack', CAST(printf('%0300d', i) AS BLOB), x'80' FROM n; \
        INSERT INTO writes SELECT thread_id, checkpoint_ns, checkpoint_id, 'task', column1, 'messages', 'null', \
            CASE column1 WHEN -1 THEN NULL ELSE x'c0' END FROM checkpoints, (VALUES (-1), (0), (1)) LIMIT 9000;";
    script(path, sql);
}

/// Tables without a usable key: duplicates, NULLs, reals, and more rows than one bucket takes.
pub const KEYLESS: &str = "\
    CREATE TABLE log (at DATETIME, level TEXT, message, took REAL); \
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) \
      INSERT INTO log SELECT datetime('2024-01-01', (i % 50) || ' seconds'), 'info', 'm' || (i % 100), i % 10 + 0.5 FROM n; \
    CREATE TABLE measured (at REAL PRIMARY KEY, value INTEGER); \
    INSERT INTO measured VALUES (1.5, 1), (-1.5, 2), (1e300, 3); \
    CREATE TABLE \"only nulls\" (a, b TEXT); INSERT INTO \"only nulls\" VALUES (NULL, NULL), (NULL, NULL);";

/// `WITHOUT ROWID`, with keys of text, blob and several columns in an order that is not the columns'.
pub const WITHOUT_ROWID: &str = "\
    CREATE TABLE words (word TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID; \
    INSERT INTO words VALUES ('', 0), ('a', 1), ('B', 2), ('\u{e9}', 3), ('\u{1f600}', 4), ('a ', 5), ('\u{ffff}', 6); \
    CREATE TABLE pairs (a INTEGER, b TEXT, c BLOB NOT NULL, PRIMARY KEY (c, a DESC)) WITHOUT ROWID; \
    INSERT INTO pairs VALUES (1, 'x', x'00'), (2, 'y', x'00'), (-3, NULL, x''), (9223372036854775807, '', x'ff00');";

/// AUTOINCREMENT whose counter is ahead of the largest id, behind it, and of an emptied table.
pub const AUTOINCREMENT: &str = "\
    CREATE TABLE ahead (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT); INSERT INTO ahead VALUES (1, 'a'), (5, 'b'); \
    UPDATE sqlite_sequence SET seq = 900 WHERE name = 'ahead'; \
    CREATE TABLE behind (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO behind VALUES (-7, 'a'), (12, 'b'); \
    CREATE TABLE emptied (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT); INSERT INTO emptied VALUES (77, 'a'); \
    DELETE FROM emptied; \
    CREATE TABLE fresh (id INTEGER PRIMARY KEY, v TEXT); \
    CREATE TABLE negative (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO negative VALUES (-5, 'a');";

/// UTF-16, where texts sort otherwise than in UTF-8.
pub const UTF16: &str = "\
    PRAGMA encoding = 'UTF-16le'; \
    CREATE TABLE words (word TEXT PRIMARY KEY, n INTEGER NOT NULL); \
    INSERT INTO words VALUES ('z', 1), ('\u{ffff}', 2), ('\u{1f600}', 3), ('', 4); \
    CREATE TABLE byid (id INTEGER PRIMARY KEY, \"\u{fc}ber\" TEXT); INSERT INTO byid VALUES (1, '\u{1f600}\u{e9}');";

/// One column for each mapping, with the values at its edges.
pub const EVERY_TYPE: &str = "\
    CREATE TABLE every (id INTEGER PRIMARY KEY, whole BIGINT, flag BOOLEAN, ratio REAL, mixed NUMERIC, \
      price DECIMAL(12,3), note TEXT, at DATETIME, exact TIMESTAMP, zoned TIMESTAMP, day DATE, raw BLOB); \
    INSERT INTO every VALUES \
      (1, 9223372036854775807, 0, 0.0, 1, 0.001, '', '2024-02-29 23:59:59', '2024-01-01T00:00:00.123456', \
        '2024-01-01T00:00:00Z', '0001-01-01', x''), \
      (2, -9223372036854775807 - 1, 1, -0.0, 0.1, -999999999.999, 'tab\tnew\nline \\N \\ \"q\"', '1969-12-31 23:59:59', \
        '1970-01-01T00:00:00.000001', '1999-12-31T23:59:59Z', '9999-12-31', x'00'), \
      (3, 0, NULL, 1e308 * 10, 9007199254740992, 1, 'e\u{301} \u{e9} \u{1f600} ', NULL, '1969-12-31T23:59:59.999999', NULL, \
        '2000-02-29', x'deadbeef'), \
      (4, NULL, 1, 5e-324, -2.5, NULL, NULL, '2024-01-01 00:00:00', NULL, '1970-01-01T00:00:00Z', NULL, NULL), \
      (5, -1, 0, 0.1, NULL, 12.5, 'NULL', '0099-12-31 00:00:00', '2024-01-01T00:00:00.100000', NULL, NULL, zeroblob(70000));";

/// Three hundred small tables, the last ones empty.
pub fn many_tables() -> String {
    let table = |n: u32| {
        let rows = if n < 280 {
            format!("INSERT INTO t{n} VALUES (1, 'one'), ({n} + 2, NULL);")
        } else {
            String::new()
        };
        format!("CREATE TABLE t{n} (id INTEGER PRIMARY KEY, v TEXT); CREATE INDEX i{n} ON t{n} (v); {rows}")
    };
    (0..300).map(table).collect()
}
