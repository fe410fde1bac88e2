//! A candidate: a mapping together with what the column itself limits, and how one value fares with both.

use std::sync::Arc;

use outgrow_shared::value::Value;

use super::fraction::round_to;
use super::interval;
use super::model::{Cast, Normal};
use super::{array, moment, own_mapping, text, time_of_day};
use crate::plan::mapping::{Mapping, Scratch};

/// One way into a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The mapping.
    pub mapping: Mapping,
    pub(super) bound: Bound,
}

/// What a column limits beyond its type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Bound {
    /// Nothing.
    None,
    /// Characters of a text, spaces at its end included.
    Characters(u32),
    /// Characters of each text in an array.
    CharactersEach(u32),
    /// Digits of a second's fraction, of values that must come back as they were.
    FractionDigits(u8),
    /// The labels that there are.
    Labels(Arc<[String]>),
}

/// How one value fares with one candidate, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// It comes back as it was.
    Exact,
    /// It comes back in the normal form of the same value.
    Folded,
    /// It comes back as a value near to it: the type is less precise.
    Rounded,
    /// It does not fit the type.
    Refused,
}

impl Candidate {
    /// Tries one value.
    pub fn fit(&self, value: &Value<'_>, scratch: &mut Scratch) -> Fit {
        if matches!(value, Value::Null) {
            return Fit::Exact;
        }
        let fit = match self.mapping {
            Mapping::Cast(cast) => cast_fit(cast, value, &mut scratch.text),
            mapping => mapping_fit(mapping, value, &mut scratch.text),
        };
        // Limits are looked at last: most values fail before, at the shape of the mapping.
        if fit != Fit::Refused && !self.is_within_bound(value, &mut scratch.text) {
            return Fit::Refused;
        }
        fit
    }

    fn is_within_bound(&self, value: &Value<'_>, buffer: &mut String) -> bool {
        match &self.bound {
            Bound::None => true,
            Bound::Characters(most) => text::has_at_most(value, *most, buffer),
            Bound::CharactersEach(most) => array::texts_have_at_most(value, *most),
            Bound::FractionDigits(digits) => {
                microseconds(self.mapping, value).is_none_or(|count| !round_to(*digits, count).rounded)
            }
            Bound::Labels(labels) => {
                matches!(value, Value::Text(text) if labels.iter().any(|label| label == text))
            }
        }
    }
}

fn cast_fit(cast: Cast, value: &Value<'_>, buffer: &mut String) -> Fit {
    let Some(outcome) = cast.outcome(value, buffer) else {
        return Fit::Refused;
    };
    let comes_back = match (outcome.normal, value) {
        (Normal::Same, _) => true,
        (Normal::Integer(normal), Value::Integer(integer)) => normal == *integer,
        (Normal::Real(normal), Value::Real(real)) => normal.to_bits() == real.to_bits(),
        (Normal::Text, Value::Text(text)) => buffer == text,
        _ => false,
    };
    match (comes_back, outcome.rounded) {
        (true, _) => Fit::Exact,
        (false, true) => Fit::Rounded,
        (false, false) => Fit::Folded,
    }
}

fn mapping_fit(mapping: Mapping, value: &Value<'_>, buffer: &mut String) -> Fit {
    if !own_mapping::takes(mapping, value, buffer) {
        return Fit::Refused;
    }
    let folds = match mapping {
        Mapping::AnyText => !matches!(value, Value::Text(_)),
        Mapping::AnyBytea => !matches!(value, Value::Blob(_)),
        _ => false,
    };
    if folds { Fit::Folded } else { Fit::Exact }
}

/// The time in a value of a mapping that is exact, to see whether the column is precise enough for it.
fn microseconds(mapping: Mapping, value: &Value<'_>) -> Option<i64> {
    match (mapping, value) {
        (Mapping::TextTimestamp(format), Value::Text(text)) => format.parse(text),
        (Mapping::IntegerTimestamptz(unit), Value::Integer(integer)) => unit.to_postgres(*integer),
        (Mapping::Cast(cast), _) => match cast {
            Cast::TextTime(fraction) => time_of_day::of_format(value, fraction),
            Cast::TextTimestamp(format) | Cast::TextTimestamptz(format) => moment::of_format(value, format),
            Cast::LocalTimestamptz(format, zone) => moment::of_local_format(value, format, zone),
            Cast::IntegerTimestamp(unit) => moment::of_integer(value, unit),
            Cast::RealMoment(moment) => moment.read(value).map(|read| read.count),
            Cast::IntegerInterval(unit) => interval::of_integer(value, unit),
            _ => None,
        },
        _ => None,
    }
}
