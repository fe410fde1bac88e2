//! Several readers, a live writer, and one snapshot.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Barrier};

use rusqlite::Connection;

use super::*;

/// A file with one row that a writer counts up in a second table too, so that a torn view shows.
fn file(folder: &Path, journal_mode: &str) -> std::path::PathBuf {
    let path = folder.join("a.db");
    let writer = Connection::open(&path).unwrap();
    let sql = format!(
        "PRAGMA journal_mode = {journal_mode}; CREATE TABLE a (n INTEGER); CREATE TABLE b (n INTEGER);
         INSERT INTO a VALUES (0); INSERT INTO b VALUES (0)"
    );
    writer.execute_batch(&sql).unwrap();
    path
}

fn number(reader: &Reader, table: &str) -> i64 {
    let sql = format!("SELECT n FROM {table}");
    reader.connection().query_row(&sql, [], |row| row.get(0)).unwrap()
}

/// What every reader sees in both tables.
fn views(source: &Source) -> Vec<(i64, i64)> {
    let further = source.readers().0.iter().map(|reader| {
        let reader = reader.lock().unwrap();
        (number(&reader, "a"), number(&reader, "b"))
    });
    further
        .chain([(number(source, "a"), number(source, "b"))])
        .collect()
}

#[test]
fn readers_agree_while_a_writer_commits() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "WAL");
    let ended = Arc::new(AtomicBool::new(false));
    let writer = thread::spawn({
        let (path, ended) = (path.clone(), Arc::clone(&ended));
        move || {
            let mut writer = Connection::open(path).unwrap();
            writer.execute_batch("PRAGMA synchronous = OFF").unwrap();
            while !ended.load(Ordering::Relaxed) {
                let transaction = writer.transaction().unwrap();
                transaction
                    .execute_batch("UPDATE a SET n = n + 1; UPDATE b SET n = n + 1")
                    .unwrap();
                transaction.commit().unwrap();
            }
        }
    });
    let (mut aligned, mut moved) = (0, 0);
    let mut last = -1;
    for _ in 0..60 {
        let source = Source::open_with(&path, 3).unwrap();
        let seen = views(&source);
        aligned += seen.len() - 1;
        // A second look after more commits: the snapshots stay.
        thread::sleep(Duration::from_millis(2));
        assert_eq!(views(&source), seen);
        assert!(
            seen.iter().all(|view| *view == (seen[0].0, seen[0].0)),
            "{seen:?}"
        );
        moved += usize::from(seen[0].0 != last);
        last = seen[0].0;
    }
    ended.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    assert!(aligned > 60, "brackets hardly ever held: {aligned} readers");
    assert!(moved > 30, "the writer hardly wrote: {moved}");
}

#[test]
fn with_a_rollback_journal_the_first_reader_keeps_writers_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "DELETE");
    let source = Source::open_with(&path, 2).unwrap();
    assert_eq!(source.readers().len(), 2);
    let writer = Connection::open(&path).unwrap();
    writer.busy_timeout(Duration::ZERO).unwrap();
    assert!(writer.execute_batch("UPDATE a SET n = 9").is_err());
    assert_eq!(views(&source), [(0, 0); 3]);
    drop(source);
    writer.execute_batch("UPDATE a SET n = 9").unwrap();
}

/// A writer that waits to commit keeps new readers out, but not the one that is in already.
#[test]
fn without_further_readers_the_source_still_opens() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "DELETE");
    let in_already = Source::open_with(&path, 0).unwrap();
    assert!(in_already.readers().is_empty());
    // Reserved by a writer: readers may still come in.
    let writer = Connection::open(&path).unwrap();
    writer
        .execute_batch("BEGIN IMMEDIATE; UPDATE a SET n = 9")
        .unwrap();
    assert_eq!(views(&Source::open_with(&path, 3).unwrap()), [(0, 0); 4]);
}

#[test]
fn a_broken_bracket_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "WAL");
    let header = Header::read(&path).unwrap();
    let (control, readers) = connect_further(&path, &header, 1).unwrap();
    let before = control.data_version().unwrap();
    readers[0].begin_snapshot().unwrap();
    assert_eq!(control.data_version().unwrap(), before);
    Connection::open(&path)
        .unwrap()
        .execute_batch("UPDATE a SET n = 1")
        .unwrap();
    assert_ne!(control.data_version().unwrap(), before);
}

#[test]
fn jobs_are_done_once_each_and_come_back_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let source = Source::open_with(&file(folder.path(), "WAL"), 3).unwrap();
    let order: Vec<usize> = (0..200).rev().collect();
    for workers in [0, 1, 2, 4, 9] {
        let done = source.run_all(&order, workers, |reader, job, _| {
            Ok::<_, ()>((job, number(reader, "a")))
        });
        let expected: Vec<(usize, i64)> = order.iter().map(|job| (*job, 0)).collect();
        assert_eq!(done.unwrap(), expected, "{workers} workers");
    }
}

#[test]
fn work_is_spread_over_threads() {
    let folder = tempfile::tempdir().unwrap();
    let source = Source::open_with(&file(folder.path(), "WAL"), 3).unwrap();
    // Only four threads at once get past the barrier.
    let barrier = Barrier::new(4);
    let done = source.run_all(&[0, 1, 2, 3], 4, |_, job, _| {
        barrier.wait();
        Ok::<_, ()>(job)
    });
    assert_eq!(done.unwrap(), [0, 1, 2, 3]);
}

#[test]
fn one_error_ends_all() {
    let folder = tempfile::tempdir().unwrap();
    let source = Source::open_with(&file(folder.path(), "WAL"), 3).unwrap();
    let running = Barrier::new(2);
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let done = source.run_all(&[0, 1], 2, |reader, job, _| {
        running.wait();
        if job == 0 {
            // The other statement is under way by now, or will be told before it begins.
            thread::sleep(Duration::from_millis(100));
            return Err("the first".to_owned());
        }
        let counted = reader
            .connection()
            .query_row(endless, [], |row| row.get::<_, i64>(0));
        counted.map(|_| ()).map_err(|cause| cause.to_string())
    });
    assert_eq!(done.unwrap_err(), "the first");
    // The readers are as good as before.
    assert_eq!(views(&source), [(0, 0); 4]);
}
