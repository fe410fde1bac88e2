//! The plan as a file: edited under `[choices]`, given back, and refused for anything it was not made for.

use std::fs;
use std::path::PathBuf;

use crate::scene::Scene;

const SOURCE: &str = "\
    CREATE TABLE orders (id INTEGER PRIMARY KEY, amount INTEGER, note TEXT); \
    INSERT INTO orders VALUES (1, 10, 'a'), (2, 'ten', 'b'); \
    CREATE INDEX ix_note ON orders (note);";

/// Writes the plan of a scene's source into its folder.
fn written(scene: &Scene) -> PathBuf {
    let path = scene.work().join("plan.toml");
    let source = scene.source.to_str().unwrap();
    scene.run(&["plan", source, "-o", "plan.toml"]).exits(4);
    path
}

fn edit(path: &PathBuf, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_plan_that_was_edited_is_carried_out() {
    let scene = Scene::script(SOURCE);
    let plan = written(&scene);
    scene
        .migrate(&["--plan", "plan.toml"])
        .refuses(4, &["column:orders.amount"]);
    edit(
        &plan,
        "skip = []\n",
        "skip = [\"index:orders.ix_note\"]\n\
         columns.\"column:orders.amount\" = { values = { text = \"quarantine\" } }\n\
         names.\"table:orders\" = \"Bestellungen\"\n\
         names.\"column:orders.note\" = \"n\"\n",
    );
    edit(&plan, "schema = \"public\"", "schema = \"moved\"");
    let certificate = scene.migrated(&["--plan", "plan.toml"]);
    assert_eq!(certificate["tables"][0]["name"], "orders");
    let value = |sql: &str| scene.database.value(sql);
    assert_eq!(
        value("SELECT string_agg(n, ',' ORDER BY id) FROM moved.\"Bestellungen\""),
        "a,b"
    );
    assert_eq!(
        value("SELECT count(*) FROM pg_indexes WHERE schemaname = 'moved'"),
        "1"
    );
    assert_eq!(value("SELECT kind FROM _outgrow.quarantine"), "text");
    scene.verify(&[]).exits(0);
    scene
        .database
        .execute("UPDATE moved.\"Bestellungen\" SET n = 'c' WHERE id = 2");
    let said = scene.verify(&[]).exits(6);
    assert!(
        said.stdout.contains("orders") && said.stdout.contains("note"),
        "{}",
        said.stdout
    );
}

#[test]
fn what_was_edited_outside_the_choices_is_refused_not_passed_over() {
    let scene = Scene::script(SOURCE);
    let plan = written(&scene);
    edit(&plan, "target_type = \"bigint\"", "target_type = \"integer\"");
    scene
        .migrate(&["--plan", "plan.toml"])
        .refuses(2, &["plan.toml", "[choices]"]);
}

#[test]
fn a_file_that_is_no_plan_is_refused_with_its_place() {
    let scene = Scene::script(SOURCE);
    let plan = written(&scene);
    let good = fs::read_to_string(&plan).unwrap();
    let cases = [
        ("skip = []", "skip = [", "line"),
        ("skip = []", "skipp = []", "skipp"),
        ("skip = []", "skip = []\nvalues = { words = \"null\" }", "words"),
        ("skip = []", "skip = [\"table:typo\"]", "table:typo"),
        (
            "skip = []",
            "skip = []\nnames.\"table:typo\" = \"t\"",
            "table:typo",
        ),
        (
            "skip = []",
            "skip = []\nsql.\"check:orders.1\" = \"true\"",
            "check:orders.1",
        ),
        ("outgrow-plan-3", "outgrow-plan-9", "outgrow-plan-9"),
    ];
    for (from, to, named) in cases {
        fs::write(&plan, good.replacen(from, to, 1)).unwrap();
        scene.migrate(&["--plan", "plan.toml"]).refuses(2, &[named]);
    }
    let said = scene
        .migrate(&["--plan", "nowhere.toml"])
        .refuses(2, &["nowhere.toml"]);
    assert_eq!(
        said.stderr.matches("cannot be read").count(),
        1,
        "{}",
        said.stderr
    );
    let said = scene
        .migrate(&["--plan", "plan.toml", "--skip", "table:orders"])
        .exits(2);
    assert!(said.stderr.contains("--skip"), "{}", said.stderr);
}

#[test]
fn a_plan_for_another_file_or_state_is_refused_and_its_choices_can_be_taken_over() {
    let scene = Scene::script(SOURCE);
    let plan = written(&scene);
    edit(&plan, "skip = []", "skip = [\"table:orders\"]");
    let other = scene.source.with_file_name("other.db");
    fs::copy(&scene.source, &other).unwrap();
    let url = scene.database.url();
    let other = other.to_str().unwrap();
    scene
        .run(&["migrate", other, "--plan", "plan.toml", "--to", &url])
        .refuses(4, &["another file, app.db"]);
    let connection = rusqlite::Connection::open(&scene.source).unwrap();
    connection
        .execute_batch("UPDATE orders SET note = 'z' WHERE id = 1")
        .unwrap();
    drop(connection);
    let before = scene.catalog();
    scene
        .migrate(&["--plan", "plan.toml"])
        .refuses(4, &["another state of app.db", "--plan"]);
    assert_eq!(before, scene.catalog());
    let source = scene.source.to_str().unwrap();
    scene
        .run(&["plan", source, "--plan", "plan.toml", "-o", "new.toml"])
        .exits(0);
    let certificate = scene.migrated(&["--plan", "new.toml"]);
    assert_eq!(certificate["exceptions"][0]["object"], "table:orders");
}

/// The rules of the findings that block.
fn blocked(plan: &str) -> Vec<(String, String)> {
    let plan: serde_json::Value = serde_json::from_str(plan).unwrap();
    let findings = plan["findings"].as_array().unwrap().iter();
    let blocked = findings.filter(|f| f["disposition"] == "blocked");
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    blocked.map(|f| (text(&f["rule"]), text(&f["object"]))).collect()
}

#[test]
fn a_plan_is_tried_on_the_target_and_leaves_nothing_there() {
    let scene = Scene::script(
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY REFERENCES p); \
         CREATE INDEX ix ON c (id);",
    );
    let before = scene.catalog();
    let (source, url) = (scene.source.to_str().unwrap(), scene.database.url());
    let options = ["plan", source, "--schema", "fresh", "--to", &url, "--json"];
    let said = scene.run(&options).exits(0);
    assert!(said.stderr.contains("statements tried"), "{}", said.stderr);
    assert_eq!(before, scene.catalog());
    scene
        .database
        .execute("CREATE SCHEMA fresh; CREATE TABLE fresh.ix (a int)");
    let before = scene.catalog();
    let said = scene.run(&options).exits(4);
    assert_eq!(
        blocked(&said.stdout),
        [("name.in-use".to_owned(), "target:fresh.ix".to_owned())]
    );
    assert_eq!(before, scene.catalog());
}

