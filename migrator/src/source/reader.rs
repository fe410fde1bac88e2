//! A connection to a file that nobody vouches for: read-only, hardened, inside one read transaction.
//!
//! The settings follow SQLite's "Defense Against The Dark Arts"
//! (<https://www.sqlite.org/security.html>). What it may use of memory is bounded for the whole process.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use super::{Header, JournalMode, SourceError, TextEncoding};

/// How long to wait for an application that holds the file exclusively for a moment.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest value SQLite may build: its own default, spelled out so that no build option widens it.
const VALUE_BYTES_MAX: i32 = 1_000_000_000;

/// Page cache of the source in KiB. The integrity check seeks every row in every index, in the table's order;
/// with SQLite's default of 2 MiB nearly every seek reads and checks a page again.
pub(super) const PAGE_CACHE_KIB: i64 = 64 * 1024;

/// Bytes of heap that all of SQLite in this process may use: four of the longest value. A scan holds one at a
/// time, the check of an index over such values a few. A file made to exhaust memory fails here and not the
/// machine.
pub(super) const HEAP_BYTES_MAX: i64 = 4 * 1024 * 1024 * 1024;

/// One connection, inside a read transaction of its own. It can move to another thread.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    path: PathBuf,
    journal_mode: JournalMode,
    encoding: TextEncoding,
}

impl Reader {
    /// Opens and hardens a connection; nothing is read of the file's content yet.
    pub(super) fn connect(path: &Path, header: &Header) -> Result<Self, SourceError> {
        // SQLite takes `:memory:` for no file and, as built here, `file:...` for a URI, which could name
        // another file than the one whose header was read.
        let absolute = std::path::absolute(path).map_err(|cause| SourceError::Unreadable {
            path: path.to_owned(),
            cause,
        })?;
        let refuse = |cause| refuse_open(path, header.journal_mode, cause);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(absolute, flags).map_err(refuse)?;
        // Some of the settings make SQLite open the file.
        harden(&connection).map_err(refuse)?;
        Ok(Self {
            connection,
            path: path.to_owned(),
            journal_mode: header.journal_mode,
            encoding: header.encoding,
        })
    }

    /// Begins the read transaction. The first read fixes the snapshot; failures of opening show here, because
    /// SQLite opens lazily.
    pub(super) fn begin_snapshot(&self) -> Result<(), SourceError> {
        self.connection
            .execute_batch("BEGIN")
            .map_err(|cause| self.classify("beginning to read", cause))?;
        let first_read = "SELECT count(*) FROM sqlite_schema";
        self.connection
            .query_row(first_read, [], |row| row.get::<_, i64>(0))
            .map(|_| ())
            .map_err(|cause| refuse_open(&self.path, self.journal_mode, cause))
    }

    /// Lets go of the snapshot.
    pub(super) fn end_snapshot(&self) -> Result<(), SourceError> {
        self.connection
            .execute_batch("ROLLBACK")
            .map_err(|cause| self.classify("ending a read", cause))
    }

    /// Changes whenever another connection has committed since this one looked last.
    pub(super) fn data_version(&self) -> Result<i64, SourceError> {
        self.connection
            .query_row("PRAGMA data_version", [], |row| row.get(0))
            .map_err(|cause| refuse_open(&self.path, self.journal_mode, cause))
    }

    /// Sets the page cache and how long to wait for a lock.
    pub(super) fn configure(&self, page_cache_kib: i64, busy_timeout: Duration) -> Result<(), SourceError> {
        self.connection
            .busy_timeout(busy_timeout)
            // A negative size is in KiB, a positive one in pages.
            .and_then(|()| self.connection.pragma_update(None, "cache_size", -page_cache_kib))
            .map_err(|cause| self.classify("configuring a reader", cause))
    }

    /// Reads the text encoding of the snapshot. The header of a new file in WAL mode does not tell it before
    /// the first wal checkpoint.
    pub(super) fn read_encoding(&mut self) -> Result<TextEncoding, SourceError> {
        let name: String = self
            .connection
            .query_row("PRAGMA encoding", [], |row| row.get(0))
            .map_err(|cause| self.classify("reading its encoding", cause))?;
        self.encoding = match name.as_str() {
            "UTF-16le" => TextEncoding::Utf16Le,
            "UTF-16be" => TextEncoding::Utf16Be,
            _ => TextEncoding::Utf8,
        };
        Ok(self.encoding)
    }

    pub(super) fn set_encoding(&mut self, encoding: TextEncoding) {
        self.encoding = encoding;
    }

    /// The connection, inside its read transaction.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How the snapshot stores text.
    pub fn encoding(&self) -> TextEncoding {
        self.encoding
    }

    /// Turns a failed statement into the refusal it stands for.
    pub fn classify(&self, doing: &str, cause: rusqlite::Error) -> SourceError {
        classify(&self.path, doing, cause)
    }
}

fn harden(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    // For the whole process; it can only be lowered.
    connection.pragma_update(None, "hard_heap_limit", HEAP_BYTES_MAX)?;
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

fn refuse_open(path: &Path, journal_mode: JournalMode, cause: rusqlite::Error) -> SourceError {
    let cannot_open = cause.sqlite_error_code() == Some(ErrorCode::CannotOpen);
    let read_only = cause.sqlite_error_code() == Some(ErrorCode::ReadOnly);
    if journal_mode == JournalMode::Wal && (cannot_open || read_only) {
        return SourceError::WalNeedsDirectory(path.to_owned());
    }
    classify(path, "opening the file", cause)
}

fn classify(path: &Path, doing: &str, cause: rusqlite::Error) -> SourceError {
    let extended = cause.sqlite_error().map(|e| e.extended_code);
    match cause.sqlite_error_code() {
        _ if extended == Some(ffi::SQLITE_READONLY_ROLLBACK) => SourceError::HotJournal(path.to_owned()),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => SourceError::Locked(path.to_owned()),
        Some(ErrorCode::OutOfMemory) => SourceError::Memory {
            path: path.to_owned(),
            doing: doing.to_owned(),
        },
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

/// Whether SQLite refused a statement for what it says and not for the state of file or machine: a name it does
/// not know, or an expression that fails on a value.
pub(crate) fn is_general_error(cause: &rusqlite::Error) -> bool {
    match cause {
        rusqlite::Error::SqlInputError { error, .. } => error.code == ErrorCode::Unknown,
        other => other.sqlite_error_code() == Some(ErrorCode::Unknown),
    }
}

/// SQLite's own words without the statement around them.
pub(crate) fn message(cause: &rusqlite::Error) -> String {
    match cause {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}
