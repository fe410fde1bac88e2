//! Whatever changes in the target after a migration, `verify` finds and names it.

use crate::scene::{Said, Scene};

/// The table `item` with a key and `bare` without one, the same rows in both, more than one chunk of them.
fn scene() -> Scene {
    let columns = "n INTEGER, r REAL, name TEXT, at TIMESTAMP, seconds TIMESTAMP, day DATE, price DECIMAL(10,2), raw BLOB";
    let scene = Scene::script(&format!(
        "CREATE TABLE item (id INTEGER PRIMARY KEY, {columns}); CREATE TABLE bare (id INTEGER, {columns}); \
         WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 5000) \
           INSERT INTO item SELECT i, i * 3, i / 8.0, 'name ' || i, '2024-01-01T00:00:00.' || printf('%06d', i), \
             datetime('2024-01-01', i || ' seconds'), date('2024-01-01', i || ' days'), i + 0.25, CAST('b' || i AS BLOB) FROM c; \
         UPDATE item SET name = '\u{e9}' WHERE id = 7; UPDATE item SET name = '' WHERE id = 8; \
         UPDATE item SET r = 0.0, n = 1, price = 1 WHERE id = 9; \
         INSERT INTO bare SELECT * FROM item;"
    ));
    scene.migrated(&[]);
    scene
}

/// Changes of one value of one row: the row's id, the column, the SQL expression.
const VALUES: &[(u32, &str, &str)] = &[
    (4999, "n", "n + 1"),
    (1, "n", "NULL"),
    (4096, "r", "r * (1 + 2.3e-16)"),
    (9, "r", "'-0'"),
    (10, "r", "'NaN'"),
    (10, "r", "'Infinity'"),
    (8, "name", "NULL"),
    (12, "name", "name || ' '"),
    (12, "name", "upper(name)"),
    (7, "name", "normalize(name, NFD)"),
    (4097, "at", "at + interval '1 microsecond'"),
    (13, "at", "NULL"),
    (14, "seconds", "seconds + interval '1 second'"),
    (15, "day", "day + 1"),
    (17, "price", "price + 0.01"),
    (19, "raw", "raw || '\\x00'"),
    (19, "raw", "set_bit(raw, 3, 1 - get_bit(raw, 3))"),
    (20, "raw", "''"),
];

/// Changes to a value that no text of the column's format, and so no row of the source, can be.
const FOREIGN_VALUES: &[(&str, &str)] = &[
    ("seconds", "seconds + interval '1 microsecond'"),
    ("seconds", "'infinity'"),
    ("day", "'infinity'"),
    ("day", "'0044-03-15 BC'"),
    ("price", "'NaN'"),
];

/// DIFFERENT, with these words on stdout, and the same in JSON.
#[track_caller]
fn assert_named(scene: &Scene, table: &str, kind: &str, key: &str, column: Option<&str>) {
    let said = scene.verify(&[]).exits(6);
    assert!(said.stdout.starts_with("DIFFERENT"), "{}", said.stdout);
    let named =
        |line: &str| line.trim_start().starts_with(kind) && line.contains(table) && line.contains(key);
    assert!(
        said.stdout.lines().any(named),
        "{kind} {table} {key}:\n{}",
        said.stdout
    );
    if let Some(column) = column {
        assert!(
            said.stdout.contains(&format!("column {column}\n")),
            "{}",
            said.stdout
        );
    }
    let result = scene.verify(&["--json"]).exits(6).result();
    assert_eq!(result["verdict"], "DIFFERENT");
    let found = result["differences"]["listed"].as_array().unwrap();
    assert!(
        found.iter().any(|d| d["table"] == table
            && d["kind"] == kind
            && d["key"].as_str().unwrap().contains(key)
            && column.is_none_or(|column| d["columns"][0]["column"] == column)),
        "{found:?}"
    );
}

fn is_equal(said: &Said) -> bool {
    said.code == Some(0) && said.stdout.starts_with("EQUAL")
}

fn every_change_of_a_value_is_named(table: &str) {
    let scene = scene();
    scene
        .database
        .execute(&format!("CREATE TABLE good AS SELECT * FROM {table}"));
    for (id, column, expression) in VALUES {
        let changed = format!("UPDATE {table} SET {column} = {expression} WHERE id = {id}");
        scene.database.execute(&changed);
        let key = format!("id = integer {id}");
        let result = std::panic::catch_unwind(|| assert_named(&scene, table, "changed", &key, Some(column)));
        assert!(result.is_ok(), "not named as it should be: {changed}");
        scene.database.execute(&format!(
            "UPDATE {table} t SET {column} = good.{column} FROM good WHERE t.id = {id} AND good.id = {id}"
        ));
    }
    assert!(is_equal(&scene.verify(&[])));
}

#[test]
fn every_change_of_a_value_is_named_by_its_key_and_column() {
    every_change_of_a_value_is_named("item");
}

#[test]
fn every_change_of_a_value_is_named_in_a_table_without_a_key() {
    every_change_of_a_value_is_named("bare");
}

