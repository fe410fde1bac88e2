//! Which value policies hold in a column: its own choices, and the general ones for what does not fit it.
//!
//! A general policy never touches the values a column is made for. Which those are is said by the declaration,
//! or, where no value is as declared, by the most frequent kind.

use std::collections::BTreeMap;

use super::choices::Choices;
use super::policy::{Policy, ValueKind};
use crate::census::ColumnCensus;
use crate::source::catalog::Column;
use crate::source::ddl::Affinity;

/// Policies by kind, of kinds that occur and are not blocked.
pub type Applied = BTreeMap<ValueKind, Policy>;

/// The policies that hold in one column.
pub fn applied(choices: &Choices, object: &str, column: &Column, census: &ColumnCensus) -> Applied {
    let misfits = misfits(column, census);
    let own = choices.column(object);
    let policy = |kind: ValueKind| {
        let own = own.and_then(|choice| choice.values.get(&kind));
        own.or_else(|| choices.values.get(&kind).filter(|_| misfits.contains(&kind)))
    };
    occurring(census)
        .filter_map(|kind| Some((kind, *policy(kind)?)))
        .filter(|(_, policy)| *policy != Policy::Block)
        .collect()
}

/// The kinds that occur in a column.
pub fn occurring(census: &ColumnCensus) -> impl Iterator<Item = ValueKind> + '_ {
    ValueKind::ALL
        .into_iter()
        .filter(|kind| census.of_kind(*kind) > 0)
}

/// The kinds that stand against the column's main one.
fn misfits(column: &Column, census: &ColumnCensus) -> Vec<ValueKind> {
    let expected: &[ValueKind] = match column.affinity {
        Affinity::Integer => &[ValueKind::Integer],
        Affinity::Real => &[ValueKind::Real],
        Affinity::Numeric => &[ValueKind::Integer, ValueKind::Real],
        Affinity::Text => &[ValueKind::Text],
        Affinity::Blob if column.declared_type.is_empty() => &[],
        Affinity::Blob => &[ValueKind::Blob],
    };
    let fits = expected.iter().any(|kind| census.of_kind(*kind) > 0);
    let main = occurring(census).max_by_key(|kind| census.of_kind(*kind));
    occurring(census)
        .filter(|kind| {
            if fits {
                !expected.contains(kind)
            } else {
                Some(*kind) != main
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use outgrow_shared::value::Value::{self, Integer, RawText, Real, Text};

    use super::*;

    fn misfits_of(declared_type: &str, values: &[Value<'_>]) -> Vec<ValueKind> {
        let column = Column::declared(declared_type);
        let mut census = ColumnCensus::new(&column);
        values
            .iter()
            .for_each(|value| census.count(value, || "key".into()));
        misfits(&column, &census)
    }

    #[test]
    fn the_declaration_says_what_a_column_is_made_for() {
        let mixed = [Integer(1), Text("a"), Text("b")];
        assert_eq!(misfits_of("INTEGER", &mixed), [ValueKind::Text]);
        assert_eq!(misfits_of("TEXT", &mixed), [ValueKind::Integer]);
        assert_eq!(misfits_of("", &mixed), [ValueKind::Integer]);
        assert_eq!(misfits_of("BLOB", &mixed), [ValueKind::Integer]);
        assert_eq!(misfits_of("NUMERIC", &[Integer(1), Real(1.5)]), []);
        assert_eq!(misfits_of("INTEGER", &[Integer(1), Real(1.5)]), [ValueKind::Real]);
    }

    #[test]
    fn texts_that_no_text_column_holds_never_fit() {
        let values = [Text("a"), Text("\0"), RawText(b"\xff")];
        let expected = [ValueKind::TextNul, ValueKind::TextNotUnicode];
        assert_eq!(misfits_of("TEXT", &values), expected);
    }

    #[test]
    fn own_choices_go_before_general_ones_and_may_take_out_anything() {
        let mut choices = Choices::default();
        choices.values.insert(ValueKind::Text, Policy::Quarantine);
        let column = |declared_type: &str| Column::declared(declared_type);
        let census = |column: &Column| {
            let mut census = ColumnCensus::new(column);
            [Integer(1), Text("a")]
                .iter()
                .for_each(|v| census.count(v, String::new));
            census
        };
        let (text, integer) = (column("TEXT"), column("INTEGER"));
        assert!(applied(&choices, "column:t.c", &text, &census(&text)).is_empty());
        let quarantine = Applied::from([(ValueKind::Text, Policy::Quarantine)]);
        assert_eq!(
            applied(&choices, "column:t.c", &integer, &census(&integer)),
            quarantine
        );
        let own = choices.columns.entry("column:t.c".into()).or_default();
        own.values.insert(ValueKind::Text, Policy::Block);
        own.values.insert(ValueKind::Integer, Policy::Null);
        let null = Applied::from([(ValueKind::Integer, Policy::Null)]);
        assert_eq!(applied(&choices, "column:t.c", &integer, &census(&integer)), null);
    }
}
