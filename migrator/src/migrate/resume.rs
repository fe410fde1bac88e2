//! Whether a run that was begun can go on with the plan there is now.
//!
//! The rows of a run are tied to how its tables were made and its values travel. Where these are the same, rows that
//! the source changed since are copied again; where they are not, the run stops and says what changed.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::Request;
use crate::copy::CopyError;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::Job;
use crate::ledger::run::{self, Unfinished};
use crate::ledger::steps::sql_sha256;
use crate::plan::computed;
use crate::plan::model::{ColumnPlan, Disposition, FORMAT, Plan, TablePlan};
use crate::report::progress::Progress;
use crate::source::catalog::Catalog;
use crate::source::{Source, path_sha256};
use crate::target::Target;

/// The plan of a run, if it can be read.
pub(super) fn plan_of(run: &Unfinished) -> Result<Plan, Failure> {
    let unreadable = || {
        Failure::new(
            Exit::TargetError,
            format!("the plan of the unfinished migration {} cannot be read", run.id),
            "It was begun by another version of outgrow: finish with that one, or begin anew with --restart.",
        )
    };
    let plan: Plan = serde_json::from_str(&run.plan).map_err(|error| unreadable().because(error))?;
    if plan.format == FORMAT {
        Ok(plan)
    } else {
        Err(unreadable())
    }
}

/// Unfinished migrations of this very file into the schema, oldest first.
pub(super) async fn find(target: &Target, request: &Request) -> Result<Vec<Unfinished>, Failure> {
    let found = run::unfinished(target, &request.mandate.choices.schema).await?;
    Ok(of_source(found, request).collect())
}

/// The latest migration of this very file into the schema that is done.
pub(super) async fn find_done(target: &Target, request: &Request) -> Result<Option<Unfinished>, Failure> {
    let found = run::done(target, &request.mandate.choices.schema).await?;
    Ok(of_source(found, request).last())
}

fn of_source(found: Vec<Unfinished>, request: &Request) -> impl Iterator<Item = Unfinished> {
    let path = path_sha256(&request.source);
    found
        .into_iter()
        .filter(move |run| run.source_path_sha256 == path)
}

/// The work of a run whose source has not changed since: its plan is still right, and nothing has to be counted again.
pub(super) async fn same_job(
    run: &Unfinished,
    request: &Request,
    progress: &Arc<Progress>,
) -> Result<Option<Arc<Job>>, Failure> {
    let Ok(plan) = plan_of(run) else {
        return Ok(None);
    };
    if plan.choices != request.mandate.choices || request.mandate.reviewed.is_some() {
        return Ok(None);
    }
    let (path, fingerprint, progress) = (
        request.source.clone(),
        run.fingerprint.clone(),
        Arc::clone(progress),
    );
    let opening = tokio::task::spawn_blocking(move || open_same(&path, &fingerprint, plan, &progress));
    opening.await.map_err(|_| CopyError::Worker)?
}

fn open_same(
    path: &Path,
    fingerprint: &str,
    plan: Plan,
    progress: &Progress,
) -> Result<Option<Arc<Job>>, Failure> {
    let source = Source::open(path)?;
    if source.fingerprint() != fingerprint {
        return Ok(None);
    }
    source
        .warnings()
        .iter()
        .for_each(|warning| progress.note(warning));
    let mut catalog = Catalog::read(&source)?;
    computed::mark(&mut catalog, &plan.choices);
    progress.begin("source", None);
    progress.end("not changed since the migration was begun: integrity and plan still hold");
    Ok(Some(Job::new(source, catalog, None, plan)))
}

/// Refuses to go on where the plan now makes other tables, or another statement of a step that is done.
pub(super) fn refuse_changed(
    begun: &Plan,
    now: &Plan,
    done: &HashMap<String, String>,
) -> Result<(), Failure> {
    let Some(change) = change(begun, now, done) else {
        return Ok(());
    };
    let what = format!("the migration that was begun had another plan: {change}");
    let next =
        "Go on with the choices it was begun with, or drop what it made and begin anew with --restart.";
    Err(Failure::new(Exit::PlanBlocked, what, next))
}