#[test]
fn a_missing_right_shows_when_the_plan_is_tried() {
    let scene = Scene::script("CREATE TABLE t (id INTEGER PRIMARY KEY);");
    let (name, password) = (format!("r{}", std::process::id()), "not-a-secret");
    scene.database.execute(&format!(
        "CREATE ROLE {name} LOGIN PASSWORD '{password}'; CREATE SCHEMA closed"
    ));
    let url = scene.database.url().replacen("outgrow:", &format!("{name}:"), 1);
    let url = url.replacen(outgrow_e2e::postgres::shared().password(), password, 1);
    let source = scene.source.to_str().unwrap();
    let said = scene
        .run(&["plan", source, "--schema", "closed", "--to", &url, "--json"])
        .exits(4);
    assert_eq!(
        blocked(&said.stdout),
        ["schema:_outgrow", "table:t"].map(|object| ("ddl.refused".to_owned(), object.to_owned()))
    );
    assert!(said.stdout.contains("permission denied"), "{}", said.stdout);
    // The records of outgrow need a schema too: made by the role, or by somebody before.
    scene
        .database
        .execute(&format!("GRANT USAGE, CREATE ON SCHEMA closed TO {name}"));
    let options = ["plan", source, "--schema", "closed", "--to", &url, "--json"];
    let said = scene.run(&options).exits(4);
    assert_eq!(
        blocked(&said.stdout),
        [("ddl.refused".to_owned(), "schema:_outgrow".to_owned())]
    );
    scene
        .database
        .execute(&format!("CREATE SCHEMA _outgrow AUTHORIZATION {name}"));
    scene.run(&options).exits(0);
    scene
        .run(&["migrate", source, "--schema", "closed", "--to", &url])
        .exits(0);
    scene
        .database
        .execute(&format!("DROP OWNED BY {name}; DROP ROLE {name}"));
}

const OWN_SQL: &str = "\
    CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT DEFAULT (hex(randomblob(4))), CHECK (id > 0)); \
    INSERT INTO t VALUES (1, 'a'); CREATE INDEX ix ON t (v);";

