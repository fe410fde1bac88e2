//! One source, one database, and attempts to bring the one into the other.
//!
//! Every end of an attempt is checked: its exit code, what it says is next, and that a password shows nowhere. The
//! final state is compared by code that shares nothing with outgrow's verification.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use outgrow_e2e::postgres::{self, Session};
use outgrow_e2e::programs::outgrow;
use rusqlite::{Connection, OpenFlags};

use super::fixture;
use crate::hostile::compare::{Sides, assert_same_values};

/// No attempt takes longer, also on a busy machine and with a server that comes back late.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// What an attempt said, and how it ended.
#[derive(Debug)]
pub struct Said {
    /// Exit code; none if a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A source with its target.
#[derive(Debug)]
pub struct Ground {
    pub source: PathBuf,
    pub folder: PathBuf,
    pub url: String,
}

/// An attempt under way.
#[derive(Debug)]
pub struct Attempt {
    child: Child,
    folder: PathBuf,
}

impl Ground {
    /// The command `migrate` with its usual options, ready for more.
    pub fn command(&self, options: &[&str]) -> Command {
        let mut command = Command::new(outgrow());
        let source = self.source.to_str().unwrap();
        command.args([
            "migrate",
            source,
            "--to",
            &self.url,
            "--transaction-size",
            "64KiB",
        ]);
        command.args(fixture::OPTIONS).args(options);
        command
            .current_dir(&self.folder)
            .env("HOME", &self.folder)
            .env_remove("OUTGROW_TO");
        command
    }

    /// Starts an attempt that `failpoints` end, if they say so.
    pub fn start(&self, options: &[&str], failpoints: &str) -> Attempt {
        let mut command = self.command(options);
        if !failpoints.is_empty() {
            command.env("FAILPOINTS", failpoints);
        }
        spawn(command, &self.folder)
    }

    /// An attempt from its begin to its end.
    pub fn attempt(&self, options: &[&str], failpoints: &str) -> Said {
        self.start(options, failpoints).end()
    }

    /// Attempts that are to come through at once.
    #[track_caller]
    pub fn finish(&self) {
        let said = self.attempt(&["--retry-for", "20s"], "");
        if said.code != Some(0) {
            assert_done_before(&said);
        }
        self.assert_equal();
    }

    /// Whether the run of the latest attempt came to its end.
    pub fn is_done(&self) -> bool {
        let there = "SELECT to_regclass('_outgrow.run') IS NOT NULL";
        let state = "SELECT 1 FROM _outgrow.run WHERE state = 'done'";
        self.ask(there) == "t" && !postgres::rows(&self.url, state).is_empty()
    }

    /// The one value of a query.
    #[track_caller]
    pub fn ask(&self, sql: &str) -> String {
        let rows = postgres::rows(&self.url, sql);
        rows[0][0].clone().unwrap_or_default()
    }

    /// Every value of both sides is the same, the run is done, and nobody is at work on it.
    #[track_caller]
    pub fn assert_equal(&self) {
        let states = "SELECT string_agg(state, ',') FROM _outgrow.run WHERE state <> 'discarded'";
        assert_eq!(self.ask(states), "done");
        let records = "SELECT count(*) || ' ' || max(run_id::text) FROM _outgrow.migration";
        let records = self.ask(records);
        let (count, run) = records.split_once(' ').unwrap();
        assert_eq!(count, "1", "a migration has one record");
        self.await_sessions_gone();
        let plan = self.ask("SELECT plan FROM _outgrow.migration");
        let plan = serde_json::from_str(&plan).unwrap();
        let source = Connection::open_with_flags(&self.source, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let sides = Sides {
            source: &source,
            target: &Session::open(&self.url),
            plan: &plan,
            run: Some(run),
        };
        for table in &plan.tables {
            assert_same_values(&sides, table);
        }
    }

    /// Sessions that the ledger names end soon after their process.
    fn await_sessions_gone(&self) {
        let living = "SELECT count(*) FROM pg_stat_activity a JOIN _outgrow.session s \
                      ON s.pid = a.pid AND s.backend_start = a.backend_start";
        let start = Instant::now();
        while self.ask(living) != "0" {
            assert!(
                start.elapsed() < Duration::from_secs(15),
                "a session of the run lives on"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A run that was done before its process could say so.
#[track_caller]
pub fn assert_done_before(said: &Said) {
    assert_eq!(said.code, Some(4), "{said:?}");
    assert!(
        said.stderr.contains("This file was migrated there at"),
        "{said:?}"
    );
}

/// Starts a command whose output goes to files: nobody has to read it meanwhile.
pub fn spawn(mut command: Command, folder: &Path) -> Attempt {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let folder = folder.join(format!("attempt-{number}"));
    fs::create_dir(&folder).unwrap();
    let child = command
        .stdin(Stdio::null())
        .stdout(File::create(folder.join("stdout")).unwrap())
        .stderr(File::create(folder.join("stderr")).unwrap())
        .spawn()
        .unwrap();
    Attempt { child, folder }
}

impl Attempt {
    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// What it said so far on stderr.
    pub fn told(&self) -> String {
        fs::read_to_string(self.folder.join("stderr")).unwrap_or_default()
    }

    /// Ends it as `kill -9` does.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
    }

    /// Waits for its end and checks what holds for every one.
    #[track_caller]
    pub fn end(mut self) -> Said {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if start.elapsed() > PATIENCE {
                self.kill();
                panic!("an attempt did not end:\n{}", self.told());
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let said = Said {
            code: status.code(),
            stdout: fs::read_to_string(self.folder.join("stdout")).unwrap(),
            stderr: self.told(),
        };
        let _ = fs::remove_dir_all(&self.folder);
        check(&said);
        said
    }
}

/// What holds for every end of an attempt.
#[track_caller]
fn check(said: &Said) {
    match said.code {
        None => {}
        Some(0) => assert!(said.stdout.starts_with("EQUAL"), "{said:?}"),
        Some(4..=7) => assert!(said.stderr.contains("next:"), "{said:?}"),
        _ => panic!("an exit code that no attempt has: {said:?}"),
    }
    if said.code == Some(7) {
        let how = ["run the same command again", "Run it again"];
        assert!(how.iter().any(|words| said.stderr.contains(words)), "{said:?}");
    }
}
