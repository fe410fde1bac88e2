//! The scene of one migration: a source file in a folder of its own, a fresh database, the command.
//!
//! Every run of the command is checked for what must hold whatever happens: the source's bytes stay, nothing
//! is left beside it, and the password shows nowhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use outgrow_e2e::postgres::{self, Database, TextRow};
use outgrow_e2e::programs::outgrow;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// What a run of the command said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Said {
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("output is UTF-8");
        Self {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// Fails with everything that was said unless the exit code is this one.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// A refusal tells on stderr what failed and what to do next, names these words, and prints no result.
    #[track_caller]
    pub fn refuses(self, code: i32, words: &[&str]) -> Self {
        let said = self.exits(code);
        assert!(said.stdout.is_empty(), "a refusal has no result: {}", said.stdout);
        for word in ["error: ", "next:"].iter().chain(words) {
            assert!(
                said.stderr.contains(word),
                "{word:?} is not in stderr:\n{}",
                said.stderr
            );
        }
        said
    }

    /// The lines of `--json`, each an object.
    pub fn events(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let events: Vec<Value> = self.stdout.lines().map(parse).collect();
        assert!(
            events.iter().all(|e| e["event"].is_string()),
            "every line has its event"
        );
        events
    }

    /// The last event of `--json`.
    pub fn result(&self) -> Value {
        let last = self.events().pop().expect("there are events");
        assert_eq!(last["event"], "result");
        last
    }
}

/// A source, a database, and a folder for what the command writes.
#[derive(Debug)]
pub struct Scene {
    folder: TempDir,
    pub source: PathBuf,
    pub database: Database,
}

impl Scene {
    /// A source made by a function; `name` is its file name.
    pub fn made(name: &str, make: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for part in ["source", "work"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        let source = folder.path().join("source").join(name);
        make(&source);
        Self {
            folder,
            source,
            database: Database::create(),
        }
    }

    /// A source made by SQL statements.
    pub fn script(sql: &str) -> Self {
        Self::made("app.db", |path| crate::sources::script(path, sql))
    }

    /// A copy of the sample database Chinook.
    pub fn chinook() -> Self {
        Self::made("chinook.sqlite", |path| {
            fs::copy(crate::sources::chinook(), path).unwrap();
        })
    }

    /// The folder in which the command runs.
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// The command, with nothing of the surrounding environment that could name a target.
    pub fn command(&self) -> Command {
        let mut command = Command::new(outgrow());
        self.isolate(&mut command);
        command
    }

    pub fn isolate(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("PG") || name == "OUTGROW_TO" {
                command.env_remove(name);
            }
        }
        command.current_dir(self.work()).env("HOME", self.folder.path());
    }

