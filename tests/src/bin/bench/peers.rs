//! Other programs that load SQLite into Postgres: the same rows into the same empty tables, then the same keys by the
//! same script as the limit. They copy rows and nothing else, so each is at its best; none of them verifies.
//!
//! Whether the rows are right is asked afterwards, outside the clock: the count of every table after each load, and
//! after the first one every value, by `outgrow verify`.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use outgrow_e2e::programs::found_by_setup;
use outgrow_migrator::plan::model::Plan;
use outgrow_migrator::quote::quote_ident;
use serde_json::{Value, json};

use crate::Outcome;
use crate::limit::{Limit, Load, column_names, target_name};
use crate::measure::{Bench, DATABASE};

const DUCKDB_PROGRAM: &str = include_str!("load_with_duckdb.py");

/// Rows that pgloader sends at once. At its default of 25,000 its heap overflows on rows of some KiB.
const PGLOADER_BATCH_ROWS: u32 = 5_000;

/// Rows that DuckDB reads from SQLite as one piece of work (its row group). Where no table has more, several threads
/// share nothing but the overhead: 300 tables of 500 rows took it three times as long with two threads as with one.
const DUCKDB_PIECE_ROWS: u64 = 122_880;

/// A program to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// <https://pgloader.io>, the tool most guides name.
    Pgloader,
    /// <https://duckdb.org> with its extensions for both databases: the fastest that keeps every value.
    DuckDb,
}

/// All of them.
pub const PEERS: [Peer; 2] = [Peer::DuckDb, Peer::Pgloader];

/// One data set, as the peers need it.
#[derive(Debug)]
pub struct Task<'a> {
    /// The server.
    pub bench: &'a Bench,
    /// The SQLite file.
    pub file: &'a Path,
    /// What outgrow makes of it.
    pub plan: &'a Plan,
    /// Empty tables and keys.
    pub limit: &'a Limit,
}

/// How a peer did with one data set.
#[derive(Debug)]
pub struct Standing {
    /// Which.
    pub peer: Peer,
    /// Why it is not measured, if so.
    pub trouble: Option<String>,
    /// What `outgrow verify` says to what it loaded.
    pub values: String,
    /// Tables with another count of rows than the source's, in the worst load.
    pub wrong_tables: usize,
}

impl Peer {
    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pgloader => "pgloader",
            Self::DuckDb => "DuckDB",
        }
    }

    /// The program that set-up found.
    fn program(self) -> Option<PathBuf> {
        let variable = match self {
            Self::Pgloader => "OUTGROW_PGLOADER",
            Self::DuckDb => "OUTGROW_DUCKDB_PYTHON",
        };
        found_by_setup(variable).filter(|program| program.exists())
    }

    /// Writes its job, and says how to start it.
    fn command(self, task: &Task<'_>, program: &Path) -> Outcome<Command> {
        let mut command = Command::new(program);
        let at = |name: &str| task.bench.folder().join(name);
        match self {
            Self::Pgloader => {
                write_private(&at("pgloader.load"), &pgloader_job(task))?;
                command.arg("--root-dir").arg(at("pgloader"));
                command.arg(at("pgloader.load"));
            }
            Self::DuckDb => {
                fs::write(at("load_with_duckdb.py"), DUCKDB_PROGRAM)?;
                fs::write(at("duckdb.json"), duckdb_job(task).to_string())?;
                command.arg(at("load_with_duckdb.py")).arg(at("duckdb.json"));
            }
        }
        Ok(command)
    }

    /// Loads once into fresh tables.
    fn load(self, task: &Task<'_>, program: &Path) -> Outcome<Load> {
        task.limit.empty_tables(task.bench)?;
        let copy = task.bench.measured(self.command(task, program)?)?;
        let told = |line: &str| serde_json::from_str::<Value>(line).ok()?["copy_seconds"].as_f64();
        Ok(Load {
            copy_seconds: copy.stdout.lines().find_map(told).unwrap_or(copy.seconds),
            copy,
            keys: task.limit.keys(task.bench)?,
        })
    }
}

