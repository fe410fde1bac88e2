//! Keys that become equal when their values are folded, as a cast or another collation does.
//!
//! SQLite itself keeps keys apart by its own comparison; a target may not. Every key is hashed after folding and
//! the hashes are sorted, on disk beyond a bound, so memory does not grow with the table.

use std::cmp::Ordering;
use std::io::{self, Read, Write};

use extsort::{ExternalSorter, PushExternalSorter, Sortable};
use outgrow_shared::value::Value;
use sha2::{Digest as _, Sha256};

use super::table::row_key;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::source::catalog::Table;
use crate::source::scan::{Scan, SourceRow};
use crate::source::{Reader, SourceError};

/// Keys sorted in memory before a run goes to disk: 24 MiB of them.
const SORT_RUN_ROWS: usize = 1024 * 1024;

/// Bytes of a hash that are kept. Two keys meet by chance once in 2^64 rows.
const HASH_BYTES: usize = 16;

/// Pairs named as examples; a person looks at no more.
const PAIRS_MAX: usize = 3;

/// Rows whose folded key another row has too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Duplicates {
    /// Rows whose key an earlier row has already. Without them every key would be unique.
    pub rows: u64,
    /// The first of them, each behind the earlier row of the same key.
    pub pairs: Vec<(String, String)>,
}

/// Why duplicates could not be looked for.
#[derive(Debug, thiserror::Error)]
pub enum DuplicatesError {
    /// The source failed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The temporary files of the sort failed.
    #[error("sorting the keys of table {table} in the temporary folder failed")]
    Sort {
        /// The table.
        table: String,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
}

impl From<DuplicatesError> for Failure {
    fn from(error: DuplicatesError) -> Self {
        let what = error.to_string();
        match error {
            DuplicatesError::Source(source) => source.into(),
            DuplicatesError::Sort { cause, .. } => Self::new(
                Exit::Usage,
                what,
                "Free space in the temporary folder (TMPDIR), then run again.",
            )
            .because(cause),
        }
    }
}

/// Counts rows whose key in `columns` equals an earlier row's once every value went through `fold`. A key with
/// NULL in it equals none, as in a UNIQUE constraint. What `fold` returns must tell all values apart that the
/// target tells apart, classes included.
pub fn duplicates_after(
    reader: &Reader,
    table: &Table,
    columns: &[usize],
    fold: impl Fn(&Value<'_>) -> Vec<u8>,
) -> Result<Duplicates, DuplicatesError> {
    let sorter = ExternalSorter::new().with_segment_size(SORT_RUN_ROWS);
    find(reader, table, columns, fold, sorter.pushed_by(Ord::cmp))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    hash: [u8; HASH_BYTES],
    /// Place of its row in the scan.
    row: u64,
}

impl Sortable for Key {
    fn encode<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(&self.hash)?;
        writer.write_all(&self.row.to_be_bytes())
    }

    fn decode<R: Read>(reader: &mut R) -> io::Result<Self> {
        let (mut hash, mut row) = ([0; HASH_BYTES], [0; 8]);
        reader.read_exact(&mut hash)?;
        reader.read_exact(&mut row)?;
        let row = u64::from_be_bytes(row);
        Ok(Self { hash, row })
    }
}

type Sorter = PushExternalSorter<Key, fn(&Key, &Key) -> Ordering>;

fn find(
    reader: &Reader,
    table: &Table,
    columns: &[usize],
    fold: impl Fn(&Value<'_>) -> Vec<u8>,
    mut sorter: Sorter,
) -> Result<Duplicates, DuplicatesError> {
    let failed = |cause: io::Error| DuplicatesError::Sort {
        table: table.name.clone(),
        cause,
    };
    let mut row_number = 0;
    Scan::all(table, columns).run(reader, |row| {
        if let Some(hash) = hash_key(row, &fold) {
            let key = Key {
                hash,
                row: row_number,
            };
            sorter.push(key).map_err(failed)?;
        }
        row_number += 1;
        Ok::<(), DuplicatesError>(())
    })?;
    let mut rows = 0;
    let mut pairs: Vec<(u64, u64)> = Vec::new();
    let mut first: Option<Key> = None;
    for key in sorter.done().map_err(failed)? {
        let key = key.map_err(failed)?;
        match first {
            Some(first) if first.hash == key.hash => {
                rows += 1;
                pairs.push((key.row, first.row));
                pairs.sort_unstable();
                pairs.truncate(PAIRS_MAX);
            }
            _ => first = Some(key),
        }
    }
    Ok(Duplicates {
        rows,
        pairs: name_pairs(reader, table, &pairs)?,
    })
}

/// A hash of the folded key, each part with its length before it; none for a key with NULL in it.
fn hash_key(row: &SourceRow<'_>, fold: impl Fn(&Value<'_>) -> Vec<u8>) -> Option<[u8; HASH_BYTES]> {
    let mut hasher = Sha256::new();
    for place in 0..row.columns() {
        let value = row.value(place);
        if matches!(value, Value::Null) {
            return None;
        }
        let folded = fold(&value);
        hasher.update((folded.len() as u64).to_be_bytes());
        hasher.update(&folded);
    }
    let digest = hasher.finalize();
    digest.first_chunk().copied()
}

/// Names rows by their places in the scan, with a second scan that ends at the last of them.
fn name_pairs(
    reader: &Reader,
    table: &Table,
    pairs: &[(u64, u64)],
) -> Result<Vec<(String, String)>, DuplicatesError> {
    let Some((last, _)) = pairs.last() else {
        return Ok(Vec::new());
    };
    let scan = Scan {
        with_rowid: true,
        ..Scan::all(table, &table.primary_key)
    };
    let mut names: Vec<(String, String)> = vec![(String::new(), String::new()); pairs.len()];
    let mut row_number = 0;
    let ended = scan.run(reader, |row| {
        for ((later, earlier), (earlier_name, later_name)) in pairs.iter().zip(&mut names) {
            if row_number == *earlier {
                *earlier_name = row_key(table, &table.primary_key, row);
            } else if row_number == *later {
                *later_name = row_key(table, &table.primary_key, row);
            }
        }
        row_number += 1;
        if row_number > *last {
            Err(Ended::Named)
        } else {
            Ok(())
        }
    });
    match ended {
        Ok(()) | Err(Ended::Named) => Ok(names),
        Err(Ended::Source(error)) => Err(error.into()),
    }
}

/// Why the second scan ends.
enum Ended {
    Named,
    Source(SourceError),
}

impl From<SourceError> for Ended {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::source::Source;
    use crate::source::catalog::Catalog;

