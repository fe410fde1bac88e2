//! Foreign keys and triggers: off while the rows are copied, back as they were, also when the tool dies between.

use std::process::Stdio;
use std::time::{Duration, Instant};

use outgrow_e2e::postgres;

use super::{both, exceptions, rows};
use crate::scene::{Said, Scene};

/// Two tables that refer to each other, one of them to itself, and triggers in every state.
const SOURCE: &str = "CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER, boss INTEGER);
    CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER NOT NULL);
    INSERT INTO a VALUES (1, 10, 2), (2, NULL, 2); INSERT INTO b VALUES (10, 2), (11, 1)";
const TARGET: &str = "CREATE TABLE a (id integer PRIMARY KEY, b_id integer, boss integer NOT NULL REFERENCES a ON DELETE CASCADE);
    CREATE TABLE b (id integer PRIMARY KEY, a_id integer NOT NULL REFERENCES a ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED);
    ALTER TABLE a ADD CONSTRAINT \"a to b\" FOREIGN KEY (b_id) REFERENCES b;
    COMMENT ON CONSTRAINT \"a to b\" ON a IS 'it''s mutual';
    CREATE TABLE log (line text);
    CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.log VALUES (TG_NAME); RETURN NEW; END $$;
    CREATE TRIGGER plain BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION noted();
    CREATE TRIGGER always AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION noted();
    CREATE TRIGGER off AFTER INSERT ON b FOR EACH STATEMENT EXECUTE FUNCTION noted();
    ALTER TABLE a ENABLE ALWAYS TRIGGER always; ALTER TABLE b DISABLE TRIGGER off";

/// Constraints and triggers with everything that can be lost of them.
const GUARDS: &str = "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) || ' ' || convalidated || ' ' \
      || coalesce(obj_description(oid, 'pg_constraint'), '') FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 \
    UNION ALL SELECT tgrelid::regclass || ' ' || tgname || ' ' || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1";

#[test]
fn keys_that_form_a_circle_are_off_for_the_copy_and_back_as_they_were() {
    let scene = both(SOURCE, TARGET);
    let before = rows(&scene, GUARDS);
    assert_eq!(before.len(), 8, "{before:#?}");
    scene.migrate(&[]).exits(0);
    assert_eq!(before, rows(&scene, GUARDS));
    assert_eq!(rows(&scene, "SELECT * FROM a ORDER BY id"), ["1|10|2", "2|~|2"]);
    // No trigger has fired, that of the probe included.
    assert_eq!(rows(&scene, "SELECT count(*) FROM log"), ["0"]);
    assert!(undo_scripts(&scene).is_empty());
}

#[test]
fn a_row_without_a_parent_is_found_before_anything_is_copied() {
    // The source knows nothing of the target's keys.
    let scene = both(
        &format!("{SOURCE}; INSERT INTO b VALUES (12, 77), (13, 78)"),
        TARGET,
    );
    scene.migrate(&[]).refuses(
        4,
        &[
            "foreign-key:b.b_a_id_fkey",
            "foreign-key.orphans",
            "2 rows: id = integer 12; id = integer 13",
        ],
    );
}

#[test]
fn a_row_that_the_server_refuses_is_named_and_nothing_is_kept() {
    let target = "CREATE DOMAIN even AS integer CHECK (VALUE % 2 = 0);
        CREATE TABLE t (id integer PRIMARY KEY, e even, u integer UNIQUE, c integer CHECK (c < 100))";
    for (row, constraint) in [
        ("(7, 3, NULL, NULL)", "even_check"),
        ("(7, NULL, 1, NULL)", "t_u_key"),
        ("(7, NULL, NULL, 100)", "t_c_check"),
    ] {
        let source = format!(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, e INTEGER, u INTEGER, c INTEGER);
             INSERT INTO t VALUES (1, 2, 1, 99); INSERT INTO t VALUES {row}"
        );
        let scene = both(&source, target);
        scene.migrate(&[]).refuses(
            4,
            &["table t of the target refuses the row id = integer 7", constraint],
        );
        assert_eq!(rows(&scene, "SELECT count(*) FROM t"), ["0"]);
    }
}

