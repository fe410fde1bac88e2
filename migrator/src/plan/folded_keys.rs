//! Unique keys whose columns fold values together on the target: whether they stay unique there.
//!
//! Columns fold what was chosen for NOCASE ignores, and what a value policy turns into one type. What counts as
//! equal is told here as far as it is certain: class, case, and the two ways to write an accented letter. What a
//! server's ICU or locale folds beyond that, the server refuses when it makes the key.

use outgrow_shared::value::{Class, Value};
use unicode_normalization::UnicodeNormalization;

use super::choices::{Choices, Nocase};
use super::mapping::{Mapping, write_number};
use super::nocase::is_nocase;
use super::policy::Policy;
use super::values;
use crate::census::{Census, ColumnCensus, DuplicatesError, TableCensus, duplicates_after};
use crate::source::Reader;
use crate::source::catalog::{Catalog, Column, Index, IndexOrigin, Table};
use crate::source::ddl::{Ddl, read};

/// Counts, for every such key, the rows that it would refuse; they become part of the census.
///
/// # Errors
/// [`DuplicatesError`] when the source or the temporary folder fails.
pub fn count(
    reader: &Reader,
    catalog: &Catalog,
    choices: &Choices,
    census: &mut Census,
) -> Result<(), DuplicatesError> {
    for (table, census) in catalog.tables.iter().zip(&mut census.tables) {
        let folding = folding(table, choices, census);
        if folding.iter().all(Option::is_none) {
            continue;
        }
        for (object, columns) in keys(table, choices, &folding, census) {
            let ways: Vec<Fold> = columns.iter().filter_map(|at| folding[*at]).collect();
            let found = duplicates_after(reader, table, &columns, |value| folded(value, &ways))?;
            if found.rows > 0 {
                census.folded_keys.insert(object, found);
            }
        }
    }
    Ok(())
}

/// What a column ignores on the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fold {
    /// Case, and how accents are written.
    Icu,
    /// Case.
    Citext,
    /// Whether a value was a number, a text or a blob.
    Class,
}

/// What folds each column; none for those that stay as they are.
fn folding(table: &Table, choices: &Choices, census: &TableCensus) -> Vec<Option<Fold>> {
    let Ok(Ddl::Table(ddl)) = read(&table.name, &table.sql) else {
        return vec![None; table.columns.len()];
    };
    let ignores_case = |name: &str| {
        let column = ddl.columns.iter().find(|c| c.name.eq_ignore_ascii_case(name));
        column.and_then(|c| c.collation.as_deref()).is_some_and(is_nocase)
    };
    let of = |(column, census): (&Column, &ColumnCensus)| {
        let object = format!("column:{}.{}", table.name, column.name);
        let applied = values::applied(choices, &object, column, census);
        let turned = |policy: &Policy| matches!(policy, Policy::Text | Policy::Bytea);
        let chosen = choices.column(&object).and_then(|choice| choice.mapping);
        let mixes = matches!(chosen, Some(Mapping::AnyText | Mapping::AnyBytea));
        if mixes || applied.values().any(turned) {
            return Some(Fold::Class);
        }
        match choices.nocase(&object).filter(|_| ignores_case(&column.name))? {
            Nocase::Icu => Some(Fold::Icu),
            Nocase::Citext => Some(Fold::Citext),
            Nocase::Bytes => None,
        }
    };
    table.columns.iter().zip(&census.columns).map(of).collect()
}

/// The unique keys that fold a column, by object, with their columns. Where case is ignored, texts of a column that
/// does not ignore it would be folded with the others, so keys that have any are left to the server; so are partial
/// ones.
fn keys(
    table: &Table,
    choices: &Choices,
    folding: &[Option<Fold>],
    census: &TableCensus,
) -> Vec<(String, Vec<usize>)> {
    let mut keys = Vec::new();
    let mut constraints = 0;
    for index in table.indexes.iter().filter(|index| index.unique) {
        let object = match index.origin {
            IndexOrigin::PrimaryKey => format!("primary-key:{}", table.name),
            IndexOrigin::Created => format!("index:{}.{}", table.name, index.name),
            IndexOrigin::Unique => {
                constraints += 1;
                format!("unique:{}.{constraints}", table.name)
            }
        };
        let Some(columns) = plain_columns(index) else {
            continue;
        };
        let folds = columns.iter().any(|at| folding[*at].is_some());
        let ignores_case = |at: &usize| matches!(folding[*at], Some(Fold::Icu | Fold::Citext));
        let is_clear = |at: &usize| ignores_case(at) || census.columns[*at].of_class(Class::Text) == 0;
        let is_sure = !columns.iter().any(ignores_case) || columns.iter().all(is_clear);
        if folds && is_sure && !choices.skip.contains(&object) {
            keys.push((object, columns));
        }
    }
    keys
}

fn plain_columns(index: &Index) -> Option<Vec<usize>> {
    if index.partial {
        return None;
    }
    index.columns.iter().map(|column| column.column).collect()
}

/// A value as the key sees it. A column that keeps its classes holds only one, or numbers, which their text tells
/// apart; so folding the class of every value folds nothing but columns that lose it.
fn folded(value: &Value<'_>, ways: &[Fold]) -> Vec<u8> {
    let by_class = ways.contains(&Fold::Class);
    let (class, bytes) = match value {
        Value::Null => (0, Vec::new()),
        Value::Integer(_) | Value::Real(_) => {
            let mut text = String::new();
            write_number(value, &mut text);
            (1, text.into_bytes())
        }
        Value::Text(text) => (2, folded_text(text, ways).into_bytes()),
        Value::Blob(bytes) => (3, bytes.to_vec()),
        Value::RawText(bytes) => (4, bytes.to_vec()),
    };
    let class = if by_class && class > 0 { 1 } else { class };
    std::iter::once(class).chain(bytes).collect()
}

fn folded_text(text: &str, ways: &[Fold]) -> String {
    let lower = text.chars().flat_map(char::to_lowercase);
    match (ways.contains(&Fold::Icu), ways.contains(&Fold::Citext)) {
        (true, _) => lower.nfd().collect(),
        (false, true) => lower.collect(),
        (false, false) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_of_every_script_folds_and_classes_stay_apart() {
        let same = |a: &str, b: &str, way| folded(&Value::Text(a), &[way]) == folded(&Value::Text(b), &[way]);
        for way in [Fold::Icu, Fold::Citext] {
            assert!(same("\u{c9}VA", "\u{e9}va", way) && same("\u{416}", "\u{436}", way));
            assert!(!same("eva", "\u{e9}va", way));
        }
        // One letter or a letter with its accent: the same to ICU only.
        assert!(same("\u{e9}", "E\u{301}", Fold::Icu) && !same("\u{e9}", "E\u{301}", Fold::Citext));
        let icu = [Fold::Icu];
        assert_ne!(folded(&Value::Text("1"), &icu), folded(&Value::Blob(b"1"), &icu));
        assert_ne!(folded(&Value::Integer(1), &icu), folded(&Value::Real(1.0), &icu));
    }

    #[test]
    fn a_policy_folds_the_class_and_nothing_else() {
        let key = |value: Value<'_>| folded(&value, &[Fold::Class]);
        assert_eq!(key(Value::Integer(1)), key(Value::Text("1")));
        assert_eq!(key(Value::Text("a")), key(Value::Blob(b"a")));
        assert_ne!(key(Value::Integer(1)), key(Value::Real(1.0)));
        assert_ne!(key(Value::Text("a")), key(Value::Text("A")));
        assert_ne!(key(Value::Null), key(Value::Text("")));
    }
}
