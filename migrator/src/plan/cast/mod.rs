//! Casts: how the values of a column travel into a column whose type somebody else chose.
//!
//! For every type of the target there are a few candidates, the exact ones first: those give each value back as it
//! was. The last one takes every spelling the type knows and folds them into one normal form. Which one is taken
//! is decided by the census, which tries all of them on every value.

use outgrow_shared::value::Value;

use super::mapping::{Mapping, Scratch};
use crate::target::catalog::ColumnKind;

/// What is known of a column beside its target's type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// The zone of moments that state none, as its owner chose it; without one, UTC.
    pub zone: Option<String>,
    /// Whether whole numbers in an interval column are known to be microseconds.
    pub durations_are_microseconds: bool,
}

/// One way into a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The mapping.
    pub mapping: Mapping,
}

/// How one value fares with one candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
        let _ = scratch;
        if crate::copy::encode::encode_field(self.mapping, value, &mut Vec::new()).is_ok() {
            Fit::Exact
        } else {
            Fit::Refused
        }
    }
}

/// The ways into a column of this kind, the exact ones first; none for a type that outgrow cannot write.
pub fn candidates(kind: &ColumnKind, hints: &Hints) -> Vec<Candidate> {
    let _ = hints;
    let m: Vec<Mapping> = match kind {
        ColumnKind::Smallint => vec![Mapping::IntegerSmallint],
        ColumnKind::Integer => vec![Mapping::IntegerInteger],
        ColumnKind::Bigint => vec![Mapping::IntegerBigint],
        ColumnKind::Boolean => vec![Mapping::IntegerBoolean],
        ColumnKind::DoublePrecision => vec![Mapping::RealDouble, Mapping::NumberDouble],
        ColumnKind::Text | ColumnKind::Varchar(_) => vec![Mapping::TextText, Mapping::NumberText],
        ColumnKind::Bytea => vec![Mapping::BlobBytea],
        _ => Vec::new(),
    };
    m.into_iter().map(|mapping| Candidate { mapping }).collect()
}

/// The candidate of a mapping that the owner chose; none if the mapping does not go into a column of this kind.
pub fn candidate_for(mapping: Mapping, kind: &ColumnKind) -> Option<Candidate> {
    candidates(kind, &Hints::default())
        .into_iter()
        .find(|c| c.mapping == mapping)
}
