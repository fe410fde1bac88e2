//! A migration that stopped is gone on with: what is kept, what is copied again, and when it says no.

use crate::scene::Scene;
use crate::sources;

/// Three chunks of a table with a key, some of one without, and an index that the server refuses when all is copied.
const REFUSED_LATE: &str = "CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT); \
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) INSERT INTO a SELECT 2 * i, 'v' || i FROM n; \
    CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a); INSERT INTO b VALUES (1, 2), (2, 4); \
    CREATE TABLE bare (v, w); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) \
      INSERT INTO bare SELECT i, 'w' FROM n; \
    CREATE TABLE large (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO large VALUES (1, hex(randomblob(20000))); \
    CREATE INDEX too_large ON large (v);";

const WITHOUT_INDEX: [&str; 2] = ["--skip", "index:large.too_large"];

/// A migration whose rows are all there and whose index is not.
fn stopped() -> Scene {
    let scene = Scene::script(REFUSED_LATE);
    scene.migrate(&[]).refuses(
        4,
        &[
            "index:large.too_large",
            "What was copied is kept",
            "--skip 'index:large.too_large'",
            "run the same command again",
        ],
    );
    assert_eq!(scene.database.value("SELECT count(*) FROM a"), "10000");
    scene
}

/// Chunks by table and number, with the epoch that copied them.
fn chunks(scene: &Scene, table: &str) -> Vec<String> {
    let sql = format!(
        "SELECT chunk || ' in ' || epoch || ': ' || rows FROM _outgrow.chunk WHERE table_name = '{table}' ORDER BY chunk"
    );
    let rows = scene.database.rows(&sql);
    rows.into_iter().map(|row| row[0].clone().unwrap()).collect()
}

#[test]
fn an_object_that_was_refused_late_is_left_out_and_nothing_is_copied_again() {
    let scene = stopped();
    let said = scene.migrate(&WITHOUT_INDEX).exits(0);
    assert!(
        said.stderr.contains("19,003 rows there already"),
        "{}",
        said.stderr
    );
    assert_eq!(
        chunks(&scene, "a"),
        ["0 in 1: 4096", "1 in 1: 4096", "2 in 1: 1808"]
    );
    assert_eq!(scene.database.value("SELECT count(*) FROM _outgrow.run"), "1");
    scene.verify(&[]).exits(0);
}

#[test]
fn an_index_that_somebody_dropped_meanwhile_is_built_again() {
    let script = format!("{REFUSED_LATE} CREATE INDEX by_v ON a (v);");
    let scene = Scene::script(&script);
    scene.migrate(&[]).exits(4);
    scene.database.execute("DROP INDEX IF EXISTS by_v");
    scene.migrate(&WITHOUT_INDEX).exits(0);
    let there = "SELECT count(*) FROM pg_indexes WHERE indexname = 'by_v'";
    assert_eq!(scene.database.value(there), "1");
}

#[test]
fn what_the_source_changed_meanwhile_is_copied_again_and_nothing_else() {
    let scene = stopped();
    sources::script(
        &scene.source,
        "UPDATE a SET v = 'changed' WHERE id = 10000; INSERT INTO a VALUES (30001, 'appended'); \
         UPDATE bare SET w = 'x' WHERE v = 5; DELETE FROM b WHERE id = 2;",
    );
    let said = scene.migrate(&WITHOUT_INDEX).exits(0);
    assert!(
        said.stderr.contains("changed since and copied again"),
        "{}",
        said.stderr
    );
    // The chunk of row 10000 and the last one, which has no end; without a key all of the table.
    assert_eq!(
        chunks(&scene, "a"),
        ["0 in 1: 4096", "3 in 2: 4096", "4 in 2: 1809"]
    );
    assert_eq!(
        chunks(&scene, "bare"),
        ["0 in 2: 4096", "1 in 2: 4096", "2 in 2: 808"]
    );
    assert_eq!(
        scene.database.value("SELECT v FROM a WHERE id = 10000"),
        "changed"
    );
    assert_eq!(scene.database.value("SELECT count(*) FROM b"), "1");
    scene.verify(&[]).exits(0);
}

