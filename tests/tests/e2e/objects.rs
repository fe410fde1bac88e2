//! Objects that are no plain columns: generated columns, views, NOCASE, what has no equal, virtual tables.

use std::fs;

use outgrow_e2e::postgres;
use serde_json::Value;

use crate::as_stored::assert_same_rows;
use crate::scene::Scene;

const PEOPLE: &str = "\
    CREATE TABLE people (id INTEGER PRIMARY KEY, first TEXT, last TEXT NOT NULL, born INTEGER, \
      initials TEXT AS (upper(substr(full, 1, 1)) || '.') STORED, \
      full TEXT GENERATED ALWAYS AS (first || ' ' || last) VIRTUAL, \
      decade INT AS (born / 10 * 10), late BOOLEAN NOT NULL AS (coalesce(born, 0) > 1990), \
      half REAL AS (born), UNIQUE (full), CHECK (length(full) > 2)); \
    INSERT INTO people (first, last, born) VALUES ('Ada', 'Lovelace', 1815), ('Linus', 'Torvalds', 1969), \
      (NULL, 'Plato', NULL), ('\u{c9}va', 'Tardos', 1957), ('Zo\u{eb}', 'Young', 1999); \
    CREATE INDEX by_decade ON people (decade DESC, full) WHERE late;";

/// Lines of a table under `[choices]`.
fn choices(table: &str, lines: &str) -> String {
    format!("\n[choices.{table}]\n{lines}\n")
}

