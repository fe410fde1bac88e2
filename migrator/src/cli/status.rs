//! `outgrow status`: how a migration stands, read from another shell.

use std::io::IsTerminal;
use std::time::Duration;

use super::runtime;
use super::target_args::TargetArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Passing};
use crate::report::progress::{Progress, Show};
use crate::report::status::{render, to_json};
use crate::status::model::Report;
use crate::status::{Request, look};
use crate::target::{Conninfo, Environment, Target, connect_to_read};

/// How long a server that went away under watch is left alone before it is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// Brings the cursor home; what is on the screen is written over and not blanked first, so that nothing flickers.
const HOME: &str = "\x1b[H";
const CLEAR: &str = "\x1b[2J";
const CLEAR_LINE: &str = "\x1b[K";
const CLEAR_BELOW: &str = "\x1b[J";

/// Tell how a migration stands: state, pace, time to go, steps, and what blocks it
///
/// Reads the ledger in the target's schema _outgrow and writes nothing. Any role will do that may read it. Exit code 0
/// says that the state was told, whichever it is; scripts take `state` from --json. Exit code 2: no migration is on
/// record there.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  outgrow status --to service=prod --watch
  outgrow status --to service=prod --json | jq -r '.runs[0].state'")]
pub struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// Only migrations into this schema
    #[arg(long, value_name = "NAME")]
    schema: Option<String>,
    /// The migration with this run id, instead of those at work or the latest one
    #[arg(long, value_name = "ID")]
    run: Option<uuid::Uuid>,
    /// Print one JSON object; docs/status.md has its fields
    #[arg(long, help_heading = "Report")]
    json: bool,
    /// Look again every SECONDS (2 unless said) until the migration is done; on a terminal the screen is redrawn
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "2",
        value_parser = clap::value_parser!(u16).range(1..=3600),
        help_heading = "Report"
    )]
    watch: Option<u16>,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let conninfo = args.target.conninfo(&Environment::of_this_process())?;
    // Warnings go to stderr; what is told goes to stdout.
    let progress = Progress::new(if args.json { Show::Nothing } else { Show::Human });
    conninfo
        .warnings
        .iter()
        .for_each(|warning| progress.note(warning));
    let request = Request {
        schema: args.schema.clone(),
        runs: args.run.into_iter().collect(),
    };
    match args.watch {
        None => runtime::run(async {
            let target = connect_to_read(&conninfo).await?;
            let report = look(&target, &request).await?;
            target.close().await;
            super::print(&text_of(args, &report)?)
        })?,
        Some(seconds) => {
            let every = Duration::from_secs(seconds.into());
            runtime::run_quietly(watch(args, &conninfo, request, every))?;
        }
    }
    Ok(Exit::Done)
}

fn text_of(args: &Args, report: &Report) -> Result<String, Failure> {
    if !args.json {
        return Ok(render(report, super::paint()));
    }
    to_json(report).map_err(|error| {
        let what = "the status cannot be written as JSON";
        Failure::new(Exit::Bug, what, "Please report this with the command you ran.").because(error)
    })
}

/// Tells again and again until every run that was found at first is at its end. A server that goes away meanwhile is
/// waited for: whoever watches a night wants to see the morning.
async fn watch(
    args: &Args,
    conninfo: &Conninfo,
    mut request: Request,
    every: Duration,
) -> Result<(), Failure> {
    let mut screen = Screen::default();
    let mut session: Option<Target> = None;
    loop {
        let told = tell(conninfo, &request, &mut session).await;
        let wait = match told {
            Ok(report) => {
                let is_read = screen.show(&text_of(args, &report)?, args.json)?;
                if !is_read || report.runs.iter().all(|run| run.state.is_final()) {
                    return Ok(());
                }
                request.runs = report.runs.iter().map(|run| run.run_id).collect();
                every
            }
            // Before anything was told, a fault may as well be one of the command line.
            Err(failure) if failure.passing == Passing::No || !screen.has_shown => return Err(failure),
            Err(failure) => {
                session = None;
                let note = format!("{}; asking again", failure.what);
                Progress::new(Show::Human).note(&note);
                ASK_AGAIN.max(every)
            }
        };
        tokio::time::sleep(wait).await;
    }
}

async fn tell(
    conninfo: &Conninfo,
    request: &Request,
    session: &mut Option<Target>,
) -> Result<Report, Failure> {
    let target = match session {
        Some(target) => target,
        none => none.insert(connect_to_read(conninfo).await?),
    };
    look(target, request).await
}

/// Where one telling after another goes: onto the same screen, or below each other.
#[derive(Debug, Default)]
struct Screen {
    has_shown: bool,
}

impl Screen {
    /// Shows the next, and says whether anybody still reads.
    fn show(&mut self, text: &str, json: bool) -> Result<bool, Failure> {
        let is_first = !std::mem::replace(&mut self.has_shown, true);
        if json {
            return super::print_to_reader(text);
        }
        if !std::io::stdout().is_terminal() {
            let gap = if is_first { "" } else { "\n" };
            return super::print_to_reader(&format!("{gap}{text}"));
        }
        let clear = if is_first { CLEAR } else { "" };
        let lines = text.replace('\n', &format!("{CLEAR_LINE}\n"));
        super::print_to_reader(&format!("{clear}{HOME}{lines}{CLEAR_BELOW}"))
    }
}