#[test]
fn a_kill_between_taking_off_and_putting_back_leaves_the_schema_as_it_was() {
    let scene = both(&long_source(), TARGET);
    let before = rows(&scene, GUARDS);
    kill_while_the_keys_are_off(&scene);
    let undo = undo_scripts(&scene);
    assert_eq!(
        undo.len(),
        1,
        "the script is on disk before anything is taken off"
    );
    assert_eq!(before, rows(&scene, GUARDS));
    // Whoever wants to be sure runs the script, and it changes nothing.
    let script = std::fs::read_to_string(&undo[0]).unwrap();
    postgres::execute(&scene.database.url(), &script);
    assert_eq!(before, rows(&scene, GUARDS));
    std::fs::remove_file(&undo[0]).unwrap();
    scene.migrate(&[]).exits(0);
    assert_eq!(before, rows(&scene, GUARDS));
    scene.verify(&[]).exits(0);
}

/// Starts a migration, and ends the session that fills the tables.
fn cut_in_the_copy(scene: &Scene, more: &[&str]) -> Said {
    let mut command = scene.command();
    let url = scene.database.url();
    command
        .args(["migrate", scene.source.to_str().unwrap(), "--to", &url])
        .args(more);
    let child = command
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("the keys are off", || locks_exclusively(scene));
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = 'a'::regclass AND mode = 'AccessExclusiveLock'";
    assert_eq!(rows(scene, cut), ["t"]);
    Said::of(&child.wait_with_output().unwrap())
}

#[test]
fn a_connection_that_is_cut_in_the_copy_leaves_nothing_behind() {
    let scene = both(&long_source(), TARGET);
    let before = rows(&scene, GUARDS);
    let said = cut_in_the_copy(&scene, &["--retry-for", "0s"]);
    said.refuses(
        7,
        &["The tables are as they were before: run the same command again"],
    );
    assert_eq!(before, rows(&scene, GUARDS));
    assert_eq!(rows(&scene, "SELECT count(*) FROM a"), ["0"]);
    assert!(undo_scripts(&scene).is_empty());
    scene.migrate(&[]).exits(0);
    assert_eq!(before, rows(&scene, GUARDS));
}

#[test]
fn a_connection_that_is_cut_is_replaced_and_the_tables_are_filled_anew() {
    let scene = both(&long_source(), TARGET);
    let before = rows(&scene, GUARDS);
    let said = cut_in_the_copy(&scene, &[]).exits(0);
    assert!(said.stderr.contains("trying again in"), "{}", said.stderr);
    assert_eq!(before, rows(&scene, GUARDS));
    scene.verify(&[]).exits(0);
}

#[test]
fn the_undo_script_puts_back_what_somebody_took_off() {
    let scene = both(&long_source(), TARGET);
    let before = rows(&scene, GUARDS);
    kill_while_the_keys_are_off(&scene);
    scene.database.execute(
        "ALTER TABLE a DROP CONSTRAINT \"a to b\", DROP CONSTRAINT a_boss_fkey; ALTER TABLE b DROP CONSTRAINT b_a_id_fkey; \
         ALTER TABLE a DISABLE TRIGGER plain, DISABLE TRIGGER always",
    );
    assert_ne!(before, rows(&scene, GUARDS));
    let script = std::fs::read_to_string(&undo_scripts(&scene)[0]).unwrap();
    postgres::execute(&scene.database.url(), &script);
    assert_eq!(before, rows(&scene, GUARDS));
}

