//! The sending half of the copy: one session of several, chunks into the target and into the ledger.
//!
//! A transaction carries whole chunks and their ledger rows, and begins by holding the run: what it commits is there
//! with the word that it is there, or not at all. One COPY takes all chunks of a table that follow each other.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt;
use tokio::sync::{Mutex, mpsc};
use tokio_postgres::CopyInSink;

use super::chunk::Chunk;
use super::ddl::{self, table_object};
use super::encode::{HEADER, TRAILER};
use super::run::{Freeze, copy_statement, send};
use super::{CopyError, quarantine};
use crate::failpoint;
use crate::failure::Failure;
use crate::job::Job;
use crate::ledger::chunks::{self, ChunkRow};
use crate::ledger::run::{Run, begin_fenced};
use crate::ledger::steps::{self, Made};
use crate::report::progress::Progress;
use crate::target::{Target, TargetError};

/// Where the sessions take their chunks from.
pub(super) type Chunks = Arc<Mutex<mpsc::Receiver<Chunk>>>;

/// How much and how long.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the COPY stream after which a transaction ends: what is copied again at most, by each session.
    pub transaction_bytes: u64,
    /// How long the server may take nothing of a COPY before the session is given up.
    pub stall: Duration,
}

/// One session that takes chunks until there are no more.
pub(super) struct Sender<'a> {
    pub target: &'a Target,
    pub job: &'a Job,
    pub run: Run,
    pub limits: Limits,
    pub progress: &'a Progress,
}

/// A transaction under way.
#[derive(Default)]
struct Open {
    copying: Option<Copying>,
    chunks: Vec<(String, ChunkRow)>,
    bytes: u64,
}

/// A COPY under way.
struct Copying {
    place: usize,
    sink: Pin<Box<CopyInSink<Bytes>>>,
    rows: u64,
}

impl Sender<'_> {
    /// Takes chunks until there are no more.
    pub async fn run(&self, chunks: &Chunks) -> Result<(), Failure> {
        let mut open: Option<Open> = None;
        loop {
            let next = chunks.lock().await.recv().await;
            let Some(chunk) = next else { break };
            let transaction = match &mut open {
                Some(transaction) => transaction,
                none => {
                    begin_fenced(self.target, self.run).await?;
                    failpoint::reach("copy-begun")?;
                    none.insert(Open::default())
                }
            };
            self.take(transaction, chunk).await?;
            if transaction.bytes >= self.limits.transaction_bytes
                && let Some(full) = open.take()
            {
                self.commit(full).await?;
            }
        }
        match open {
            Some(last) => self.commit(last).await,
            None => Ok(()),
        }
    }

    async fn take(&self, open: &mut Open, chunk: Chunk) -> Result<(), Failure> {
        let plan = &self.job.plan;
        let table = &plan.tables[chunk.place];
        if open
            .copying
            .as_ref()
            .is_none_or(|copying| copying.place != chunk.place)
        {
            self.end_copy(open).await?;
            let freeze = if chunk.whole {
                self.make_table(chunk.place).await?;
                Freeze::Made
            } else {
                Freeze::No
            };
            open.copying = Some(self.begin_copy(chunk.place, freeze).await?);
            self.progress.table(&table.name);
        }
        if let Some(copying) = &mut open.copying {
            let sending = send(&mut copying.sink, chunk.data.clone());
            self.timely(chunk.place, sending).await?;
            failpoint::reach("chunk-sent")?;
            copying.rows += chunk.row.rows;
        }
        self.progress.add(chunk.row.rows, chunk.row.bytes);
        if !chunk.set_aside.is_empty() {
            // Nothing else can be sent before a COPY has ended.
            self.end_copy(open).await?;
            quarantine::write(self.target, self.run.id, table, &chunk.set_aside).await?;
            failpoint::reach("quarantine-written")?;
        }
        open.bytes += chunk.row.bytes;
        open.chunks.push((table.name.clone(), chunk.row));
        Ok(())
    }

    async fn make_table(&self, place: usize) -> Result<(), Failure> {
        let plan = &self.job.plan;
        make_table(self.target, self.run, plan, place).await
    }

    async fn begin_copy(&self, place: usize, freeze: Freeze) -> Result<Copying, Failure> {
        let plan = &self.job.plan;
        let statement = copy_statement(plan, &plan.tables[place], freeze);
        let sink = self.target.client().copy_in::<_, Bytes>(&statement).await;
        let sink = sink.map_err(|error| self.fault(place, self.target.fault(&error)))?;
        let mut sink = Box::pin(sink);
        self.timely(place, sink.feed(Bytes::from_static(HEADER))).await?;
        failpoint::reach("copy-opened")?;
        Ok(Copying { place, sink, rows: 0 })
    }

    async fn end_copy(&self, open: &mut Open) -> Result<(), Failure> {
        let Some(mut copying) = open.copying.take() else {
            return Ok(());
        };
        let trailer = Bytes::copy_from_slice(&TRAILER);
        self.timely(copying.place, copying.sink.feed(trailer)).await?;
        let taken = self.timely(copying.place, copying.sink.as_mut().finish()).await?;
        failpoint::reach("copy-closed")?;
        if taken != copying.rows {
            return Err(CopyError::Count {
                table: self.job.plan.tables[copying.place].name.clone(),
                sent: copying.rows,
                taken,
            }
            .into());
        }
        Ok(())
    }

    async fn commit(&self, mut open: Open) -> Result<(), Failure> {
        self.end_copy(&mut open).await?;
        failpoint::reach("chunks-before-record")?;
        chunks::insert(self.target, self.run, &open.chunks).await?;
        failpoint::reach("chunks-recorded")?;
        self.target.batch("COMMIT").await?;
        failpoint::reach("chunks-committed")?;
        Ok(())
    }

    /// Waits for the server to take something, but not for ever.
    async fn timely<T>(
        &self,
        place: usize,
        sending: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Failure> {
        let error = match tokio::time::timeout(self.limits.stall, sending).await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) => self.target.fault(&error),
            Err(_) => self.target.silent_for(self.limits.stall),
        };
        Err(self.fault(place, error))
    }

    fn fault(&self, place: usize, cause: TargetError) -> Failure {
        let table = self.job.plan.tables[place].name.clone();
        CopyError::Target { table, cause }.into()
    }
}

/// Makes a table and writes the step down.
pub(super) async fn make_table(
    target: &Target,
    run: Run,
    plan: &crate::plan::model::Plan,
    place: usize,
) -> Result<(), Failure> {
    let table = &plan.tables[place];
    ddl::create_table(target, plan, table).await?;
    let made = Made::Relation(&plan.choices.schema, &table.target_name);
    steps::record(target, run, &table_object(table), &table.create, made).await?;
    failpoint::reach("table-made")?;
    Ok(())
}
