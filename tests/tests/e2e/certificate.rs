//! What machines read: the certificate, and the JSON of every command.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::scene::{Scene, digest};

/// Values that nobody may find outside the two databases, in every place that a report could quote.
const SECRETS: &str = "\
    CREATE TABLE parent (k TEXT PRIMARY KEY NOT NULL); \
    CREATE TABLE t (k TEXT PRIMARY KEY NOT NULL, v TEXT DEFAULT 'hidden-default', b BLOB, p TEXT REFERENCES parent, \
      CHECK (v <> 'hidden-check')); \
    INSERT INTO t VALUES ('hidden-key', 'hidden-value', CAST('hidden-blob' AS BLOB), 'hidden-orphan'); \
    CREATE TABLE other (declared INTEGER); INSERT INTO other VALUES ('hidden-text');";

#[test]
fn the_certificate_is_canonical_private_and_the_same_as_the_result() {
    let scene = Scene::chinook();
    let said = scene.migrate(&["--json"]).exits(0);
    assert!(said.stderr.is_empty(), "{}", said.stderr);
    let result = said.result();
    let path = scene.work().join(result["certificate_path"].as_str().unwrap());
    let run = result["certificate"]["run_id"].as_str().unwrap();
    assert_eq!(
        path.file_name().unwrap().to_str().unwrap(),
        format!("outgrow-certificate-{run}.json")
    );
    let text = fs::read_to_string(&path).unwrap();
    let parsed: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(parsed, result["certificate"]);
    assert_eq!(
        text,
        format!("{}\n", serde_json_canonicalizer::to_string(&parsed).unwrap())
    );
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_certificate_names_no_host_no_password_no_path_and_no_value() {
    let scene = Scene::script(SECRETS);
    let certificate = scene.migrated(&[]).to_string();
    let folder = scene.source.parent().unwrap().to_str().unwrap();
    let password = outgrow_e2e::postgres::shared().password();
    for secret in ["hidden", "127.0.0.1", "postgresql:", password, folder] {
        assert!(!certificate.contains(secret), "{secret} is in {certificate}");
    }
    for named in [
        "foreign-key:t.1",
        "foreign-key.orphans",
        "app.db",
        "column:other.declared",
    ] {
        assert!(certificate.contains(named), "{named} is not in {certificate}");
    }
}

#[test]
fn the_digests_in_the_certificate_can_be_computed_again() {
    let scene = Scene::chinook();
    let certificate = scene.migrated(&[]);
    let identity = &certificate["source"]["identity"];
    let path = fs::canonicalize(&scene.source).unwrap();
    assert_eq!(identity["path_sha256"], digest(path.to_str().unwrap().as_bytes()));
    assert_eq!(
        identity["header_sha256"],
        digest(&fs::read(&scene.source).unwrap()[..100])
    );
    let program = fs::read(outgrow_e2e::programs::outgrow()).unwrap();
    assert_eq!(certificate["tool_sha256"], digest(&program));
    let plan = scene.database.value("SELECT plan FROM _outgrow.migration");
    assert_eq!(certificate["plan_sha256"], digest(plan.as_bytes()));
    let root = scene.database.value("SELECT root FROM _outgrow.migration");
    assert_eq!(certificate["target"]["root"], root);
}

#[test]
fn two_migrations_of_one_source_have_the_same_roots() {
    let scene = Scene::chinook();
    let (one, two) = (
        scene.migrated(&["--schema", "one"]),
        scene.migrated(&["--schema", "two"]),
    );
    assert_eq!(one["source"]["root"], two["source"]["root"]);
    assert_eq!(one["tables"], two["tables"]);
}

#[test]
fn progress_events_tell_every_stage_from_start_to_end() {
    let scene = Scene::chinook();
    let events = scene.migrate(&["--json"]).exits(0).events();
    let stages = |kind: &str| -> Vec<String> {
        let of_kind = events.iter().filter(|e| e["event"] == kind);
        of_kind.map(|e| e["stage"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        stages("stage_started"),
        ["source", "census", "copy", "keys", "verify"]
    );
    assert_eq!(stages("stage_started"), stages("stage_finished"));
    let rows = |stage: &str| {
        let of_stage = |e: &&Value| e["event"] == "stage_finished" && e["stage"] == stage;
        events.iter().find(of_stage).unwrap()["rows"].as_u64().unwrap()
    };
    assert_eq!([rows("census"), rows("copy"), rows("verify")], [15607; 3]);
}

#[test]
fn inspect_prints_the_json_of_the_plan_and_the_census_with_it() {
    let scene = Scene::chinook();
    let source = scene.source.to_str().unwrap();
    let [mut inspected, planned] = ["inspect", "plan"].map(|verb| {
        let said = scene.run(&[verb, source, "--json"]).exits(0);
        serde_json::from_str::<Value>(&said.stdout).unwrap()
    });
    let census = inspected.as_object_mut().unwrap().remove("census").unwrap();
    assert!(inspected == planned, "what is beside the census is the plan");
    assert_eq!(planned["tables"].as_array().unwrap().len(), 11);
    assert_eq!(census.as_array().unwrap().len(), 11);
}

#[test]
fn a_plan_is_written_to_a_new_file_only() {
    let scene = Scene::chinook();
    let source = scene.source.to_str().unwrap();
    let said = scene.run(&["plan", source, "-o", "plan.toml"]).exits(0);
    assert!(said.stdout.is_empty());
    let plan = fs::read_to_string(scene.work().join("plan.toml")).unwrap();
    assert!(plan.contains("outgrow-plan-3"));
    scene
        .run(&["plan", source, "-o", "plan.toml"])
        .refuses(2, &["plan.toml"]);
    assert_eq!(fs::read_to_string(scene.work().join("plan.toml")).unwrap(), plan);
}
