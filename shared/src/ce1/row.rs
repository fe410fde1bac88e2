//! The row digest L, and the canonical bytes of a value.
//!
//! Owns the value encoding; which columns make a row, and in which order, is the caller's.

use sha2::{Digest as _, Sha256};

use super::{Digest, length_bytes};
use crate::value::Value;

/// Values longer than this are hashed where they lie; shorter ones are gathered first, which is faster.
const GATHER_BYTES_MAX: usize = 16 * 1024;

const TAG_ROW: u8 = 0x00;

/// Computes row digests one after another, reusing its buffer.
///
/// ```
/// use outgrow_shared::{ce1::RowHasher, value::Value};
/// let mut hasher = RowHasher::new();
/// hasher.begin(2);
/// hasher.value(&Value::Integer(1));
/// hasher.value(&Value::Text("a"));
/// let (digest, canonical_bytes) = hasher.finish();
/// assert_eq!(canonical_bytes, 1 + 4 + 9 + 10);
/// assert!(digest.to_hex().starts_with("6d764d6a"));
/// ```
#[derive(Debug, Default)]
pub struct RowHasher {
    sha: Sha256,
    gathered: Vec<u8>,
    hashed_bytes: u64,
}

impl RowHasher {
    /// A hasher with no row begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a row of `columns` values; whatever was begun before is dropped.
    pub fn begin(&mut self, columns: u32) {
        if self.hashed_bytes > 0 {
            self.sha = Sha256::new();
            self.hashed_bytes = 0;
        }
        self.gathered.clear();
        self.gathered.push(TAG_ROW);
        self.gathered.extend_from_slice(&columns.to_be_bytes());
    }

    /// Adds the next value.
    pub fn value(&mut self, value: &Value<'_>) {
        match value {
            Value::Null => self.gathered.push(0x00),
            Value::Integer(i) => self.fixed(0x01, i.to_be_bytes()),
            Value::Real(r) => self.fixed(0x02, r.to_bits().to_be_bytes()),
            Value::Text(t) => self.sized(0x03, t.as_bytes()),
            Value::Blob(b) => self.sized(0x04, b),
            Value::RawText(b) => self.sized(0x05, b),
        }
    }

    /// Ends the row: its digest, and how many canonical bytes it took.
    pub fn finish(&mut self) -> (Digest, u64) {
        if self.hashed_bytes == 0 {
            // Most rows: all at hand, and no state to keep.
            let digest = Sha256::digest(&self.gathered);
            return (Digest(digest.into()), self.gathered.len() as u64);
        }
        self.flush();
        let digest = std::mem::take(&mut self.sha).finalize();
        (Digest(digest.into()), std::mem::take(&mut self.hashed_bytes))
    }

    fn fixed(&mut self, tag: u8, bytes: [u8; 8]) {
        self.gathered.push(tag);
        self.gathered.extend_from_slice(&bytes);
    }

    fn sized(&mut self, tag: u8, bytes: &[u8]) {
        self.fixed(tag, length_bytes(bytes.len()));
        if bytes.len() > GATHER_BYTES_MAX {
            self.flush();
            self.sha.update(bytes);
            self.hashed_bytes += bytes.len() as u64;
        } else {
            self.gathered.extend_from_slice(bytes);
        }
    }

    fn flush(&mut self) {
        self.sha.update(&self.gathered);
        self.hashed_bytes += self.gathered.len() as u64;
        self.gathered.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(values: &[Value<'_>]) -> String {
        let mut hasher = RowHasher::new();
        hasher.begin(u32::try_from(values.len()).unwrap());
        for value in values {
            hasher.value(value);
        }
        hasher.finish().0.to_hex()
    }

    /// Golden vectors, computed by an independent program over the written specification
    /// (`tests/golden/ce1.py`); they never change.
    #[test]
    fn golden_rows() {
        assert_eq!(digest(&[]), GOLDEN[0]);
        assert_eq!(digest(&[Value::Null]), GOLDEN[1]);
        assert_eq!(digest(&[Value::Integer(-1), Value::Integer(i64::MAX)]), GOLDEN[2]);
        assert_eq!(
            digest(&[Value::Real(-0.0), Value::Real(f64::INFINITY)]),
            GOLDEN[3]
        );
        assert_eq!(digest(&[Value::Text(""), Value::Text("a\0\u{e9}")]), GOLDEN[4]);
        assert_eq!(digest(&[Value::Blob(b""), Value::RawText(b"\xff")]), GOLDEN[5]);
        assert_eq!(
            digest(&[Value::Blob(&vec![7; 20_000]), Value::Integer(5)]),
            GOLDEN[6]
        );
    }

    const GOLDEN: [&str; 7] = [
        "8855508aade16ec573d21e6a485dfd0a7624085c1a14b5ecdd6485de0c6839a4",
        "588611f65741c171a3d92c1d5343f5dd67f4fc472fc56f01c9bc568f5ac2a623",
        "bedbda353f7f78c52442cf648f08ecfc33ca486fa2287ac255497254a142c5af",
        "92c691922d512d75f8ef3520bb77defc96a99d91f9b38443000f83594710b279",
        "5b0f8dc435060934fa776d196368495aca299fb67eac6a4de72516b5b7df9cae",
        "67343bd60fb5769032acd2776f6c20db6dada521c41938cb6c2dc101803e0061",
        "0220f0cbee4e54018a617a15af9248acb87370803e048958a9b16bd9c3b72786",
    ];

    #[test]
    fn boundaries_between_values_count() {
        assert_ne!(
            digest(&[Value::Text("ab"), Value::Text("c")]),
            digest(&[Value::Text("a"), Value::Text("bc")])
        );
        assert_ne!(digest(&[Value::Null, Value::Null]), digest(&[Value::Null]));
        assert_ne!(digest(&[Value::Real(0.0)]), digest(&[Value::Real(-0.0)]));
        assert_ne!(digest(&[Value::Integer(1)]), digest(&[Value::Real(1.0)]));
    }

    #[test]
    fn a_row_that_was_dropped_half_way_leaves_no_trace() {
        let expected = digest(&[Value::Integer(1)]);
        for dropped in [Value::Integer(2), Value::Blob(&vec![9; GATHER_BYTES_MAX + 1])] {
            let mut hasher = RowHasher::new();
            for _ in 0..2 {
                hasher.begin(2);
                hasher.value(&dropped);
                hasher.begin(1);
                hasher.value(&Value::Integer(1));
                let (row, canonical_bytes) = hasher.finish();
                assert_eq!((row.to_hex(), canonical_bytes), (expected.clone(), 1 + 4 + 9));
            }
        }
    }

    #[test]
    fn gathering_does_not_show_in_the_digest() {
        let just_gathered = vec![9; GATHER_BYTES_MAX];
        let just_streamed = vec![9; GATHER_BYTES_MAX + 1];
        for blob in [&just_gathered, &just_streamed] {
            let mut canonical = vec![0x00, 0, 0, 0, 1, 0x04];
            canonical.extend_from_slice(&(blob.len() as u64).to_be_bytes());
            canonical.extend_from_slice(blob);
            let direct = Digest(Sha256::digest(&canonical).into());
            assert_eq!(digest(&[Value::Blob(blob)]), direct.to_hex());
        }
    }
}
