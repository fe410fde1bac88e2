//! Parts of a table: what one session reads in one go.
//!
//! A part is a run of the source's chunks, bounded by their last keys, so that the parts of a table hold every row of
//! the target once: the first reaches down to the least key there is, the last up to the greatest. It is pure; who
//! reads a part, and when, is decided elsewhere.

use outgrow_shared::ce1::{CHUNK_BYTES_MAX, CHUNK_ROWS_MAX};
use outgrow_shared::value::OwnedValue;
use tokio::sync::oneshot;

use super::digest::Chunk;
use crate::plan::model::TablePlan;

/// Parts that a large table comes in for each session: enough that all sessions end at about the same time. Where
/// no index has the order of the chunks every part costs a scan of the table, so there are few.
const PARTS_PER_SESSION: usize = 4;

/// Chunks of a part at the least, some 65,000 rows or 64 MiB: less is read in less time than a session needs to ask.
const CHUNKS_MIN: usize = 16;

/// How finely tables are spread over sessions.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    /// Parts of one table for each session, at the most.
    pub parts_per_session: usize,
    /// Chunks of a part, at the least.
    pub chunks_min: usize,
}

impl Default for Spread {
    fn default() -> Self {
        Self {
            parts_per_session: PARTS_PER_SESSION,
            chunks_min: CHUNKS_MIN,
        }
    }
}

/// A part of a table of the target, to be read by one session.
#[derive(Debug)]
pub(super) struct Part {
    /// The table's place in the plan.
    pub place: usize,
    /// Which of the table's parts it is.
    pub number: usize,
    /// How it is cut.
    pub cut: Cut,
}

/// How the rows of a part are laid into chunks.
#[derive(Debug)]
pub(super) enum Cut {
    /// In key order, at the last keys of the source's chunks.
    Keyed(Bounds),
    /// All rows of the table in buckets; how many rows the source has comes when they are counted.
    Buckets(oneshot::Receiver<u64>),
}

/// A run of chunks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bounds {
    /// The last key of the chunk before it; none in the first part.
    pub after: Option<Vec<OwnedValue>>,
    /// The source's chunks; the last has no end in the last part.
    pub chunks: Vec<Chunk>,
}

impl Bounds {
    /// The last key that belongs to it; none in the last part.
    pub fn until(&self) -> Option<&[OwnedValue]> {
        self.chunks.last()?.until.as_deref()
    }
}

/// Gathers the chunks of a table, one after another, into parts.
#[derive(Debug)]
pub(super) struct Cutter {
    chunks_per_part: usize,
    parts_max: usize,
    given: usize,
    held: Bounds,
}

impl Cutter {
    /// A cutter for a table of about so many rows and bytes as its plan says, at which so many work side by side.
    pub fn new(table: &TablePlan, spread: Spread, side_by_side: usize) -> Self {
        let chunks = (table.rows / CHUNK_ROWS_MAX).max(table.bytes / CHUNK_BYTES_MAX);
        let chunks = usize::try_from(chunks).unwrap_or(usize::MAX);
        let parts_max = if side_by_side > 1 {
            spread.parts_per_session.saturating_mul(side_by_side).max(1)
        } else {
            1
        };
        Self::with(chunks.div_ceil(parts_max).max(spread.chunks_min), parts_max)
    }

    /// A cutter that leaves the table whole.
    pub fn whole() -> Self {
        Self::with(1, 1)
    }

    fn with(chunks_per_part: usize, parts_max: usize) -> Self {
        Self {
            chunks_per_part: chunks_per_part.max(1),
            parts_max,
            given: 0,
            held: Bounds {
                after: None,
                chunks: Vec::new(),
            },
        }
    }

    /// Takes the next chunk and gives the part that is complete with it. Only a further chunk shows that those
    /// before it are not the last part, which has no end.
    pub fn push(&mut self, chunk: Chunk) -> Option<Bounds> {
        let is_full = self.held.chunks.len() >= self.chunks_per_part && self.given + 1 < self.parts_max;
        // A chunk without an end can only be the last.
        let until = self.held.until().filter(|_| is_full).map(<[_]>::to_vec);
        let part = until.map(|until| {
            self.given += 1;
            let next = Bounds {
                after: Some(until),
                chunks: Vec::new(),
            };
            std::mem::replace(&mut self.held, next)
        });
        self.held.chunks.push(chunk);
        part
    }

    /// The last part.
    pub fn finish(mut self) -> Bounds {
        if let Some(last) = self.held.chunks.last_mut() {
            last.until = None;
        }
        self.held
    }
}

#[cfg(test)]
mod tests {
    use outgrow_shared::ce1::Digest;

    use super::*;

    fn chunk(n: i64) -> Chunk {
        Chunk {
            until: Some(vec![OwnedValue::Integer(n)]),
            rows: 1,
            digest: Digest([0; 32]),
        }
    }

    fn parts(chunks: i64, mut cutter: Cutter) -> Vec<Bounds> {
        let mut parts: Vec<Bounds> = (0..chunks).filter_map(|n| cutter.push(chunk(n))).collect();
        parts.push(cutter.finish());
        parts
    }

    /// Whatever the sizes: all chunks in order, no gap and no overlap between parts, open at both ends.
    #[test]
    fn parts_hold_every_chunk_once_and_leave_no_gap() {
        for chunks in 0..12 {
            for per_part in 1..5 {
                for parts_max in 1..6 {
                    let found = parts(chunks, Cutter::with(per_part, parts_max));
                    let what = format!("{chunks} chunks, {per_part} a part, {parts_max} parts at most");
                    assert!(found.len() <= parts_max, "{what}");
                    let rows: u64 = found.iter().flat_map(|p| &p.chunks).map(|c| c.rows).sum();
                    assert_eq!(rows, chunks.unsigned_abs(), "{what}");
                    assert_eq!(found[0].after, None, "{what}");
                    assert_eq!(found[found.len() - 1].until(), None, "{what}");
                    for pair in found.windows(2) {
                        assert_eq!(pair[0].until(), pair[1].after.as_deref(), "{what}");
                        assert_eq!(pair[0].chunks.len(), per_part, "{what}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_last_chunk_that_ended_by_itself_has_no_end_in_its_part() {
        let found = parts(4, Cutter::with(2, 9));
        let ends: Vec<Vec<bool>> = found
            .iter()
            .map(|part| part.chunks.iter().map(|c| c.until.is_some()).collect())
            .collect();
        assert_eq!(ends, [[true, true], [true, false]]);
    }

    #[test]
    fn a_table_without_rows_is_one_part() {
        let found = parts(0, Cutter::with(1, 4));
        assert_eq!(
            found,
            [Bounds {
                after: None,
                chunks: Vec::new()
            }]
        );
    }
}
