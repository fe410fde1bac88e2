//! Migrations into tables that the application made itself.

mod binding;
mod broken;
mod guards;
mod ids;
mod seeds;

use crate::scene::Scene;

/// A source and a target, each made by its own statements.
pub fn both(source: &str, target: &str) -> Scene {
    let scene = Scene::script(source);
    scene.database.execute(target);
    scene
}

/// The rows that a query returns on the target, columns joined by `|`, NULL as `~`.
pub fn rows(scene: &Scene, sql: &str) -> Vec<String> {
    let rows = scene.database.rows(sql);
    let shown = |row: &Vec<Option<String>>| {
        let fields: Vec<&str> = row.iter().map(|field| field.as_deref().unwrap_or("~")).collect();
        fields.join("|")
    };
    rows.iter().map(shown).collect()
}

/// Migrates, and returns what is not carried over as it is: `object [rule]`.
#[track_caller]
pub fn exceptions(scene: &Scene, options: &[&str]) -> Vec<String> {
    let mut all = vec!["--json"];
    all.extend(options);
    let result = scene.migrate(&all).exits(0).result();
    let listed = result["certificate"]["exceptions"].as_array().unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    listed
        .iter()
        .map(|entry| format!("{} [{}]", text(&entry["object"]), text(&entry["rule"])))
        .collect()
}
