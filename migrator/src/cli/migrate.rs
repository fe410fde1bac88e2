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
use crate::source::{MaxWal, WalWatch};
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
    /// Stop, resumably, when the source's write-ahead log has grown by more than SIZE: 512MiB, 4GiB, none
    ///
    /// While outgrow reads, SQLite cannot start the log anew, so it grows with all that the application writes. With
    /// auto that is the smaller of 10 GiB and half of what is free on its file system, so that the application never
    /// meets a full disk. 0 or none is without a bound. The size that the log has at the start counts for nothing.
    #[arg(long, value_name = "SIZE", default_value = "auto", help_heading = "Source")]
    max_wal: MaxWal,
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
    let watch = WalWatch::begin(&request.source, args.max_wal);
    let work = migrate(&request, &conninfo, &progress, &point);
    let migrated =
        runtime::run_to(&point, bounded(&watch, &point, work)).inspect_err(|_| progress.abandon())?;
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

/// Ends the work when the source's log grows too large. What is being committed is not given up any more.
async fn bounded<T>(
    watch: &WalWatch,
    point: &PointOfNoReturn,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        result = &mut work => result,
        grown = watch.exceeded() => if point.is_passed() { work.await } else { Err(grown) },
    }
}
