//! The plan of a migration into tables that the application made: which is which, how values are cast, what
//! becomes of rows that are there already.
//!
//! The target's types are never changed; what does not fit them blocks.

pub mod binding;
mod build;
mod changes;
mod columns;
mod facts;
mod foreign_keys;
mod kept;
pub mod ledgers;
pub mod seeds;

pub use build::{SourceFacts, build};
pub use facts::{Facts, LedgerFact, trials};
