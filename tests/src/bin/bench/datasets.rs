//! SQLite files to measure with: generated here, or by the program beside the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use outgrow_e2e::programs::repository;
use outgrow_migrator::quote::quote_ident;
use rusqlite::Connection;

use crate::arguments::{Arguments, Dataset, Generator};
use crate::{Outcome, children, interrupt, shapes};

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

/// Virtual machine steps of SQLite between two looks for an interrupt: some milliseconds.
const STEPS_BETWEEN_LOOKS: i32 = 100_000;

/// Writes the data set into `folder` and returns the file.
pub fn generate(dataset: Dataset, arguments: &Arguments, scale: f64, folder: &Path) -> Outcome<PathBuf> {
    let file = folder.join(format!("{}.db", dataset.name()));
    match arguments.generator {
        Generator::Own => generate_own(dataset, arguments.seed, scale, &file)?,
        Generator::Shared => generate_shared(dataset, scale, folder)?,
    }
    Ok(file)
}

fn generate_own(dataset: Dataset, seed: u64, scale: f64, file: &Path) -> Outcome<()> {
    let mut connection = Connection::open(file)?;
    connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(interrupt::came))?;
    // The file is thrown away with the run; nothing in it needs to survive a crash.
    connection
        .execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000")?;
    let transaction = connection.transaction()?;
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
    let mut command = Command::new("python3");
    command
        .arg(&program)
        .args([dataset.name(), "--scale", &(share * scale).to_string(), "--out"])
        .arg(folder);
    children::run(command, folder)?.success()?;
    Ok(())
}

/// Bytes of the largest value of a file, which bounds what a program has to hold at once.
pub fn largest_value_bytes(file: &Path) -> Outcome<u64> {
    let mut connection = Connection::open(file)?;
    connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(interrupt::came))?;
    let mut names = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut largest = 0;
    for table in names {
        let statement = connection.prepare(&format!("SELECT * FROM {} LIMIT 0", quote_ident(&table)))?;
        let lengths: Vec<String> = statement
            .column_names()
            .map(|column| format!("coalesce(max(octet_length({})), 0)", quote_ident(column)))
            .collect();
        // With one argument it would be an aggregate.
        let sql = format!(
            "SELECT max(0, 0, {}) FROM {}",
            lengths.join(", "),
            quote_ident(&table)
        );
        let here: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        largest = largest.max(here.unsigned_abs());
    }
    Ok(largest)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_value_is_counted_in_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.db");
        let sql = "CREATE TABLE \"a b\" (\"x\"\"y\" TEXT); INSERT INTO \"a b\" VALUES ('\u{fc}\u{fc}'), (NULL);
             CREATE TABLE empty (n INTEGER); CREATE TABLE c (v BLOB, n REAL); INSERT INTO c VALUES (zeroblob(3), NULL)";
        Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        assert_eq!(largest_value_bytes(&file).unwrap(), 4);
    }
}
