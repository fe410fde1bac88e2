//! Rows that a table of the target holds already and keeps, because the source has the very same.
//!
//! A row is known by the digest of what the plan's columns hold. Each is met at most once, so that a row which the
//! source has twice is sent once. What is never met is not in the source as it is there, and ends the migration.

use std::collections::HashMap;

use outgrow_shared::ce1::{Digest, RowHasher};

use crate::plan::mapping::Scratch;
use crate::plan::model::TablePlan;
use crate::source::scan::SourceRow;
use crate::target::Target;
use crate::verify::SetAside;
use crate::verify::target_side::{RowReader, TargetSideError, read_rows};

/// Rows named as examples; a person looks at no more.
const SAMPLES_MAX: usize = 5;

/// The rows of one table that were there before, not yet met.
#[derive(Debug, Default)]
pub(super) struct Present {
    rows: HashMap<Digest, Vec<String>>,
    hasher: RowHasher,
    scratch: Scratch,
}

/// Rows of the target that the source does not have as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotMet {
    /// How many.
    pub rows: u64,
    /// The first of them by key.
    pub samples: Vec<String>,
}

impl Present {
    /// Reads what the table holds.
    pub async fn load(target: &Target, schema: &str, table: &TablePlan) -> Result<Self, TargetSideError> {
        let mut present = Self::default();
        let mut reader = RowReader::new(table, SetAside::default());
        let named: Vec<usize> = if table.key.is_empty() {
            vec![0]
        } else {
            table.key.clone()
        };
        read_rows::<TargetSideError>(target, schema, table, (None, None), |fields| {
            let digest = reader.leaf(fields)?;
            let mut key = Vec::with_capacity(named.len());
            reader.values(fields, |place, value| {
                if named.contains(&place) {
                    key.push(format!("{} = {value}", table.columns[place].name));
                }
            })?;
            present.rows.entry(digest).or_default().push(key.join(", "));
            Ok(())
        })
        .await?;
        Ok(present)
    }

    /// Whether the target has this row already; each of its rows answers once.
    pub fn meets(&mut self, table: &TablePlan, row: &SourceRow<'_>) -> bool {
        // Postgres has no table of more than 1600 columns.
        self.hasher
            .begin(u32::try_from(table.columns.len()).unwrap_or(u32::MAX));
        for (place, column) in table.columns.iter().enumerate() {
            let treated = column.treat(row.value(place), &mut self.scratch);
            self.hasher.value(&treated.stored());
        }
        let (digest, _) = self.hasher.finish();
        let Some(waiting) = self.rows.get_mut(&digest) else {
            return false;
        };
        waiting.pop();
        if waiting.is_empty() {
            self.rows.remove(&digest);
        }
        true
    }

    /// What was never met, if anything.
    pub fn finish(self) -> Option<NotMet> {
        let mut keys: Vec<String> = self.rows.into_values().flatten().collect();
        if keys.is_empty() {
            return None;
        }
        keys.sort();
        let rows = keys.len() as u64;
        keys.truncate(SAMPLES_MAX);
        Some(NotMet { rows, samples: keys })
    }
}
