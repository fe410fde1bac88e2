//! Which goes where: names, columns that only one side has, types that are never changed.

use super::{both, exceptions, rows};

const PEOPLE: &str = "CREATE TABLE People (Id INTEGER PRIMARY KEY, fullName TEXT, age INTEGER);
    INSERT INTO People VALUES (1, 'Ada', 36), (2, 'Grace', 85)";

#[test]
fn tables_and_columns_are_bound_by_name_in_any_order_and_case() {
    let scene = both(
        PEOPLE,
        "CREATE TABLE people (age integer, note text DEFAULT 'none', \"fullName\" varchar(20) NOT NULL, id bigint PRIMARY KEY)",
    );
    let said = scene.migrate(&[]).exits(0);
    assert!(said.stderr.contains("People"), "{}", said.stderr);
    assert!(said.stderr.contains("public.people"), "{}", said.stderr);
    assert!(said.stderr.contains("Id as id"), "{}", said.stderr);
    assert_eq!(
        rows(
            &scene,
            "SELECT id, \"fullName\", age, note FROM people ORDER BY id"
        ),
        ["1|Ada|36|none", "2|Grace|85|none"]
    );
    // The types are the application's.
    assert_eq!(
        rows(
            &scene,
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute \
                      WHERE attrelid = 'people'::regclass AND attnum > 0 ORDER BY attnum"
        ),
        ["integer", "text", "character varying(20)", "bigint"]
    );
    scene.verify(&[]).exits(0);
}

#[test]
fn the_plan_maps_names_that_differ() {
    let scene = both(
        PEOPLE,
        "CREATE TABLE person (person_id bigint PRIMARY KEY, name text, age integer)",
    );
    scene
        .migrate(&["--into-existing"])
        .refuses(4, &["table:People", "binding.table"]);
    let names = "into_existing = true\nnames = { \"table:People\" = \"person\", \"column:People.Id\" = \"person_id\", \
                 \"column:People.fullName\" = \"name\" }";
    scene.plan_for_target_with(names);
    scene.migrate(&["--plan", "plan.toml"]).exits(0);
    assert_eq!(
        rows(&scene, "SELECT * FROM person ORDER BY 1"),
        ["1|Ada|36", "2|Grace|85"]
    );
}

#[test]
fn names_that_differ_only_in_case_on_the_target_are_not_guessed() {
    let scene = both(
        PEOPLE,
        "CREATE TABLE people (id int, ID2 int); CREATE TABLE \"PEOPLE\" (id int)",
    );
    scene
        .migrate(&["--into-existing"])
        .refuses(4, &["table:People", "differ only in case", "PEOPLE, people"]);
}

#[test]
fn what_would_be_lost_for_want_of_a_column_blocks_and_what_holds_nothing_does_not() {
    let source = "CREATE TABLE t (id INTEGER PRIMARY KEY, gone TEXT, empty TEXT, twice INTEGER AS (id * 2));
        INSERT INTO t (id, gone) VALUES (1, 'x'), (2, NULL);
        CREATE TABLE unused (a)";
    let target = "CREATE TABLE t (id bigint PRIMARY KEY)";
    let scene = both(source, target);
    scene
        .migrate(&[])
        .refuses(4, &["column:t.gone [binding.column]", "1 row"]);
    assert_eq!(rows(&scene, "SELECT count(*) FROM t"), ["0"]);
    let told = exceptions(&scene, &["--skip", "column:t.gone"]);
    let expected = [
        "table:unused [binding.table]",
        "column:t.gone [object.skipped]",
        "column:t.empty [binding.column]",
        "column:t.twice [binding.column]",
    ];
    assert_eq!(told, expected);
    assert_eq!(rows(&scene, "SELECT * FROM t ORDER BY 1"), ["1", "2"]);
    scene.verify(&[]).exits(0);
}

#[test]
fn a_column_that_nothing_fills_blocks() {
    let scene = both(
        "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)",
        "CREATE TABLE t (id bigint PRIMARY KEY, must text NOT NULL, may text, has text NOT NULL DEFAULT 'd', \
         also bigint GENERATED ALWAYS AS IDENTITY)",
    );
    let said = scene
        .migrate(&[])
        .refuses(4, &["table:t [binding.no-value]", "column must"]);
    assert!(!said.stderr.contains("column has"), "{}", said.stderr);
    scene.database.execute("ALTER TABLE t ALTER must SET DEFAULT 'x'");
    scene.migrate(&[]).exits(0);
    assert_eq!(rows(&scene, "SELECT * FROM t"), ["1|x|~|d|1"]);
}

