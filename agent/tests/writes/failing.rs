//! Writes that fail, each code brought about for real, and writes that end without a result.

use std::time::Duration;

use outgrow_agent::Code;
use rusqlite::{ErrorCode, params};

use crate::store::bench;

#[test]
fn a_failure_the_application_handled_is_none() {
    let b = bench(&[]);
    let mut conn = b.open();
    let tx = conn.transaction().unwrap();
    tx.execute("INSERT INTO t VALUES (1, 1)", []).unwrap();
    assert!(tx.execute("INSERT INTO t VALUES (1, 2)", []).is_err());
    tx.commit().unwrap();
    assert_eq!((b.ok("write"), b.errors("write")), (1.0, 0.0));
}

#[test]
fn busy_is_counted_with_its_wait() {
    let b = bench(&["put"]);
    let mut conn = b.open();
    conn.busy_timeout(Duration::from_millis(120)).unwrap();
    let holder = rusqlite::Connection::open(&b.path).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = conn.state_write("put", |tx| tx.execute("INSERT INTO t (v) VALUES (1)", []));
    assert_eq!(
        refused.unwrap_err().sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy)
    );
    assert_eq!(
        (b.ok("put"), b.errors("put"), b.code("put", Code::Busy)),
        (0.0, 1.0, 1.0)
    );
    let waited = b
        .value("checkpoint_write_duration_seconds_sum{db=\"app\",op=\"put\"}")
        .unwrap();
    assert!(waited >= 0.1, "waited {waited} s");
    assert_eq!(
        b.value("checkpoint_write_duration_seconds_bucket{db=\"app\",op=\"put\",le=\"0.05\"}"),
        Some(0.0)
    );
    holder.execute_batch("ROLLBACK").unwrap();
    conn.state_write("put", |tx| tx.execute("INSERT INTO t (v) VALUES (1)", []))
        .unwrap();
    assert_eq!((b.ok("put"), b.in_flight()), (1.0, 0.0));
}

#[test]
fn a_late_upgrade_of_a_read_is_busy_snapshot() {
    let b = bench(&[]);
    let mut conn = b.open();
    let tx = conn.transaction().unwrap();
    tx.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0))
        .unwrap();
    rusqlite::Connection::open(&b.path)
        .unwrap()
        .execute("INSERT INTO t (v) VALUES (9)", [])
        .unwrap();
    assert!(tx.execute("INSERT INTO t (v) VALUES (1)", []).is_err());
    drop(tx);
    assert_eq!(
        (b.code("write", Code::BusySnapshot), b.code("write", Code::Busy)),
        (1.0, 0.0)
    );
}

#[test]
fn constraint_readonly_full_and_bad_sql_are_told_apart() {
    let b = bench(&[]);
    let conn = b.open();
    conn.execute("INSERT INTO t VALUES (1, 1)", []).unwrap();
    assert!(conn.execute("INSERT INTO t VALUES (1, 1)", []).is_err());
    assert_eq!(b.code("write", Code::Constraint), 1.0);

    conn.pragma_update(None, "query_only", true).unwrap();
    assert!(conn.execute("DELETE FROM t", []).is_err());
    assert_eq!(b.code("write", Code::Readonly), 1.0);
    conn.pragma_update(None, "query_only", false).unwrap();

    let pages: i64 = conn
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
        .unwrap();
    let mut other = b.open();
    other
        .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
        .unwrap();
    assert!(
        conn.execute("INSERT INTO t VALUES (2, zeroblob(100000))", [])
            .is_err()
    );
    let full = other.state_write("write", |tx| {
        tx.execute("INSERT INTO t VALUES (2, zeroblob(100000))", [])
    });
    assert!(full.is_err());
    assert_eq!(b.code("write", Code::Full), 2.0);

    assert!(conn.execute("INSERT INTO nowhere VALUES (1)", []).is_err());
    assert!(conn.execute("INSERT INTO t VALUES (?1)", params![1, 2]).is_err());
    assert!(conn.query_row("SELECT * FROM nowhere", [], |_| Ok(())).is_err());
    assert_eq!(b.code("write", Code::Other), 2.0);
    assert_eq!((b.ok("write"), b.errors("write"), b.in_flight()), (1.0, 6.0, 0.0));
}

#[test]
fn a_lock_inside_the_process_is_locked() {
    let b = bench(&[]);
    let conn = b.open();
    conn.execute("INSERT INTO t (v) VALUES (1)", []).unwrap();
    let mut reading = conn.prepare("SELECT k FROM t").unwrap();
    let mut rows = reading.query([]).unwrap();
    rows.next().unwrap();
    assert!(conn.execute("DROP TABLE t", []).is_err());
    assert_eq!(b.code("write", Code::Locked), 1.0);
}

#[test]
fn an_error_of_the_application_rolls_back_on_purpose_unless_sqlite_failed() {
    #[derive(Debug)]
    enum AppError {
        Refused,
        Sqlite,
    }
    impl From<rusqlite::Error> for AppError {
        fn from(_: rusqlite::Error) -> Self {
            Self::Sqlite
        }
    }
    let b = bench(&["put"]);
    let mut conn = b.open();
    let refused = conn.try_state_write("put", |tx| {
        tx.execute("INSERT INTO t VALUES (1, 1)", [])?;
        Err::<(), _>(AppError::Refused)
    });
    assert!(matches!(refused, Err(AppError::Refused)));
    let failed = conn.try_state_write("put", |tx| {
        tx.execute("INSERT INTO t VALUES (1, NULL), (1, NULL)", [])?;
        Ok::<_, AppError>(())
    });
    assert!(matches!(failed, Err(AppError::Sqlite)));
    assert_eq!(
        (b.ok("put"), b.errors("put"), b.code("put", Code::Constraint)),
        (0.0, 1.0, 1.0)
    );
}

#[test]
fn a_panic_in_a_closure_leaves_no_write_in_flight() {
    let b = bench(&["put"]);
    let mut conn = b.open();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = conn.state_write("put", |tx| {
            tx.execute("INSERT INTO t (v) VALUES (1)", [])?;
            panic!("of the application");
            #[allow(unreachable_code)]
            Ok(())
        });
    }));
    assert!(panicked.is_err());
    assert_eq!((b.ok("put"), b.in_flight()), (0.0, 0.0));
    conn.execute("INSERT INTO t (v) VALUES (2)", []).unwrap();
    assert_eq!(b.ok("write"), 1.0, "the name of writes is put back");
}

#[test]
fn a_connection_dropped_inside_a_transaction_leaves() {
    let b = bench(&[]);
    let conn = b.open();
    conn.execute_batch("BEGIN IMMEDIATE; INSERT INTO t (v) VALUES (1)")
        .unwrap();
    assert_eq!(b.in_flight(), 1.0);
    drop(conn);
    assert_eq!((b.ok("write"), b.errors("write"), b.in_flight()), (0.0, 0.0, 0.0));
}
