//! Whether what the steps of a run made is still there as they made it.
//!
//! Between two attempts, and until a run is done, its tables are in everybody's reach. A table is known by its oid and
//! never by its name alone: rows are deleted and copied only where this run made the table. Constraints are counted by
//! their kind.

use std::collections::HashMap;

use super::LedgerError;
use super::run::Run;
use super::steps::Done;
use crate::plan::model::{Plan, TablePlan};
use crate::target::{Target, TargetError};

/// Tables that the run made, under the names that they have now, with the constraints that are on them.
const TABLES: &str = "SELECT s.step, n.nspname::text, c.relname::text, c.relpersistence = 'p' AND c.relkind = 'r', \
       (SELECT count(*) FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p'), \
       (SELECT count(*) FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'u'), \
       (SELECT count(*) FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f'), \
       (SELECT count(*) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attidentity <> '') \
     FROM _outgrow.step s LEFT JOIN pg_catalog.pg_class c ON c.oid = s.made_object \
     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE s.run_id = $1::text::uuid AND s.step LIKE 'table:%' AND s.made_object IS NOT NULL";

/// Kinds of steps, in the order of the counts above, with the word for what they make.
const KINDS: [(&str, &str); 4] = [
    ("primary-key", "primary key"),
    ("unique", "unique key"),
    ("foreign-key", "foreign key"),
    ("identity", "identity"),
];

/// A table of the run as the target has it now.
struct Found {
    /// Schema and name; none if it is gone.
    name: Option<(String, String)>,
    is_plain: bool,
    /// Constraints by kind.
    constraints: [i64; 4],
}

/// Refuses to go on where a table is not the one that was made, or lacks what the ledger says it has.
pub async fn check(target: &Target, run: Run, plan: &Plan, done: &Done) -> Result<(), LedgerError> {
    let found = tables(target, run).await?;
    for table in &plan.tables {
        let Some(now) = found.get(&format!("table:{}", table.name)) else {
            continue;
        };
        if let Some(change) = change(plan, table, now, done) {
            return Err(LedgerError::Changed(change));
        }
    }
    Ok(())
}

async fn tables(target: &Target, run: Run) -> Result<HashMap<String, Found>, TargetError> {
    let rows = target.client().query(TABLES, &[&run.id.to_string()]).await;
    let rows = rows.map_err(|error| target.fault(&error))?;
    let found = rows.iter().map(|row| {
        let name: (Option<String>, Option<String>) = (row.get(1), row.get(2));
        let found = Found {
            name: name.0.zip(name.1),
            is_plain: row.get::<_, Option<bool>>(3).unwrap_or(false),
            constraints: [row.get(4), row.get(5), row.get(6), row.get(7)],
        };
        (row.get(0), found)
    });
    Ok(found.collect())
}

fn change(plan: &Plan, table: &TablePlan, now: &Found, done: &Done) -> Option<String> {
    let own = format!("table {} that the migration made", table.target_name);
    let Some((schema, name)) = &now.name else {
        return Some(format!("{own} is not there any more"));
    };
    if *schema != plan.choices.schema || *name != table.target_name {
        return Some(format!("{own} is {schema}.{name} now"));
    }
    if !now.is_plain {
        return Some(format!("{own} is unlogged, or no plain table any more"));
    }
    let lacking = KINDS.iter().zip(now.constraints).find(|((kind, _), there)| {
        let made = plan.steps.iter().filter(|step| {
            done.contains_key(&step.object)
                && step.object.split_once(':').is_some_and(|(own, _)| own == *kind)
                && plan
                    .table_of(&step.object)
                    .is_some_and(|place| plan.tables[place].name == table.name)
        });
        usize::try_from(*there).unwrap_or(0) < made.count()
    });
    lacking.map(|((_, word), _)| format!("{own} lacks a {word} that it was given"))
}
