//! Value policies: what does not fit its column is changed or set aside only as its owner says, and the proof
//! counts it.

use serde_json::Value;

use crate::scene::Scene;

/// Every kind of value that a column may be blocked by, in tables with and without a key.
const MIXED: &str = "\
    CREATE TABLE keyed (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL, note TEXT); \
    INSERT INTO keyed VALUES (1, 10, 'a'), (2, 'ten', 'b'), (3, 30, 'c' || char(0) || 'd'), \
      (4, x'00ff', CAST(x'ff61' AS TEXT)), (5, 50, NULL), (6, 'ten', ''); \
    CREATE TABLE keyless (v INTEGER, w TEXT); \
    INSERT INTO keyless VALUES (1, 'x'), ('one', 'x'), ('one', 'x'), (NULL, 'x'), ('two', 'x'), (2.5, 'y');";

fn finding<'a>(plan: &'a Value, rule: &str, object: &str) -> &'a Value {
    let findings = plan["findings"].as_array().unwrap();
    let found = findings
        .iter()
        .find(|f| f["rule"] == rule && f["object"] == object);
    found.unwrap_or_else(|| panic!("no {rule} at {object}: {findings:#?}"))
}

#[test]
fn what_is_set_aside_is_kept_whole_and_counts_in_the_proof() {
    let scene = Scene::script(MIXED);
    let general =
        ["text", "blob", "real", "text-nul", "text-not-unicode"].map(|kind| format!("{kind}=quarantine"));
    let mut options = vec![];
    general
        .iter()
        .for_each(|values| options.extend(["--values", values]));
    let certificate = scene.migrated(&options);
    let quarantined = |name: &str| {
        let tables = certificate["tables"].as_array().unwrap();
        tables.iter().find(|t| t["name"] == name).unwrap()["quarantined"].clone()
    };
    assert_eq!(
        (quarantined("keyed"), quarantined("keyless")),
        (5.into(), 4.into())
    );
    assert_eq!(certificate["modulo"], serde_json::json!([]));
    let database = &scene.database;
    assert_eq!(
        database.value("SELECT string_agg(amount::text, ',' ORDER BY id) FROM keyed"),
        "10,30,50"
    );
    assert_eq!(
        database.value("SELECT string_agg(v::text, ',') FROM keyless"),
        "1"
    );
    let kept = "SELECT string_agg(concat_ws(' ', table_name, row_key, column_name, kind, encode(value, 'hex')), '; ' \
                ORDER BY table_name, row_number, column_name) FROM _outgrow.quarantine";
    assert_eq!(
        database.value(kept),
        "keyed id = integer 2 amount text 74656e; keyed id = integer 3 note text-nul 630064; \
         keyed id = integer 4 amount blob 00ff; keyed id = integer 4 note text-not-unicode ff61; \
         keyed id = integer 6 amount text 74656e; \
         keyless rowid 2 v text 6f6e65; keyless rowid 3 v text 6f6e65; keyless rowid 5 v text 74776f; \
         keyless rowid 6 v real 4004000000000000"
    );
    let said = scene.verify(&[]).exits(0);
    assert!(
        said.stdout.contains("9 values kept in _outgrow.quarantine"),
        "{}",
        said.stdout
    );
}

#[test]
fn damage_in_the_quarantine_or_to_a_row_it_belongs_to_is_found() {
    let scene = Scene::script(MIXED);
    let policies = ["text", "blob", "real", "text-nul", "text-not-unicode"];
    let policies = policies.map(|kind| format!("{kind}=quarantine"));
    let mut options = vec![];
    policies
        .iter()
        .for_each(|values| options.extend(["--values", values]));
    scene.migrated(&options);
    let damages = [
        (
            "UPDATE _outgrow.quarantine SET value = '\\x54656e' WHERE row_key = 'id = integer 2'",
            "id = integer 2",
        ),
        (
            "DELETE FROM _outgrow.quarantine WHERE kind = 'blob'",
            "id = integer 4",
        ),
        ("UPDATE keyed SET amount = 20 WHERE id = 2", "id = integer 2"),
        (
            "DELETE FROM _outgrow.quarantine WHERE row_key = 'rowid 3'",
            "keyless",
        ),
        ("UPDATE keyless SET w = 'z' WHERE w = 'y'", "keyless"),
        (
            "UPDATE _outgrow.quarantine SET kind = 'blob' WHERE kind = 'text-nul'",
            "id = integer 3",
        ),
    ];
    for (damage, named) in damages {
        let backup = "CREATE SCHEMA kept; CREATE TABLE kept.q AS TABLE _outgrow.quarantine; \
                      CREATE TABLE kept.a AS TABLE keyed; CREATE TABLE kept.b AS TABLE keyless;";
        scene.database.execute(backup);
        scene.database.execute(damage);
        let said = scene.verify(&[]).exits(6);
        assert!(said.stdout.contains(named), "{damage}: {}", said.stdout);
        let restore = "TRUNCATE _outgrow.quarantine, keyed, keyless; INSERT INTO _outgrow.quarantine TABLE kept.q; \
                       INSERT INTO keyed TABLE kept.a; INSERT INTO keyless TABLE kept.b; DROP SCHEMA kept CASCADE";
        scene.database.execute(restore);
        scene.verify(&[]).exits(0);
    }
}

