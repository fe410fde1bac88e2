//! The pure core of outgrow: no I/O, no async, no clock.
//!
//! What the agent, the verdict and the migrator must agree on lives here and nowhere else.

pub mod ce1;
pub mod metrics;
pub mod value;
pub mod verdict;

pub use verdict::{MigrationMetrics, decide, should_migrate_to_postgresql};
