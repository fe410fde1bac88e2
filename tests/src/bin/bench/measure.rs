//! One server, and programs measured against it: what they took, and what they made the server do.
//!
//! Every database has the same settings, whoever fills it.

use std::path::{Path, PathBuf};
use std::process::Command;

use outgrow_e2e::programs::from_setup;
use outgrow_migrator::demo::private_postgres::PrivatePostgres;

use crate::children::{self, Ended};
use crate::folder::Folder;
use crate::{Outcome, cpu};

/// Other than by default. Room for the work, and no vacuum at a moment of its own choosing: it would hit one load and
/// not the next, and a table that is loaded in one transaction less than others.
const SETTINGS: [(&str, &str); 3] = [
    ("shared_buffers", "1GB"),
    ("max_wal_size", "8GB"),
    ("autovacuum", "off"),
];

/// What is shown of the server, besides its version.
const SHOWN: [&str; 10] = [
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_level",
    "shared_buffers",
    "max_wal_size",
    "maintenance_work_mem",
    "max_parallel_maintenance_workers",
    "autovacuum",
    "default_toast_compression",
];

/// A database named so is made, filled and dropped by everybody in turn.
pub const DATABASE: &str = "bench";

/// The server and the folder of one benchmark. Both are gone with it, the server first.
#[derive(Debug)]
pub struct Bench {
    server: PrivatePostgres,
    folder: Folder,
    psql: PathBuf,
    has_lz4: bool,
}

/// What a program took, and what its server did meanwhile.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// From its start to its exit.
    pub seconds: f64,
    /// CPU of the program.
    pub client_cpu_seconds: f64,
    /// CPU of all processes of the server.
    pub server_cpu_seconds: f64,
    /// Write-ahead log written.
    pub wal_bytes: f64,
    /// The program's largest resident set.
    pub peak_bytes: u64,
    /// What it wrote to stdout.
    pub stdout: String,
}

impl Run {
    /// This one and a later one as one.
    pub fn and(&self, later: &Self) -> Self {
        Self {
            seconds: self.seconds + later.seconds,
            client_cpu_seconds: self.client_cpu_seconds + later.client_cpu_seconds,
            server_cpu_seconds: self.server_cpu_seconds + later.server_cpu_seconds,
            wal_bytes: self.wal_bytes + later.wal_bytes,
            peak_bytes: self.peak_bytes.max(later.peak_bytes),
            stdout: format!("{}{}", self.stdout, later.stdout),
        }
    }
}

impl Bench {
    /// Starts the server.
    pub fn start() -> Outcome<Self> {
        let folder = Folder::create()?;
        let mut builder = PrivatePostgres::builder()
            .programs(from_setup("OUTGROW_PG_BINDIR"))
            .durable(true)
            .below(folder.path());
        for (name, value) in SETTINGS {
            builder = builder.setting(name, value);
        }
        let server = builder.start()?;
        let beside_server = server.programs().folder.join("psql");
        let psql = if beside_server.exists() {
            beside_server
        } else {
            PathBuf::from("psql")
        };
        let mut bench = Self {
            server,
            folder,
            psql,
            has_lz4: false,
        };
        let count = "SELECT count(*) FROM pg_settings \
             WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)";
        bench.has_lz4 = bench.sql_value("postgres", count)? == "1";
        Ok(bench)
    }

    /// Where its files lie.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// URL of a database; the password travels in the environment.
    pub fn url(&self, database: &str) -> String {
        self.server.url_without_password(database)
    }

    /// URL of a database with the password in it, for a file that only this user can read.
    pub fn url_with_password(&self, database: &str) -> String {
        self.server.url(database)
    }

