//! The migrator: source -> census -> plan -> copy -> verify -> report.
//!
//! One word names the folder, the subcommand, the log line and the report section, in the order of the data.

pub mod cli;
pub mod demo;
pub mod exit;
pub mod failure;
pub mod plan;
