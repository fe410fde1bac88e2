//! The steps of a run around its rows: schema, tables, keys, indexes, constraints, statistics; each once.
//!
//! A step commits with its row in the ledger. Steps of different tables run side by side; what locks two tables, or
//! builds on others, waits for them and runs alone.

use std::sync::Mutex as StdMutex;
use std::sync::PoisonError;

use futures_util::future::try_join_all;

use super::ddl::{self, table_object};
use super::fill::{Copy, is_small};
use super::sending::make_table;
use crate::failpoint;
use crate::failure::Failure;
use crate::ledger::run::begin_fenced;
use crate::ledger::steps::{self, Done, Made, sql_sha256};
use crate::ledger::tables;
use crate::plan::model::{Plan, Step, TablePlan};
use crate::quote::quote_ident;
use crate::target::{Target, TargetError};

/// The schema of the tables as a step.
const SCHEMA_STEP: &str = "schema";

/// What the steps of a plan lock, by the kind of their object.
const FOREIGN_KEY: &str = "foreign-key:";
const IDENTITY: &str = "identity:";
const INDEX: &str = "index:";

/// The statement of a step that gathers statistics, for its digest.
const ANALYZE: &str = "ANALYZE";

/// Makes the schema, what the tables need, and the tables that are not made along with their rows.
pub async fn prepare(target: &Target, copy: Copy<'_>, done: &Done) -> Result<(), Failure> {
    let plan = &copy.job.plan;
    let schema = &plan.choices.schema;
    begin_fenced(target, copy.run).await?;
    failpoint::reach("prepare-begun")?;
    if !done.contains_key(SCHEMA_STEP) {
        // Nobody else makes it at this moment: the lease is for this schema.
        let made = if tables::create_schema(target, schema).await? {
            Made::Schema(schema)
        } else {
            Made::Nothing
        };
        steps::record(target, copy.run, SCHEMA_STEP, schema, made).await?;
    }
    for step in plan
        .preparations
        .iter()
        .filter(|step| !done.contains_key(&step.object))
    {
        let made = preparation(plan, step);
        let was_there = exists(target, made).await?;
        ddl::prepare(target, step).await?;
        let made = if was_there { Made::Nothing } else { made };
        steps::record(target, copy.run, &step.object, &step.sql, made).await?;
        failpoint::reach("preparation-made")?;
    }
    for (place, table) in plan.tables.iter().enumerate() {
        if !is_small(table) && !done.contains_key(&table_object(table)) {
            make_table(target, copy.run, plan, place).await?;
        }
    }
    failpoint::reach("prepare-recorded")?;
    target.batch("COMMIT").await?;
    failpoint::reach("prepare-committed")?;
    Ok(())
}

/// What a preparation makes: `collation:NAME` or `extension:NAME`.
fn preparation<'a>(plan: &'a Plan, step: &'a Step) -> Made<'a> {
    match step.object.split_once(':') {
        Some(("collation", name)) => Made::Collation(&plan.choices.schema, name),
        Some(("extension", name)) => Made::Extension(name),
        _ => Made::Nothing,
    }
}

async fn exists(target: &Target, made: Made<'_>) -> Result<bool, TargetError> {
    let (sql, schema, name) = match made {
        Made::Collation(schema, name) => (
            "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_collation l JOIN pg_catalog.pg_namespace n \
             ON n.oid = l.collnamespace WHERE n.nspname = $1 AND l.collname = $2)",
            schema,
            name,
        ),
        Made::Extension(name) => (
            "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_extension WHERE $1 = '' AND extname = $2)",
            "",
            name,
        ),
        Made::Nothing | Made::Schema(_) | Made::Relation(..) => return Ok(false),
    };
    let row = target.client().query_one(sql, &[&schema, &name]).await;
    Ok(row.map_err(|error| target.fault(&error))?.get(0))
}

/// Takes back what would refuse rows that come later: foreign keys, and where ids go on.
pub async fn undo_for_repair(target: &Target, copy: Copy<'_>, done: &Done) -> Result<(), Failure> {
    let plan = &copy.job.plan;
    let of_kind = |step: &&String| step.starts_with(FOREIGN_KEY) || step.starts_with(IDENTITY);
    let undone: Vec<String> = done.keys().filter(of_kind).cloned().collect();
    if undone.is_empty() {
        return Ok(());
    }
    begin_fenced(target, copy.run).await?;
    failpoint::reach("undo-begun")?;
    for sql in foreign_keys(target, plan).await? {
        target.batch(&sql).await?;
    }
    for step in plan.steps.iter().filter(|step| undone.contains(&step.object)) {
        if let Some(sql) = drop_identity(plan, step) {
            target.batch(&sql).await?;
        }
    }
    steps::forget(target, copy.run, &undone).await?;
    failpoint::reach("undo-recorded")?;
    target.batch("COMMIT").await?;
    failpoint::reach("undo-committed")?;
    Ok(())
}

