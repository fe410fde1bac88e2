//! Applications that made their own tables on Postgres, so that only the data moves.
//!
//! Afterwards it is the application itself that is asked: its own code reads both sides and goes on with the new
//! one. This file owns how such code is run; a module per application owns what must hold.

mod corpus;
mod django;
mod known;

use std::path::{Path, PathBuf};
use std::process::Command;

use outgrow_e2e::postgres::TextRow;
use outgrow_e2e::programs::from_setup;
use outgrow_migrator::plan::model::{Disposition, Finding};
use serde_json::Value;

use crate::corpus::planned;
use crate::scene::Scene;

/// An interpreter that set-up made, with the folder and the environment of an application.
struct Python {
    interpreter: PathBuf,
    folder: PathBuf,
    environment: Vec<(&'static str, String)>,
}

impl Python {
    /// `variable` is the name under which set-up wrote its place down.
    fn of(variable: &str, folder: &Path) -> Self {
        Self {
            interpreter: from_setup(variable),
            folder: folder.to_owned(),
            environment: Vec::new(),
        }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// Runs a program of the application; what it printed, and whether it ended with 0.
    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = Command::new(&self.interpreter);
        // What it compiles would lie in the folder.
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let output = command.args(arguments).current_dir(&self.folder).output();
        let output = output.expect("the interpreter of set-up starts");
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&text).into_owned(),
        )
    }

    /// Runs a program of the application, which must succeed.
    #[track_caller]
    fn succeeds(&self, arguments: &[&str]) -> String {
        let (success, said) = self.run(arguments);
        assert!(success, "{arguments:?}:\n{said}");
        said
    }
}

/// The count of rows of every table of the schema `public`.
fn rows_by_table(scene: &Scene) -> Vec<(String, u64)> {
    let tables = scene
        .database
        .rows("SELECT relname, quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1");
    let count = |quoted: &str| scene.database.value(&format!("SELECT count(*) FROM {quoted}"));
    tables
        .iter()
        .map(|row| (row[0].clone().unwrap(), count(row[1].as_deref().unwrap())))
        .map(|(table, count)| (table, count.parse().unwrap()))
        .collect()
}

/// Everything the application made in the schema `public` that is not a row: columns, constraints, indexes,
/// triggers and whether they are in force.
fn schema(scene: &Scene) -> Vec<TextRow> {
    let sql = "SELECT 'column', attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod), attnotnull::text, \
           attidentity::text || attgenerated::text, pg_get_expr(adbin, adrelid), relowner::regrole::text \
           FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid AND relkind = 'r' \
             LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum \
           WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped \
         UNION ALL SELECT 'constraint', conrelid::regclass::text, conname::text, pg_get_constraintdef(oid), \
           convalidated::text, NULL, NULL, NULL FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
         UNION ALL SELECT 'index', tablename::text, indexname::text, indexdef, NULL, NULL, NULL, NULL \
           FROM pg_indexes WHERE schemaname = 'public' \
         UNION ALL SELECT 'trigger', tgrelid::regclass::text, regexp_replace(tgname, '[0-9]+', ''), tgfoid::regproc::text, \
           tgenabled::text, NULL, NULL, NULL FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid \
           WHERE relnamespace = 'public'::regnamespace \
         ORDER BY 1, 2, 3, 4, 5";
    scene.database.rows(sql)
}

/// What blocks a migration into the scene's database under these options.
fn blocking(scene: &Scene, options: &[&str]) -> Vec<Finding> {
    let url = scene.database.url();
    let plan = planned(scene, &[&["--to", &*url], options].concat());
    let findings = plan.findings.into_iter();
    findings
        .filter(|finding| finding.disposition == Disposition::Blocked)
        .collect()
}

/// The data moves, and both sides hold the same: as it was, or in the form the target's types give it.
#[track_caller]
fn moved(scene: &Scene, options: &[&str]) -> Value {
    let options = [&["--json"], options].concat();
    let result = scene.migrate(&options).exits(0).result();
    let certificate = result["certificate"].clone();
    let verdict = result["verdict"].as_str().unwrap();
    assert!(["EQUAL", "EQUAL-MODULO"].contains(&verdict), "{verdict}");
    assert_eq!(certificate["source"]["root"], certificate["target"]["root"]);
    scene.verify(&[]).exits(0);
    certificate
}

/// The migration is refused because of these objects, and nothing changes on the target.
#[track_caller]
fn assert_refused(scene: &Scene, options: &[&str], words: &[&str]) {
    let (before, rows) = (scene.catalog(), rows_by_table(scene));
    scene.migrate(options).refuses(4, words);
    assert_eq!(before, scene.catalog());
    assert_eq!(rows, rows_by_table(scene));
}
