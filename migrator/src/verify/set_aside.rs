//! Puts what was set aside back into the rows of the target, so that target and quarantine together are
//! compared with the source.
//!
//! A row is known by its digest as the target holds it. Rows that are the same there take the values set aside
//! for such a row one after another; which takes which makes no difference.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use outgrow_shared::ce1::Digest;
use outgrow_shared::value::OwnedValue;
use uuid::Uuid;

use crate::copy::quarantine;
use crate::plan::model::TablePlan;
use crate::target::{Target, TargetError};

/// Values of one row by the place of their column.
pub type Values = Arc<[(usize, OwnedValue)]>;

/// What one table set aside, not yet put back.
#[derive(Debug, Clone, Default)]
pub struct SetAside(HashMap<Digest, VecDeque<Values>>);

impl SetAside {
    /// Reads what the plan says was set aside; nothing is asked where it sets nothing aside.
    pub async fn load(target: &Target, run: Uuid, table: &TablePlan) -> Result<Self, TargetError> {
        let mut rows: HashMap<Digest, VecDeque<Values>> = HashMap::new();
        if table.sets_aside() {
            for row in quarantine::read(target, run, table).await? {
                rows.entry(row.row_digest)
                    .or_default()
                    .push_back(row.values.into());
            }
        }
        Ok(Self(rows))
    }

    /// Whether there is nothing to put back.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Values to put back.
    pub fn len(&self) -> u64 {
        self.0.values().flatten().map(|values| values.len() as u64).sum()
    }

    /// Takes the values of a row that the target holds with this digest.
    pub fn take(&mut self, row: &Digest) -> Option<Values> {
        let waiting = self.0.get_mut(row)?;
        let values = waiting.pop_front();
        if waiting.is_empty() {
            self.0.remove(row);
        }
        values
    }
}
