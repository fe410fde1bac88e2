//! The limit: the same rows from ready binary COPY files, then the same keys and indexes, by psql.
//!
//! Files and DDL come from a migration and its plan, so both sides end with the same tables.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use outgrow_migrator::plan::model::Plan;
use outgrow_migrator::quote::quote_ident;

use crate::Outcome;
use crate::measure::Bench;

/// What outgrow sets for its own session where the server has it; without it the two sides would store other
/// bytes.
const LZ4: &str = "SELECT 'SET default_toast_compression = lz4' FROM pg_settings \
     WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals) \\gexec\n";

/// The scripts of one data set.
#[derive(Debug)]
pub struct Limit {
    create: PathBuf,
    load: PathBuf,
    files: PathBuf,
}

impl Limit {
    /// Writes the scripts, and the COPY files out of `database`, which holds the migrated tables.
    pub fn prepare(bench: &Bench, plan: &Plan, database: &str) -> Outcome<Self> {
        let limit = Self {
            create: bench.folder().join("create.sql"),
            load: bench.folder().join("load.sql"),
            files: bench.folder().join("copy"),
        };
        fs::create_dir_all(&limit.files)?;
        let (mut create, mut load, mut unload) = (String::new(), LZ4.to_owned(), String::new());
        for (place, table) in plan.tables.iter().enumerate() {
            let columns: Vec<String> = table.columns.iter().map(|c| quote_ident(&c.name)).collect();
            let columns = columns.join(", ");
            let name = format!(
                "{}.{}",
                quote_ident(&plan.choices.schema),
                quote_ident(&table.target_name)
            );
            let file = limit.files.join(place.to_string());
            let file = file.display();
            writeln!(create, "{};", table.create)?;
            writeln!(unload, "\\copy {name} ({columns}) TO '{file}' (FORMAT binary)")?;
            writeln!(load, "\\copy {name} ({columns}) FROM '{file}' (FORMAT binary)")?;
        }
        for step in &plan.steps {
            writeln!(load, "{};", step.sql)?;
        }
        fs::write(&limit.create, create)?;
        fs::write(&limit.load, load)?;
        let script = bench.folder().join("unload.sql");
        fs::write(&script, unload)?;
        bench.script(database, &script)?;
        Ok(limit)
    }

    /// Loads once into a fresh database and returns the seconds; making the empty tables is not counted.
    pub fn run(&self, bench: &Bench, database: &str) -> Outcome<f64> {
        bench.fresh_database(database)?;
        bench.script(database, &self.create)?;
        bench.settle()?;
        Ok(bench.script(database, &self.load)?.seconds)
    }

    /// Removes the COPY files.
    pub fn remove(&self) -> Outcome<()> {
        Ok(fs::remove_dir_all(&self.files)?)
    }
}

/// The plan that `outgrow` makes for a file.
pub fn plan(bench: &Bench, file: &Path) -> Outcome<Plan> {
    let made = bench.outgrow(&["plan", "--json", &file.to_string_lossy()])?;
    Ok(serde_json::from_str(&made.stdout)?)
}
