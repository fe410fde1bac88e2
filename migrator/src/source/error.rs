//! Why a source is refused, and what its owner can do about it.

use std::path::PathBuf;

use crate::exit::Exit;
use crate::failure::Failure;

/// A source that cannot be read, or must not be trusted.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No such file.
    #[error("there is no file {}", .0.display())]
    Missing(PathBuf),
    /// A directory, socket or device.
    #[error("{} is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// The operating system refused to read it.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: std::io::Error,
    },
    /// Zero bytes: SQLite would take it for an empty database.
    #[error("{} is empty (0 bytes)", .0.display())]
    Empty(PathBuf),
    /// The first bytes are not SQLite's.
    #[error("{} is not a SQLite database: it does not begin with SQLite's header", .0.display())]
    NotADatabase(PathBuf),
    /// SQLite's header, but less than a header's length or nonsense in it.
    #[error("{} begins like a SQLite database, but its header is damaged: {what}", path.display())]
    BadHeader {
        /// The file.
        path: PathBuf,
        /// Which field.
        what: &'static str,
    },
    /// A rollback journal that has to be rolled back by a writer first.
    #[error("{} was left in the middle of a transaction (hot journal)", .0.display())]
    HotJournal(PathBuf),
    /// WAL mode needs a writable directory, or existing -shm and -wal files.
    #[error("{} is in WAL mode and its directory cannot be written, so SQLite cannot read it", .0.display())]
    WalNeedsDirectory(PathBuf),
    /// Somebody holds an exclusive lock.
    #[error("{} is locked by another process", .0.display())]
    Locked(PathBuf),
    /// Other work on the source failed; its error is the one that is told.
    #[error("reading was given up because other reading failed")]
    Stopped,
    /// SQLite reached the bound on its memory.
    #[error("{doing} needs more memory than the 4 GiB that outgrow lets SQLite use ({})", path.display())]
    Memory {
        /// The file.
        path: PathBuf,
        /// What was being done, naming the table.
        doing: String,
    },
    /// The content is damaged.
    #[error("{} is damaged: {}", path.display(), findings.join("; "))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite's own check said, its first lines.
        findings: Vec<String>,
    },
    /// A statement failed for a cause of its own.
    #[error("SQLite failed while {doing}")]
    Sqlite {
        /// What was being done, naming the table.
        doing: String,
        /// What SQLite said.
        #[source]
        cause: rusqlite::Error,
    },
    /// There is nothing to move.
    #[error("{} holds no table", .0.display())]
    NoTables(PathBuf),
}

impl SourceError {
    /// Wraps a failed statement.
    pub fn sqlite(doing: impl Into<String>) -> impl FnOnce(rusqlite::Error) -> Self {
        let doing = doing.into();
        |cause| Self::Sqlite { doing, cause }
    }

    fn next_step(&self) -> &'static str {
        match self {
            Self::Missing(_) => "Check the path; a relative path starts at the current directory.",
            Self::NotAFile(_) => "Name the database file itself.",
            Self::Unreadable { .. } => "Run as a user who may read the file and its directory.",
            Self::Empty(_) => {
                "Check the path: SQLite makes an empty file when an application opens a wrong name."
            }
            Self::NotADatabase(_) => {
                "Check the path. An encrypted database (SQLCipher, SEE) looks like this too: decrypt it first."
            }
            Self::BadHeader { .. } | Self::Damaged { .. } => {
                "Nothing was written. Restore a backup, or recover into a new file with \
                 `sqlite3 FILE .recover | sqlite3 RECOVERED` and compare before you trust it."
            }
            Self::HotJournal(_) => {
                "Open the file once with its application or with `sqlite3 FILE 'PRAGMA quick_check'` so that \
                 SQLite rolls the journal back, then run again. Keep the -journal file beside the database."
            }
            Self::WalNeedsDirectory(_) => {
                "Copy the database with its -wal file to a directory that can be written, and name the copy."
            }
            Self::Locked(_) => "Wait until the other process is done, or stop it, then run again.",
            Self::Stopped => "Look at the error of the other table.",
            Self::Memory { .. } => {
                "Values of up to 1 GB fit. Look for larger ones, and for computed columns or CHECKs that build \
                 them; a file from a stranger may be made to do this."
            }
            Self::Sqlite { .. } => "Run `sqlite3 FILE 'PRAGMA integrity_check'` and look at the cause above.",
            Self::NoTables(_) => "Check the path; there is nothing to migrate here.",
        }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        let next = error.next_step();
        let what = error.to_string();
        let failure = Self::new(Exit::SourceRefused, what, next);
        match error {
            SourceError::Unreadable { cause, .. } => failure.because(cause),
            SourceError::Sqlite { cause, .. } => failure.because(cause),
            _ => failure,
        }
    }
}