#[test]
fn null_text_and_bytea_are_named_and_equal_modulo_that() {
    let scene = Scene::script(MIXED);
    let options = [
        "--values",
        "column:keyed.amount/text=null",
        "--values",
        "column:keyed.amount/blob=null",
        "--values",
        "column:keyed.note/text-nul=bytea",
        "--values",
        "column:keyless.v/text=text",
    ];
    let source = scene.source.to_str().unwrap();
    let said = scene
        .run(&[&["plan", source, "--json"][..], &options].concat())
        .exits(0);
    let plan: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(
        finding(&plan, "value.as-null", "column:keyed.amount")["disposition"],
        "changed"
    );
    finding(&plan, "column.made-nullable", "column:keyed.amount");
    finding(&plan, "value.as-bytea", "column:keyed.note");
    finding(&plan, "value.as-text", "column:keyless.v");
    let result = scene
        .migrate(&[&["--json"][..], &options].concat())
        .exits(0)
        .result();
    let certificate = &result["certificate"];
    assert_eq!(certificate["verdict"], "EQUAL-MODULO");
    assert_eq!(certificate["source"]["root"], certificate["target"]["root"]);
    // Texts as bytes come back as they were; what became NULL or lost its class does not.
    let modulo = serde_json::json!(["column:keyed.amount", "column:keyless.v"]);
    assert_eq!(certificate["modulo"], modulo);
    let database = &scene.database;
    assert_eq!(
        database.value("SELECT count(*) FROM keyed WHERE amount IS NULL"),
        "3"
    );
    assert_eq!(
        database.value("SELECT string_agg(encode(note, 'hex'), ',' ORDER BY id) FROM keyed"),
        "61,62,630064,ff61,"
    );
    assert_eq!(
        database.value("SELECT string_agg(v, ',' ORDER BY v) FROM keyless"),
        "1,2.5,one,one,two"
    );
    let said = scene.verify(&["--json"]).exits(0).result();
    assert_eq!(said["verdict"], "EQUAL-MODULO");
}

#[test]
fn numbers_of_both_classes_are_kept_exactly_as_text() {
    let scene = Scene::script(
        "CREATE TABLE n (v); INSERT INTO n VALUES (1), (1.0), (-0.0), (9e999), (-9e999), (1e300), (0.1), \
         (9223372036854775807), (9007199254740993), (NULL);",
    );
    let certificate = scene.migrated(&["--values", "column:n.v/real=text"]);
    assert_eq!(certificate["verdict"], "EQUAL");
    assert_eq!(
        scene
            .database
            .value("SELECT string_agg(v, ' ' ORDER BY v COLLATE \"C\") FROM n"),
        "-0.0 -inf 0.1 1 1.0 1e300 9007199254740993 9223372036854775807 inf"
    );
}

#[test]
fn what_a_policy_cannot_do_blocks_by_name() {
    let cases = [
        (
            "CREATE TABLE t (v); INSERT INTO t VALUES (1), (x'01');",
            "column:t.v/blob=text",
        ),
        (
            "CREATE TABLE t (v); INSERT INTO t VALUES (1), ('a');",
            "column:t.v/text=bytea",
        ),
        (
            "CREATE TABLE t (v TEXT); INSERT INTO t VALUES ('a' || char(0));",
            "column:t.v/text-nul=text",
        ),
        (
            "CREATE TABLE t (v PRIMARY KEY) WITHOUT ROWID; INSERT INTO t VALUES (1), ('a');",
            "column:t.v/text=quarantine",
        ),
        (
            "CREATE TABLE t (v PRIMARY KEY, w); INSERT INTO t VALUES (1, 1), ('a', 1);",
            "column:t.v/text=null",
        ),
    ];
    for (sql, values) in cases {
        let scene = Scene::script(sql);
        let before = scene.catalog();
        scene
            .migrate(&["--values", values])
            .refuses(4, &["column:t.v", "Nothing was written"]);
        assert_eq!(before, scene.catalog(), "{sql}");
    }
    let scene = Scene::script("CREATE TABLE t (v);");
    scene
        .migrate(&["--values", "column:t.typo/text=null"])
        .refuses(2, &["column:t.typo"]);
    for wrong in ["text", "words=null", "text=drop", "column:t.v=null"] {
        let said = scene.migrate(&["--values", wrong]).exits(2);
        assert!(said.stderr.contains("--values"), "{}", said.stderr);
    }
}

#[test]
fn a_general_policy_leaves_what_a_column_is_made_for_alone() {
    let scene = Scene::script(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, age INTEGER); \
         INSERT INTO t VALUES (1, 'ann', 30), (2, 'bob', 'unknown');",
    );
    let certificate = scene.migrated(&["--values", "text=quarantine"]);
    assert_eq!(certificate["tables"][0]["quarantined"], 1);
    assert_eq!(
        scene
            .database
            .value("SELECT string_agg(name, ',' ORDER BY id) FROM t"),
        "ann,bob"
    );
}

