//! What once went wrong with tables that the application made.

use super::{both, exceptions, rows};

#[test]
fn a_policy_takes_out_only_what_no_cast_takes() {
    // An exact cast that takes some of the texts must not cost the others, which a folding one takes.
    let scene = both(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, b, at TEXT); INSERT INTO t VALUES (1, 1, '2024-01-01 00:00:00'),
            (2, 'true', '2024-01-01T00:00:00.5Z'), (3, 'no', '2024-01-01T02:00:00+02:00'), (4, 'perhaps', 'soon')",
        "CREATE TABLE t (id integer PRIMARY KEY, b boolean, at timestamptz)",
    );
    scene
        .migrate(&["--values", "text=null", "--timezone", "UTC"])
        .exits(0);
    assert_eq!(
        rows(&scene, "SELECT id, b, at AT TIME ZONE 'UTC' FROM t ORDER BY id"),
        [
            "1|t|2024-01-01 00:00:00",
            "2|t|2024-01-01 00:00:00.5",
            "3|f|2024-01-01 00:00:00",
            "4|~|~"
        ]
    );
}

#[test]
fn a_key_that_was_never_validated_lets_no_new_orphan_in() {
    // A cast that folds keeps the plan from seeing it; the server does not look, since the key is NOT VALID.
    let target =
        "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE c (id integer PRIMARY KEY, p integer);
        INSERT INTO c VALUES (9, 9); ALTER TABLE c ADD FOREIGN KEY (p) REFERENCES p NOT VALID";
    let source = "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY, p TEXT);
        INSERT INTO p VALUES (1); INSERT INTO c VALUES (1, '1'), (9, '9')";
    let scene = both(source, target);
    scene.migrate(&["--seeds", "merge-identical"]).exits(0);
    assert_eq!(
        rows(
            &scene,
            "SELECT convalidated FROM pg_constraint WHERE contype = 'f'"
        ),
        ["f"]
    );
    let scene = both(&format!("{source}, (10, '77')"), target);
    scene
        .migrate(&["--seeds", "merge-identical"])
        .refuses(4, &["c_p_fkey", "2 rows have no parent", "(77)"]);
}

#[test]
fn a_rule_that_deletes_elsewhere_stops_replacing() {
    let scene = both(
        "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)",
        "CREATE TABLE t (id integer PRIMARY KEY); CREATE TABLE o (x integer); INSERT INTO t VALUES (5);
         INSERT INTO o VALUES (7); CREATE RULE also AS ON DELETE TO t DO ALSO DELETE FROM o",
    );
    scene
        .migrate(&["--seeds", "replace"])
        .refuses(4, &["rule also of table t", "DISABLE RULE \"also\""]);
    assert_eq!(rows(&scene, "SELECT * FROM o"), ["7"]);
    scene.database.execute("ALTER TABLE t DISABLE RULE also");
    scene.migrate(&["--seeds", "replace"]).exits(0);
    assert_eq!(
        rows(&scene, "SELECT x FROM o UNION ALL SELECT id FROM t"),
        ["7", "1"]
    );
}

#[test]
fn a_table_that_shows_the_rows_of_its_heirs_is_refused_and_says_so() {
    let source = "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)";
    let target = "CREATE TABLE t (id integer PRIMARY KEY); CREATE TABLE \"Old\" () INHERITS (t)";
    both(source, target).migrate(&[]).exits(0);
    let heir = format!("{target}; INSERT INTO \"Old\" VALUES (5)");
    both(source, &heir).migrate(&[]).refuses(
        4,
        &[
            "table t of the target shows the rows of \"public\".\"Old\"",
            "NO INHERIT",
        ],
    );
    let both_filled = format!("{source}; CREATE TABLE Old (id INTEGER); INSERT INTO Old VALUES (5)");
    both(&both_filled, target)
        .migrate(&[])
        .refuses(4, &["NO INHERIT"]);
}

#[test]
fn a_virtual_table_with_rows_of_its_own_is_not_passed_over() {
    let scene = both(
        "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);
         CREATE VIRTUAL TABLE f USING fts5(v); INSERT INTO f VALUES ('only here')",
        "CREATE TABLE t (id integer PRIMARY KEY)",
    );
    scene
        .migrate(&[])
        .refuses(4, &["virtual-table:f", "virtual-table.not-carried"]);
    let told = exceptions(&scene, &["--skip", "virtual-table:f"]);
    assert_eq!(told, ["virtual-table:f [object.skipped]"]);
}

#[test]
fn a_table_without_a_common_column_is_refused_by_the_plan() {
    let source = "CREATE TABLE t (x INTEGER); CREATE TABLE e (x INTEGER)";
    let target = "CREATE TABLE t (id serial PRIMARY KEY); CREATE TABLE e (id serial PRIMARY KEY)";
    both(source, target).migrate(&[]).exits(0);
    let filled = format!("{source}; INSERT INTO t VALUES (1), (2)");
    both(&filled, target)
        .migrate(&["--skip", "column:t.x"])
        .refuses(4, &["table:t [binding.table]", "none of its columns", "2 rows"]);
}

