//! Differences between both sides, named so that a person can look at them.

use std::fmt;

use outgrow_shared::value::Value;

use crate::plan::model::ColumnPlan;

/// Differences listed in full; beyond them only the total counts.
pub const LISTED_MAX: usize = 20;

/// All differences found, the first of them in full.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Differences {
    /// How many rows differ.
    pub total: u64,
    /// Whether the total is a lower bound, because not every differing chunk was looked into.
    pub more: bool,
    /// The first of them.
    pub listed: Vec<Difference>,
}

/// One row that differs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// Its table.
    pub table: String,
    /// How it differs.
    pub kind: Kind,
    /// What names the row.
    pub key: String,
    /// The columns that differ, for a changed row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<ColumnDifference>,
}

/// How a row differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The source has it, the target does not.
    Missing,
    /// The target has it, the source does not.
    Extra,
    /// Both have it with other values.
    Changed,
    /// The table is not as it was at the migration, on one of both sides.
    Schema,
}

impl Kind {
    /// The word in tables and messages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Changed => "changed",
            Self::Schema => "schema",
        }
    }
}

/// A value that differs, with bounded previews.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ColumnDifference {
    /// The column.
    pub column: String,
    /// Class and value in the source.
    pub source: String,
    /// Class and value in the target.
    pub target: String,
}

/// One line for a person: table, key, and what differs.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} row of table {}, {}",
            self.kind.word(),
            self.table,
            self.key
        )?;
        for column in &self.columns {
            write!(
                f,
                "; column {}: source {}, target {}",
                column.column, column.source, column.target
            )?;
        }
        Ok(())
    }
}

impl ColumnDifference {
    /// The difference of one column's values.
    pub(super) fn of(column: &ColumnPlan, source: &Value<'_>, target: &Value<'_>) -> Self {
        let target = match target {
            Value::RawText(bytes) => format!("no value of {}: {}", column.mapping, Value::Blob(bytes)),
            value => value.to_string(),
        };
        Self {
            column: column.name.clone(),
            source: source.to_string(),
            target,
        }
    }
}

impl Differences {
    /// Counts a difference and keeps it while there is room.
    pub fn add(&mut self, difference: impl FnOnce() -> Difference) {
        self.total += 1;
        if self.listed.len() < LISTED_MAX {
            self.listed.push(difference());
        }
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Takes in another table's.
    pub fn append(&mut self, other: Self) {
        self.total += other.total;
        self.more |= other.more;
        let room = LISTED_MAX.saturating_sub(self.listed.len());
        self.listed.extend(other.listed.into_iter().take(room));
    }
}
