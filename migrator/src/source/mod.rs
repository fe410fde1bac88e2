//! The source: a SQLite file, opened read-only and hardened, seen through one snapshot.
//!
//! Nothing is ever written to it. Everything the later stages know of it comes from here: its catalog, its
//! rows, its identity.

pub mod catalog;
#[cfg(test)]
mod catalog_tests;
pub mod ddl;
mod error;
mod fingerprint;
mod header;
mod index_proof;
mod integrity;
pub mod objects;
mod open;
mod reader;
mod readers;
pub mod scan;
mod wal;
mod wal_watch;

pub use error::SourceError;
pub use header::{Header, JournalMode, TextEncoding};
pub use integrity::{Integrity, Unchecked};
pub use open::{Identity, Source, path_sha256};
pub use reader::Reader;
pub(crate) use reader::{is_general_error, message};
pub use readers::{Readers, Stop};
pub use wal_watch::{MaxWal, WalWatch};