    /// Runs `outgrow` with these arguments and checks what must hold after every run.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Said {
        let mut command = self.command();
        command.args(arguments);
        self.check(&mut command)
    }

    /// Runs a command and checks what must hold after every run.
    #[track_caller]
    pub fn check(&self, command: &mut Command) -> Said {
        let before = self.source_files();
        let said = Said::of(&command.output().unwrap());
        self.assert_source_kept(&before);
        assert_no_password(&said);
        said
    }

    /// Writes the source's plan to `plan.toml`, with these lines under `[choices]`, for `--plan plan.toml`.
    #[track_caller]
    pub fn plan_with(&self, lines: &str) {
        self.run(&["plan", self.source.to_str().unwrap(), "-o", "plan.toml"]);
        let path = self.work().join("plan.toml");
        let text = fs::read_to_string(&path).unwrap();
        let edited = text.replacen("skip = []\n", &format!("skip = []\n{lines}\n"), 1);
        assert_ne!(text, edited);
        fs::write(&path, edited).unwrap();
    }

    /// As [`Self::plan_with`], for the tables that the target has.
    #[track_caller]
    pub fn plan_for_target_with(&self, lines: &str) {
        let path = self.work().join("plan.toml");
        let source = self.source.to_str().unwrap();
        self.run(&["plan", source, "--to", &self.database.url(), "-o", "plan.toml"]);
        let text = fs::read_to_string(&path).unwrap();
        let edited = text.replacen("skip = []\n", &format!("skip = []\n{lines}\n"), 1);
        assert_ne!(text, edited);
        fs::write(&path, edited).unwrap();
    }

    #[track_caller]
    pub fn migrate(&self, options: &[&str]) -> Said {
        self.on_target("migrate", options)
    }

    #[track_caller]
    pub fn verify(&self, options: &[&str]) -> Said {
        self.on_target("verify", options)
    }

    #[track_caller]
    fn on_target(&self, verb: &str, options: &[&str]) -> Said {
        let url = self.database.url();
        let mut arguments = vec![verb, self.source.to_str().unwrap(), "--to", &url];
        arguments.extend(options);
        self.run(&arguments)
    }

    /// Migrates and returns the certificate; the roots are equal.
    #[track_caller]
    pub fn migrated(&self, options: &[&str]) -> Value {
        let mut all = vec!["--json"];
        all.extend(options);
        let result = self.migrate(&all).exits(0).result();
        let certificate = result["certificate"].clone();
        assert_eq!(result["verdict"], "EQUAL");
        assert_eq!(certificate["source"]["root"], certificate["target"]["root"]);
        certificate
    }

    /// The files beside the source with their digests; `-shm` is SQLite's own scratch.
    pub fn source_files(&self) -> BTreeMap<String, String> {
        files_of(self.source.parent().unwrap())
    }

    /// The source's files hold the same bytes; only an empty `-wal` may have come to a file in WAL mode.
    #[track_caller]
    pub fn assert_source_kept(&self, before: &BTreeMap<String, String>) {
        let mut after = self.source_files();
        let wal = format!("{}-wal", self.source.file_name().unwrap().to_str().unwrap());
        if !before.contains_key(&wal) && after.get(&wal) == Some(&digest(b"")) {
            after.remove(&wal);
        }
        assert_eq!(before, &after, "the source's folder changed");
    }

    /// Everything in the database that is not Postgres's own.
    pub fn catalog(&self) -> Vec<TextRow> {
        catalog(&self.database.url())
    }
}

/// Everything in a database that is not Postgres's own: schemas, relations, types, constraints, functions.
pub fn catalog(url: &str) -> Vec<TextRow> {
    let sql = "WITH own AS (SELECT oid, nspname FROM pg_namespace \
                 WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema') \
         SELECT 'schema', nspname::text, '' FROM own \
         UNION ALL SELECT 'relation ' || relkind::text, nspname || '.' || relname, relnatts::text || ' ' || reltuples::text \
           FROM pg_class JOIN own ON own.oid = relnamespace \
         UNION ALL SELECT 'type', nspname || '.' || typname, '' FROM pg_type JOIN own ON own.oid = typnamespace \
         UNION ALL SELECT 'constraint', conrelid::regclass::text || '.' || conname, pg_get_constraintdef(c.oid) \
           FROM pg_constraint c JOIN own ON own.oid = connamespace \
         UNION ALL SELECT 'function', nspname || '.' || proname, '' FROM pg_proc JOIN own ON own.oid = pronamespace \
         ORDER BY 1, 2, 3";
    postgres::rows(url, sql)
}

/// The password of the shared server is in no output.
#[track_caller]
pub fn assert_no_password(said: &Said) {
    let password = postgres::shared().password();
    for text in [&said.stdout, &said.stderr] {
        assert!(!text.contains(password), "the password shows in:\n{text}");
    }
}

/// Every file of a folder with its digest, `-shm` files left out.
pub fn files_of(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .filter(|(name, _)| !name.ends_with("-shm"))
        // A file that a test made unreadable keeps its name at least.
        .map(|(name, path)| (name, digest(&fs::read(path).unwrap_or_default())))
        .collect()
}

pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}
