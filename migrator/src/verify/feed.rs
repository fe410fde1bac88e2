//! The source's side of a verification: its digests, known from the copy or read anew, and the parts of the target
//! that they give.
//!
//! It runs on threads of its own, one for each reader of the source. A part goes out as soon as the source's chunks
//! in it are known, so that the target is read at the same time; it waits where the sessions do not keep up.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use outgrow_shared::ce1::Mode;
use tokio::sync::{mpsc, oneshot};

use super::digest::{BucketDigester, Chunk, SortError, TableDigest};
use super::error::VerifyError;
use super::gathering::Gathering;
use super::parts::{Bounds, Cut, Cutter, Part, Spread};
use super::source_side::{SourceSideError, SourceTable};
use crate::job::Job;
use crate::plan::model::TablePlan;
use crate::source::Reader;

/// Rows above which the sort of a table in buckets is a large one, that goes to disk at last and takes 64 MiB on
/// each side. Large ones are read one after another; the others take 8 MiB at the most.
pub(super) const LARGE_SORT_ROWS: u64 = 256 * 1024;

/// Whether a table takes its turn with others for the memory of its sort.
pub(super) fn takes_turn(table: &TablePlan) -> bool {
    table.mode == Mode::Bucket && table.rows > LARGE_SORT_ROWS
}

/// The digester of a table in buckets, with the memory that it may take.
pub(super) fn buckets_of(table: &TablePlan) -> BucketDigester {
    if takes_turn(table) {
        BucketDigester::default()
    } else {
        BucketDigester::with_run(usize::try_from(LARGE_SORT_ROWS).unwrap_or(usize::MAX))
    }
}

/// Gives parts to the sessions, and the source's digests to the gathering.
#[derive(Debug)]
pub(super) struct Feed {
    pub job: Arc<Job>,
    /// How finely tables are cut.
    pub spread: Spread,
    /// Sessions that read the target.
    pub sessions: usize,
    /// Places of tables that are read in one piece.
    pub whole: BTreeSet<usize>,
    pub parts: mpsc::Sender<Part>,
    pub gathering: Arc<Gathering>,
}

/// What ends the feed early.
#[derive(Debug)]
pub(super) enum FeedEnd {
    /// Nobody takes parts any more, because a session failed.
    NotTaken,
    /// The source failed.
    Failed(VerifyError),
}