/// Tables of the plan that was begun which the owner has chosen to do without since: a way on that refusals name.
pub(super) fn left_out(begun: &Plan, now: &Plan) -> Vec<String> {
    let is_skipped = |name: &str| {
        let object = format!("table:{name}");
        now.with(Disposition::Skipped)
            .any(|finding| finding.object == object)
    };
    let names = begun.tables.iter().map(|table| &table.name);
    let gone = names.filter(|name| now.tables.iter().all(|table| table.name != **name));
    gone.filter(|name| is_skipped(name)).cloned().collect()
}

/// Whether a step is one of this table.
pub(super) fn is_step_of(step: &str, table: &str) -> bool {
    let name = step
        .split_once(':')
        .and_then(|(_, name)| name.strip_prefix(table));
    name.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The first difference that matters to rows that are copied already.
fn change(begun: &Plan, now: &Plan, done: &HashMap<String, String>) -> Option<String> {
    if begun.schema_mode != now.schema_mode {
        return Some("the tables are the application's now, or were".to_owned());
    }
    let named = |plan: &Plan| {
        plan.tables
            .iter()
            .map(|table| table.name.clone())
            .collect::<Vec<_>>()
    };
    let (before, after) = (named(begun), named(now));
    let left_out = left_out(begun, now);
    if let Some(gone) = before
        .iter()
        .find(|name| !after.contains(name) && !left_out.contains(name))
    {
        return Some(format!("table {gone} was in it"));
    }
    if let Some(new) = after.iter().find(|name| !before.contains(name)) {
        return Some(format!("table {new} was not in it"));
    }
    let tables = begun.tables.iter().flat_map(|table| {
        let same = now.tables.iter().find(move |other| other.name == table.name);
        same.map(|other| (table, other))
    });
    tables
        .into_iter()
        .find_map(|(table, other)| table_change(table, other))
        .or_else(|| step_change(now, done, &left_out))
}

fn table_change(begun: &TablePlan, now: &TablePlan) -> Option<String> {
    let name = &begun.name;
    if begun.target_name != now.target_name {
        return Some(format!("table {name} was {} there", begun.target_name));
    }
    if begun.columns.len() != now.columns.len() {
        return Some(format!("table {name} had {} columns in it", begun.columns.len()));
    }
    let mut columns = begun.columns.iter().zip(&now.columns);
    if let Some((before, _)) = columns.find(|(before, after)| travels(before) != travels(after)) {
        return Some(format!(
            "column {name}.{} was {} by {}",
            before.name,
            before.target_type,
            before.mapping_id()
        ));
    }
    if begun.mode != now.mode || begun.key != now.key {
        return Some(format!("table {name} had another key"));
    }
    (begun.create != now.create).then(|| format!("table {name} was made by another statement"))
}

/// What rows depend on of a column.
fn travels(column: &ColumnPlan) -> (&str, &str, &str, String, &Option<String>) {
    (
        &column.name,
        &column.target_name,
        &column.target_type,
        column.mapping_id(),
        &column.generated,
    )
}

/// A step that is done and is not in the plan as it was done. Where ids go on moves with the source and is made anew.
fn step_change(now: &Plan, done: &HashMap<String, String>, left_out: &[String]) -> Option<String> {
    let own = |name: &&String| {
        if left_out.iter().any(|table| is_step_of(name, table)) {
            return false;
        }
        let kinds = ["schema", "table", "analyze", "identity"];
        let kind = name.split(':').next().unwrap_or_default();
        !kinds.contains(&kind)
    };
    let steps = now.preparations.iter().chain(&now.steps);
    let planned: HashMap<&str, String> = steps
        .map(|step| (step.object.as_str(), sql_sha256(&step.sql)))
        .collect();
    let mut changed: Vec<&String> = done
        .iter()
        .filter(|(name, _)| own(name))
        .filter(|(name, sha256)| planned.get(name.as_str()) != Some(sha256))
        .map(|(name, _)| name)
        .collect();
    changed.sort();
    changed
        .first()
        .map(|name| format!("{name} was made, and is not in it as it was made"))
}
