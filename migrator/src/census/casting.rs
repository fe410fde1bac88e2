//! How the values of a column fare with each cast that its column on the target allows.

use outgrow_shared::value::Value;

use super::trial::Refused;
use crate::plan::cast::{Candidate, Fit, states_zone};
use crate::plan::mapping::Scratch;

/// Rows named as examples; a person looks at no more.
const SAMPLES_MAX: usize = 3;

/// What became of the values of one column under one candidate; NULLs are not counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CastCount {
    /// Values that come back as they were.
    pub exact: u64,
    /// Values that come back in their normal form.
    pub folded: u64,
    /// The first rows that hold one.
    pub folded_samples: Vec<String>,
    /// Values that come back near to what they were.
    pub rounded: u64,
    /// The first rows that hold one.
    pub rounded_samples: Vec<String>,
    /// Values that do not fit.
    pub refused: Refused,
}

/// Texts that are timestamps, by whether they state their zone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ZoneCount {
    /// They do.
    pub stated: u64,
    /// They do not.
    pub unstated: u64,
}

/// Tries the candidates of one column.
#[derive(Debug)]
pub(super) struct Casting<'a> {
    candidates: &'a [Candidate],
    counts: Vec<CastCount>,
    /// Counted only where some candidate reads moments.
    zones: Option<ZoneCount>,
    scratch: Scratch,
}

impl<'a> Casting<'a> {
    /// Nothing tried yet.
    pub fn new(candidates: &'a [Candidate]) -> Self {
        Self {
            candidates,
            counts: vec![CastCount::default(); candidates.len()],
            zones: candidates
                .iter()
                .any(|candidate| candidate.mapping.reads_moments())
                .then(ZoneCount::default),
            scratch: Scratch::default(),
        }
    }

    /// Tries one value; `key` names its row.
    pub fn count(&mut self, value: &Value<'_>, key: impl Fn() -> String) {
        if *value == Value::Null {
            return;
        }
        if let (Some(zones), Value::Text(text)) = (&mut self.zones, value) {
            match states_zone(text) {
                Some(true) => zones.stated += 1,
                Some(false) => zones.unstated += 1,
                None => {}
            }
        }
        for (candidate, count) in self.candidates.iter().zip(&mut self.counts) {
            match candidate.fit(value, &mut self.scratch) {
                Fit::Exact => count.exact += 1,
                Fit::Folded => {
                    count.folded += 1;
                    keep(&mut count.folded_samples, &key);
                }
                Fit::Rounded => {
                    count.rounded += 1;
                    keep(&mut count.rounded_samples, &key);
                }
                Fit::Refused => count.refused.count(value, &key),
            }
        }
    }

    /// What was counted, in the order of the candidates.
    pub fn finish(self) -> (Vec<CastCount>, ZoneCount) {
        (self.counts, self.zones.unwrap_or_default())
    }
}

fn keep(samples: &mut Vec<String>, key: impl Fn() -> String) {
    if samples.len() < SAMPLES_MAX {
        samples.push(key());
    }
}