impl From<SourceSideError> for FeedEnd {
    fn from(error: SourceSideError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<SortError> for FeedEnd {
    fn from(error: SortError) -> Self {
        SourceSideError::from(error).into()
    }
}

impl Feed {
    /// Feeds all tables, the largest first. `known` are the digests of the first tables of the plan.
    pub fn run(self, known: Vec<TableDigest>) -> Result<(), FeedEnd> {
        let tables = &self.job.plan.tables;
        let mut unread: Vec<usize> = (known.len()..tables.len()).collect();
        // Whatever is read last should be short, or all but one session wait for it.
        unread.sort_by_key(|place| std::cmp::Reverse(tables[*place].stream_bytes()));
        let mut known: Vec<(usize, TableDigest)> = known.into_iter().take(tables.len()).enumerate().collect();
        known.sort_by_key(|(place, _)| std::cmp::Reverse(tables[*place].stream_bytes()));
        for (place, digest) in known {
            self.known(place, digest)?;
        }
        if unread.is_empty() {
            return Ok(());
        }
        let turn = Mutex::new(());
        let source = self.job.source();
        source.run_all(&unread, self.sessions, |reader, place, _| {
            self.read(reader, place, &turn)
        })?;
        Ok(())
    }

    fn known(&self, place: usize, digest: TableDigest) -> Result<(), FeedEnd> {
        let table = &self.job.plan.tables[place];
        let parts = if table.mode == Mode::Bucket {
            let rows = self.send_buckets(place)?;
            // Nobody waits for it if the sessions have failed, which they tell themselves.
            let _ = rows.send(digest.root.rows);
            1
        } else {
            let mut keyed = KeyedParts::new(self, place, self.sessions);
            for chunk in &digest.chunks {
                keyed.chunk(chunk)?;
            }
            keyed.finish()?
        };
        self.gathering.source(place, digest, parts);
        Ok(())
    }

    fn read(&self, reader: &Reader, place: usize, turn: &Mutex<()>) -> Result<(), FeedEnd> {
        let plan = &self.job.plan.tables[place];
        let table = SourceTable::find(&self.job.catalog, plan)
            .map_err(|missing| FeedEnd::Failed(VerifyError::SourceChanged(missing)))?;
        let _turn: Option<MutexGuard<'_, ()>> =
            takes_turn(plan).then(|| turn.lock().unwrap_or_else(PoisonError::into_inner));
        let (digest, parts) = if plan.mode == Mode::Bucket {
            (self.read_buckets(reader, place, &table)?, 1)
        } else {
            // The source itself is one more that is at work on the table: even one session begins before it ends.
            let mut keyed = KeyedParts::new(self, place, self.sessions + 1);
            let digest = table.digest_chunks(reader, |chunk| keyed.chunk(chunk), |_| self.check_taken())?;
            (digest, keyed.finish()?)
        };
        self.gathering.source(place, digest, parts);
        Ok(())
    }

    /// The session begins at the same time: how many rows there are it has to know only at its end.
    fn read_buckets(
        &self,
        reader: &Reader,
        place: usize,
        table: &SourceTable<'_>,
    ) -> Result<TableDigest, FeedEnd> {
        let rows = self.send_buckets(place)?;
        let mut buckets = buckets_of(&self.job.plan.tables[place]);
        table.hash_rows::<FeedEnd>(reader, |_, leaf, _| {
            buckets.row(leaf)?;
            self.check_taken()
        })?;
        let count = buckets.rows();
        let _ = rows.send(count);
        Ok(buckets.finish(count)?)
    }

    fn send_buckets(&self, place: usize) -> Result<oneshot::Sender<u64>, FeedEnd> {
        let (sender, rows) = oneshot::channel();
        self.send(place, 0, Cut::Buckets(rows))?;
        Ok(sender)
    }

    fn send(&self, place: usize, number: usize, cut: Cut) -> Result<(), FeedEnd> {
        let part = Part { place, number, cut };
        self.parts.blocking_send(part).map_err(|_| FeedEnd::NotTaken)
    }

    fn check_taken(&self) -> Result<(), FeedEnd> {
        if self.parts.is_closed() {
            Err(FeedEnd::NotTaken)
        } else {
            Ok(())
        }
    }
}

/// The parts of a table in key order, as its chunks come.
struct KeyedParts<'a> {
    feed: &'a Feed,
    place: usize,
    cutter: Cutter,
    sent: usize,
}

impl<'a> KeyedParts<'a> {
    fn new(feed: &'a Feed, place: usize, side_by_side: usize) -> Self {
        let table = &feed.job.plan.tables[place];
        // What was set aside is put back once, by whoever meets its row: that must be one session.
        let cutter = if feed.whole.contains(&place) || table.sets_aside() {
            Cutter::whole()
        } else {
            Cutter::new(table, feed.spread, side_by_side)
        };
        Self {
            feed,
            place,
            cutter,
            sent: 0,
        }
    }

    fn chunk(&mut self, chunk: &Chunk) -> Result<(), FeedEnd> {
        match self.cutter.push(chunk.clone()) {
            Some(bounds) => self.send(bounds),
            None => Ok(()),
        }
    }

    fn send(&mut self, bounds: Bounds) -> Result<(), FeedEnd> {
        self.feed.send(self.place, self.sent, Cut::Keyed(bounds))?;
        self.sent += 1;
        Ok(())
    }

    /// Sends the last part; how many there were.
    fn finish(mut self) -> Result<usize, FeedEnd> {
        let cutter = std::mem::replace(&mut self.cutter, Cutter::whole());
        self.send(cutter.finish())?;
        Ok(self.sent)
    }
}
