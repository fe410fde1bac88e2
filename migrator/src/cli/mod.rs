//! The command line: parsing records, commands act, and this file alone prints a failure and exits.

mod completions;
mod demo;
mod inspect;
mod man;
mod migrate;
mod plan;
mod runtime;
mod source_args;
mod status;
pub mod target_args;
mod verdict;
mod verify;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::paint::Paint;

/// Exit codes, as the help shows them.
fn exit_codes() -> String {
    let lines = Exit::ALL.map(|(exit, meaning)| format!("\n  {:>2}  {meaning}", exit as u8));
    format!("Exit codes:{}", lines.concat())
}

/// Know when your app has outgrown SQLite. Move to Postgres with proof.
#[derive(Debug, Parser)]
#[command(name = "outgrow", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = exit_codes())]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Verdict(verdict::Args),
    Inspect(inspect::Args),
    Plan(plan::Args),
    Migrate(migrate::Args),
    Verify(verify::Args),
    Status(status::Args),
    Demo(demo::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// The command line as data, for help, completions, manual pages and documentation.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the command line of this process and says how it ended.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            // Nothing is left to do when stderr itself is gone.
            let _ = writeln!(std::io::stderr(), "error: {failure}");
            failure.exit.into()
        }
    }
}

fn run(cli: &Cli) -> Result<Exit, Failure> {
    match &cli.command {
        Command::Verdict(args) => verdict::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Plan(args) => plan::run(args),
        Command::Migrate(args) => migrate::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Status(args) => status::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args),
    }
}

/// Writes a result to stdout. A reader that went away (`outgrow plan | head`) is no fault.
fn print(text: &str) -> Result<(), Failure> {
    print_to_reader(text).map(|_| ())
}

/// As [`print`], and says whether anybody still reads.
fn print_to_reader(text: &str) -> Result<bool, Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::new(
            Exit::Usage,
            "the result cannot be written to stdout",
            "Free space where it goes.",
        )
        .because(error)),
    }
}

/// Whether results are coloured.
fn paint() -> Paint {
    Paint::fit_for(&std::io::stdout())
}
