//! `outgrow inspect`: what the source holds and what a migration would do with it, for a person.

use super::source_args::SourceArgs;
use super::target_args::TargetArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::Job;
use crate::report::layout::shown;
use crate::report::{census, findings};
use crate::target::Environment;

/// Show what a SQLite file holds and what a migration would change, skip or be blocked by
///
/// Reads every value of every row. With a target whose tables the application has made, shows which goes where and
/// by which cast. Writes nothing anywhere. Exits with 0 even when something is blocked; `plan`
/// exits with 4 then.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  outgrow inspect app.db\n  outgrow inspect app.db --columns=orders\n  outgrow inspect app.db --to postgres://me@db.example.org/app\n  outgrow inspect app.db --json | jq .findings"
)]
pub struct Args {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    target: TargetArgs,
    /// Show every column of this table instead: what it holds, what it becomes, and why; repeatable, without NAME
    /// all tables
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    columns: Vec<String>,
    /// Print JSON instead of text: the plan, and the census under its own key
    #[arg(long, conflicts_with = "columns")]
    json: bool,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let conninfo = args.target.conninfo_if_named(&Environment::of_this_process())?;
    let job = args.source.survey(conninfo.as_ref())?;
    let text = if args.json {
        json(&job)
    } else if args.columns.is_empty() {
        findings::render(&job.plan, &args.source.migrate_command(), super::paint())
    } else {
        columns(&job, &args.columns)?
    };
    super::print(&text)?;
    Ok(Exit::Done)
}

/// The plan's JSON with the census in it.
fn json(job: &Job) -> String {
    // Our own structs have string keys, so this cannot fail.
    let mut plan = serde_json::to_value(&job.plan).unwrap_or_default();
    if let (Some(plan), Some(taken)) = (plan.as_object_mut(), &job.census) {
        plan.insert("census".to_owned(), census::to_json(&job.catalog, taken));
    }
    format!("{plan:#}\n")
}

fn columns(job: &Job, names: &[String]) -> Result<String, Failure> {
    let only: Vec<String> = names.iter().filter(|name| !name.is_empty()).cloned().collect();
    if let Some(name) = census::unknown(&job.catalog, &only) {
        let what = format!("there is no table {} in the source", shown(name));
        return Err(Failure::new(
            Exit::Usage,
            what,
            "Name tables as `outgrow inspect` lists them.",
        ));
    }
    let taken = job.census.as_ref();
    Ok(taken.map_or_else(String::new, |taken| {
        census::render(&job.catalog, taken, &job.plan, &only, super::paint())
    }))
}
