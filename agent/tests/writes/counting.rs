//! What is a write, and what is counted of it.

use std::time::Duration;

use outgrow_agent::{Code, Connection};
use rusqlite::{TransactionBehavior, params};

use crate::store::bench;

#[test]
fn every_known_op_stands_at_zero_from_the_start() {
    let b = bench(&["put", "prune"]);
    for op in ["put", "prune"] {
        assert_eq!(
            (b.ok(op), b.errors(op), b.rows(op), b.timed(op)),
            (0.0, 0.0, 0.0, 0.0)
        );
        for code in Code::ALL {
            assert_eq!(b.code(op, code), 0.0);
        }
    }
    assert_eq!(b.in_flight(), 0.0);
    assert_eq!(
        b.value("checkpoint_write_last_success_timestamp_seconds{db=\"app\"}"),
        Some(0.0)
    );
    assert_eq!(
        b.value("outgrow_agent_dropped_events_total{reason=\"op_limit\"}"),
        Some(0.0)
    );
    assert!(
        !b.agent.render().contains("op=\"write\""),
        "only declared ops stand before their first use"
    );
}

#[test]
fn autocommit_statements_are_writes_and_reads_are_not() {
    let b = bench(&[]);
    let conn = b.open();
    conn.execute("INSERT INTO t (v) VALUES ('a'), ('b')", []).unwrap();
    conn.execute("UPDATE t SET v = v || 'x'", []).unwrap();
    conn.prepare_cached("DELETE FROM t WHERE k = ?1")
        .unwrap()
        .execute([2])
        .unwrap();
    let count: i64 = conn
        .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 1);
    conn.prepare("SELECT k FROM t")
        .unwrap()
        .query_map([], |row| row.get::<_, i64>(0))
        .unwrap()
        .for_each(drop);
    conn.pragma_update(None, "user_version", 7).unwrap();
    assert_eq!(
        (b.ok("write"), b.rows("write"), b.timed("write")),
        (3.0, 5.0, 3.0)
    );
    assert_eq!(b.errors("write"), 0.0);
}

#[test]
fn a_transaction_is_one_write_however_it_is_spelled() {
    let b = bench(&[]);
    let mut conn = b.open();
    let tx = conn.transaction().unwrap();
    tx.execute("INSERT INTO t (v) VALUES (1)", []).unwrap();
    tx.execute("INSERT INTO t (v) VALUES (2)", []).unwrap();
    assert_eq!(b.in_flight(), 1.0);
    tx.commit().unwrap();
    assert_eq!((b.ok("write"), b.rows("write"), b.in_flight()), (1.0, 2.0, 0.0));
    conn.execute_batch("BEGIN; INSERT INTO t (v) VALUES (3); INSERT INTO t (v) VALUES (4); COMMIT")
        .unwrap();
    assert_eq!((b.ok("write"), b.rows("write")), (2.0, 4.0));
    conn.execute_batch("INSERT INTO t (v) VALUES (5); -- and\nINSERT INTO t (v) VALUES (6);")
        .unwrap();
    assert_eq!((b.ok("write"), b.rows("write")), (4.0, 6.0));
    let sp = conn.savepoint().unwrap();
    sp.execute("INSERT INTO t (v) VALUES (7)", []).unwrap();
    sp.commit().unwrap();
    assert_eq!((b.ok("write"), b.rows("write")), (5.0, 7.0));
    let mut tx = conn
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .unwrap();
    let sp = tx.savepoint_with_name("a \"quoted\" name").unwrap();
    sp.execute("INSERT INTO t (v) VALUES (8)", []).unwrap();
    sp.commit().unwrap();
    tx.commit().unwrap();
    assert_eq!((b.ok("write"), b.rows("write")), (6.0, 8.0));
}

