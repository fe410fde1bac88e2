//! The private servers: they start, are apart from each other, and are gone with their process.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use outgrow_e2e::postgres::{self, Database};
use outgrow_e2e::processes::{GONE_PATIENCE, assert_nothing_left, is_running, processes_of, send};
use outgrow_e2e::programs::from_setup;
use outgrow_migrator::demo::private_postgres::PrivatePostgresError;
use outgrow_migrator::demo::server_binaries::{OLDEST_MAJOR_VERSION, ServerBinaries};

#[test]
fn a_private_postgres_starts_and_leaves_nothing() {
    let server = postgres::private().start().unwrap();
    let (process_id, folder) = (server.process_id().unwrap(), server.folder().to_owned());
    assert_eq!(
        postgres::rows(&server.url("postgres"), "SELECT 1 + 1"),
        [[Some("2".to_owned())]]
    );
    assert!(processes_of(&folder).contains(&process_id));
    drop(server);
    assert!(!folder.exists());
    assert_nothing_left(process_id, &folder);
}

#[test]
fn two_private_postgres_are_apart() {
    let one = postgres::private().start().unwrap();
    let two = postgres::private().start().unwrap();
    assert_ne!(one.port(), two.port());
    postgres::execute(&one.url("postgres"), "CREATE TABLE only_here (id int)");
    let found = postgres::rows(&two.url("postgres"), "SELECT to_regclass('only_here')");
    assert_eq!(found, [[None]]);
}

#[test]
fn a_private_postgres_refuses_a_wrong_password_and_an_empty_one() {
    let server = postgres::shared();
    let wrong = server
        .url("postgres")
        .replace(server.password(), "00000000000000000000000000000000");
    assert!(postgres::run(&wrong, "SELECT 1").is_err());
    assert!(postgres::run(&server.url_without_password("postgres"), "SELECT 1").is_err());
    postgres::run(&server.url("postgres"), "SELECT 1").unwrap();
}

#[test]
fn settings_access_rules_and_files_reach_the_server() {
    let server = postgres::private()
        .setting("work_mem", "7MB")
        .setting("application_name", "it's")
        .hba("host all nobody_else 127.0.0.1/32 trust")
        .file("extra.txt", b"beside the data")
        .start()
        .unwrap();
    let url = server.url("postgres");
    let shown = postgres::rows(&url, "SHOW work_mem; SELECT pg_read_file('../extra.txt')");
    assert_eq!(
        shown,
        [[Some("7MB".to_owned())], [Some("beside the data".to_owned())]]
    );
    postgres::execute(&url, "CREATE ROLE nobody_else LOGIN");
    let trusted = server
        .url_without_password("postgres")
        .replace("outgrow@", "nobody_else@");
    let who = postgres::rows(&trusted, "SELECT current_user");
    assert_eq!(who, [[Some("nobody_else".to_owned())]]);
}

#[test]
fn a_server_that_ends_early_says_why_and_leaves_nothing() {
    let error = postgres::private()
        .setting("no_such_setting_at_all", "1")
        .start()
        .unwrap_err();
    match error {
        PrivatePostgresError::Start {
            step: "postgres",
            log,
            ..
        } => {
            assert!(log.contains("no_such_setting_at_all"), "{log}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_crashed_server_comes_back_with_its_data_on_its_port() {
    let mut server = postgres::private().start().unwrap();
    let (url, first) = (server.url("postgres"), server.process_id());
    postgres::execute(&url, "CREATE TABLE kept AS SELECT 42 AS value");
    server.crash().unwrap();
    assert_eq!(server.process_id(), None);
    assert!(postgres::run(&url, "SELECT 1").is_err());
    server.restart().unwrap();
    assert_ne!(server.process_id(), first);
    assert_eq!(
        postgres::rows(&url, "SELECT value FROM kept"),
        [[Some("42".to_owned())]]
    );
    let folder = server.folder().to_owned();
    server.crash().unwrap();
    drop(server);
    assert!(!folder.exists());
}

/// The shared memory segment that a Postgres names in its lock file (seventh line, second number).
fn shared_memory_segment(data: &Path) -> String {
    let lock = fs::read_to_string(data.join("postmaster.pid")).unwrap();
    lock.lines()
        .nth(6)
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .to_owned()
}

fn segment_exists(segment: &str) -> bool {
    let all = fs::read_to_string("/proc/sysvipc/shm").unwrap();
    all.lines()
        .any(|line| line.split_whitespace().nth(1) == Some(segment))
}

#[test]
fn a_server_killed_by_somebody_else_is_cleaned_up_too() {
    let server = postgres::private().start().unwrap();
    let (process_id, folder) = (server.process_id().unwrap(), server.folder().to_owned());
    let segment = shared_memory_segment(&server.data_directory());
    assert!(segment_exists(&segment));
    send("KILL", process_id);
    let start = Instant::now();
    while is_running(process_id) && start.elapsed() < GONE_PATIENCE {
        thread::sleep(Duration::from_millis(10));
    }
    drop(server);
    assert_nothing_left(process_id, &folder);
    assert!(!segment_exists(&segment));
}

#[test]
fn each_database_is_fresh_and_dropped() {
    let (one, two) = (Database::create(), Database::create());
    one.execute("CREATE TABLE t (id int)");
    assert_eq!(
        two.value("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"),
        "0"
    );
    let name = one.name().to_owned();
    drop(one);
    assert_eq!(
        two.value(&format!(
            "SELECT count(*) FROM pg_database WHERE datname = '{name}'"
        )),
        "0"
    );
}

#[test]
fn the_server_that_set_up_found_is_new_enough() {
    let found = ServerBinaries::within(&from_setup("OUTGROW_PG_BINDIR")).unwrap();
    assert!(found.major_version >= OLDEST_MAJOR_VERSION);
}

/// Starts the program that holds one server of each kind, and reads which ones.
fn holder() -> (Child, Vec<(u32, PathBuf)>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hold_servers"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let servers: Vec<(u32, PathBuf)> = lines
        .take_while(|line| line != "ready")
        .map(|line| {
            let (process_id, folder) = line.split_once(' ').unwrap();
            (process_id.parse().unwrap(), PathBuf::from(folder))
        })
        .collect();
    let ids: HashSet<u32> = servers.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), 2, "the holder started a Postgres and a Prometheus");
    (child, servers)
}

#[test]
fn servers_outlive_the_thread_but_not_the_process_that_started_them() {
    for signal in ["KILL", "TERM", "INT", "HUP"] {
        let (mut child, servers) = holder();
        for (process_id, folder) in &servers {
            assert!(is_running(*process_id) && folder.exists(), "{signal}");
        }
        send(signal, child.id());
        child.wait().unwrap();
        for (process_id, folder) in &servers {
            assert_nothing_left(*process_id, folder);
        }
    }
}
