//! Ends in the middle of a copy, from either side: what was committed is kept, and the migration goes on from there.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use outgrow_e2e::postgres;

use crate::scene::{Said, Scene, assert_no_password};

/// How long a copy may take to get to the row that halts, and a server to notice that its client is gone.
const PATIENCE: Duration = Duration::from_secs(60);

const ROWS: &str = "CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT); \
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) \
      INSERT INTO a SELECT i, printf('%0100d', i) FROM n; \
    CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a); INSERT INTO b VALUES (1, 1);";

/// From now on, the copy of a table halts at row 30000 for as long as a test needs to notice.
const HALT: &str = "CREATE SCHEMA halt; \
    CREATE FUNCTION halt.wait() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(5); RETURN NEW; END$$; \
    CREATE FUNCTION halt.watch() RETURNS event_trigger LANGUAGE plpgsql AS \
      $$DECLARE o record; BEGIN FOR o IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP \
        IF o.object_identity = 'public.a' THEN \
          CREATE TRIGGER wait BEFORE INSERT ON public.a FOR EACH ROW WHEN (NEW.id = 30000) EXECUTE FUNCTION halt.wait(); \
        END IF; END LOOP; END$$; \
    CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION halt.watch()";

const GO_ON: &str = "DROP EVENT TRIGGER watch; DROP SCHEMA halt CASCADE";

/// Sessions in the middle of a copy, by their process on the server.
const IN_COPY: &str = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
    AND query LIKE 'COPY %' AND wait_event = 'PgSleep'";

/// Small transactions, so that something is committed before the row that halts.
const SMALL: [&str; 2] = ["--transaction-size", "256KiB"];

/// The first failure ends it.
const AT_ONCE: [&str; 2] = ["--retry-for", "0s"];

fn spawn(scene: &Scene, url: &str, more: &[&str]) -> Child {
    let mut command = scene.command();
    command.args(["migrate", scene.source.to_str().unwrap(), "--to", url]);
    command.args(SMALL).args(more);
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[track_caller]
fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "{what} did not come about");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Starts a migration and returns it in the middle of its copy.
fn in_mid_copy(scene: &Scene, url: &str, more: &[&str]) -> Child {
    let child = spawn(scene, url, more);
    wait_for("a copy under way", || !postgres::rows(url, IN_COPY).is_empty());
    child
}

fn end(child: Child) -> Said {
    let said = Said::of(&child.wait_with_output().unwrap());
    assert_no_password(&said);
    said
}