#[test]
fn an_array_of_a_domain_is_a_type_that_is_not_known() {
    // Postgres names the domain in the bytes of the array, not what it rests on.
    let scene = both(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, '[1]')",
        "CREATE DOMAIN few AS integer; CREATE TABLE t (id integer PRIMARY KEY, a few[])",
    );
    scene
        .migrate(&[])
        .refuses(4, &["column:t.a [cast.type-unknown]", "public.few[]"]);
}

#[test]
fn a_column_that_changes_while_the_plan_is_made_is_noticed() {
    // timestamp and timestamptz have the same bytes, so that nothing else would tell them apart.
    let scene = both(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT); INSERT INTO t VALUES (1, '2024-01-01 00:00:00')",
        "CREATE TABLE t (id integer PRIMARY KEY, at timestamp)",
    );
    // Commits once the tool waits for it: it has looked at the columns by then, and counts rows.
    let altered = "BEGIN; ALTER TABLE t ALTER at TYPE timestamptz;
        DO $$ BEGIN FOR i IN 1..1200 LOOP
            EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 't'::regclass);
            PERFORM pg_sleep(0.05);
        END LOOP; END $$; COMMIT";
    let held = "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
        WHERE c.relname = 't' AND l.granted AND l.mode = 'AccessExclusiveLock'";
    std::thread::scope(|scope| {
        scope.spawn(|| scene.database.execute(altered));
        while rows(&scene, held) == ["0"] {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        scene.migrate(&[]).refuses(
            5,
            &[
                "column t.at of the target was timestamp without time zone",
                "is timestamp with time zone now",
            ],
        );
    });
}

#[test]
fn only_what_arrives_is_an_orphan() {
    let target = "CREATE TABLE p (id integer PRIMARY KEY);
        CREATE TABLE c (id integer PRIMARY KEY, p integer REFERENCES p)";
    let source =
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER);
        INSERT INTO p VALUES (1); INSERT INTO c VALUES (1, 1), (2, 'gone')";
    let scene = both(source, target);
    scene
        .migrate(&["--values", "column:c.p/text=quarantine"])
        .exits(0);
    assert_eq!(rows(&scene, "SELECT id, p FROM c ORDER BY id"), ["1|1", "2|~"]);
    // One that arrives is still found, by the server then.
    both(&format!("{source}, (3, 77)"), target)
        .migrate(&["--values", "text=null"])
        .refuses(4, &["c_p_fkey", "(77)"]);
    let scene = both(
        "CREATE TABLE p (id TEXT PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY, p TEXT);
         INSERT INTO p VALUES ('Mail'); INSERT INTO c VALUES (1, 'mail')",
        "CREATE EXTENSION citext; CREATE TABLE p (id citext PRIMARY KEY);
         CREATE TABLE c (id integer PRIMARY KEY, p citext REFERENCES p)",
    );
    scene.migrate(&[]).exits(0);
}

#[test]
fn a_function_that_needs_a_search_path_is_told_from_a_row_that_is_wrong() {
    let scene = both(
        "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)",
        "CREATE FUNCTION g(integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT $1';
         CREATE FUNCTION f(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN g($1); END';
         CREATE TABLE t (id integer PRIMARY KEY); CREATE INDEX ON t (f(id))",
    );
    scene
        .migrate(&[])
        .refuses(4, &["function g(integer) does not exist", "SET search_path"]);
    scene
        .database
        .execute("ALTER FUNCTION f SET search_path = public");
    scene.migrate(&[]).exits(0);
}

#[test]
fn a_trigger_that_stops_every_insert_says_nothing_about_ids() {
    let scene = both(
        "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (7)",
        "CREATE TABLE t (id serial PRIMARY KEY);
         CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'by the API only'; END $$;
         CREATE TRIGGER guard BEFORE INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION guard()",
    );
    scene.migrate(&[]).exits(0);
    scene.database.execute("ALTER TABLE t DISABLE TRIGGER guard");
    assert_eq!(rows(&scene, "INSERT INTO t DEFAULT VALUES RETURNING id"), ["8"]);
}

#[test]
fn two_zones_for_one_column_are_one_too_many() {
    let scene = both(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT); INSERT INTO t VALUES (1, '2024-07-01 12:00:00')",
        "CREATE TABLE t (id integer PRIMARY KEY, at timestamptz)",
    );
    let plan = scene.work().join("plan.toml");
    let (source, url) = (scene.source.to_str().unwrap(), scene.database.url());
    let path = plan.to_str().unwrap();
    scene.run(&["plan", source, "--to", &url, "-o", path]).exits(0);
    let choice = "[choices.columns.\"column:t.at\"]\nmapping = \"any.timestamptz(Europe/Berlin)\"\ntimezone = \"Asia/Tokyo\"";
    let text = std::fs::read_to_string(&plan).unwrap();
    let text = text.replacen("skip = []", &format!("skip = []\n{choice}\n"), 1);
    std::fs::write(&plan, &text).unwrap();
    scene
        .migrate(&["--plan", path])
        .refuses(4, &["value.mapping-unfit", "Europe/Berlin", "Asia/Tokyo"]);
    std::fs::write(&plan, text.replace("\ntimezone = \"Asia/Tokyo\"", "")).unwrap();
    scene.migrate(&["--plan", path]).exits(0);
    let utc = "SELECT at AT TIME ZONE 'UTC' FROM t";
    assert_eq!(rows(&scene, utc), ["2024-07-01 10:00:00"]);
}
