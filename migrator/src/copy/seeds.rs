//! Rows that the application's tables hold before the copy: still what the plan saw, then gone where it says so.
//!
//! Both happen under the locks of the migration, with foreign keys and triggers off, so that a deletion reaches no
//! other table.

use super::ddl::qualified;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::existing::seeds::SeedPolicy;
use crate::plan::model::{Plan, TablePlan};
use crate::quote::quote_ident;
use crate::report::layout::counted;
use crate::target::{Target, TargetError};

/// Tables that others inherit from, with each of those. Partitions are part of their table.
const HEIRS: &str = "\
SELECT p.relname::text, cn.nspname::text, c.relname::text FROM pg_catalog.pg_inherits i
  JOIN pg_catalog.pg_class p ON p.oid = i.inhparent AND p.relkind = 'r'
  JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
  JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
 WHERE pn.nspname = $1 AND p.relname::text = ANY ($2)
 ORDER BY p.relname::text COLLATE \"C\", cn.nspname::text COLLATE \"C\", c.relname::text COLLATE \"C\"";

/// Rules that put something else in the place of a DELETE or beside it.
const DELETE_RULES: &str = "\
SELECT c.relname::text, w.rulename::text FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_class c ON c.oid = w.ev_class
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relname::text = ANY ($2) AND w.ev_type = '4' AND w.ev_enabled <> 'D'
 ORDER BY c.relname::text COLLATE \"C\", w.rulename::text COLLATE \"C\"";

/// Refuses tables whose rows cannot be told from those of tables that inherit from them.
pub async fn refuse_heirs(target: &Target, plan: &Plan) -> Result<(), Failure> {
    let names: Vec<&str> = plan.tables.iter().map(|t| t.target_name.as_str()).collect();
    let fault = |error: tokio_postgres::Error| target.fault(&error);
    let schema = &plan.choices.schema;
    let rows = target.client().query(HEIRS, &[schema, &names]).await;
    for row in rows.map_err(fault)? {
        let (parent, heir_schema, heir): (&str, &str, &str) = (row.get(0), row.get(1), row.get(2));
        let is_filled = heir_schema == schema && names.contains(&heir);
        let heir = format!("{}.{}", quote_ident(heir_schema), quote_ident(heir));
        let some = format!("SELECT EXISTS (SELECT FROM {heir})");
        let has_rows: bool = target.client().query_one(&some, &[]).await.map_err(fault)?.get(0);
        if is_filled || has_rows {
            let what = format!(
                "table {parent} of the target shows the rows of {heir}, which inherits from it, as its own"
            );
            let next = format!(
                "Nothing was kept. outgrow cannot tell them apart: leave the table out with --skip 'table:NAME', or end \
                 the inheritance for the migration: ALTER TABLE {heir} NO INHERIT {}.{}.",
                quote_ident(schema),
                quote_ident(parent)
            );
            return Err(Failure::new(Exit::PlanBlocked, what, next).at(target.server()));
        }
    }
    Ok(())
}

/// Refuses tables that have other rows than when they were looked at: the census may have taken hours.
pub async fn refuse_other_seeds(target: &Target, plan: &Plan) -> Result<(), Failure> {
    for table in &plan.tables {
        let seen = table.seeds.map_or(0, |seeds| seeds.rows);
        let rows = count(target, plan, table).await?;
        if rows != seen {
            let what = format!(
                "table {} of the target had {} when it was looked at, and has {} now",
                table.target_name,
                counted(seen, "row"),
                counted(rows, "row")
            );
            let next = "Nothing was kept. Stop the application that writes there, then run again.";
            return Err(Failure::new(Exit::TargetError, what, next));
        }
    }
    Ok(())
}

async fn count(target: &Target, plan: &Plan, table: &TablePlan) -> Result<u64, TargetError> {
    let sql = format!("SELECT pg_catalog.count(*) FROM {}", qualified(plan, table));
    let row = target.client().query_one(&sql, &[]).await;
    let count: i64 = row.map_err(|error| target.fault(&error))?.get(0);
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Deletes the rows that are to be replaced, and says how many.
pub async fn clear_seeds(target: &Target, plan: &Plan) -> Result<u64, Failure> {
    let mut deleted = 0;
    let replaced =
        |table: &&TablePlan| matches!(table.seeds, Some(seeds) if seeds.policy == SeedPolicy::Replace);
    let names: Vec<&str> = plan
        .tables
        .iter()
        .filter(replaced)
        .map(|t| t.target_name.as_str())
        .collect();
    refuse_rules(target, plan, &names).await?;
    for table in plan.tables.iter().filter(replaced) {
        let sql = format!("DELETE FROM {}", qualified(plan, table));
        let gone = target.client().execute(&sql, &[]).await;
        deleted += gone.map_err(|error| target.fault(&error))?;
    }
    Ok(deleted)
}

async fn refuse_rules(target: &Target, plan: &Plan, tables: &[&str]) -> Result<(), Failure> {
    let schema = &plan.choices.schema;
    let found = target
        .client()
        .query_opt(&format!("{DELETE_RULES} LIMIT 1"), &[schema, &tables])
        .await;
    let Some(row) = found.map_err(|error| target.fault(&error))? else {
        return Ok(());
    };
    let (table, rule): (&str, &str) = (row.get(0), row.get(1));
    let what = format!(
        "rule {rule} of table {table} makes something else of a DELETE, and its rows are to be replaced"
    );
    let next = format!(
        "Nothing was kept. Disable it for the migration: ALTER TABLE {}.{} DISABLE RULE {}; or choose another policy with \
         --seeds.",
        quote_ident(schema),
        quote_ident(table),
        quote_ident(rule)
    );
    Err(Failure::new(Exit::PlanBlocked, what, next).at(target.server()))
}
