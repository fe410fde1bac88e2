//! The applications of the corpus, where it lies beside the repository: their own schema and seed rows are loaded,
//! the data moves, and their own check scripts say whether both sides are the same.
//!
//! Everything happens on copies of the corpus's files.

use std::fs;
use std::path::{Path, PathBuf};

use outgrow_e2e::postgres::shared;

use super::{Python, moved, schema};
use crate::corpus::corpus;
use crate::scene::Scene;

/// An application's files, one of them the source of a scene.
struct Application {
    files: tempfile::TempDir,
    scene: Scene,
}

impl Application {
    /// None without a corpus.
    fn copied(name: &str, source: &str) -> Option<Self> {
        let folder = corpus()?.join("apps").join(name);
        let files = tempfile::tempdir().unwrap();
        copy_folder(&folder, files.path());
        let scene = Scene::made(source, |to| {
            fs::copy(files.path().join(source), to).unwrap();
        });
        Some(Self { files, scene })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// Runs a file that `pg_dump` wrote; with its foreign keys off, as the rows are in no order.
    fn load(&self, name: &str) {
        let text = fs::read_to_string(self.file(name)).unwrap();
        // Lines for psql alone.
        let lines = text.lines().filter(|line| !line.starts_with('\\'));
        let statements = lines.collect::<Vec<_>>().join("\n");
        let sql = format!("SET session_replication_role = replica; {statements}");
        self.scene.database.execute(&sql);
    }

    fn python(&self, folder: &str) -> Python {
        Python::of("OUTGROW_CORPUS_PYTHON", &self.file(folder)).with("PGPASSWORD", shared().password())
    }

    /// Migrates into the tables as they are, and leaves them as they were.
    #[track_caller]
    fn migrate(&self, options: &[&str]) {
        let before = schema(&self.scene);
        moved(&self.scene, options);
        assert_eq!(
            before,
            schema(&self.scene),
            "what the application made was changed"
        );
    }
}

/// The corpus may be read-only; the copies are not.
fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&to).unwrap();
            copy_folder(&entry.path(), &to);
        } else {
            fs::write(&to, fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

#[test]
fn django_finds_everything_and_goes_on() {
    let Some(app) = Application::copied("django", "db.sqlite3") else {
        return;
    };
    app.load("django_pg_schema.sql");
    app.load("django_pg_seed_rows.sql");
    app.migrate(&["--seeds", "replace"]);
    let python = app
        .python("project")
        .with("SQLITE", app.scene.source.to_str().unwrap());
    let python = python
        .with("PGDB", app.scene.database.name())
        .with("PGPORT", shared().port().to_string())
        .with("PGUSER", app.scene.database.value("SELECT current_user"));
    let said = python.succeeds(&["../check_django.py"]);
    assert!(said.contains("rows: 672") && said.ends_with("OK\n"), "{said}");
}

#[test]
fn optuna_finds_every_trial_and_runs_a_new_study() {
    let Some(app) = Application::copied("optuna", "optuna.db") else {
        return;
    };
    app.load("optuna_pg_schema.sql");
    app.load("optuna_pg_seed_rows.sql");
    app.migrate(&["--seeds", "replace"]);
    let url = app.scene.database.url();
    let url = url.replacen("postgresql://", "postgresql+psycopg2://", 1);
    let source = format!("sqlite:///{}", app.file("optuna.db").display());
    let said = app
        .python(".")
        .succeeds(&["check_optuna.py", &source, &url, "--write"]);
    assert!(
        said.contains("different 0") && said.contains("write ok"),
        "{said}"
    );
}

#[test]
fn langgraph_finds_every_item_of_its_store() {
    let Some(app) = Application::copied("langgraph", "langgraph_store.db") else {
        return;
    };
    app.load("langgraph_pg_schema.sql");
    app.migrate(&[]);
    let url = app.scene.database.url();
    let check = [
        "check_langgraph.py",
        "--store",
        "langgraph_store.db",
        "--store-pg",
        &url,
    ];
    let said = app.python(".").succeeds(&check);
    assert!(said.contains("store: sqlite=51 pg=51 different=0"), "{said}");
}

#[test]
fn langgraph_finds_every_checkpoint_where_outgrow_makes_the_tables() {
    let Some(app) = Application::copied("langgraph", "langgraph.db") else {
        return;
    };
    app.scene.migrated(&[]);
    let url = app.scene.database.url();
    let said = app
        .python(".")
        .succeeds(&["check_langgraph.py", "--sqlite", "langgraph.db", "--pg", &url]);
    assert!(
        said.contains("checkpoints: sqlite=410 pg=410 different=0"),
        "{said}"
    );
}

#[test]
fn the_checks_of_the_corpus_fail_on_an_empty_database() {
    let Some(app) = Application::copied("optuna", "optuna.db") else {
        return;
    };
    app.load("optuna_pg_schema.sql");
    app.load("optuna_pg_seed_rows.sql");
    let url = app.scene.database.url();
    let url = url.replacen("postgresql://", "postgresql+psycopg2://", 1);
    let source = format!("sqlite:///{}", app.file("optuna.db").display());
    let (success, said) = app.python(".").run(&["check_optuna.py", &source, &url]);
    assert!(!success && said.contains("DIFF"), "{said}");
}