#[test]
fn reading_transactions_and_rollbacks_on_purpose_are_no_writes() {
    let b = bench(&[]);
    let mut conn = b.open();
    let tx = conn.transaction().unwrap();
    tx.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0))
        .unwrap();
    tx.commit().unwrap();
    let tx = conn.transaction().unwrap();
    tx.execute("INSERT INTO t (v) VALUES (1)", []).unwrap();
    drop(tx);
    conn.execute_batch("BEGIN; INSERT INTO t (v) VALUES (1); ROLLBACK")
        .unwrap();
    let mut sp = conn.savepoint().unwrap();
    sp.execute("INSERT INTO t (v) VALUES (1)", []).unwrap();
    sp.rollback().unwrap();
    drop(sp);
    let refused = conn.state_write("write", |tx| {
        tx.execute("INSERT INTO t (v) VALUES (1)", [])?;
        Err::<(), _>(rusqlite::Error::QueryReturnedNoRows)
    });
    assert!(refused.is_err());
    assert_eq!(
        (b.ok("write"), b.errors("write"), b.timed("write"), b.in_flight()),
        (0.0, 0.0, 0.0, 0.0)
    );
}

#[test]
fn returning_is_a_write_timed_until_its_rows_are_read() {
    let b = bench(&[]);
    let conn = b.open();
    let key: i64 = conn
        .query_row("INSERT INTO t (v) VALUES (1) RETURNING k", [], |row| row.get(0))
        .unwrap();
    assert_eq!((key, b.ok("write")), (1, 1.0));
    let mut stmt = conn
        .prepare("INSERT INTO t (v) VALUES (2), (3) RETURNING k")
        .unwrap();
    let mut rows = stmt.query([]).unwrap();
    rows.next().unwrap();
    assert_eq!((b.ok("write"), b.in_flight()), (1.0, 1.0));
    drop(rows);
    assert_eq!((b.ok("write"), b.rows("write"), b.in_flight()), (2.0, 3.0, 0.0));
    let none = conn.query_row("DELETE FROM t WHERE k = 99 RETURNING k", [], |row| {
        row.get::<_, i64>(0)
    });
    assert_eq!(none, Err(rusqlite::Error::QueryReturnedNoRows));
    assert_eq!((b.ok("write"), b.errors("write")), (3.0, 0.0));
}

#[test]
fn payload_is_counted_once_for_committed_writes() {
    let b = bench(&["put"]);
    let mut conn = b.open();
    assert!(!b.agent.render().contains("checkpoint_write_bytes"));
    let put = |conn: &mut Connection, key: i64, size: usize| {
        conn.state_write("put", |tx| {
            tx.add_bytes(size);
            tx.execute(
                "INSERT INTO t VALUES (?1, zeroblob(?2))",
                params![key, i64::try_from(size).unwrap()],
            )
        })
    };
    put(&mut conn, 1, 256).unwrap();
    put(&mut conn, 2, 257).unwrap();
    put(&mut conn, 2, 5000).unwrap_err();
    conn.set_op("put");
    conn.execute("INSERT INTO t (v) VALUES (1)", []).unwrap();
    let series = |name: &str| b.value(&format!("checkpoint_write_bytes_{name}")).unwrap();
    assert_eq!(series("count{db=\"app\",op=\"put\"}"), 2.0);
    assert_eq!(series("sum{db=\"app\",op=\"put\"}"), 513.0);
    assert_eq!(series("bucket{db=\"app\",op=\"put\",le=\"256\"}"), 1.0);
    assert_eq!((b.ok("put"), b.code("put", Code::Constraint)), (3.0, 1.0));
}

#[test]
fn threads_share_the_agent_s_own_writer_and_nothing_is_lost() {
    let b = bench(&["put"]);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let agent = &b.agent;
            scope.spawn(move || {
                for i in 0..50 {
                    let put = |tx: &outgrow_agent::sqlite::Transaction<'_>| {
                        tx.execute("INSERT INTO t VALUES (?1, NULL)", [thread * 1000 + i])
                    };
                    agent.state_write("put", put).unwrap();
                }
            });
        }
    });
    assert_eq!(
        (b.ok("put"), b.rows("put"), b.timed("put"), b.in_flight()),
        (200.0, 200.0, 200.0, 0.0)
    );
    let stored: i64 = b
        .open()
        .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
        .unwrap();
    assert_eq!(stored, 200);
    let when = b
        .value("checkpoint_write_last_success_timestamp_seconds{db=\"app\"}")
        .unwrap();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs_f64();
    assert!((now - when).abs() < 60.0, "{when} is not about now");
}

