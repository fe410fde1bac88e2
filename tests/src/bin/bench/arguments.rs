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
    /// Leave out what the agent adds to a write
    #[arg(long)]
    pub no_agent: bool,
}

impl Arguments {
    /// The data sets to measure, in the order they are shown.
    pub fn datasets(&self) -> Vec<Dataset> {
        if self.names.is_empty() {
            Dataset::value_variants().to_vec()
        } else {
            self.names.clone()
        }
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
}

impl Dataset {
    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Checkpoints => "checkpoints",
            Self::Narrow => "narrow",
            Self::Wide => "wide",
            Self::Many => "many",
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
