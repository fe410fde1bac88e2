//! Processes that stand still and come back: a tool whose run somebody else took over, a backend that takes nothing.

use std::process::Command;
use std::time::{Duration, Instant};

use outgrow_e2e::postgres;
use outgrow_e2e::processes::send;

use super::servers::Field;

const ROWS: u32 = 12_000;

/// Makes an attempt last, so that it can be met in the middle: every chunk takes its time.
const SLOWLY: &str = "chunk-sent=sleep(300)";

#[test]
fn a_tool_that_stood_still_while_another_took_over_keeps_nothing() {
    let mut field = Field::with(&[]);
    let ground = field.ground(ROWS, true);
    let mut zombie = ground.start(&["--retry-for", "5m"], SLOWLY);
    while ground.ask("SELECT coalesce((SELECT count(*) FROM pg_tables WHERE schemaname = '_outgrow'), 0)")
        == "0"
        || ground.ask("SELECT count(*) FROM _outgrow.chunk") == "0"
    {
        assert!(!zombie.has_ended(), "{}", zombie.told());
        std::thread::sleep(Duration::from_millis(20));
    }
    send("STOP", zombie.id());
    // As if it had stood still for long: its pulse is old.
    postgres::execute(
        &ground.url,
        "UPDATE _outgrow.pulse SET at = at - interval '10 min'",
    );
    ground.finish();
    send("CONT", zombie.id());
    let said = zombie.end();
    assert!([Some(4), Some(5), Some(7)].contains(&said.code), "{said:?}");
    let words = [
        "another outgrow took this migration over",
        "another outgrow finished this migration",
        "This file was migrated there at",
    ];
    assert!(words.iter().any(|words| said.stderr.contains(words)), "{said:?}");
    ground.assert_equal();
}

#[test]
fn a_tool_that_stood_still_for_a_while_goes_on() {
    let mut field = Field::with(&[]);
    let ground = field.ground(ROWS, false);
    let tool = ground.start(&["--retry-for", "30s"], SLOWLY);
    std::thread::sleep(Duration::from_millis(900));
    send("STOP", tool.id());
    std::thread::sleep(Duration::from_secs(4));
    send("CONT", tool.id());
    let said = tool.end();
    assert_eq!(said.code, Some(0), "{said:?}");
    ground.assert_equal();
}

#[test]
fn a_backend_that_takes_nothing_is_given_up_after_the_stall_timeout() {
    let mut field = Field::with(&[]);
    let ground = field.ground(ROWS * 4, true);
    let options = ["--retry-for", "0s", "--stall-timeout", "2s", "--jobs", "1"];
    let mut tool = ground.start(&options, "chunk-sent=sleep(50)");
    let copying = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'COPY %' AND state = 'active' \
                   AND datname = current_database() LIMIT 1";
    let start = Instant::now();
    let backend = loop {
        assert!(
            !tool.has_ended() && start.elapsed() < Duration::from_secs(60),
            "{}",
            tool.told()
        );
        if let Some(row) = postgres::rows(&ground.url, copying).first() {
            break row[0].clone().unwrap();
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let signal = |name: &str| {
        Command::new("kill")
            .args(["-s", name, &backend])
            .status()
            .unwrap()
    };
    signal("STOP");
    let said = tool.end();
    let stopped_for = start.elapsed();
    signal("CONT");
    assert_eq!(said.code, Some(7), "after {stopped_for:?}: {said:?}");
    ground.finish();
}
