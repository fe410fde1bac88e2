//! Casts: how the values of a column travel into a column whose type somebody else chose.
//!
//! For every type of the target there are a few candidates, the exact ones first: those give each value back as it
//! was. The last one takes every spelling the type knows and folds them into one normal form. Which one is taken
//! is decided by the census, which tries all of them on every value.
//!
//! Here is what a text or number means and how it is written back. Copy makes bytes of that, verify reads the bytes
//! of the target; neither knows the other.

pub(crate) mod array;
pub(crate) mod boolean;
mod candidate;
mod candidates;
pub(crate) mod decimal;
pub(crate) mod fraction;
mod identifier;
pub(crate) mod interval;
pub(crate) mod json;
mod model;
pub(crate) mod moment;
mod moment_format;
mod moment_spelling;
pub(crate) mod network;
pub(crate) mod number;
mod own_mapping;
pub(crate) mod real_moment;
pub(crate) mod text;
pub(crate) mod time_of_day;
pub(crate) mod uuid;
mod zone;

pub use candidate::{Candidate, Fit};
pub use candidates::{Hints, candidate_for, candidates};
pub use model::{Cast, Width};
pub use moment_spelling::states_zone;
pub use zone::ZoneRef;
