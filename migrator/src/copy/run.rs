//! The copy of one table: a thread reads, hashes and encodes; the session sends.
//!
//! Memory is bounded by the queue between them: a few buffers of a mebibyte, and one row if it is larger.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::SinkExt;
use tokio::sync::mpsc;

use uuid::Uuid;

use super::encode::{HEADER, TRAILER, Unencodable, encode_field};
use super::quarantine::{self, Gathered, RowSetAside, TooLarge};
use super::transaction::leave_out;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::Job;
use crate::plan::mapping::Scratch;
use crate::quote::quote_ident;
use crate::report::progress::Progress;
use crate::target::{Target, TargetError};
use crate::verify::digest::TableDigest;
use crate::verify::source_side::{SourceSideError, SourceTable};

/// A buffer is handed on when it is this full: large enough for the socket, small enough to overlap.
const BUFFER_BYTES: usize = 1024 * 1024;
/// Buffers that may wait for the session.
const BUFFERS_WAITING: usize = 4;

/// What ends a copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceSideError),
    /// The target refused, failed or went away.
    #[error("copying table {table} failed")]
    Target {
        /// Which table.
        table: String,
        /// Why.
        #[source]
        cause: TargetError,
    },
    /// A value does not fit what the census saw.
    #[error("table {table}, column {column}: {cause}")]
    Value {
        /// Which table.
        table: String,
        /// Which column.
        column: String,
        /// Why.
        cause: Unencodable,
    },
    /// More is set aside than the quarantine holds.
    #[error("table {table}: {cause}")]
    Quarantine {
        /// Which table.
        table: String,
        /// How much.
        cause: TooLarge,
    },
    /// Both sides count other rows.
    #[error("table {table}: {sent} rows were sent, Postgres took {taken}")]
    Count {
        /// Which table.
        table: String,
        /// Rows read from the source.
        sent: u64,
        /// Rows Postgres reports.
        taken: u64,
    },
    /// The plan speaks of what the source does not have.
    #[error("the source has no {0}")]
    NotInSource(String),
    /// The reader has nobody to read for; told only inside.
    #[error("the session stopped taking rows")]
    Stopped,
    /// A worker thread of outgrow ended by a panic.
    #[error("a worker ended unexpectedly")]
    Worker,
}

impl From<CopyError> for Failure {
    fn from(error: CopyError) -> Self {
        let what = error.to_string();
        let report = "Nothing was kept. Please report this with the command you ran.";
        match error {
            CopyError::Source(SourceSideError::Source(source)) => source.into(),
            CopyError::Source(SourceSideError::Sort(sort)) => Self::new(
                Exit::Usage,
                what,
                "Free space in the temporary folder (TMPDIR), then run again.",
            )
            .because(sort),
            CopyError::Target { table, cause } => {
                let too_large = cause.fault.is_beyond_a_limit();
                let failure = Self::from(cause);
                let place = format!("table {table}, {}", failure.place);
                let failure = failure.at(place.trim_end_matches(", "));
                if too_large {
                    leave_out(failure, &format!("table:{table}"))
                } else {
                    failure
                }
            }
            CopyError::Quarantine { .. } => Self::new(
                Exit::PlanBlocked,
                what,
                "Nothing was kept. Choose text, bytea or null for the columns that have most of them.",
            ),
            _ => Self::new(Exit::Bug, what, report),
        }
    }
}

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
    let fault = |error: &tokio_postgres::Error| CopyError::Target {
        table: table.name.clone(),
        cause: target.fault(error),
    };
    let (sender, mut receiver) = mpsc::channel(BUFFERS_WAITING);
    let statement = copy_statement(job, place);
    let sink = target
        .client()
        .copy_in::<_, Bytes>(&statement)
        .await
        .map_err(|error| fault(&error))?;
    let mut sink = std::pin::pin!(sink);
    let reader = {
        let (job, progress) = (Arc::clone(job), Arc::clone(progress));
        tokio::task::spawn_blocking(move || read_table(&job, place, &sender, &progress))
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
        return Err(fault(&error));
    }
    // Without finish() the COPY is aborted when the sink is dropped.
    let (digest, set_aside) = read?;
    let taken = sink.as_mut().finish().await.map_err(|error| fault(&error))?;
    if taken != digest.root.rows {
        return Err(CopyError::Count {
            table: table.name.clone(),
            sent: digest.root.rows,
            taken,
        });
    }
    let written = quarantine::write(target, run, table, &set_aside).await;
    written.map_err(|cause| CopyError::Target {
        table: table.name.clone(),
        cause,
    })?;
    Ok(digest)
}

/// FREEZE is allowed because the table was made in the same transaction; it spares a later vacuum.
fn copy_statement(job: &Job, place: usize) -> String {
    let table = &job.plan.tables[place];
    let columns: Vec<String> = table
        .columns
        .iter()
        .filter(|c| c.generated.is_none())
        .map(|c| quote_ident(&c.target_name))
        .collect();
    format!(
        "COPY {}.{} ({}) FROM STDIN (FORMAT binary, FREEZE)",
        quote_ident(&job.plan.choices.schema),
        quote_ident(&table.target_name),
        columns.join(", "),
    )
}

/// Sends a buffer in pieces, so that the client never doubles a large row.
async fn send<S>(sink: &mut S, mut buffer: Bytes) -> Result<(), tokio_postgres::Error>
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
    sender: &mpsc::Sender<Bytes>,
    progress: &Progress,
) -> Result<(TableDigest, Vec<RowSetAside>), CopyError> {
    let plan = &job.plan.tables[place];
    let table = SourceTable::find(&job.catalog, plan).map_err(CopyError::NotInSource)?;
    // Postgres has no table of more than 1600 columns.
    let sent = || {
        plan.columns
            .iter()
            .enumerate()
            .filter(|(_, c)| c.generated.is_none())
    };
    let count = i16::try_from(sent().count()).unwrap_or(i16::MAX).to_be_bytes();
    let mut set_aside = plan.sets_aside().then(Gathered::default);
    let mut scratch = Scratch::default();
    let mut buffer = HEADER.to_vec();
    let mut rows = 0;
    let digest = table.digest::<CopyError>(&job.source(), |row| {
        if let Some(gathered) = &mut set_aside {
            let gathered = gathered.row(plan, table.table, &table.columns, row);
            gathered.map_err(|cause| CopyError::Quarantine {
                table: plan.name.clone(),
                cause,
            })?;
        }
        buffer.extend_from_slice(&count);
        for (column, plan_column) in sent() {
            let value = plan_column.treat(row.value(column), &mut scratch).sent();
            encode_field(plan_column.mapping, &value, &mut buffer).map_err(|cause| CopyError::Value {
                table: plan.name.clone(),
                column: plan_column.name.clone(),
                cause,
            })?;
        }
        rows += 1;
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
    Ok((digest, set_aside.map(Gathered::finish).unwrap_or_default()))
}

fn hand_on(sender: &mpsc::Sender<Bytes>, buffer: Vec<u8>) -> Result<(), CopyError> {
    sender
        .blocking_send(Bytes::from(buffer))
        .map_err(|_| CopyError::Stopped)
}
