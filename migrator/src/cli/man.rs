//! `outgrow man`: the manual page, made from the same words as `--help`.

use clap_mangen::Man;

use crate::exit::Exit;
use crate::failure::Failure;

/// Print the manual page of outgrow, or of one of its commands
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  outgrow man | man -l -\n  outgrow man migrate > outgrow-migrate.1")]
pub struct Args {
    /// The command to describe
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut all = super::command();
    all.build();
    let described = match &args.command {
        None => Some(&all),
        Some(name) => all.get_subcommands().find(|command| command.get_name() == name),
    };
    let Some(described) = described else {
        let what = "there is no such command to describe";
        return Err(Failure::new(
            Exit::Usage,
            what,
            "`outgrow --help` lists the commands.",
        ));
    };
    let mut page = Vec::new();
    let rendered = Man::new(described.clone()).render(&mut page);
    rendered.map_err(|error| {
        let next = "Please report this; `--help` says the same.";
        Failure::new(Exit::Bug, "the manual page cannot be made", next).because(error)
    })?;
    super::print(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Done)
}
