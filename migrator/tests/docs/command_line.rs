//! `docs/cli.md` is the help of every command; completions and manual pages know them all.

use std::process::Command;

use outgrow_migrator::cli;
use outgrow_migrator::exit::Exit;

use crate::check_golden;

/// Line length of the help in the document, whatever terminal the test runs in.
const WIDTH: usize = 100;

fn command() -> clap::Command {
    let mut command = cli::command().term_width(WIDTH);
    command.build();
    command
}

fn names() -> Vec<String> {
    let command = command();
    let own = command.get_subcommands().filter(|c| c.get_name() != "help");
    own.map(|c| c.get_name().to_owned()).collect()
}

fn outgrow(args: &[&str]) -> String {
    let run = Command::new(env!("CARGO_BIN_EXE_outgrow"))
        .args(args)
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&run.stderr)
    );
    String::from_utf8(run.stdout).unwrap()
}

#[test]
fn the_document_is_the_help_of_every_command() {
    let mut text = String::from(
        "# Commands\n\nMade from the program's own help; the same stands in `outgrow COMMAND --help` and `outgrow man COMMAND`.\n\n\
         ## Exit codes\n| code | meaning |\n|---|---|\n",
    );
    for (exit, meaning) in Exit::ALL {
        text.push_str(&format!("| {} | {meaning} |\n", exit as u8));
    }
    let mut all = command();
    let mut sections = vec![("outgrow".to_owned(), all.render_long_help().to_string())];
    for sub in all.get_subcommands_mut().filter(|c| c.get_name() != "help") {
        sections.push((
            format!("outgrow {}", sub.get_name()),
            sub.render_long_help().to_string(),
        ));
    }
    for (title, help) in sections {
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        text.push_str(&format!(
            "\n## {title}\n```text\n{}\n```\n",
            lines.join("\n").trim_end()
        ));
    }
    check_golden("docs/cli.md", &text);
}

#[test]
fn exit_codes_grow_and_none_is_listed_twice() {
    let codes = Exit::ALL.map(|(exit, _)| exit as u8);
    assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    let variants = include_str!("../../src/exit.rs")
        .lines()
        .filter(|line| line.starts_with("    ") && line.contains(" = ") && line.ends_with(','))
        .count();
    assert_eq!(codes.len(), variants, "every code is in the table");
}

#[test]
fn completions_of_every_shell_name_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = outgrow(&["completions", shell]);
        for name in names() {
            assert!(script.contains(&name), "{shell}: {name}");
        }
    }
}

#[test]
fn the_manual_names_every_command_and_each_has_a_page() {
    let manual = outgrow(&["man"]);
    for name in names() {
        assert!(manual.contains(&format!("outgrow\\-{name}(1)")), "{name}");
        let page = outgrow(&["man", &name]);
        assert!(page.contains(".SH SYNOPSIS") && page.contains(&name), "{name}");
    }
}