#[test]
fn a_value_that_no_source_could_hold_is_a_difference_of_its_column() {
    for table in ["item", "bare"] {
        let scene = scene();
        scene
            .database
            .execute(&format!("CREATE TABLE good AS SELECT * FROM {table}"));
        for (column, expression) in FOREIGN_VALUES {
            let changed = format!("UPDATE {table} SET {column} = {expression} WHERE id = 14");
            scene.database.execute(&changed);
            let said = scene.verify(&[]).exits(6);
            let all = format!("{}{}", said.stdout, said.stderr);
            assert!(all.contains(table) && !all.contains("EQUAL"), "{changed}: {all}");
            assert!(all.contains(&format!("column {column}")), "{changed}: {all}");
            assert!(all.contains("no value of "), "{changed}: {all}");
            scene.database.execute(&format!(
                "UPDATE {table} t SET {column} = good.{column} FROM good WHERE t.id = 14 AND good.id = 14"
            ));
        }
        assert!(is_equal(&scene.verify(&[])));
    }
}

#[test]
fn what_sqlite_cannot_tell_apart_is_equal() {
    let scene = scene();
    for same in [
        "UPDATE item SET price = '1.0' WHERE id = 9",
        "UPDATE item SET r = 0::int WHERE id = 9",
        "UPDATE item SET n = n",
        "VACUUM FULL bare",
        "CLUSTER item USING item_pkey",
    ] {
        scene.database.execute(same);
        assert!(is_equal(&scene.verify(&[])), "{same}");
    }
}

#[test]
fn a_lost_an_added_and_a_doubled_row_are_named() {
    let scene = scene();
    let cases = [
        (
            "item",
            "DELETE FROM item WHERE id = 4096",
            "missing",
            "id = integer 4096",
            "INSERT INTO item SELECT * FROM bare WHERE id = 4096",
        ),
        (
            "item",
            "DELETE FROM item WHERE id = 5000",
            "missing",
            "id = integer 5000",
            "INSERT INTO item SELECT * FROM bare WHERE id = 5000",
        ),
        (
            "item",
            "INSERT INTO item (id) VALUES (0)",
            "extra",
            "id = integer 0",
            "DELETE FROM item WHERE id = 0",
        ),
        (
            "item",
            "INSERT INTO item (id) VALUES (9001)",
            "extra",
            "id = integer 9001",
            "DELETE FROM item WHERE id = 9001",
        ),
        (
            "bare",
            "INSERT INTO bare SELECT * FROM item WHERE id = 33",
            "extra",
            "id = integer 33",
            "DELETE FROM bare WHERE ctid = (SELECT max(ctid) FROM bare WHERE id = 33)",
        ),
        (
            "bare",
            "DELETE FROM bare WHERE id = 34",
            "missing",
            "id = integer 34",
            "INSERT INTO bare SELECT * FROM item WHERE id = 34",
        ),
    ];
    for (table, damage, kind, key, mend) in cases {
        scene.database.execute(damage);
        assert_named(&scene, table, kind, key, None);
        scene.database.execute(mend);
    }
    assert!(is_equal(&scene.verify(&[])));
}

#[test]
fn two_rows_that_swapped_a_value_are_both_named() {
    let scene = scene();
    let swap = |table: &str| {
        let sql = format!(
            "UPDATE {table} t SET name = o.name FROM {table} o \
             WHERE (t.id, o.id) IN ((100, 4500), (4500, 100))"
        );
        scene.database.execute(&sql);
    };
    for table in ["item", "bare"] {
        swap(table);
        for key in ["id = integer 100", "id = integer 4500"] {
            assert_named(&scene, table, "changed", key, Some("name"));
        }
        swap(table);
    }
}

#[test]
fn an_emptied_table_is_counted_row_by_row() {
    let scene = scene();
    scene.database.execute("TRUNCATE item, bare");
    let result = scene.verify(&["--json"]).exits(6).result();
    assert_eq!(result["differences"]["total"], 10_000);
    assert_eq!(result["differences"]["listed"].as_array().unwrap().len(), 20);
}

#[test]
fn a_table_that_is_not_as_the_migration_made_it_is_named() {
    let scene = scene();
    let cases = [
        (
            "ALTER TABLE item DROP COLUMN price",
            "item",
            "types differ",
            "price",
        ),
        (
            "ALTER TABLE bare ALTER COLUMN n TYPE integer",
            "bare",
            "types differ",
            "n",
        ),
        (
            "ALTER TABLE bare ALTER COLUMN price TYPE numeric",
            "bare",
            "types differ",
            "price",
        ),
        (
            "ALTER TABLE bare RENAME COLUMN name TO title",
            "bare",
            "types differ",
            "name",
        ),
        ("DROP TABLE item", "item", "the table is not there", "id"),
        (
            "CREATE VIEW item AS SELECT * FROM bare",
            "item",
            "the table is not there",
            "id",
        ),
    ];
    for (change, table, key, column) in cases {
        scene.database.execute(change);
        let said = scene.verify(&[]).exits(6);
        for word in [table, key, &format!("column {column}\n")] {
            assert!(said.stdout.contains(word), "{change}: {word:?}:\n{}", said.stdout);
        }
        let result = scene.verify(&["--json"]).exits(6).result();
        let listed = result["differences"]["listed"].as_array().unwrap();
        assert!(
            listed
                .iter()
                .any(|d| d["table"] == table && d["kind"] == "schema"),
            "{listed:?}"
        );
    }
}

#[test]
fn a_column_that_the_application_added_later_does_not_matter() {
    let scene = scene();
    scene
        .database
        .execute("ALTER TABLE item ADD COLUMN later text DEFAULT 'x'; ALTER TABLE bare ADD later int");
    assert!(is_equal(&scene.verify(&[])));
}
