//! Files nobody would write, and what has to hold for every one: it is migrated whole and equal, or refused
//! by name; never changed in silence, never a crash.
//!
//! `OUTGROW_SEED` repeats or moves a run, `OUTGROW_CASES` lengthens it.

pub mod compare;
mod damage;
mod existing;
mod expressions;
mod known;
mod library;
pub mod names;
mod objects;
mod random;
mod read;
pub mod run;
mod schema;
mod source;
mod values;

use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use outgrow_e2e::postgres::{Database, Session, memory};
use rusqlite::{Connection, OpenFlags};

use compare::Sides;
use library::Library;
use random::Random;
use run::Outcome;

/// Files through the command in a default run; it is started several times for each.
const CASES: u64 = 64;
/// Files through the library in a default run: enough that each kind of table, key and value occurs many times
/// and meets the others.
const LIBRARY_CASES: u64 = 2000;
/// Cases run side by side; each waits for servers most of its time.
const THREADS: usize = 4;

fn from_environment<T: FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name} is no number"))
    })
}

#[test]
fn a_hostile_file_is_migrated_whole_or_refused_by_name() {
    let database = Database::create();
    let url = database.url();
    let through_the_command = || {
        let session = Session::open(&url);
        let url = url.clone();
        move |seed: u64, folder: &Path| check(seed, &url, &session, folder)
    };
    run_cases("command", CASES, through_the_command);
}

#[test]
fn thousands_of_hostile_files_are_migrated_whole_or_refused_by_name() {
    let database = Database::create();
    let url = database.url();
    let through_the_library = || {
        let library = Library::new(&url);
        move |seed: u64, folder: &Path| library.check(seed, folder)
    };
    run_cases("library", LIBRARY_CASES, through_the_library);
}

/// Runs the cases on a few threads, each with a checker of its own, and wants most files to be migrated.
fn run_cases<C: Fn(u64, &Path) -> bool>(name: &str, default: u64, checker: impl Fn() -> C + Sync) {
    let seed: u64 = from_environment("OUTGROW_SEED", 1);
    let cases: u64 = from_environment("OUTGROW_CASES", default);
    let next = AtomicU64::new(0);
    let worker = || {
        let check = checker();
        let mine =
            std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|case| *case < cases));
        mine.filter(|case| one(name, seed + case, &check)).count()
    };
    let migrated: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(worker)).collect();
        let counts = workers
            .into_iter()
            .map(|worker| worker.join().expect("a case failed, see above"));
        counts.sum()
    });
    assert!(
        cases < default || migrated as u64 * 2 > cases,
        "only {migrated} of {cases} files were migrated"
    );
}

/// Makes one file and migrates it; true unless nothing of it could be.
fn one(name: &str, seed: u64, check: &impl Fn(u64, &Path) -> bool) -> bool {
    let folder = memory()
        .map_or_else(tempfile::tempdir, tempfile::tempdir_in)
        .unwrap();
    let attempt = std::panic::AssertUnwindSafe(|| check(seed, folder.path()));
    std::panic::catch_unwind(attempt).unwrap_or_else(|_| {
        let kept = folder.keep();
        panic!(
            "OUTGROW_SEED={seed} OUTGROW_CASES=1 repeats the failure above through the {name}; its files are in {}",
            kept.display()
        )
    })
}

fn check(seed: u64, url: &str, session: &Session, folder: &Path) -> bool {
    let path = folder.join("a.db");
    let tables = source::make(&path, &mut Random::new(seed));
    let schema = format!("case {seed}");
    let nocase = ["--nocase", if seed.is_multiple_of(2) { "icu" } else { "bytes" }];
    let Outcome::Migrated(plan) = run::migrate(folder, "a.db", url, &schema, &nocase) else {
        return false;
    };
    let verified = run::command(folder, &["verify", "a.db", "--to", url, "--json"]);
    assert_eq!(verified.status.code(), Some(0), "{}", run::told(&verified));
    let source = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sides = Sides {
        source: &source,
        target: session,
        plan: &plan,
        run: None,
    };
    for table in &plan.tables {
        compare::assert_same_values(&sides, table);
    }
    objects::assert_none_lost(&sides, &tables);
    true
}
