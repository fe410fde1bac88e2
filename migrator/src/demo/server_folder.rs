//! A temporary folder for a private server, and the user that owns both.
//!
//! Postgres refuses to run as root, so root's servers run as `postgres` or `nobody`, in a folder that
//! user owns and can reach. For everybody else the owner is the user of this process.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

/// The longest path that may hold a Unix socket's folder: `sun_path` has 104 bytes on the narrowest
/// system, and the socket's own name takes up to 24 of them.
const LONGEST_FOLDER_BYTES: usize = 80;

/// As whom a server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The user of this process.
    Myself,
    /// Another one, because this process is root.
    Other {
        /// Numeric user.
        user_id: u32,
        /// Its first group.
        group_id: u32,
    },
}

/// Makes a folder that only its owner (and root) can read, and says who that is. It lies below `below` if a
/// server can work there, else in the temporary folder.
///
/// # Errors
/// When no temporary folder can be made, or root finds no user to hand it to.
pub fn create(prefix: &str, below: Option<&Path>) -> io::Result<(PathBuf, Owner)> {
    let folder = tempfile::Builder::new()
        .prefix(prefix)
        .tempdir_in(parent(below))?;
    // The owner of a new file is the effective user of this process.
    let owner = if fs::metadata(folder.path())?.uid() == 0 {
        unprivileged()?
    } else {
        Owner::Myself
    };
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700))?;
    hand_over(folder.path(), owner)?;
    Ok((folder.keep(), owner))
}

/// Writes a file that only the owner (and root) can read.
///
/// # Errors
/// When it cannot be written or handed over.
pub fn write(path: &Path, contents: &[u8], owner: Owner) -> io::Result<()> {
    fs::write(path, contents)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    hand_over(path, owner)
}

fn hand_over(path: &Path, owner: Owner) -> io::Result<()> {
    match owner {
        Owner::Myself => Ok(()),
        Owner::Other { user_id, group_id } => chown(path, Some(user_id), Some(group_id)),
    }
}

/// The folder asked for or the system's temporary folder, or `/tmp` where a server could not reach those or open
/// its socket there.
fn parent(asked: Option<&Path>) -> PathBuf {
    let usual = std::env::temp_dir();
    let fits = |parent: &Path| {
        let short = parent.as_os_str().len() + 24 <= LONGEST_FOLDER_BYTES;
        let open = parent.ancestors().all(|folder| {
            folder.as_os_str().is_empty() || fs::metadata(folder).is_ok_and(|found| found.mode() & 0o001 != 0)
        });
        short && open
    };
    let first = asked
        .into_iter()
        .chain([usual.as_path()])
        .find(|parent| fits(parent));
    first.unwrap_or(Path::new("/tmp")).to_owned()
}

fn unprivileged() -> io::Result<Owner> {
    let users = fs::read_to_string("/etc/passwd")?;
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| ids_of(&users, name))
        .ok_or_else(|| io::Error::other("neither the user postgres nor nobody is in /etc/passwd"))
}

/// Finds a user in the text of `/etc/passwd` (`name:password:user id:group id:...`, passwd(5)).
fn ids_of(users: &str, name: &str) -> Option<Owner> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then_some(())?;
        let (user_id, group_id) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        (user_id != 0).then_some(Owner::Other { user_id, group_id })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65533:n:/:/bin/false\nshort:x\n";

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        assert_eq!(
            ids_of(USERS, "nobody"),
            Some(Owner::Other {
                user_id: 65534,
                group_id: 65533
            })
        );
        assert_eq!(ids_of(USERS, "nob"), None);
        assert_eq!(ids_of(USERS, "short"), None);
    }

    #[test]
    fn root_is_never_the_unprivileged_user() {
        assert_eq!(ids_of(USERS, "root"), None);
    }

    #[test]
    fn a_folder_is_private_to_its_owner() {
        let (folder, owner) = create("outgrow-folder-", None).unwrap();
        let found = fs::metadata(&folder).unwrap();
        assert_eq!(found.mode() & 0o777, 0o700);
        match owner {
            Owner::Myself => assert_ne!(found.uid(), 0),
            Owner::Other { user_id, .. } => assert_eq!(found.uid(), user_id),
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
