//! Plans that would lose something: blocked by rule and object, nothing written; `--skip` is the way on.

use crate::scene::Scene;

/// What blocks, the object it names, and the rule.
const BLOCKED: &[(&str, &str, &str)] = &[
    (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 'x'), (2, 5);",
        "column:t.v",
        "value.mixed-classes",
    ),
    (
        "CREATE TABLE t (v); INSERT INTO t VALUES (1), (2.0);",
        "column:t.v",
        "value.mixed-numbers",
    ),
    (
        "CREATE TABLE t (v TEXT); INSERT INTO t VALUES ('a' || char(0) || 'b');",
        "column:t.v",
        "value.text-nul",
    ),
    (
        "CREATE TABLE t (v TEXT); INSERT INTO t VALUES (CAST(x'ff' AS TEXT));",
        "column:t.v",
        "value.text-not-unicode",
    ),
    (
        "CREATE TABLE t (v TEXT COLLATE NOCASE);",
        "collation:t.v",
        "collation.not-binary",
    ),
    (
        "CREATE TABLE t (a, b AS (printf('%05d', a)));",
        "generated:t.b",
        "generated.not-carried",
    ),
    (
        "CREATE TABLE t (k TEXT PRIMARY KEY, v); INSERT INTO t VALUES (NULL, 1);",
        "primary-key:t",
        "key.null",
    ),
    (
        "CREATE TABLE t (v TEXT); CREATE UNIQUE INDEX ix ON t (json_extract(v, '$.a'));",
        "index:t.ix",
        "index.untranslated",
    ),
    (
        "CREATE TABLE t (v REFERENCES gone (id));",
        "foreign-key:t.1",
        "foreign-key.parent-missing",
    ),
    (
        "CREATE VIRTUAL TABLE t USING fts5 (v);",
        "virtual-table:t",
        "virtual-table.not-carried",
    ),
];

#[test]
fn what_would_be_lost_blocks_the_plan_by_object_and_rule() {
    for (sql, object, rule) in BLOCKED {
        let scene = Scene::script(sql);
        let source = scene.source.to_str().unwrap();
        let said = scene.run(&["plan", source, "--json"]).exits(4);
        let plan: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
        let findings = plan["findings"].as_array().unwrap();
        let found = |f: &&serde_json::Value| {
            f["object"] == *object && f["rule"] == *rule && f["disposition"] == "blocked"
        };
        assert!(findings.iter().any(|f| found(&f)), "{sql}: {findings:?}");
        let said = scene.run(&["inspect", source]).exits(0);
        assert!(
            said.stdout.contains(object) && said.stdout.contains(rule),
            "{}",
            said.stdout
        );
        let before = scene.catalog();
        scene.migrate(&[]).refuses(4, &[object, "Nothing was written"]);
        assert_eq!(before, scene.catalog(), "{sql}");
    }
}

#[test]
fn what_is_skipped_by_name_no_longer_blocks() {
    let scene = Scene::script(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT COLLATE NOCASE); INSERT INTO t VALUES (1, '{}'); \
         CREATE TABLE mixed (v); INSERT INTO mixed VALUES (1), ('x');",
    );
    let certificate = scene.migrated(&["--skip", "collation:t.v", "--skip", "table:mixed"]);
    let exceptions = certificate["exceptions"].as_array().unwrap();
    let skipped: Vec<&str> = exceptions.iter().map(|e| e["object"].as_str().unwrap()).collect();
    assert!(
        skipped.contains(&"collation:t.v") && skipped.contains(&"table:mixed"),
        "{skipped:?}"
    );
    assert_eq!(
        scene
            .database
            .value("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"),
        "1"
    );
}

#[test]
fn a_skip_that_names_nothing_is_a_usage_error() {
    let scene = Scene::script("CREATE TABLE t (id INTEGER PRIMARY KEY);");
    let before = scene.catalog();
    scene
        .migrate(&["--skip", "table:typo"])
        .refuses(2, &["table:typo"]);
    assert_eq!(before, scene.catalog());
}

#[test]
fn control_characters_of_the_source_do_not_reach_the_terminal() {
    let scene = Scene::script(
        "CREATE TABLE \"a\u{1b}[31mred\" (\"v\u{7}\"); INSERT INTO \"a\u{1b}[31mred\" VALUES (1), ('x');",
    );
    let source = scene.source.to_str().unwrap();
    for said in [scene.run(&["inspect", source]), scene.migrate(&[])] {
        let all = format!("{}{}", said.stdout, said.stderr);
        assert!(all.contains("red"), "{all}");
        assert!(!all.contains(['\u{1b}', '\u{7}']), "{all:?}");
    }
}

/// What is advised is pasted into a shell.
#[test]
fn advice_for_a_name_with_an_apostrophe_works_as_it_is() {
    let scene = Scene::script(
        "CREATE TABLE \"we'ird\" (\"it's\"); INSERT INTO \"we'ird\" VALUES (1), ('x'); CREATE TABLE t (a);",
    );
    let source = scene.source.to_str().unwrap();
    let said = scene.run(&["plan", source, "--json"]).exits(4);
    let plan: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let next = plan["findings"][0]["next"].as_str().unwrap();
    let skip = &next[next.find("--skip '").unwrap()..].trim_end_matches('.');
    let values = next[next.find("--values '").unwrap()..]
        .split(", where")
        .next()
        .unwrap();
    let values = values.replace("KIND=POLICY", "text=quarantine");
    let program = outgrow_e2e::programs::outgrow();
    for advice in [*skip, &values] {
        let mut shell = std::process::Command::new("sh");
        shell.args([
            "-c",
            &format!("{} plan '{source}' {advice} --json", program.display()),
        ]);
        scene.isolate(&mut shell);
        scene.check(&mut shell).exits(0);
    }
}
