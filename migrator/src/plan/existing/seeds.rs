//! What becomes of rows that a table of the target holds before anything is copied into it.
//!
//! Applications put such rows there when they make their tables: roles, settings, content types. The default is
//! to stop: nothing of them is deleted, kept or taken for the source's own unless the owner says so.

use std::fmt;

/// The most rows of one table that are merged: their digests and keys are held in memory, and seeds are few.
pub const MERGED_ROWS_MAX: u64 = 1_000_000;

/// What becomes of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeedPolicy {
    /// Nothing is written while there are any.
    #[default]
    Stop,
    /// They are deleted in the transaction of the copy; the table then holds the source's rows.
    Replace,
    /// They stay, and the source's rows of that table stay out.
    Keep,
    /// They stay if the source has the very same rows; those it has besides are added. Any other row refuses.
    MergeIdentical,
}

impl SeedPolicy {
    /// Every policy, the default first.
    pub const ALL: [Self; 4] = [Self::Stop, Self::Replace, Self::Keep, Self::MergeIdentical];

    /// The word in plans, flags and findings.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Replace => "replace",
            Self::Keep => "keep",
            Self::MergeIdentical => "merge-identical",
        }
    }

    /// The policy of a word; none when there is no such policy.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.word() == word)
    }
}

impl fmt::Display for SeedPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_files_and_are_read_back() {
        for policy in SeedPolicy::ALL {
            assert_eq!(serde_json::to_value(policy).unwrap(), policy.word());
            assert_eq!(SeedPolicy::parse(policy.word()), Some(policy));
            assert_eq!(policy.to_string(), policy.word());
        }
        for unknown in ["", "Stop", "merge", "merge_identical", " keep"] {
            assert_eq!(SeedPolicy::parse(unknown), None, "{unknown}");
        }
        assert_eq!(SeedPolicy::default(), SeedPolicy::Stop);
    }
}
