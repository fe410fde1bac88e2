//! What a run copied before, compared with the source as it is now.
//!
//! Every row of the source is read and hashed anew, so that the digest of the table is that of this snapshot whatever
//! was copied from an earlier one. Chunks whose rows are still the same stay; the others are to be copied again.

use std::collections::HashSet;

use outgrow_shared::ce1::{ChunkHasher, Digest, Mode};

use super::CopyError;
use super::chunk::Gathering;
use super::reading::{Extent, Task};
use crate::job::Job;
use crate::ledger::chunks::ChunkRow;
use crate::source::Reader;
use crate::source::scan::SourceRow;
use crate::verify::digest::{TableDigest, compare_keys};
use crate::verify::source_side::{SourceRange, SourceTable};

/// What became of the chunks of one table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Compared {
    /// Digest of the table as the source has it now.
    pub digest: TableDigest,
    /// Chunks whose rows are not the source's any more.
    pub stale: Vec<ChunkRow>,
    /// What is to be copied; nothing if every row is there.
    pub task: Option<Task>,
    /// Rows that are there and stay.
    pub kept_rows: u64,
    /// Bytes that they took in the COPY stream.
    pub kept_bytes: u64,
}

/// Compares the chunks that the ledger has of a table with the source.
pub(super) fn compare(
    reader: &Reader,
    job: &Job,
    place: usize,
    known: &[ChunkRow],
    mut count: impl FnMut(u64),
) -> Result<Compared, CopyError> {
    let plan = &job.plan.tables[place];
    let table = SourceTable::find(&job.catalog, plan).map_err(CopyError::NotInSource)?;
    let first_number = known.iter().map(|chunk| chunk.number + 1).max().unwrap_or(0);
    let done = |extent, kept: &[&ChunkRow], stale: Vec<ChunkRow>, digest| Compared {
        digest,
        stale,
        task: Option::map(extent, |extent| Task {
            place,
            first_number: if matches!(extent, Extent::Ranges(_)) {
                first_number
            } else {
                0
            },
            extent,
        }),
        kept_rows: kept.iter().map(|chunk| chunk.rows).sum(),
        kept_bytes: kept.iter().map(|chunk| chunk.bytes).sum(),
    };
    match plan.mode {
        Mode::Keyed => {
            let mut ranges = Ranges::new(known);
            let digest = table.digest_leaves::<CopyError>(reader, |row, leaf, bytes| {
                count(bytes);
                ranges.row(&table, row, leaf);
                Ok(())
            })?;
            let missing = ranges.missing;
            let (kept, stale) = ranges.finish();
            let is_whole = stale.is_empty() && missing == 0;
            let extent = (!is_whole).then(|| Extent::Ranges(gaps(&kept)));
            Ok(done(extent, &kept, stale, digest))
        }
        Mode::Bucket => {
            let mut sequence = Sequence::new(known);
            let digest = table.digest_leaves::<CopyError>(reader, |_, leaf, bytes| {
                count(bytes);
                sequence.row(leaf, bytes);
                Ok(())
            })?;
            match sequence.finish() {
                Some(missing) => {
                    let there: HashSet<i64> = known.iter().map(|chunk| chunk.number).collect();
                    let extent = (missing > 0).then_some(Extent::AllBut(there));
                    Ok(done(
                        extent,
                        &known.iter().collect::<Vec<_>>(),
                        Vec::new(),
                        digest,
                    ))
                }
                // Without a key the rows of one chunk cannot be told from the others on the target.
                None => {
                    let extent = Extent::AllBut(HashSet::new());
                    Ok(done(Some(extent), &[], known.to_vec(), digest))
                }
            }
        }
    }
}

/// Chunks of a table with a key, met in the order of their ranges.
struct Ranges<'a> {
    known: Vec<&'a ChunkRow>,
    /// Position of the chunk at which the scan is.
    at: usize,
    leaves: Vec<Digest>,
    /// Rows of the current chunk, also those beyond what it had.
    rows: u64,
    /// Rows that lie in no chunk.
    missing: u64,
    stale: Vec<usize>,
}

