//! `outgrow inspect`: what the source holds and what a migration would do with it, for a person.

use super::source_args::SourceArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::findings;

/// Show what a SQLite file holds and what a migration would change, skip or be blocked by
///
/// Reads every value of every row. Writes nothing anywhere. Exits with 0 even when something is blocked; `plan`
/// exits with 4 then.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  outgrow inspect app.db\n  outgrow inspect app.db --json | jq .findings")]
pub struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let job = args.source.survey()?;
    let text = if args.json {
        super::plan::json(&job.plan)
    } else {
        findings::render(&job.plan, &args.source.migrate_command(), super::paint())
    };
    super::print(&text)?;
    Ok(Exit::Done)
}
