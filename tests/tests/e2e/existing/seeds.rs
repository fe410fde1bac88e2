//! Rows that the application put there, and its migration ledgers.

use super::{both, exceptions, rows};

const SOURCE: &str = "CREATE TABLE kind (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO kind VALUES (1, 'a'), (2, 'b'), (3, 'own');
    CREATE TABLE item (id INTEGER PRIMARY KEY, kind_id INTEGER REFERENCES kind); INSERT INTO item VALUES (10, 3), (11, 1)";
const TARGET: &str = "CREATE TABLE kind (id integer PRIMARY KEY, name text, since date DEFAULT '2020-02-20');
    CREATE TABLE item (id integer PRIMARY KEY, kind_id integer REFERENCES kind ON DELETE CASCADE);
    CREATE TABLE other (kind_id integer REFERENCES kind ON DELETE CASCADE);
    INSERT INTO kind VALUES (1, 'a', '2001-01-01'), (2, 'b', '2002-02-02'); INSERT INTO other VALUES (2)";

#[test]
fn seeds_stop_the_migration_until_something_is_said_of_them() {
    let scene = both(SOURCE, TARGET);
    let said = scene.migrate(&[]).refuses(4, &["table:kind [seeds.rows]", "2"]);
    assert!(!said.stderr.contains("table:item"), "{}", said.stderr);
    let plan = scene.run(&[
        "inspect",
        scene.source.to_str().unwrap(),
        "--to",
        &scene.database.url(),
    ]);
    assert!(
        plan.stdout.contains("--seeds 'table:kind=POLICY'"),
        "{}",
        plan.stdout
    );
}

#[test]
fn replaced_seeds_take_nothing_else_with_them() {
    let scene = both(SOURCE, TARGET);
    scene.migrate(&["--seeds", "replace"]).exits(0);
    assert_eq!(
        rows(&scene, "SELECT id, name, since FROM kind ORDER BY id"),
        ["1|a|2020-02-20", "2|b|2020-02-20", "3|own|2020-02-20"]
    );
    // ON DELETE CASCADE would have emptied a table that is no part of the migration.
    assert_eq!(rows(&scene, "SELECT * FROM other"), ["2"]);
    scene.verify(&[]).exits(0);
}

#[test]
fn kept_seeds_stay_and_the_rest_has_to_fit_them() {
    let scene = both(SOURCE, TARGET);
    // An item of the kind that only the source has.
    scene
        .migrate(&["--seeds", "table:kind=keep"])
        .refuses(4, &["item_kind_id_fkey"]);
    assert_eq!(rows(&scene, "SELECT count(*) FROM item"), ["0"]);
    scene.database.execute("INSERT INTO kind VALUES (3, 'theirs')");
    let told = exceptions(&scene, &["--seeds", "table:kind=keep"]);
    assert_eq!(told, ["table:kind [seeds.kept]"]);
    assert_eq!(rows(&scene, "SELECT name FROM kind WHERE id = 3"), ["theirs"]);
    assert_eq!(rows(&scene, "SELECT count(*) FROM item"), ["2"]);
    scene.verify(&[]).exits(0);
}

#[test]
fn identical_seeds_are_merged_and_keep_what_only_they_have() {
    let scene = both(SOURCE, TARGET);
    scene.migrate(&["--seeds", "table:kind=merge-identical"]).exits(0);
    assert_eq!(
        rows(&scene, "SELECT id, name, since FROM kind ORDER BY id"),
        ["1|a|2001-01-01", "2|b|2002-02-02", "3|own|2020-02-20"]
    );
    scene.verify(&[]).exits(0);
}

#[test]
fn seeds_that_differ_are_not_merged() {
    for (edit, key) in [
        ("UPDATE kind SET name = 'B' WHERE id = 2", "id = integer 2"),
        ("INSERT INTO kind VALUES (9, 'x')", "id = integer 9"),
    ] {
        let scene = both(SOURCE, TARGET);
        scene.database.execute(edit);
        let before = scene.catalog();
        scene
            .migrate(&["--seeds", "merge-identical"])
            .refuses(4, &["kind", "does not have as they are: 1", key]);
        assert_eq!(before, scene.catalog());
    }
}

#[test]
fn choices_for_seeds_that_name_nothing_are_refused() {
    let scene = both(SOURCE, TARGET);
    scene
        .migrate(&["--seeds", "table:nothing=keep"])
        .refuses(2, &["table:nothing"]);
    let said = scene.migrate(&["--seeds", "sometimes"]).exits(2);
    assert!(said.stderr.contains("merge-identical"), "{}", said.stderr);
}

const LEDGER: &str = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL); CREATE TABLE t (id INTEGER PRIMARY KEY);
    INSERT INTO t VALUES (1); INSERT INTO alembic_version VALUES ('0a1b')";
const LEDGER_TARGET: &str = "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); CREATE TABLE t (id integer PRIMARY KEY)";

#[test]
fn ledgers_that_agree_are_kept_whatever_is_said_of_seeds() {
    let scene = both(
        LEDGER,
        &format!("{LEDGER_TARGET}; INSERT INTO alembic_version VALUES ('0a1b')"),
    );
    let told = exceptions(&scene, &["--seeds", "replace"]);
    assert_eq!(told, ["table:alembic_version [ledger.compared]"]);
    scene.verify(&[]).exits(0);
}

#[test]
fn ledgers_that_drifted_refuse_and_name_the_migrations() {
    let scene = both(
        LEDGER,
        &format!("{LEDGER_TARGET}; INSERT INTO alembic_version VALUES ('ffff')"),
    );
    scene.migrate(&["--seeds", "replace"]).refuses(
        4,
        &[
            "ledger.drift",
            "only in the source: 0a1b",
            "only on the target: ffff",
        ],
    );
    // Whoever knows better says so by name.
    scene.migrate(&["--seeds", "table:alembic_version=keep"]).exits(0);
    assert_eq!(rows(&scene, "SELECT * FROM alembic_version"), ["ffff"]);
}

#[test]
fn an_empty_ledger_takes_the_sources_entries() {
    let scene = both(LEDGER, LEDGER_TARGET);
    assert_eq!(exceptions(&scene, &[]), ["table:alembic_version [ledger.copied]"]);
    assert_eq!(rows(&scene, "SELECT * FROM alembic_version"), ["0a1b"]);
}
