//! Types chosen by their owner, or suggested by what the census saw: taken only if every value comes back.

use serde_json::Value;

use crate::scene::Scene;

const SHAPES: &str = "\
    CREATE TABLE t (id TEXT PRIMARY KEY, device UUID, raw BLOB, payload TEXT, at INTEGER, at_ms DATETIME, flag INTEGER, n INTEGER); \
    INSERT INTO t VALUES \
      ('0192f3a1-0000-7000-8000-00000000000b', '0192f3a1-0000-7000-8000-0000000000ff', x'00112233445566778899aabbccddeeff', \
       '{\"b\": 1.0, \"a\" : [1,2]}', 1700000000, 1700000000123, 1, -32768), \
      ('0192f3a1-0000-7000-8000-00000000000a', NULL, NULL, '[]', 1800000000, 1800000000000, 0, 32767);";

fn mapping(column: &str, mapping: &str) -> String {
    format!("columns.\"column:t.{column}\".mapping = \"{mapping}\"\n")
}

#[test]
fn chosen_types_hold_every_value() {
    let scene = Scene::script(SHAPES);
    let chosen = [
        ("id", "text.uuid"),
        ("raw", "blob.uuid"),
        ("payload", "text.json"),
        ("at", "integer.timestamptz(s)"),
        ("at_ms", "integer.timestamptz(ms)"),
        ("flag", "integer.boolean"),
        ("n", "integer.smallint"),
    ];
    let lines: String = chosen.iter().map(|(column, id)| mapping(column, id)).collect();
    scene.plan_with(&lines);
    let certificate = scene.migrated(&["--plan", "plan.toml"]);
    assert_eq!(
        certificate["tables"][0]["mode"], "keyed",
        "a UUID keeps the order of its text"
    );
    let types = "SELECT string_agg(format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute \
                 WHERE attrelid = 'public.t'::regclass AND attnum > 0";
    assert_eq!(
        scene.database.value(types),
        "uuid, uuid, uuid, json, timestamp with time zone, timestamp with time zone, boolean, smallint"
    );
    let row = "SELECT concat_ws(' ', raw, payload, at AT TIME ZONE 'UTC', at_ms AT TIME ZONE 'UTC', flag, n) FROM t ORDER BY id DESC LIMIT 1";
    assert_eq!(
        scene.database.value(row),
        "00112233-4455-6677-8899-aabbccddeeff {\"b\": 1.0, \"a\" : [1,2]} 2023-11-14 22:13:20 2023-11-14 22:13:20.123 t -32768"
    );
    scene.verify(&[]).exits(0);
    scene
        .database
        .execute("UPDATE t SET id = '0192f3a1-0000-7000-8000-00000000000c' WHERE flag");
    let said = scene.verify(&[]).exits(6);
    assert!(
        said.stdout.contains("00000000000b") && said.stdout.contains("00000000000c"),
        "{}",
        said.stdout
    );
}

#[test]
fn a_type_that_loses_a_value_is_refused_by_row() {
    let cases = [
        (
            "CREATE TABLE t (c TEXT); INSERT INTO t VALUES ('0192F3A1-0000-7000-8000-00000000000A');",
            "text.uuid",
        ),
        (
            "CREATE TABLE t (c TEXT); INSERT INTO t VALUES ('{\"a\": 1'), ('{}');",
            "text.json",
        ),
        (
            "CREATE TABLE t (c BLOB); INSERT INTO t VALUES (x'00');",
            "blob.uuid",
        ),
        (
            "CREATE TABLE t (c INTEGER); INSERT INTO t VALUES (32768);",
            "integer.smallint",
        ),
        (
            "CREATE TABLE t (c INTEGER); INSERT INTO t VALUES (2147483648);",
            "integer.integer",
        ),
        (
            "CREATE TABLE t (c INTEGER); INSERT INTO t VALUES (9223372036854775807);",
            "integer.timestamptz(s)",
        ),
        (
            "CREATE TABLE t (c INTEGER); INSERT INTO t VALUES (2);",
            "integer.boolean",
        ),
        (
            "CREATE TABLE t (c TEXT); INSERT INTO t VALUES ('2024-01-01T00:00:00');",
            "text.timestamp(YYYY-MM-DD HH:MM:SS)",
        ),
        (
            "CREATE TABLE t (c); INSERT INTO t VALUES (1), ('x');",
            "integer.bigint",
        ),
    ];
    for (sql, id) in cases {
        let scene = Scene::script(sql);
        scene.plan_with(&mapping("c", id));
        let source = scene.source.to_str().unwrap();
        let said = scene
            .run(&["plan", source, "--plan", "plan.toml", "--json"])
            .exits(4);
        let plan: Value = serde_json::from_str(&said.stdout).unwrap();
        let finding = &plan["findings"][0];
        assert_eq!(
            (&finding["rule"], &finding["rows"]),
            (&"value.mapping-unfit".into(), &1.into()),
            "{id}: {finding}"
        );
        scene
            .migrate(&["--plan", "plan.toml"])
            .refuses(4, &["column:t.c"]);
    }
}

