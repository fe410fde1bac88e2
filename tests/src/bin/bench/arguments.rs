//! What is measured: data sets, their size, rounds.

use clap::{Parser, ValueEnum};

/// Measure the speed and the memory of outgrow against the limit of the machine
#[derive(Debug, Parser)]
pub struct Arguments {
    /// Data sets to measure; all of them without any
    #[arg(value_name = "DATASET")]
    names: Vec<Dataset>,
    /// Times each data set is loaded on both sides; medians are shown
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// Multiplies the rows of every data set (the tables of `many`)
    #[arg(long, default_value_t = 1.0)]
    pub scale: f64,
    /// The same seed gives the same rows
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// `shared` takes the generator beside the repository, ../shared/bench/gen.py
    #[arg(long, env = "BENCH_GENERATOR", default_value = "own")]
    pub generator: Generator,
    /// Add pgloader and DuckDB, as far as `scripts/setup.sh peers` has installed them
    #[arg(long)]
    pub peers: bool,
    /// Measure how the cost grows from 1 to 10 million rows of `narrow` and from 1 to 300 tables of `many`, and nothing
    /// else
    #[arg(long, conflicts_with = "census")]
    pub growth: bool,
    /// Leave out what the agent adds to a write
    #[arg(long)]
    pub no_agent: bool,
    /// Measure the census against a scan that throws every value away, and nothing else; no server is needed
    #[arg(long)]
    pub census: bool,
    /// Read this file once in this way and tell seconds and memory: a round of the census measurement
    #[arg(long, hide = true, num_args = 2, value_names = ["WAY", "FILE"])]
    pub read_once: Option<Vec<String>>,
}

/// What is migrated when no data set is named.
const MIGRATED: [Dataset; 4] = [
    Dataset::Checkpoints,
    Dataset::Narrow,
    Dataset::Wide,
    Dataset::Many,
];

/// What the census is measured on when no data set is named.
const COUNTED: [Dataset; 4] = [Dataset::Narrow, Dataset::Wide, Dataset::Json, Dataset::Many];

impl Arguments {
    /// The data sets to measure, in the order they are shown.
    pub fn datasets(&self) -> Vec<Dataset> {
        match (self.names.as_slice(), self.census) {
            ([], false) => MIGRATED.to_vec(),
            ([], true) => COUNTED.to_vec(),
            (named, _) => named.to_vec(),
        }
    }

    /// True for a data set that was named, and for all when none was.
    pub fn wants(&self, dataset: Dataset) -> bool {
        self.names.is_empty() || self.names.contains(&dataset)
    }
}

/// A data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Dataset {
    /// Blobs of half a KiB to 8 KiB under composite text keys, and their small writes.
    Checkpoints,
    /// Two integers, a short text, a float.
    Narrow,
    /// Forty columns of all kinds.
    Wide,
    /// Many small tables with foreign keys.
    Many,
    /// Texts that hold JSON of half a KiB to 4 KiB, and little else.
    Json,
}

impl Dataset {
    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Checkpoints => "checkpoints",
            Self::Narrow => "narrow",
            Self::Wide => "wide",
            Self::Many => "many",
            Self::Json => "json",
        }
    }
}

/// Where the rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Generator {
    /// This program.
    Own,
    /// The Python program beside the repository.
    Shared,
}