#[test]
fn other_drivers_are_measured_by_hand() {
    let b = bench(&["put"]);
    let mut write = b.agent.begin("put");
    write.add_rows(3);
    write.add_bytes(1000);
    assert_eq!(b.in_flight(), 1.0);
    write.finish(&Ok::<_, i32>(()));
    b.agent.begin("put").finish(&Err::<(), _>(517));
    drop(b.agent.begin("put"));
    b.agent
        .record("put", Duration::from_secs(7), &Err::<(), _>(Code::Full));
    b.agent
        .record("put", Duration::from_millis(1), &Ok::<_, rusqlite::Error>(()));
    assert_eq!(
        (b.ok("put"), b.rows("put"), b.timed("put"), b.in_flight()),
        (2.0, 3.0, 4.0, 0.0)
    );
    assert_eq!(
        (b.code("put", Code::BusySnapshot), b.code("put", Code::Full)),
        (1.0, 1.0)
    );
    let bucket = |le| {
        b.value(&format!(
            "checkpoint_write_duration_seconds_bucket{{db=\"app\",op=\"put\",le=\"{le}\"}}"
        ))
    };
    assert_eq!(
        (bucket("5"), bucket("10"), bucket("+Inf")),
        (Some(3.0), Some(4.0), Some(4.0))
    );
}

#[test]
fn ops_beyond_the_limit_are_other_and_reported() {
    let b = bench(&["put"]);
    for i in 0..outgrow_agent::MAX_OPS + 2 {
        b.agent
            .record(&format!("op{i}"), Duration::ZERO, &Ok::<_, i32>(()));
    }
    assert_eq!(b.ok("other"), 3.0);
    assert_eq!(
        b.value("outgrow_agent_dropped_events_total{reason=\"op_limit\"}"),
        Some(3.0)
    );
    assert_eq!(b.ok("put"), 0.0);
}

#[test]
fn hooks_count_and_run_the_application_s_own() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    let b = bench(&[]);
    let mut plain = rusqlite::Connection::open(&b.path).unwrap();
    let (commits, rollbacks) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (on_commit, on_rollback) = (commits.clone(), rollbacks.clone());
    let veto_third = move || on_commit.fetch_add(1, Ordering::Relaxed) == 2;
    let count_rollback = move || {
        on_rollback.fetch_add(1, Ordering::Relaxed);
    };
    let hooks = outgrow_agent::HostHooks::none()
        .commit(veto_third)
        .rollback(count_rollback);
    b.agent.attach(&mut plain, hooks).unwrap();
    let ended = |outcome| {
        b.value(&format!(
            "sqlite_attached_transactions_total{{db=\"app\",outcome=\"{outcome}\"}}"
        ))
    };
    assert_eq!((ended("commit"), ended("rollback")), (Some(0.0), Some(0.0)));
    plain.execute("INSERT INTO t (v) VALUES (1)", []).unwrap();
    plain
        .execute_batch("BEGIN; INSERT INTO t (v) VALUES (2); ROLLBACK")
        .unwrap();
    plain.execute("INSERT INTO t (v) VALUES (3)", []).unwrap();
    assert!(
        plain.execute("INSERT INTO t (v) VALUES (4)", []).is_err(),
        "the application's hook vetoes"
    );
    assert_eq!((ended("commit"), ended("rollback")), (Some(2.0), Some(2.0)));
    assert_eq!(
        (commits.load(Ordering::Relaxed), rollbacks.load(Ordering::Relaxed)),
        (3, 2)
    );
    assert_eq!(b.ok("write"), 0.0, "hooks tell nothing of the outcome of a write");
}
