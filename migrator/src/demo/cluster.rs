//! The two steps of a private cluster's life that run a program: `initdb`, and the server itself.
//!
//! Both run under a guard, log into the cluster's folder, and fail with the end of that log.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::guarded::{Guarded, Launch};
use super::server_binaries::{OLDEST_MAJOR_VERSION, ServerBinaries};
use super::server_folder::{self, Owner};
use crate::exit::Exit;
use crate::failure::Failure;

/// The superuser of every private server.
pub const USER: &str = "outgrow";

/// How long a server may take to start, or `initdb` to finish. Seconds on a busy machine, never minutes.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// How many lines of a server's log an error shows.
const LOG_LINES_SHOWN: usize = 12;

/// Why no private server could be had.
#[derive(Debug, thiserror::Error)]
pub enum PrivatePostgresError {
    /// None of the places holds a server that is new enough.
    #[error("no Postgres server >= {OLDEST_MAJOR_VERSION} in any of: {}", list(.0))]
    NoServer(Vec<PathBuf>),
    /// The folder or a file in it could not be made.
    #[error("the server's temporary folder could not be prepared")]
    Folder(#[source] io::Error),
    /// A program could not be started; as root, it runs as another user, who may not be able to reach it.
    #[error("{program} could not be started")]
    Program {
        /// Which one.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// `initdb` or the server ended early or was not ready in time.
    #[error("{step} failed after {seconds:.1} s; its last words:\n{log}")]
    Start {
        /// `initdb` or `postgres`.
        step: &'static str,
        /// How long it was waited for.
        seconds: f64,
        /// The end of its log.
        log: String,
    },
}

impl From<PrivatePostgresError> for Failure {
    fn from(error: PrivatePostgresError) -> Self {
        let next = match &error {
            PrivatePostgresError::NoServer(_) => {
                "run `make setup`, or install a Postgres server, or set OUTGROW_PG_BINDIR to the folder of initdb and postgres"
            }
            PrivatePostgresError::Folder(_) => {
                "set TMPDIR to a folder that has room and that you may write to"
            }
            PrivatePostgresError::Program { .. } => {
                "run `make setup`; as root, the programs must be where the user postgres or nobody can read them"
            }
            PrivatePostgresError::Start { .. } => "remove the cause that the log names and run this again",
        };
        Self::new(Exit::TargetError, "the private Postgres did not start", next).because(error)
    }
}

/// Runs `initdb`: UTF-8, C locale, password for every connection.
pub(super) fn create_cluster(
    programs: &ServerBinaries,
    folder: &Path,
    owner: Owner,
    password: &str,
) -> Result<(), PrivatePostgresError> {
    let password_file = folder.join("password");
    server_folder::write(&password_file, password.as_bytes(), owner).map_err(PrivatePostgresError::Folder)?;
    let mut arguments: Vec<OsString> = [
        "--username",
        USER,
        "--auth",
        "scram-sha-256",
        "--encoding",
        "UTF8",
    ]
    .iter()
    .chain(&["--locale", "C", "--no-sync", "--pwfile"])
    .map(OsString::from)
    .collect();
    arguments.push(password_file.clone().into());
    arguments.push("--pgdata".into());
    arguments.push(folder.join("data").into());
    let start = Instant::now();
    let run = run_guarded(
        &programs.folder.join("initdb"),
        arguments,
        folder,
        owner,
        "initdb.log",
    )?;
    let failed = !matches!(run.wait_for_exit(START_PATIENCE), Ok(0));
    if failed {
        return Err(start_failure("initdb", start, &folder.join("initdb.log")));
    }
    run.stop_and_keep().map_err(PrivatePostgresError::Folder)?;
    fs::remove_file(password_file).map_err(PrivatePostgresError::Folder)
}

/// Starts the server and waits until it takes connections.
pub(super) fn start_server(
    programs: &ServerBinaries,
    folder: &Path,
    owner: Owner,
) -> Result<Guarded, PrivatePostgresError> {
    let data = folder.join("data");
    // After a crash it tells of the server before.
    let _ = fs::remove_file(data.join("postmaster.pid"));
    let mut setting = OsString::from("config_file=");
    setting.push(folder.join("postgresql.conf"));
    let arguments = vec!["-D".into(), data.clone().into(), "-c".into(), setting];
    let start = Instant::now();
    let server = run_guarded(
        &programs.folder.join("postgres"),
        arguments,
        folder,
        owner,
        "server.log",
    )?;
    loop {
        if is_ready(&data) {
            return Ok(server);
        }
        if server.exit_status().is_some() || start.elapsed() > START_PATIENCE {
            let failure = start_failure("postgres", start, &folder.join("server.log"));
            // The caller may try another port in the same folder.
            let _ = server.stop_and_keep();
            return Err(failure);
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn run_guarded(
    program: &Path,
    arguments: Vec<OsString>,
    folder: &Path,
    owner: Owner,
    log: &str,
) -> Result<Guarded, PrivatePostgresError> {
    let log = folder.join(log);
    let variables = vec![("LC_ALL".into(), "C".into()), ("TZ".into(), "UTC".into())];
    // SIGQUIT is Postgres's immediate shutdown, and initdb gives up on it.
    let launch = Launch {
        program,
        arguments,
        variables,
        log: &log,
        stop_signal: "QUIT",
    };
    Guarded::start(folder, &owner, &launch).map_err(|source| PrivatePostgresError::Program {
        program: program.to_owned(),
        source,
    })
}

/// The eighth line of `postmaster.pid` is the server's status (`LOCK_FILE_LINE_PM_STATUS` in Postgres's
/// `miscadmin.h`), which is also what `pg_ctl` waits for; a standby that takes readers says so.
fn is_ready(data: &Path) -> bool {
    fs::read_to_string(data.join("postmaster.pid")).is_ok_and(|text| {
        text.lines()
            .nth(7)
            .is_some_and(|status| ["ready", "standby"].contains(&status.trim()))
    })
}

fn start_failure(step: &'static str, start: Instant, log: &Path) -> PrivatePostgresError {
    let text = fs::read(log)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let log = lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n");
    PrivatePostgresError::Start {
        step,
        seconds: start.elapsed().as_secs_f64(),
        log,
    }
}

fn list(places: &[PathBuf]) -> String {
    places
        .iter()
        .map(|place| place.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_is_the_eighth_line_of_the_lock_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_ready(folder.path()));
        let lines = "1\n/data\n2\n5432\n/tmp\n127.0.0.1\n1 2\n";
        let file = folder.path().join("postmaster.pid");
        fs::write(&file, format!("{lines}starting\n")).unwrap();
        assert!(!is_ready(folder.path()));
        for ready in ["ready   ", "standby "] {
            fs::write(&file, format!("{lines}{ready}\n")).unwrap();
            assert!(is_ready(folder.path()), "{ready}");
        }
    }
}
