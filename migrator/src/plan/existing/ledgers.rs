//! Migration ledgers: the tables in which frameworks note which changes of the schema have been made.
//!
//! A ledger describes its own database. The target's rows are therefore always kept and the source's are never
//! copied; what they say is compared instead, because data of one schema version does not belong into another.
//! This file owns what a ledger is and the comparison; which ledgers there are is said by `frameworks` and
//! `applications`. Reading the rows, and what follows from a drift, is the caller's.

mod applications;
mod frameworks;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// A ledger of a framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ledger {
    /// The framework, or the application, that keeps it.
    pub framework: &'static str,
    /// The schema of Postgres in which it lies, when that is not the application's.
    pub schema: Option<&'static str>,
    /// What its table is called.
    name: Name,
    /// The columns by which it is told from a table of the application that has its name.
    columns: Columns,
    /// The columns whose values are one entry.
    entry: &'static [&'static str],
    /// Which rows are entries.
    counts: Counts,
    /// How the entries of both sides are compared.
    pub comparison: Comparison,
}

/// How the entries of both sides are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Both sides must have the same entries.
    Same,
    /// The newest entry must be the same. Older ones differ: the framework counts by it alone, or began the list
    /// of one engine later than that of the other.
    Latest,
    /// Not at all, for this reason: each engine has a list of its own, or the table is no list.
    Own(&'static str),
}

/// What both sides say of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// The same.
    Same {
        /// The entries that were compared, in order.
        entries: Vec<String>,
    },
    /// Nothing that could be compared, for this reason.
    Own {
        /// The reason.
        why: &'static str,
    },
    /// A migration stands half done; nobody knows what the schema is.
    Unfinished {
        /// Entries of the source.
        in_source: Vec<String>,
        /// Entries of the target.
        in_target: Vec<String>,
    },
    /// Not the same.
    Drift {
        /// Entries that only the source has, in order.
        only_in_source: Vec<String>,
        /// Entries that only the target has, in order.
        only_in_target: Vec<String>,
    },
}

/// A row of a ledger: the text of each of [`Ledger::read`]'s columns, in that order; none for NULL.
pub type LedgerRow = Vec<Option<String>>;

/// What a table is called. Case never counts: some engines fold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    /// Exactly so.
    Is(&'static str),
    /// It begins so: the application has put something behind it.
    Begins(&'static str),
    /// It ends so: the application has put its prefix before it.
    Ends(&'static str),
}

/// The columns of a ledger. Case never counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Columns {
    /// These, and maybe others that newer versions of the framework add.
    With(&'static [&'static str]),
    /// These and no others: the name alone says little.
    Only(&'static [&'static str]),
}

/// Which rows are entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counts {
    /// Every row.
    Every,
    /// Rows in which this column is true; the others are attempts that failed and were repeated.
    Successes(&'static str),
    /// Rows in which this column is true, each of them taken back by one in which it is false.
    Net(&'static str),
    /// Every row, and one in which this column is false is a migration that stands half done.
    Finished(&'static str),
    /// Every row, and one in which this column is true is a migration that stands half done.
    Dirty(&'static str),
}

impl Name {
    fn fits(self, table: &str) -> bool {
        let table = table.to_ascii_lowercase();
        match self {
            Self::Is(name) => table == name.to_ascii_lowercase(),
            Self::Begins(start) => table.starts_with(&start.to_ascii_lowercase()),
            Self::Ends(end) => table.ends_with(&end.to_ascii_lowercase()),
        }
    }
}

impl Columns {
    fn fit(self, columns: &[String]) -> bool {
        let has = |name: &&str| columns.iter().any(|column| column.eq_ignore_ascii_case(name));
        match self {
            Self::With(names) => names.iter().all(has),
            Self::Only(names) => names.len() == columns.len() && names.iter().all(has),
        }
    }
}

impl Counts {
    const fn flag(self) -> Option<&'static str> {
        match self {
            Self::Every => None,
            Self::Successes(column) | Self::Net(column) | Self::Finished(column) | Self::Dirty(column) => {
                Some(column)
            }
        }
    }
}

impl Ledger {
    /// The columns whose values [`compare`] needs, in the order in which it needs them. None for a ledger that
    /// is not compared.
    pub fn read(&self) -> Vec<&'static str> {
        let flag = self.counts.flag();
        self.entry.iter().copied().chain(flag).collect()
    }
}

/// The ledger that a table is, told by its name and its columns; none for a table of the application.
pub fn recognise(table: &str, columns: &[String]) -> Option<&'static Ledger> {
    known().find(|ledger| ledger.name.fits(table) && ledger.columns.fit(columns))
}