#[test]
fn keys_that_a_policy_folds_together_are_found_before_anything_is_written() {
    let scene = Scene::script(
        "CREATE TABLE t (k UNIQUE, w); INSERT INTO t VALUES (1, 'a'), ('1', 'b'), ('2', 'c'), (NULL, 'd'), (NULL, 'e');",
    );
    let options = ["--values", "column:t.k/integer=text"];
    let source = scene.source.to_str().unwrap();
    let said = scene
        .run(&[&["plan", source, "--json"][..], &options].concat())
        .exits(4);
    let plan: Value = serde_json::from_str(&said.stdout).unwrap();
    let found = finding(&plan, "key.folded-duplicates", "unique:t.1");
    assert_eq!(
        (&found["rows"], &found["samples"][0]),
        (&1.into(), &"rowid 1 and rowid 2".into())
    );
    scene.migrate(&options).refuses(4, &["unique:t.1"]);
    let result = scene
        .migrate(&["--json", options[0], options[1], "--skip", "unique:t.1"])
        .exits(0)
        .result();
    assert_eq!(result["verdict"], "EQUAL-MODULO");
}

#[test]
fn a_quarantine_that_is_gone_or_other_or_holds_more_is_found() {
    let scene = Scene::script(
        "CREATE TABLE t (a INTEGER, b INTEGER); \
         INSERT INTO t VALUES (1, 1), ('x', 1), (NULL, 1), ('x', 1);",
    );
    scene.migrated(&["--values", "text=quarantine"]);
    let more = "INSERT INTO _outgrow.quarantine SELECT run_id, table_name, 9, sha256('n'), row_key, column_name, kind, \
                value, reason FROM _outgrow.quarantine WHERE row_number = 1";
    let values_null = "ALTER TABLE _outgrow.quarantine ALTER value DROP NOT NULL; \
                       UPDATE _outgrow.quarantine SET value = NULL WHERE row_number = 1";
    let undo_null = "UPDATE _outgrow.quarantine SET value = 'x' WHERE value IS NULL";
    let text = "ALTER TABLE _outgrow.quarantine ALTER row_number TYPE text";
    let undo_text = "ALTER TABLE _outgrow.quarantine ALTER row_number TYPE bigint USING row_number::bigint";
    let gone = "ALTER TABLE _outgrow.quarantine RENAME TO elsewhere";
    for (damage, undo, words) in [
        (
            more,
            "DELETE FROM _outgrow.quarantine WHERE row_number = 9",
            "belong to no row: 1",
        ),
        (values_null, undo_null, "text 'x'"),
        (text, undo_text, "text 'x'"),
        (
            gone,
            "ALTER TABLE _outgrow.elsewhere RENAME TO quarantine",
            "text 'x'",
        ),
    ] {
        scene.database.execute(damage);
        let said = scene.verify(&[]).exits(6);
        assert!(said.stdout.contains(words), "{damage}: {}", said.stdout);
        scene.database.execute(undo);
        scene.verify(&[]).exits(0);
    }
}

#[test]
fn checks_and_foreign_keys_over_what_was_taken_out_hold_for_new_rows() {
    let scene = Scene::script(
        "CREATE TABLE p (id INTEGER PRIMARY KEY, k INTEGER UNIQUE CHECK (k IS NOT NULL), both INTEGER UNIQUE); \
         CREATE TABLE c (id INTEGER PRIMARY KEY CHECK (id > 0), k INTEGER REFERENCES p (k), both INTEGER REFERENCES p (both)); \
         INSERT INTO p VALUES (1, 1, 1), (2, 2, 'x'); INSERT INTO c VALUES (1, 1, 1), (2, 2, 'x');",
    );
    let said = scene.migrated(&[
        "--values",
        "column:p.k/integer=quarantine",
        "--values",
        "text=quarantine",
    ]);
    let valid = "SELECT string_agg(conname || ' ' || convalidated, ', ' ORDER BY conname) FROM pg_constraint \
                 WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace";
    assert_eq!(
        scene.database.value(valid),
        "c_both_fkey true, c_id_check true, c_k_fkey false, p_k_check false"
    );
    let rules = said["exceptions"].as_array().unwrap().iter();
    let rules: Vec<&str> = rules.map(|e| e["rule"].as_str().unwrap()).collect();
    for rule in ["check.not-valid", "foreign-key.orphans"] {
        assert_eq!(rules.iter().filter(|r| **r == rule).count(), 1, "{rules:?}");
    }
}

#[test]
fn two_policies_for_one_kind_are_a_usage_error() {
    let scene = Scene::script("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES ('x');");
    let twice = ["--values", "text=null", "--values", "text=quarantine"];
    scene.migrate(&twice).refuses(2, &["--values", "text"]);
    scene.migrated(&["--values", "text=quarantine", "--values", "text=quarantine"]);
}
