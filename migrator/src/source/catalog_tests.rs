//! The catalog over real files: names that shadow PRAGMAs, full-text content, bookkeeping with garbage in it.

use rusqlite::Connection;

use super::Source;
use super::catalog::{Catalog, affinity_of};
use super::ddl::Affinity;
use super::objects::OtherKind;

fn catalog(sql: &str) -> Catalog {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    Catalog::read(&Source::open(&path).unwrap()).unwrap()
}

fn names(catalog: &Catalog) -> Vec<&str> {
    catalog.tables.iter().map(|table| table.name.as_str()).collect()
}

#[test]
fn a_table_named_like_a_pragma_function_hides_nothing() {
    let found = catalog(
        "CREATE TABLE pragma_table_list (schema, name, type, wr, strict); \
         INSERT INTO pragma_table_list VALUES ('main', 'secret', 'view', 0, 0); \
         CREATE TABLE secret (a INT PRIMARY KEY, b REFERENCES secret (a)); \
         CREATE TABLE pragma_table_xinfo (a); CREATE TABLE pragma_index_list (a); \
         CREATE TABLE pragma_index_xinfo (a); CREATE TABLE pragma_foreign_key_list (a)",
    );
    assert_eq!(names(&found).len(), 6);
    let secret = found.tables.iter().find(|table| table.name == "secret").unwrap();
    assert_eq!(
        (secret.columns.len(), secret.primary_key.as_slice()),
        (2, &[0][..])
    );
    assert_eq!(secret.indexes[0].columns[0].column, Some(0));
    let pairs = &secret.foreign_keys[0].columns;
    assert_eq!(pairs.as_slice(), [("b".to_owned(), Some("a".to_owned()))]);
    assert!(found.others.is_empty());
}

#[test]
fn the_content_of_an_external_full_text_index_is_a_table_of_its_own() {
    let found = catalog(
        "CREATE TABLE notes_content (id INTEGER PRIMARY KEY, body); \
         CREATE VIRTUAL TABLE notes USING fts5 (body, content = \"notes_content\", content_rowid='id'); \
         CREATE VIRTUAL TABLE other USING fts5 (body)",
    );
    assert_eq!(names(&found), ["notes_content"]);
    let shadows = found
        .others
        .iter()
        .filter(|other| other.kind == OtherKind::ShadowTable);
    assert!(shadows.clone().any(|other| other.name == "other_content"));
    assert!(shadows.count() > 4);
}

#[test]
fn the_largest_rowid_ever_used_is_read_as_sqlite_reads_it() {
    let found = catalog(
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t VALUES (5); \
         UPDATE sqlite_sequence SET seq = '999'; INSERT INTO sqlite_sequence VALUES ('t', NULL), (NULL, 'x')",
    );
    assert_eq!(found.tables[0].sequence, Some(999));
}

#[test]
fn any_keeps_values_only_when_strict() {
    assert_eq!(affinity_of("ANY", true), Affinity::Blob);
    assert_eq!(affinity_of("ANY", false), Affinity::Numeric);
    assert_eq!(affinity_of("", false), Affinity::Blob);
}
