//! The example checkpoint store: a program of its own, with the agent in it, run for the time of the demo.
//!
//! It runs under a guard, in a temporary folder that holds its database and goes with it.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::guarded::{Guarded, Launch};
use super::server_folder::Owner;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::verdict::Endpoint;

/// How long the store may take to make its history and to serve metrics; it takes about a second.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// How long the writers may take to end: one busy timeout and one slow transaction, with room for a busy machine.
const END_PATIENCE: Duration = Duration::from_secs(30);

/// What its first line of output begins with.
const ADDRESS_MARK: &str = "metrics ";

/// Name of its database file.
const DATABASE: &str = "checkpoints.db";

const BUILD: &str = "Run `make demo`, or build it with `cargo build --release -p outgrow-agent --example checkpoint_store` \
                     and name it with --store.";

/// How the store is to run.
#[derive(Debug, Clone)]
pub struct Order {
    /// Its program; beside this one when not named.
    pub program: Option<PathBuf>,
    /// How long its load stays calm.
    pub calm: Duration,
    /// How many checkpoints it begins with.
    pub history: u32,
}

/// A running store, or one whose writers have ended. Dropping it removes its file.
#[derive(Debug)]
pub struct Store {
    process: Guarded,
    log: PathBuf,
    /// Its SQLite file.
    pub database: PathBuf,
    /// Where its agent serves metrics.
    pub endpoint: Endpoint,
    /// When its load began.
    pub begun: Instant,
}

impl Store {
    /// Starts it and waits until it serves metrics.
    ///
    /// # Errors
    /// When the program is missing or ends early.
    pub fn start(order: &Order) -> Result<Self, Failure> {
        let program = match &order.program {
            Some(program) => program.clone(),
            None => beside_this_program().map_err(|error| cannot_start(error).at("the program itself"))?,
        };
        // Its working directory is another one.
        let place = program.display().to_string();
        let program = fs::canonicalize(&program).map_err(|error| missing(error).at(place))?;
        let folder = tempfile::Builder::new().prefix("outgrow-demo-").tempdir();
        let folder = folder.map_err(cannot_start)?;
        let (log, database) = (folder.path().join("store.log"), folder.path().join(DATABASE));
        let launch = Launch {
            program: &program,
            arguments: arguments(order, &database),
            variables: vec![],
            log: &log,
            stop_signal: "TERM",
        };
        let process = Guarded::start(folder.path(), &Owner::Myself, &launch).map_err(cannot_start)?;
        // From here on the guard removes it.
        let _ = folder.keep();
        let endpoint = wait_for_address(&process, &log)?;
        Ok(Self {
            process,
            log,
            database,
            endpoint,
            begun: Instant::now(),
        })
    }

    /// That it still runs.
    ///
    /// # Errors
    /// When it has ended, with its last words.
    pub fn check(&self) -> Result<(), Failure> {
        match self.process.exit_status() {
            Some(status) => Err(ended(status, &self.log)),
            None => Ok(()),
        }
    }

    /// Ends its writers between two writes. The file stays.
    ///
    /// # Errors
    /// When it does not end, or ends with an error.
    pub fn end(&self) -> Result<(), Failure> {
        match self.process.end(END_PATIENCE) {
            Ok(0) => Ok(()),
            Ok(status) => Err(ended(status, &self.log)),
            Err(error) => {
                let next = "Run the demo again on a machine with less load.";
                Err(Failure::new(Exit::Usage, "the example store does not stop", next).because(error))
            }
        }
    }
}

fn arguments(order: &Order, database: &Path) -> Vec<OsString> {
    vec![
        "--db".into(),
        database.into(),
        "--contend".into(),
        "calm".into(),
        "--storm-after".into(),
        order.calm.as_secs().to_string().into(),
        "--history".into(),
        order.history.to_string().into(),
    ]
}

fn beside_this_program() -> io::Result<PathBuf> {
    let this = std::env::current_exe()?;
    let folder = this.parent().unwrap_or(Path::new("."));
    Ok(folder.join("examples").join("checkpoint_store"))
}

fn wait_for_address(process: &Guarded, log: &Path) -> Result<Endpoint, Failure> {
    let start = Instant::now();
    loop {
        let text = fs::read_to_string(log).unwrap_or_default();
        // Only a line that has its end is written in full.
        let address = text
            .split_inclusive('\n')
            .find_map(|line| line.strip_suffix('\n')?.strip_prefix(ADDRESS_MARK));
        if let Some(address) = address {
            return Ok(Endpoint::parse(address)?);
        }
        if let Some(status) = process.exit_status() {
            return Err(ended(status, log));
        }
        if start.elapsed() > START_PATIENCE {
            return Err(cannot_start(io::ErrorKind::TimedOut.into()));
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn missing(error: io::Error) -> Failure {
    Failure::new(Exit::Usage, "the example store is not there", BUILD).because(error)
}

fn cannot_start(error: io::Error) -> Failure {
    let next =
        "Check that the temporary folder (TMPDIR) can be written and has room, then run the demo again.";
    Failure::new(Exit::Usage, "the example store does not start", next).because(error)
}

fn ended(status: i32, log: &Path) -> Failure {
    let words = fs::read_to_string(log).unwrap_or_default();
    let last = words.lines().last().unwrap_or("it said nothing").to_owned();
    let what = format!("the example store ended with status {status}");
    Failure::new(Exit::Usage, what, BUILD).because(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(program: &str) -> Order {
        Order {
            program: Some(program.into()),
            calm: Duration::from_secs(1),
            history: 0,
        }
    }

    #[test]
    fn a_missing_program_is_told_with_its_path_and_how_to_build_it() {
        let failure = Store::start(&order("/no/such/store")).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        let text = failure.to_string();
        assert!(
            text.contains("/no/such/store") && text.contains("make demo"),
            "{text}"
        );
    }

    #[test]
    fn a_program_that_ends_early_is_told_with_its_last_words() {
        let failure = Store::start(&order("/bin/ls")).unwrap_err();
        assert!(
            failure.what.starts_with("the example store ended with status"),
            "{failure}"
        );
        assert!(failure.why.is_some());
    }
}
