//! A server that is killed in every way and comes back on the same port, and databases in it.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use outgrow_e2e::postgres;
use outgrow_e2e::processes::{is_running, send};
use outgrow_migrator::demo::private_postgres::PrivatePostgres;
use tempfile::TempDir;

use super::attempt::Ground;
use super::fixture;

/// How long a server may take to be back.
const BACK: Duration = Duration::from_secs(60);

/// A private server with a folder for sources.
pub struct Field {
    pub server: PrivatePostgres,
    pub folder: TempDir,
    databases: u32,
}

impl Field {
    /// A server with these settings.
    pub fn with(settings: &[(&str, &str)]) -> Self {
        let mut builder = postgres::private().setting("autovacuum", "off");
        for (name, value) in settings {
            builder = builder.setting(name, value);
        }
        if let Some(memory) = postgres::memory() {
            builder = builder.below(memory);
        }
        Self {
            server: builder.start().unwrap_or_else(|error| panic!("{error}")),
            folder: tempfile::tempdir().unwrap(),
            databases: 0,
        }
    }

    /// A new source of so many rows in its big table, and a new database.
    pub fn ground(&mut self, rows: u32, wal: bool) -> Ground {
        let source = self.source(rows, wal);
        Ground {
            folder: source.parent().unwrap().to_owned(),
            source,
            url: self.database("template1"),
        }
    }

    /// A new source.
    pub fn source(&self, rows: u32, wal: bool) -> PathBuf {
        let folder = self.folder.path().join(format!("ground-{}", self.databases));
        fs::create_dir(&folder).unwrap();
        let source = folder.join("app.db");
        fixture::make(&source, rows, wal);
        source
    }

    /// A new database, made as a copy of another one.
    pub fn database(&mut self, template: &str) -> String {
        self.databases += 1;
        let name = format!("ground_{}", self.databases);
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
        postgres::execute(&self.server.url("postgres"), &sql);
        self.server.url(&name)
    }

    /// Kills the postmaster, waits until all its children are gone too, and starts the server again.
    pub fn kill_postmaster(&mut self) {
        let postmaster = self.server.process_id().unwrap();
        let children = children_of(postmaster);
        send("KILL", postmaster);
        let start = Instant::now();
        while children.iter().any(|child| is_running(*child)) {
            if start.elapsed() > Duration::from_secs(2) {
                for child in children.iter().filter(|child| is_running(**child)) {
                    let _ = std::process::Command::new("kill")
                        .args(["-KILL", &child.to_string()])
                        .status();
                }
            }
            assert!(start.elapsed() < BACK, "a backend outlived its postmaster");
            std::thread::sleep(Duration::from_millis(10));
        }
        self.server.restart().unwrap();
    }

    /// Stops the server at once (`pg_ctl -m immediate`) and starts it again.
    pub fn stop_at_once(&mut self) {
        self.server.restart().unwrap();
    }

    /// Waits until the server takes connections, as after the crash of a backend.
    pub fn await_back(&self) {
        let start = Instant::now();
        while postgres::run(&self.server.url("postgres"), "SELECT 1").is_err() {
            assert!(start.elapsed() < BACK, "the server did not come back");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The children of a process, from `/proc`.
fn children_of(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").unwrap();
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // State and parent follow the program's name, which is in parentheses (proc_pid_stat(5)).
        let after = stat.rsplit(')').next().unwrap_or_default().trim_start();
        after.split(' ').nth(1) == Some(&parent.to_string())
    })
    .collect()
}
