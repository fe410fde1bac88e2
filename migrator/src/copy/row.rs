//! One row of the source into one row of a binary COPY stream.

use super::CopyError;
use super::encode::encode_field;
use crate::plan::mapping::Scratch;
use crate::plan::model::{ColumnPlan, TablePlan};
use crate::source::scan::SourceRow;

/// Writes rows of one table.
#[derive(Debug)]
pub(super) struct RowEncoder<'a> {
    plan: &'a TablePlan,
    /// The fields of every row, as the stream counts them.
    count: [u8; 2],
    scratch: Scratch,
}

impl<'a> RowEncoder<'a> {
    /// For rows of this table.
    pub fn new(plan: &'a TablePlan) -> Self {
        // Postgres has no table of more than 1600 columns.
        let count = i16::try_from(sent(plan).count()).unwrap_or(i16::MAX);
        Self {
            plan,
            count: count.to_be_bytes(),
            scratch: Scratch::default(),
        }
    }

    /// Appends a row.
    pub fn encode(&mut self, row: &SourceRow<'_>, buffer: &mut Vec<u8>) -> Result<(), CopyError> {
        buffer.extend_from_slice(&self.count);
        for (place, column) in sent(self.plan) {
            let value = column.treat(row.value(place), &mut self.scratch).sent();
            encode_field(column.mapping, &value, buffer).map_err(|cause| CopyError::Value {
                table: self.plan.name.clone(),
                column: column.name.clone(),
                cause,
            })?;
        }
        Ok(())
    }
}

/// The columns that are sent, with their places: what the target computes is not.
pub(super) fn sent(plan: &TablePlan) -> impl Iterator<Item = (usize, &ColumnPlan)> {
    let columns = plan.columns.iter().enumerate();
    columns.filter(|(_, column)| column.generated.is_none())
}
