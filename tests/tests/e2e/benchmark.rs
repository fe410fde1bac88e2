//! The benchmark, as far as it can be right or wrong: it tells what it did, and leaves nothing behind, however it ends.
//! Its figures are nobody's to judge here.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use outgrow_e2e::processes::{GONE_PATIENCE, processes_of, send};
use outgrow_e2e::programs;
use tempfile::TempDir;

/// A temporary folder that a server of another user can work in.
fn temporary_folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("bench-").tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
    folder
}

fn bench(folder: &Path, arguments: &[&str]) -> Command {
    // The command under test lies beside it.
    assert!(programs::outgrow().exists());
    let mut command = Command::new(programs::bench());
    command
        .args(arguments)
        .env("TMPDIR", folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn text(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    format!("{}{stderr}", String::from_utf8_lossy(&output.stdout))
}

fn assert_empty(folder: &Path) {
    let left: Vec<_> = fs::read_dir(folder).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(processes_of(folder).is_empty());
}

/// Small enough to take a second or two; the two tables have a foreign key, so that both have keys to make.
const SMALL: [&str; 5] = ["many", "--scale", "0.0067", "--rounds", "1"];

#[test]
fn a_run_prints_its_tables_and_leaves_nothing() {
    let folder = temporary_folder();
    // Peers that are not there are named, and nothing fails.
    let output = bench(folder.path(), &SMALL)
        .args(["--peers", "--no-agent"])
        .env("OUTGROW_PGLOADER", "/nowhere/pgloader")
        .env("OUTGROW_DUCKDB_PYTHON", "/nowhere/python")
        .output()
        .unwrap();
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    for expected in [
        "bound by",
        "may be",
        "DuckDB: not installed",
        "pgloader: not installed",
        "wal_level",
    ] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    assert_empty(folder.path());
}

#[test]
fn an_interrupt_ends_it_and_leaves_nothing() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let folder = temporary_folder();
        let child = bench(folder.path(), &["narrow", "--scale", "0.5", "--rounds", "1000"])
            .spawn()
            .unwrap();
        // While it makes its data set the server runs already.
        let start = Instant::now();
        while !has_data_set(folder.path()) {
            assert!(start.elapsed() < GONE_PATIENCE, "no data set");
            thread::sleep(Duration::from_millis(20));
        }
        send(signal, child.id());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", text(&output));
        assert_empty(folder.path());
    }
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next() {
    let folder = temporary_folder();
    let mut child = bench(folder.path(), &["narrow", "--scale", "0.5", "--rounds", "1000"])
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !has_data_set(folder.path()) {
        assert!(start.elapsed() < GONE_PATIENCE, "no data set");
        thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // Its server ends by itself.
    while !processes_of(folder.path()).is_empty() {
        assert!(start.elapsed() < 2 * GONE_PATIENCE, "its server runs on");
        thread::sleep(Duration::from_millis(20));
    }
    assert!(has_data_set(folder.path()), "nothing was left to remove");
    let next = bench(
        folder.path(),
        &["--census", "many", "--scale", "0.0067", "--rounds", "1"],
    )
    .output()
    .unwrap();
    assert!(next.status.success(), "{}", text(&next));
    assert_empty(folder.path());
}

fn has_data_set(parent: &Path) -> bool {
    let mut folders = fs::read_dir(parent).unwrap();
    folders.any(|folder| folder.is_ok_and(|folder| folder.path().join("narrow.db").exists()))
}
