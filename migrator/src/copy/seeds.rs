//! Rows that the application's tables hold before the copy: still what the plan saw, then gone where it says so.
//!
//! Both happen under the locks of the migration, with foreign keys and triggers off, so that a deletion reaches no
//! other table.

use super::transaction::qualified;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::existing::seeds::SeedPolicy;
use crate::plan::model::{Plan, TablePlan};
use crate::report::layout::counted;
use crate::target::{Target, TargetError};

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
pub async fn clear_seeds(target: &Target, plan: &Plan) -> Result<u64, TargetError> {
    let mut deleted = 0;
    let replaced =
        |table: &&TablePlan| matches!(table.seeds, Some(seeds) if seeds.policy == SeedPolicy::Replace);
    for table in plan.tables.iter().filter(replaced) {
        let sql = format!("DELETE FROM {}", qualified(plan, table));
        let gone = target.client().execute(&sql, &[]).await;
        deleted += gone.map_err(|error| target.fault(&error))?;
    }
    Ok(deleted)
}
