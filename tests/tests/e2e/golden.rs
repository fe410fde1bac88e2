//! The same roots from another language: CE1 written in Python from its specification alone.

use std::collections::BTreeMap;
use std::process::Command;

use outgrow_e2e::programs::repository;

use crate::scene::Scene;
use crate::sources;

/// Mode and root of every table, as the Python producer computes them from the source.
fn python_roots(scene: &Scene) -> BTreeMap<(String, String), String> {
    let output = Command::new("python3")
        .arg("-B")
        .arg(repository().join("tests/golden/ce1.py"))
        .arg(&scene.source)
        .output()
        .unwrap_or_else(|error| panic!("python3 is needed for the second producer of CE1: {error}"));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [name, mode, chunks, root] = fields[..] else {
                panic!("{line}")
            };
            ((name.to_owned(), mode.to_owned()), format!("{chunks} {root}"))
        })
        .collect()
}

fn assert_python_agrees(scene: &Scene) {
    let certificate = scene.migrated(&[]);
    let roots = python_roots(scene);
    for table in certificate["tables"].as_array().unwrap() {
        let text = |field: &str| table[field].as_str().unwrap().to_owned();
        let ours = format!("{} {}", table["chunks"], text("root"));
        assert_eq!(
            roots.get(&(text("name"), text("mode"))),
            Some(&ours),
            "{}",
            text("name")
        );
    }
}

#[test]
fn python_computes_the_same_roots_of_integer_keys() {
    assert_python_agrees(&Scene::chinook());
}

#[test]
fn python_computes_the_same_roots_of_composite_text_keys() {
    assert_python_agrees(&Scene::made("langgraph.db", sources::langgraph));
}

#[test]
fn python_computes_the_same_roots_of_tables_without_rowid() {
    assert_python_agrees(&Scene::script(sources::WITHOUT_ROWID));
}

#[test]
fn python_computes_the_same_roots_without_a_key() {
    assert_python_agrees(&Scene::script(sources::KEYLESS));
}

#[test]
fn python_computes_the_same_roots_of_every_type() {
    assert_python_agrees(&Scene::script(sources::EVERY_TYPE));
}

#[test]
fn python_computes_the_same_roots_of_utf_16() {
    assert_python_agrees(&Scene::script(sources::UTF16));
}
