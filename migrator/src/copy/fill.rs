//! The copy of all tables: readers of one snapshot on one side, sessions of the target on the other, a bounded queue
//! between them.
//!
//! What the ledger has is compared with the source first; only what is missing or has changed is copied. Memory is
//! bounded by bytes: chunks on their way share a budget, and one that is larger than all of it goes alone.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::try_join_all;
use outgrow_shared::ce1::{CHUNK_BYTES_MAX, CHUNK_ROWS_MAX};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, Semaphore, mpsc};

use super::CopyError;
use super::chunk::Chunk;
use super::compare::{Compared, compare};
use super::ddl::table_object;
use super::discard_stale::discard_stale;
use super::reading::{Extent, Task, read_task};
use super::sending::{Limits, Sender};
use super::steps::undo_for_repair;
use crate::exit::Exit;
use crate::failpoint;
use crate::failure::Failure;
use crate::job::Job;
use crate::ledger::chunks::{self, ChunkRow};
use crate::ledger::run::Run;
use crate::ledger::steps::Done;
use crate::plan::model::TablePlan;
use crate::report::layout::counted;
use crate::report::progress::Progress;
use crate::source::Stop;
use crate::target::Target;
use crate::verify::digest::TableDigest;

/// Memory of all chunks on their way, in KiB: a dozen full chunks, so that no session waits for a reader.
const BUDGET_KIB: u32 = 64 * 1024;

/// Chunks that may wait for each session. Small ones are bound by their number, large ones by the budget.
const WAITING_PER_SESSION: usize = 4;

/// What a copy needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Copy<'a> {
    /// What is copied.
    pub job: &'a Arc<Job>,
    /// The run it belongs to.
    pub run: Run,
    /// How much and how long.
    pub limits: Limits,
    /// Who is told.
    pub progress: &'a Arc<Progress>,
}

/// Whether a table is copied as one chunk, in the transaction that makes it.
pub(super) fn is_small(table: &TablePlan) -> bool {
    // Half of it, since the canonical form of a value is a little longer than the value.
    table.rows <= CHUNK_ROWS_MAX && table.bytes <= CHUNK_BYTES_MAX / 2
}

/// Copies what is not in the target yet, and gives the digests of the source's tables in the plan's order.
pub async fn copy_all(sessions: &[Target], copy: Copy<'_>, done: &Done) -> Result<Vec<TableDigest>, Failure> {
    let plan = &copy.job.plan;
    let first = first_of(sessions)?;
    let known = chunks::load(first, copy.run.id).await?;
    let resumed = !known.is_empty();
    let mut digests: Vec<Option<TableDigest>> = vec![None; plan.tables.len()];
    let mut tasks = Vec::new();
    let compared = if resumed {
        compare_all(copy, known).await?
    } else {
        HashMap::new()
    };
    for (place, table) in plan.tables.iter().enumerate() {
        match compared.get(&place) {
            Some(compared) => {
                digests[place] = Some(compared.digest.clone());
                tasks.extend(compared.task.clone());
            }
            None => tasks.push(Task {
                place,
                extent: Extent::All {
                    whole: is_small(table) && !done.contains_key(&table_object(table)),
                },
                first_number: 0,
            }),
        }
    }
    failpoint::reach("compared")?;
    if resumed && !tasks.is_empty() {
        undo_for_repair(first, copy, done).await?;
    }
    for (place, compared) in &compared {
        if !compared.stale.is_empty() {
            discard_stale(first, copy, *place, &compared.stale).await?;
        }
    }
    let kept = compared.values().map(|table| table.kept_bytes).sum();
    copy.progress
        .begin("copy", Some(plan.stream_bytes().saturating_sub(kept)));
    for (place, digest) in stream(sessions, copy, tasks).await? {
        digests[place] = digests[place].take().or(digest);
    }
    copy.progress.end(&counted(plan.rows(), "row"));
    failpoint::reach("copied")?;
    let digests: Option<Vec<TableDigest>> = digests.into_iter().collect();
    Ok(digests.ok_or(CopyError::Worker)?)
}

fn first_of(sessions: &[Target]) -> Result<&Target, Failure> {
    sessions.first().ok_or_else(|| {
        Failure::new(
            Exit::Bug,
            "no session was opened",
            "Please report this with the command you ran.",
        )
    })
}

