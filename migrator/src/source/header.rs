//! The first 100 bytes of the file, read before SQLite opens it.
//!
//! Field positions are those of <https://www.sqlite.org/fileformat2.html#the_database_header>. The file is
//! opened and closed here once, before SQLite holds any lock on it in this process: closing it later would
//! drop those locks.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::SourceError;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const HEADER_BYTES: usize = 100;
/// Bytes 18 and 19 say 2 when the file is in WAL mode.
const WAL_FORMAT: u8 = 2;

/// How the source commits, as far as its header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JournalMode {
    /// A rollback journal: a reader keeps writers from committing.
    Rollback,
    /// A write-ahead log: readers and writers do not block each other.
    Wal,
}

/// How the source stores text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum TextEncoding {
    /// UTF-8.
    #[serde(rename = "UTF-8")]
    Utf8,
    /// UTF-16, little-endian.
    #[serde(rename = "UTF-16le")]
    Utf16Le,
    /// UTF-16, big-endian.
    #[serde(rename = "UTF-16be")]
    Utf16Be,
}

/// What the header tells.
#[derive(Debug, Clone)]
pub struct Header {
    /// The bytes as they are.
    pub bytes: [u8; HEADER_BYTES],
    /// Page size in bytes.
    pub page_size_bytes: u32,
    /// Journal mode.
    pub journal_mode: JournalMode,
    /// Text encoding.
    pub encoding: TextEncoding,
}

impl Header {
    /// Reads and checks the header of the file at `path`.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        let unreadable = |cause| SourceError::Unreadable {
            path: path.to_owned(),
            cause,
        };
        let metadata = match std::fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(SourceError::Missing(path.to_owned()));
            }
            other => other.map_err(unreadable)?,
        };
        if !metadata.is_file() {
            return Err(SourceError::NotAFile(path.to_owned()));
        }
        let mut start = Vec::with_capacity(HEADER_BYTES);
        let file = File::open(path).map_err(unreadable)?;
        file.take(HEADER_BYTES as u64)
            .read_to_end(&mut start)
            .map_err(unreadable)?;
        parse(&start, path)
    }
}

fn parse(start: &[u8], path: &Path) -> Result<Header, SourceError> {
    if start.is_empty() {
        return Err(SourceError::Empty(path.to_owned()));
    }
    if !start.starts_with(MAGIC) {
        return Err(SourceError::NotADatabase(path.to_owned()));
    }
    let bad = |what| SourceError::BadHeader {
        path: path.to_owned(),
        what,
    };
    let bytes: [u8; HEADER_BYTES] = start
        .try_into()
        .map_err(|_| bad("it is shorter than 100 bytes"))?;
    // The value 1 stands for 65536, which does not fit the field.
    let page_size_bytes = match u32::from(u16::from_be_bytes([bytes[16], bytes[17]])) {
        1 => 65_536,
        size if size >= 512 && size.is_power_of_two() => size,
        _ => return Err(bad("the page size is none that SQLite uses")),
    };
    let journal_mode = if bytes[19] == WAL_FORMAT {
        JournalMode::Wal
    } else {
        JournalMode::Rollback
    };
    let encoding = match u32::from_be_bytes([bytes[56], bytes[57], bytes[58], bytes[59]]) {
        // Zero until the first table is made.
        0 | 1 => TextEncoding::Utf8,
        2 => TextEncoding::Utf16Le,
        3 => TextEncoding::Utf16Be,
        _ => return Err(bad("the text encoding is unknown")),
    };
    Ok(Header {
        bytes,
        page_size_bytes,
        journal_mode,
        encoding,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header_with(changes: &[(usize, u8)]) -> Vec<u8> {
        let mut bytes = vec![0; HEADER_BYTES];
        bytes[..16].copy_from_slice(MAGIC);
        bytes[16] = 16;
        for (position, byte) in changes {
            bytes[*position] = *byte;
        }
        bytes
    }

    #[test]
    fn fields_are_read() {
        let header = parse(&header_with(&[(18, 2), (19, 2), (59, 3)]), Path::new("x")).unwrap();
        assert_eq!(header.page_size_bytes, 4096);
        assert_eq!(header.journal_mode, JournalMode::Wal);
        assert_eq!(header.encoding, TextEncoding::Utf16Be);
        let largest = parse(&header_with(&[(16, 0), (17, 1)]), Path::new("x")).unwrap();
        assert_eq!(largest.page_size_bytes, 65_536);
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        let refused = |bytes: &[u8]| parse(bytes, Path::new("x")).unwrap_err().to_string();
        assert!(refused(b"").contains("empty"));
        assert!(refused(b"this is not a database").contains("does not begin with"));
        assert!(refused(MAGIC).contains("shorter than 100 bytes"));
        assert!(refused(&header_with(&[(16, 3)])).contains("page size"));
        assert!(refused(&header_with(&[(59, 4)])).contains("encoding"));
    }
}
