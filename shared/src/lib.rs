//! The pure core of outgrow: no I/O, no async, no clock.
//!
//! What the agent, the verdict and the migrator must agree on lives here and nowhere else.

pub mod metrics;
