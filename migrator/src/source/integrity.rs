//! SQLite's own check of the file, and what of it cannot be checked here.
//!
//! An index that uses a collation or function of the application cannot be evaluated without the
//! application. One such object makes SQLite refuse to check anything, so the tables are then checked one by one
//! and those that cannot be are named. Nothing is passed over in silence.

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
    /// SQLite's full check of structure, indexes and constraints.
    pub fn check_integrity(&self) -> Result<Integrity, SourceError> {
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
