//! The census: what values are really stored, counted over every column of every row in one pass.
//!
//! It only counts. What a count means for the plan is decided there.

mod column;
mod table;

pub use column::ColumnCensus;
pub use table::{Census, Orphans, TableCensus, row_key};
