//! Opening a file that nobody vouches for: what it is, one snapshot held, and what pins that snapshot.
//!
//! Never `immutable`: that would skip the write-ahead log and read uncommitted rows beside a hot journal.

use std::fs::Metadata;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::fingerprint::Look;
use super::reader::Reader;
use super::readers::{self, Readers};
use super::{Header, JournalMode, SourceError, TextEncoding};

/// A source file under one snapshot: a reader of its own, more of them for work side by side, and what is
/// known of the file.
#[derive(Debug)]
pub struct Source {
    reader: Reader,
    readers: Readers,
    header: Header,
    identity: Identity,
    fingerprint: String,
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
    /// When the database file was last written, RFC 3339 with nanoseconds; empty where the system does not tell.
    pub modified_at: String,
    /// When its write-ahead log was last written; empty if there is none or nothing in it.
    pub wal_modified_at: String,
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
        Self::open_with(path, readers::more_readers())
    }

    /// Opens with so many readers beside the source's own, or none where they cannot be had.
    pub fn open_with(path: &Path, more_readers: usize) -> Result<Self, SourceError> {
        let mut header = Header::read(path)?;
        // SQLite follows links before it looks for the log.
        let real_path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let wal_path = sidecar(&real_path, "-wal");
        // Asked before SQLite opens the file, which makes an empty log where there is none.
        let has_log = wal_path.exists();
        let wal = std::fs::metadata(&wal_path).ok().filter(|wal| wal.len() > 0);
        let look = Look::at(&real_path, &wal_path, &sidecar(&real_path, "-shm"));
        let (mut reader, mut readers) = readers::open(path, &header, more_readers)?;
        header.encoding = reader.read_encoding()?;
        readers.set_encoding(header.encoding);
        let mut warnings = Vec::new();
        if header.journal_mode == JournalMode::Wal && !has_log {
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
        let identity = identify(&reader, path, &header, wal.as_ref())?;
        let fingerprint = look.fingerprint(&header, identity.schema_version);
        Ok(Self {
            reader,
            readers,
            header,
            identity,
            fingerprint,
            warnings,
        })
    }

    /// The readers beside the source's own, all on its snapshot.
    pub fn readers(&self) -> &Readers {
        &self.readers
    }

    /// The file header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What pins this state of the file.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// A digest, hex, that a later process computes too exactly if the source still holds what this snapshot does.
    /// Where that could not be made sure, because somebody was writing, it is one that never comes again.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// What its owner should know before reading goes on.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

impl Deref for Source {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

pub(super) fn sidecar(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn identify(
    reader: &Reader,
    path: &Path,
    header: &Header,
    wal: Option<&Metadata>,
) -> Result<Identity, SourceError> {
    let pragma = |name: &str| {
        reader
            .connection()
            .query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0))
            .map_err(|cause| reader.classify("reading its identity", cause))
    };
    let metadata = std::fs::metadata(path).map_err(|cause| SourceError::Unreadable {
        path: path.to_owned(),
        cause,
    })?;
    let file_name = path
        .file_name()
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    Ok(Identity {
        file_name,
        path_sha256: path_sha256(path),
        size_bytes: metadata.len(),
        wal_size_bytes: wal.map_or(0, Metadata::len),
        modified_at: modified_at(&metadata),
        wal_modified_at: wal.map_or_else(String::new, modified_at),
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

/// SHA-256 of a file's canonical path, hex.
pub fn path_sha256(path: &Path) -> String {
    let canonical = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    hex_sha256(canonical.as_os_str().as_encoded_bytes())
}

fn modified_at(metadata: &Metadata) -> String {
    let modified = metadata.modified().ok();
    let timestamp = modified.and_then(|time| jiff::Timestamp::try_from(time).ok());
    timestamp.map_or_else(String::new, |timestamp| format!("{timestamp:.9}"))
}

fn hex_sha256(bytes: &[u8]) -> String {
    outgrow_shared::ce1::Digest(Sha256::digest(bytes).into()).to_hex()
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

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
