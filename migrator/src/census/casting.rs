//! How the values of a column fare with each cast that its column on the target allows.

use outgrow_shared::value::Value;

use super::ColumnCensus;
use super::trial::{Casts, Refused, Trials};
use crate::plan::cast::{Fit, states_zone};
use crate::plan::mapping::Scratch;
use crate::plan::policy::ValueKind;
use crate::source::catalog::Table;

/// Rows named as examples; a person looks at no more.
const SAMPLES_MAX: usize = 3;

/// What became of the values of one column under one candidate; NULLs are not counted.
///
/// A candidate that refused a value which no policy takes out is out of the question and no longer counted, but for
/// the last one, which tells what does not fit at all.
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
struct Casting<'a> {
    casts: &'a Casts,
    counts: Vec<CastCount>,
    /// Candidates that may still be taken, and the last one.
    live: Vec<usize>,
    /// Counted only where some candidate reads moments.
    zones: Option<ZoneCount>,
    scratch: Scratch,
}

impl<'a> Casting<'a> {
    /// Nothing tried yet.
    fn new(casts: &'a Casts) -> Self {
        let candidates = &casts.candidates;
        Self {
            casts,
            counts: vec![CastCount::default(); candidates.len()],
            live: (0..candidates.len()).collect(),
            zones: candidates
                .iter()
                .any(|candidate| candidate.mapping.reads_moments())
                .then(ZoneCount::default),
            scratch: Scratch::default(),
        }
    }

    /// Tries one value; `key` names its row.
    fn count(&mut self, value: &Value<'_>, key: impl Fn() -> String) {
        let Some(kind) = ValueKind::of(value) else { return };
        if let (Some(zones), Value::Text(text)) = (&mut self.zones, value) {
            match states_zone(text) {
                Some(true) => zones.stated += 1,
                Some(false) => zones.unstated += 1,
                None => {}
            }
        }
        let Self {
            casts,
            counts,
            live,
            scratch,
            ..
        } = self;
        let last = counts.len().saturating_sub(1);
        let is_forgiven = casts.forgiven.contains(&kind);
        // There are dozens of formats of a time; one that does not fit once is not tried again.
        live.retain(|place| {
            let (candidate, count) = (&casts.candidates[*place], &mut counts[*place]);
            match candidate.fit(value, scratch) {
                Fit::Exact => count.exact += 1,
                Fit::Folded => {
                    count.folded += 1;
                    keep(&mut count.folded_samples, &key);
                }
                Fit::Rounded => {
                    count.rounded += 1;
                    keep(&mut count.rounded_samples, &key);
                }
                Fit::Refused => {
                    count.refused.count(value, &key);
                    return is_forgiven || *place == last;
                }
            }
            true
        });
    }
}

/// Tries the candidates of every column of one table.
#[derive(Debug)]
pub(super) struct Castings<'a> {
    columns: Vec<Casting<'a>>,
    /// Whether there is anything to try; this is asked for every value.
    is_casting: bool,
}

impl<'a> Castings<'a> {
    /// Nothing tried yet; `stored` are the positions of the columns that are read.
    pub fn new(table: &Table, stored: &[usize], trials: &'a Trials<'_>) -> Self {
        let columns: Vec<Casting<'a>> = stored
            .iter()
            .map(|column| Casting::new(trials.casts(&table.name, &table.columns[*column].name)))
            .collect();
        Self {
            is_casting: columns.iter().any(|casting| !casting.live.is_empty()),
            columns,
        }
    }

    /// Tries the value of one column; `key` names its row.
    #[inline]
    pub fn count(&mut self, place: usize, value: &Value<'_>, key: impl Fn() -> String) {
        if self.is_casting {
            self.columns[place].count(value, key);
        }
    }

    /// Notes what was counted in the census of the columns.
    pub fn finish(self, stored: &[usize], columns: &mut [ColumnCensus]) {
        for (column, casting) in stored.iter().zip(self.columns) {
            columns[*column].zones = casting.zones.unwrap_or_default();
            columns[*column].casts = casting.counts;
        }
    }
}

fn keep(samples: &mut Vec<String>, key: impl Fn() -> String) {
    if samples.len() < SAMPLES_MAX {
        samples.push(key());
    }
}