/// Every ledger, the more specific ones of a name first.
fn known() -> impl Iterator<Item = &'static Ledger> {
    applications::ALL.iter().chain(frameworks::ALL)
}

/// The frameworks and applications whose ledgers are known, in the order of their names.
pub fn frameworks() -> Vec<&'static str> {
    let names: BTreeSet<&str> = known().map(|ledger| ledger.framework).collect();
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_by_key(|name| name.to_lowercase());
    names
}

/// Compares the rows of both sides.
pub fn compare(ledger: &Ledger, source: &[LedgerRow], target: &[LedgerRow]) -> Agreement {
    if let Comparison::Own(why) = ledger.comparison {
        return Agreement::Own { why };
    }
    let (source, target) = (Side::of(ledger, source), Side::of(ledger, target));
    if !(source.unfinished.is_empty() && target.unfinished.is_empty()) {
        return Agreement::Unfinished {
            in_source: shown(&source.unfinished),
            in_target: shown(&target.unfinished),
        };
    }
    let (source, target) = match ledger.comparison {
        Comparison::Latest => (latest(source.entries), latest(target.entries)),
        Comparison::Same | Comparison::Own(_) => (source.entries, target.entries),
    };
    if source == target {
        return Agreement::Same {
            entries: shown(&source),
        };
    }
    Agreement::Drift {
        only_in_source: shown(source.difference(&target)),
        only_in_target: shown(target.difference(&source)),
    }
}

/// The entries of one side.
struct Side {
    entries: BTreeSet<Entry>,
    unfinished: BTreeSet<Entry>,
}

impl Side {
    fn of(ledger: &Ledger, rows: &[LedgerRow]) -> Self {
        // How often each entry was applied, less how often it was taken back.
        let mut applied = BTreeMap::<Entry, i64>::new();
        let mut unfinished = BTreeSet::new();
        for row in rows {
            let width = ledger.entry.len().min(row.len());
            let entry = Entry(row[..width].to_vec());
            let flag = is_true(row.get(ledger.entry.len()).and_then(Option::as_deref));
            let times = match ledger.counts {
                Counts::Every => 1,
                Counts::Successes(_) => i64::from(flag),
                Counts::Net(_) => {
                    if flag {
                        1
                    } else {
                        -1
                    }
                }
                Counts::Finished(_) | Counts::Dirty(_) => {
                    if flag == matches!(ledger.counts, Counts::Dirty(_)) {
                        unfinished.insert(entry.clone());
                    }
                    1
                }
            };
            *applied.entry(entry).or_default() += times;
        }
        applied.retain(|_, times| *times > 0);
        let entries = applied.into_keys().collect();
        Self { entries, unfinished }
    }
}

/// The values of an entry, in the order of versions: numbers by their size, everything else as text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry(Vec<Option<String>>);

impl Entry {
    fn shown(&self) -> String {
        let parts = self.0.iter().map(|part| part.as_deref().unwrap_or("NULL"));
        parts.collect::<Vec<_>>().join(" ")
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        // The text decides between two spellings of one number, so that equal means the same text.
        let key =
            |entry: &Self| -> Vec<_> { entry.0.iter().map(|part| (number(part), part.clone())).collect() };
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn number(part: &Option<String>) -> Option<i128> {
    part.as_deref()?.parse().ok()
}

/// Booleans as SQLite's files and Postgres write them.
fn is_true(flag: Option<&str>) -> bool {
    flag.is_some_and(|flag| {
        ["1", "t", "true"]
            .iter()
            .any(|word| flag.eq_ignore_ascii_case(word))
    })
}

fn latest(mut entries: BTreeSet<Entry>) -> BTreeSet<Entry> {
    entries.pop_last().into_iter().collect()
}

fn shown<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Vec<String> {
    entries.into_iter().map(Entry::shown).collect()
}
