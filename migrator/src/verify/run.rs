//! Verification of all tables: digests of both sides, roots, and the differences where they are not equal.

use std::sync::Arc;

use outgrow_shared::ce1::{DatabaseHasher, Digest, Mode, TableRoot, table_leaf};

use super::difference::{Difference, Differences, Kind};
use super::digest::TableDigest;
use super::error::VerifyError;
use super::set_aside::SetAside;
use super::source_side::{SourceSideError, SourceTable};
use super::{drill_buckets, drill_keyed, target_side};
use uuid::Uuid;

use crate::job::Job;
use crate::plan::model::Plan;
use crate::report::progress::{Progress, Tally};
use crate::target::Target;

/// What a verification came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// Every table's roots, in the plan's order.
    pub tables: Vec<TableRoots>,
    /// Root D of the source.
    pub source_root: Digest,
    /// Root D of the target.
    pub target_root: Digest,
    /// Rows that differ.
    pub differences: Differences,
}

/// A table's roots on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRoots {
    /// The source's.
    pub source: TableRoot,
    /// The target's, with what was set aside put back.
    pub target: TableRoot,
    /// Values that were set aside.
    pub quarantined: u64,
}

impl Verified {
    /// Whether both sides hold the same values.
    pub fn is_equal(&self) -> bool {
        self.source_root == self.target_root && self.differences.is_empty()
    }
}

/// Hashes a table of the source, on a thread of its own.
async fn digest_source(job: &Arc<Job>, place: usize) -> Result<TableDigest, VerifyError> {
    let job = Arc::clone(job);
    let read = move || {
        let table =
            SourceTable::find(&job.catalog, &job.plan.tables[place]).map_err(VerifyError::SourceChanged)?;
        Ok(table.digest::<SourceSideError>(&job.source(), |_| Ok(()))?)
    };
    tokio::task::spawn_blocking(read)
        .await
        .map_err(|_| VerifyError::Worker)?
}

/// Compares every table. `known` holds the source's digests in the plan's order where the copy has taken them;
/// without it the source is read.
pub async fn verify(
    target: &Target,
    job: &Arc<Job>,
    run: Uuid,
    known: Option<Vec<TableDigest>>,
    progress: &Progress,
) -> Result<Verified, VerifyError> {
    let plan = &job.plan;
    let mut known = known.unwrap_or_default().into_iter();
    let mut tables = Vec::with_capacity(plan.tables.len());
    let mut differences = Differences::default();
    for (place, table) in plan.tables.iter().enumerate() {
        progress.table(&table.name);
        let source = match known.next() {
            Some(digest) => digest,
            None => digest_source(job, place).await?,
        };
        let set_aside = SetAside::load(target, run, table)
            .await
            .map_err(|error| VerifyError::target(&table.name)(error.into()))?;
        let mut tally = Tally::new(progress);
        let (other, left_over) = target_side::digest(
            target,
            &plan.choices.schema,
            table,
            set_aside.clone(),
            &source,
            |bytes| {
                tally.row(bytes);
            },
        )
        .await
        .map_err(VerifyError::target(&table.name))?;
        drop(tally);
        if source.root != other.root {
            let found = match table.mode {
                Mode::Keyed => drill_keyed::drill(target, job, place, &set_aside, &source, &other).await?,
                Mode::Bucket => drill_buckets::drill(target, job, place, &set_aside, &source, &other).await?,
            };
            differences.append(found);
        } else if left_over > 0 {
            differences.add(|| of_no_row(&table.name, left_over));
        }
        tables.push(TableRoots {
            source: source.root,
            target: other.root,
            quarantined: set_aside.len(),
        });
    }
    let root = |pick: fn(&TableRoots) -> &TableRoot| database_root(plan, tables.iter().map(pick));
    Ok(Verified {
        source_root: root(|roots| &roots.source),
        target_root: root(|roots| &roots.target),
        differences,
        tables,
    })
}

/// Values in the quarantine that nothing of the source accounts for.
fn of_no_row(table: &str, values: u64) -> Difference {
    Difference {
        table: table.to_owned(),
        kind: Kind::Extra,
        key: format!("in _outgrow.quarantine: values that belong to no row: {values}"),
        columns: Vec::new(),
    }
}

fn database_root<'a>(plan: &Plan, roots: impl Iterator<Item = &'a TableRoot>) -> Digest {
    let mut database = DatabaseHasher::new();
    for (table, root) in plan.tables.iter().zip(roots) {
        let schema = table.schema_digest(&plan.findings);
        database.table(&table.name, table_leaf(&table.name, &schema, table.mode, root));
    }
    database.finish()
}