#[test]
fn computed_columns_of_the_target_are_left_to_it() {
    let scene = both(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, twice INTEGER AS (a * 2) STORED, thrice INTEGER AS (a * 3));
         INSERT INTO t (id, a) VALUES (1, 21), (2, NULL)",
        "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a integer, \
         twice bigint GENERATED ALWAYS AS (a * 2) STORED, thrice integer)",
    );
    assert_eq!(exceptions(&scene, &[]), ["column:t.twice [binding.computed]"]);
    assert_eq!(
        rows(&scene, "SELECT * FROM t ORDER BY id"),
        ["1|21|42|63", "2|~|~|~"]
    );
    scene.verify(&[]).exits(0);
}

#[test]
fn a_narrower_type_blocks_only_if_a_value_does_not_fit() {
    let source = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, s TEXT, d REAL, e TEXT);
        INSERT INTO t VALUES (1, 2147483647, 'äöüß', 12.5, 'open'), (2, -2147483648, '', -99.99, 'done')";
    let target = "CREATE TYPE state AS ENUM ('open', 'done');
        CREATE TABLE t (id smallint PRIMARY KEY, n integer, s varchar(4), d numeric(4,2), e state)";
    let scene = both(source, target);
    scene.migrate(&[]).exits(0);
    assert_eq!(
        rows(&scene, "SELECT * FROM t ORDER BY id"),
        ["1|2147483647|äöüß|12.50|open", "2|-2147483648||-99.99|done"]
    );
    let too_much = [
        ("INSERT INTO t (id, n) VALUES (3, 2147483648)", "column:t.n"),
        ("INSERT INTO t (id, n) VALUES (40000, 1)", "column:t.id"),
        ("INSERT INTO t (id, s) VALUES (3, 'äöüßx')", "column:t.s"),
        ("INSERT INTO t (id, d) VALUES (3, 100.0)", "column:t.d"),
        ("INSERT INTO t (id, d) VALUES (3, 0.125)", "column:t.d"),
        ("INSERT INTO t (id, e) VALUES (3, 'Open')", "column:t.e"),
    ];
    for (more, object) in too_much {
        let scene = both(&format!("{source}; {more}"), target);
        let said = scene.migrate(&[]).refuses(4, &[object, "cast.refused", "1 row"]);
        let key = if more.contains("40000") {
            "id = integer 40000"
        } else {
            "id = integer 3"
        };
        assert!(said.stderr.contains(key), "{}", said.stderr);
        assert_eq!(rows(&scene, "SELECT count(*) FROM t"), ["0"]);
    }
}

#[test]
fn values_that_do_not_fit_can_become_null_or_go_into_quarantine() {
    let source = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, s TEXT);
        INSERT INTO t VALUES (1, '', 'ok'), (2, 'null', 'too long'), (3, '17', 'fine'), (4, 4, NULL)";
    let target = "CREATE TABLE t (id bigint PRIMARY KEY, n bigint, s varchar(4))";
    let scene = both(source, target);
    scene
        .migrate(&[])
        .refuses(4, &["column:t.n", "column:t.s", "cast.refused"]);
    let said = scene
        .migrate(&[
            "--values",
            "column:t.n/text=null",
            "--values",
            "column:t.s/text=quarantine",
        ])
        .exits(0);
    assert!(said.stdout.contains("EQUAL modulo"), "{}", said.stdout);
    // A text of the kind that fits is no exception.
    assert_eq!(
        rows(&scene, "SELECT * FROM t ORDER BY id"),
        ["1|~|ok", "2|~|~", "3|17|fine", "4|4|~"]
    );
    assert_eq!(
        rows(
            &scene,
            "SELECT row_key, column_name, convert_from(value, 'UTF8') FROM _outgrow.quarantine"
        ),
        ["id = integer 2|s|too long"]
    );
    scene.verify(&[]).exits(0);
}

