//! Row digests into chunk digests into a table root, for either side, in bounded memory.
//!
//! The source cuts its chunks itself and remembers the last key of each; the target is cut at those keys, so
//! that a missing row changes one chunk and not all that follow. Tables without a usable key are
//! `super::buckets`'.

use std::cmp::Ordering;

use outgrow_shared::ce1::{CHUNK_BYTES_MAX, CHUNK_ROWS_MAX, ChunkHasher, Digest, MerkleTree, TableRoot};
use outgrow_shared::value::{OwnedValue, Value};

pub use super::buckets::{BucketDigester, SortError};

/// The digest of one side of a table, chunk by chunk.
#[derive(Debug, Clone, PartialEq)]
pub struct TableDigest {
    /// Rows, chunks and root.
    pub root: TableRoot,
    /// The chunks in order.
    pub chunks: Vec<Chunk>,
}

/// One chunk.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// The last key in it; none in bucket mode, and for the last chunk, which has no end.
    pub until: Option<Vec<OwnedValue>>,
    /// Rows in it.
    pub rows: u64,
    /// Its digest C.
    pub digest: Digest,
}

impl TableDigest {
    /// The digest of a table that has these chunks.
    pub(super) fn of(chunks: Vec<Chunk>) -> Self {
        let mut tree = MerkleTree::new();
        chunks.iter().for_each(|chunk| tree.push(chunk.digest));
        let rows = chunks.iter().map(|chunk| chunk.rows).sum();
        Self {
            root: TableRoot {
                rows,
                chunks: tree.leaves(),
                root: tree.root(),
            },
            chunks,
        }
    }

    /// Positions of the chunks that differ from the other side's.
    pub fn differing<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = usize> + 'a {
        let count = self.chunks.len().max(other.chunks.len());
        (0..count).filter(move |i| {
            let digest = |side: &'a Self| side.chunks.get(*i).map(|chunk| chunk.digest);
            digest(self) != digest(other)
        })
    }
}

/// Cuts rows that come in key order into chunks of its own.
#[derive(Debug, Default)]
pub struct KeyedDigester {
    chunks: Vec<Chunk>,
    leaves: Vec<Digest>,
    bytes: u64,
}

impl KeyedDigester {
    /// Adds the next row and gives the chunk that ends with it; `key` is asked for only there.
    pub fn row(
        &mut self,
        leaf: Digest,
        canonical_bytes: u64,
        key: impl FnOnce() -> Vec<OwnedValue>,
    ) -> Option<&Chunk> {
        self.leaves.push(leaf);
        self.bytes += canonical_bytes;
        if (self.leaves.len() as u64) < CHUNK_ROWS_MAX && self.bytes < CHUNK_BYTES_MAX {
            return None;
        }
        self.cut(Some(key()));
        self.chunks.last()
    }

    /// Ends the table.
    pub fn finish(mut self) -> TableDigest {
        if !self.leaves.is_empty() {
            self.cut(None);
        }
        if let Some(last) = self.chunks.last_mut() {
            last.until = None;
        }
        TableDigest::of(self.chunks)
    }

    fn cut(&mut self, until: Option<Vec<OwnedValue>>) {
        self.chunks.push(Chunk {
            until,
            rows: self.leaves.len() as u64,
            digest: ChunkHasher::of(&self.leaves),
        });
        self.leaves.clear();
        self.bytes = 0;
    }
}

/// Cuts rows that come in key order at the other side's keys. Rows beyond its last key belong to its last
/// chunk, so that none is passed over.
#[derive(Debug)]
pub struct BoundedDigester<'a> {
    bounds: &'a [Chunk],
    chunks: Vec<Chunk>,
    leaves: Vec<Digest>,
}

impl<'a> BoundedDigester<'a> {
    /// A digester that cuts where `bounds` end.
    pub fn new(bounds: &'a [Chunk]) -> Self {
        Self {
            bounds,
            chunks: Vec::with_capacity(bounds.len()),
            leaves: Vec::new(),
        }
    }

    /// Adds the next row; `compare` compares its key with the last key of a chunk.
    pub fn row<E>(
        &mut self,
        leaf: Digest,
        compare: impl Fn(&[OwnedValue]) -> Result<Ordering, E>,
    ) -> Result<(), E> {
        while let Some(until) = self.current_end() {
            if compare(until)? != Ordering::Greater {
                break;
            }
            self.cut();
        }
        self.leaves.push(leaf);
        Ok(())
    }

