//! The migrator: source -> census -> plan -> copy -> verify -> report.
//!
//! One word names the folder, the subcommand, the log line and the report section, in the order of the data.

pub mod census;
pub mod cli;
pub mod copy;
pub mod demo;
pub mod existing;
pub mod exit;
pub mod failpoint;
pub mod failure;
pub mod job;
pub mod ledger;
pub mod migrate;
pub mod plan;
pub mod quote;
pub mod report;
pub mod source;
pub mod status;
pub mod survey;
pub mod target;
pub mod verdict;
pub mod verify;
