//! SQLite's own check of the file, and what of it cannot be checked here.
//!
//! Nearly all files are sound, and most of that is proven faster than by SQLite's `integrity_check`: its
//! `quick_check` finds all but wrong entries of indexes, and those are ruled out by `index_proof`, or by SQLite's
//! check of a single table where that cannot tell. Only where all of it comes out clean is the file taken for sound.
//! Else SQLite's full check decides and says what is wrong, whatever was found before.
//!
//! An index that uses a collation or function of the application cannot be evaluated without the
//! application. One such object makes SQLite refuse to check anything, so the tables are then checked one by one
//! and those that cannot be are named. Nothing is passed over in silence.

use std::hash::RandomState;

use super::catalog::{Catalog, Index, Table};
use super::index_proof::{self, Content, Unproven};
use super::reader::{is_general_error, message};
use super::scan::quote;
use super::{Reader, Source, SourceError};

/// Lines of SQLite's check that are worth showing; the first ones name the damage.
const FINDINGS_MAX: usize = 5;

const DOING: &str = "checking its integrity";

/// What the check came to, when it found no damage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Integrity {
    /// What could not be checked; empty when everything was. If it is not, unused pages were not checked either.
    pub unchecked: Vec<Unchecked>,
}

/// A table that could not be checked, or not in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unchecked {
    /// `table:` and its name.
    pub object: String,
    /// What SQLite said, naming the collation or function that is missing.
    pub reason: String,
    /// Whether at least its pages and rows were checked, its indexes not.
    pub rows_checked: bool,
}

impl Source {
    /// Checks structure, indexes and constraints in full. A catalog that could not be read costs time and no
    /// finding.
    pub fn check_integrity(&self, catalog: Option<&Catalog>) -> Result<Integrity, SourceError> {
        match catalog.map(|catalog| self.prove_sound(catalog)) {
            Some(Ok(())) => Ok(Integrity::default()),
            _ => self.check_in_full(),
        }
    }

    /// Whether SQLite's full check would find nothing, from parts that the readers share among them.
    pub(super) fn prove_sound(&self, catalog: &Catalog) -> Result<(), Unproven> {
        let parts = self.parts(catalog)?;
        let keys = RandomState::new();
        let order: Vec<usize> = (0..parts.len()).collect();
        let is_large = self.identity().page_count >= PAGES_FOR_THREADS;
        let workers = if is_large { usize::MAX } else { 1 };
        let found = self.run_all(&order, workers, |reader, part, _| {
            parts[part].prove(reader, &keys)
        })?;
        // The entries of a table's indexes follow its rows.
        let mut expected = Vec::new().into_iter();
        for found in found {
            match found {
                Found::Clean => {}
                Found::Rows(contents) => expected = contents.into_iter(),
                Found::Entries(content) if expected.next() == Some(content.clone()) => {}
                Found::Entries(_) => return Err(Unproven),
            }
        }
        Ok(())
    }