fn send(signal: &str, child: &Child) {
    let status = Command::new("kill")
        .args(["-s", signal, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// Waits until the server has ended the sessions of a client that is gone; what it committed is there with its chunks,
/// and no certificate says that it is done.
fn assert_some_is_kept(scene: &Scene) {
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                  AND backend_type = 'client backend'";
    wait_for("the end of the sessions", || scene.database.value(others) == "0");
    let kept =
        "SELECT (SELECT count(*) FROM a) = coalesce(sum(rows), 0) FROM _outgrow.chunk WHERE table_name = 'a'";
    assert_eq!(scene.database.value(kept), "t");
    let unfinished = "SELECT count(*) FROM _outgrow.run WHERE state = 'running'";
    assert_eq!(scene.database.value(unfinished), "1");
    assert_eq!(
        std::fs::read_dir(scene.work()).unwrap().count(),
        0,
        "a certificate was written"
    );
}

fn assert_next_run_goes_on(scene: &Scene) {
    scene.database.execute(GO_ON);
    assert_eq!(scene.migrated(&[])["rows"], 60001);
    assert_eq!(
        scene
            .database
            .value("SELECT count(*) || ' ' || max(epoch) FROM _outgrow.run WHERE state = 'done'"),
        "1 2",
        "the run that was begun was gone on with"
    );
    scene.verify(&[]).exits(0);
}

fn a_signal_ends_it(signal: &str) {
    let scene = Scene::script(ROWS);
    let files = scene.source_files();
    scene.database.execute(HALT);
    let child = in_mid_copy(&scene, &scene.database.url(), &[]);
    let start = Instant::now();
    send(signal, &child);
    let said = end(child);
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "it took {:?} to stop",
        start.elapsed()
    );
    let source = scene.source.to_str().unwrap();
    said.refuses(
        7,
        &[
            &format!("SIG{signal}"),
            "what was committed stays",
            "it goes on where it stopped:",
            "migrate",
            source,
            "--to '...'",
        ],
    );
    scene.assert_source_kept(&files);
    assert_some_is_kept(&scene);
    assert_next_run_goes_on(&scene);
}

#[test]
fn sigint_in_mid_copy_says_how_to_go_on() {
    a_signal_ends_it("INT");
}

#[test]
fn sigterm_in_mid_copy_says_how_to_go_on() {
    a_signal_ends_it("TERM");
}

#[test]
fn a_terminal_that_is_closed_in_mid_copy_ends_it_in_order() {
    a_signal_ends_it("HUP");
}

#[test]
fn outgrow_killed_in_mid_copy_is_gone_on_with() {
    let scene = Scene::script(ROWS);
    let files = scene.source_files();
    scene.database.execute(HALT);
    let mut child = in_mid_copy(&scene, &scene.database.url(), &[]);
    child.kill().unwrap();
    assert_eq!(end(child).code, None);
    scene.assert_source_kept(&files);
    assert_some_is_kept(&scene);
    assert_next_run_goes_on(&scene);
}

#[test]
fn a_session_ended_by_the_server_in_mid_copy_is_replaced() {
    let scene = Scene::script(ROWS);
    scene.database.execute(HALT);
    let child = in_mid_copy(&scene, &scene.database.url(), &[]);
    let end_copy = IN_COPY.replace("SELECT pid", "SELECT pg_terminate_backend(pid)");
    scene.database.execute(&end_copy);
    scene.database.execute(GO_ON);
    let said = end(child).exits(0);
    assert!(said.stdout.starts_with("EQUAL"), "{}", said.stdout);
    assert!(said.stderr.contains("trying again in"), "{}", said.stderr);
    scene.verify(&[]).exits(0);
}

#[test]
fn without_patience_a_session_that_was_ended_ends_the_migration() {
    let scene = Scene::script(ROWS);
    scene.database.execute(HALT);
    let child = in_mid_copy(&scene, &scene.database.url(), &AT_ONCE);
    let end_copy = IN_COPY.replace("SELECT pid", "SELECT pg_terminate_backend(pid)");
    scene.database.execute(&end_copy);
    end(child).refuses(
        7,
        &[
            "table a",
            "where:",
            "What was copied is kept",
            "goes on where it stopped",
        ],
    );
    assert_some_is_kept(&scene);
    assert_next_run_goes_on(&scene);
}

#[test]
fn a_copy_cancelled_by_an_administrator_is_gone_on_with_by_the_next_run() {
    let scene = Scene::script(ROWS);
    scene.database.execute(HALT);
    let child = in_mid_copy(&scene, &scene.database.url(), &[]);
    scene
        .database
        .execute(&IN_COPY.replace("SELECT pid", "SELECT pg_cancel_backend(pid)"));
    end(child).refuses(5, &["table a", "cancelled", "57014"]);
    assert_some_is_kept(&scene);
    assert_next_run_goes_on(&scene);
}

#[test]
fn a_server_that_crashes_in_mid_copy_is_waited_for() {
    let mut server = postgres::private().start().unwrap();
    let url = server.url("postgres");
    let scene = Scene::script(ROWS);
    postgres::execute(&url, HALT);
    let child = in_mid_copy(&scene, &url, &[]);
    server.crash().unwrap();
    server.restart().unwrap();
    postgres::execute(&url, GO_ON);
    let said = end(child).exits(0);
    assert!(!said.stderr.contains(server.password()), "{}", said.stderr);
    assert!(said.stdout.starts_with("EQUAL"), "{}", said.stdout);
    let rows = postgres::rows(&url, "SELECT count(*) FROM a");
    assert_eq!(rows[0][0].as_deref(), Some("60000"));
}

#[test]
fn a_server_that_does_not_come_back_ends_the_migration_with_the_way_on() {
    let mut server = postgres::private().start().unwrap();
    let url = server.url("postgres");
    let scene = Scene::script(ROWS);
    postgres::execute(&url, HALT);
    let child = in_mid_copy(&scene, &url, &["--retry-for", "1s"]);
    server.crash().unwrap();
    let said = end(child);
    assert!(!said.stderr.contains(server.password()), "{}", said.stderr);
    said.refuses(7, &["where:", "goes on where it stopped"]);
    server.restart().unwrap();
    postgres::execute(&url, GO_ON);
    let said = scene
        .run(&["migrate", scene.source.to_str().unwrap(), "--to", &url])
        .exits(0);
    assert!(said.stdout.starts_with("EQUAL"));
}

#[test]
fn of_two_migrations_into_one_place_at_once_one_is_refused() {
    let scene = Scene::script(ROWS);
    let url = scene.database.url();
    let both = [spawn(&scene, &url, &[]), spawn(&scene, &url, &[])].map(end);
    let mut codes = both.map(|said| said.code.unwrap());
    codes.sort_unstable();
    assert!(codes == [0, 4] || codes == [0, 5], "{codes:?}");
    assert_eq!(
        scene.database.value("SELECT count(*) FROM _outgrow.migration"),
        "1"
    );
    scene.verify(&[]).exits(0);
}
