//! What becomes of rows that the application put into its tables on the target before the migration.

use std::fmt;

/// The most rows of one table that are merged: their digests and keys are held in memory, and seeds are few.
pub const MERGED_ROWS_MAX: u64 = 1_000_000;

/// What becomes of a table's rows on the target, where it has some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeedPolicy {
    /// The migration is refused.
    #[default]
    Stop,
    /// They are deleted, and the source's rows take their place.
    Replace,
    /// They stay, and the source's rows are not copied.
    Keep,
    /// They stay if the source has the very same rows; those it has besides are added. Any other row refuses.
    MergeIdentical,
}

impl SeedPolicy {
    /// Every policy.
    pub const ALL: [Self; 4] = [Self::Stop, Self::Replace, Self::Keep, Self::MergeIdentical];

    /// The word in options and plans.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Replace => "replace",
            Self::Keep => "keep",
            Self::MergeIdentical => "merge-identical",
        }
    }
}

impl fmt::Display for SeedPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