impl<'a> Ranges<'a> {
    fn new(known: &'a [ChunkRow]) -> Self {
        let mut known: Vec<&ChunkRow> = known.iter().collect();
        known.sort_by(|a, b| match (&a.after, &b.after) {
            (Some(a), Some(b)) => compare_keys(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        });
        Self {
            known,
            at: 0,
            leaves: Vec::new(),
            rows: 0,
            missing: 0,
            stale: Vec::new(),
        }
    }

    fn row(&mut self, table: &SourceTable<'_>, row: &SourceRow<'_>, leaf: Digest) {
        while let Some(chunk) = self.known.get(self.at) {
            let beyond = chunk
                .until
                .as_ref()
                .is_some_and(|until| table.compare_key(row, until).is_gt());
            if !beyond {
                break;
            }
            self.close();
        }
        let chunk = self.known.get(self.at).copied();
        let within = |chunk: &&ChunkRow| {
            let after = chunk.after.as_ref();
            after.is_none_or(|after| table.compare_key(row, after).is_gt())
        };
        let Some(chunk) = chunk.filter(within) else {
            self.missing += 1;
            return;
        };
        self.rows += 1;
        if self.rows <= chunk.rows {
            self.leaves.push(leaf);
        }
    }

    /// Ends the chunk at which the scan is.
    fn close(&mut self) {
        let chunk = self.known[self.at];
        if self.rows != chunk.rows || ChunkHasher::of(&self.leaves) != chunk.digest {
            self.stale.push(self.at);
        }
        self.leaves.clear();
        self.rows = 0;
        self.at += 1;
    }

    /// The chunks that stay, in the order of their ranges, and those that do not.
    fn finish(mut self) -> (Vec<&'a ChunkRow>, Vec<ChunkRow>) {
        while self.at < self.known.len() {
            self.close();
        }
        let stale: HashSet<usize> = self.stale.iter().copied().collect();
        let kept = self
            .known
            .iter()
            .enumerate()
            .filter(|(at, _)| !stale.contains(at));
        let kept = kept.map(|(_, chunk)| *chunk).collect();
        (
            kept,
            self.stale.iter().map(|at| self.known[*at].clone()).collect(),
        )
    }
}

/// The ranges of keys between the chunks that stay.
fn gaps(kept: &[&ChunkRow]) -> Vec<SourceRange> {
    let mut gaps = Vec::new();
    // Where the last chunk ended; none at the begin of the table.
    let mut end = None;
    for chunk in kept {
        if chunk.after != end {
            gaps.push((end, chunk.after.clone()));
        }
        match &chunk.until {
            Some(until) => end = Some(until.clone()),
            // Nothing lies beyond a chunk without an end.
            None => return gaps,
        }
    }
    gaps.push((end, None));
    gaps
}

/// Chunks of a table without a usable key, met in the order of reading.
struct Sequence<'a> {
    known: &'a [ChunkRow],
    gathering: Gathering,
    number: i64,
    missing: u64,
    met: usize,
    differs: bool,
}

impl<'a> Sequence<'a> {
    fn new(known: &'a [ChunkRow]) -> Self {
        Self {
            known,
            gathering: Gathering::default(),
            number: 0,
            missing: 0,
            met: 0,
            differs: false,
        }
    }

    fn row(&mut self, leaf: Digest, canonical_bytes: u64) {
        self.gathering.row(leaf, canonical_bytes);
        // A table that was copied whole is one chunk, however large.
        let is_whole = self.known.len() == 1 && self.known[0].number == 0;
        if self.gathering.is_full() && !(is_whole && self.gathering.rows() < self.known[0].rows) {
            self.close();
        }
    }

    fn close(&mut self) {
        let (rows, digest) = self.gathering.discard();
        match self.known.iter().find(|chunk| chunk.number == self.number) {
            Some(chunk) => {
                self.met += 1;
                self.differs |= chunk.rows != rows || chunk.digest != digest;
            }
            None => self.missing += rows,
        }
        self.number += 1;
    }

    /// Rows that are not there yet; nothing if what is there is not the source's any more.
    fn finish(mut self) -> Option<u64> {
        if !self.gathering.is_empty() {
            self.close();
        }
        // A table without rows has the chunk that it was made along with.
        let is_empty = self.known.iter().all(|chunk| chunk.rows == 0);
        let all_met = self.met == self.known.len() || (is_empty && self.number == 0);
        (all_met && !self.differs).then_some(self.missing)
    }
}
