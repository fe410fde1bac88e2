//! Runs a command's asynchronous part, and ends it in order on SIGINT and SIGTERM.

use std::future::Future;
use std::num::NonZero;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::migrate::PointOfNoReturn;
use crate::report::layout::quoted;

/// Readers of the source end by themselves once nobody takes their rows; this is the most they get.
const SHUTDOWN: Duration = Duration::from_millis(200);

/// Threads at the most. Sessions decode and hash on them side by side; the server does as much for each, so more
/// would not be faster.
const WORKERS_MAX: usize = 8;

/// Runs `work` to its end or to a signal. Dropping it closes its sessions, and Postgres rolls back.
pub fn run<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    run_to(&PointOfNoReturn::default(), work)
}

/// As [`run`], but a signal after the point of no return waits for the end: what is being committed is no
/// longer ours to take back, and must not be told as lost.
pub fn run_to<T>(
    point: &PointOfNoReturn,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let runtime = build()?;
    let result = runtime.block_on(async {
        // Before the work begins: until then a signal would end the process on the spot.
        let signals = install_handlers();
        let mut work = std::pin::pin!(work);
        tokio::select! {
            result = &mut work => result,
            stopped = stop_signal(signals) => if point.is_passed() { work.await } else { Err(stopped) },
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

/// Handlers of SIGINT and SIGTERM; none where the system refuses them.
fn install_handlers() -> Option<(Signal, Signal)> {
    let handler = |kind| signal(kind).ok();
    Some((
        handler(SignalKind::interrupt())?,
        handler(SignalKind::terminate())?,
    ))
}

async fn stop_signal(handlers: Option<(Signal, Signal)>) -> Failure {
    let Some((mut interrupt, mut terminate)) = handlers else {
        // Without handlers the signals end the process at once, which rolls back as well.
        return std::future::pending().await;
    };
    let name = tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    };
    let command: Vec<String> = std::env::args().collect();
    Failure::new(
        Exit::Interrupted,
        format!("stopped by {name}; the open transaction is rolled back, nothing was kept"),
        format!("Run it again: {}", redact(&command)),
    )
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
