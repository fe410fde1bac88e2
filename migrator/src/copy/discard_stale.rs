//! Rows in the target that are not the source's any more: deleted with the word that they were there.

use outgrow_shared::ce1::Mode;

use super::chunk::set_aside_range;
use super::ddl::qualified;
use super::fill::Copy;
use crate::failpoint;
use crate::failure::Failure;
use crate::ledger::chunks::{self, ChunkRow};
use crate::ledger::run::begin_fenced;
use crate::plan::model::TablePlan;
use crate::target::Target;
use crate::verify::range_condition;

/// Ranges deleted by one statement; a planner has trouble with thousands of conditions.
const RANGES_AT_ONCE: usize = 200;

const FORGET_SET_ASIDE: &str = "DELETE FROM _outgrow.quarantine \
     WHERE run_id = $1::text::uuid AND table_name = $2 AND row_number >= $3 AND row_number < $4";

/// Deletes the rows of chunks and strikes the chunks out, in one transaction.
pub(super) async fn discard_stale(
    target: &Target,
    copy: Copy<'_>,
    place: usize,
    stale: &[ChunkRow],
) -> Result<(), Failure> {
    let plan = &copy.job.plan;
    let table = &plan.tables[place];
    begin_fenced(target, copy.run).await?;
    failpoint::reach("stale-begun")?;
    match table.mode {
        Mode::Keyed => {
            for chunks in stale.chunks(RANGES_AT_ONCE) {
                let ranges: Vec<String> = chunks.iter().map(|chunk| condition(table, chunk)).collect();
                let sql = format!(
                    "DELETE FROM {} WHERE {}",
                    qualified(plan, table),
                    ranges.join(" OR ")
                );
                target.batch(&sql).await?;
            }
        }
        // All of its chunks are stale at once.
        Mode::Bucket => {
            target
                .batch(&format!("DELETE FROM {}", qualified(plan, table)))
                .await?;
        }
    }
    if table.sets_aside() {
        for chunk in stale {
            let (from, before) = set_aside_range(chunk.number);
            let run = copy.run.id.to_string();
            target
                .execute(FORGET_SET_ASIDE, &[&run, &table.name, &from, &before])
                .await?;
        }
    }
    let numbers: Vec<i64> = stale.iter().map(|chunk| chunk.number).collect();
    chunks::forget(target, copy.run, &table.name, &numbers).await?;
    failpoint::reach("stale-recorded")?;
    target.batch("COMMIT").await?;
    failpoint::reach("stale-committed")?;
    Ok(())
}

/// The condition that a row is in a chunk. One without bounds is all of its table.
fn condition(table: &TablePlan, chunk: &ChunkRow) -> String {
    let range = range_condition(table, (chunk.after.as_deref(), chunk.until.as_deref()));
    if range.is_empty() {
        "true".to_owned()
    } else {
        format!("({range})")
    }
}