/// Statements that drop the foreign keys of the plan's tables.
async fn foreign_keys(target: &Target, plan: &Plan) -> Result<Vec<String>, TargetError> {
    let sql = "SELECT pg_catalog.format('ALTER TABLE %I.%I DROP CONSTRAINT %I', n.nspname, c.relname, k.conname) \
               FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid \
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
               WHERE k.contype = 'f' AND n.nspname = $1 AND c.relname::text = ANY ($2)";
    let rows = target
        .client()
        .query(sql, &[&plan.choices.schema, &plan.target_names()])
        .await;
    let rows = rows.map_err(|error| target.fault(&error))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// The statement that takes an identity off its column.
fn drop_identity(plan: &Plan, step: &Step) -> Option<String> {
    let name = step.object.strip_prefix(IDENTITY)?;
    let columns = plan
        .tables
        .iter()
        .flat_map(|table| table.columns.iter().map(move |column| (table, column)));
    let (table, column) = columns
        .into_iter()
        .find(|(table, column)| name == format!("{}.{}", table.name, column.name))?;
    Some(format!(
        "ALTER TABLE {} ALTER COLUMN {} DROP IDENTITY IF EXISTS",
        ddl::qualified(plan, table),
        quote_ident(&column.target_name)
    ))
}

/// Statements that commit together.
type Batch<'a> = Vec<Work<'a>>;

/// One statement of a batch.
#[derive(Clone, Copy)]
enum Work<'a> {
    Step(&'a Step),
    Analyze(&'a TablePlan),
}

/// Runs what comes after the rows, on all sessions.
pub async fn run_after(sessions: &[Target], copy: Copy<'_>, done: &Done) -> Result<(), Failure> {
    let waves = waves(&copy.job.plan, done);
    copy.progress.begin("keys", None);
    for wave in waves {
        run_wave(sessions, copy, wave, done).await?;
    }
    copy.progress.end(&format!(
        "{} keys, indexes and constraints",
        copy.job.plan.steps.len()
    ));
    Ok(())
}

/// What runs side by side, one wave after another: keys and small tables; large indexes; statistics of large tables;
/// then, alone and in order, foreign keys, which lock two tables, and views and triggers, which use others.
fn waves<'a>(plan: &'a Plan, done: &Done) -> Vec<Vec<Batch<'a>>> {
    let (mut keys, mut indexes, mut statistics, mut alone) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut of_tables: Vec<Vec<&Step>> = vec![Vec::new(); plan.tables.len()];
    for step in plan.steps.iter().filter(|step| !is_done(step, done)) {
        match plan.table_of(&step.object) {
            Some(place) if !step.object.starts_with(FOREIGN_KEY) => of_tables[place].push(step),
            _ => alone.push(vec![Work::Step(step)]),
        }
    }
    let mut places: Vec<usize> = (0..plan.tables.len()).collect();
    places.sort_by_key(|place| std::cmp::Reverse(plan.tables[*place].bytes));
    for place in places {
        let table = &plan.tables[place];
        let analyze = (!done.contains_key(&analyze_object(table))).then_some(Work::Analyze(table));
        let steps = &of_tables[place];
        if is_small(table) {
            keys.push(steps.iter().map(|step| Work::Step(step)).chain(analyze).collect());
            continue;
        }
        let (index, key): (Vec<&Step>, Vec<&Step>) =
            steps.iter().partition(|step| step.object.starts_with(INDEX));
        keys.push(key.into_iter().map(Work::Step).collect());
        indexes.extend(index.into_iter().map(|step| vec![Work::Step(step)]));
        statistics.extend(analyze.map(|work| vec![work]));
    }
    keys.retain(|batch: &Batch<'_>| !batch.is_empty());
    let serial = alone.into_iter().map(|batch| vec![batch]);
    [keys, indexes, statistics].into_iter().chain(serial).collect()
}

fn analyze_object(table: &TablePlan) -> String {
    format!("analyze:{}", table.name)
}

fn is_done(step: &Step, done: &Done) -> bool {
    done.get(&step.object)
        .is_some_and(|sha256| *sha256 == sql_sha256(&step.sql))
}

/// Runs batches side by side, each session taking the next.
async fn run_wave(
    sessions: &[Target],
    copy: Copy<'_>,
    wave: Vec<Batch<'_>>,
    done: &Done,
) -> Result<(), Failure> {
    let waiting = StdMutex::new(wave.into_iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let workers = sessions.iter().map(async |target| {
        while let Some(batch) = next() {
            run_batch(target, copy, &batch, done).await?;
        }
        Ok::<(), Failure>(())
    });
    try_join_all(workers).await.map(|_| ())
}

async fn run_batch(target: &Target, copy: Copy<'_>, batch: &[Work<'_>], done: &Done) -> Result<(), Failure> {
    let plan = &copy.job.plan;
    begin_fenced(target, copy.run).await?;
    failpoint::reach("steps-begun")?;
    for work in batch {
        match work {
            Work::Step(step) => {
                copy.progress.table(&step.object);
                redo(target, copy, step, done).await?;
                ddl::run_step(target, plan, step).await?;
                let made = step.creates.as_deref();
                let made = made.map_or(Made::Nothing, |name| Made::Relation(&plan.choices.schema, name));
                steps::record(target, copy.run, &step.object, &step.sql, made).await?;
                failpoint::reach("step-made")?;
            }
            Work::Analyze(table) => {
                copy.progress.table(&table.name);
                ddl::analyze_table(target, plan, table).await?;
                steps::record(target, copy.run, &analyze_object(table), ANALYZE, Made::Nothing).await?;
                failpoint::reach("table-analyzed")?;
            }
        }
    }
    failpoint::reach("steps-recorded")?;
    target.batch("COMMIT").await?;
    failpoint::reach("steps-committed")?;
    Ok(())
}

/// Takes back an identity that was made for another state of the source.
async fn redo(target: &Target, copy: Copy<'_>, step: &Step, done: &Done) -> Result<(), Failure> {
    if done.contains_key(&step.object)
        && let Some(sql) = drop_identity(&copy.job.plan, step)
    {
        target.batch(&sql).await?;
        steps::forget(target, copy.run, std::slice::from_ref(&step.object)).await?;
    }
    Ok(())
}
