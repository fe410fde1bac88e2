//! The command `outgrow`: parse, run, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    outgrow_migrator::failpoint::arm();
    outgrow_migrator::cli::main()
}
