//! Every place that can fail, at its first passings, by an error and by the end of the process.
//!
//! A default run fails each place twice: an error at its first passing, the end of the process at its second, or at
//! its first where there is no second. `make torture` sweeps all passings up to the third with both.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use outgrow_e2e::postgres;
use outgrow_e2e::programs::repository;

use super::attempt::Ground;
use super::servers::Field;

/// Rows of the big table: three chunks.
const ROWS: u32 = 9_000;

/// Passings that the long sweep fails.
const PASSINGS_MAX: u32 = 3;

/// Places that every migration passes.
const ALWAYS: [&str; 30] = [
    "certificate-before-write",
    "certificate-written",
    "chunk-sent",
    "chunks-before-record",
    "chunks-committed",
    "chunks-recorded",
    "copied",
    "copy-begun",
    "copy-closed",
    "copy-opened",
    "end-begun",
    "end-committed",
    "end-recorded",
    "lease-taken",
    "ledger-committed",
    "ledger-made",
    "prepare-begun",
    "prepare-committed",
    "prepare-recorded",
    "proved",
    "quarantine-written",
    "run-before-begin",
    "run-begun",
    "session-registered",
    "step-made",
    "steps-begun",
    "steps-committed",
    "steps-done",
    "steps-recorded",
    "table-made",
];

/// Places that only a file passes that needs something more than tables.
const SOMETIMES: [&str; 2] = ["preparation-made", "table-analyzed"];

/// Places that are passed when a run is gone on with whose source has changed.
const REPAIRING: [&str; 10] = [
    "compared",
    "run-before-take-over",
    "run-refreshed",
    "run-taken-over",
    "stale-begun",
    "stale-committed",
    "stale-recorded",
    "undo-begun",
    "undo-committed",
    "undo-recorded",
];

/// Places that are passed when a run is dropped.
const RESTARTING: [&str; 3] = ["discard-begun", "discard-committed", "discard-dropped"];

/// After these everything is committed: an error there is no end that can come about.
const AFTER_THE_END: [&str; 2] = ["certificate-before-write", "certificate-written"];

#[test]
fn every_place_in_the_source_text_is_swept() {
    let mut named = BTreeSet::new();
    collect(&repository().join("migrator/src"), &mut named);
    let swept = [&ALWAYS[..], &SOMETIMES, &REPAIRING, &RESTARTING].concat();
    assert_eq!(swept.len(), named.len());
    let swept: BTreeSet<String> = swept.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(swept, named);
}

/// Names in calls of `failpoint::reach`, each of which stands once.
fn collect(folder: &Path, named: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, named);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for call in text.split("failpoint::reach(\"").skip(1) {
                let name = call.split('"').next().unwrap();
                assert!(named.insert(name.to_owned()), "{name} stands twice");
            }
        }
    }
}

#[test]
fn a_released_program_has_no_such_places() {
    let tree = std::process::Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--package",
            "outgrow-migrator",
            "--edges",
            "normal",
        ])
        .current_dir(repository())
        .output()
        .unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    assert!(tree.starts_with("outgrow-migrator "), "{tree}");
    assert!(!tree.contains(" fail v"), "{tree}");
}

/// One way to fail.
#[derive(Debug, Clone, Copy)]
struct Fault {
    name: &'static str,
    passing: u32,
    how: &'static str,
}

impl Fault {
    fn spelled(self) -> String {
        let before = self.passing - 1;
        let off = if before > 0 {
            format!("{before}*off->")
        } else {
            String::new()
        };
        format!("{}={off}1*return({})", self.name, self.how)
    }
}

/// What is tried of a place.
fn faults(name: &'static str) -> Vec<Fault> {
    let of = |passing, how| Fault { name, passing, how };
    let all: Vec<Fault> = if std::env::var_os("KILLS").is_some() {
        (1..=PASSINGS_MAX)
            .flat_map(|passing| [of(passing, "error"), of(passing, "abort")])
            .collect()
    } else {
        vec![of(1, "error"), of(1, "abort")]
    };
    let possible = |fault: &Fault| fault.how == "abort" || !AFTER_THE_END.contains(&name);
    all.into_iter().filter(possible).collect()
}

/// Where an attempt begins: the database as it is then, and what the attempt is told.
struct Stage<'a> {
    source: &'a Path,
    template: &'a str,
    options: &'a [&'a str],
}

/// Fails every place in turn, each in a database of its own, two side by side; places that were not reached.
fn sweep(field: &Mutex<Field>, names: &[&'static str], stage: &Stage<'_>) -> Vec<Fault> {
    let waiting = Mutex::new(names.iter().flat_map(|name| faults(name)));
    let unreached = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(fault) = next(&waiting) {
                    if !fail_at(field, stage, fault) {
                        unreached.lock().unwrap().push(fault);
                    }
                }
            });
        }
    });
    unreached.into_inner().unwrap()
}

