//! Real files, where a corpus of them lies beside the repository: each has its expected outcome.
//!
//! `OUTGROW_CORPUS` names the corpus, else it is `../shared/corpus/open`. Without one these tests have
//! nothing to do, and say so; the rest of the suite stands alone.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use outgrow_e2e::postgres::Session;
use outgrow_e2e::programs::repository;
use outgrow_migrator::plan::model::Plan;
use rusqlite::{Connection, OpenFlags};

use crate::hostile::compare::{Sides, assert_same_values};
use crate::scene::Scene;

/// A file that is migrated, or would be once its owner answers what blocks it.
struct Readable {
    file: &'static str,
    /// How `migrate` ends without any answer.
    exit: i32,
    /// How many findings the plan has then, by disposition and rule: all of them.
    found: &'static [(&'static str, usize)],
    /// The first one.
    first: &'static str,
    /// Answers with which it is migrated.
    answers: &'static [&'static str],
}

const fn as_it_is(file: &'static str) -> Readable {
    Readable {
        file,
        exit: 0,
        found: &[],
        first: "",
        answers: &[],
    }
}

const DATABASES: &[Readable] = &[
    Readable {
        exit: 4,
        found: &[
            ("blocked collation.not-binary", 21),
            ("changed type.not-as-declared", 1),
            ("skipped trigger.not-carried", 44),
            ("skipped view.not-carried", 17),
        ],
        first: "collation:authors.name",
        answers: &["--nocase", "icu"],
        ..as_it_is("db/calibre_cops_BaseWithSomeBooks_metadata.db")
    },
    as_it_is("db/chinook.sqlite"),
    as_it_is("db/chinook_utf16le.sqlite"),
    as_it_is("db/citydb.sqlite"),
    as_it_is("db/hindsight_chrome30_History.sqlite"),
    as_it_is("db/langgraph_killed.db"),
    as_it_is("db/mbtiles_plain_1.mbtiles"),
    Readable {
        found: &[
            ("changed foreign-key.orphans", 1),
            ("changed key.made-not-null", 1),
            ("skipped view.not-carried", 15),
        ],
        first: "view:Alphabetical list of products",
        ..as_it_is("db/northwind.db")
    },
    Readable {
        found: &[
            ("changed constraint.on-conflict", 1),
            ("changed foreign-key.orphans", 1),
            ("changed key.made-not-null", 1),
            ("skipped view.not-carried", 1),
        ],
        first: "view:event_view",
        ..as_it_is("db/plaso_sqlite_zeitgeist_activity.sqlite")
    },
    as_it_is("db/plaso_wal_database.db"),
    Readable {
        exit: 4,
        found: &[
            ("blocked virtual-table.not-carried", 1),
            ("changed type.not-as-declared", 1),
            ("skipped shadow-table.not-carried", 3),
            ("skipped trigger.not-carried", 18),
        ],
        first: "virtual-table:rtree_test_gpkg_nulls_geom",
        answers: &["--skip", "virtual-table:rtree_test_gpkg_nulls_geom"],
        ..as_it_is("db/pyogrio_test_gpkg_nulls.gpkg")
    },
    Readable {
        found: &[
            ("skipped trigger.not-carried", 30),
            ("skipped view.not-carried", 3),
        ],
        first: "view:customer_list",
        ..as_it_is("db/sakila.db")
    },
];

const APPLICATIONS: &[Readable] = &[
    Readable {
        found: &[
            ("changed type.not-as-declared", 3),
            ("skipped check.untranslated", 2),
        ],
        first: "check:corpus_everything.1",
        ..as_it_is("apps/django/db.sqlite3")
    },
    as_it_is("apps/langgraph/langgraph.db"),
    Readable {
        found: &[("changed type.not-as-declared", 1)],
        first: "column:store.value",
        ..as_it_is("apps/langgraph/langgraph_store.db")
    },
    as_it_is("apps/optuna/optuna.db"),
];

