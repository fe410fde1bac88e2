//! `outgrow demo`: the main job end to end on this machine alone. Flags and the result; the work is in
//! [`crate::demo`].

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::runtime;
use super::verdict::window;
use crate::demo::run::{self, Finished};
use crate::demo::store::Order;
use crate::demo::story::Story;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::progress::{Progress, Show};
use crate::report::summary;

const OPENING: &str = "\
outgrow demo: an application outgrows SQLite and moves to Postgres, with proof.
About a minute. Ctrl-C ends it and leaves nothing behind.";

/// Show the whole way on this machine: an application outgrows SQLite and moves to a private Postgres
///
/// Runs an example store with the agent in it, first calm, then under contention, until the verdict says MIGRATE
/// NOW; migrates its file, verifies, and shows that a single flipped bit is found. Everything but the certificate
/// is gone at the end.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Program of the example store [default: examples/checkpoint_store beside this program]
    #[arg(long, value_name = "PATH")]
    store: Option<PathBuf>,
    /// How long the store's load stays calm
    #[arg(long, value_name = "TIME", default_value = "6s", value_parser = window)]
    calm: Duration,
    /// How long the verdict watches the store under contention
    #[arg(long, value_name = "TIME", default_value = "12s", value_parser = window)]
    window: Duration,
    /// How many checkpoints the store begins with
    #[arg(long, value_name = "NUMBER", default_value_t = 20_000)]
    history: u32,
    /// Write the certificate to this new file instead of ./outgrow-certificate-RUN.json
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Keep both databases at the end, to look into them, until Ctrl-C
    #[arg(long)]
    keep: bool,
}

/// Runs the command.
///
/// # Errors
/// See [`run::run`].
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let request = run::Request {
        store: Order {
            program: args.store.clone(),
            calm: args.calm,
            history: args.history,
        },
        window: args.window,
        certificate: args.certificate.clone(),
    };
    let mut story = Story::on_stderr();
    story.tell(OPENING);
    let progress = Arc::new(Progress::new(Show::Human));
    let work = run::run(&request, &mut story, &progress);
    let finished = runtime::run(work).inspect_err(|_| progress.abandon())?;
    story.tell("");
    super::print(&closing(&finished))?;
    if args.keep {
        super::print(&how_to_look(&finished))?;
        // Only a signal ends this wait, and it is the end asked for.
        let _ = runtime::run(std::future::pending::<Result<(), Failure>>());
    }
    Ok(Exit::Done)
}

/// The result: roots, certificate, times, and what to do with one's own file.
fn closing(finished: &Finished) -> String {
    let mut text = summary::render(&finished.migrated, super::paint());
    text.push('\n');
    for (part, time) in &finished.times {
        let _ = writeln!(text, "  {part:<20} {:>5.1} s", time.as_secs_f64());
    }
    text.push_str(
        "
With your own application:
  outgrow verdict --scrape http://127.0.0.1:9867/metrics   has it outgrown SQLite?
  outgrow inspect app.db                                   what a move would do with its file
  outgrow migrate app.db --to postgres://me@host/db        the move, with its proof
",
    );
    text
}

fn how_to_look(finished: &Finished) -> String {
    let postgres = &finished.postgres;
    format!(
        "
Kept until Ctrl-C:
  sqlite3 {}
  PGPASSWORD={} psql {}
",
        finished.store.database.display(),
        postgres.password(),
        postgres.url_without_password(run::DATABASE)
    )
}