#[test]
fn rows_that_come_and_go_in_the_middle_move_no_other_chunk() {
    let scene = stopped();
    sources::script(
        &scene.source,
        "DELETE FROM a WHERE id BETWEEN 2 AND 3000; INSERT INTO a VALUES (1, 'first'), (9999, 'between');",
    );
    scene.migrate(&WITHOUT_INDEX).exits(0);
    let kept = chunks(&scene, "a");
    assert!(kept.contains(&"2 in 1: 1808".to_owned()), "{kept:?}");
    assert_eq!(scene.database.value("SELECT count(*) FROM a"), "8502");
    scene.verify(&[]).exits(0);
}

#[test]
fn a_table_that_would_be_made_otherwise_stops_it_and_a_restart_begins_anew() {
    let scene = stopped();
    sources::script(&scene.source, "ALTER TABLE a ADD COLUMN n INTEGER;");
    scene
        .migrate(&WITHOUT_INDEX)
        .refuses(4, &["had another plan", "table a", "2 columns", "--restart"]);
    scene
        .database
        .execute("CREATE TABLE public.somebodys (id int); CREATE VIEW own AS SELECT 1 AS one");
    let restart = [&WITHOUT_INDEX[..], &["--restart"]].concat();
    let said = scene.migrate(&restart).exits(0);
    assert!(said.stderr.contains("dropped what migration"), "{}", said.stderr);
    let states = "SELECT string_agg(state, ' ' ORDER BY began_at) FROM _outgrow.run";
    assert_eq!(scene.database.value(states), "discarded done");
    assert_eq!(scene.database.value("SELECT count(*) FROM somebodys"), "0");
    assert_eq!(scene.database.value("SELECT one FROM own"), "1");
    scene.verify(&[]).exits(0);
}

#[test]
fn a_restart_takes_nothing_that_somebody_hangs_on_its_tables() {
    let scene = stopped();
    scene.database.execute("CREATE VIEW theirs AS SELECT v FROM a");
    let before = scene.catalog();
    let restart = [&WITHOUT_INDEX[..], &["--restart"]].concat();
    scene
        .migrate(&restart)
        .refuses(5, &["view public.theirs", "Nothing was dropped"]);
    assert_eq!(before, scene.catalog());
    scene.database.execute("DROP VIEW theirs");
    scene.migrate(&restart).exits(0);
}

#[test]
fn a_table_that_is_left_out_later_is_dropped_and_the_others_stay() {
    let scene = stopped();
    scene.migrate(&["--skip", "table:large"]).exits(0);
    assert_eq!(
        scene.database.value("SELECT to_regclass('public.large') IS NULL"),
        "t"
    );
    assert_eq!(chunks(&scene, "large"), Vec::<String>::new());
    assert_eq!(
        chunks(&scene, "a"),
        ["0 in 1: 4096", "1 in 1: 4096", "2 in 1: 1808"]
    );
    scene.verify(&[]).exits(0);
}

#[test]
fn a_table_that_the_source_lost_stops_it() {
    let scene = stopped();
    sources::script(&scene.source, "DROP TABLE bare;");
    scene
        .migrate(&WITHOUT_INDEX)
        .refuses(4, &["table bare was in it", "--restart"]);
}

#[test]
fn a_file_that_was_migrated_says_when_and_how_it_is_checked() {
    let scene = Scene::script("CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (1);");
    scene.migrated(&[]);
    scene
        .migrate(&[])
        .refuses(4, &["already has a", "was migrated there at", "outgrow verify"]);
}

