//! The command line: parsing records, commands act, and this file alone prints a failure and exits.

mod demo;
mod inspect;
mod migrate;
mod plan;
mod runtime;
mod source_args;
pub mod target_args;
mod verdict;
mod verify;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::exit::Exit;
use crate::failure::Failure;

/// Exit codes, as the help shows them.
const EXIT_CODES: &str = "\
Exit codes:
   0  done: verified EQUAL, or `SQLite sufficient`
   2  usage: the command line, or a file named on it, cannot be used
   3  source refused
   4  plan blocked, nothing was written
   5  target error
   6  verification DIFFERENT
   7  interrupted, run again
   8  refused by the verdict or a halt
  10  TUNE FIRST   11  PLAN MIGRATION   12  MIGRATE NOW   13  UNKNOWN
  70  a fault of outgrow itself";

/// Know when your app has outgrown SQLite. Move to Postgres with proof.
#[derive(Debug, Parser)]
#[command(name = "outgrow", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = EXIT_CODES)]
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
    Demo(demo::Args),
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
        Command::Demo(args) => demo::run(args),
    }
}

/// Writes a result to stdout. A reader that went away (`outgrow plan | head`) is no fault.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(
            Exit::Usage,
            "the result cannot be written to stdout",
            "Free space where it goes.",
        )
        .because(error)),
        _ => Ok(()),
    }
}