    fn parts<'a>(&self, catalog: &'a Catalog) -> Result<Vec<Part<'a>>, Unproven> {
        // First, and it ends by itself: a scan of a tree that runs in circles ends only with it.
        let mut parts = vec![Part::AllButIndexes];
        let mut statement = self
            .connection()
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
        let names = statement.query_map([], |row| row.get::<_, String>(0))?;
        for name in names {
            let name = name?;
            match catalog.tables.iter().find(|table| table.name == name) {
                Some(table) if index_proof::is_provable(self, table) => {
                    if !table.indexes.is_empty() {
                        parts.push(Part::Rows(table));
                        let entries = table.indexes.iter().map(|index| Part::Entries(table, index));
                        parts.extend(entries);
                    }
                }
                // Virtual tables too, which check themselves.
                _ => parts.push(Part::Table(name)),
            }
        }
        Ok(parts)
    }

    /// SQLite's full check, by one reader.
    pub(super) fn check_in_full(&self) -> Result<Integrity, SourceError> {
        match check(self, &format!("PRAGMA integrity_check({FINDINGS_MAX})"))? {
            Checked::Done(findings) => self.refuse_damage(findings)?,
            Checked::Impossible(_) => return self.check_tables(),
        }
        Ok(Integrity::default())
    }

    fn check_tables(&self) -> Result<Integrity, SourceError> {
        let wrap = |cause| self.classify(DOING, cause);
        let mut statement = self
            .connection()
            .prepare("SELECT 'sqlite_schema' UNION ALL SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0")
            .map_err(wrap)?;
        let names = statement
            .query_map([], |row| row.get::<_, String>(0))
            .map_err(wrap)?;
        let mut integrity = Integrity::default();
        for name in names {
            let name = name.map_err(wrap)?;
            integrity.unchecked.extend(self.check_table(&name)?);
        }
        Ok(integrity)
    }

    fn check_table(&self, name: &str) -> Result<Option<Unchecked>, SourceError> {
        let reason = match check(self, &format!("PRAGMA integrity_check({})", quote(name)))? {
            Checked::Done(findings) => {
                self.refuse_damage(findings)?;
                return Ok(None);
            }
            Checked::Impossible(reason) => reason,
        };
        // The quick check leaves the content of indexes out, and with it their functions.
        let rows_checked = match check(self, &format!("PRAGMA quick_check({})", quote(name)))? {
            Checked::Done(findings) => {
                self.refuse_damage(findings)?;
                true
            }
            Checked::Impossible(_) => false,
        };
        Ok(Some(Unchecked {
            object: format!("table:{name}"),
            reason,
            rows_checked,
        }))
    }

    fn refuse_damage(&self, findings: Vec<String>) -> Result<(), SourceError> {
        if findings.is_empty() {
            return Ok(());
        }
        Err(SourceError::Damaged {
            path: self.path().to_owned(),
            findings,
        })
    }
}

/// Pages from which on threads are worth starting.
const PAGES_FOR_THREADS: u64 = 1000;

/// What one reader proves by itself.
enum Part<'a> {
    /// Everything but what only the entries of indexes and the order of keys show.
    AllButIndexes,
    /// All of one table, by SQLite's check.
    Table(String),
    /// What the rows of a table have in its indexes.
    Rows(&'a Table),
    /// What one of its indexes holds.
    Entries(&'a Table, &'a Index),
}

enum Found {
    Clean,
    Rows(Vec<Content>),
    Entries(Content),
}

impl Part<'_> {
    fn prove(&self, reader: &Reader, keys: &RandomState) -> Result<Found, Unproven> {
        match self {
            Self::AllButIndexes => is_clean(reader, "PRAGMA quick_check(1)"),
            Self::Table(name) => is_clean(reader, &format!("PRAGMA integrity_check({})", quote(name))),
            Self::Rows(table) => index_proof::of_rows(reader, table, keys).map(Found::Rows),
            Self::Entries(table, index) => {
                index_proof::of_entries(reader, table, index, keys).map(Found::Entries)
            }
        }
    }
}

/// The first line decides: it is `ok` or a finding.
fn is_clean(reader: &Reader, sql: &str) -> Result<Found, Unproven> {
    let line: String = reader.connection().query_row(sql, [], |row| row.get(0))?;
    if line == "ok" {
        Ok(Found::Clean)
    } else {
        Err(Unproven)
    }
}

enum Checked {
    /// Lines about damage, none if it is sound.
    Done(Vec<String>),
    /// SQLite cannot evaluate something; what it says.
    Impossible(String),
}

fn check(reader: &Reader, sql: &str) -> Result<Checked, SourceError> {
    match findings(reader, sql) {
        Ok(findings) => Ok(Checked::Done(findings)),
        Err(cause) if is_general_error(&cause) => Ok(Checked::Impossible(message(&cause))),
        Err(cause) => Err(reader.classify(DOING, cause)),
    }
}

fn findings(reader: &Reader, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = reader.connection().prepare(sql)?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    let lines = rows.collect::<rusqlite::Result<Vec<String>>>()?;
    let lines = lines.iter().flat_map(|line| line.lines());
    let damage = lines.filter(|line| *line != "ok").take(FINDINGS_MAX);
    Ok(damage.map(str::to_owned).collect())
}

#[cfg(test)]
#[path = "integrity_tests.rs"]
mod tests;
