//! Verify: both sides read in SQLite's value domain, hashed by CE1, compared down to the value.

pub mod copy_out;
pub mod decode;
pub mod difference;
pub mod digest;
pub mod drill_buckets;
pub mod drill_keyed;
mod error;
pub mod source_side;
pub mod target_side;
