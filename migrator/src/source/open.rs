//! Opening a file that nobody vouches for: read-only, hardened, checked, one snapshot held.
//!
//! The settings follow SQLite's "Defense Against The Dark Arts"
//! (<https://www.sqlite.org/security.html>). Never `immutable`: that would skip the write-ahead log and read
//! uncommitted rows beside a hot journal.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};
use sha2::{Digest as _, Sha256};

use super::{Header, JournalMode, SourceError, TextEncoding};

/// How long to wait for an application that holds the file exclusively for a moment.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Lines of SQLite's check that are worth showing; the first ones name the damage.
const FINDINGS_MAX: u32 = 5;

/// Longest value SQLite may build: its own default, spelled out so that no build option widens it.
const VALUE_BYTES_MAX: i32 = 1_000_000_000;

/// Page cache of the source in KiB. The integrity check seeks every row in every index, in the table's order;
/// with SQLite's default of 2 MiB nearly every seek reads and checks a page again.
const PAGE_CACHE_KIB: i64 = 64 * 1024;

/// A source file under one read transaction.
#[derive(Debug)]
pub struct Source {
    connection: Connection,
    path: PathBuf,
    header: Header,
    identity: Identity,
    warnings: Vec<String>,
}

/// What pins this state of this file, for the certificate.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Identity {
    /// File name without its directories.
    pub file_name: String,
    /// SHA-256 of the canonical path, hex; the path itself is nobody else's business.
    pub path_sha256: String,
    /// Size of the database file in bytes.
    pub size_bytes: u64,
    /// Size of the write-ahead log in bytes, zero if there is none.
    pub wal_size_bytes: u64,
    /// SHA-256 of the 100-byte header, hex.
    pub header_sha256: String,
    /// Pages in the snapshot, those of the write-ahead log included.
    pub page_count: u64,
    /// Page size in bytes.
    pub page_size_bytes: u32,
    /// `PRAGMA schema_version` of the snapshot.
    pub schema_version: i64,
    /// `UTF-8`, `UTF-16le` or `UTF-16be`.
    pub encoding: String,
    /// `rollback` or `wal`.
    pub journal_mode: String,
}

impl Source {
    /// Opens the file and begins the snapshot that every later read sees.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let mut header = Header::read(path)?;
        // SQLite follows links before it looks for the log.
        let real_path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let wal_path = sidecar(&real_path, "-wal");
        let wal_size_bytes = std::fs::metadata(&wal_path).map_or(0, |m| m.len());
        let connection = connect(path, &header)?;
        begin_snapshot(&connection, path, &header)?;
        header.encoding = encoding(&connection, path)?;
        let mut warnings = Vec::new();
        if header.journal_mode == JournalMode::Wal && wal_size_bytes == 0 && !wal_path.exists() {
            warnings.push(format!(
                "{} is in WAL mode and no -wal file lies beside it. If this is a copy, make sure the \
                 application had closed the file: rows that lie only in a -wal left behind cannot be seen here.",
                path.display()
            ));
        }
        if header.journal_mode == JournalMode::Rollback {
            warnings.push(
                "The source uses a rollback journal: while outgrow reads, the application cannot commit."
                    .to_owned(),
            );
        }
        let identity = identify(&connection, path, &header, wal_size_bytes)?;
        Ok(Self {
            connection,
            path: path.to_owned(),
            header,
            identity,
            warnings,
        })
    }

    /// SQLite's full check of structure, indexes and constraints.
    pub fn check_integrity(&self) -> Result<(), SourceError> {
        let mut statement = self
            .connection
            .prepare(&format!("PRAGMA integrity_check({FINDINGS_MAX})"))
            .map_err(|cause| self.classify("checking its integrity", cause))?;
        let rows = statement
            .query_map([], |row| row.get::<_, String>(0))
            .map_err(|cause| self.classify("checking its integrity", cause))?;
        let findings = rows
            .collect::<Result<Vec<String>, _>>()
            .map_err(|cause| self.classify("checking its integrity", cause))?;
        if findings.iter().all(|line| line == "ok") {
            return Ok(());
        }
        let findings = findings
            .iter()
            .flat_map(|f| f.lines())
            .map(str::to_owned)
            .collect();
        Err(SourceError::Damaged {
            path: self.path.clone(),
            findings,
        })
    }

    /// The connection, inside its read transaction.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What pins this state of the file.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What its owner should know before reading goes on.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Turns a failed statement into the refusal it stands for.
    pub fn classify(&self, doing: &str, cause: rusqlite::Error) -> SourceError {
        classify(&self.path, doing, cause)
    }
}

fn sidecar(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Opens by an absolute path: SQLite takes `:memory:` for no file and, as built here, `file:...` for a URI,
/// which could name another file than the one whose header was read.
fn connect(path: &Path, header: &Header) -> Result<Connection, SourceError> {
    let path = &std::path::absolute(path).map_err(|cause| SourceError::Unreadable {
        path: path.to_owned(),
        cause,
    })?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|cause| refuse_open(path, header, cause))?;
    // Some of the settings make SQLite open the file.
    harden(&connection).map_err(|cause| refuse_open(path, header, cause))?;
    Ok(connection)
}

