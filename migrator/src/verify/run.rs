//! Verification of all tables: both sides read at the same time, roots, and the differences where they are not
//! equal. How many sessions read, and how tables are spread over them, makes no difference to the result.

use std::collections::BTreeSet;
use std::sync::Arc;

use outgrow_shared::ce1::{DatabaseHasher, Digest, Mode, TableRoot, table_leaf};
use tokio::sync::{Mutex, Semaphore, mpsc};
use uuid::Uuid;

use super::difference::{Difference, Differences, Kind};
use super::digest::TableDigest;
use super::error::VerifyError;
use super::feed::{Feed, FeedEnd};
use super::gathering::{Compared, Gathering};
use super::parts::{Part, Spread};
use super::reading::{Reading, without_ranges};
use super::set_aside::SetAside;
use super::{drill_buckets, drill_keyed};
use crate::job::Job;
use crate::plan::model::Plan;
use crate::report::progress::Progress;
use crate::target::Target;

/// Parts that wait for each session: enough that it never waits for the feed between two small tables, few enough
/// that the source's chunks in them take no memory to speak of.
const PARTS_WAITING_PER_SESSION: usize = 16;

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

/// Compares every table, over all these sessions; one is enough. `known` holds the source's digests in the plan's
/// order where the copy has taken them; without it the source is read, at the same time as the target. Unless one
/// session reads what nobody else can change, all must see one snapshot (see [`super::snapshot`]). Nobody else may use
/// them meanwhile.
pub async fn verify(
    targets: &[&Target],
    job: &Arc<Job>,
    run: Uuid,
    known: Option<Vec<TableDigest>>,
    progress: &Arc<Progress>,
) -> Result<Verified, VerifyError> {
    verify_spread(targets, job, run, known, progress, Spread::default()).await
}

/// As [`verify`], with another spread of large tables over the sessions. The result is the same with any.
pub async fn verify_spread(
    targets: &[&Target],
    job: &Arc<Job>,
    run: Uuid,
    known: Option<Vec<TableDigest>>,
    progress: &Arc<Progress>,
    spread: Spread,
) -> Result<Verified, VerifyError> {
    let [target, others @ ..] = targets else {
        return Err(VerifyError::Worker);
    };
    let whole = if others.is_empty() && known.is_some() {
        BTreeSet::new()
    } else {
        let found = without_ranges(target, &job.plan).await;
        found.map_err(VerifyError::Catalog)?
    };
    let (sender, receiver) = mpsc::channel(PARTS_WAITING_PER_SESSION * targets.len());
    let gathering = Arc::new(Gathering::new(job.plan.tables.len()));
    let feed = Feed {
        job: Arc::clone(job),
        spread,
        sessions: targets.len(),
        whole,
        parts: sender,
        gathering: Arc::clone(&gathering),
    };
    let feeding = tokio::task::spawn_blocking(move || feed.run(known.unwrap_or_default()));
    let reading = read_all(targets, job, run, progress, &gathering, receiver);
    let (read, fed) = futures_util::future::join(reading, feeding).await;
    match fed.map_err(|_| VerifyError::Worker)? {
        Err(FeedEnd::Failed(error)) => return Err(error),
        Ok(()) | Err(FeedEnd::NotTaken) => read?,
    }
    let compared = gathering.finish().ok_or(VerifyError::Worker)?;
    conclude(target, job, run, compared).await
}

/// Reads all parts over all sessions. Whatever ends it takes the parts' receiver along, which ends the feed.
async fn read_all(
    targets: &[&Target],
    job: &Arc<Job>,
    run: Uuid,
    progress: &Arc<Progress>,
    gathering: &Gathering,
    parts: mpsc::Receiver<Part>,
) -> Result<(), VerifyError> {
    let reading = Reading {
        job,
        run,
        progress,
        gathering,
        parts: Mutex::new(parts),
        turn: Semaphore::new(1),
    };
    let sessions = targets.iter().map(|target| reading.all(target));
    futures_util::future::try_join_all(sessions).await.map(|_| ())
}

/// Looks for the rows behind what differs, table after table, and forms the roots.
async fn conclude(
    target: &Target,
    job: &Arc<Job>,
    run: Uuid,
    compared: Vec<Compared>,
) -> Result<Verified, VerifyError> {
    let plan = &job.plan;
    let mut tables = Vec::with_capacity(compared.len());
    let mut differences = Differences::default();
    for (place, (table, both)) in plan.tables.iter().zip(compared).enumerate() {
        if let Some((source, other)) = both.differing {
            let set_aside = SetAside::load(target, run, table)
                .await
                .map_err(|error| VerifyError::target(&table.name)(error.into()))?;
            let found = match table.mode {
                Mode::Keyed => drill_keyed::drill(target, job, place, &set_aside, &source, &other).await?,
                Mode::Bucket => drill_buckets::drill(target, job, place, &set_aside, &source, &other).await?,
            };
            differences.append(found);
        } else if both.left_over > 0 {
            differences.add(|| of_no_row(&table.name, both.left_over));
        }
        tables.push(both.roots);
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
