//! SQLite files to measure with: generated here, or by the program beside the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use outgrow_e2e::programs::repository;
use rusqlite::Connection;

use crate::Outcome;
use crate::arguments::{Arguments, Dataset, Generator};
use crate::shapes;

/// Checkpoints; each has five writes.
const CHECKPOINTS: f64 = 40_000.0;
const NARROW_ROWS: f64 = 1_000_000.0;
const WIDE_ROWS: f64 = 50_000.0;
const MANY_TABLES: f64 = 300.0;
const JSON_ROWS: f64 = 150_000.0;

/// What the shared generator makes at scale 1, in the units above.
const SHARED_CHECKPOINTS: f64 = 200_000.0;
const SHARED_NARROW_ROWS: f64 = 10_000_000.0;
const SHARED_WIDE_ROWS: f64 = 500_000.0;

/// Writes the data set into `folder` and returns the file.
pub fn generate(dataset: Dataset, arguments: &Arguments, folder: &Path) -> Outcome<PathBuf> {
    let file = folder.join(format!("{}.db", dataset.name()));
    match arguments.generator {
        Generator::Own => generate_own(dataset, arguments, &file)?,
        Generator::Shared => generate_shared(dataset, arguments.scale, folder)?,
    }
    Ok(file)
}

fn generate_own(dataset: Dataset, arguments: &Arguments, file: &Path) -> Outcome<()> {
    let mut connection = Connection::open(file)?;
    // The file is thrown away with the run; nothing in it needs to survive a crash.
    connection
        .execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000")?;
    let transaction = connection.transaction()?;
    let (seed, scale) = (arguments.seed, arguments.scale);
    match dataset {
        Dataset::Checkpoints => shapes::checkpoints(&transaction, seed, count(CHECKPOINTS * scale)),
        Dataset::Narrow => shapes::narrow(&transaction, seed, count(NARROW_ROWS * scale)),
        Dataset::Wide => shapes::wide(&transaction, seed, count(WIDE_ROWS * scale)),
        Dataset::Many => shapes::many(&transaction, seed, count(MANY_TABLES * scale)),
        Dataset::Json => shapes::json(&transaction, seed, count(JSON_ROWS * scale)),
    }?;
    Ok(transaction.commit()?)
}

fn generate_shared(dataset: Dataset, scale: f64, folder: &Path) -> Outcome<()> {
    let program = repository().join("../shared/bench/gen.py");
    let share = match dataset {
        Dataset::Checkpoints => CHECKPOINTS / SHARED_CHECKPOINTS,
        Dataset::Narrow => NARROW_ROWS / SHARED_NARROW_ROWS,
        Dataset::Wide => WIDE_ROWS / SHARED_WIDE_ROWS,
        Dataset::Many => 1.0,
        Dataset::Json => return Err("the shared generator has no data set json".into()),
    };
    let status = Command::new("python3")
        .arg(&program)
        .args([dataset.name(), "--scale", &(share * scale).to_string(), "--out"])
        .arg(folder)
        .stdout(std::io::stderr())
        .status()
        .map_err(|error| format!("python3 cannot be started: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{} failed: {status}", program.display()).into())
    }
}

/// A positive number of rows or tables.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float to integer cast saturates, and a negative scale asks for the least"
)]
fn count(number: f64) -> u32 {
    (number.round() as u32).max(1)
}
