//! CE1 above the row, held against `docs/ce1.md`, whose vectors come from a program that shares no code with
//! this crate (`tests/golden/ce1.py`). They never change.

use outgrow_shared::ce1::{
    ChunkHasher, DatabaseHasher, Digest, KeyColumn, MerkleTree, Mode, RowHasher, SchemaColumn, TableRoot,
    schema_digest, table_leaf,
};
use outgrow_shared::value::Value;

const SPECIFICATION: &str = include_str!("../../docs/ce1.md");

/// The digest stands in the specification, in the row of this name.
fn specified(name: &str, digest: Digest) {
    let line = format!("| {name} | `{digest}` |");
    assert!(SPECIFICATION.contains(&line), "not in docs/ce1.md: {line}");
}

fn row(values: &[Value<'_>]) -> Digest {
    let mut hasher = RowHasher::new();
    hasher.begin(u32::try_from(values.len()).unwrap_or(u32::MAX));
    values.iter().for_each(|value| hasher.value(value));
    hasher.finish().0
}

fn tree(chunks: &[Digest]) -> Digest {
    let mut tree = MerkleTree::new();
    chunks.iter().for_each(|chunk| tree.push(*chunk));
    tree.root()
}

fn schema() -> Digest {
    let columns = [
        SchemaColumn {
            name: "id",
            declared_type: "INTEGER",
            mapping: "integer.bigint",
        },
        SchemaColumn {
            name: "note",
            declared_type: "",
            mapping: "text.text",
        },
    ];
    let key = [KeyColumn {
        name: "id",
        collation: "",
    }];
    schema_digest(&columns, &key, &["index:t.ix"])
}

#[test]
fn rows_chunks_and_trees_are_as_specified() {
    use Value::{Blob, Integer, Null, RawText, Real, Text};
    specified("no column", row(&[]));
    specified("NULL", row(&[Null]));
    let largest = "INTEGER -1, INTEGER 9223372036854775807";
    specified(largest, row(&[Integer(-1), Integer(i64::MAX)]));
    specified(
        "REAL -0.0, REAL +infinity",
        row(&[Real(-0.0), Real(f64::INFINITY)]),
    );
    let texts = "TEXT '' (0 bytes), TEXT of the bytes 61 00 c3 a9";
    specified(texts, row(&[Text(""), Text("a\0\u{e9}")]));
    let bytes = "BLOB of 0 bytes, raw text of the byte ff";
    specified(bytes, row(&[Blob(b""), RawText(b"\xff")]));
    specified(
        "BLOB of 20000 bytes 07, INTEGER 5",
        row(&[Blob(&[7; 20_000]), Integer(5)]),
    );

    let (one, two) = (row(&[Integer(1), Text("a")]), row(&[Integer(2), Null]));
    specified("L1", one);
    specified("L2", two);
    let (both, none) = (ChunkHasher::of(&[one, two]), ChunkHasher::of(&[]));
    specified("C of L1, L2", both);
    specified("C of no row", none);
    specified("T of no chunk", tree(&[]));
    let three = tree(&[both, none, ChunkHasher::of(&[two])]);
    specified("T of the three chunks (L1, L2), (), (L2)", three);
}

#[test]
fn schema_leaves_and_root_are_as_specified() {
    let columns = "S of columns id INTEGER `integer.bigint` and note without type `text.text`, key id, exclusion \
                   `index:t.ix`";
    specified(columns, schema());
    let rows = [
        row(&[Value::Integer(1), Value::Text("a")]),
        row(&[Value::Integer(2), Value::Null]),
    ];
    let filled = TableRoot {
        rows: 2,
        chunks: 1,
        root: tree(&[ChunkHasher::of(&rows)]),
    };
    let filled = table_leaf("t", &schema(), Mode::Keyed, &filled);
    specified(
        "TL of table t with that S, mode 0, 2 rows, the chunk (L1, L2)",
        filled,
    );
    let empty = TableRoot {
        rows: 0,
        chunks: 0,
        root: tree(&[]),
    };
    let empty = table_leaf("a", &schema(), Mode::Bucket, &empty);
    specified("TL of table a with that S, mode 1, no row, no chunk", empty);
    let mut database = DatabaseHasher::new();
    database.table("t", filled);
    database.table("a", empty);
    specified("D of both tables", database.finish());
}