fn harden(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    // Functions of the schema's own text must not run with our rights.
    connection.pragma_update(None, "trusted_schema", false)?;
    // Malformed cells are found where they are read.
    connection.pragma_update(None, "cell_size_check", true)?;
    // A file that shrinks under a memory map kills the process instead of failing a read.
    connection.pragma_update(None, "mmap_size", 0)?;
    // A negative size is in KiB, a positive one in pages.
    connection.pragma_update(None, "cache_size", -PAGE_CACHE_KIB)?;
    connection.pragma_update(None, "query_only", true)
}

/// The first read fixes the snapshot; failures of opening show here, because SQLite opens lazily.
fn begin_snapshot(connection: &Connection, path: &Path, header: &Header) -> Result<(), SourceError> {
    connection
        .execute_batch("BEGIN")
        .map_err(|cause| classify(path, "beginning to read", cause))?;
    connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| {
            row.get::<_, i64>(0)
        })
        .map(|_| ())
        .map_err(|cause| refuse_open(path, header, cause))
}

/// The text encoding of the snapshot. The header of a new file in WAL mode does not tell it before the first
/// wal checkpoint.
fn encoding(connection: &Connection, path: &Path) -> Result<TextEncoding, SourceError> {
    let name: String = connection
        .query_row("PRAGMA encoding", [], |row| row.get(0))
        .map_err(|cause| classify(path, "reading its encoding", cause))?;
    Ok(match name.as_str() {
        "UTF-16le" => TextEncoding::Utf16Le,
        "UTF-16be" => TextEncoding::Utf16Be,
        _ => TextEncoding::Utf8,
    })
}

fn refuse_open(path: &Path, header: &Header, cause: rusqlite::Error) -> SourceError {
    let cannot_open = cause.sqlite_error_code() == Some(ErrorCode::CannotOpen);
    let read_only = cause.sqlite_error_code() == Some(ErrorCode::ReadOnly);
    if header.journal_mode == JournalMode::Wal && (cannot_open || read_only) {
        return SourceError::WalNeedsDirectory(path.to_owned());
    }
    classify(path, "opening the file", cause)
}

fn classify(path: &Path, doing: &str, cause: rusqlite::Error) -> SourceError {
    let extended = cause.sqlite_error().map(|e| e.extended_code);
    match cause.sqlite_error_code() {
        _ if extended == Some(ffi::SQLITE_READONLY_ROLLBACK) => SourceError::HotJournal(path.to_owned()),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => SourceError::Locked(path.to_owned()),
        Some(ErrorCode::NotADatabase) => SourceError::NotADatabase(path.to_owned()),
        Some(ErrorCode::DatabaseCorrupt) => SourceError::Damaged {
            path: path.to_owned(),
            findings: vec![format!("{cause} while {doing}")],
        },
        _ => SourceError::Sqlite {
            doing: doing.to_owned(),
            cause,
        },
    }
}

fn identify(
    connection: &Connection,
    path: &Path,
    header: &Header,
    wal_size_bytes: u64,
) -> Result<Identity, SourceError> {
    let pragma = |name: &str| {
        connection
            .query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0))
            .map_err(|cause| classify(path, "reading its identity", cause))
    };
    let metadata = std::fs::metadata(path).map_err(|cause| SourceError::Unreadable {
        path: path.to_owned(),
        cause,
    })?;
    let canonical = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let file_name = path
        .file_name()
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    Ok(Identity {
        file_name,
        path_sha256: hex_sha256(canonical.as_os_str().as_encoded_bytes()),
        size_bytes: metadata.len(),
        wal_size_bytes,
        header_sha256: hex_sha256(&header.bytes),
        page_count: u64::try_from(pragma("page_count")?).unwrap_or(0),
        page_size_bytes: header.page_size_bytes,
        schema_version: pragma("schema_version")?,
        encoding: match header.encoding {
            TextEncoding::Utf8 => "UTF-8",
            TextEncoding::Utf16Le => "UTF-16le",
            TextEncoding::Utf16Be => "UTF-16be",
        }
        .to_owned(),
        journal_mode: match header.journal_mode {
            JournalMode::Rollback => "rollback",
            JournalMode::Wal => "wal",
        }
        .to_owned(),
    })
}

fn hex_sha256(bytes: &[u8]) -> String {
    outgrow_shared::ce1::Digest(Sha256::digest(bytes).into()).to_hex()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_that_of_the_log_and_the_log_is_found_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a.db"), folder.path().join("link.db"));
        let writer = Connection::open(&path).unwrap();
        writer
            .execute_batch("PRAGMA encoding = 'UTF-16be'; PRAGMA journal_mode = WAL; CREATE TABLE t (a)")
            .unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let source = Source::open(&link).unwrap();
        assert_eq!(source.header().encoding, TextEncoding::Utf16Be);
        assert_eq!(source.identity().encoding, "UTF-16be");
        assert!(source.identity().wal_size_bytes > 0);
        assert!(source.warnings().is_empty(), "{:?}", source.warnings());
    }
}
