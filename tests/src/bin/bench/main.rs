//! Speed and memory of `outgrow`, as ratios to the fastest load there is and to other programs, all measured in one run.
//!
//! The limit of a data set: psql loads ready binary COPY files of the same rows over one connection, then makes
//! the same keys and indexes. `rounds` says how fairness is kept. Nothing here passes or fails.

mod arguments;
mod bound;
mod census;
mod children;
mod cpu;
mod datasets;
mod folder;
mod growth;
mod interrupt;
mod limit;
mod measure;
mod peers;
mod random;
mod report;
mod rounds;
mod shapes;

use std::error::Error;
use std::io::{self, Write};
use std::process::{Command, ExitCode};

use clap::Parser;
use outgrow_e2e::programs::repository;

use arguments::Arguments;
use measure::Bench;

/// Whatever stops the benchmark; it is shown as it is.
type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let result = run(&Arguments::parse());
    if let Some(code) = interrupt::exit_code() {
        // Nothing is left to do when stderr itself is gone.
        let _ = writeln!(io::stderr(), "bench: interrupted; nothing is left behind");
        return code;
    }
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Outcome<()> {
    if let Some([way, file]) = arguments.read_once.as_deref() {
        return census::read_once(way, file.as_ref());
    }
    interrupt::listen()?;
    if arguments.census {
        return census::run(arguments);
    }
    let bench = Bench::start()?;
    if arguments.growth {
        return growth::run(&bench, arguments);
    }
    let results: Vec<_> = arguments
        .datasets()
        .into_iter()
        .map(|dataset| rounds::run(&bench, dataset, arguments, arguments.scale))
        .collect::<Outcome<_>>()?;
    report::print(&results, &bench.settings()?)?;
    if !arguments.no_agent {
        report::print_agent(agent_overhead(&bench)?)?;
    }
    Ok(())
}

/// Nanoseconds that the agent's wrapper adds to one write, from its own benchmark.
fn agent_overhead(bench: &Bench) -> Outcome<f64> {
    let mut command = Command::new("cargo");
    command
        .args(["bench", "-q", "-p", "outgrow-agent", "--bench", "write_overhead"])
        .current_dir(repository());
    let text = children::run(command, bench.folder())?.success()?.stdout;
    report::added_nanoseconds(&text).ok_or_else(|| format!("no median in {text:?}").into())
}

/// Tells on stderr what goes on; the table alone goes to stdout.
fn say(line: &str) -> Outcome<()> {
    Ok(writeln!(io::stderr(), "{line}")?)
}
