//! The census: what values are really stored, counted over every column of every row in one pass.
//!
//! It only counts. What a count means for the plan is decided there. A shape that a column has lost is not
//! looked for again, so that the pass costs little more than reading the values.

mod casting;
mod column;
mod decimal;
mod duplicates;
mod json;
mod numbers;
mod orphans;
mod table;
mod text_shape;
mod time_text;
mod trial;
mod width;

pub use casting::{CastCount, ZoneCount};
pub use column::{ColumnCensus, JsonTexts};
pub use duplicates::{Duplicates, DuplicatesError, duplicates_after};
pub(crate) use json::Json;
pub use orphans::{Orphans, orphans_of};
pub use table::{Census, TableCensus, row_key};
pub use text_shape::TextShape;
pub use time_text::{TimeText, TimeTextCount, TimeTexts};
pub use trial::{Casts, Refused, Test, Trials};
pub use width::RowWidths;