    /// Ends the table.
    pub fn finish(mut self) -> TableDigest {
        while self.chunks.len() < self.bounds.len() {
            self.cut();
        }
        if !self.leaves.is_empty() {
            self.cut();
        }
        TableDigest::of(self.chunks)
    }

    /// The last key of the chunk being filled; none in the last one.
    fn current_end(&self) -> Option<&'a [OwnedValue]> {
        self.bounds
            .get(self.chunks.len())
            .and_then(|chunk| chunk.until.as_deref())
    }

    fn cut(&mut self) {
        let until = self
            .bounds
            .get(self.chunks.len())
            .and_then(|chunk| chunk.until.clone());
        self.chunks.push(Chunk {
            until,
            rows: self.leaves.len() as u64,
            digest: ChunkHasher::of(&self.leaves),
        });
        self.leaves.clear();
    }
}

/// Compares keys as CE1 orders them, column by column.
pub fn compare_keys(key: &[OwnedValue], other: &[OwnedValue]) -> Ordering {
    key.iter()
        .zip(other)
        .map(|(a, b)| compare_key_values(&a.as_value(), &b.as_value()))
        .find(|o| o.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Compares two values of one key column: integers as numbers, texts and blobs by their bytes.
pub fn compare_key_values(a: &Value<'_>, b: &Value<'_>) -> Ordering {
    match (a, b) {
        (Value::Integer(a), Value::Integer(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
        (Value::Blob(a), Value::Blob(b)) => a.cmp(b),
        // A keyed table holds one class per key column; anything else is a difference by itself.
        _ => a.class().cmp(&b.class()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(n: u64) -> Digest {
        let mut bytes = [0; 32];
        // Spread over the buckets, and distinct.
        bytes[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        Digest(bytes)
    }

    fn key(n: i64) -> Vec<OwnedValue> {
        vec![OwnedValue::Integer(n)]
    }

    fn source(keys: impl Iterator<Item = i64>) -> TableDigest {
        let mut digester = KeyedDigester::default();
        for n in keys {
            digester.row(leaf(n.unsigned_abs()), 10, || key(n));
        }
        digester.finish()
    }

    fn target(bounds: &TableDigest, keys: impl Iterator<Item = i64>) -> TableDigest {
        let mut digester = BoundedDigester::new(&bounds.chunks);
        for n in keys {
            let own = key(n);
            let compare = |until: &[OwnedValue]| Ok::<_, ()>(compare_keys(&own, until));
            digester.row(leaf(n.unsigned_abs()), compare).unwrap();
        }
        digester.finish()
    }

    #[test]
    fn both_sides_cut_alike() {
        for rows in [0, 1, 4095, 4096, 4097, 10_000] {
            let ours = source(1..=rows);
            assert_eq!(
                ours.root.chunks,
                rows.unsigned_abs().div_ceil(CHUNK_ROWS_MAX),
                "{rows} rows"
            );
            assert_eq!(target(&ours, 1..=rows), ours, "{rows} rows");
        }
    }

    #[test]
    fn large_rows_end_a_chunk_early() {
        let mut digester = KeyedDigester::default();
        for n in 0..3 {
            digester.row(leaf(n), CHUNK_BYTES_MAX / 2, || key(7));
        }
        assert_eq!(
            digester
                .finish()
                .chunks
                .iter()
                .map(|c| c.rows)
                .collect::<Vec<_>>(),
            [2, 1]
        );
    }

    #[test]
    fn a_lost_row_touches_one_chunk() {
        let ours = source(1..=10_000);
        let theirs = target(&ours, (1..=10_000).filter(|n| *n != 5000));
        assert_eq!(ours.differing(&theirs).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn rows_outside_the_keys_are_seen() {
        let ours = source(1..=5000);
        assert_eq!(ours.differing(&target(&ours, 0..=5000)).collect::<Vec<_>>(), [0]);
        assert_eq!(ours.differing(&target(&ours, 1..=5001)).collect::<Vec<_>>(), [1]);
        let empty = source(0..0);
        assert_eq!(empty.differing(&target(&empty, 1..=1)).collect::<Vec<_>>(), [0]);
    }
}
