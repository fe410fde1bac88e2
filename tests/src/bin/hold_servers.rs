//! Starts one of each server, prints their process ids and folders, and waits to be killed.
//!
//! The tests kill it and look whether anything is left.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use outgrow_e2e::{metrics_servers, postgres};

fn main() -> io::Result<()> {
    // In a thread that ends, as the thread of a test does.
    let server = thread::spawn(|| {
        (
            postgres::shared(),
            metrics_servers::prometheus("global: {}\n", &[]),
        )
            .1
    })
    .join()
    .expect("the servers start");
    let postgres = postgres::shared();
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{} {}",
        postgres.process_id().expect("it runs"),
        postgres.folder().display()
    )?;
    writeln!(out, "{} {}", server.process_id(), server.folder().display())?;
    writeln!(out, "ready")?;
    out.flush()?;
    loop {
        thread::sleep(Duration::from_secs(60));
    }
}
