//! One server, and programs run against it under a clock.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use outgrow_migrator::demo::private_postgres::PrivatePostgres;
use tempfile::TempDir;

use crate::Outcome;

/// How often the memory of a program is looked at; its peak only grows, so little is missed.
const MEMORY_POLL: Duration = Duration::from_millis(10);

/// The server and the folder of one benchmark. Both are gone with it.
#[derive(Debug)]
pub struct Bench {
    server: PrivatePostgres,
    folder: TempDir,
    psql: PathBuf,
}

/// What a program took.
#[derive(Debug, Clone)]
pub struct Run {
    /// From its start to its exit.
    pub seconds: f64,
    /// Its largest resident set; zero where the system does not tell.
    pub peak_bytes: u64,
    /// What it wrote to stdout.
    pub stdout: String,
}

impl Bench {
    /// A benchmark on this server.
    pub fn new(server: PrivatePostgres) -> Outcome<Self> {
        let beside_server = server.programs().folder.join("psql");
        let psql = if beside_server.exists() {
            beside_server
        } else {
            PathBuf::from("psql")
        };
        Ok(Self {
            server,
            folder: tempfile::Builder::new().prefix("outgrow-bench-").tempdir()?,
            psql,
        })
    }

    /// Where its files lie.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// URL of a database; the password travels in the environment.
    pub fn url(&self, database: &str) -> String {
        self.server.url_without_password(database)
    }

    /// Makes an empty database, in place of one of that name.
    pub fn fresh_database(&self, name: &str) -> Outcome<()> {
        self.drop_database(name)?;
        self.sql_value("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0"))?;
        Ok(())
    }

    /// Drops a database if it is there.
    pub fn drop_database(&self, name: &str) -> Outcome<()> {
        let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        self.sql_value("postgres", &sql).map(|_| ())
    }

    /// Writes out what earlier runs left to write, so that it does not count in the next one.
    pub fn settle(&self) -> Outcome<()> {
        self.sql_value("postgres", "CHECKPOINT").map(|_| ())
    }

    /// Runs one statement and returns its one value as text.
    pub fn sql_value(&self, database: &str, sql: &str) -> Outcome<String> {
        let mut psql = self.psql(database);
        psql.args(["-A", "-t", "-c", sql]);
        Ok(self.timed(psql)?.stdout.trim().to_owned())
    }

    /// Runs a script.
    pub fn script(&self, database: &str, script: &Path) -> Outcome<Run> {
        let mut psql = self.psql(database);
        psql.arg("-f").arg(script);
        self.timed(psql)
    }

    /// Runs the command `outgrow`, which was built beside this program.
    pub fn outgrow(&self, arguments: &[&str]) -> Outcome<Run> {
        let program = std::env::current_exe()?.with_file_name("outgrow");
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder());
        self.timed(command)
    }

    fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(&self.psql);
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &self.url(database)]);
        // NOTICEs about what is not there are no news.
        psql.env("PGOPTIONS", "-c client_min_messages=warning");
        psql
    }

    /// Runs a program to its end. Its output goes through files, so that nobody has to read it meanwhile.
    fn timed(&self, mut command: Command) -> Outcome<Run> {
        let (out, err) = (self.folder().join("stdout"), self.folder().join("stderr"));
        command
            .env("PGPASSWORD", self.server.password())
            .stdin(Stdio::null())
            .stdout(File::create(&out)?)
            .stderr(File::create(&err)?);
        let program = command.get_program().to_string_lossy().into_owned();
        let started = Instant::now();
        let mut child = command
            .spawn()
            .map_err(|error| format!("{program} cannot be started: {error}"))?;
        let ended = AtomicBool::new(false);
        let process_id = child.id();
        let (status, seconds, peak_bytes) = thread::scope(|scope| {
            let watcher = scope.spawn(|| watch_memory(process_id, &ended));
            let status = child.wait();
            let seconds = started.elapsed().as_secs_f64();
            ended.store(true, Ordering::Relaxed);
            (status, seconds, watcher.join().unwrap_or(0))
        });
        if !status?.success() {
            return Err(format!("{program} failed: {}", fs::read_to_string(&err)?).into());
        }
        Ok(Run {
            seconds,
            peak_bytes,
            stdout: fs::read_to_string(&out)?,
        })
    }
}

/// The largest resident set of a process, as seen until it ended.
fn watch_memory(process_id: u32, ended: &AtomicBool) -> u64 {
    let status = format!("/proc/{process_id}/status");
    let mut peak = 0;
    while !ended.load(Ordering::Relaxed) {
        let now = fs::read_to_string(&status)
            .ok()
            .and_then(|text| high_water_bytes(&text));
        peak = peak.max(now.unwrap_or(0));
        thread::sleep(MEMORY_POLL);
    }
    peak
}

/// The largest resident set of this process so far; zero where the system does not tell.
pub fn own_peak_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    high_water_bytes(&status).unwrap_or(0)
}

/// `VmHWM:   12345 kB` of `/proc/PID/status`, proc(5).
fn high_water_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_water_mark_is_read() {
        assert_eq!(
            high_water_bytes("VmPeak:\t 9 kB\nVmHWM:\t    12 kB\n"),
            Some(12_288)
        );
        assert_eq!(high_water_bytes("VmPeak:\t 9 kB\n"), None);
    }
}
