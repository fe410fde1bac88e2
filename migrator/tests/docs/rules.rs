//! Every rule has its section in `docs/rules.md`, and no section speaks of a rule that is gone.

use outgrow_migrator::plan::rules;

use crate::document;

#[test]
fn every_rule_has_one_section_and_every_section_a_rule() {
    let text = document("docs/rules.md");
    let mut sections: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let mut known = rules::ALL.to_vec();
    sections.sort_unstable();
    known.sort_unstable();
    assert_eq!(sections, known);
}

#[test]
fn every_section_says_what_why_and_what_to_do() {
    let text = document("docs/rules.md");
    for section in text.split("\n### ").skip(1) {
        for part in ["**What.**", "**Why.**", "**Do.**"] {
            assert!(section.contains(part), "{part} is missing in {section}");
        }
    }
}

/// Postgres would cut the name, and with it the only tie between both columns.
#[test]
fn a_column_with_an_unfit_name_cannot_be_left_out_alone() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("long.db");
    for (length, code) in [(63, 0), (64, 4)] {
        let name = "n".repeat(length);
        let connection = rusqlite::Connection::open(&source).unwrap();
        let sql = format!("DROP TABLE IF EXISTS t; CREATE TABLE t (a INT, {name} INT)");
        connection.execute_batch(&sql).unwrap();
        drop(connection);
        let plan = |options: &[&str]| {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_outgrow"));
            let run = command.arg("plan").arg(&source).args(options);
            run.output().unwrap().status.code()
        };
        assert_eq!(plan(&[]), Some(code), "{length} bytes");
        let column = format!("column:t.{name}");
        assert_eq!(plan(&["--skip", &column]), Some(2), "{length} bytes");
        if code == 4 {
            assert_eq!(plan(&["--skip", "table:t"]), Some(0), "{length} bytes");
        }
    }
}
