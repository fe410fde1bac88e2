//! `outgrow migrate`: the migration from end to end.

use std::path::PathBuf;
use std::sync::Arc;

use super::runtime;
use super::source_args::SourceArgs;
use super::target_args::TargetArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::migrate::{PointOfNoReturn, Request, migrate};
use crate::report::progress::{Progress, Show};
use crate::report::summary;
use crate::target::Environment;

/// Migrate a SQLite file into Postgres and prove by hash that both hold the same values
///
/// Everything happens in one transaction: unless both sides are found EQUAL, the target stays as it was. The
/// source is only read. It may be in use; outside WAL mode its writers wait until the migration is done. Where the
/// target has tables of the source's names, made by the application, those are filled as they are; else outgrow makes
/// them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  outgrow migrate app.db --to postgres://me@db.example.org/app
  outgrow migrate app.db --to service=prod --into-existing --seeds replace
  PGSERVICE=prod outgrow migrate app.db --schema legacy --skip index:notes.ix_fulltext")]
pub struct Args {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    target: TargetArgs,
    /// Write the certificate to this new file instead of ./outgrow-certificate-RUN.json
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
    progress.note("no verdict was consulted; `outgrow verdict` tells whether the move is due");
    let request = Request {
        source: args.source.source.clone(),
        mandate: args.source.mandate()?,
        certificate: args.certificate.clone(),
    };
    let point = PointOfNoReturn::default();
    let migrated = runtime::run_to(&point, migrate(&request, &conninfo, &progress, &point))
        .inspect_err(|_| progress.abandon())?;
    let text = if args.json {
        summary::result_event(&migrated)
    } else {
        summary::render(&migrated, super::paint())
    };
    // What could not be told is kept all the same.
    super::print(&text).map_err(|failure| Failure {
        what: format!("the migration is committed and verified, but {}", failure.what),
        ..failure
    })?;
    Ok(Exit::Done)
}