fn next(waiting: &Mutex<impl Iterator<Item = Fault>>) -> Option<Fault> {
    waiting.lock().unwrap().next()
}

/// Fails one place and goes on; whether it was reached.
fn fail_at(field: &Mutex<Field>, stage: &Stage<'_>, fault: Fault) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let ground = Ground {
        source: stage.source.to_owned(),
        folder: folder.path().to_owned(),
        url: field.lock().unwrap().database(stage.template),
    };
    let options = [&["--retry-for", "0s", "--jobs", "2"], stage.options].concat();
    let said = ground.attempt(&options, &fault.spelled());
    if said.code == Some(0) {
        ground.assert_equal();
        return false;
    }
    // What a restart drops is not gone on with, but dropped anew.
    let is_restart = stage.options.contains(&"--restart");
    match fault.how {
        "abort" => assert_eq!(said.code, None, "{fault:?}: {said:?}"),
        // Before a run is begun there is nothing to go on with.
        _ => assert!(
            said.code == Some(7) || (said.code == Some(5) && (is_restart || !is_begun(&ground))),
            "{fault:?}: {said:?}"
        ),
    }
    ground.finish();
    let name = ground.url.rsplit('/').next().unwrap();
    let url = field.lock().unwrap().server.url("postgres");
    postgres::execute(&url, &format!("DROP DATABASE {name} WITH (FORCE)"));
    true
}

fn is_begun(ground: &Ground) -> bool {
    ground.ask("SELECT to_regclass('_outgrow.run') IS NOT NULL") == "t"
        && ground.ask("SELECT count(*) FROM _outgrow.run WHERE state = 'running'") != "0"
}

#[test]
fn a_migration_that_fails_at_any_place_is_gone_on_with() {
    let field = Mutex::new(Field::with(&[]));
    let source = field.lock().unwrap().source(ROWS, false);
    let stage = Stage {
        source: &source,
        template: "template1",
        options: &[],
    };
    let names = [&ALWAYS[..], &SOMETIMES].concat();
    let unreached = sweep(&field, &names, &stage);
    println!("failpoints: not reached: {unreached:?}");
    assert!(
        unreached
            .iter()
            .all(|fault| fault.passing > 1 || SOMETIMES.contains(&fault.name)),
        "{unreached:?}"
    );
}

/// A database in which a run has come as far as it can without being done.
fn nearly_done(field: &mut Field, source: &Path) -> String {
    let folder = tempfile::tempdir().unwrap();
    let ground = Ground {
        source: source.to_owned(),
        folder: folder.path().to_owned(),
        url: field.database("template1"),
    };
    let said = ground.attempt(&["--retry-for", "0s"], "proved=return(error)");
    assert_eq!(said.code, Some(7), "{said:?}");
    ground.url.rsplit('/').next().unwrap().to_owned()
}

#[test]
fn a_repair_that_fails_at_any_place_is_gone_on_with() {
    let mut field = Field::with(&[]);
    let source = field.source(ROWS, false);
    let template = nearly_done(&mut field, &source);
    let connection = rusqlite::Connection::open(&source).unwrap();
    let change = "UPDATE big SET v = 'changed' WHERE id = 20; INSERT INTO big (id, v) VALUES (50005, 'new'); \
        DELETE FROM log WHERE rowid = 5000; UPDATE pairs SET n = n + 1 WHERE a = 'thread-3'; \
        UPDATE odd SET amount = 'eleven' WHERE id = 30000; INSERT INTO small_10 VALUES (3, 'c')";
    connection.execute_batch(change).unwrap();
    drop(connection);
    let field = Mutex::new(field);
    let stage = Stage {
        source: &source,
        template: &template,
        options: &[],
    };
    let unreached = sweep(&field, &REPAIRING, &stage);
    println!("failpoints: not reached: {unreached:?}");
    assert!(unreached.iter().all(|fault| fault.passing > 1), "{unreached:?}");
}

#[test]
fn a_restart_that_fails_at_any_place_is_gone_on_with() {
    let mut field = Field::with(&[]);
    let source = field.source(ROWS, false);
    let template = nearly_done(&mut field, &source);
    let field = Mutex::new(field);
    let stage = Stage {
        source: &source,
        template: &template,
        options: &["--restart"],
    };
    let unreached = sweep(&field, &RESTARTING, &stage);
    assert!(unreached.iter().all(|fault| fault.passing > 1), "{unreached:?}");
}

#[test]
fn an_error_that_passes_is_gone_on_after_by_the_same_process() {
    let mut field = Field::with(&[]);
    let ground = field.ground(ROWS, true);
    let faults = "chunks-committed=1*off->1*return(error);step-made=1*return(error);proved=1*return(error);\
        end-committed=1*return(error)";
    let said = ground.attempt(&["--retry-for", "30s"], faults);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.stderr.contains("trying again in"), "{said:?}");
    ground.assert_equal();
}
