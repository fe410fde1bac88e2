//! What the wrapper adds to one write: nanoseconds per auto-commit insert, measured against plain rusqlite.
//!
//! Blocks of both variants alternate on one in-memory database each, the cheapest write SQLite has, so the
//! machine's drift hits both alike. The median of the paired differences is printed; criterion then shows the
//! measurement alone.

use std::io::Write as _;
use std::time::{Duration, Instant};

use criterion::Criterion;
use outgrow_agent::Agent;

/// Pairs of blocks, and inserts per block: enough for a steady median within a few seconds.
const PAIRS: usize = 400;
const BLOCK: u32 = 300;

const TABLE: &str = "CREATE TABLE t (k INTEGER PRIMARY KEY, v BLOB)";
const INSERT: &str = "REPLACE INTO t VALUES (1, ?1)";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let agent = Agent::builder("bench", "bench.db").no_listener().start()?;
    let (first, second) = (
        rusqlite::Connection::open_in_memory()?,
        rusqlite::Connection::open_in_memory()?,
    );
    let measured = agent.wrap(rusqlite::Connection::open_in_memory()?);
    first.execute_batch(TABLE)?;
    second.execute_batch(TABLE)?;
    measured.execute_batch(TABLE)?;
    let value = [7_u8; 256];

    let plain = |conn: &rusqlite::Connection| time(|| conn.prepare_cached(INSERT)?.execute([&value]));
    let wrapped = || time(|| measured.prepare_cached(INSERT)?.execute([&value]));
    let (mut base, mut added, mut placebo) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..PAIRS {
        // Alternating order, so that neither variant always runs on the other's warm cache.
        let (with, without) = if pair % 2 == 0 {
            let with = wrapped()?;
            (with, plain(&first)?)
        } else {
            let without = plain(&first)?;
            (wrapped()?, without)
        };
        base.push(without);
        added.push(with - without);
        placebo.push(plain(&second)? - without);
    }
    let mut out = std::io::stdout();
    writeln!(out, "plain write           median {:>8.1} ns", median(&mut base))?;
    writeln!(out, "added by the wrapper  median {:>8.1} ns", median(&mut added))?;
    writeln!(
        out,
        "placebo (plain again) median {:>8.1} ns",
        median(&mut placebo)
    )?;

    let mut criterion = Criterion::default()
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    criterion.bench_function("begin and finish", |b| {
        b.iter(|| agent.begin("put").finish(&Ok::<_, i32>(())));
    });
    Ok(())
}

/// Nanoseconds per write over one block.
fn time(mut write: impl FnMut() -> rusqlite::Result<usize>) -> rusqlite::Result<f64> {
    let started = Instant::now();
    for _ in 0..BLOCK {
        write()?;
    }
    Ok(started.elapsed().as_secs_f64() * 1e9 / f64::from(BLOCK))
}

fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or(f64::NAN)
}
