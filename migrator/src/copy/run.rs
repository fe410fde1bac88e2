//! The copy of one table of an application: a thread reads, hashes and encodes; the session sends.
//!
//! Memory is bounded by the queue between them: a few buffers of a mebibyte, and one row if it is larger.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::SinkExt;
use tokio::sync::mpsc;

use uuid::Uuid;

use super::ddl::qualified;
use super::encode::{HEADER, TRAILER};
use super::error::CopyError;
use super::merge::{NotMet, Present};
use super::quarantine::{self, Gathered, RowSetAside};
use super::row::{RowEncoder, sent};
use crate::census::row_key;
use crate::job::Job;
use crate::plan::existing::seeds::SeedPolicy;
use crate::plan::model::{Plan, Seeds, TablePlan};
use crate::quote::quote_ident;
use crate::report::progress::Progress;
use crate::source::SourceError;
use crate::source::scan::Scan;
use crate::target::{Target, TargetError, TargetFault};
use crate::verify::digest::TableDigest;
use crate::verify::source_side::SourceTable;

/// A buffer is handed on when it is this full: large enough for the socket, small enough to overlap.
const BUFFER_BYTES: usize = 1024 * 1024;
/// Buffers that may wait for the session.
const BUFFERS_WAITING: usize = 4;

/// Copies one table and returns the digest of what was read.
pub async fn copy_table(
    target: &Target,
    job: &Arc<Job>,
    place: usize,
    run: Uuid,
    progress: &Arc<Progress>,
) -> Result<TableDigest, CopyError> {
    let table = &job.plan.tables[place];
    progress.table(&table.name);
    let present = match table.seeds {
        Some(Seeds {
            policy: SeedPolicy::MergeIdentical,
            ..
        }) => {
            let present = Present::load(target, &job.plan.choices.schema, table).await;
            Some(present.map_err(|cause| CopyError::Present {
                table: table.name.clone(),
                cause: Box::new(cause),
            })?)
        }
        _ => None,
    };
    let read = match stream(target, job, place, present, progress).await? {
        Ok(read) => read,
        Err(cause) => return Err(refused(job, place, cause).await),
    };
    if read.taken != read.sent {
        return Err(CopyError::Count {
            table: table.name.clone(),
            sent: read.sent,
            taken: read.taken,
        });
    }
    let written = quarantine::write(target, run, table, &read.set_aside).await;
    written.map_err(|cause| CopyError::Target {
        table: table.name.clone(),
        cause,
    })?;
    Ok(read.digest)
}

/// What came of reading and sending one table.
struct Read {
    digest: TableDigest,
    set_aside: Vec<RowSetAside>,
    /// Rows handed to the session.
    sent: u64,
    /// Rows the server counted.
    taken: u64,
}

/// Reads, hashes and sends one table; what the server refuses is the inner error.
async fn stream(
    target: &Target,
    job: &Arc<Job>,
    place: usize,
    present: Option<Present>,
    progress: &Arc<Progress>,
) -> Result<Result<Read, TargetError>, CopyError> {
    let (sender, mut receiver) = mpsc::channel(BUFFERS_WAITING);
    let statement = copy_statement(&job.plan, &job.plan.tables[place], Freeze::No);
    let sink = match target.client().copy_in::<_, Bytes>(&statement).await {
        Ok(sink) => sink,
        Err(error) => return Ok(Err(target.fault(&error))),
    };
    let mut sink = std::pin::pin!(sink);
    let reader = {
        let (job, progress) = (Arc::clone(job), Arc::clone(progress));
        tokio::task::spawn_blocking(move || read_table(&job, place, present, &sender, &progress))
    };
    let mut refused = None;
    while let Some(buffer) = receiver.recv().await {
        if let Err(error) = send(&mut sink, buffer).await {
            refused = Some(error);
            break;
        }
    }
    // The reader notices that nobody takes its buffers any more.
    drop(receiver);
    let read = reader.await.map_err(|_| CopyError::Worker)?;
    if let Some(error) = refused {
        return Ok(Err(target.fault(&error)));
    }
    // Without finish() the COPY is aborted when the sink is dropped.
    let mut read = read?;
    match sink.as_mut().finish().await {
        Ok(taken) => read.taken = taken,
        Err(error) => return Ok(Err(target.fault(&error))),
    }
    Ok(Ok(read))
}

