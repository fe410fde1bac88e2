//! How large the source's write-ahead log may grow while outgrow reads.
//!
//! A snapshot keeps SQLite from starting its log anew, so the log grows with everything that the application
//! writes. It is watched by `stat` alone, and outgrow lets go before the application's disk is full. What the log's
//! file held before counts for nothing: SQLite writes over it or not, that space is taken already.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;

use super::open::sidecar;
use crate::exit::Exit;
use crate::failure::Failure;

/// How often the log is looked at. A disk that takes 1 GB a second overshoots the bound by a quarter of that.
const POLL: Duration = Duration::from_millis(250);

/// The most by which a log may grow unless told otherwise: hours of a busy application, and what the next wal
/// checkpoint can still write back in minutes.
const GROWTH_BYTES_MAX: u64 = 10 * 1024 * 1024 * 1024;

/// The bound as it was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MaxWal {
    /// The smaller of 10 GiB and half of what is free where the log lies.
    #[default]
    Auto,
    /// So many bytes.
    Bytes(u64),
    /// None.
    Unbounded,
}

impl FromStr for MaxWal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::Unbounded),
            size => match size.parse::<ByteSize>()?.as_u64() {
                0 => Ok(Self::Unbounded),
                bytes => Ok(Self::Bytes(bytes)),
            },
        }
    }
}

/// A look at the log now and then.
#[derive(Debug)]
pub struct WalWatch {
    path: PathBuf,
    begun_bytes: u64,
    /// None without a bound.
    growth_bytes_max: Option<u64>,
}

impl WalWatch {
    /// Begins to watch the log of this source, before a snapshot is taken. Without a log there is nothing to see,
    /// until there is one.
    pub fn begin(source: &Path, max: MaxWal) -> Self {
        // SQLite follows links before it looks for the log.
        let source = source.canonicalize().unwrap_or_else(|_| source.to_owned());
        let path = sidecar(&source, "-wal");
        let growth_bytes_max = match max {
            MaxWal::Auto => {
                Some(free_bytes(&source).map_or(GROWTH_BYTES_MAX, |free| GROWTH_BYTES_MAX.min(free / 2)))
            }
            MaxWal::Bytes(bytes) => Some(bytes),
            MaxWal::Unbounded => None,
        };
        Self {
            begun_bytes: size_bytes(&path),
            path,
            growth_bytes_max,
        }
    }

    /// Waits until the log has grown beyond the bound, for ever if it does not.
    pub async fn exceeded(&self) -> Failure {
        let Some(growth_bytes_max) = self.growth_bytes_max else {
            return std::future::pending().await;
        };
        let mut begun_bytes = self.begun_bytes;
        let mut poll = tokio::time::interval(POLL);
        loop {
            poll.tick().await;
            let size_bytes = size_bytes(&self.path);
            // Cut short before the snapshot was taken: all of it is growth from there.
            begun_bytes = begun_bytes.min(size_bytes);
            let growth_bytes = size_bytes - begun_bytes;
            if growth_bytes > growth_bytes_max {
                return grown(&self.path, growth_bytes, growth_bytes_max);
            }
        }
    }
}

fn grown(path: &Path, growth_bytes: u64, growth_bytes_max: u64) -> Failure {
    let (growth, max) = (ByteSize::b(growth_bytes), ByteSize::b(growth_bytes_max));
    let what = format!("the write-ahead log of the source grew by {growth}, more than --max-wal {max}");
    let next = "outgrow let go of its snapshot, so that SQLite can reset the log. What was copied into tables of its own \
                is kept, the application's tables are as they were. Give the log more room with --max-wal, or run \
                the same command again; it goes on with what changed since.";
    Failure::new(Exit::Interrupted, what, next).at(path.display().to_string())
}

/// Zero where there is no file.
fn size_bytes(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// Room for a normal user on the file system of this path.
fn free_bytes(path: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).ok()?;
    stat.f_bavail.checked_mul(stat.f_frsize)
}

#[cfg(test)]
#[path = "wal_watch_tests.rs"]
mod tests;
