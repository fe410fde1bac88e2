//! The chunk digest C, where chunks end, and which bucket a keyless row falls into.
//!
//! In key order a chunk ends after the row that reaches either limit, so both sides cut alike. Without a
//! usable key, rows fall into buckets by the first bits of their digest and lie sorted within.

use sha2::{Digest as _, Sha256};

use super::Digest;

/// A chunk in key order ends after this many rows: one chunk's row digests then take 128 KiB.
pub const CHUNK_ROWS_MAX: u64 = 4096;

/// A chunk in key order ends after this many canonical bytes, so that few large rows end one too.
pub const CHUNK_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Bits that choose a bucket at the most, so that one counter per bucket stays small; 2^16 buckets of
/// [`CHUNK_ROWS_MAX`] rows are 268 million rows, beyond which buckets grow.
pub const BUCKET_BITS_MAX: u32 = 16;

const TAG_CHUNK: u8 = 0x01;

/// Computes one chunk's digest from its row digests.
#[derive(Debug)]
pub struct ChunkHasher {
    sha: Sha256,
    left: u64,
}

impl ChunkHasher {
    /// A chunk of exactly `rows` rows.
    pub fn new(rows: u64) -> Self {
        let mut sha = Sha256::new();
        sha.update([TAG_CHUNK]);
        sha.update(rows.to_be_bytes());
        Self { sha, left: rows }
    }

    /// Adds the next row's digest.
    pub fn row(&mut self, row: &Digest) {
        debug_assert!(self.left > 0, "more rows than the chunk was opened for");
        self.left = self.left.saturating_sub(1);
        self.sha.update(row.0);
    }

    /// Ends the chunk.
    pub fn finish(self) -> Digest {
        debug_assert_eq!(self.left, 0, "fewer rows than the chunk was opened for");
        Digest(self.sha.finalize().into())
    }

    /// The digest of a chunk whose rows are all at hand.
    pub fn of(rows: &[Digest]) -> Digest {
        let mut hasher = Self::new(rows.len() as u64);
        for row in rows {
            hasher.row(row);
        }
        hasher.finish()
    }
}

/// How many leading bits of a row digest choose its bucket, for a table of `rows` rows: the fewest that
/// bring the mean bucket to [`CHUNK_ROWS_MAX`] rows or less, up to [`BUCKET_BITS_MAX`].
pub fn bucket_bits(rows: u64) -> u32 {
    let buckets = rows.div_ceil(CHUNK_ROWS_MAX).max(1);
    // The largest power of two below 2^64 / 4096 fits, so this cannot overflow.
    buckets.next_power_of_two().trailing_zeros().min(BUCKET_BITS_MAX)
}

/// The bucket of a row digest under so many bits, [`BUCKET_BITS_MAX`] at the most; buckets keep the order of
/// digests.
pub fn bucket_of(row: &Digest, bits: u32) -> usize {
    let head = u16::from_be_bytes([row.0[0], row.0[1]]);
    usize::from(head) >> (BUCKET_BITS_MAX - bits.min(BUCKET_BITS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_bits_at_the_edges() {
        let table = [
            (0, 0),
            (1, 0),
            (4096, 0),
            (4097, 1),
            (8192, 1),
            (8193, 2),
            (1_000_000, 8),
        ];
        for (rows, bits) in table {
            assert_eq!(bucket_bits(rows), bits, "{rows} rows");
        }
    }

    #[test]
    fn buckets_keep_the_order_of_digests() {
        let low = Digest([0x3f; 32]);
        let high = Digest([0xc0; 32]);
        assert_eq!((bucket_of(&low, 0), bucket_of(&high, 0)), (0, 0));
        assert_eq!((bucket_of(&low, 1), bucket_of(&high, 1)), (0, 1));
        assert_eq!((bucket_of(&low, 2), bucket_of(&high, 2)), (0, 3));
        assert_eq!(bucket_of(&Digest([0xff; 32]), BUCKET_BITS_MAX), 65_535);
    }

    #[test]
    fn order_and_number_of_rows_count() {
        let (a, b) = (Digest([1; 32]), Digest([2; 32]));
        assert_ne!(ChunkHasher::of(&[a, b]), ChunkHasher::of(&[b, a]));
        assert_ne!(ChunkHasher::of(&[a]), ChunkHasher::of(&[a, a]));
    }
}