/// Compares what the ledger has with the source, table by table.
async fn compare_all(
    copy: Copy<'_>,
    known: HashMap<String, Vec<ChunkRow>>,
) -> Result<HashMap<usize, Compared>, Failure> {
    let (job, progress) = (Arc::clone(copy.job), Arc::clone(copy.progress));
    progress.begin("compare", None);
    let compared = tokio::task::spawn_blocking(move || {
        let tables = job.plan.tables.iter().enumerate();
        let mut order: Vec<usize> = tables
            .filter(|(_, table)| known.contains_key(&table.name))
            .map(|(place, _)| place)
            .collect();
        order.sort_by_key(|place| Reverse(job.plan.tables[*place].bytes));
        let source = job.source();
        let readers = source.readers().len() + 1;
        let compared = source.run_all(&order, readers, |reader, place, _: &Stop| {
            let table = &job.plan.tables[place];
            progress.table(&table.name);
            let of_table = known.get(&table.name).map_or(&[][..], Vec::as_slice);
            let mut tally = crate::report::progress::Tally::new(&progress);
            compare(reader, &job, place, of_table, |bytes| tally.row(bytes))
        })?;
        Ok::<_, CopyError>(order.into_iter().zip(compared).collect::<HashMap<_, _>>())
    });
    let compared = compared.await.map_err(|_| CopyError::Worker)??;
    let kept: u64 = compared.values().map(|table: &Compared| table.kept_rows).sum();
    let stale: usize = compared.values().map(|table| table.stale.len()).sum();
    let changed = match stale {
        0 => String::new(),
        stale => format!(
            "; {} changed since and copied again",
            counted(stale as u64, "chunk")
        ),
    };
    copy.progress
        .end(&format!("{} there already{changed}", counted(kept, "row")));
    Ok(compared)
}

/// Reads on one side and sends on the other until every task is done; digests of tables that were read whole.
async fn stream(
    sessions: &[Target],
    copy: Copy<'_>,
    tasks: Vec<Task>,
) -> Result<Vec<(usize, Option<TableDigest>)>, Failure> {
    let (sender, receiver) = mpsc::channel(WAITING_PER_SESSION * sessions.len());
    let budget = Arc::new(Semaphore::new(BUDGET_KIB as usize));
    let reading = {
        let (job, budget, handle) = (Arc::clone(copy.job), Arc::clone(&budget), Handle::current());
        tokio::task::spawn_blocking(move || {
            read_all(&job, tasks, |mut chunk| {
                chunk.memory = Some(share_of(&handle, &budget, chunk.data.len())?);
                sender.blocking_send(chunk).map_err(|_| CopyError::Stopped)
            })
        })
    };
    let chunks = Arc::new(Mutex::new(receiver));
    let senders = sessions.iter().map(|target| Sender {
        target,
        job: copy.job,
        run: copy.run,
        limits: copy.limits,
        progress: copy.progress,
    });
    let sending = try_join_all(senders.map(|sender| {
        let chunks = Arc::clone(&chunks);
        async move { sender.run(&chunks).await }
    }));
    let sent = sending.await;
    if sent.is_err() {
        // The readers notice that nobody takes their chunks any more.
        chunks.lock().await.close();
        budget.close();
    }
    let read = reading.await.map_err(|_| CopyError::Worker)?;
    match (sent, read) {
        (Ok(_), Ok(read)) => Ok(read),
        (Err(failure), Ok(_) | Err(CopyError::Stopped)) => Err(failure),
        // Whatever ended the reader ended the sessions as well.
        (_, Err(error)) => Err(error.into()),
    }
}

/// The share of the budget for a chunk of so many bytes; waits until it is free.
fn share_of(
    handle: &Handle,
    budget: &Arc<Semaphore>,
    bytes: usize,
) -> Result<tokio::sync::OwnedSemaphorePermit, CopyError> {
    let kib = u32::try_from(bytes.div_ceil(1024))
        .unwrap_or(BUDGET_KIB)
        .clamp(1, BUDGET_KIB);
    let share = handle.block_on(Arc::clone(budget).acquire_many_owned(kib));
    share.map_err(|_| CopyError::Stopped)
}

/// Reads every task on the readers of the source, the largest tables first.
fn read_all(
    job: &Job,
    mut tasks: Vec<Task>,
    hand_on: impl Fn(Chunk) -> Result<(), CopyError> + Sync,
) -> Result<Vec<(usize, Option<TableDigest>)>, CopyError> {
    tasks.sort_by_key(|task| Reverse(job.plan.tables[task.place].bytes));
    let order: Vec<usize> = (0..tasks.len()).collect();
    let source = job.source();
    let readers = source.readers().len() + 1;
    source.run_all(&order, readers, |reader, number, _: &Stop| {
        let task = &tasks[number];
        read_task(reader, job, task, &hand_on).map(|digest| (task.place, digest))
    })
}
