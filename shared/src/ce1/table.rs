//! Table and database roots: the Merkle tree over chunks, the table leaf, the schema digest, the root D.
//!
//! The tree is that of RFC 6962 section 2.1: a tree of n leaves splits at the largest power of two below n.

use sha2::{Digest as _, Sha256};

use super::{Digest, TAG, length_bytes};

const TAG_NODE: u8 = 0x02;
const TAG_TABLE: u8 = 0x03;
const TAG_DATABASE: u8 = 0x04;
const TAG_SCHEMA: u8 = 0x07;

/// A Merkle tree built leaf by leaf in logarithmic memory.
#[derive(Debug, Clone, Default)]
pub struct MerkleTree {
    /// Roots of full subtrees, largest first, with their heights.
    subtrees: Vec<(u32, Digest)>,
    leaves: u64,
}

impl MerkleTree {
    /// The empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next leaf.
    pub fn push(&mut self, leaf: Digest) {
        let mut top = (0, leaf);
        while let Some(&(height, left)) = self.subtrees.last() {
            if height != top.0 {
                break;
            }
            self.subtrees.pop();
            top = (height + 1, node(&left, &top.1));
        }
        self.subtrees.push(top);
        self.leaves += 1;
    }

    /// Leaves so far.
    pub fn leaves(&self) -> u64 {
        self.leaves
    }

    /// The root of the leaves so far.
    pub fn root(&self) -> Digest {
        let mut subtrees = self.subtrees.iter().rev().map(|(_, digest)| *digest);
        match subtrees.next() {
            None => Digest(Sha256::digest([TAG_NODE]).into()),
            Some(last) => subtrees.fold(last, |right, left| node(&left, &right)),
        }
    }
}

fn node(left: &Digest, right: &Digest) -> Digest {
    let mut sha = Sha256::new();
    sha.update([TAG_NODE]);
    sha.update(left.0);
    sha.update(right.0);
    Digest(sha.finalize().into())
}

/// How a table's rows were laid into chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// In the order of a key of integers, texts or blobs.
    Keyed = 0,
    /// In buckets by digest, because no key has a portable order.
    Bucket = 1,
}

/// What one side's scan of a table comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TableRoot {
    /// Rows hashed.
    pub rows: u64,
    /// Chunks they were laid into.
    pub chunks: u64,
    /// The Merkle root T.
    pub root: Digest,
}

/// A column as the schema digest sees it.
#[derive(Debug, Clone, Copy)]
pub struct SchemaColumn<'a> {
    /// Name in the source.
    pub name: &'a str,
    /// Declared type in the source, empty if none.
    pub declared_type: &'a str,
    /// Identifier of the mapping its values travelled by.
    pub mapping: &'a str,
}

/// A key column as the schema digest sees it.
#[derive(Debug, Clone, Copy)]
pub struct KeyColumn<'a> {
    /// Name in the source.
    pub name: &'a str,
    /// Collation the order rests on; empty for classes that have none.
    pub collation: &'a str,
}

/// S = SHA256(07 | u32 columns | (lp name, lp type, lp mapping).. | u32 key columns | (lp name, lp
/// collation).. | u32 exclusions | lp(exclusion)..), exclusions in the order of their bytes.
pub fn schema_digest(columns: &[SchemaColumn<'_>], key: &[KeyColumn<'_>], exclusions: &[&str]) -> Digest {
    let mut sha = Sha256::new();
    sha.update([TAG_SCHEMA]);
    sha.update(count_bytes(columns.len()));
    for column in columns {
        prefixed(&mut sha, column.name.as_bytes());
        prefixed(&mut sha, column.declared_type.as_bytes());
        prefixed(&mut sha, column.mapping.as_bytes());
    }
    sha.update(count_bytes(key.len()));
    for column in key {
        prefixed(&mut sha, column.name.as_bytes());
        prefixed(&mut sha, column.collation.as_bytes());
    }
    let mut sorted = exclusions.to_vec();
    sorted.sort_unstable();
    sha.update(count_bytes(sorted.len()));
    for exclusion in sorted {
        prefixed(&mut sha, exclusion.as_bytes());
    }
    Digest(sha.finalize().into())
}

/// The table leaf TL.
pub fn table_leaf(name: &str, schema: &Digest, mode: Mode, table: &TableRoot) -> Digest {
    let mut sha = Sha256::new();
    sha.update([TAG_TABLE]);
    prefixed(&mut sha, name.as_bytes());
    sha.update(schema.0);
    sha.update([mode as u8]);
    sha.update(table.rows.to_be_bytes());
    sha.update(table.chunks.to_be_bytes());
    sha.update(table.root.0);
    Digest(sha.finalize().into())
}