    /// The server's version and settings, for people.
    pub fn settings(&self) -> Outcome<String> {
        self.fresh_database(DATABASE)?;
        let shown = SHOWN.map(|name| format!("'{name}'")).join(", ");
        let sql = format!(
            "SELECT 'Postgres ' || current_setting('server_version') || ': ' || string_agg(name || ' ' || \
             current_setting(name), ', ' ORDER BY array_position(ARRAY[{shown}], name)) \
             FROM pg_settings WHERE name IN ({shown})"
        );
        let settings = self.sql_value(DATABASE, &sql)?;
        self.drop_database(DATABASE)?;
        Ok(settings)
    }

    /// Makes an empty database, in place of one of that name.
    pub fn fresh_database(&self, name: &str) -> Outcome<()> {
        self.drop_database(name)?;
        self.sql_value("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0"))?;
        if self.has_lz4 {
            // outgrow asks for it in its own session; without it the others would store other bytes.
            let sql = format!("ALTER DATABASE {name} SET default_toast_compression = lz4");
            self.sql_value("postgres", &sql)?;
        }
        Ok(())
    }

    /// Drops a database if it is there.
    pub fn drop_database(&self, name: &str) -> Outcome<()> {
        let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        self.sql_value("postgres", &sql).map(|_| ())
    }

    /// Writes out what earlier runs left to write, in the server and in the system, so that it does not count in the
    /// next one.
    pub fn settle(&self) -> Outcome<()> {
        self.sql_value("postgres", "CHECKPOINT")?;
        rustix::fs::sync();
        Ok(())
    }

    /// Runs one statement and returns its rows as text.
    pub fn sql_value(&self, database: &str, sql: &str) -> Outcome<String> {
        let mut psql = self.psql(database);
        psql.args(["-A", "-t", "-c", sql]);
        Ok(self.run(psql)?.success()?.stdout.trim().to_owned())
    }

    /// Runs a script; nothing is measured.
    pub fn script(&self, database: &str, script: &Path) -> Outcome<()> {
        self.run(self.psql_script(database, script))?
            .success()
            .map(|_| ())
    }

    /// Runs the command `outgrow`; nothing is measured, and a failure is the caller's to judge.
    pub fn outgrow(&self, arguments: &[&str]) -> Outcome<Ended> {
        self.run(self.outgrow_command(arguments)?)
    }

    /// `psql` with a script.
    pub fn psql_script(&self, database: &str, script: &Path) -> Command {
        let mut psql = self.psql(database);
        psql.arg("-f").arg(script);
        psql
    }

    /// The command `outgrow`, which was built beside this program.
    pub fn outgrow_command(&self, arguments: &[&str]) -> Outcome<Command> {
        let program = std::env::current_exe()?.with_file_name("outgrow");
        let mut command = Command::new(program);
        command.args(arguments);
        Ok(command)
    }

    fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(&self.psql);
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &self.url(database)]);
        // NOTICEs about what is not there are no news.
        psql.env("PGOPTIONS", "-c client_min_messages=warning");
        psql
    }

    /// Runs a program against the server and says what both of them did. It has to succeed.
    pub fn measured(&self, command: Command) -> Outcome<Run> {
        let wal = |bench: &Self| bench.sql_value("postgres", "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn");
        let wal_before: f64 = wal(self)?.parse()?;
        let server_before = self.server_cpu_seconds();
        let ended = self.run(command)?.success()?;
        let server_cpu_seconds = self.server_cpu_seconds() - server_before;
        Ok(Run {
            seconds: ended.seconds,
            client_cpu_seconds: ended.cpu_seconds,
            server_cpu_seconds,
            wal_bytes: wal(self)?.parse::<f64>()? - wal_before,
            peak_bytes: ended.peak_bytes,
            stdout: ended.stdout,
        })
    }

    fn server_cpu_seconds(&self) -> f64 {
        self.server.process_id().map_or(0.0, cpu::server_seconds)
    }

    fn run(&self, mut command: Command) -> Outcome<Ended> {
        command
            .env("PGPASSWORD", self.server.password())
            .current_dir(self.folder());
        children::run(command, self.folder())
    }
}
