//! Verify: both sides read in SQLite's value domain, hashed by CE1, compared down to the value.

pub mod again;
mod cast;
mod copy_out;
pub mod decode;
mod difference;
pub mod digest;
mod drill_buckets;
mod drill_keyed;
mod error;
mod run;
mod set_aside;
mod source_schema;
pub mod source_side;
mod target_schema;
pub mod target_side;

pub use difference::{ColumnDifference, Difference, Differences, Kind};
pub use error::VerifyError;
pub use run::{TableRoots, Verified, verify};
pub use set_aside::SetAside;
pub use target_schema::compare as compare_schema;
