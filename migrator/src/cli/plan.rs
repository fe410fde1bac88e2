//! `outgrow plan`: the plan itself, to review before anything is written.

use std::path::PathBuf;

use super::source_args::SourceArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::file;
use crate::plan::model::{Disposition, Plan};

/// Write the plan of a migration: types, DDL, and what is changed, skipped or blocked
///
/// The plan is TOML. Exit code 4 says that something in it is blocked. Writes nothing to any database.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  outgrow plan app.db\n  outgrow plan app.db -o plan.toml")]
pub struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// Write the plan to a new file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print JSON instead of TOML
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let job = args.source.survey()?;
    let text = if args.json {
        json(&job.plan)
    } else {
        file::text(&job.plan)?
    };
    match &args.output {
        Some(path) => file::write_new(path, &text)?,
        None => super::print(&text)?,
    }
    let blocked = job.plan.with(Disposition::Blocked).count();
    Ok(if blocked > 0 {
        Exit::PlanBlocked
    } else {
        Exit::Done
    })
}

/// The plan as JSON, indented.
pub fn json(plan: &Plan) -> String {
    // Our own structs have string keys, so this cannot fail.
    let text = serde_json::to_string_pretty(plan).unwrap_or_default();
    format!("{text}\n")
}