#[test]
fn what_a_policy_takes_out_no_longer_counts_against_a_chosen_type() {
    let scene = Scene::script("CREATE TABLE t (c); INSERT INTO t VALUES (1700000000), ('never');");
    let lines =
        mapping("c", "integer.timestamptz(s)") + "columns.\"column:t.c\".values.text = \"quarantine\"\n";
    scene.plan_with(&lines);
    let certificate = scene.migrated(&["--plan", "plan.toml"]);
    assert_eq!(certificate["tables"][0]["quarantined"], 1);
    let columns = certificate["tables"][0]["columns"].to_string();
    assert!(
        columns.contains("integer.timestamptz(s)+text:quarantine"),
        "{columns}"
    );
}

#[test]
fn what_every_value_would_survive_is_suggested() {
    let scene = Scene::script(SHAPES);
    let source = scene.source.to_str().unwrap();
    let said = scene.run(&["plan", source, "--json"]).exits(0);
    let plan: Value = serde_json::from_str(&said.stdout).unwrap();
    let columns = plan["tables"][0]["columns"].as_array().unwrap();
    let suggested: Vec<String> = columns.iter().map(|c| c["could_be"].to_string()).collect();
    assert_eq!(
        suggested,
        [
            "[\"text.uuid\"]",
            "null",
            "[\"blob.uuid\"]",
            "[\"text.json\"]",
            "[\"integer.timestamptz(s)\"]",
            "[\"integer.timestamptz(ms)\"]",
            "[\"integer.boolean\"]",
            "null"
        ]
    );
    assert_eq!(columns[1]["mapping"], "text.uuid", "declared as one");
    let said = scene.run(&["inspect", source]).exits(0);
    assert!(said.stdout.contains("integer.timestamptz(ms)"), "{}", said.stdout);
}

#[test]
fn a_foreign_key_between_uuid_and_text_makes_both_text() {
    let scene = Scene::script(
        "CREATE TABLE p (id UUID PRIMARY KEY); CREATE TABLE c (p CHAR(36) REFERENCES p (id)); \
         INSERT INTO p VALUES ('0192f3a1-0000-7000-8000-00000000000b'); \
         INSERT INTO c VALUES ('0192f3a1-0000-7000-8000-00000000000b');",
    );
    scene.migrated(&[]);
    let keys = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated";
    assert_eq!(scene.database.value(keys), "1");
}

#[test]
fn a_column_without_values_takes_the_type_of_its_parent() {
    let scene = Scene::script(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, self REFERENCES a); CREATE TABLE b (id REFERENCES c (id), x TEXT); \
         CREATE TABLE c (id REFERENCES a UNIQUE);",
    );
    scene.migrated(&[]);
    let types = "SELECT string_agg(DISTINCT format_type(atttypid, atttypmod), ', ') FROM pg_attribute \
                 JOIN pg_class k ON k.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' \
                 AND attnum > 0 AND attname IN ('id', 'self')";
    assert_eq!(scene.database.value(types), "bigint");
    assert_eq!(
        scene
            .database
            .value("SELECT count(*) FROM pg_constraint WHERE contype = 'f'"),
        "3"
    );
}