#[test]
fn own_sql_cannot_end_the_transaction_it_runs_in() {
    let lines = [
        "sql.\"index:t.ix\" = \"COMMIT\"",
        "sql.\"index:t.ix\" = \"ROLLBACK; BEGIN\"",
        "sql.\"check:t.1\" = \"true); COMMIT; SELECT (1\"",
        "sql.\"default:t.v\" = \"'x'); COMMIT; CREATE TABLE u (a int\"",
    ];
    for line in lines {
        let scene = Scene::script(OWN_SQL);
        let source = scene.source.to_str().unwrap();
        scene.run(&["plan", source, "-o", "plan.toml"]).exits(0);
        let plan = scene.work().join("plan.toml");
        edit(&plan, "skip = []\n", &format!("skip = []\n{line}\n"));
        let before = scene.catalog();
        let object = line.split('"').nth(1).unwrap();
        let refused = scene.migrate(&["--plan", "plan.toml"]);
        refused.refuses(4, &["[choices.sql]", object]);
        let value = |sql: &str| scene.database.value(sql);
        assert_eq!(value("SELECT count(*) FROM _outgrow.migration"), "0", "{line}");
        assert_eq!(value("SELECT to_regclass('public.u') IS NULL"), "t", "{line}");
        assert_eq!(
            value(&format!(
                "SELECT count(*) FROM _outgrow.step WHERE step = '{object}'"
            )),
            "0"
        );
        scene
            .database
            .execute("DROP TABLE IF EXISTS t; DROP SCHEMA _outgrow CASCADE");
        let url = scene.database.url();
        scene
            .run(&["plan", source, "--plan", "plan.toml", "--to", &url])
            .exits(4);
        assert_eq!(before, scene.catalog(), "{line}");
    }
}

#[test]
fn own_sql_names_tables_without_their_schema_and_answers_for_what_it_does() {
    let scene = Scene::script(OWN_SQL);
    let source = scene.source.to_str().unwrap();
    scene.run(&["plan", source, "-o", "plan.toml"]).exits(0);
    let plan = scene.work().join("plan.toml");
    let line = |sql: &str| format!("skip = []\nsql.\"index:t.ix\" = \"{sql}\"\n");
    edit(&plan, "skip = []\n", &line("DELETE FROM t"));
    edit(&plan, "schema = \"public\"", "schema = \"a'b\"");
    scene
        .migrate(&["--plan", "plan.toml"])
        .refuses(6, &["[choices.sql]"]);
    edit(&plan, "DELETE FROM t", "CREATE INDEX ix ON t (v DESC)");
    scene
        .migrate(&["--plan", "plan.toml"])
        .refuses(4, &["index:t.ix was made", "--restart"]);
    scene.migrated(&["--plan", "plan.toml", "--restart"]);
    let count = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'a''b' AND indexname = 'ix'";
    assert_eq!(scene.database.value(count), "1");
}

#[test]
fn a_nul_in_the_choices_is_a_usage_error() {
    let scene = Scene::script(SOURCE);
    let plan = written(&scene);
    edit(
        &plan,
        "skip = []\n",
        "skip = []\nnames.\"table:orders\" = \"a\\u0000b\"\n",
    );
    scene.migrate(&["--plan", "plan.toml"]).refuses(2, &["NUL"]);
}

#[test]
fn a_choice_without_effect_is_refused_by_name() {
    let scene = Scene::script("CREATE TABLE t (a INTEGER, g INTEGER AS (a + 1)); INSERT INTO t VALUES (1);");
    let source = scene.source.to_str().unwrap();
    scene.run(&["plan", source, "-o", "plan.toml"]).exits(0);
    let plan = scene.work().join("plan.toml");
    let mut before = "skip = []\n".to_owned();
    for (column, choice) in [
        ("a", "nocase = \"icu\""),
        ("a", "generated = \"materialise\""),
        ("g", "mapping = \"integer.integer\""),
        ("g", "values = { integer = \"null\" }"),
    ] {
        let line = format!("skip = []\ncolumns.\"column:t.{column}\" = {{ {choice} }}\n");
        edit(&plan, &before, &line);
        let object = format!("column:t.{column}");
        scene.migrate(&["--plan", "plan.toml"]).refuses(2, &[&object]);
        before = line;
    }
}

#[test]
fn a_table_without_a_name_shares_none_with_its_columns() {
    let scene =
        Scene::script("CREATE TABLE \"\" (a, b); CREATE TABLE a (a); INSERT INTO \"\" VALUES (1, 2);");
    scene.migrated(&[]);
}
