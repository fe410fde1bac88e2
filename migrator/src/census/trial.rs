//! Trials: whether every value of a column would survive a mapping that its owner chose, or one of the casts
//! that its column on the target allows.
//!
//! The census only counts what the given test refuses, by kind, so that values which a policy takes out of the
//! column can be left aside later.

use std::collections::{BTreeMap, BTreeSet};

use outgrow_shared::value::Value;

use crate::plan::cast::Candidate;
use crate::plan::policy::ValueKind;

/// Rows named as examples; a person looks at no more.
const SAMPLES_MAX: usize = 3;

/// Says of a value whether it survives.
pub type Test<'a> = Box<dyn Fn(&Value<'_>) -> bool + Sync + 'a>;

/// The tests to make, by table and column.
#[derive(Default)]
pub struct Trials<'a> {
    tests: BTreeMap<(String, String), Test<'a>>,
    casts: BTreeMap<(String, String), Casts>,
}

/// The casts to try on one column.
#[derive(Debug, Clone, Default)]
pub struct Casts {
    /// The casts, the one that takes most at the end.
    pub candidates: Vec<Candidate>,
    /// Kinds of which a policy takes out what does not fit.
    pub forgiven: BTreeSet<ValueKind>,
}

/// What is tried on a column that is cast to nothing.
static NO_CASTS: Casts = Casts {
    candidates: Vec::new(),
    forgiven: BTreeSet::new(),
};

impl<'a> Trials<'a> {
    /// Adds the test of one column.
    pub fn add(&mut self, table: &str, column: &str, test: Test<'a>) {
        self.tests.insert((table.to_owned(), column.to_owned()), test);
    }

    /// Adds the casts to try on one column.
    pub fn add_casts(&mut self, table: &str, column: &str, casts: Casts) {
        self.casts.insert((table.to_owned(), column.to_owned()), casts);
    }

    /// The casts to try on one column.
    pub fn casts(&self, table: &str, column: &str) -> &Casts {
        let key = (table.to_owned(), column.to_owned());
        self.casts.get(&key).unwrap_or(&NO_CASTS)
    }

    pub(super) fn of(&self, table: &str, column: &str) -> Option<&Test<'a>> {
        self.tests.get(&(table.to_owned(), column.to_owned()))
    }
}

/// What a test refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refused {
    rows: BTreeMap<ValueKind, u64>,
    /// The first rows that were refused.
    pub samples: Vec<String>,
}

impl Refused {
    pub(super) fn count(&mut self, value: &Value<'_>, key: impl Fn() -> String) {
        let Some(kind) = ValueKind::of(value) else { return };
        *self.rows.entry(kind).or_default() += 1;
        if self.samples.len() < SAMPLES_MAX {
            self.samples.push(key());
        }
    }

    /// Rows refused, by kind.
    pub fn by_kind(&self) -> impl Iterator<Item = (ValueKind, u64)> + '_ {
        self.rows.iter().map(|(kind, rows)| (*kind, *rows))
    }

    /// Rows refused, of these kinds.
    pub fn of_kinds(&self, kinds: &[ValueKind]) -> u64 {
        kinds.iter().filter_map(|kind| self.rows.get(kind)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_counted_by_kind() {
        let mut refused = Refused::default();
        for value in [Value::Text("a"), Value::Integer(1), Value::Text("b"), Value::Null] {
            refused.count(&value, || value.to_string());
        }
        assert_eq!(refused.of_kinds(&[ValueKind::Text]), 2);
        assert_eq!(refused.of_kinds(&ValueKind::ALL), 3);
        assert_eq!(refused.samples, ["text 'a'", "integer 1", "text 'b'"]);
    }
}
