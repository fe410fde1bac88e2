//! Any bytes as a database file: opened, checked, read, counted and planned. Any refusal is fine, a panic is not.
//!
//! Damage that the integrity check finds ends a migration. Here reading goes on, so that what lies behind the
//! check is reached with damaged files too.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use outgrow_migrator::census::{Census, Trials};
use outgrow_migrator::plan;
use outgrow_migrator::plan::choices::Choices;
use outgrow_migrator::source::Source;
use outgrow_migrator::source::catalog::Catalog;

/// Bytes of the largest file that is tried; larger ones only take longer.
const FILE_BYTES_MAX: usize = 64 * 1024;

/// A folder in memory, where there is one.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    made.expect("a temporary folder can be made")
}

fn plan_of(path: &Path) {
    let Ok(source) = Source::open(path) else { return };
    let catalog = Catalog::read(&source);
    let unchecked = source
        .check_integrity(catalog.as_ref().ok())
        .unwrap_or_default()
        .unchecked;
    let Ok(catalog) = catalog else { return };
    let Ok(census) = Census::take(&source, &catalog, &Trials::default(), |_, _, _| {}) else {
        return;
    };
    let choices = Choices::default();
    let planned = plan::build(
        source.identity(),
        source.header().encoding,
        &catalog,
        &census,
        &unchecked,
        &choices,
    );
    let plan = planned.expect("nothing was chosen that is not there");
    for table in &plan.tables {
        let _ = table.schema_digest(&plan.findings);
    }
}

/// One input.
///
/// # Panics
/// When the input breaks what has to hold.
pub fn run(bytes: &[u8]) {
    if bytes.len() > FILE_BYTES_MAX {
        return;
    }
    let folder = folder();
    let path = folder.path().join("a.db");
    let written = File::create(&path).and_then(|mut file| file.write_all(bytes));
    written.expect("the file can be written");
    plan_of(&path);
}
