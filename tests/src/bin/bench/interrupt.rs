//! SIGINT and SIGTERM end a benchmark in good order: what runs is stopped, and the server and the folder go
//! the way they go at the end of every run.
//!
//! A signal only leaves its number here. Whoever waits for a program looks for it (`children`), and so does
//! SQLite while it makes a data set; both then fail, and everything unwinds.

use std::io;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGINT, SIGTERM};

/// The number of the signal that came; 0 before.
static SIGNAL: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// Exit codes of an interrupted program are this and the signal's number, as shells have it.
const INTERRUPTED: u8 = 128;

/// From now on both signals are noted.
pub fn listen() -> io::Result<()> {
    for (signal, number) in [(SIGINT, 2), (SIGTERM, 15)] {
        signal_hook::flag::register_usize(signal, Arc::clone(noted()), number)?;
    }
    Ok(())
}

/// True once a signal came.
pub fn came() -> bool {
    noted().load(Ordering::Relaxed) != 0
}

/// How an interrupted benchmark ends; none when no signal came.
pub fn exit_code() -> Option<ExitCode> {
    match u8::try_from(noted().load(Ordering::Relaxed)) {
        Ok(0) | Err(_) => None,
        Ok(number) => Some(ExitCode::from(INTERRUPTED + number)),
    }
}

fn noted() -> &'static Arc<AtomicUsize> {
    SIGNAL.get_or_init(Arc::default)
}
