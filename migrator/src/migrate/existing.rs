//! Filling tables that the application made: everything between BEGIN and COMMIT.
//!
//! What stands guard over the rows is taken off before them and put back after them; the application's schema is the
//! same at the end as at the beginning, or nothing is kept.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use super::{Filled, copy_all, prove};
use crate::copy;
use crate::existing::constraints::{self, Guards};
use crate::existing::ids::{self, Continued, Floor};
use crate::existing::probe::{self, Probed};
use crate::existing::state::{self, Change};
use crate::existing::{Relation, undo};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::Job;
use crate::plan::model::{Plan, TablePlan};
use crate::report::certificate::NextId;
use crate::report::layout::{counted, plural};
use crate::report::progress::Progress;
use crate::target::Target;
use crate::target::catalog::{self, TargetCatalog};

/// Changes of the schema that a refusal names.
const CHANGES_NAMED_MAX: usize = 5;

/// The undo script of a run. It goes when it is not needed any more; a process that dies leaves it behind.
#[derive(Debug)]
pub(super) struct Script(Option<PathBuf>);

impl Script {
    fn write(folder: &Path, run: Uuid, guards: &Guards) -> Result<Self, Failure> {
        let path = folder.join(undo::file_name(run));
        undo::write(&path, run, guards)?;
        Ok(Self(Some(path)))
    }

    /// Leaves it where it is.
    pub fn leave(mut self) {
        self.0 = None;
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // A script that stays says itself that it does no harm.
            let _ = undo::remove(&path);
        }
    }
}

/// Fills the tables; what is returned is proven EQUAL and not yet committed.
pub(super) async fn fill(
    target: &Target,
    job: &Arc<Job>,
    run: Uuid,
    folder: &Path,
    progress: &Arc<Progress>,
) -> Result<Filled, Failure> {
    let plan = &job.plan;
    let schema = &plan.choices.schema;
    let tables = plan.target_names();
    progress.binding(plan);
    progress.begin("prepare", None);
    constraints::lock(target, schema, &tables).await?;
    let mut there = catalog::read(target, schema).await?;
    refuse_other_columns(plan, &there)?;
    copy::refuse_heirs(target, plan).await?;
    copy::refuse_other_seeds(target, plan).await?;
    let guards = constraints::survey(target, schema, &tables).await?;
    let schemas = schemas(schema, &guards);
    let before = state::read(target, Some(&schemas)).await?;
    let undo = Script::write(folder, run, &guards)?;
    constraints::take_off(target, &guards).await?;
    let deleted = copy::clear_seeds(target, plan).await?;
    progress.end(&format!(
        "{}; {} deleted",
        counted_guards(&guards, "off"),
        counted(deleted, "row")
    ));
    let digests = copy_all(target, job, run, progress).await?;
    progress.begin("keys", None);
    copy::analyze(target, plan, |table| progress.table(table)).await?;
    constraints::put_back(target, &guards).await?;
    let continued = ids::continue_after(target, schema, &tables, &floors(job)).await?;
    there.tables.retain(|table| tables.contains(&table.name));
    let probed = probe::try_next(target, &there, &continued).await?;
    progress.end(&format!(
        "{}; {} tried and rolled back",
        counted_guards(&guards, "back"),
        counted(probed.len() as u64, "insert")
    ));
    note_unused(&continued, progress);
    let verified = prove(target, job, run, digests, progress).await?;
    refuse_changes(&state::compare(
        &before,
        &state::read(target, Some(&schemas)).await?,
    ))?;
    Ok(Filled {
        verified,
        ids: next_ids(&continued, &probed),
        late: continued.late,
        undo: Some(undo),
    })
}

/// Refuses columns that are not what they were when they were looked at: several types have the same bytes.
fn refuse_other_columns(plan: &Plan, there: &TargetCatalog) -> Result<(), Failure> {
    for planned in &plan.tables {
        let table = there
            .tables
            .iter()
            .find(|table| table.name == planned.target_name);
        for column in &planned.columns {
            let found = table.and_then(|table| table.columns.iter().find(|c| c.name == column.target_name));
            let now = found.map_or("gone", |found| found.type_name.as_str());
            if now != column.target_type {
                let what = format!(
                    "column {}.{} of the target was {} when it was looked at, and is {now} now",
                    planned.target_name, column.target_name, column.target_type
                );
                let next = "Nothing was kept. Let whoever changes the schema finish, then run again.";
                return Err(Failure::new(Exit::TargetError, what, next));
            }
        }
    }
    Ok(())
}

/// The schemas in which something is taken off.
fn schemas(schema: &str, guards: &Guards) -> Vec<String> {
    let keys = guards.foreign_keys.iter();
    let ends = keys.flat_map(|key| [&key.child.schema, &key.parent.schema]);
    let all: BTreeSet<&str> = ends.map(String::as_str).chain([schema]).collect();
    all.into_iter().map(str::to_owned).collect()
}

/// `12 foreign keys and 1 trigger off`.
fn counted_guards(guards: &Guards, how: &str) -> String {
    let keys = counted(guards.foreign_keys.len() as u64, "foreign key");
    match guards.triggers.len() as u64 {
        0 => format!("{keys} {how}"),
        triggers => format!("{keys} and {triggers} {} {how}", plural(triggers, "trigger")),
    }
}

/// The largest ids ever used, where SQLite kept them apart from the rows.
fn floors(job: &Job) -> Vec<Floor> {
    let used = |planned: &TablePlan| {
        let table = job
            .catalog
            .tables
            .iter()
            .find(|table| table.name == planned.name)?;
        let name = &table.columns.get(table.rowid_alias?)?.name;
        let column = planned.columns.iter().find(|column| column.name == *name)?;
        Some(Floor {
            table: planned.target_name.clone(),
            column: column.target_name.clone(),
            used: table.sequence?,
        })
    };
    job.plan.tables.iter().filter_map(used).collect()
}

/// Sequences that no column uses are the application's to set.
fn note_unused(continued: &Continued, progress: &Progress) {
    if continued.unused.is_empty() {
        return;
    }
    let named: Vec<String> = continued.unused.iter().map(ToString::to_string).collect();
    progress.note(&format!(
        "no column draws from these sequences, which are left as they are; set them if the application does: {}",
        named.join(", ")
    ));
}

/// Where ids go on, for the certificate.
fn next_ids(continued: &Continued, probed: &[Probed]) -> Vec<NextId> {
    let tried = |table: &Relation| {
        let probed = probed.iter().find(|probed| probed.table == *table);
        probed.map_or_else(
            || "nothing draws from it by itself".to_owned(),
            |probed| probed.outcome.to_string(),
        )
    };
    let ids = continued.ids.iter().map(|id| NextId {
        table: id.table.to_string(),
        column: id.column.clone(),
        sequence: id.sequence.to_string(),
        next: id.next,
        tried: tried(&id.table),
    });
    ids.collect()
}

/// Refuses an application's schema that is not what it was.
fn refuse_changes(changes: &[Change]) -> Result<(), Failure> {
    if changes.is_empty() {
        return Ok(());
    }
    let told: Vec<String> = changes
        .iter()
        .take(CHANGES_NAMED_MAX)
        .map(ToString::to_string)
        .collect();
    let what = format!(
        "the application's schema is not what it was before: {}",
        counted(changes.len() as u64, "change")
    );
    let next = "Nothing was kept, so it is again. If another session changed it meanwhile, let it finish and run again; \
                else please report this.";
    Err(Failure::new(Exit::TargetError, what, next).because(told.join("\n")))
}