/// The plan's findings as `object rule disposition`.
fn findings(scene: &Scene, options: &[&str]) -> Vec<String> {
    let source = scene.source.to_str().unwrap();
    let said = scene.run(&[&["plan", source, "--json"], options].concat());
    let plan: Value = serde_json::from_str(&said.stdout).unwrap();
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let line = |finding: &Value| {
        ["object", "rule", "disposition"]
            .map(|key| word(finding, key))
            .join(" ")
    };
    plan["findings"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn generated_columns_are_computed_by_postgres_and_are_part_of_the_proof() {
    let scene = Scene::script(PEOPLE);
    let certificate = scene.migrated(&[]);
    assert_eq!(certificate["tables"][0]["columns"].as_array().unwrap().len(), 9);
    assert_same_rows(&scene, &certificate);
    let value = |sql: &str| scene.database.value(sql);
    let generated =
        "SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attgenerated = 's'";
    assert_eq!(value(generated), "initials,full,decade,late,half");
    let insert = "INSERT INTO people (first, last, born) VALUES ('Alan', 'Turing', 1912) \
                  RETURNING concat_ws('|', initials, \"full\", decade, late, half)";
    assert_eq!(value(insert), "A.|Alan Turing|1910|f|1912");
    scene.database.execute("DELETE FROM people WHERE first = 'Alan'");
    let twice = "INSERT INTO people (first, last) VALUES ('Ada', 'Lovelace')";
    assert!(postgres::run(&scene.database.url(), twice).is_err());
    scene.verify(&[]).exits(0);
    scene.database.execute(
        "ALTER TABLE people ALTER COLUMN decade DROP EXPRESSION; UPDATE people SET decade = 1 WHERE id = 1",
    );
    let said = scene.verify(&[]).exits(6);
    assert!(said.stdout.contains("decade"), "{}", said.stdout);
}

const NUMBERED: &str = "\
    CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, code TEXT AS (printf('%05d', id)) STORED UNIQUE); \
    INSERT INTO t (id, a) VALUES (7, 'x'), (70000, 'y');";

#[test]
fn an_expression_without_an_equal_is_materialised_written_anew_or_left_out() {
    let scene = Scene::script(NUMBERED);
    scene.migrate(&[]).refuses(4, &["generated:t.code"]);
    scene.migrate(&["--skip", "generated:t.code"]).exits(4);
    let options = ["--skip", "generated:t.code", "--skip", "unique:t.1"];
    let certificate = scene.migrated(&[&options[..], &["--schema", "left_out"]].concat());
    assert_eq!(certificate["tables"][0]["columns"].as_array().unwrap().len(), 2);

    scene.plan_with(&choices(
        "columns",
        "\"column:t.code\" = { generated = \"materialise\" }",
    ));
    let certificate = scene.migrated(&["--plan", "plan.toml"]);
    assert_same_rows(&scene, &certificate);
    let value = |sql: &str| scene.database.value(sql);
    assert_eq!(
        value("SELECT count(*) FROM pg_attribute WHERE attgenerated = 's'"),
        "0"
    );
    assert_eq!(
        value("SELECT string_agg(code, ',' ORDER BY id) FROM t"),
        "00007,70000"
    );

    let right = Scene::script(NUMBERED);
    right.plan_with(&choices(
        "sql",
        "\"generated:t.code\" = \"lpad(id::text, 5, '0')\"",
    ));
    let certificate = right.migrated(&["--plan", "plan.toml"]);
    assert_same_rows(&right, &certificate);
    right.verify(&[]).exits(0);
    let wrong = Scene::script(NUMBERED);
    wrong.plan_with(&choices(
        "sql",
        "\"generated:t.code\" = \"lpad(id::text, 4, '0')\"",
    ));
    wrong
        .migrate(&["--plan", "plan.toml"])
        .refuses(6, &["DIFFERENT", "--restart"]);
    assert_eq!(
        wrong.database.value("SELECT count(*) FROM _outgrow.migration"),
        "0"
    );
}

#[test]
fn an_expression_that_would_burst_is_never_computed() {
    let scene = Scene::script(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, z AS (zeroblob(500000000)), \
           c0 TEXT, c1 AS (c0 || c0 || c0), c2 AS (c1 || c1 || c1), c3 AS (c2 || c2 || c2), c4 AS (c3 || c3 || c3)); \
         INSERT INTO t (c0) VALUES ('abc');",
    );
    let found = findings(&scene, &[]);
    assert_eq!(
        found,
        [
            "generated:t.z generated.not-carried blocked",
            "generated:t.c4 generated.not-carried blocked"
        ]
    );
    let certificate = scene.migrated(&["--skip", "rule:generated.not-carried"]);
    assert_eq!(certificate["tables"][0]["columns"].as_array().unwrap().len(), 5);
    assert_eq!(scene.database.value("SELECT c3 FROM t"), "abc".repeat(27));
}

const SHOP: &str = "\
    CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE, active BOOLEAN NOT NULL); \
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer, total INTEGER, note TEXT); \
    INSERT INTO customer VALUES (1, 'Ann', 1), (2, 'bob', 0), (3, 'Cy', 1); \
    INSERT INTO orders VALUES (1, 1, 50, 'a'), (2, 1, 70, NULL), (3, 2, 10, 'B'); \
    CREATE VIEW active AS SELECT id, name FROM customer WHERE active AND name <> 'cy'; \
    CREATE VIEW big (who, \"how much\") AS \
      SELECT c.name, coalesce(o.total, 0) * 2 FROM customer c LEFT JOIN orders AS o ON o.customer_id = c.id; \
    CREATE VIEW sums AS SELECT customer_id, sum(total) AS s FROM orders GROUP BY 1; \
    CREATE VIEW broken AS SELECT gone FROM orders;";

#[test]
fn simple_views_come_along_and_others_are_left_to_their_owner() {
    let scene = Scene::script(SHOP);
    let found = findings(&scene, &["--nocase", "icu"]);
    assert_eq!(
        found,
        [
            "view:sums view.not-carried skipped",
            "view:broken view.not-carried skipped",
            "column:customer.name collation.nocase changed"
        ]
    );
    scene.migrated(&["--nocase", "icu"]);
    let value = |sql: &str| scene.database.value(sql);
    assert_eq!(value("SELECT string_agg(name, ',') FROM active"), "Ann");
    assert_eq!(
        value("SELECT string_agg(who || ' ' || \"how much\", ',' ORDER BY who, \"how much\") FROM big"),
        "Ann 100,Ann 140,bob 20,Cy 0"
    );
    assert_eq!(value("SELECT name FROM active WHERE name = 'ANN'"), "Ann");

    let own = Scene::script(SHOP);
    own.plan_with(&choices("sql", "\"view:sums\" = \"CREATE VIEW public.sums AS SELECT customer_id, sum(total) AS s FROM public.orders GROUP BY 1\""));
    plan_choice(&own, "nocase = \"bytes\"");
    own.migrated(&["--plan", "plan.toml"]);
    assert_eq!(
        own.database.value("SELECT s FROM sums WHERE customer_id = 1"),
        "120"
    );
}

/// Adds a line to the general choices of the plan that was written.
fn plan_choice(scene: &Scene, line: &str) {
    let path = scene.work().join("plan.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("skip = []\n"), "{text}");
    fs::write(
        &path,
        text.replacen("skip = []\n", &format!("skip = []\n{line}\n"), 1),
    )
    .unwrap();
}

const USERS: &str = "\
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE CHECK (name <> 'ADMIN'), \
      code TEXT, n INTEGER COLLATE NOCASE); \
    INSERT INTO users VALUES (1, 'Ann', 'Ab', 5), (2, 'bob', 'cD', 6), (3, 'CY', NULL, 7); \
    CREATE UNIQUE INDEX by_code ON users (code COLLATE NOCASE); \
    CREATE INDEX by_bytes ON users (name COLLATE BINARY); \
    CREATE TABLE logins (user TEXT COLLATE NOCASE PRIMARY KEY REFERENCES users (name)) WITHOUT ROWID; \
    INSERT INTO logins VALUES ('ANN'), ('Bob');";

#[test]
fn what_stands_for_nocase_is_the_owners_choice() {
    let blocked = Scene::script(USERS);
    blocked
        .migrate(&[])
        .refuses(4, &["collation:users.name", "collation:logins.user"]);
    for (way, folds, ty) in [
        ("icu", true, "text"),
        ("citext", true, "citext"),
        ("bytes", false, "text"),
    ] {
        let scene = Scene::script(USERS);
        // Compared by bytes, 'ANN' has no parent 'Ann'.
        let skip: &[&str] = if folds {
            &[]
        } else {
            &["--skip", "foreign-key:logins.1"]
        };
        let certificate = scene.migrated(&[&["--nocase", way], skip].concat());
        assert_same_rows(&scene, &certificate);
        scene.verify(&[]).exits(0);
        let value = |sql: &str| scene.database.value(sql);
        let of_name = "SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attrelid = 'users'::regclass \
                       AND attname = 'name'";
        assert_eq!(value(of_name), ty);
        let found = value("SELECT count(*) FROM users WHERE name = 'ANN'");
        assert_eq!(found == "1", folds, "{way}");
        let insert = |values: &str| {
            let sql = format!("INSERT INTO users (name, code) VALUES ({values})");
            postgres::run(&scene.database.url(), &sql).is_ok()
        };
        assert_eq!(insert("'aNN', 'x'"), !folds, "{way}");
        assert!(!insert("'Dee', 'AB'"), "the index over code ignores case");
        assert!(!insert("'admin', 'y'"), "the CHECK ignores case");
        assert!(insert("'Dee', 'y'"), "{way}");
        assert_eq!(
            value("SELECT count(*) FROM pg_indexes WHERE indexname = 'by_bytes'"),
            "1"
        );
    }
}

#[test]
fn texts_that_only_the_chosen_folding_makes_equal_are_refused() {
    let scene = Scene::script(
        "CREATE TABLE t (name TEXT COLLATE NOCASE UNIQUE); INSERT INTO t VALUES ('\u{c9}va'), ('\u{e9}va')",
    );
    let before = scene.catalog();
    for way in ["icu", "citext"] {
        scene
            .migrate(&["--nocase", way])
            .refuses(4, &["unique:t.1", "Nothing was written"]);
        let found = findings(&scene, &["--nocase", way]);
        assert!(
            found.contains(&"unique:t.1 key.folded-duplicates blocked".to_owned()),
            "{found:?}"
        );
    }
    assert_eq!(before, scene.catalog());
    scene.migrated(&["--nocase", "bytes"]);
}

const UNTRANSLATED: &str = "\
    CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT CHECK (json_valid(v)), d TEXT DEFAULT (hex(randomblob(4))), \
      n INTEGER NOT NULL DEFAULT (random())); \
    INSERT INTO t VALUES (1, '{\"a\": 1}', 'd', 1); \
    CREATE INDEX by_a ON t (json_extract(v, '$.a')); \
    CREATE TRIGGER keep AFTER DELETE ON t BEGIN SELECT RAISE(ABORT, 'no'); END;";

#[test]
fn what_has_no_equal_is_listed_and_takes_the_owners_sql() {
    let scene = Scene::script(UNTRANSLATED);
    let source = scene.source.to_str().unwrap();
    let said = scene.run(&["plan", source, "--json"]).exits(0);
    let plan: Value = serde_json::from_str(&said.stdout).unwrap();
    let todo = plan["todo"].as_array().unwrap();
    let objects: Vec<&str> = todo.iter().map(|todo| todo["object"].as_str().unwrap()).collect();
    let expected = [
        "default:t.d",
        "default:t.n",
        "index:t.by_a",
        "check:t.1",
        "trigger:keep",
    ];
    assert_eq!(objects, expected);
    assert_eq!(todo[3]["original"], "CHECK (json_valid (v))");
    scene.migrated(&[]);
    assert!(postgres::run(&scene.database.url(), "INSERT INTO t (id) VALUES (2)").is_err());

    let own = Scene::script(UNTRANSLATED);
    own.plan_with(&choices(
        "sql",
        "\"check:t.1\" = \"v IS NULL OR v::jsonb IS NOT NULL\"\n\"default:t.n\" = \"41 + 1\"\n\
         \"index:t.by_a\" = \"CREATE INDEX by_a ON public.t ((v::json ->> 'a'))\"\n\
         \"trigger:keep\" = \"CREATE RULE keep AS ON DELETE TO public.t DO INSTEAD NOTHING\"",
    ));
    let certificate = own.migrated(&["--plan", "plan.toml"]);
    let exceptions = certificate["exceptions"].as_array().unwrap();
    let of_rule = exceptions
        .iter()
        .filter(|e| e["rule"] == "object.own-sql")
        .count();
    assert_eq!(of_rule, 4);
    let value = |sql: &str| own.database.value(sql);
    assert_eq!(value("INSERT INTO t (id) VALUES (2) RETURNING n"), "42");
    assert_eq!(value("DELETE FROM t; SELECT count(*) FROM t"), "2");
    assert_eq!(
        value("SELECT count(*) FROM pg_indexes WHERE indexname = 'by_a'"),
        "1"
    );
    assert!(postgres::run(&own.database.url(), "INSERT INTO t (v) VALUES ('no json')").is_err());
}

#[test]
fn virtual_tables_are_told_apart_by_where_their_rows_are() {
    let scene = Scene::script(
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT, body TEXT); INSERT INTO notes VALUES (1, 'a', 'b'); \
         CREATE VIRTUAL TABLE idx USING fts5 (title, body, content='notes', content_rowid='id'); \
         CREATE VIRTUAL TABLE own USING fts5 (title, body); INSERT INTO own VALUES ('x', 'y'), ('z', 'w'); \
         CREATE VIRTUAL TABLE boxes USING rtree (id, x0, x1); INSERT INTO boxes VALUES (1, 0, 1); \
         PRAGMA writable_schema = ON; \
         INSERT INTO sqlite_schema VALUES ('table', 'vectors', 'vectors', 0, 'CREATE VIRTUAL TABLE vectors USING vec0(e)');",
    );
    let source = scene.source.to_str().unwrap();
    let said = scene.run(&["plan", source, "--json"]).exits(4);
    let plan: Value = serde_json::from_str(&said.stdout).unwrap();
    let of = |object: &str| {
        let all = plan["findings"].as_array().unwrap();
        let found = all.iter().find(|f| f["object"] == object).unwrap();
        let word = |key: &str| found[key].as_str().unwrap().to_owned();
        (word("disposition"), word("detail"))
    };
    let (disposition, detail) = of("virtual-table:idx");
    assert_eq!(disposition, "skipped");
    assert!(detail.contains("tsvector column over title, body"), "{detail}");
    for (object, words) in [
        ("virtual-table:own", "(rows in its shadow tables: 2)"),
        ("virtual-table:boxes", "(rows in its shadow tables: 1)"),
        ("virtual-table:vectors", "vec0"),
    ] {
        let (disposition, detail) = of(object);
        assert_eq!(disposition, "blocked", "{object}");
        assert!(detail.contains(words), "{detail}");
    }
    let certificate = scene.migrated(&["--skip", "rule:virtual-table.not-carried"]);
    assert_eq!(certificate["tables"].as_array().unwrap().len(), 1);
}

#[test]
fn an_index_row_that_may_be_too_large_and_an_id_without_a_next_are_told() {
    let scene = Scene::script(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT UNIQUE, beyond TEXT UNIQUE); \
         INSERT INTO t VALUES (9223372036854775807, hex(zeroblob(1352)), 'x' || hex(zeroblob(1352)));",
    );
    let found = findings(&scene, &[]);
    assert_eq!(
        found,
        [
            "unique:t.2 index.row-too-large changed",
            "identity:t.id key.exhausted changed"
        ]
    );
    // What repeats itself is small enough once it is compressed.
    scene.migrated(&[]);
    let identities = "SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attidentity <> ''";
    assert_eq!(scene.database.value(identities), "0");
}

#[test]
fn a_rule_that_is_none_is_a_usage_error() {
    let scene = Scene::script("CREATE TABLE t (v TEXT COLLATE RTRIM, w TEXT COLLATE RTRIM);");
    scene
        .migrate(&["--skip", "rule:collation.not-binery"])
        .refuses(2, &["rule", "collation.not-binary"]);
    scene.migrate(&[]).refuses(4, &["collation:t.v"]);
    scene.migrated(&["--skip", "rule:collation.not-binary"]);
}

#[test]
fn parents_that_only_nocase_finds_do_not_stop_a_key_by_bytes() {
    let scene = Scene::script(
        "CREATE TABLE p (k TEXT COLLATE NOCASE UNIQUE); CREATE TABLE c (k TEXT COLLATE NOCASE REFERENCES p (k)); \
         INSERT INTO p VALUES ('a'); INSERT INTO c VALUES ('A');",
    );
    scene.migrated(&["--nocase", "bytes"]);
    let valid = "SELECT convalidated FROM pg_constraint WHERE contype = 'f'";
    assert_eq!(scene.database.value(valid), "f");
}
