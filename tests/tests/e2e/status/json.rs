//! The object of `--json` and its document, held against each other.

use outgrow_e2e::postgres::Session;
use outgrow_e2e::programs::repository_file;
use serde_json::Value;

use super::{GO_ON, ROWS, finish, in_mid_copy, object, wait_for};
use crate::scene::Scene;

fn keys(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, member)| {
            found.push(key.clone());
            keys(member, found);
        }),
        Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        _ => {}
    }
}

#[test]
fn the_document_names_every_key_and_no_key_goes_missing() {
    let scene = Scene::script(ROWS);
    let child = in_mid_copy(&scene);
    let other = Session::open(&scene.database.url());
    let _ = other.rows("BEGIN; LOCK TABLE public.a IN ROW EXCLUSIVE MODE");
    let running = object(&scene, &[]);
    scene.database.execute(GO_ON);
    let blocked = wait_for("a blocked run", || {
        Some(object(&scene, &[])).filter(|report| report["runs"][0]["blockers"][0].is_object())
    });
    let _ = other.rows("COMMIT");
    finish(child).exits(0);
    let done = object(&scene, &[]);
    let mut found = Vec::new();
    [&running, &blocked]
        .into_iter()
        .for_each(|report| keys(report, &mut found));
    let document = repository_file("docs/status.md");
    let missing: Vec<&String> = found
        .iter()
        .filter(|key| !document.contains(&format!("`{key}`")))
        .collect();
    assert!(missing.is_empty(), "docs/status.md does not name {missing:?}");
    let of_run = |report: &Value| -> Vec<String> {
        let run = report["runs"][0].as_object().unwrap();
        run.keys().cloned().collect()
    };
    assert_eq!(of_run(&running), of_run(&done));
    assert!(found.contains(&"amount_unit".to_owned()) && found.contains(&"transaction_since".to_owned()));
}
