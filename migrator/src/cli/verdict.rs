//! `outgrow verdict`: is SQLite still enough? Flags, colour and exit code; the work is in [`crate::verdict`].

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use outgrow_shared::verdict::{Deployment, Policy, Signals};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::verdict::{Endpoint, VerdictError, exit_of, judge, read_signals, scrape};

/// Rates need at least this much time between two scrapes to mean anything.
const WINDOW_MIN_SECONDS: i64 = 1;

/// A day: whoever wants to look further back has a Prometheus.
const WINDOW_MAX_SECONDS: i64 = 86_400;

const AFTER_HELP: &str = "\
Examples:
  outgrow verdict --scrape http://127.0.0.1:9867
  outgrow verdict --scrape 127.0.0.1:9867 --window 5m --db checkpoints --json
  outgrow verdict --signals signals.json --deployment multi-server

Exit codes:
  0   SQLite sufficient
  10  TUNE FIRST: a cheaper cause is open, and named
  11  PLAN MIGRATION
  12  MIGRATE NOW
  13  UNKNOWN: too little was seen, or the agent cannot be reached
  2   the command line or the signals file cannot be used

A signals file:
  {\"schema_version\": 1, \"database\": \"checkpoints\",
   \"observed_seconds\": 300, \"age_seconds\": 5, \"writes_seen\": 12000,
   \"measured\": {
     \"write_error_ratio\":   {\"value\": 0.012, \"held_seconds\": 300, \"source\": \"a query\"},
     \"writes_per_second\":   {\"value\": 40, \"held_seconds\": 300},
     \"database_size_bytes\": {\"value\": 1.5e9},
     \"write_p99_seconds\":   {\"value\": 0.08, \"held_seconds\": 300}}}

These four signals are required: without one of them SQLite is never called sufficient.";

/// Say whether SQLite is still enough, with every number behind the answer
///
/// Reads metrics, or signals from a file; needs no database. The exit code carries the answer.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Measure now: scrape an agent's metrics twice, one window apart
    ///
    /// Host and port are enough; /metrics and http:// are added.
    #[arg(long, value_name = "URL", required_unless_present = "signals")]
    scrape: Option<String>,

    /// Judge the signals in a JSON file; `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with = "scrape")]
    signals: Option<PathBuf>,

    /// How long to watch, such as 30s or 5m
    ///
    /// Triggers are judged over this window even where the policy's hold time is longer; the output says so.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = window, conflicts_with = "signals")]
    window: Duration,

    /// Judge only the database with this alias; without it all are judged and the worst is shown
    #[arg(long, value_name = "ALIAS", conflicts_with = "signals")]
    db: Option<String>,

    /// How many servers write to the database, or soon will; no metric shows this
    #[arg(long, value_name = "KIND")]
    deployment: Option<DeploymentKind>,

    /// Print the decision as JSON: a stable contract, see its `schema_version`
    #[arg(long)]
    json: bool,
}

/// [`Deployment`] as a flag's value.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum DeploymentKind {
    /// One server writes.
    Single,
    /// Two or more servers write.
    MultiServer,
}

impl From<DeploymentKind> for Deployment {
    fn from(kind: DeploymentKind) -> Self {
        match kind {
            DeploymentKind::Single => Self::Single,
            DeploymentKind::MultiServer => Self::MultiServer,
        }
    }
}

/// A time that a window can last.
pub(super) fn window(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration = text
        .parse()
        .map_err(|_| "write it as a number with a unit, such as 30s or 5m".to_owned())?;
    if !(WINDOW_MIN_SECONDS..=WINDOW_MAX_SECONDS).contains(&span.as_secs()) {
        return Err("it must lie between 1s and 24h".to_owned());
    }
    Duration::try_from(span).map_err(|error| error.to_string())
}

/// Gathers signals, judges them, prints the answer.
///
/// # Errors
/// When the flags or the signals file cannot be used, or the answer cannot be printed. What is wrong with the
/// system that is judged is part of the answer.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut policy = Policy::sqlite_to_postgres();
    let mut databases = gather(args, &mut policy)?;
    if let Some(kind) = args.deployment {
        for signals in &mut databases {
            signals.declare_deployment(kind.into(), "--deployment");
        }
    }
    let answer = judge(&databases, &policy);
    let text = if args.json {
        answer.json().map_err(VerdictError::Json)?
    } else {
        answer.text(super::paint())
    };
    print(&text).map_err(VerdictError::Output)?;
    Ok(exit_of(answer.decision.level))
}

fn gather(args: &Args, policy: &mut Policy) -> Result<Vec<Signals>, VerdictError> {
    if let Some(path) = &args.signals {
        return Ok(vec![read_signals(path, policy)?]);
    }
    let endpoint = Endpoint::parse(args.scrape.as_deref().unwrap_or_default())?;
    // Two scrapes cannot see further back than their window, and whoever gives one asks about that window.
    policy.hold_at_most_seconds = Some(args.window.as_secs_f64());
    let mut stderr = io::stderr();
    if stderr.is_terminal() {
        // Only to explain the wait; the answer does not depend on it.
        let _ = writeln!(stderr, "watching {} for {:?}", endpoint.shown(), args.window);
    }
    Ok(scrape(&endpoint, args.window, args.db.as_deref()))
}

fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    match written {
        // The reader took what it wanted, as `head -1` does; the exit code still holds.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
