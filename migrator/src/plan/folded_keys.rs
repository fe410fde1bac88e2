//! Unique keys over columns for which something else than NOCASE was chosen: whether they stay unique under it.
//!
//! What counts as equal is told here as far as it is certain: case, and the two ways to write an accented letter.
//! What a server's ICU or locale folds beyond that, the server refuses when it makes the key.

use outgrow_shared::value::{Class, Value};
use unicode_normalization::UnicodeNormalization;

use super::choices::{Choices, Nocase};
use super::nocase::is_nocase;
use crate::census::{Census, DuplicatesError, TableCensus, duplicates_after};
use crate::source::Reader;
use crate::source::catalog::{Catalog, Index, IndexOrigin, Table};
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
        let folding = folding(table, choices);
        if folding.iter().all(Option::is_none) {
            continue;
        }
        for (object, columns) in keys(table, choices, &folding, census) {
            let ways: Vec<Nocase> = columns.iter().filter_map(|at| folding[*at]).collect();
            let fold = |value: &Value<'_>| folded(value, ways.contains(&Nocase::Icu));
            let found = duplicates_after(reader, table, &columns, fold)?;
            if found.rows > 0 {
                census.folded_keys.insert(object, found);
            }
        }
    }
    Ok(())
}

/// What folds each column; none for those that stay as they are.
fn folding(table: &Table, choices: &Choices) -> Vec<Option<Nocase>> {
    let Ok(Ddl::Table(ddl)) = read(&table.name, &table.sql) else {
        return vec![None; table.columns.len()];
    };
    let of = |name: &str| {
        let column = ddl.columns.iter().find(|c| c.name.eq_ignore_ascii_case(name))?;
        column
            .collation
            .as_deref()
            .filter(|collation| is_nocase(collation))?;
        choices
            .nocase(&format!("column:{}.{name}", table.name))
            .filter(|way| *way != Nocase::Bytes)
    };
    table.columns.iter().map(|column| of(&column.name)).collect()
}

/// The unique keys that fold a column, by object, with their columns. Texts that do not fold would be folded with
/// the others, so keys that have any are left to the server; so are partial ones.
fn keys(
    table: &Table,
    choices: &Choices,
    folding: &[Option<Nocase>],
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
        let is_clear = |at: &usize| folding[*at].is_some() || census.columns[*at].of_class(Class::Text) == 0;
        if folds && columns.iter().all(is_clear) && !choices.skip.contains(&object) {
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

/// A value as the key sees it, its class included.
fn folded(value: &Value<'_>, canonical: bool) -> Vec<u8> {
    let (class, bytes) = match value {
        Value::Null => (0, Vec::new()),
        Value::Integer(integer) => (1, integer.to_be_bytes().to_vec()),
        Value::Real(real) => (2, real.to_be_bytes().to_vec()),
        Value::Text(text) => {
            let lower = text.chars().flat_map(char::to_lowercase);
            let text: String = if canonical {
                lower.nfd().collect()
            } else {
                lower.collect()
            };
            (3, text.into_bytes())
        }
        Value::Blob(bytes) => (4, bytes.to_vec()),
        Value::RawText(bytes) => (5, bytes.to_vec()),
    };
    std::iter::once(class).chain(bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_of_every_script_folds_and_classes_stay_apart() {
        let same = |a: &str, b: &str, icu| folded(&Value::Text(a), icu) == folded(&Value::Text(b), icu);
        for icu in [true, false] {
            assert!(same("\u{c9}VA", "\u{e9}va", icu) && same("\u{416}", "\u{436}", icu));
            assert!(!same("eva", "\u{e9}va", icu));
        }
        // One letter or a letter with its accent: the same to ICU only.
        assert!(same("\u{e9}", "E\u{301}", true) && !same("\u{e9}", "E\u{301}", false));
        assert_ne!(folded(&Value::Text("1"), true), folded(&Value::Blob(b"1"), true));
        assert_ne!(folded(&Value::Integer(1), true), folded(&Value::Real(1.0), true));
    }
}
