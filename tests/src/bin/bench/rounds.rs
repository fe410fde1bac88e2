//! The rounds of one data set: limit and outgrow in turn, then a verification on its own.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::arguments::Dataset;
use crate::limit::{self, Limit};
use crate::measure::{Bench, Run};
use crate::{Outcome, say};

/// The stages of a migration, as its events name them.
pub const STAGES: [&str; 5] = ["source", "census", "copy", "keys", "verify"];

/// All rounds of one data set.
#[derive(Debug)]
pub struct Rounds {
    /// Which.
    pub dataset: Dataset,
    /// Rows of all its tables.
    pub rows: u64,
    /// Size of the SQLite file.
    pub file_bytes: u64,
    /// One by one.
    pub rounds: Vec<Round>,
}

/// One round.
#[derive(Debug)]
pub struct Round {
    /// Seconds of the limit.
    pub limit_seconds: f64,
    /// Seconds of `outgrow migrate`, from its start to its exit.
    pub migrate_seconds: f64,
    /// Its largest resident set.
    pub migrate_peak_bytes: u64,
    /// Seconds of each of [`STAGES`].
    pub stage_seconds: [f64; STAGES.len()],
    /// Seconds of `outgrow verify`, both sides read anew.
    pub verify_seconds: f64,
}

/// Runs the rounds. A first migration, which is not counted, yields the COPY files and warms the page cache.
pub fn run(bench: &Bench, dataset: Dataset, file: &Path, rounds: u32) -> Outcome<Rounds> {
    let database = "bench";
    let plan = limit::plan(bench, file)?;
    migrate(bench, file, database)?;
    let limit = Limit::prepare(bench, &plan, database)?;
    let mut result = Rounds {
        dataset,
        rows: plan.rows(),
        file_bytes: fs::metadata(file)?.len(),
        rounds: Vec::new(),
    };
    for number in 1..=rounds {
        let limit_seconds = limit.run(bench, database)?;
        let migrated = migrate(bench, file, database)?;
        let verified = bench.outgrow(&["verify", &file.to_string_lossy(), "--to", &bench.url(database)])?;
        say(&format!(
            "{}: round {number} of {rounds}: limit {limit_seconds:.2} s, outgrow {:.2} s",
            dataset.name(),
            migrated.seconds
        ))?;
        result.rounds.push(Round {
            limit_seconds,
            migrate_seconds: migrated.seconds,
            migrate_peak_bytes: migrated.peak_bytes,
            stage_seconds: STAGES.map(|stage| seconds_of(stage, &migrated.stdout)),
            verify_seconds: verified.seconds,
        });
    }
    limit.remove()?;
    bench.drop_database(database)?;
    Ok(result)
}

/// Migrates once into a fresh database.
fn migrate(bench: &Bench, file: &Path, database: &str) -> Outcome<Run> {
    let certificate = bench.folder().join("certificate.json");
    bench.fresh_database(database)?;
    bench.settle()?;
    let run = bench.outgrow(&[
        "migrate",
        &file.to_string_lossy(),
        "--to",
        &bench.url(database),
        "--json",
        "--certificate",
        &certificate.to_string_lossy(),
    ])?;
    fs::remove_file(certificate)?;
    Ok(run)
}

/// Seconds of a stage by its event; zero when there is none.
fn seconds_of(stage: &str, events: &str) -> f64 {
    let events = events
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    events
        .filter(|event| event["event"] == "stage_finished" && event["stage"] == stage)
        .filter_map(|event| event["seconds"].as_f64())
        // An empty sum of floats is -0.0, which would be shown.
        .fold(0.0, |sum, seconds| sum + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_those_of_the_finished_stage() {
        let events = "{\"event\":\"stage_started\",\"stage\":\"copy\"}\n\
                      {\"event\":\"stage_finished\",\"stage\":\"copy\",\"seconds\":1.5}\nno event\n";
        assert_eq!(seconds_of("copy", events).to_bits(), 1.5_f64.to_bits());
        assert_eq!(seconds_of("keys", events).to_bits(), 0.0_f64.to_bits());
    }
}
