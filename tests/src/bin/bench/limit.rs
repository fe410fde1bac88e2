//! The limit: the same rows from ready binary COPY files, then the same keys and indexes, by psql, in one
//! transaction each: where there are hundreds of tables a commit for every statement waits for hundreds of fsyncs.
//!
//! Files and DDL come from a migration and its plan, so that everybody ends with the same tables; the peers take
//! their empty tables and their keys from here too.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use outgrow_migrator::plan::model::{Plan, TablePlan};
use outgrow_migrator::quote::quote_ident;

use crate::Outcome;
use crate::measure::{Bench, DATABASE, Run};

/// The scripts of one data set.
#[derive(Debug)]
pub struct Limit {
    create: PathBuf,
    copy: PathBuf,
    keys: PathBuf,
    files: PathBuf,
}

/// One load: the rows, then the keys.
#[derive(Debug, Clone)]
pub struct Load {
    /// The rows.
    pub copy: Run,
    /// Seconds of the copying alone, where the program starts slowly and tells the difference; else those of `copy`.
    pub copy_seconds: f64,
    /// Keys and indexes.
    pub keys: Run,
}

impl Limit {
    /// Writes the scripts, and the COPY files out of the database, which holds the migrated tables.
    pub fn prepare(bench: &Bench, plan: &Plan) -> Outcome<Self> {
        let at = |name: &str| bench.folder().join(name);
        let limit = Self {
            create: at("create.sql"),
            copy: at("copy.sql"),
            keys: at("keys.sql"),
            files: at("copy"),
        };
        fs::create_dir_all(&limit.files)?;
        let (mut create, mut copy, mut unload) = (String::new(), String::new(), String::new());
        for (place, table) in plan.tables.iter().enumerate() {
            let (name, columns) = (target_name(plan, table), column_names(table));
            let file = limit.files.join(place.to_string());
            let file = file.display();
            writeln!(create, "{};", table.create)?;
            writeln!(unload, "\\copy {name} ({columns}) TO '{file}' (FORMAT binary)")?;
            writeln!(copy, "\\copy {name} ({columns}) FROM '{file}' (FORMAT binary)")?;
        }
        let mut keys = String::new();
        for step in &plan.steps {
            writeln!(keys, "{};", step.sql)?;
        }
        fs::write(&limit.create, create)?;
        fs::write(&limit.copy, in_one_transaction(&copy))?;
        fs::write(&limit.keys, in_one_transaction(&keys))?;
        fs::write(at("unload.sql"), unload)?;
        bench.script(DATABASE, &at("unload.sql"))?;
        Ok(limit)
    }

    /// Makes a fresh database with the empty tables in it, and lets everything come to rest.
    pub fn empty_tables(&self, bench: &Bench) -> Outcome<()> {
        bench.fresh_database(DATABASE)?;
        bench.script(DATABASE, &self.create)?;
        bench.settle()
    }

    /// Adds keys and indexes to loaded tables.
    pub fn keys(&self, bench: &Bench) -> Outcome<Run> {
        bench.measured(bench.psql_script(DATABASE, &self.keys))
    }

    /// Loads once; making the empty tables is not counted.
    pub fn run(&self, bench: &Bench) -> Outcome<Load> {
        self.empty_tables(bench)?;
        let copy = bench.measured(bench.psql_script(DATABASE, &self.copy))?;
        Ok(Load {
            copy_seconds: copy.seconds,
            copy,
            keys: self.keys(bench)?,
        })
    }

    /// Removes the COPY files.
    pub fn remove(&self) -> Outcome<()> {
        Ok(fs::remove_dir_all(&self.files)?)
    }
}

fn in_one_transaction(statements: &str) -> String {
    format!("BEGIN;\n{statements}COMMIT;\n")
}

/// A table on the target, quoted.
pub fn target_name(plan: &Plan, table: &TablePlan) -> String {
    let schema = quote_ident(&plan.choices.schema);
    format!("{schema}.{}", quote_ident(&table.target_name))
}

/// The columns of a table, quoted. The data sets' names are the same on both sides.
pub fn column_names(table: &TablePlan) -> String {
    let names: Vec<String> = table.columns.iter().map(|c| quote_ident(&c.name)).collect();
    names.join(", ")
}

/// The plan that `outgrow` makes for a file.
pub fn plan(bench: &Bench, file: &Path) -> Outcome<Plan> {
    let made = bench.outgrow(&["plan", "--json", &file.to_string_lossy()])?;
    Ok(serde_json::from_str(&made.success()?.stdout)?)
}