#[test]
fn the_id_of_a_row_stays_an_integer_and_goes_on_while_its_type_has_room() {
    let source = |id: i64| format!("CREATE TABLE t (c INTEGER PRIMARY KEY); INSERT INTO t VALUES ({id});");
    let scene = Scene::script(&source(1_700_000_000));
    scene.plan_with(&mapping("c", "integer.timestamptz(s)"));
    scene
        .migrate(&["--plan", "plan.toml"])
        .refuses(4, &["column:t.c"]);
    for (id, exhausted) in [(32766, false), (32767, true)] {
        let scene = Scene::script(&source(id));
        scene.plan_with(&mapping("c", "integer.smallint"));
        let certificate = scene.migrated(&["--plan", "plan.toml"]);
        let exceptions = certificate["exceptions"].to_string();
        assert_eq!(exceptions.contains("key.exhausted"), exhausted, "{exceptions}");
        if !exhausted {
            scene.database.execute("INSERT INTO t DEFAULT VALUES");
            assert_eq!(scene.database.value("SELECT max(c) FROM t"), "32767");
        }
    }
}

#[test]
fn an_empty_id_keeps_its_type_whatever_its_parent_is() {
    let scene = Scene::script(
        "CREATE TABLE p (k TEXT PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY REFERENCES p);",
    );
    scene.migrate(&[]).refuses(4, &["foreign-key:c.1"]);
}

#[test]
fn what_a_chosen_type_cannot_do_is_planned() {
    let scene = Scene::script(
        "CREATE TABLE at (id INT PRIMARY KEY); INSERT INTO at VALUES (1700000000); \
         CREATE TABLE j (v TEXT UNIQUE, w TEXT); INSERT INTO j VALUES ('{}', '[]'); CREATE INDEX jw ON j (w); \
         CREATE TABLE late (id INT REFERENCES at (id)); INSERT INTO late VALUES (1700000000); \
         CREATE TABLE one (v UNIQUE); INSERT INTO one VALUES (1), ('1');",
    );
    let chosen =
        |column: &str, mapping: &str| format!("columns.\"column:{column}\".mapping = \"{mapping}\"\n");
    let lines = [
        chosen("at.id", "integer.timestamptz(s)"),
        chosen("late.id", "integer.timestamptz(ms)"),
        chosen("j.v", "text.json"),
        chosen("j.w", "text.json"),
        chosen("one.v", "any.text"),
    ];
    scene.plan_with(&lines.concat());
    let said = scene.run(&[
        "plan",
        scene.source.to_str().unwrap(),
        "--plan",
        "plan.toml",
        "--json",
    ]);
    let plan: Value = serde_json::from_str(&said.exits(4).stdout).unwrap();
    let rule = |object: &str| {
        let all = plan["findings"].as_array().unwrap();
        let found = all.iter().find(|f| f["object"] == object);
        found.map(|f| {
            format!(
                "{} {}",
                f["rule"].as_str().unwrap(),
                f["disposition"].as_str().unwrap()
            )
        })
    };
    for (object, expected) in [
        ("foreign-key:late.1", "foreign-key.types-differ blocked"),
        ("unique:j.1", "index.untranslated blocked"),
        ("index:j.jw", "index.untranslated skipped"),
        ("unique:one.1", "key.folded-duplicates blocked"),
    ] {
        assert_eq!(rule(object).as_deref(), Some(expected), "{object}");
    }
    let path = scene.work().join("plan.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let skip = "skip = [\"unique:j.1\", \"unique:one.1\", \"foreign-key:late.1\"]\n";
    assert!(text.contains("skip = []\n"), "{text}");
    std::fs::write(&path, text.replacen("skip = []\n", skip, 1)).unwrap();
    scene.migrate(&["--plan", "plan.toml"]).exits(0);
    scene.verify(&[]).exits(0);
}
