//! The write-ahead log and its index as they lie on the disk, read without SQLite.
//!
//! Positions are those of <https://www.sqlite.org/walformat.html>. The log holds no locks, so it may be opened
//! and closed at any time. The index (`-shm`) holds SQLite's locks: it may be closed here only while SQLite has
//! not opened the file in this process.

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

const LOG_HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// Size of one of the two copies of the header of the index.
const INDEX_HEADER_BYTES: usize = 48;
/// The first bytes of a log; the lowest bit tells the byte order of its checksums.
const LOG_MAGIC: u32 = 0x377f_0682;

/// What pins the content of a write-ahead log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Log {
    /// Size of the file in bytes.
    pub size_bytes: u64,
    /// When it was last written: seconds and nanoseconds.
    pub modified: (i64, i64),
    /// Its header; zeros where it has none yet.
    pub header: [u8; LOG_HEADER_BYTES],
    /// The frame that ends the last commit of this header's generation.
    pub last_commit: Option<Frame>,
}

/// A frame of the log. Its checksum covers all frames up to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// Its number, from one.
    pub number: u64,
    /// Its header: page, size of the database after the commit, salts, checksum.
    pub header: [u8; FRAME_HEADER_BYTES],
}

impl Log {
    /// Reads the log; none where there is no file or nothing in it.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, Error> {
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let metadata = file.metadata()?;
        if metadata.len() == 0 {
            return Ok(None);
        }
        let mut log = Self {
            size_bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            header: [0; LOG_HEADER_BYTES],
            last_commit: None,
        };
        if log.size_bytes >= LOG_HEADER_BYTES as u64 {
            file.read_exact_at(&mut log.header, 0)?;
            log.last_commit = log.find_last_commit(&file)?;
        }
        Ok(Some(log))
    }

    /// The two salts, which no other generation of frames in this file has.
    fn salts(&self) -> &[u8] {
        &self.header[16..24]
    }

    /// Frames of this generation come first in the file and older ones after them, so that their end is found by
    /// halving; from there the last commit is not far.
    fn find_last_commit(&self, file: &File) -> Result<Option<Frame>, Error> {
        let page_size_bytes = be_u32(&self.header, 8);
        if be_u32(&self.header, 0) & !1 != LOG_MAGIC || page_size_bytes < 512 {
            return Ok(None);
        }
        let stride = FRAME_HEADER_BYTES as u64 + u64::from(page_size_bytes);
        let read = |number: u64| {
            let mut header = [0; FRAME_HEADER_BYTES];
            let at = LOG_HEADER_BYTES as u64 + (number - 1) * stride;
            file.read_exact_at(&mut header, at).map(|()| header)
        };
        let (mut ours, mut beyond) = (0, (self.size_bytes - LOG_HEADER_BYTES as u64) / stride + 1);
        while beyond - ours > 1 {
            let middle = ours + (beyond - ours) / 2;
            if &read(middle)?[8..16] == self.salts() {
                ours = middle;
            } else {
                beyond = middle;
            }
        }
        for number in (1..=ours).rev() {
            let header = read(number)?;
            // A commit names the size of the database; other frames say zero.
            if be_u32(&header, 4) != 0 {
                return Ok(Some(Frame { number, header }));
            }
        }
        Ok(None)
    }
}

/// What the index says of the log: how far it counts.
#[derive(Debug)]
pub(super) struct Index {
    frames: u32,
    checksum: [u32; 2],
    salts: [u8; 8],
}

impl Index {
    /// Reads the header of the index; none where there is no file. Only before SQLite opens the file in this
    /// process. Fails where the index is being written.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, Error> {
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let mut copies = [0; 2 * INDEX_HEADER_BYTES];
        file.read_exact_at(&mut copies, 0)?;
        let (first, second) = copies.split_at(INDEX_HEADER_BYTES);
        let is_initialised = first[12] != 0;
        if first != second || !is_initialised {
            return Err(Error::new(ErrorKind::InvalidData, "the index is being written"));
        }
        let mut salts = [0; 8];
        salts.copy_from_slice(&first[32..40]);
        Ok(Some(Self {
            frames: native_u32(first, 16),
            checksum: [native_u32(first, 24), native_u32(first, 28)],
            salts,
        }))
    }

    /// Whether every commit in the log counts: no writer stands between writing its frames and announcing them.
    pub(super) fn agrees_with(&self, log: Option<&Log>) -> bool {
        let Some(log) = log else { return self.frames == 0 };
        match &log.last_commit {
            None => self.frames == 0,
            // A log that was reset keeps its old frames until the next commit writes over them.
            Some(_) if log.salts() != self.salts => self.frames == 0,
            Some(last) => {
                let checksum = [be_u32(&last.header, 16), be_u32(&last.header, 20)];
                last.number == u64::from(self.frames) && checksum == self.checksum
            }
        }
    }
}

/// Zero beyond the end, which no caller reaches.
fn four(bytes: &[u8], at: usize) -> [u8; 4] {
    bytes
        .get(at..at + 4)
        .and_then(|four| four.try_into().ok())
        .unwrap_or_default()
}

fn be_u32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(four(bytes, at))
}

/// The index is written in the byte order of the machine.
fn native_u32(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(four(bytes, at))
}
