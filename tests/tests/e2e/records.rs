//! `verify` follows the migration on record: which one, and what it says when there is none.

use rusqlite::Connection;

use crate::scene::Scene;
use crate::sources;

const TWO_ROWS: &str =
    "CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO a VALUES (1, 'x'), (2, 'y');";

#[test]
fn without_a_record_verify_is_a_usage_error_that_says_so() {
    let scene = Scene::script(TWO_ROWS);
    let before = scene.catalog();
    scene
        .verify(&[])
        .refuses(2, &["no migration of this file on record", "Migrate it first"]);
    assert_eq!(before, scene.catalog());
}

#[test]
fn of_several_migrations_the_latest_of_this_file_counts_unless_one_is_named() {
    let scene = Scene::script(TWO_ROWS);
    let first = scene.migrated(&["--schema", "one"]);
    scene.migrated(&["--schema", "two"]);
    scene.database.execute("UPDATE one.a SET v = 'z' WHERE id = 2");
    assert!(scene.verify(&[]).exits(0).stdout.starts_with("EQUAL"));
    let run = first["run_id"].as_str().unwrap();
    let said = scene.verify(&["--run", run]).exits(6);
    assert!(said.stdout.contains("id = integer 2"), "{}", said.stdout);
}

#[test]
fn an_unknown_run_is_a_usage_error_that_names_the_known_ones() {
    let scene = Scene::script(TWO_ROWS);
    let run = scene.migrated(&[])["run_id"].as_str().unwrap().to_owned();
    let unknown = "00000000-0000-7000-8000-000000000000";
    scene.verify(&["--run", unknown]).refuses(2, &[&run, "app.db"]);
    let said = scene.verify(&["--run", "not-a-run"]).exits(2);
    assert!(said.stderr.contains("--run"), "{}", said.stderr);
}

#[test]
fn a_renamed_file_is_told_which_runs_there_are() {
    let scene = Scene::script(TWO_ROWS);
    let run = scene.migrated(&[])["run_id"].as_str().unwrap().to_owned();
    let other = scene.source.with_file_name("renamed.db");
    std::fs::rename(&scene.source, &other).unwrap();
    let url = scene.database.url();
    let verify = ["verify", other.to_str().unwrap(), "--to", &url];
    scene.run(&verify).refuses(2, &[&run, "--run"]);
    let chosen = [&verify[..], &["--run", &run]].concat();
    scene.run(&chosen).exits(0);
}

#[test]
fn what_changed_in_the_source_since_is_named() {
    let scene = Scene::script(TWO_ROWS);
    scene.migrated(&[]);
    sources::script(
        &scene.source,
        "UPDATE a SET v = 'changed' WHERE id = 1; DELETE FROM a WHERE id = 2; INSERT INTO a VALUES (3, 'new');",
    );
    let listed = scene.verify(&["--json"]).exits(6).result()["differences"]["listed"].clone();
    let found: Vec<(&str, &str)> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|d| (d["kind"].as_str().unwrap(), d["key"].as_str().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ("changed", "id = integer 1"),
            ("extra", "id = integer 2"),
            ("missing", "id = integer 3")
        ]
    );
}

#[test]
fn another_class_in_the_source_since_is_a_difference_not_a_fault() {
    let scene =
        Scene::script("CREATE TABLE a (id INTEGER PRIMARY KEY, v); INSERT INTO a VALUES (1, 1), (2, 2);");
    scene.migrated(&[]);
    sources::script(
        &scene.source,
        "UPDATE a SET v = 1.0 WHERE id = 1; UPDATE a SET v = x'02' WHERE id = 2;",
    );
    let result = scene.verify(&["--json"]).exits(6).result();
    assert_eq!(result["differences"]["total"], 2);
}

#[test]
fn a_table_dropped_from_the_source_since_is_named() {
    let scene =
        Scene::script("CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY);");
    scene.migrated(&[]);
    sources::script(&scene.source, "DROP TABLE b;");
    scene.verify(&[]).refuses(3, &["b"]);
}

#[test]
fn verify_writes_a_certificate_when_asked_and_only_when_equal() {
    let scene = Scene::script(TWO_ROWS);
    let first = scene.migrated(&[]);
    scene.verify(&["--certificate", "again.json"]).exits(0);
    let text = std::fs::read_to_string(scene.work().join("again.json")).unwrap();
    let again: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&again["level"], &first["level"]),
        (&"fresh-both".into(), &"read-back".into())
    );
    assert_eq!(again["target"]["root"], first["target"]["root"]);
    scene.database.execute("DELETE FROM a");
    scene.verify(&["--certificate", "none.json"]).exits(6);
    assert!(!scene.work().join("none.json").exists());
}

#[test]
fn a_role_that_may_only_read_can_verify() {
    let scene = Scene::script(TWO_ROWS);
    scene.migrated(&[]);
    let role = format!("reader_{}", scene.database.name());
    scene.database.execute(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'reads-only'; GRANT SELECT ON ALL TABLES IN SCHEMA public, _outgrow TO {role}; \
         GRANT USAGE ON SCHEMA _outgrow TO {role}"
    ));
    let url = scene.database.url();
    let (_, rest) = url.split_once('@').unwrap();
    let url = format!("postgresql://{role}:reads-only@{rest}");
    let said = scene
        .run(&["verify", scene.source.to_str().unwrap(), "--to", &url])
        .exits(0);
    assert!(!said.stderr.contains("reads-only") && !said.stdout.contains("reads-only"));
    scene
        .database
        .execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn what_the_source_gained_since_is_a_difference() {
    let scene =
        Scene::script("CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT); INSERT INTO a VALUES (1, 'x')");
    scene.migrated(&[]);
    let source = Connection::open(&scene.source).unwrap();
    source
        .execute_batch("ALTER TABLE a ADD COLUMN added TEXT DEFAULT 'new'; CREATE TABLE b (id INTEGER)")
        .unwrap();
    let said = scene.verify(&[]).exits(6);
    for word in [
        "column added",
        "made in the source after the migration",
        "column id",
    ] {
        assert!(said.stdout.contains(word), "{}", said.stdout);
    }
}