    /// Folds case and lets a number equal its text.
    fn fold(value: &Value<'_>) -> Vec<u8> {
        match value {
            Value::Integer(integer) => integer.to_string().into_bytes(),
            Value::Text(text) => text.to_lowercase().into_bytes(),
            Value::Blob(bytes) | Value::RawText(bytes) => bytes.to_vec(),
            Value::Null | Value::Real(_) => Vec::new(),
        }
    }

    fn duplicates(sql: &str, columns: &[usize], run_rows: usize) -> Duplicates {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let source = Source::open_with(&path, 0).unwrap();
        let catalog = Catalog::read(&source).unwrap();
        let sorter = ExternalSorter::new().with_segment_size(run_rows);
        find(
            &source,
            &catalog.tables[0],
            columns,
            fold,
            sorter.pushed_by(Ord::cmp),
        )
        .unwrap()
    }

    fn pair(earlier: &str, later: &str) -> (String, String) {
        (earlier.to_owned(), later.to_owned())
    }

    #[test]
    fn keys_that_fold_together_are_found_and_named() {
        let found = duplicates(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, k UNIQUE);
             INSERT INTO t VALUES (1, 'a'), (2, 'B'), (3, NULL), (4, 'A'), (5, '\u{c9}'), (6, 7), (7, '7'),
                 (8, '\u{e9}'), (9, NULL), (10, 'b')",
            &[1],
            1000,
        );
        assert_eq!(found.rows, 4);
        let expected = [
            pair("id = integer 1", "id = integer 4"),
            pair("id = integer 6", "id = integer 7"),
            pair("id = integer 5", "id = integer 8"),
        ];
        assert_eq!(found.pairs, expected);
    }

    #[test]
    fn parts_of_a_key_do_not_run_together() {
        let sql =
            "CREATE TABLE t (a, b); INSERT INTO t VALUES ('x', 'yz'), ('xy', 'z'), ('X', 'YZ'), ('x', NULL),
            ('x', NULL)";
        let found = duplicates(sql, &[0, 1], 1000);
        assert_eq!((found.rows, found.pairs), (1, vec![pair("rowid 1", "rowid 3")]));
    }

    #[test]
    fn a_sort_larger_than_memory_gives_the_same() {
        let sql = "CREATE TABLE t (k TEXT);
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4999)
            INSERT INTO t SELECT CASE WHEN i < 3000 THEN 'k' ELSE 'K' END || (i % 3000) FROM n";
        let found = duplicates(sql, &[0], 100);
        assert_eq!(found.rows, 2000);
        assert_eq!(found.pairs[0], pair("rowid 1", "rowid 3001"));
        assert_eq!(found, duplicates(sql, &[0], 1_000_000));
    }

    #[test]
    fn no_duplicates_need_no_second_scan() {
        let sql = "CREATE TABLE t (k TEXT); INSERT INTO t VALUES ('a'), ('b'), (NULL)";
        assert_eq!(duplicates(sql, &[0], 1000), Duplicates::default());
    }
}
