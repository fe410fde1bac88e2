//! One digest that tells a later process, cheaply, whether the source is the one that was read before.
//!
//! Its invariant: two snapshots with the same fingerprint hold the same content. So it looks at the files before
//! SQLite opens them and again when the snapshot is held, and says "the same" only of files that were at rest in
//! between and of a log whose every commit counts. Anything else gets a fingerprint that no other ever equals: a
//! false "different" costs a second reading, a false "same" costs rows. It is no proof against somebody who sets
//! out to forge it.

use std::fs::Metadata;
use std::io::Error;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::Header;
use super::wal::{Index, Log};

/// Told apart from any other digest, and from fingerprints of another making.
const TAG: &[u8] = b"outgrow-source-fingerprint-1\0";

/// A second write within so long may leave the time of the file as it was: Linux stamps files by a clock that
/// ticks every 10 ms at the slowest.
const CLOCK_TICK: Duration = Duration::from_millis(20);

/// The same on file systems that keep whole seconds, or every second one.
const COARSE_CLOCK_TICK: Duration = Duration::from_secs(3);

/// The source's files as they were before SQLite opened them.
#[derive(Debug)]
pub(super) struct Look {
    path: PathBuf,
    log_path: PathBuf,
    file: Result<FileState, Error>,
    log: Result<Option<Log>, Error>,
    /// Whether all of this was at rest.
    is_settled: bool,
}

/// What tells one state of a file from another without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FileState {
    device: u64,
    inode: u64,
    size_bytes: u64,
    modified: (i64, i64),
    /// Moves with every write too, and cannot be set back as the time of the write can.
    changed: (i64, i64),
}

impl FileState {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size_bytes: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    fn read(path: &Path) -> Result<Self, Error> {
        std::fs::metadata(path).map(|metadata| Self::of(&metadata))
    }
}

impl Look {
    /// Looks at the files. Only before SQLite opens them in this process, since it closes the index. Waits a
    /// moment where the file has just been written.
    pub(super) fn at(path: &Path, log_path: &Path, index_path: &Path) -> Self {
        let is_racy = std::fs::metadata(path).is_ok_and(|metadata| is_just_written(&metadata));
        if is_racy {
            std::thread::sleep(CLOCK_TICK);
        }
        let metadata = std::fs::metadata(path);
        let log = Log::read(log_path);
        // After the log: a commit that is announced between the two looks makes them differ.
        let index = Index::read(index_path);
        let counts = match (&log, &index) {
            // Nobody has the file open; SQLite will read the log itself.
            (Ok(_), Ok(None)) => true,
            (Ok(log), Ok(Some(index))) => index.agrees_with(log.as_ref()),
            _ => false,
        };
        Self {
            path: path.to_owned(),
            log_path: log_path.to_owned(),
            is_settled: counts && metadata.as_ref().is_ok_and(|metadata| !is_just_written(metadata)),
            file: metadata.map(|metadata| FileState::of(&metadata)),
            log,
        }
    }

    /// The fingerprint, hex, of a snapshot that was begun after this look and is held.
    pub(super) fn fingerprint(&self, header: &Header, schema_version: i64) -> String {
        let mut digest = Sha256::new();
        digest.update(TAG);
        match (&self.file, &self.log) {
            (Ok(file), Ok(log)) if self.is_settled && self.is_as_it_was(file, log.as_ref()) => {
                digest_state(&mut digest, file, log.as_ref());
            }
            _ => digest.update(Uuid::now_v7().as_bytes()),
        }
        digest.update(header.bytes);
        digest.update(schema_version.to_be_bytes());
        outgrow_shared::ce1::Digest(digest.finalize().into()).to_hex()
    }

    fn is_as_it_was(&self, file: &FileState, log: Option<&Log>) -> bool {
        let file_now = FileState::read(&self.path);
        let log_now = Log::read(&self.log_path);
        file_now.is_ok_and(|now| now == *file) && log_now.is_ok_and(|now| now.as_ref() == log)
    }
}

/// All fields have a fixed width, so that no two states read alike.
fn digest_state(digest: &mut Sha256, file: &FileState, log: Option<&Log>) {
    for number in [file.device, file.inode, file.size_bytes] {
        digest.update(number.to_be_bytes());
    }
    let times = [file.modified, file.changed];
    for number in times
        .iter()
        .flat_map(|(seconds, nanoseconds)| [seconds, nanoseconds])
    {
        digest.update(number.to_be_bytes());
    }
    digest.update([u8::from(log.is_some())]);
    let Some(log) = log else { return };
    digest.update(log.size_bytes.to_be_bytes());
    digest.update(log.modified.0.to_be_bytes());
    digest.update(log.modified.1.to_be_bytes());
    digest.update(log.header);
    digest.update([u8::from(log.last_commit.is_some())]);
    if let Some(last) = &log.last_commit {
        digest.update(last.number.to_be_bytes());
        digest.update(last.header);
    }
}

/// Whether a write that follows could leave the time of the file as it is.
fn is_just_written(metadata: &Metadata) -> bool {
    let Ok(modified) = metadata.modified() else {
        return true;
    };
    let is_coarse = metadata.mtime_nsec() % 1_000_000 == 0;
    let tick = if is_coarse { COARSE_CLOCK_TICK } else { CLOCK_TICK };
    // A time ahead of this machine's clock tells nothing of its age.
    SystemTime::now()
        .duration_since(modified)
        .map_or(true, |age| age < tick)
}

#[cfg(test)]
#[path = "fingerprint_tests.rs"]
mod tests;
