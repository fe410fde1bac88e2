//! Filling tables that the application made: everything between BEGIN and COMMIT.
//!
//! What stands guard over the rows is taken off before them and put back after them; the application's schema is the
//! same at the end as at the beginning, or nothing is kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use super::{Filled, copy_all, prove};
use crate::copy;
use crate::existing::constraints::{self, Guards};
use crate::existing::state::{self, Change};
use crate::existing::undo;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::Job;
use crate::report::layout::{counted, plural};
use crate::report::progress::Progress;
use crate::target::Target;

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
    let tables: Vec<String> = plan
        .tables
        .iter()
        .map(|table| table.target_name.clone())
        .collect();
    progress.binding(plan);
    progress.begin("prepare", None);
    constraints::lock(target, schema, &tables).await?;
    copy::refuse_other_seeds(target, plan).await?;
    let before = state::read(target).await?;
    let guards = constraints::survey(target, schema, &tables).await?;
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
    progress.end(&counted_guards(&guards, "back, validated"));
    let verified = prove(target, job, run, digests, progress).await?;
    refuse_changes(&state::compare(&before, &state::read(target).await?))?;
    Ok(Filled {
        verified,
        ids: Vec::new(),
        undo: Some(undo),
    })
}

/// `12 foreign keys and 1 trigger off`.
fn counted_guards(guards: &Guards, how: &str) -> String {
    let keys = counted(guards.foreign_keys.len() as u64, "foreign key");
    match guards.triggers.len() as u64 {
        0 => format!("{keys} {how}"),
        triggers => format!("{keys} and {triggers} {} {how}", plural(triggers, "trigger")),
    }
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
