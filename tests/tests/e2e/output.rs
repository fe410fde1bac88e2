//! Standard output carries the result, standard error the rest, and neither's end is a fault.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use crate::scene::{Said, Scene};
use crate::sources;

const VERBS: [&str; 5] = ["verdict", "inspect", "plan", "migrate", "verify"];

#[test]
fn help_of_every_command_fits_a_screen_and_shows_an_example() {
    let scene = Scene::script("CREATE TABLE a (x);");
    for verb in VERBS {
        let said = scene.run(&[verb, "--help"]).exits(0);
        assert!(said.stderr.is_empty(), "{}", said.stderr);
        assert!(
            said.stdout.contains("Usage:") && said.stdout.contains("Examples:"),
            "{}",
            said.stdout
        );
        let widest = said
            .stdout
            .lines()
            .map(|line| line.chars().count())
            .max()
            .unwrap();
        assert!(widest <= 120, "{verb}: a line of {widest} characters");
    }
    let said = scene.run(&["--help"]).exits(0);
    assert!(
        VERBS.iter().all(|verb| said.stdout.contains(verb)),
        "{}",
        said.stdout
    );
    assert!(said.stdout.contains("Exit codes:"));
}

#[test]
fn the_result_is_on_stdout_and_the_progress_on_stderr() {
    let scene = Scene::chinook();
    let said = scene.migrate(&[]).exits(0);
    assert!(
        said.stdout.starts_with("EQUAL  15,607 rows in 11 tables"),
        "{}",
        said.stdout
    );
    for stage in ["source", "census", "copy", "keys", "verify"] {
        assert!(
            said.stderr.lines().any(|line| line.starts_with(stage)),
            "{}",
            said.stderr
        );
        assert!(
            !said.stdout.lines().any(|line| line.starts_with(stage)),
            "{}",
            said.stdout
        );
    }
    assert!(
        !said.stdout.contains('\u{1b}') && !said.stderr.contains('\u{1b}'),
        "no colours off a terminal"
    );
}

#[test]
fn a_reader_that_takes_one_line_of_a_plan_is_no_fault() {
    let scene = Scene::script(&sources::many_tables());
    let mut command = scene.command();
    command.args(["plan", scene.source.to_str().unwrap()]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::with_capacity(16, child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert!(!first.is_empty());
    let said = Said::of(&child.wait_with_output().unwrap()).exits(0);
    assert!(
        !said.stderr.contains("error") && !said.stderr.contains("panicked"),
        "{}",
        said.stderr
    );
}

#[test]
fn a_migration_whose_reader_and_terminal_are_gone_is_finished_all_the_same() {
    let scene = Scene::chinook();
    let mut command = scene.command();
    let url = scene.database.url();
    command.args(["migrate", scene.source.to_str().unwrap(), "--json", "--to", &url]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdout.take().unwrap().read(&mut [0; 8]);
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(
        scene.database.value("SELECT count(*) FROM _outgrow.migration"),
        "1"
    );
}

#[test]
fn a_result_that_finds_no_room_is_told() {
    let scene = Scene::chinook();
    let mut command = scene.command();
    command.args(["plan", scene.source.to_str().unwrap()]);
    command.stdout(File::options().write(true).open("/dev/full").unwrap());
    Said::of(&command.output().unwrap()).refuses(2, &["stdout"]);
}

#[test]
fn a_file_whose_name_looks_like_an_option_or_holds_odd_characters_is_read() {
    for name in [
        "-v",
        "a b'c\".db",
        "x?mode=memory",
        "%41.db",
        "\u{e9}.db",
        "file:x.db",
    ] {
        let scene = Scene::made(name, |path| {
            let plain = path.with_file_name("plain");
            sources::script(
                &plain,
                "CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (7);",
            );
            std::fs::rename(plain, path).unwrap();
        });
        let mut command = scene.command();
        command
            .args(["inspect", "--json", "--", name])
            .current_dir(scene.source.parent().unwrap());
        let said = scene.check(&mut command).exits(0);
        assert!(said.stdout.contains("\"rows\": 1"), "{name}: {}", said.stdout);
    }
}

#[test]
fn the_census_is_shown_column_by_column() {
    let scene = Scene::script(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER, w TEXT); CREATE TABLE u (x); \
         INSERT INTO t VALUES (1, 5, 'abc'), (2, 'x', NULL), (7, NULL, NULL);",
    );
    let source = scene.source.to_str().unwrap();
    let said = scene.run(&["inspect", source, "--columns=t"]).exits(0);
    let lines: Vec<Vec<&str>> = said
        .stdout
        .lines()
        .map(|line| {
            line.split("  ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .collect()
        })
        .collect();
    let row = |name: &str| lines.iter().find(|line| line.first() == Some(&name)).unwrap()[1..4].to_vec();
    assert_eq!(row("id"), ["INTEGER", "3 integer 1 to 7", "bigint"]);
    assert_eq!(
        row("v"),
        ["INTEGER", "1 integer 5 to 5; 1 text; 1 NULL; up to 1 B", "-"]
    );
    assert_eq!(
        row("w"),
        ["TEXT", "1 text; 2 NULL; up to 3 B", "text COLLATE \"C\""]
    );
    assert!(!said.stdout.contains("u  0 rows"), "{}", said.stdout);
    let said = scene.run(&["inspect", source, "--columns"]).exits(0);
    assert!(said.stdout.contains("u  0 rows"), "{}", said.stdout);
    scene
        .run(&["inspect", source, "--columns=typo"])
        .refuses(2, &["typo"]);
    let said = scene.run(&["inspect", source, "--json"]).exits(0);
    let inspected: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let values = &inspected["census"][0]["columns"][1]["values"];
    assert_eq!(
        (&values["integer"], &values["text"], &values["null"]),
        (&1.into(), &1.into(), &1.into())
    );
}
