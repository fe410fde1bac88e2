//! The digest of a table without a usable key: row digests sorted, on disk beyond a bound, and laid into buckets.

use std::cmp::Ordering;
use std::io::{self, Read, Write};

use extsort::{ExternalSorter, PushExternalSorter, Sortable};
use outgrow_shared::ce1::{BUCKET_BITS_MAX, ChunkHasher, Digest, bucket_bits, bucket_of};

use super::digest::{Chunk, TableDigest};

/// Row digests sorted in memory before a run goes to disk: 64 MiB of them, so that both sides at once stay
/// far below the bound on memory.
const SORT_RUN_ROWS: usize = 2 * 1024 * 1024;

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
        Self::with_run(SORT_RUN_ROWS)
    }
}

impl BucketDigester {
    /// A digester that sorts so many row digests, of 32 bytes each, in memory.
    pub fn with_run(rows: usize) -> Self {
        let sorter = ExternalSorter::new().with_segment_size(rows);
        Self {
            sorter: sorter.pushed_by(Ord::cmp),
            counts: vec![0; 1 << BUCKET_BITS_MAX],
            rows: 0,
        }
    }

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
    use outgrow_shared::ce1::MerkleTree;

    use super::*;

    fn leaf(n: u64) -> Digest {
        let mut bytes = [0; 32];
        // Spread over the buckets, and distinct.
        bytes[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        Digest(bytes)
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
        assert_eq!(buckets(0..0, 0).root.root, MerkleTree::new().root());
    }

    #[test]
    fn a_sort_larger_than_memory_gives_the_same() {
        let mut small_runs = BucketDigester::with_run(100);
        (0..5000).for_each(|n| small_runs.row(leaf(n)).unwrap());
        assert_eq!(small_runs.finish(5000).unwrap(), buckets(0..5000, 5000));
    }
}
