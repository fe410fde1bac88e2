//! Chunks on their way: rows of one table, encoded and hashed, cut as CE1 cuts them.
//!
//! A chunk is what is written into the ledger as one, so it is either in the target whole or not at all.

use bytes::Bytes;
use outgrow_shared::ce1::{CHUNK_BYTES_MAX, CHUNK_ROWS_MAX, ChunkHasher, Digest};
use outgrow_shared::value::OwnedValue;
use tokio::sync::OwnedSemaphorePermit;

use super::quarantine::RowSetAside;
use crate::ledger::chunks::ChunkRow;

/// Numbers of rows set aside begin with the number of their chunk: as many as a chunk has rows.
const SET_ASIDE_PER_CHUNK: i64 = 1 << 20;

/// The next chunk is taken to be as long as the last one, up to this: one large value says nothing about the others.
const CAPACITY_MAX_BYTES: usize = 8 * 1024 * 1024;

/// A chunk on its way to the target.
#[derive(Debug)]
pub(super) struct Chunk {
    /// Place of its table in the plan.
    pub place: usize,
    /// What the ledger will say of it.
    pub row: ChunkRow,
    /// Its rows as a COPY stream has them.
    pub data: Bytes,
    /// Values of its rows that go into the quarantine.
    pub set_aside: Vec<RowSetAside>,
    /// Whether it is all of its table, which is made along with it.
    pub whole: bool,
    /// Its share of the memory that all chunks on their way may use.
    pub memory: Option<OwnedSemaphorePermit>,
}

/// Where the rows of a chunk lie among those of its table.
#[derive(Debug, Clone, Default)]
pub(super) struct Position {
    /// Number of the next chunk.
    pub number: i64,
    /// The key after which it begins.
    pub after: Option<Vec<OwnedValue>>,
}

/// Gathers rows until a chunk is full.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    leaves: Vec<Digest>,
    canonical_bytes: u64,
    /// The rows as a COPY stream has them.
    pub data: Vec<u8>,
}

impl Gathering {
    /// Counts a row that was appended to `data`.
    pub fn row(&mut self, leaf: Digest, canonical_bytes: u64) {
        self.leaves.push(leaf);
        self.canonical_bytes += canonical_bytes;
    }

    /// Whether CE1 ends a chunk here.
    pub fn is_full(&self) -> bool {
        self.leaves.len() as u64 >= CHUNK_ROWS_MAX || self.canonical_bytes >= CHUNK_BYTES_MAX
    }

    /// How many rows it has.
    pub fn rows(&self) -> u64 {
        self.leaves.len() as u64
    }

    /// Ends the chunk without its data: its rows and its digest.
    pub fn discard(&mut self) -> (u64, Digest) {
        let digest = ChunkHasher::of(&self.leaves);
        let rows = self.rows();
        self.leaves.clear();
        self.canonical_bytes = 0;
        (rows, digest)
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// Ends the chunk: what the ledger says of it, and its rows. The next one begins where it ends.
    pub fn cut(&mut self, position: &mut Position, until: Option<Vec<OwnedValue>>) -> (ChunkRow, Bytes) {
        let capacity = self.data.len().min(CAPACITY_MAX_BYTES);
        let data = std::mem::replace(&mut self.data, Vec::with_capacity(capacity));
        let (rows, digest) = self.discard();
        let row = ChunkRow {
            number: position.number,
            after: std::mem::replace(&mut position.after, until.clone()),
            until,
            rows,
            bytes: data.len() as u64,
            digest,
        };
        position.number += 1;
        (row, Bytes::from(data))
    }
}

/// The number of the first row of a chunk among those set aside of its table.
pub(super) fn first_set_aside(chunk: i64) -> i64 {
    chunk.saturating_mul(SET_ASIDE_PER_CHUNK)
}

/// The numbers that rows set aside of a chunk have: from the first to before the second.
pub(super) fn set_aside_range(chunk: i64) -> (i64, i64) {
    (first_set_aside(chunk), first_set_aside(chunk + 1))
}