/// The server's refusal of a COPY. Where the tables are the application's, it is mostly about one row, which is
/// named then.
async fn refused(job: &Arc<Job>, place: usize, cause: TargetError) -> CopyError {
    let table = job.plan.tables[place].name.clone();
    if !cause.fault.is_about_the_object() {
        return CopyError::Target { table, cause };
    }
    let line = match &cause.fault {
        TargetFault::Sql(fault) => fault.copy_line(),
        _ => None,
    };
    let merges =
        matches!(job.plan.tables[place].seeds, Some(seeds) if seeds.policy == SeedPolicy::MergeIdentical);
    let row = match line.filter(|_| !merges) {
        Some(line) => {
            let job = Arc::clone(job);
            let find = tokio::task::spawn_blocking(move || row_at(&job, place, line));
            find.await.ok().flatten()
        }
        None => None,
    };
    let row = row.map_or_else(|| "a row".to_owned(), |row| format!("the row {row}"));
    CopyError::Refused {
        table,
        row,
        cause: Box::new(cause),
    }
}

/// The key of the row that was sent as this one, counted from 1.
fn row_at(job: &Job, place: usize, line: u64) -> Option<String> {
    /// What ends the scan: the key that was looked for, or a fault.
    struct Found(Option<String>);
    impl From<SourceError> for Found {
        fn from(_: SourceError) -> Self {
            Self(None)
        }
    }
    let table = SourceTable::find(&job.catalog, &job.plan.tables[place]).ok()?;
    let mut at = 0;
    let scan = Scan {
        with_rowid: true,
        ..table.scan()
    };
    let ended = scan.run::<Found>(&job.source(), |row| {
        at += 1;
        if at == line {
            return Err(Found(Some(row_key(table.table, &table.columns, row))));
        }
        Ok(())
    });
    ended.err().and_then(|found| found.0)
}

/// The COPY of a table.
pub(super) fn copy_statement(plan: &Plan, table: &TablePlan, freeze: Freeze) -> String {
    let freeze = match freeze {
        Freeze::Made => ", FREEZE",
        Freeze::No => "",
    };
    let columns: Vec<String> = sent(table).map(|(_, c)| quote_ident(&c.target_name)).collect();
    format!(
        "COPY {} ({}) FROM STDIN (FORMAT binary{freeze})",
        qualified(plan, table),
        columns.join(", "),
    )
}

/// Whether rows are frozen as they come, which spares a later vacuum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freeze {
    /// They are: the table was made in the same transaction.
    Made,
    /// They are not.
    No,
}

/// Sends a buffer in pieces, so that the client never doubles a large row.
pub(super) async fn send<S>(sink: &mut S, mut buffer: Bytes) -> Result<(), tokio_postgres::Error>
where
    S: futures_util::Sink<Bytes, Error = tokio_postgres::Error> + Unpin,
{
    while buffer.len() > BUFFER_BYTES {
        sink.feed(buffer.split_to(BUFFER_BYTES)).await?;
    }
    sink.feed(buffer).await
}

fn read_table(
    job: &Job,
    place: usize,
    mut present: Option<Present>,
    sender: &mpsc::Sender<Bytes>,
    progress: &Progress,
) -> Result<Read, CopyError> {
    let plan = &job.plan.tables[place];
    let table = SourceTable::find(&job.catalog, plan).map_err(CopyError::NotInSource)?;
    let mut encoder = RowEncoder::new(plan);
    let mut set_aside = plan.sets_aside().then(Gathered::default);
    let mut buffer = HEADER.to_vec();
    let (mut rows, mut rows_sent) = (0, 0);
    let digest = table.digest::<CopyError>(&job.source(), |row| {
        if let Some(gathered) = &mut set_aside {
            let gathered = gathered.row(plan, table.table, &table.columns, row);
            gathered.map_err(|cause| CopyError::Quarantine {
                table: plan.name.clone(),
                cause,
            })?;
        }
        if present.as_mut().is_some_and(|present| present.meets(plan, row)) {
            return Ok(());
        }
        encoder.encode(row, &mut buffer)?;
        rows += 1;
        rows_sent += 1;
        if buffer.len() >= BUFFER_BYTES {
            progress.add(std::mem::take(&mut rows), buffer.len() as u64);
            hand_on(
                sender,
                std::mem::replace(&mut buffer, Vec::with_capacity(BUFFER_BYTES + BUFFER_BYTES / 4)),
            )?;
        }
        Ok(())
    })?;
    buffer.extend_from_slice(&TRAILER);
    progress.add(rows, buffer.len() as u64);
    hand_on(sender, buffer)?;
    if let Some(NotMet { rows, samples }) = present.and_then(Present::finish) {
        return Err(CopyError::NotInSourceAsTheyAre {
            table: plan.name.clone(),
            rows,
            samples,
        });
    }
    Ok(Read {
        digest,
        set_aside: set_aside.as_mut().map(Gathered::take).unwrap_or_default(),
        sent: rows_sent,
        taken: 0,
    })
}

fn hand_on(sender: &mpsc::Sender<Bytes>, buffer: Vec<u8>) -> Result<(), CopyError> {
    sender
        .blocking_send(Bytes::from(buffer))
        .map_err(|_| CopyError::Stopped)
}
