//! In mid-copy, blocked, killed, done, and under watch.

use std::process::Stdio;

use outgrow_e2e::postgres::Session;
use serde_json::Value;

use super::{GO_ON, ROWS, ROWS_BEFORE, assert_words, finish, in_mid_copy, only_run, status, steps, wait_for};
use crate::scene::Scene;

#[test]
fn a_run_in_mid_copy_is_told_with_its_rows_and_then_as_done() {
    let scene = Scene::script(ROWS);
    let child = in_mid_copy(&scene);
    let run = wait_for("a pulse of the copy", || {
        Some(only_run(&scene)).filter(|run| run["stage"] == "copy")
    });
    assert_eq!(
        (&run["state"], &run["source_file"]),
        (&"running".into(), &"app.db".into())
    );
    // The one row of b may be there already.
    assert!(run["rows_done"].as_u64().unwrap() >= ROWS_BEFORE, "{run}");
    assert_eq!((&run["doing"], &run["rows_total"]), (&"a".into(), &60_001.into()));
    assert_eq!((&run["times_taken_up"], &run["next"]), (&0.into(), &Value::Null));
    assert_eq!(run["tables"][0]["state"], "copying");
    assert_eq!(run["tables"][0]["rows_done"], ROWS_BEFORE);
    assert_eq!(
        steps(&run, "indexes")["to_do"],
        serde_json::json!(["index:a.by_v"])
    );
    assert_eq!(steps(&run, "schema")["steps_done"], 1);
    assert_eq!(
        (&run["sessions_visible"], &run["blockers"]),
        (&true.into(), &serde_json::json!([]))
    );
    let command = &run["sessions"][0]["command"];
    assert_eq!(
        (&command["name"], &command["relation"]),
        (&"COPY".into(), &"public.a".into())
    );
    assert!(run["bytes_done"].as_u64().unwrap() < run["bytes_total"].as_u64().unwrap());
    assert!(run["pulse_age_seconds"].as_u64().unwrap() <= 30);
    assert_words(
        &status(&scene, &[]).exits(0),
        &[
            "RUNNING  app.db -> schema public",
            "28,672 of 60,000",
            "of 60,001 rows",
            " 47 %",
            "COPY public.a",
            "of copying",
        ],
    );
    scene.database.execute(GO_ON);
    let said = finish(child).exits(0);
    let run = only_run(&scene);
    assert_eq!(
        (&run["state"], &run["rows_done"]),
        (&"done".into(), &60_001.into())
    );
    assert!(
        said.stdout.contains(run["root"].as_str().unwrap()),
        "{}",
        said.stdout
    );
    assert_eq!((&run["eta_seconds"], &run["stage"]), (&Value::Null, &Value::Null));
    let all = run["steps"].as_array().unwrap().iter();
    all.for_each(|kind| assert_eq!(kind["steps_done"], kind["steps_total"], "{kind}"));
    assert_words(
        &status(&scene, &[]).exits(0),
        &["DONE", "both sides EQUAL", "60,001 of 60,001 rows"],
    );
}

#[test]
fn a_lock_that_another_session_holds_is_told_with_its_holder_and_the_way_out() {
    let scene = Scene::script(ROWS);
    let child = in_mid_copy(&scene);
    // COPY does not mind it; the keys do.
    let other = Session::open(&scene.database.url());
    let pid = other.rows("SELECT pg_backend_pid()")[0][0].clone().unwrap();
    let _ = other.rows("SET application_name = E'nightly report'");
    let _ = other.rows("BEGIN; LOCK TABLE public.a IN ROW EXCLUSIVE MODE");
    scene.database.execute(GO_ON);
    let run = wait_for("a blocked run", || {
        Some(only_run(&scene)).filter(|run| run["blockers"][0].is_object())
    });
    let blocker = &run["blockers"][0];
    assert_eq!(blocker["pid"].to_string(), pid);
    assert_eq!(blocker["application_name"], "nightly report");
    assert_eq!(
        (&blocker["relation"], &blocker["state"]),
        (&"public.a".into(), &"idle in transaction".into())
    );
    assert!(
        blocker["query"].as_str().unwrap().contains("LOCK TABLE"),
        "{blocker}"
    );
    assert_eq!(blocker["blocked_pids"].as_array().unwrap().len(), 1, "{blocker}");
    assert!(
        blocker["next"]
            .as_str()
            .unwrap()
            .contains(&format!("pg_terminate_backend({pid})"))
    );
    let session = &run["sessions"][0];
    assert_eq!(
        (&session["pid"], &session["wait_event_type"]),
        (&blocker["blocked_pids"][0], &"Lock".into())
    );
    assert_words(
        &status(&scene, &[]).exits(0),
        &[
            "BLOCKED  app.db",
            "by session",
            "nightly report",
            "a lock on public.a",
            "waits for a lock",
        ],
    );
    let _ = other.rows("COMMIT");
    finish(child).exits(0);
    assert_eq!(only_run(&scene)["blockers"], serde_json::json!([]));
}

#[test]
fn a_killed_run_is_told_as_stopped_with_the_command_that_goes_on() {
    let scene = Scene::script(ROWS);
    let mut child = in_mid_copy(&scene);
    child.kill().unwrap();
    finish(child);
    let run = wait_for("a stopped run", || {
        Some(only_run(&scene)).filter(|run| run["state"] == "stopped")
    });
    assert_eq!(run["next"], "outgrow migrate app.db --to ...");
    assert_eq!((&run["stage"], &run["eta_seconds"]), (&Value::Null, &Value::Null));
    assert_eq!(run["tables"][0]["rows_done"], ROWS_BEFORE);
    assert_words(
        &status(&scene, &[]).exits(0),
        &[
            "STOPPED  app.db",
            "nobody is at work",
            "run the same command again:\n  outgrow migrate app.db --to ...",
        ],
    );
    scene.database.execute(GO_ON);
    scene.migrated(&[]);
    let run = only_run(&scene);
    assert_eq!(
        (&run["state"], &run["times_taken_up"]),
        (&"done".into(), &1.into())
    );
    assert!(run["taken_up_at"].is_string());
}

#[test]
fn watching_tells_until_it_is_done_and_a_signal_ends_it_quietly() {
    let scene = Scene::script(ROWS);
    let child = in_mid_copy(&scene);
    let watch = || {
        let mut command = scene.command();
        command.args(["status", "--to", &scene.database.url(), "--watch=1", "--json"]);
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let (interrupted, patient) = (watch(), watch());
    let watching = "SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'idle' \
                    AND datname = current_database() AND application_name = 'outgrow'";
    wait_for("two watchers that have told once", || {
        (scene.database.value(watching).parse::<u32>().unwrap() >= 2).then_some(())
    });
    let killed = std::process::Command::new("kill")
        .args(["-s", "INT", &interrupted.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    let said = finish(interrupted).exits(0);
    assert_eq!(said.stderr, "");
    scene.database.execute(GO_ON);
    finish(child).exits(0);
    let said = finish(patient).exits(0);
    let states: Vec<String> = said
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["runs"][0]["state"].to_string())
        .collect();
    assert_eq!(
        states.first().map(String::as_str),
        Some("\"running\""),
        "{states:?}"
    );
    assert_eq!(states.last().map(String::as_str), Some("\"done\""), "{states:?}");
}
