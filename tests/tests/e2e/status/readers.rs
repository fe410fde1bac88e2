//! Who may look, and what is told where there is nothing, something else, or something hostile.

use outgrow_e2e::postgres;
use serde_json::Value;

use super::{
    GO_ON, ROWS, ROWS_BEFORE, assert_words, finish, in_mid_copy, object, only_run, status, status_at,
};
use crate::scene::Scene;

#[test]
fn where_outgrow_never_ran_nothing_is_on_record_and_nothing_is_made() {
    let scene = Scene::script(ROWS);
    let before = scene.catalog();
    for options in [&[][..], &["--json"], &["--watch"], &["--schema", "public"]] {
        status(&scene, options).refuses(2, &["no migration is on record here", "--to"]);
    }
    assert_eq!(before, scene.catalog());
}

#[test]
fn a_run_or_schema_that_is_not_on_record_names_those_that_are() {
    let scene = Scene::script("CREATE TABLE a (id INTEGER PRIMARY KEY)");
    let run = scene.migrated(&[])["run_id"].as_str().unwrap().to_owned();
    let other = scene.migrated(&["--schema", "other"])["run_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(object(&scene, &[])["runs"][0]["run_id"], *other);
    assert_eq!(object(&scene, &["--schema", "public"])["runs"][0]["run_id"], *run);
    assert_eq!(object(&scene, &["--run", &run])["runs"][0]["run_id"], *run);
    for options in [
        ["--schema", "nowhere"],
        ["--run", "00000000-0000-7000-8000-000000000000"],
    ] {
        status(&scene, &options).refuses(2, &["no such migration", &run, &other, "app.db"]);
    }
}

#[test]
fn a_role_that_may_only_read_is_told_all_it_may_see_and_one_that_may_not_is_told_the_grant() {
    let scene = Scene::script(ROWS);
    let child = in_mid_copy(&scene);
    let role = format!("watcher {}", scene.database.name());
    let password = postgres::shared().password();
    scene.database.execute(&format!(
        "CREATE ROLE \"{role}\" LOGIN PASSWORD '{password}'; ALTER ROLE \"{role}\" SET default_transaction_read_only = on"
    ));
    let user = role.replace(' ', "%20");
    let url = scene
        .database
        .url()
        .replacen("://outgrow:", &format!("://{user}:"), 1);
    assert_ne!(url, scene.database.url());
    let said = status_at(&scene, &url, &[]).refuses(5, &["may not read the ledger"]);
    let (_, grant) = said.stderr.split_once("administrator run: ").unwrap();
    scene.database.execute(grant.trim());
    let said = status_at(&scene, &url, &["--json"]).exits(0);
    let report: Value = serde_json::from_str(&said.stdout).unwrap();
    let run = &report["runs"][0];
    assert_eq!(
        (&run["state"], &run["tables"][0]["rows_done"]),
        (&"running".into(), &ROWS_BEFORE.into())
    );
    assert_eq!(
        (&run["sessions_visible"], &run["values_quarantined"]),
        (&false.into(), &Value::Null)
    );
    assert_eq!(
        (&run["sessions"], &run["blockers"]),
        (&serde_json::json!([]), &serde_json::json!([]))
    );
    let said = status_at(&scene, &url, &[]).exits(0);
    assert_words(&said, &["GRANT pg_read_all_stats", "this role may not count it"]);
    scene.database.execute(&format!(
        "GRANT pg_read_all_stats TO \"{role}\"; GRANT SELECT (run_id) ON _outgrow.quarantine TO \"{role}\""
    ));
    let said = status_at(&scene, &url, &["--json"]).exits(0);
    let report: Value = serde_json::from_str(&said.stdout).unwrap();
    let run = &report["runs"][0];
    assert_eq!(
        (&run["sessions_visible"], &run["values_quarantined"]),
        (&true.into(), &0.into())
    );
    assert_eq!(run["sessions"][0]["command"]["name"], "COPY");
    scene.database.execute(GO_ON);
    finish(child).exits(0);
    scene
        .database
        .execute(&format!("DROP OWNED BY \"{role}\"; DROP ROLE \"{role}\""));
}

#[test]
fn hostile_names_neither_steer_the_terminal_nor_widen_the_page() {
    let long = "x".repeat(300);
    let wide = "\u{8868}".repeat(60);
    let names = [
        "\u{1b}[2Jboo",
        "a\nRUNNING  fake.db",
        &long,
        &wide,
        "it's \"quoted\" %s",
    ];
    let mut sql = String::new();
    for name in names {
        let quoted = name.replace('"', "\"\"");
        sql.push_str(&format!(
            "CREATE TABLE \"{quoted}\" (id INTEGER PRIMARY KEY); INSERT INTO \"{quoted}\" VALUES (1);"
        ));
    }
    let scene = Scene::made("\u{1b}[31mapp \u{7} it's.db", |path| {
        crate::sources::script(path, &sql);
    });
    scene.migrated(&[]);
    let said = status(&scene, &[]).exits(0);
    let steers = |c: char| c.is_control() && c != '\n';
    assert!(!said.stdout.contains(steers), "{:?}", said.stdout);
    assert!(
        !said.stdout.lines().any(|line| line.starts_with("RUNNING")),
        "{}",
        said.stdout
    );
    let run = only_run(&scene);
    let told: Vec<&str> = run["tables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["name"].as_str().unwrap())
        .collect();
    assert_eq!(told, names);
}

#[test]
fn a_migration_into_the_applications_tables_is_told_from_its_record() {
    let scene = Scene::script(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO a VALUES (1, 'x'), (2, 'y');",
    );
    scene
        .database
        .execute("CREATE TABLE a (id bigint PRIMARY KEY, v text)");
    scene.migrated(&[]);
    let run = only_run(&scene);
    assert_eq!((&run["state"], &run["rows_done"]), (&"done".into(), &2.into()));
    assert_eq!(
        (&run["target_schema"], &run["begun_at"]),
        (&"public".into(), &Value::Null)
    );
    assert_words(&status(&scene, &[]).exits(0), &["DONE", "2 of 2 rows"]);
}
