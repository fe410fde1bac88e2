//! Filling tables that the application made: everything between BEGIN and COMMIT.
//!
//! What stands guard over the rows is taken off before them and put back after them; the application's schema is the
//! same at the end as at the beginning, or nothing is kept.

mod end;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use self::end::End;
use super::retry::{Retry, interrupted};
use super::{Migrated, Request, Standing, keep, prove};
use crate::copy::{self, Records};
use crate::existing::constraints::{self, Guards};
use crate::existing::ids::{self, Continued, Floor, Late};
use crate::existing::outcome;
use crate::existing::probe::{self, Probed};
use crate::existing::state::{self, Change};
use crate::existing::{Relation, undo};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::Job;
use crate::ledger::record;
use crate::plan;
use crate::plan::model::{Plan, TablePlan};
use crate::report::certificate::{self, Certificate, Level, NextId};
use crate::report::layout::{counted, plural};
use crate::report::progress::Progress;
use crate::target::catalog::{self, TargetCatalog};
use crate::target::{Conninfo, Target, connect};
use crate::verify::Verified;
use crate::verify::digest::TableDigest;

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

/// What became of the rows of a migration that was interrupted.
const RUN_AGAIN: &str = "The tables are as they were before: run the same command again.";

/// A migration into the application's tables, attempt by attempt.
pub(super) struct Migration<'a> {
    pub request: &'a Request,
    pub conninfo: &'a Conninfo,
    pub job: &'a Arc<Job>,
    pub run_id: Uuid,
    /// Where the certificate goes.
    pub path: PathBuf,
    pub progress: &'a Arc<Progress>,
    pub standing: &'a Standing,
}

impl Migration<'_> {
    /// Attempts until it is done, until what fails does not pass, or until nothing gets better for long enough.
    pub async fn run(self, first: Target) -> Result<Migrated, Failure> {
        let mut retry = Retry::new(self.request.pace.retry_for);
        let mut session = Some(first);
        loop {
            let failure = match self.attempt(session.take()).await {
                Ok(certificate) => {
                    keep(&certificate, &self.path)?;
                    return Ok(Migrated {
                        certificate,
                        path: self.path,
                        plan: self.job.plan.clone(),
                    });
                }
                Err(failure) => failure,
            };
            // An answer that was lost is the owner's to ask for: the rows may be there.
            if self.standing.is_committing() {
                return Err(failure);
            }
            let ended = retry.after(failure, self.progress).await;
            ended.map_err(|failure| interrupted(failure, RUN_AGAIN))?;
        }
    }

    /// Everything, in one transaction.
    async fn attempt(&self, session: Option<Target>) -> Result<Certificate, Failure> {
        let target = match session {
            Some(session) => session,
            None => connect(self.conninfo).await?,
        };
        let (job, run_id, progress) = (self.job, self.run_id, self.progress);
        let facts = certificate::target_facts(&target).await?;
        let records = copy::begin(&target, &job.plan).await?;
        let folder = folder_of(&self.path);
        let filled = fill(&target, job, run_id, folder, progress).await?;
        let verified = &filled.verified;
        write_record(&target, &job.plan, run_id, verified, (&records, folder), progress).await?;
        let mut certificate =
            certificate::certify(&job.plan, verified, &target, &facts, run_id, Level::ReadBack);
        certificate.ids = filled.ids;
        let transaction = outcome::current(&target).await?;
        self.standing.committing();
        ids::set_late(&target, &filled.late).await?;
        let end = End {
            conninfo: self.conninfo,
            run_id,
            records,
            transaction,
        };
        if let Err(failure) = end.commit(&target).await {
            // Whether everything was kept may not be known; the script does no harm either way.
            filled.undo.leave();
            return Err(failure);
        }
        target.close().await;
        Ok(certificate)
    }
}

/// What became of the target before COMMIT.
struct Filled {
    verified: Verified,
    /// Where ids go on.
    ids: Vec<NextId>,
    /// Sequences of somebody else, to be set last: no rollback takes that back.
    late: Vec<Late>,
    /// What puts back what was taken off.
    undo: Script,
}

/// The folder that a file goes into.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Puts the migration on record in the target or, where the role may not, its plan beside the certificate.
async fn write_record(
    target: &Target,
    plan: &Plan,
    run_id: Uuid,
    verified: &Verified,
    (records, folder): (&Records, &Path),
    progress: &Progress,
) -> Result<(), Failure> {
    if let Records::Refused { grant } = records {
        let path = folder.join(format!("outgrow-plan-{run_id}.toml"));
        plan::file::write_new(&path, &plan::file::text(plan)?)?;
        progress.note(&format!(
            "the role may not make schema _outgrow, so the target keeps no record. The plan is in {}, for `outgrow verify \
             --plan`. This would let it: {grant}",
            path.display()
        ));
        return Ok(());
    }
    let (plan_json, plan_sha256) = certificate::plan_sha256(plan);
    let root = verified.source_root.to_hex();
    record::write_record(target, plan, run_id, (&plan_json, &plan_sha256), &root).await?;
    Ok(())
}

/// Copies every table, in the plan's order.
async fn copy_all(
    target: &Target,
    job: &Arc<Job>,
    run: Uuid,
    progress: &Arc<Progress>,
) -> Result<Vec<TableDigest>, Failure> {
    let plan = &job.plan;
    progress.begin("copy", Some(plan.stream_bytes()));
    let mut digests = Vec::with_capacity(plan.tables.len());
    for place in 0..plan.tables.len() {
        digests.push(copy::copy_table(target, job, place, run, progress).await?);
    }
    progress.end(&format!("{} rows", plan.rows()));
    Ok(digests)
}

/// Fills the tables; what is returned is proven EQUAL and not yet committed.
async fn fill(
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
    let verified = prove(&[target], job, run, digests, progress).await?;
    refuse_changes(&state::compare(
        &before,
        &state::read(target, Some(&schemas)).await?,
    ))?;
    Ok(Filled {
        verified,
        ids: next_ids(&continued, &probed),
        late: continued.late,
        undo,
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
