//! The folder of one benchmark, and what dead ones left.
//!
//! A lock file in it is held for as long as its benchmark lives, and the kernel lets go of it however that ends.
//! So a folder whose lock is free belongs to nobody, and the next benchmark removes it.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use outgrow_e2e::processes::processes_of;
use tempfile::TempDir;

const PREFIX: &str = "outgrow-bench-";
const LOCK: &str = "lock";

/// A folder without a lock file is left alone for so long: its benchmark may be about to make one.
const YOUNG: Duration = Duration::from_secs(60);

/// Gone with its value.
#[derive(Debug)]
pub struct Folder {
    folder: TempDir,
    /// Held, never read.
    _lock: File,
}

impl Folder {
    /// Removes what dead benchmarks left in the temporary folder, and makes a new folder there.
    pub fn create() -> io::Result<Self> {
        let parent = std::env::temp_dir();
        remove_dead(&parent)?;
        Self::create_in(&parent)
    }

    fn create_in(parent: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        let lock = File::create(folder.path().join(LOCK))?;
        lock.lock()?;
        // The server's folder lies in it, and where this process is root the server runs as another user. Names
        // cannot be listed, and what is secret has rights of its own.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o711))?;
        Ok(Self { folder, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the folders of dead benchmarks below `parent`, as far as this user may.
fn remove_dead(parent: &Path) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let path = entry?.path();
        let ours = path
            .file_name()
            .and_then(OsStr::to_str)
            .is_some_and(|name| name.starts_with(PREFIX));
        if ours && is_dead(&path) {
            // Somebody else's, or removed by another benchmark at this moment: nothing to do about either.
            let _ = fs::remove_dir_all(&path);
        }
    }
    Ok(())
}

fn is_dead(folder: &Path) -> bool {
    let ownerless = match File::open(folder.join(LOCK)) {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::metadata(folder)
            .and_then(|found| found.modified())
            .is_ok_and(|made| made.elapsed().is_ok_and(|age| age > YOUNG)),
        Err(_) => false,
    };
    // A server whose benchmark was killed takes some seconds to stop, and then removes its own folder.
    ownerless && processes_of(folder).is_empty()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn only_folders_of_dead_benchmarks_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let at = |name: &str| parent.path().join(name);
        let alive = Folder::create_in(parent.path()).unwrap();
        for name in [
            "outgrow-bench-dead",
            "outgrow-bench-young",
            "outgrow-bench-old",
            "other",
        ] {
            fs::create_dir(at(name)).unwrap();
        }
        fs::write(at("outgrow-bench-dead").join(LOCK), "").unwrap();
        fs::write(at("outgrow-bench-dead").join("narrow.db"), "rows").unwrap();
        let long_ago = SystemTime::now() - 2 * YOUNG;
        File::open(at("outgrow-bench-old"))
            .unwrap()
            .set_modified(long_ago)
            .unwrap();

        remove_dead(parent.path()).unwrap();
        assert!(alive.path().exists() && at("outgrow-bench-young").exists() && at("other").exists());
        assert!(!at("outgrow-bench-dead").exists() && !at("outgrow-bench-old").exists());
        let path = alive.path().to_owned();
        drop(alive);
        assert!(!path.exists());
    }
}
