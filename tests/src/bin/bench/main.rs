//! Speed and memory of `outgrow`, as ratios to the fastest load there is, both measured in one run.
//!
//! The limit of a data set: psql loads ready binary COPY files of the same rows over one connection, then makes
//! the same keys and indexes. Rounds alternate limit and outgrow, and each starts on a fresh database after a
//! CHECKPOINT of the server, so that the machine's drift hits both alike. Nothing here passes or fails.

mod arguments;
mod census;
mod datasets;
mod limit;
mod measure;
mod random;
mod report;
mod rounds;
mod shapes;

use std::error::Error;
use std::io::{self, Write};
use std::process::{Command, ExitCode};

use clap::Parser;
use outgrow_e2e::programs::{from_setup, repository};
use outgrow_migrator::demo::private_postgres::PrivatePostgres;

use arguments::Arguments;
use measure::Bench;

/// Whatever stops the benchmark; it is shown as it is.
type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do when stderr itself is gone.
            let _ = writeln!(io::stderr(), "bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Outcome<()> {
    if let Some([way, file]) = arguments.read_once.as_deref() {
        return census::read_once(way, file.as_ref());
    }
    if arguments.census {
        return census::run(arguments);
    }
    let server = PrivatePostgres::builder()
        .programs(from_setup("OUTGROW_PG_BINDIR"))
        .durable(true)
        .setting("shared_buffers", "1GB")
        .setting("max_wal_size", "8GB")
        .start()?;
    let bench = Bench::new(server)?;
    let mut results = Vec::new();
    for dataset in arguments.datasets() {
        say(&format!("{}: generating", dataset.name()))?;
        let file = datasets::generate(dataset, arguments, bench.folder())?;
        let result = rounds::run(&bench, dataset, &file, arguments.rounds)?;
        // One data set at a time lies on the disk.
        std::fs::remove_file(&file)?;
        results.push(result);
    }
    let version = bench.sql_value("postgres", "SHOW server_version")?;
    report::print(&results, &version)?;
    if !arguments.no_agent {
        report::print_agent(agent_overhead()?)?;
    }
    Ok(())
}

/// Nanoseconds that the agent's wrapper adds to one write, from its own benchmark.
fn agent_overhead() -> Outcome<f64> {
    let output = Command::new("cargo")
        .args(["bench", "-q", "-p", "outgrow-agent", "--bench", "write_overhead"])
        .current_dir(repository())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    report::added_nanoseconds(&text).ok_or_else(|| format!("no median in {text:?}").into())
}

/// Tells on stderr what goes on; the table alone goes to stdout.
fn say(line: &str) -> Outcome<()> {
    Ok(writeln!(io::stderr(), "{line}")?)
}
