//! `outgrow migrate`: the migration from end to end.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::runtime;
use super::source_args::SourceArgs;
use super::target_args::TargetArgs;
use crate::copy::Limits;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::migrate::{Pace, Request, Standing, migrate};
use crate::report::progress::{Progress, Show};
use crate::report::summary;
use crate::source::{MaxWal, WalWatch};
use crate::target::Environment;

/// Migrate a SQLite file into Postgres and prove by hash that both hold the same values
///
/// The source is only read. It may be in use; outside WAL mode its writers wait until the migration is done. What is
/// copied is committed step by step, with a ledger in the target's schema _outgrow: whatever ends the migration, the
/// same command goes on where it stopped, and it is done only once both sides are found EQUAL. Where the target has
/// tables of the source's names, made by the application, those are filled as they are, in one transaction; else
/// outgrow makes them.
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
    /// Sessions that copy, build indexes and verify side by side [default: the cores of this machine, 2 to 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64), help_heading = "Pace")]
    jobs: Option<u16>,
    /// How much each session commits at once, and copies again at most after an interruption
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = parse_size, help_heading = "Pace")]
    transaction_size: u64,
    /// How long to go on trying while the server restarts, fails over or cannot be reached
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = parse_duration, help_heading = "Pace")]
    retry_for: Duration,
    /// How long the server may take nothing of a copy before its session is given up
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = parse_duration, help_heading = "Pace")]
    stall_timeout: Duration,
    /// Drop what an unfinished migration of this file made, and begin anew
    #[arg(long)]
    restart: bool,
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

impl Args {
    fn pace(&self) -> Pace {
        let pace = Pace::default();
        Pace {
            jobs: self.jobs.map_or(pace.jobs, usize::from),
            limits: Limits {
                transaction_bytes: self.transaction_size,
                stall: self.stall_timeout,
            },
            retry_for: self.retry_for,
        }
    }
}

/// A duration such as `5m`, `90s` or `1h 30m`.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let parsed: jiff::SignedDuration = text
        .parse()
        .map_err(|_| "say it like 90s, 5m or 1h 30m".to_owned())?;
    Duration::try_from(parsed).map_err(|_| "a duration is not negative".to_owned())
}

/// A size such as `64MiB`.
fn parse_size(text: &str) -> Result<u64, String> {
    let parsed: bytesize::ByteSize = text
        .parse()
        .map_err(|_| "say it like 512KiB, 64MiB or 1GiB".to_owned())?;
    Ok(parsed.as_u64())
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
        pace: args.pace(),
        restart: args.restart,
    };
    let standing = Standing::default();
    let watch = WalWatch::begin(&request.source, args.max_wal);
    let work = migrate(&request, &conninfo, &progress, &standing);
    let migrated =
        runtime::run_to(&standing, bounded(&watch, &standing, work)).inspect_err(|_| progress.abandon())?;
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
    standing: &Standing,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        result = &mut work => result,
        grown = watch.exceeded() => if standing.is_committing() { work.await } else { Err(grown) },
    }
}
