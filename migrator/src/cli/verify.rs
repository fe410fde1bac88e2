//! `outgrow verify`: both sides read anew and compared, any time after a migration.

use std::path::PathBuf;
use std::sync::Arc;

use super::runtime;
use super::target_args::TargetArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::file::Reviewed;
use crate::report::progress::{Progress, Show};
use crate::report::summary;
use crate::target::Environment;
use crate::verify::again::{Request, default_jobs, verify_again};

/// Compare a SQLite file with the Postgres it was migrated to, value by value
///
/// Follows the plan on record in the target. Reads both sides from one snapshot each and writes nothing to
/// either. Exit code 6 says that they differ; the rows are named then.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  outgrow verify app.db --to postgres://me@db.example.org/app\n  outgrow verify app.db --json"
)]
pub struct Args {
    /// The SQLite database file that was migrated
    #[arg(value_name = "FILE")]
    source: PathBuf,
    #[command(flatten)]
    target: TargetArgs,
    /// Run id of the migration to verify, instead of the latest one of this file
    #[arg(long, value_name = "ID")]
    run: Option<uuid::Uuid>,
    /// The plan of the migration, where the target keeps no record of it
    #[arg(long, value_name = "PLAN", conflicts_with = "run")]
    plan: Option<PathBuf>,
    /// Sessions that read the target side by side, all on one snapshot
    ///
    /// Unless told otherwise one for each processor, four at the most. Where the server has no connection left for
    /// all of them, fewer do.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: Option<u16>,
    /// Write a certificate to this new file when both sides are EQUAL
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    certificate: Option<PathBuf>,
    /// Print progress events and the result as JSON, one object a line
    #[arg(long, help_heading = "Report")]
    json: bool,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let conninfo = args.target.conninfo(&Environment::of_this_process())?;
    let progress = Arc::new(Progress::new(if args.json { Show::Json } else { Show::Human }));
    conninfo
        .warnings
        .iter()
        .for_each(|warning| progress.note(warning));
    let request = Request {
        source: args.source.clone(),
        run: args.run,
        plan: args.plan.as_deref().map(Reviewed::read).transpose()?,
        certificate: args.certificate.clone(),
        jobs: args.jobs.map_or_else(default_jobs, usize::from),
    };
    let outcome =
        runtime::run(verify_again(&request, &conninfo, &progress)).inspect_err(|_| progress.abandon())?;
    let text = if args.json {
        summary::verified_event(&outcome)
    } else {
        summary::render_verified(&outcome, super::paint())
    };
    super::print(&text)?;
    Ok(if outcome.is_equal() {
        Exit::Done
    } else {
        Exit::Different
    })
}
