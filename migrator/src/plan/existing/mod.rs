//! Plans for tables that the application made itself on the target.

pub mod ledgers;
pub mod seeds;
