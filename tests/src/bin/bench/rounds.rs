//! The rounds of one data set: limit, outgrow and, if asked for, the peers, each once a round.
//!
//! Whoever comes first in one round comes last in the next, so that neither a warm cache nor the machine's drift
//! favours one side. Each starts on a fresh database after everything was written out.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::arguments::{Arguments, Dataset};
use crate::limit::{self, Limit, Load};
use crate::measure::{Bench, DATABASE, Run};
use crate::peers::{PEERS, Standing, Task};
use crate::{Outcome, datasets, say};

/// The stages of a migration, as its events name them.
pub const STAGES: [&str; 5] = ["source", "census", "copy", "keys", "verify"];

/// Places in [`STAGES`].
pub const COPY: usize = 2;
/// See [`COPY`].
pub const KEYS: usize = 3;

/// All rounds of one data set.
#[derive(Debug)]
pub struct Rounds {
    /// Which.
    pub dataset: Dataset,
    /// How many tables.
    pub tables: usize,
    /// Rows of all of them.
    pub rows: u64,
    /// Size of the SQLite file.
    pub file_bytes: u64,
    /// Size of its largest value.
    pub largest_value_bytes: u64,
    /// One by one.
    pub rounds: Vec<Round>,
    /// What the rounds say of each peer besides figures; none unless asked for.
    pub standings: Vec<Standing>,
}

/// One round.
#[derive(Debug)]
pub struct Round {
    /// psql with ready files.
    pub limit: Load,
    /// `outgrow migrate`.
    pub migration: Migration,
    /// One for each of [`Rounds::standings`]; none for a peer in trouble.
    pub peers: Vec<Option<Load>>,
}

/// One migration, from the start of `outgrow migrate` to its exit.
#[derive(Debug)]
pub struct Migration {
    /// What it took.
    pub run: Run,
    /// Seconds of each of [`STAGES`].
    pub stage_seconds: [f64; STAGES.len()],
    /// Seconds of `outgrow verify` afterwards, both sides read anew.
    pub verify_seconds: f64,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Limit,
    Outgrow,
    Peer(usize),
}

/// Makes the data set, runs the rounds, and removes it. Nobody's first load is counted: outgrow's yields the COPY
/// files, and all of them warm the system's caches.
pub fn run(bench: &Bench, dataset: Dataset, arguments: &Arguments, scale: f64) -> Outcome<Rounds> {
    say(&format!("{}: generating", dataset.name()))?;
    let file = datasets::generate(dataset, arguments, scale, bench.folder())?;
    let plan = limit::plan(bench, &file)?;
    migrate(bench, &file)?;
    let limit = Limit::prepare(bench, &plan)?;
    limit.run(bench)?;
    let task = Task {
        bench,
        file: &file,
        plan: &plan,
        limit: &limit,
    };
    let asked_for = PEERS.iter().filter(|_| arguments.peers);
    let standings = asked_for.map(|peer| Standing::first(*peer, &task));
    let mut result = Rounds {
        dataset,
        tables: plan.tables.len(),
        rows: plan.rows(),
        file_bytes: fs::metadata(&file)?.len(),
        largest_value_bytes: datasets::largest_value_bytes(&file)?,
        rounds: Vec::new(),
        standings: standings.collect::<Outcome<_>>()?,
    };
    for number in 1..=arguments.rounds {
        let round = one(&task, &mut result.standings, number)?;
        say(&format!(
            "{}: round {number} of {}: limit {:.2} s, outgrow {:.2} s",
            dataset.name(),
            arguments.rounds,
            round.limit_seconds(),
            round.migration.run.seconds
        ))?;
        result.rounds.push(round);
    }
    // One data set at a time lies on the disk.
    limit.remove()?;
    bench.drop_database(DATABASE)?;
    fs::remove_file(&file)?;
    Ok(result)
}

/// One round, everybody once.
fn one(task: &Task<'_>, standings: &mut [Standing], number: u32) -> Outcome<Round> {
    let (mut limit, mut migration) = (None, None);
    let mut peers = vec![None; standings.len()];
    for turn in turns(standings.len(), number) {
        match turn {
            Turn::Limit => limit = Some(task.limit.run(task.bench)?),
            Turn::Outgrow => migration = Some(migrate(task.bench, task.file)?),
            Turn::Peer(place) => peers[place] = standings[place].load(task)?,
        }
    }
    Ok(Round {
        limit: limit.ok_or("the limit had no turn")?,
        migration: migration.ok_or("outgrow had no turn")?,
        peers,
    })
}

/// Everybody's turn, the other way round in every second round.
fn turns(peers: usize, number: u32) -> Vec<Turn> {
    let mut turns = vec![Turn::Limit, Turn::Outgrow];
    turns.extend((0..peers).map(Turn::Peer));
    if number.is_multiple_of(2) {
        turns.reverse();
    }
    turns
}

/// Migrates once into a fresh database, and verifies once more.
fn migrate(bench: &Bench, file: &Path) -> Outcome<Migration> {
    let certificate = bench.folder().join("certificate.json");
    let (certificate_path, file) = (certificate.to_string_lossy(), file.to_string_lossy());
    let url = bench.url(DATABASE);
    bench.fresh_database(DATABASE)?;
    bench.settle()?;
    let migrate = [
        "migrate",
        &file,
        "--to",
        &url,
        "--json",
        "--certificate",
        &certificate_path,
    ];
    let run = bench.measured(bench.outgrow_command(&migrate)?)?;
    fs::remove_file(&certificate)?;
    let verified = bench.measured(bench.outgrow_command(&["verify", &file, "--to", &url])?)?;
    Ok(Migration {
        stage_seconds: STAGES.map(|stage| seconds_of(stage, &run.stdout)),
        run,
        verify_seconds: verified.seconds,
    })
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

impl Load {
    /// Rows and keys together.
    pub fn whole(&self) -> Run {
        self.copy.and(&self.keys)
    }
}

impl Round {
    /// Seconds of the limit, keys included.
    pub fn limit_seconds(&self) -> f64 {
        self.limit.whole().seconds
    }

    /// How often outgrow takes the limit's time.
    pub fn ratio(&self) -> f64 {
        self.migration.run.seconds / self.limit_seconds()
    }
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

    #[test]
    fn the_places_of_stages_are_theirs() {
        assert_eq!((STAGES[COPY], STAGES[KEYS]), ("copy", "keys"));
    }

    #[test]
    fn every_second_round_goes_the_other_way() {
        let odd = turns(1, 1);
        let even = turns(1, 2);
        assert_eq!(odd, [Turn::Limit, Turn::Outgrow, Turn::Peer(0)]);
        assert!(even.iter().eq(odd.iter().rev()));
    }
}
