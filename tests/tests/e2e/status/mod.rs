//! `outgrow status`: what it tells of a migration at every moment of it, and to whom.
//!
//! A migration is held in the middle of its copy for as long as a test looks at it.

mod json;
mod moments;
mod readers;

use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::scene::{Said, Scene, assert_no_password};

/// How long a migration may take to get to where a test wants it.
const PATIENCE: Duration = Duration::from_secs(60);

pub const ROWS: &str = "CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT); \
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) \
      INSERT INTO a SELECT i, printf('%0100d', i) FROM n; \
    CREATE INDEX by_v ON a (v); \
    CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a); INSERT INTO b VALUES (1, 1);";

/// From now on, the copy of table a halts at row 30000 until [`GO_ON`].
const HALT: &str = "CREATE SCHEMA halt; CREATE TABLE halt.held (x int); INSERT INTO halt.held VALUES (1); \
    CREATE FUNCTION halt.wait() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN \
      WHILE EXISTS (SELECT FROM halt.held) LOOP PERFORM pg_sleep(0.05); END LOOP; RETURN NEW; END$$; \
    CREATE FUNCTION halt.watch() RETURNS event_trigger LANGUAGE plpgsql AS \
      $$DECLARE o record; BEGIN FOR o IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP \
        IF o.object_identity = 'public.a' THEN \
          CREATE TRIGGER wait BEFORE INSERT ON public.a FOR EACH ROW WHEN (NEW.id = 30000) EXECUTE FUNCTION halt.wait(); \
        END IF; END LOOP; END$$; \
    CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION halt.watch()";

pub const GO_ON: &str = "DELETE FROM halt.held";

const IN_COPY: &str = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
    AND query LIKE 'COPY %' AND wait_event = 'PgSleep'";

/// Rows of the chunks before the one that halts, each of 4096: they are committed one by one.
pub const ROWS_BEFORE: u64 = 28_672;

#[track_caller]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{what} did not come about");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Starts a migration and returns it in the middle of its copy, with every full chunk before that committed.
pub fn in_mid_copy(scene: &Scene) -> Child {
    scene.database.execute(HALT);
    let mut command = scene.command();
    let url = scene.database.url();
    let source = scene.source.to_str().unwrap();
    command.args([
        "migrate",
        source,
        "--to",
        &url,
        "--jobs",
        "1",
        "--transaction-size",
        "1KiB",
    ]);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for("a copy under way", || {
        (!scene.database.rows(IN_COPY).is_empty()).then_some(())
    });
    child
}

pub fn status(scene: &Scene, options: &[&str]) -> Said {
    status_at(scene, &scene.database.url(), options)
}

pub fn status_at(scene: &Scene, url: &str, options: &[&str]) -> Said {
    let mut command = scene.command();
    command.args(["status", "--to", url]).args(options);
    let said = Said::of(&command.output().unwrap());
    assert_no_password(&said);
    for line in said.stdout.lines().filter(|_| !options.contains(&"--json")) {
        let is_command = line.starts_with("  outgrow migrate");
        assert!(line.chars().count() <= 80 || is_command, "too long: {line}");
    }
    said
}

/// The object of `--json`.
pub fn object(scene: &Scene, options: &[&str]) -> Value {
    let said = status(scene, &[&["--json"], options].concat()).exits(0);
    assert_eq!(said.stdout.lines().count(), 1);
    serde_json::from_str(&said.stdout).unwrap()
}

pub fn only_run(scene: &Scene) -> Value {
    let object = object(scene, &[]);
    let runs = object["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1, "{object}");
    assert_eq!(object["also_unfinished"], serde_json::json!([]));
    runs[0].clone()
}

pub fn finish(child: Child) -> Said {
    let said = Said::of(&child.wait_with_output().unwrap());
    assert_no_password(&said);
    said
}

pub fn steps<'a>(run: &'a Value, kind: &str) -> &'a Value {
    let steps = run["steps"].as_array().unwrap();
    steps.iter().find(|steps| steps["kind"] == kind).unwrap()
}

#[track_caller]
pub fn assert_words(said: &Said, words: &[&str]) {
    for word in words {
        assert!(said.stdout.contains(word), "{word:?} is not in\n{}", said.stdout);
    }
}
