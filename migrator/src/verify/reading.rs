//! The target's side of a verification: sessions that take parts, read them and hash them.
//!
//! A session waits for its rows; they are decoded and hashed in a task of its own, so that several sessions keep
//! several processors busy.

use std::collections::BTreeSet;
use std::sync::Arc;

use outgrow_shared::ce1::Mode;
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_postgres::CopyOutStream;
use uuid::Uuid;

use super::digest::{BoundedDigester, Chunk, SortError};
use super::error::VerifyError;
use super::feed::{buckets_of, takes_turn};
use super::gathering::{Gathering, PartRead};
use super::parts::{Bounds, Cut, Part};
use super::set_aside::SetAside;
use super::target_rows::{each_row, open_rows};
use super::target_side::{RowReader, TargetSideError, compare_key};
use crate::job::Job;
use crate::plan::model::{Plan, TablePlan};
use crate::report::progress::{Progress, Tally};
use crate::target::{Target, TargetError};

/// What sessions share while they read.
pub(super) struct Reading<'a> {
    pub job: &'a Arc<Job>,
    /// Under which what was set aside is kept.
    pub run: Uuid,
    pub progress: &'a Arc<Progress>,
    pub gathering: &'a Gathering,
    pub parts: Mutex<mpsc::Receiver<Part>>,
    /// Of those that sort many rows one reads at a time.
    pub turn: Semaphore,
}

/// What ends the task that hashes a part.
enum PartEnd {
    /// The connection failed.
    Lost(tokio_postgres::Error),
    /// What came through it cannot be read, or not be sorted.
    Unreadable(TargetSideError),
    /// The source failed, which tells it itself.
    NoSource,
}

impl From<TargetSideError> for PartEnd {
    fn from(error: TargetSideError) -> Self {
        Self::Unreadable(error)
    }
}

impl From<SortError> for PartEnd {
    fn from(error: SortError) -> Self {
        Self::Unreadable(error.into())
    }
}

impl Reading<'_> {
    /// Reads part after part until there are none.
    pub async fn all(&self, target: &Target) -> Result<(), VerifyError> {
        loop {
            let next = self.parts.lock().await.recv().await;
            let Some(part) = next else { return Ok(()) };
            let (place, number) = (part.place, part.number);
            let read = self.read(target, part).await?;
            self.gathering.target(place, number, read);
        }
    }

    async fn read(&self, target: &Target, part: Part) -> Result<PartRead, VerifyError> {
        let plan = &self.job.plan;
        let table = &plan.tables[part.place];
        let of_table = |error: TargetSideError| VerifyError::target(&table.name)(error);
        // It is never closed; without a permit there would only be more memory in use.
        let _turn = if takes_turn(table) {
            self.turn.acquire().await.ok()
        } else {
            None
        };
        self.progress.table(&table.name);
        let set_aside = SetAside::load(target, self.run, table)
            .await
            .map_err(|error| of_table(error.into()))?;
        let range = match &part.cut {
            Cut::Keyed(bounds) => (bounds.after.as_deref(), bounds.until()),
            Cut::Buckets(_) => (None, None),
        };
        let stream = open_rows(target, &plan.choices.schema, table, range)
            .await
            .map_err(|error| of_table(error.into()))?;
        // It ends with this future, whatever ends that.
        let mut hashing = JoinSet::new();
        let (job, progress) = (Arc::clone(self.job), Arc::clone(self.progress));
        hashing.spawn(async move {
            hash(
                stream,
                &job.plan.tables[part.place],
                part.cut,
                set_aside,
                &progress,
            )
            .await
        });
        match hashing.join_next().await {
            Some(Ok(Ok(read))) => Ok(read),
            Some(Ok(Err(PartEnd::Lost(error)))) => Err(of_table(target.fault(&error).into())),
            Some(Ok(Err(PartEnd::Unreadable(error)))) => Err(of_table(error)),
            Some(Ok(Err(PartEnd::NoSource)) | Err(_)) | None => Err(VerifyError::Worker),
        }
    }
}

async fn hash(
    stream: CopyOutStream,
    table: &TablePlan,
    cut: Cut,
    set_aside: SetAside,
    progress: &Progress,
) -> Result<PartRead, PartEnd> {
    let put_back = set_aside.len();
    let mut rows = RowReader::new(table, set_aside);
    let mut tally = Tally::new(progress);
    let chunks = match cut {
        Cut::Keyed(bounds) => hash_keyed(stream, table, &bounds, &mut rows, &mut tally).await?,
        Cut::Buckets(count) => hash_buckets(stream, table, count, &mut rows, &mut tally).await?,
    };
    Ok(PartRead {
        chunks,
        set_aside: put_back,
        left_over: rows.left_over(),
    })
}

async fn hash_keyed(
    stream: CopyOutStream,
    table: &TablePlan,
    bounds: &Bounds,
    rows: &mut RowReader<'_>,
    tally: &mut Tally<'_>,
) -> Result<Vec<Chunk>, PartEnd> {
    let mut keyed = BoundedDigester::new(&bounds.chunks);
    each_row(stream, PartEnd::Lost, |fields| {
        tally.row(fields.byte_len());
        let leaf = rows.leaf(fields)?;
        Ok(keyed.row(leaf, |until| compare_key(table, fields, until))?)
    })
    .await?;
    Ok(keyed.finish().chunks)
}

async fn hash_buckets(
    stream: CopyOutStream,
    table: &TablePlan,
    count: oneshot::Receiver<u64>,
    rows: &mut RowReader<'_>,
    tally: &mut Tally<'_>,
) -> Result<Vec<Chunk>, PartEnd> {
    let mut buckets = buckets_of(table);
    each_row(stream, PartEnd::Lost, |fields| {
        tally.row(fields.byte_len());
        Ok(buckets.row(rows.leaf(fields)?)?)
    })
    .await?;
    let count = count.await.map_err(|_| PartEnd::NoSource)?;
    Ok(buckets.finish(count)?.chunks)
}

/// Columns of the target that may hold NULL, of all tables of a schema.
const NULLABLE_COLUMNS: &str = "SELECT c.relname::text, a.attname::text \
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND NOT a.attnotnull";

/// Places of tables that cannot be read by ranges of keys, because their keys may be NULL on the target: such a row
/// lies in no range.
pub(super) async fn without_ranges(target: &Target, plan: &Plan) -> Result<BTreeSet<usize>, TargetError> {
    let rows = target
        .client()
        .query(NULLABLE_COLUMNS, &[&plan.choices.schema])
        .await
        .map_err(|error| target.fault(&error))?;
    let nullable: BTreeSet<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let places = plan.tables.iter().enumerate();
    let may_be_null = |table: &TablePlan| {
        let mut key = table.key.iter().filter_map(|place| table.columns.get(*place));
        key.any(|column| nullable.contains(&(table.target_name.clone(), column.target_name.clone())))
    };
    Ok(places
        .filter(|(_, table)| table.mode == Mode::Keyed && may_be_null(table))
        .map(|(place, _)| place)
        .collect())
}
