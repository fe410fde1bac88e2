//! Files nobody would write, and what has to hold for every one: it is migrated whole and equal, or refused
//! by name; never changed in silence, never a crash.
//!
//! `OUTGROW_SEED` repeats or moves a run, `OUTGROW_CASES` lengthens it.

mod compare;
mod damage;
mod known;
mod names;
mod objects;
mod random;
mod run;
mod schema;
mod source;
mod values;

use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use outgrow_e2e::postgres::Database;
use rusqlite::{Connection, OpenFlags};

use random::Random;
use run::Outcome;

/// Files of a default run, in all: enough that each kind of table, key and value occurs many times.
const CASES: u64 = 64;
/// Cases run side by side; each waits for servers most of its time.
const THREADS: usize = 4;

fn from_environment<T: FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name} is no number"))
    })
}

#[test]
fn a_hostile_file_is_migrated_whole_or_refused_by_name() {
    let seed: u64 = from_environment("OUTGROW_SEED", 1);
    let cases: u64 = from_environment("OUTGROW_CASES", CASES);
    let database = Database::create();
    let next = AtomicU64::new(0);
    let worker = || {
        let url = database.url();
        let mine =
            std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|case| *case < cases));
        mine.filter(|case| one(seed + case, &url)).count()
    };
    let migrated: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(worker)).collect();
        let counts = workers
            .into_iter()
            .map(|worker| worker.join().expect("a case failed, see above"));
        counts.sum()
    });
    assert!(
        cases < CASES || migrated as u64 * 2 > cases,
        "only {migrated} of {cases} files were migrated"
    );
}

/// Makes one file and migrates it; true unless nothing of it could be.
fn one(seed: u64, url: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let result = std::panic::catch_unwind(|| check(seed, url, folder.path()));
    result.unwrap_or_else(|_| {
        let kept = folder.keep();
        panic!(
            "OUTGROW_SEED={seed} OUTGROW_CASES=1 repeats the failure above; its files are in {}",
            kept.display()
        )
    })
}

fn check(seed: u64, url: &str, folder: &Path) -> bool {
    let path = folder.join("a.db");
    let tables = source::make(&path, &mut Random::new(seed));
    let schema = format!("case {seed}");
    let Outcome::Migrated(named) = run::migrate(folder, "a.db", url, &schema) else {
        return false;
    };
    let verified = run::command(folder, &["verify", "a.db", "--to", url, "--json"]);
    assert_eq!(verified.status.code(), Some(0), "{}", run::told(&verified));
    let source = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    for table in tables
        .iter()
        .filter(|table| !named.contains(&format!("table:{}", table.name)))
    {
        compare::assert_same_values(&source, url, &schema, &table.name);
    }
    objects::assert_none_lost(&source, url, &schema, &tables, &objects::Named(named));
    true
}
