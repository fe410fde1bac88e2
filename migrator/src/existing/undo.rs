//! The undo script: every statement that puts back what is taken off, on disk before anything is taken off.
//!
//! The migration is one transaction, so a crash puts everything back by itself; the script is for whoever wants to be
//! sure. Each statement looks first whether it is needed, so that running the script needlessly changes nothing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use uuid::Uuid;

use crate::exit::Exit;
use crate::failure::Failure;

use super::constraints::{ForeignKey, Guards, Trigger};
use super::{Relation, literal};

/// The name of a run's script.
pub fn file_name(run: Uuid) -> String {
    format!("outgrow-undo-{run}.sql")
}

/// Writes the script to a new file, safe against a crash of this machine.
///
/// # Errors
/// The file is there already, or cannot be written.
pub fn write(path: &Path, run: Uuid, guards: &Guards) -> Result<(), Failure> {
    let written = create(path).and_then(|mut file| {
        file.write_all(script(run, guards).as_bytes())?;
        file.sync_all()?;
        sync_folder(path.parent().unwrap_or(Path::new("")))
    });
    written.map_err(|error| {
        let next = "Free space or rights there; nothing was taken off any table yet.";
        Failure::new(Exit::Usage, "the undo script cannot be written", next)
            .at(path.display().to_string())
            .because(error)
    })
}

/// Removes the script once everything is put back, or was never taken off.
///
/// # Errors
/// It cannot be removed.
pub fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // Names of an application's schema are nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The name of a new file lasts only once its folder is on disk.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The script itself. Names stand only inside literals and quoted identifiers, never in its comments.
pub fn script(run: Uuid, guards: &Guards) -> String {
    let mut script = format!(
        "-- Undo script of the outgrow migration {run}.\n\
         -- outgrow drops foreign keys and disables triggers only inside the one transaction of the migration. If it was\n\
         -- interrupted, by whatever means, Postgres has put everything back already, and this script changes nothing.\n\
         -- It is here for whoever wants to be sure: run it as the owner of the tables with\n\
         --     psql -v ON_ERROR_STOP=1 -f FILE\n\
         -- Every statement looks first whether it is needed. outgrow removes this file when it ends.\n\
         BEGIN;\n\
         SET LOCAL search_path = pg_catalog, pg_temp;\n\
         SET LOCAL standard_conforming_strings = on;\n"
    );
    for key in &guards.foreign_keys {
        script.push_str(&block(&key_body(key)));
    }
    for trigger in &guards.triggers {
        script.push_str(&block(&trigger_body(trigger)));
    }
    script.push_str("COMMIT;\n");
    script
}

fn key_body(key: &ForeignKey) -> String {
    let name = literal(&key.name);
    let missing = format!(
        "NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = {} AND conname = {name} AND contype = 'f')",
        class(&key.child),
    );
    format!("IF {missing} THEN {} END IF;", key.create_sql())
}

fn trigger_body(trigger: &Trigger) -> String {
    let name = literal(&trigger.name);
    let other = format!(
        "EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = {} AND tgname = {name} AND tgenabled <> '{}')",
        class(&trigger.table),
        trigger.firing.letter(),
    );
    format!("IF {other} THEN {}; END IF;", trigger.enable_sql())
}

fn class(table: &Relation) -> String {
    format!("{}::pg_catalog.regclass", literal(&table.quoted()))
}

/// A block that plpgsql runs. Its tag is one that the body does not hold.
fn block(body: &str) -> String {
    let mut tag = "$outgrow$".to_owned();
    while body.contains(&tag) {
        tag = format!("$o{}", &tag[1..]);
    }
    format!("DO {tag} BEGIN {body} END {tag};\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_ends_its_block() {
        let made = block("x $outgrow$ y $ooutgrow$");
        assert!(made.starts_with("DO $oooutgrow$ BEGIN x"), "{made}");
    }

    #[test]
    fn a_script_is_never_written_over_and_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file_name(Uuid::nil()));
        write(&path, Uuid::nil(), &Guards::default()).unwrap();
        let refused = write(&path, Uuid::nil(), &Guards::default()).unwrap_err();
        assert_eq!(refused.exit, Exit::Usage);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        remove(&path).unwrap();
        assert!(!path.exists());
    }
}