#[test]
fn a_reviewed_plan_is_carried_out_with_its_policies_and_verified_by_its_file() {
    let source = "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT, d REAL, e TEXT);
        INSERT INTO t VALUES (1, 'a' || char(0), 'much', 'open'), (2, 'b', 1.5, 'ajar')";
    let target = "CREATE TYPE state AS ENUM ('open', 'shut');
        CREATE TABLE t (id bigint PRIMARY KEY, s varchar, d numeric, e state)";
    let scene = both(source, target);
    scene.plan_for_target_with("values = { text = \"null\", text-nul = \"null\" }");
    let source = scene.source.to_str().unwrap();
    let url = scene.database.url();
    scene
        .run(&[
            "plan",
            source,
            "--plan",
            "plan.toml",
            "--to",
            &url,
            "-o",
            "final.toml",
        ])
        .exits(0);
    scene.migrate(&["--plan", "final.toml"]).exits(0);
    assert_eq!(
        rows(&scene, "SELECT * FROM t ORDER BY id"),
        ["1|~|~|open", "2|b|1.5|~"]
    );
    scene.verify(&["--plan", "final.toml"]).exits(0);
    scene.database.execute("UPDATE t SET d = 1.50001 WHERE id = 2");
    scene.verify(&["--plan", "final.toml"]).exits(6);
}

#[test]
fn a_policy_takes_out_no_value_that_some_cast_takes() {
    let source = "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT);
        INSERT INTO t VALUES (1, '2024-01-02 03:04:05'), (2, '2024-01-02T03:04:05.5'), (3, '2024-01-02 03:04:05'), (4, 'soon')";
    let scene = both(source, "CREATE TABLE t (id bigint PRIMARY KEY, at timestamptz)");
    scene.migrate(&["--values", "text=null"]).exits(0);
    assert_eq!(
        rows(&scene, "SELECT id, at AT TIME ZONE 'UTC' FROM t ORDER BY id"),
        [
            "1|2024-01-02 03:04:05",
            "2|2024-01-02 03:04:05.5",
            "3|2024-01-02 03:04:05",
            "4|~"
        ]
    );
    scene.verify(&[]).exits(0);
}

#[test]
fn times_are_read_in_the_zone_that_is_named_and_mixed_ones_are_not_guessed() {
    let source = "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT, n INTEGER);
        INSERT INTO t VALUES (1, '2024-07-01 12:00:00', 1720000000000), (2, '2024-01-01 12:00:00', 1720000000001)";
    let target = "CREATE TABLE t (id bigint PRIMARY KEY, at timestamptz, n timestamptz)";
    let utc = "SELECT id, at AT TIME ZONE 'UTC', n AT TIME ZONE 'UTC' FROM t ORDER BY id";
    let scene = both(source, target);
    let told = exceptions(&scene, &["--timezone", "Europe/Paris"]);
    assert_eq!(told, ["column:t.at [cast.zone]", "column:t.n [cast.unit]"]);
    assert_eq!(
        rows(&scene, utc),
        [
            "1|2024-07-01 10:00:00|2024-07-03 09:46:40",
            "2|2024-01-01 11:00:00|2024-07-03 09:46:40.001"
        ]
    );
    scene.verify(&[]).exits(0);

    let mixed = format!("{source}; INSERT INTO t VALUES (3, '2024-01-01 12:00:00Z', 0)");
    let scene = both(&mixed, target);
    scene
        .migrate(&[])
        .refuses(4, &["column:t.at [cast.zone]", "1 and 2"]);
    scene.migrate(&["--timezone", "UTC"]).exits(0);
    assert_eq!(rows(&scene, utc)[2], "3|2024-01-01 12:00:00|1970-01-01 00:00:00");

    let unclear = format!("{source}; INSERT INTO t VALUES (3, NULL, 5)");
    let scene = both(&unclear, target);
    scene
        .migrate(&[])
        .refuses(4, &["column:t.n [cast.unit]", "from 5 to 1720000000001"]);
    scene
        .migrate(&["--timezone", "Mars/Base"])
        .refuses(2, &["Mars/Base"]);
}

#[test]
fn nulls_where_the_target_takes_none_are_found_before_anything_is_written() {
    let scene = both(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT); INSERT INTO t VALUES (1, 'a'), (2, NULL)",
        "CREATE TABLE t (id bigint PRIMARY KEY, n text NOT NULL)",
    );
    scene
        .migrate(&[])
        .refuses(4, &["column:t.n [cast.null]", "id = integer 2"]);
}

#[test]
fn a_plan_made_without_the_target_is_not_carried_out_on_the_applications_tables() {
    let scene = both(PEOPLE, "CREATE TABLE people (id int, \"fullName\" text, age int)");
    scene.plan_with("");
    scene
        .migrate(&["--plan", "plan.toml"])
        .refuses(4, &["outgrow makes", "the application has made them", "--to"]);
}

#[test]
fn tables_that_outgrow_made_are_not_taken_for_the_applications() {
    let scene = both(PEOPLE, "SELECT 1");
    scene.migrate(&[]).exits(0);
    scene.migrate(&[]).refuses(4, &["already has People"]);
}