#[test]
fn another_file_does_not_go_on_with_it() {
    let scene = stopped();
    let other = scene.source.with_file_name("other.db");
    std::fs::copy(&scene.source, &other).unwrap();
    let url = scene.database.url();
    scene
        .run(&[
            "migrate",
            other.to_str().unwrap(),
            "--to",
            &url,
            WITHOUT_INDEX[0],
            WITHOUT_INDEX[1],
        ])
        .refuses(4, &["already has"]);
    scene.migrate(&WITHOUT_INDEX).exits(0);
}

#[test]
fn rows_of_somebody_elses_table_are_never_touched() {
    let scene = stopped();
    scene.database.execute(
        "ALTER TABLE bare RENAME TO bare_old; CREATE TABLE bare (v bigint, w text); INSERT INTO bare SELECT i, 'theirs' \
         FROM generate_series(1, 1000) i",
    );
    sources::script(&scene.source, "UPDATE bare SET w = 'x' WHERE v = 5;");
    scene.migrate(&WITHOUT_INDEX).refuses(
        4,
        &[
            "table bare that the migration made is public.bare_old now",
            "--restart",
        ],
    );
    let theirs = "SELECT count(*) FROM bare WHERE w = 'theirs'";
    assert_eq!(scene.database.value(theirs), "1000");
    scene
        .database
        .execute("DROP TABLE bare; ALTER TABLE bare_old RENAME TO bare");
    scene.migrate(&WITHOUT_INDEX).exits(0);
}

#[test]
fn what_somebody_took_off_the_tables_meanwhile_is_missed() {
    for (change, says) in [
        (
            "ALTER TABLE a DROP CONSTRAINT a_pkey",
            "table a that the migration made lacks a primary key",
        ),
        (
            "ALTER TABLE bare SET UNLOGGED",
            "table bare that the migration made is unlogged",
        ),
        ("ALTER TABLE bare ALTER COLUMN w TYPE varchar(50)", "bare"),
        (
            "DROP TABLE bare",
            "table bare that the migration made is not there any more",
        ),
    ] {
        let scene = Scene::script(REFUSED_LATE);
        // One session makes the keys of the largest table before it comes to the index.
        scene.migrate(&["--jobs", "1"]).exits(4);
        scene.database.execute(change);
        scene.migrate(&WITHOUT_INDEX).refuses(4, &[says, "--restart"]);
        let restart = [&WITHOUT_INDEX[..], &["--restart"]].concat();
        scene.migrate(&restart).exits(0);
    }
}

#[test]
fn tables_of_an_unfinished_migration_are_no_applications() {
    let scene = stopped();
    scene
        .migrate(&["--into-existing", "--seeds", "keep"])
        .refuses(4, &["is unfinished", "without --into-existing", "--restart"]);
    scene
        .verify(&[])
        .refuses(2, &["is unfinished", "outgrow migrate"]);
    scene.migrate(&WITHOUT_INDEX).exits(0);
}

#[test]
fn a_file_that_was_moved_is_told_whose_the_tables_are() {
    let scene = stopped();
    let moved = scene.source.with_file_name("moved.db");
    std::fs::rename(&scene.source, &moved).unwrap();
    let url = scene.database.url();
    let migrate = [
        "migrate",
        moved.to_str().unwrap(),
        "--to",
        &url,
        WITHOUT_INDEX[0],
        WITHOUT_INDEX[1],
    ];
    scene
        .run(&migrate)
        .refuses(4, &["unfinished migration", "app.db", "move it back"]);
    std::fs::rename(&moved, &scene.source).unwrap();
    scene.migrate(&WITHOUT_INDEX).exits(0);
}

#[test]
fn a_trigger_that_takes_rows_out_is_no_fault_of_outgrow() {
    let scene = stopped();
    scene.database.execute(
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
         CREATE TRIGGER none BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION nothing()",
    );
    sources::script(&scene.source, "INSERT INTO a VALUES (30001, 'appended');");
    scene
        .migrate(&WITHOUT_INDEX)
        .refuses(5, &["table a", "A trigger or rule"]);
    scene.database.execute("DROP TRIGGER none ON a");
    scene.migrate(&WITHOUT_INDEX).exits(0);
}
