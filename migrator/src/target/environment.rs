//! What the process around us offers for finding a target: variables, home, user and files.
//!
//! Everything that resolution reads comes through [`Environment`], so that it is a pure function and a test
//! can give it a whole machine. Only variables that resolution may look at are kept.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// A small configuration file as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// Its text; bytes that are not UTF-8 become U+FFFD.
    pub text: String,
    /// False for a directory, a pipe or a device.
    pub is_plain: bool,
    /// True when its mode gives its group or others any access.
    pub open_to_others: bool,
}

/// Reads the few files that connection parameters come from.
pub trait Files {
    /// Reads a file whole.
    ///
    /// # Errors
    /// The file does not exist or cannot be read.
    fn read(&self, path: &Path) -> io::Result<FoundFile>;
}

/// The files of this machine.
#[derive(Debug, Clone, Copy)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<FoundFile> {
        let metadata = std::fs::metadata(path)?;
        let is_plain = metadata.is_file();
        // Reading a pipe could wait for ever; whoever named it gets told.
        let bytes = if is_plain {
            std::fs::read(path)?
        } else {
            Vec::new()
        };
        Ok(FoundFile {
            text: String::from_utf8_lossy(&bytes).into_owned(),
            is_plain,
            open_to_others: open_to_others(&metadata),
        })
    }
}

#[cfg(unix)]
fn open_to_others(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

/// Only Unix modes say who else may read a file.
#[cfg(not(unix))]
fn open_to_others(_metadata: &std::fs::Metadata) -> bool {
    false
}

/// The variables, home, user and files that a target is resolved from.
pub struct Environment {
    /// Environment variables, `PG...` and `OUTGROW_TO`.
    pub variables: BTreeMap<String, String>,
    /// Home directory of the user.
    pub home: Option<PathBuf>,
    /// Name of the operating system's user.
    pub os_user: Option<String>,
    /// Where files are read from.
    pub files: Box<dyn Files + Send + Sync>,
}

impl Environment {
    /// The environment of this process.
    pub fn of_this_process() -> Self {
        let variables = std::env::vars_os()
            .map(|(name, value)| {
                (
                    name.to_string_lossy().into_owned(),
                    value.to_string_lossy().into_owned(),
                )
            })
            .filter(|(name, _)| name.starts_with("PG") || name == super::conninfo::TO_VARIABLE)
            .collect();
        Self {
            variables,
            home: std::env::home_dir().filter(|home| !home.as_os_str().is_empty()),
            os_user: whoami::username().ok(),
            files: Box::new(Disk),
        }
    }

    /// A variable's value; an empty one counts as not set.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// A path below the home directory.
    pub fn below_home(&self, relative: &str) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(relative))
    }
}