#[test]
fn a_role_that_owns_only_the_tables_is_enough() {
    let scene = both(SOURCE, TARGET);
    let role = format!("{}_owner", scene.database.name());
    scene.database.execute(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'secret'; REVOKE CREATE ON SCHEMA public FROM PUBLIC; \
         ALTER TABLE a OWNER TO {role}; ALTER TABLE b OWNER TO {role}"
    ));
    let url = as_role(&scene, &role);
    let source = scene.source.to_str().unwrap();
    let said = scene.run(&["migrate", source, "--to", &url]).exits(0);
    let grant = format!(
        "GRANT CREATE ON DATABASE \"{}\" TO \"{role}\"",
        scene.database.name()
    );
    assert!(said.stderr.contains(&grant), "{}", said.stderr);
    assert_eq!(rows(&scene, "SELECT count(*) FROM b"), ["2"]);
    scene.database.execute("TRUNCATE a, b");
    scene.database.execute("ALTER TABLE b OWNER TO CURRENT_USER");
    scene
        .run(&["migrate", source, "--to", &url])
        .refuses(4, &["table:b", "target.rights", "belongs to"]);
    scene.database.execute(&format!(
        "ALTER TABLE b OWNER TO {role}; REVOKE INSERT ON b FROM {role}"
    ));
    scene
        .run(&["migrate", source, "--to", &url])
        .refuses(4, &["table:b [target.rights]", "may not insert"]);
    scene
        .database
        .execute(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}"));
}

#[test]
fn tables_that_hang_on_those_of_the_migration_keep_their_keys() {
    let target = format!(
        "{TARGET}; CREATE TABLE outside (a_id integer REFERENCES a ON DELETE CASCADE); \
         INSERT INTO a VALUES (1, NULL, 1), (5, NULL, 1); INSERT INTO outside VALUES (1); DELETE FROM log"
    );
    let scene = both(SOURCE, &target);
    let before = rows(&scene, GUARDS);
    let told = exceptions(&scene, &["--seeds", "replace"]);
    assert_eq!(told, ["table:a [seeds.replaced]"]);
    assert_eq!(before, rows(&scene, GUARDS));
    assert_eq!(rows(&scene, "SELECT * FROM outside"), ["1"]);
    // A row that would be left without its parent stops the migration.
    let scene = both(
        SOURCE,
        &target.replace("outside VALUES (1)", "outside VALUES (5)"),
    );
    scene
        .migrate(&["--seeds", "replace"])
        .refuses(4, &["outside_a_id_fkey"]);
    assert_eq!(rows(&scene, "SELECT * FROM outside"), ["5"]);
}

/// Kills a migration in its copy, and waits until the server has rolled it back.
fn kill_while_the_keys_are_off(scene: &Scene) {
    let mut command = scene.command();
    command.args([
        "migrate",
        scene.source.to_str().unwrap(),
        "--to",
        &scene.database.url(),
    ]);
    let mut child = command.spawn().unwrap();
    wait_until("the keys are off", || locks_exclusively(scene));
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until("the server has rolled back", || !locks_exclusively(scene));
}

/// A source whose copy takes long enough to be killed in it.
fn long_source() -> String {
    format!(
        "{SOURCE}; WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 400000)
         INSERT INTO a SELECT i, 10, 1 FROM n"
    )
}

/// Whether somebody holds the lock under which keys are taken off.
fn locks_exclusively(scene: &Scene) -> bool {
    let sql = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE relation = 'a'::regclass AND mode = 'AccessExclusiveLock' AND granted)";
    scene.database.value(sql) == "t"
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn undo_scripts(scene: &Scene) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(scene.work()).unwrap().map(Result::unwrap);
    let is_script = |path: &std::path::PathBuf| path.extension().is_some_and(|extension| extension == "sql");
    entries.map(|entry| entry.path()).filter(is_script).collect()
}

/// The database's URL for another role.
fn as_role(scene: &Scene, role: &str) -> String {
    let url = scene.database.url();
    let (_, rest) = url.split_once('@').unwrap();
    format!("postgres://{role}:secret@{rest}")
}
