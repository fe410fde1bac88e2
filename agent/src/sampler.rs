//! Sizes and filesystem of the database, taken by path alone.
//!
//! The database, its -wal and its -shm are never opened: closing any descriptor of a file drops every POSIX lock
//! the process holds on it, SQLite's included. Only stat, statvfs and statfs are used. The thread also mirrors
//! the cells into the recorder, so that its buffers stay small.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::export::Exporter;
use crate::probe::Probe;
use quanta::Instant;

/// What the sampler saw last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) database_bytes: u64,
    pub(crate) wal_bytes: u64,
    /// `None` when the filesystem cannot be asked.
    pub(crate) filesystem: Option<Filesystem>,
}

/// The filesystem under the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filesystem {
    pub(crate) avail_bytes: u64,
    pub(crate) size_bytes: u64,
    /// Name of the type, or its magic number in hex.
    pub(crate) kind: String,
}

/// Takes the sizes of the database at `path`; a file that is not there has size 0.
pub(crate) fn sample(path: &Path) -> Sizes {
    let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
    Sizes {
        database_bytes: bytes(path),
        wal_bytes: bytes(&beside(path, "-wal")),
        filesystem: filesystem(path),
    }
}

/// SQLite's companion files append to the whole name: `app.db` has `app.db-wal`.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Asks the file, or its folder while there is no file yet.
fn filesystem(path: &Path) -> Option<Filesystem> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let place = if path.exists() { path } else { folder };
    let stat = rustix::fs::statvfs(place).ok()?;
    Some(Filesystem {
        avail_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
        size_bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
        kind: kind_of(place),
    })
}

#[cfg(target_os = "linux")]
fn kind_of(place: &Path) -> String {
    match rustix::fs::statfs(place) {
        // The magic is 32 bits wide; its C type differs between platforms and may sign-extend.
        Ok(stat) => kind_name(u64::try_from(i128::from(stat.f_type) & 0xffff_ffff).unwrap_or(0)),
        Err(_) => "unknown".to_owned(),
    }
}

#[cfg(not(target_os = "linux"))]
fn kind_of(_place: &Path) -> String {
    "unknown".to_owned()
}

/// Names a statfs magic number (Linux `include/uapi/linux/magic.h` and statfs(2)).
#[cfg(target_os = "linux")]
fn kind_name(magic: u64) -> String {
    let name = match magic {
        0xef53 => "ext4",
        0x5846_5342 => "xfs",
        0x9123_683e => "btrfs",
        0x0102_1994 => "tmpfs",
        0x2fc1_2fc1 => "zfs",
        0x794c_7630 => "overlay",
        0xf2f5_2010 => "f2fs",
        0x8584_58f6 => "ramfs",
        0x6969 => "nfs",
        0xff53_4d42 | 0xfe53_4d42 => "cifs",
        0x517b => "smb",
        0x6573_5546 => "fuse",
        0x0102_1997 => "9p",
        0x00c3_6400 => "ceph",
        0x4d44 => "vfat",
        0x2011_bab0 => "exfat",
        _ => return format!("0x{magic:x}"),
    };
    name.to_owned()
}

/// Samples and mirrors every `every` until `stop` closes. `_alive` closes when the thread ends.
pub(crate) fn run(
    path: &Path,
    every: Duration,
    probe: &Arc<Probe>,
    exporter: &Arc<Exporter>,
    stop: &Receiver<()>,
    _alive: Sender<()>,
) {
    loop {
        let started = Instant::now();
        let sizes = sample(path);
        *probe.sizes.lock().unwrap_or_else(PoisonError::into_inner) = Some(sizes);
        exporter.collect(probe);
        exporter.upkeep();
        probe.worked_since(started);
        match stop.recv_timeout(every) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_files_and_zero_without_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.db");
        let none = sample(&path);
        assert_eq!((none.database_bytes, none.wal_bytes), (0, 0));
        assert!(
            none.filesystem.is_some(),
            "the folder answers for a file that is not there yet"
        );
        std::fs::write(&path, [0; 4097]).unwrap();
        std::fs::write(dir.path().join("app.db-wal"), [0; 33]).unwrap();
        let both = sample(&path);
        assert_eq!((both.database_bytes, both.wal_bytes), (4097, 33));
        let fs = both.filesystem.unwrap();
        assert!(fs.avail_bytes <= fs.size_bytes && fs.size_bytes > 0);
    }

    #[test]
    fn a_folder_that_is_not_there_has_no_filesystem() {
        assert_eq!(sample(Path::new("/nowhere/at/all/app.db")).filesystem, None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn filesystems_are_named_or_numbered() {
        assert_eq!(kind_name(0xef53), "ext4");
        assert_eq!(kind_name(0x6969), "nfs");
        assert_eq!(kind_name(0x1234), "0x1234");
    }
}