/// A file that is refused, and words of the true cause.
type Refused = (&'static str, &'static [&'static str]);

const MALFORMED: &[Refused] = &[
    (
        "malformed/altercorrupt_001.db",
        &["is damaged", "Rowid 3 out of order"],
    ),
    (
        "malformed/chinook_200_flipped_bytes.sqlite",
        &["is damaged", "page 112"],
    ),
    (
        "malformed/chinook_hot_journal.sqlite",
        &["hot journal", "rolls the journal back"],
    ),
    (
        "malformed/chinook_truncated_70pct.sqlite",
        &["is damaged", "malformed"],
    ),
    (
        "malformed/chinook_zeroed_page61.sqlite",
        &["is damaged", "malformed"],
    ),
    ("malformed/corruptL_001.db", &["is damaged"]),
    ("malformed/corruptL_002.db", &["malformed database schema (t1x1)"]),
    ("malformed/corruptL_003.db", &["text encoding"]),
    ("malformed/corruptL_004.db", &["is damaged", "Bad ptr map entry"]),
    ("malformed/corruptL_005.db", &["malformed database schema (t1b)"]),
    ("malformed/corruptL_006.db", &["malformed database schema (t1x1)"]),
    ("malformed/corruptN_001.db", &["text encoding"]),
    ("malformed/corruptN_002.db", &["is damaged"]),
    ("malformed/empty_0_bytes.sqlite", &["0 bytes"]),
    ("malformed/header_only_100_bytes.sqlite", &["is damaged"]),
    ("malformed/text_file_named_db.db", &["is not a SQLite database"]),
];

/// The corpus, where there is one.
pub fn corpus() -> Option<PathBuf> {
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

fn scene(corpus: &Path, file: &str) -> Scene {
    let from = corpus.join(file);
    Scene::made(from.file_name().unwrap().to_str().unwrap(), |to| copy(&from, to))
}

/// The plan that the command makes with these options.
pub fn planned(scene: &Scene, options: &[&str]) -> Plan {
    let arguments = [&["plan", scene.source.to_str().unwrap(), "--json"], options].concat();
    serde_json::from_str(&scene.run(&arguments).stdout).unwrap()
}

fn assert_found(plan: &Plan, readable: &Readable) {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for finding in &plan.findings {
        let key = format!("{} {}", finding.disposition.word(), finding.rule);
        *found.entry(key).or_default() += 1;
    }
    let expected = readable
        .found
        .iter()
        .map(|(key, count)| ((*key).to_owned(), *count));
    assert_eq!(found, expected.collect(), "{}", readable.file);
    let first = plan.findings.first().map_or("", |finding| &finding.object);
    assert_eq!(first, readable.first, "{}", readable.file);
}

/// It is planned as expected, and under its owner's answers every value is the same on both sides.
fn assert_migrates(corpus: &Path, readable: &Readable) {
    let scene = scene(corpus, readable.file);
    assert_found(&planned(&scene, &[]), readable);
    if readable.exit != 0 {
        let before = scene.catalog();
        scene.migrate(&[]).refuses(readable.exit, &["blocked"]);
        assert_eq!(before, scene.catalog(), "{}", readable.file);
    }
    let certificate = scene.migrated(readable.answers);
    let source = Connection::open_with_flags(&scene.source, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sides = Sides {
        source: &source,
        target: &Session::open(&scene.database.url()),
        plan: &planned(&scene, readable.answers),
        run: certificate["run_id"].as_str(),
    };
    for table in &sides.plan.tables {
        assert_same_values(&sides, table);
    }
    scene.verify(&[]).exits(0);
}

fn assert_refused(corpus: &Path, (file, words): &Refused) {
    let scene = scene(corpus, file);
    let before = scene.catalog();
    scene.migrate(&[]).refuses(3, words);
    assert_eq!(before, scene.catalog(), "{file}");
}

fn assert_all<T: Sync>(files: &[T], check: impl Fn(&Path, &T) + Sync) {
    let Some(corpus) = corpus() else { return };
    let (corpus, check) = (&corpus, &check);
    // A few at a time: each keeps a core busy.
    for some in files.chunks(4) {
        thread::scope(|scope| {
            for file in some {
                scope.spawn(move || check(corpus, file));
            }
        });
    }
}

#[test]
fn databases_found_in_the_wild_migrate_or_are_refused_by_name() {
    assert_all(DATABASES, assert_migrates);
}

#[test]
fn files_of_applications_migrate_or_are_refused_by_name() {
    assert_all(APPLICATIONS, assert_migrates);
}

#[test]
fn malformed_files_are_refused_by_name() {
    assert_all(MALFORMED, assert_refused);
}
