//! Row digests into chunk digests into a table root, for either side, in bounded memory.
//!
//! The source cuts its chunks itself and remembers the last key of each; the target is cut at those keys, so
//! that a missing row changes one chunk and not all that follow. Without a usable key both sides sort their
//! row digests, on disk beyond a bound, and lay them into buckets.

use std::cmp::Ordering;
use std::io::{self, Read, Write};

use extsort::{ExternalSorter, PushExternalSorter, Sortable};
use outgrow_shared::ce1::{
    BUCKET_BITS_MAX, CHUNK_BYTES_MAX, CHUNK_ROWS_MAX, ChunkHasher, Digest, MerkleTree, TableRoot,
    bucket_bits, bucket_of,
};
use outgrow_shared::value::{OwnedValue, Value};

/// Row digests sorted in memory before a run goes to disk: 64 MiB of them, so that both sides at once stay
/// far below the bound on memory.
const SORT_RUN_ROWS: usize = 2 * 1024 * 1024;

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
    fn of(chunks: Vec<Chunk>) -> Self {
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
    /// Adds the next row; `key` is asked for only where a chunk ends.
    pub fn row(&mut self, leaf: Digest, canonical_bytes: u64, key: impl FnOnce() -> Vec<OwnedValue>) {
        self.leaves.push(leaf);
        self.bytes += canonical_bytes;
        if self.leaves.len() as u64 >= CHUNK_ROWS_MAX || self.bytes >= CHUNK_BYTES_MAX {
            self.cut(Some(key()));
        }
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Leaf([u8; 32]);

impl Sortable for Leaf {
    fn encode<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(&self.0)
    }

    fn decode<R: Read>(reader: &mut R) -> io::Result<Self> {
        let mut bytes = [0; 32];
        reader.read_exact(&mut bytes).map(|()| Self(bytes))
    }
}

type LeafOrder = fn(&Leaf, &Leaf) -> Ordering;

/// Sorts rows of a table without a usable key and lays them into buckets.
pub struct BucketDigester {
    sorter: PushExternalSorter<Leaf, LeafOrder>,
    /// Rows per bucket at the finest division; coarser ones are sums of these.
    counts: Vec<u64>,
    rows: u64,
}

impl Default for BucketDigester {
    fn default() -> Self {
        let sorter = ExternalSorter::new().with_segment_size(SORT_RUN_ROWS);
        Self {
            sorter: sorter.pushed_by(Ord::cmp),
            counts: vec![0; 1 << BUCKET_BITS_MAX],
            rows: 0,
        }
    }
}

impl BucketDigester {
    /// Adds a row, in any order. Fails only when the temporary folder does.
    pub fn row(&mut self, leaf: Digest) -> Result<(), SortError> {
        self.counts[bucket_of(&leaf, BUCKET_BITS_MAX)] += 1;
        self.rows += 1;
        self.sorter.push(Leaf(leaf.0)).map_err(SortError::new)
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Ends the table, divided as a table of `rows` rows is.
    pub fn finish(self, rows: u64) -> Result<TableDigest, SortError> {
        let bits = bucket_bits(rows);
        let per_bucket = 1_usize << (BUCKET_BITS_MAX - bits);
        let mut sorted = self.sorter.done().map_err(SortError::new)?;
        let mut chunks = Vec::with_capacity(1 << bits);
        for counts in self.counts.chunks(per_bucket) {
            let rows = counts.iter().sum();
            let mut hasher = ChunkHasher::new(rows);
            for _ in 0..rows {
                let leaf = sorted
                    .next()
                    .ok_or_else(SortError::lost)?
                    .map_err(SortError::new)?;
                hasher.row(&Digest(leaf.0));
            }
            chunks.push(Chunk {
                until: None,
                rows,
                digest: hasher.finish(),
            });
        }
        // A table without rows has no chunk in either mode.
        if self.rows == 0 && rows == 0 {
            chunks.clear();
        }
        Ok(TableDigest::of(chunks))
    }
}

/// The temporary files of a sort failed.
#[derive(Debug, thiserror::Error)]
#[error("sorting row digests in the temporary folder failed")]
pub struct SortError {
    #[source]
    cause: io::Error,
}

impl SortError {
    fn new(cause: impl Into<io::Error>) -> Self {
        Self { cause: cause.into() }
    }

    fn lost() -> Self {
        Self {
            cause: io::Error::new(io::ErrorKind::UnexpectedEof, "a sorted run ended early"),
        }
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

    fn buckets(keys: impl Iterator<Item = u64>, rows: u64) -> TableDigest {
        let mut digester = BucketDigester::default();
        keys.for_each(|n| digester.row(leaf(n)).unwrap());
        digester.finish(rows).unwrap()
    }

    #[test]
    fn buckets_ignore_order_and_keep_duplicates() {
        let ours = buckets(0..10_000, 10_000);
        assert_eq!(ours.root.chunks, 4);
        assert_eq!(ours, buckets((0..10_000).rev(), 10_000));
        let doubled = buckets((0..10_000).chain([5]), 10_000);
        assert_eq!(ours.differing(&doubled).count(), 1);
        let swapped = buckets((0..9_999).chain([3]), 10_000);
        assert!(ours.differing(&swapped).count() >= 1);
        assert_eq!(buckets(0..0, 0).root.chunks, 0);
        assert_eq!(buckets(0..0, 0).root.root, source(0..0).root.root);
    }

    #[test]
    fn a_sort_larger_than_memory_gives_the_same() {
        let mut small_runs = BucketDigester {
            sorter: ExternalSorter::new().with_segment_size(100).pushed_by(Ord::cmp),
            ..BucketDigester::default()
        };
        (0..5000).for_each(|n| small_runs.row(leaf(n)).unwrap());
        assert_eq!(small_runs.finish(5000).unwrap(), buckets(0..5000, 5000));
    }
}
