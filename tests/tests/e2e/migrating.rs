//! Sources of every shape migrate, both sides equal, and Postgres holds what SQLite shows.

use serde_json::Value;

use crate::as_stored::assert_same_rows;
use crate::scene::Scene;
use crate::sources;

fn table<'a>(certificate: &'a Value, name: &str) -> &'a Value {
    let tables = certificate["tables"].as_array().unwrap();
    tables
        .iter()
        .find(|t| t["name"] == name)
        .unwrap_or_else(|| panic!("{name}"))
}

/// Migrates, compares every value by other means than the certificate's, verifies anew.
fn migrated(scene: &Scene, options: &[&str]) -> Value {
    let certificate = scene.migrated(options);
    assert_same_rows(scene, &certificate);
    let said = scene.verify(&[]).exits(0);
    assert!(said.stdout.starts_with("EQUAL"), "{}", said.stdout);
    certificate
}

#[test]
fn chinook_migrates_and_every_key_is_there() {
    let scene = Scene::chinook();
    let certificate = migrated(&scene, &[]);
    assert_eq!(certificate["rows"], 15607);
    assert_eq!(certificate["tables"].as_array().unwrap().len(), 11);
    let count = |kind: &str| {
        scene.database.value(&format!(
            "SELECT count(*) FROM pg_constraint WHERE contype = '{kind}' AND convalidated \
             AND connamespace = 'public'::regnamespace"
        ))
    };
    assert_eq!((count("p"), count("f")), ("11".into(), "11".into()));
    let sums = scene
        .database
        .rows("SELECT sum(\"Total\"), min(\"InvoiceDate\"), max(\"InvoiceDate\") FROM \"Invoice\"");
    let sums: Vec<_> = sums[0].iter().map(|v| v.as_deref().unwrap()).collect();
    assert_eq!(sums, ["2328.60", "2021-01-01 00:00:00", "2025-12-22 00:00:00"]);
}

#[test]
fn names_with_spaces_checks_and_rows_that_lie_in_the_wal_arrive() {
    let scene = Scene::made("northwind.db", sources::northwind);
    let certificate = migrated(&scene, &[]);
    assert_eq!(table(&certificate, "Orders")["rows"], 299);
    assert_eq!(table(&certificate, "Order Details")["rows"], 300);
}

#[test]
fn composite_text_keys_and_blobs_of_a_checkpoint_store_arrive() {
    let scene = Scene::made("langgraph.db", sources::langgraph);
    let certificate = migrated(&scene, &[]);
    assert_eq!(table(&certificate, "checkpoints")["mode"], "keyed");
    assert_eq!(table(&certificate, "checkpoints")["chunks"], 2);
    assert_eq!(table(&certificate, "writes")["rows"], 9000);
}

#[test]
fn tables_without_a_key_keep_their_duplicates() {
    let scene = Scene::script(sources::KEYLESS);
    let certificate = migrated(&scene, &[]);
    for name in ["log", "measured", "only nulls"] {
        assert_eq!(table(&certificate, name)["mode"], "bucket", "{name}");
    }
    assert_eq!(scene.database.value("SELECT count(*) FROM log"), "10000");
    assert_eq!(scene.database.value("SELECT count(DISTINCT l) FROM log l"), "100");
}

#[test]
fn tables_without_rowid_keep_the_order_of_their_keys() {
    let scene = Scene::script(sources::WITHOUT_ROWID);
    let certificate = migrated(&scene, &[]);
    assert_eq!(table(&certificate, "words")["mode"], "keyed");
    let key = scene
        .database
        .value("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'pairs'::regclass AND contype = 'p'");
    assert_eq!(key, "PRIMARY KEY (c, a)");
}

#[test]
fn utf_16_arrives_as_the_same_characters() {
    let scene = Scene::script(sources::UTF16);
    let certificate = migrated(&scene, &[]);
    assert_eq!(certificate["source"]["identity"]["encoding"], "UTF-16le");
    assert_eq!(
        scene.database.value("SELECT \"\u{fc}ber\" FROM byid"),
        "\u{1f600}\u{e9}"
    );
}

#[test]
fn every_mapping_keeps_its_edge_values() {
    let scene = Scene::script(sources::EVERY_TYPE);
    let certificate = migrated(&scene, &[]);
    let columns = table(&certificate, "every")["columns"].as_array().unwrap();
    let mappings: Vec<&str> = columns.iter().map(|c| c[1].as_str().unwrap()).collect();
    let kinds: Vec<&str> = mappings
        .iter()
        .map(|m| m.split(['(', '.']).nth(1).unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "bigint",
            "bigint",
            "boolean",
            "double",
            "double",
            "numeric",
            "text",
            "timestamp",
            "timestamp",
            "timestamptz",
            "date",
            "bytea"
        ]
    );
}

#[test]
fn empty_tables_and_a_schema_of_ones_own() {
    let scene = Scene::script(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT); CREATE TABLE b (x, y REAL); CREATE TABLE c (k TEXT PRIMARY KEY);",
    );
    let certificate = migrated(&scene, &["--schema", "Old App"]);
    assert_eq!(
        (&certificate["rows"], &certificate["target"]["schema"]),
        (&0.into(), &"Old App".into())
    );
    let there = "SELECT count(*) FROM pg_tables WHERE schemaname = 'Old App'";
    assert_eq!(scene.database.value(there), "3");
    let public = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    assert_eq!(scene.database.value(public), "0");
}

#[test]
fn three_hundred_small_tables_migrate() {
    let scene = Scene::script(&sources::many_tables());
    let certificate = migrated(&scene, &[]);
    assert_eq!(certificate["tables"].as_array().unwrap().len(), 300);
    assert_eq!(certificate["rows"], 560);
    let indexes = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'public' AND indexname ~ '^i[0-9]+$'";
    assert_eq!(scene.database.value(indexes), "300");
}

#[test]
fn two_files_migrate_into_one_database_in_schemas_of_their_own() {
    let scene = Scene::script("CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (1);");
    migrated(&scene, &["--schema", "one"]);
    migrated(&scene, &["--schema", "two"]);
    assert_eq!(
        scene.database.value("SELECT count(*) FROM _outgrow.migration"),
        "2"
    );
}
