//! Runs a command's asynchronous part, and ends it in order on SIGINT and SIGTERM.

use std::future::Future;
use std::num::NonZero;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::migrate::Standing;
use crate::report::layout::quoted;

/// Readers of the source end by themselves once nobody takes their rows; this is the most they get.
const SHUTDOWN: Duration = Duration::from_millis(200);

/// Threads at the most. Sessions decode and hash on them side by side; the server does as much for each, so more
/// would not be faster.
const WORKERS_MAX: usize = 8;

/// Runs `work` to its end or to a signal. Dropping it closes its sessions, and Postgres rolls back.
pub fn run<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    run_to(&Standing::default(), work)
}

/// As [`run`], but a signal while it commits waits for the end: what is being committed is no longer ours to take
/// back, and must not be told as lost. A failure after which the same command goes on says that command.
pub fn run_to<T>(standing: &Standing, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = build()?;
    let result = runtime.block_on(async {
        // Before the work begins: until then a signal would end the process on the spot.
        let signals = install_handlers();
        let mut work = std::pin::pin!(work);
        tokio::select! {
            result = &mut work => result,
            name = stop_signal(signals) => if standing.is_committing() {
                work.await
            } else {
                Err(stopped_by(name, standing))
            },
        }
    });
    runtime.shutdown_timeout(SHUTDOWN);
    result.map_err(with_command)
}

/// Says the command that goes on, where one does.
fn with_command(failure: Failure) -> Failure {
    if failure.exit != Exit::Interrupted {
        return failure;
    }
    let next = format!("{}: {}", failure.next.trim_end_matches('.'), own_command());
    Failure { next, ..failure }
}

/// Runs `work` to its end or to a signal, whichever comes first; what only looks may be ended at any time.
pub fn run_quietly(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = build()?;
    let result = runtime.block_on(async {
        let signals = install_handlers();
        tokio::select! {
            result = work => result,
            _ = stop_signal(signals) => Ok(()),
        }
    });
    runtime.shutdown_timeout(SHUTDOWN);
    result
}

fn build() -> Result<Runtime, Failure> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let runtime = Builder::new_multi_thread()
        .worker_threads(processors.clamp(2, WORKERS_MAX))
        .enable_all()
        .build();
    runtime.map_err(|error| {
        Failure::new(
            Exit::Bug,
            "threads cannot be started",
            "Raise the limit on processes, then run again.",
        )
        .because(error)
    })
}

/// Handlers of SIGINT, SIGTERM and SIGHUP, which comes when the terminal is closed; none where the system refuses them.
fn install_handlers() -> Option<[Signal; 3]> {
    let handler = |kind| signal(kind).ok();
    Some([
        handler(SignalKind::interrupt())?,
        handler(SignalKind::terminate())?,
        handler(SignalKind::hangup())?,
    ])
}

/// Waits for a signal that ends the process, and names it.
async fn stop_signal(handlers: Option<[Signal; 3]>) -> &'static str {
    let Some([mut interrupt, mut terminate, mut hangup]) = handlers else {
        // Without handlers the signals end the process at once, which rolls back as well.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
        _ = hangup.recv() => "SIGHUP",
    }
}

fn stopped_by(name: &str, standing: &Standing) -> Failure {
    let (stays, next) = if standing.is_kept() {
        (
            "what was committed stays",
            "Run it again, and it goes on where it stopped.",
        )
    } else {
        ("nothing was kept", "Run it again.")
    };
    Failure::new(
        Exit::Interrupted,
        format!("stopped by {name}; the open transactions are rolled back, {stays}"),
        next,
    )
}

/// The command line of this process, as it can be shown.
fn own_command() -> String {
    redact(&std::env::args().collect::<Vec<String>>())
}

/// The command line without what may hold a password.
fn redact(command: &[String]) -> String {
    let mut words = Vec::with_capacity(command.len());
    let mut hide = false;
    for word in command {
        let shown = match word.split_once('=') {
            _ if hide => "'...'".to_owned(),
            Some(("--to", _)) => "--to='...'".to_owned(),
            _ => quoted(word),
        };
        hide = word == "--to";
        words.push(shown);
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn the_target_is_not_repeated() {
        let words = [
            "outgrow",
            "migrate",
            "a b.db",
            "--to",
            "postgres://u:secret@h/d",
            "--to=secret",
        ];
        let shown = redact(&words.map(str::to_owned));
        assert_eq!(shown, "outgrow migrate 'a b.db' --to '...' --to='...'");
    }
}
