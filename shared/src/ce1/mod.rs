//! CE1, the canonical encoding: how values become digests that anyone can compute again.
//!
//! ```text
//! value:  00                      NULL
//!         01 i64-BE               INTEGER
//!         02 f64-BE bits          REAL (-0.0 kept, infinities kept, NaN impossible)
//!         03 u64-BE length, UTF-8 TEXT, exactly as stored
//!         04 u64-BE length, bytes BLOB
//!         05 u64-BE length, bytes TEXT that is not valid Unicode
//! row     L  = SHA256(00 | u32 columns | values)
//! chunk   C  = SHA256(01 | u64 rows | L1..Ln)
//! table   T  = Merkle tree over C1..Ck, split as in RFC 6962; node = SHA256(02 | left | right);
//!              no chunk at all = SHA256(02)
//! leaf    TL = SHA256(03 | lp(name) | schema digest | mode | u64 rows | u64 chunks | T)
//! root    D  = SHA256(04 | "outgrow-ce1" | u32 tables | TLs in the order of the table names' bytes)
//! schema  S  = SHA256(07 | columns | key | exclusions), see [`schema_digest`]
//! lp(x)      = u64-BE length | x
//! ```
//! Tags 05 and 06 at the level of nodes are kept for a federation of databases. Every level has a tag of its
//! own, every length is explicit and every count is hashed, so that no digest of one level can be read as one
//! of another. All integers are big-endian. The encoding is frozen: a change gets a new name.

mod chunk;
mod row;
mod table;

pub use chunk::{BUCKET_BITS_MAX, CHUNK_BYTES_MAX, CHUNK_ROWS_MAX, ChunkHasher, bucket_bits, bucket_of};
pub use row::RowHasher;
pub use table::{
    DatabaseHasher, KeyColumn, MerkleTree, Mode, SchemaColumn, TableRoot, schema_digest, table_leaf,
};

/// The name of this encoding, hashed into every root.
pub const TAG: &str = "outgrow-ce1";

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Lower-case hex, 64 characters.
    pub fn to_hex(self) -> String {
        use std::fmt::Write;
        self.0.iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// Reads 64 hex digits; `None` for anything else.
    pub fn from_hex(hex: &str) -> Option<Self> {
        let digits = hex.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let high = char::from(pair[0]).to_digit(16)?;
            let low = char::from(pair[1]).to_digit(16)?;
            *byte = u8::try_from(high * 16 + low).ok()?;
        }
        Some(Self(bytes))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(deserializer)?;
        Self::from_hex(&hex).ok_or_else(|| serde::de::Error::custom("a digest is 64 hex digits"))
    }
}

/// The length of a slice as CE1 writes it.
fn length_bytes(length: usize) -> [u8; 8] {
    // A usize is at most 64 bits wide on every platform Rust supports.
    (length as u64).to_be_bytes()
}