impl Standing {
    /// A first load, which is not counted: every value of it is compared.
    pub fn first(peer: Peer, task: &Task<'_>) -> Outcome<Self> {
        let mut standing = Self {
            peer,
            trouble: None,
            values: "-".to_owned(),
            wrong_tables: 0,
        };
        if standing.load(task)?.is_some() {
            standing.values = compare(task)?;
        }
        Ok(standing)
    }

    /// Loads once; none if the peer cannot, now or before.
    pub fn load(&mut self, task: &Task<'_>) -> Outcome<Option<Load>> {
        if self.trouble.is_some() {
            return Ok(None);
        }
        let Some(program) = self.peer.program() else {
            self.trouble = Some("not installed; scripts/setup.sh peers installs it".to_owned());
            return Ok(None);
        };
        match self.peer.load(task, &program) {
            Ok(load) => {
                self.wrong_tables = self.wrong_tables.max(wrong_tables(task)?);
                Ok(Some(load))
            }
            Err(error) if crate::interrupt::came() => Err(error),
            Err(error) => {
                self.trouble = Some(error.to_string());
                Ok(None)
            }
        }
    }
}

/// Tuned by hand: two workers on two cores, rows in batches that fit its heap, floats whole. Types and tables are
/// those that are there.
fn pgloader_job(task: &Task<'_>) -> String {
    format!(
        "load database from sqlite://{} into {}\n\
         with data only, quote identifiers, reset no sequences, workers = 2, concurrency = 1,\n\
              batch rows = {PGLOADER_BATCH_ROWS}, prefetch rows = {PGLOADER_BATCH_ROWS}\n\
         set work_mem to '64MB'\n\
         cast type real to \"double precision\" drop typemod using float-to-string,\n\
              type text to text drop typemod;\n",
        task.file.display(),
        task.bench.url_with_password(DATABASE),
    )
}

fn duckdb_job(task: &Task<'_>) -> Value {
    let tables: Vec<[String; 3]> = task
        .plan
        .tables
        .iter()
        .map(|table| {
            [
                quote_ident(&table.name),
                target_name(task.plan, table),
                column_names(table),
            ]
        })
        .collect();
    let largest_table = task.plan.tables.iter().map(|table| table.rows).max();
    let one_thread = largest_table.is_none_or(|rows| rows <= DUCKDB_PIECE_ROWS);
    json!({
        "sqlite": task.file, "postgres": task.bench.url(DATABASE), "tables": tables, "one_thread": one_thread,
    })
}

/// Writes what holds the server's password.
fn write_private(path: &Path, text: &str) -> Outcome<()> {
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    Ok(std::io::Write::write_all(&mut file, text.as_bytes())?)
}

/// How many tables have another count of rows than the plan.
fn wrong_tables(task: &Task<'_>) -> Outcome<usize> {
    let counts: Vec<String> = task
        .plan
        .tables
        .iter()
        .map(|table| {
            let name = target_name(task.plan, table);
            format!("SELECT 1 WHERE (SELECT count(*) FROM {name}) <> {}", table.rows)
        })
        .collect();
    let sql = format!("SELECT count(*) FROM ({}) AS wrong", counts.join(" UNION ALL "));
    Ok(task.bench.sql_value(DATABASE, &sql)?.parse()?)
}

/// Every value of source and target, in few words.
fn compare(task: &Task<'_>) -> Outcome<String> {
    let plan = task.bench.folder().join("plan.toml");
    let (plan, file) = (plan.to_string_lossy(), task.file.to_string_lossy());
    task.bench.outgrow(&["plan", &file, "-o", &plan])?.success()?;
    let url = task.bench.url(DATABASE);
    let ended = task
        .bench
        .outgrow(&["verify", &file, "--plan", &plan, "--to", &url, "--json"])?;
    fs::remove_file(&*plan)?;
    let told = ended
        .stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let verdict = told
        .filter(|event| event["event"] == "result")
        .find_map(|event| event["verdict"].as_str().map(str::to_owned));
    verdict.map_or_else(
        || {
            Err(ended
                .failure
                .unwrap_or_else(|| "verify gives no verdict".to_owned())
                .into())
        },
        Ok,
    )
}
