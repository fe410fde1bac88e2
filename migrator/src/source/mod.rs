//! The source: a SQLite file, opened read-only and hardened, seen through one snapshot.
//!
//! Nothing is ever written to it. Everything the later stages know of it comes from here: its catalog, its
//! rows, its identity.

pub mod catalog;
#[cfg(test)]
mod catalog_tests;
pub mod ddl;
mod error;
mod header;
pub mod objects;
mod open;
pub mod scan;

pub use error::SourceError;
pub use header::{Header, JournalMode, TextEncoding};
pub use open::{Identity, Source};
