//! Verify: both sides read in SQLite's value domain, hashed by CE1, compared down to the value.

pub mod again;
mod buckets;
mod cast;
mod copy_out;
pub mod decode;
mod difference;
pub mod digest;
mod drill_buckets;
mod drill_keyed;
mod error;
mod feed;
mod gathering;
mod parts;
mod reading;
mod run;
mod set_aside;
pub mod snapshot;
mod source_schema;
pub mod source_side;
mod target_rows;
mod target_schema;
pub mod target_side;

pub use difference::{ColumnDifference, Difference, Differences, Kind};
pub use error::VerifyError;
pub use parts::Spread;
pub use run::{TableRoots, Verified, verify, verify_spread};
pub use set_aside::SetAside;
pub use target_rows::range_condition;
pub use target_schema::compare as compare_schema;