/// Gathers table leaves into the database root D; the order of adding does not matter.
#[derive(Debug, Clone, Default)]
pub struct DatabaseHasher {
    leaves: Vec<(Vec<u8>, Digest)>,
}

impl DatabaseHasher {
    /// No table yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a table by its source name.
    pub fn table(&mut self, name: &str, leaf: Digest) {
        self.leaves.push((name.as_bytes().to_vec(), leaf));
    }

    /// The root D.
    pub fn finish(mut self) -> Digest {
        self.leaves.sort();
        let mut sha = Sha256::new();
        sha.update([TAG_DATABASE]);
        sha.update(TAG.as_bytes());
        sha.update(count_bytes(self.leaves.len()));
        for (_, leaf) in &self.leaves {
            sha.update(leaf.0);
        }
        Digest(sha.finalize().into())
    }
}

fn prefixed(sha: &mut Sha256, bytes: &[u8]) {
    sha.update(length_bytes(bytes.len()));
    sha.update(bytes);
}

/// Columns and tables are counted in 32 bits; SQLite allows far fewer of either.
fn count_bytes(count: usize) -> [u8; 4] {
    u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of RFC 6962, written as it stands there, to check the incremental tree against.
    fn recursive_root(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => Digest(Sha256::digest([TAG_NODE]).into()),
            [leaf] => *leaf,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node(
                    &recursive_root(&leaves[..split]),
                    &recursive_root(&leaves[split..]),
                )
            }
        }
    }

    #[test]
    fn incremental_tree_is_the_recursive_one() {
        let leaves: Vec<Digest> = (0..100u8).map(|i| Digest(Sha256::digest([i]).into())).collect();
        for n in 0..=leaves.len() {
            let mut tree = MerkleTree::new();
            leaves[..n].iter().for_each(|leaf| tree.push(*leaf));
            assert_eq!(tree.root(), recursive_root(&leaves[..n]), "{n} leaves");
            assert_eq!(tree.leaves(), n as u64);
        }
    }

    #[test]
    fn every_input_of_a_leaf_counts() {
        let root = TableRoot {
            rows: 1,
            chunks: 1,
            root: Digest([1; 32]),
        };
        let schema = Digest([2; 32]);
        let base = table_leaf("t", &schema, Mode::Keyed, &root);
        assert_ne!(base, table_leaf("u", &schema, Mode::Keyed, &root));
        assert_ne!(base, table_leaf("t", &Digest([3; 32]), Mode::Keyed, &root));
        assert_ne!(base, table_leaf("t", &schema, Mode::Bucket, &root));
        assert_ne!(
            base,
            table_leaf("t", &schema, Mode::Keyed, &TableRoot { rows: 2, ..root })
        );
        assert_ne!(
            base,
            table_leaf("t", &schema, Mode::Keyed, &TableRoot { chunks: 2, ..root })
        );
    }

    #[test]
    fn database_root_ignores_the_order_of_adding() {
        let mut one = DatabaseHasher::new();
        one.table("b", Digest([1; 32]));
        one.table("a", Digest([2; 32]));
        let mut two = DatabaseHasher::new();
        two.table("a", Digest([2; 32]));
        two.table("b", Digest([1; 32]));
        assert_eq!(one.clone().finish(), two.finish());
        let mut swapped = DatabaseHasher::new();
        swapped.table("a", Digest([1; 32]));
        swapped.table("b", Digest([2; 32]));
        assert_ne!(one.finish(), swapped.finish());
    }

    #[test]
    fn schema_digest_sees_names_types_mappings_keys_and_exclusions() {
        let column = SchemaColumn {
            name: "a",
            declared_type: "INT",
            mapping: "integer.bigint",
        };
        let key = KeyColumn {
            name: "a",
            collation: "",
        };
        let base = schema_digest(&[column], &[key], &["x", "y"]);
        assert_eq!(base, schema_digest(&[column], &[key], &["y", "x"]));
        assert_ne!(
            base,
            schema_digest(
                &[SchemaColumn {
                    mapping: "text",
                    ..column
                }],
                &[key],
                &["x", "y"]
            )
        );
        assert_ne!(base, schema_digest(&[column], &[], &["x", "y"]));
        assert_ne!(base, schema_digest(&[column], &[key], &["xy"]));
    }
}
