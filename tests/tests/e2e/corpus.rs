//! Real files, where a corpus of them lies beside the repository: each has its expected outcome.
//!
//! `OUTGROW_CORPUS` names the corpus, else it is `../shared/corpus/open`. Without one these tests have
//! nothing to do, and say so; the rest of the suite stands alone.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use outgrow_e2e::programs::repository;
use serde_json::Value;

use crate::as_stored::assert_same_rows;
use crate::scene::{Said, Scene};

/// A file, the exit code of `migrate`, and words that stderr holds then: objects and rules, or the damage.
type Outcome = (&'static str, i32, &'static [&'static str]);

const DATABASES: &[Outcome] = &[
    (
        "db/calibre_cops_BaseWithSomeBooks_metadata.db",
        4,
        &["collation:books.title", "collation:series.name"],
    ),
    ("db/chinook.sqlite", 0, &[]),
    ("db/chinook_utf16le.sqlite", 0, &[]),
    ("db/citydb.sqlite", 0, &[]),
    ("db/hindsight_chrome30_History.sqlite", 0, &[]),
    ("db/langgraph_killed.db", 0, &[]),
    ("db/mbtiles_plain_1.mbtiles", 0, &[]),
    ("db/northwind.db", 0, &[]),
    ("db/plaso_sqlite_zeitgeist_activity.sqlite", 0, &[]),
    ("db/plaso_wal_database.db", 0, &[]),
    (
        "db/pyogrio_test_gpkg_nulls.gpkg",
        4,
        &["virtual-table:rtree_test_gpkg_nulls_geom"],
    ),
    ("db/sakila.db", 0, &[]),
];

const APPLICATIONS: &[Outcome] = &[
    ("apps/django/db.sqlite3", 0, &[]),
    ("apps/langgraph/langgraph.db", 0, &[]),
    ("apps/langgraph/langgraph_store.db", 0, &[]),
    ("apps/optuna/optuna.db", 0, &[]),
];

const MALFORMED: &[Outcome] = &[
    (
        "malformed/altercorrupt_001.db",
        3,
        &["is damaged", "Rowid 3 out of order"],
    ),
    (
        "malformed/chinook_200_flipped_bytes.sqlite",
        3,
        &["is damaged", "page 112"],
    ),
    (
        "malformed/chinook_hot_journal.sqlite",
        3,
        &["hot journal", "rolls the journal back"],
    ),
    (
        "malformed/chinook_truncated_70pct.sqlite",
        3,
        &["is damaged", "malformed"],
    ),
    (
        "malformed/chinook_zeroed_page61.sqlite",
        3,
        &["is damaged", "malformed"],
    ),
    ("malformed/corruptL_001.db", 3, &["is damaged"]),
    (
        "malformed/corruptL_002.db",
        3,
        &["malformed database schema (t1x1)"],
    ),
    ("malformed/corruptL_003.db", 3, &["text encoding"]),
    (
        "malformed/corruptL_004.db",
        3,
        &["is damaged", "Bad ptr map entry"],
    ),
    (
        "malformed/corruptL_005.db",
        3,
        &["malformed database schema (t1b)"],
    ),
    (
        "malformed/corruptL_006.db",
        3,
        &["malformed database schema (t1x1)"],
    ),
    ("malformed/corruptN_001.db", 3, &["text encoding"]),
    ("malformed/corruptN_002.db", 3, &["is damaged"]),
    ("malformed/empty_0_bytes.sqlite", 3, &["0 bytes"]),
    ("malformed/header_only_100_bytes.sqlite", 3, &["is damaged"]),
    (
        "malformed/text_file_named_db.db",
        3,
        &["is not a SQLite database"],
    ),
];

fn corpus() -> Option<PathBuf> {
    let beside = || repository().join("../shared/corpus/open");
    let folder = env::var_os("OUTGROW_CORPUS").map_or_else(beside, PathBuf::from);
    let found = folder.join("db").is_dir();
    if !found {
        let _ = writeln!(io::stderr(), "no corpus at {}: nothing to do", folder.display());
    }
    found.then_some(folder)
}

/// A copy of a file with its `-wal` and `-journal`, unpacked where they are packed.
fn copy(from: &Path, to: &Path) {
    for suffix in ["", "-wal", "-journal"] {
        let (from, to) = (
            format!("{}{suffix}", from.display()),
            format!("{}{suffix}", to.display()),
        );
        let packed = format!("{from}.zst");
        if Path::new(&from).exists() {
            fs::write(&to, fs::read(&from).unwrap()).unwrap();
        } else if Path::new(&packed).exists() {
            let status = Command::new("unzstd").args(["-q", "-o", &to, &packed]).status();
            assert!(status.expect("zstd unpacks the corpus").success(), "{packed}");
        }
    }
}

/// Everything that blocks the plan, as `--skip` wants it; findings say so themselves.
fn ways_out(scene: &Scene, skips: &BTreeSet<String>) -> BTreeSet<String> {
    let mut arguments = vec!["plan", scene.source.to_str().unwrap(), "--json"];
    skips.iter().for_each(|skip| arguments.extend(["--skip", skip]));
    let said = scene.run(&arguments);
    let plan: Value = serde_json::from_str(&said.stdout).unwrap();
    let blocked = plan["findings"].as_array().unwrap().iter();
    blocked
        .filter(|f| f["disposition"] == "blocked")
        .map(|f| {
            let next = f["next"].as_str().unwrap_or_default();
            let skip = next
                .split("--skip '")
                .nth(1)
                .unwrap_or_else(|| panic!("no way out of {f}"));
            skip.rsplit_once('\'').unwrap().0.to_owned()
        })
        .collect()
}

/// A blocked file migrates once what blocks it is left out by name.
fn migrate_the_rest(scene: &Scene) {
    let mut skips = BTreeSet::new();
    loop {
        let more = ways_out(scene, &skips);
        if more.is_empty() {
            break;
        }
        assert!(!more.is_subset(&skips), "{more:?} were left out and still block");
        skips.extend(more);
    }
    let options: Vec<&str> = skips.iter().flat_map(|skip| ["--skip", skip]).collect();
    assert_equal(scene, &options);
}

fn assert_equal(scene: &Scene, options: &[&str]) {
    let certificate = scene.migrated(options);
    assert_same_rows(scene, &certificate);
    scene.verify(&[]).exits(0);
}

fn assert_outcome(corpus: &Path, (file, code, words): Outcome) {
    let from = corpus.join(file);
    let scene = Scene::made(from.file_name().unwrap().to_str().unwrap(), |to| copy(&from, to));
    let before = scene.catalog();
    if code == 0 {
        return assert_equal(&scene, &[]);
    }
    let said: Said = scene.migrate(&[]);
    if code == 4 {
        // The refusal names the first objects, the plan all of them.
        said.refuses(code, &["blocked"]);
        let blocked = ways_out(&scene, &BTreeSet::new());
        for word in words {
            assert!(
                blocked.iter().any(|object| object.contains(word)),
                "{file}: {word} in {blocked:?}"
            );
        }
        assert_eq!(before, scene.catalog(), "{file}");
        migrate_the_rest(&scene);
    } else {
        said.refuses(code, words);
        assert_eq!(before, scene.catalog(), "{file}");
    }
}

fn assert_outcomes(outcomes: &[Outcome]) {
    let Some(corpus) = corpus() else { return };
    thread::scope(|scope| {
        let run = |outcome: &Outcome| {
            let (outcome, corpus) = (*outcome, &corpus);
            (outcome.0, scope.spawn(move || assert_outcome(corpus, outcome)))
        };
        // A few at a time: each keeps a core busy.
        for some in outcomes.chunks(4) {
            let running: Vec<_> = some.iter().map(run).collect();
            for (file, outcome) in running {
                assert!(outcome.join().is_ok(), "{file} ended otherwise than expected");
            }
        }
    });
}

#[test]
fn databases_found_in_the_wild_migrate_or_are_refused_by_name() {
    assert_outcomes(DATABASES);
}

#[test]
fn files_of_applications_migrate_or_are_refused_by_name() {
    assert_outcomes(APPLICATIONS);
}

#[test]
fn malformed_files_are_refused_by_name() {
    assert_outcomes(MALFORMED);
}
