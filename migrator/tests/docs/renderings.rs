//! What `inspect`, `migrate` and `verify` print, whole.

use outgrow_migrator::report::paint::Paint;
use outgrow_migrator::report::{findings, summary};

use crate::{check_golden, sample};

fn golden(name: &str, text: &str) {
    for line in text.lines() {
        assert_eq!(line, line.trim_end(), "no line ends in spaces");
        assert!(line.chars().count() <= 100, "{line}");
    }
    check_golden(&format!("migrator/tests/docs/golden/{name}.txt"), text);
}

#[test]
fn inspect_groups_findings_and_says_what_to_run() {
    let command = "outgrow migrate app.db --to postgres://USER@HOST/DATABASE";
    golden(
        "inspect-ready",
        &findings::render(&sample::plan(false), command, Paint::Plain),
    );
    golden(
        "inspect-blocked",
        &findings::render(&sample::plan(true), command, Paint::Plain),
    );
}

#[test]
fn inspect_shows_which_table_of_the_application_takes_which() {
    let command = "outgrow migrate app.db --seeds replace --to postgres://USER@HOST/DATABASE";
    let text = findings::render(&sample::plan_for_the_application(), command, Paint::Plain);
    golden("inspect-existing", &text);
}

#[test]
fn migrate_shows_roots_and_exceptions() {
    golden("migrate", &summary::render(&sample::migrated(), Paint::Plain));
}

#[test]
fn verify_shows_both_answers() {
    golden(
        "verify-equal",
        &summary::render_verified(&sample::outcome(true), Paint::Plain),
    );
    golden(
        "verify-different",
        &summary::render_verified(&sample::outcome(false), Paint::Plain),
    );
}

#[test]
fn colour_changes_no_word() {
    let texts = |paint| {
        [
            findings::render(&sample::plan(true), "", paint),
            summary::render(&sample::migrated(), paint),
            summary::render_verified(&sample::outcome(false), paint),
        ]
    };
    for (plain, coloured) in texts(Paint::Plain).into_iter().zip(texts(Paint::Colour)) {
        assert!(coloured.contains("\x1b[1;"));
        let mut stripped = coloured.replace("\x1b[0m", "");
        for code in ["31", "32", "33", "36"] {
            stripped = stripped.replace(&format!("\x1b[1;{code}m"), "");
        }
        assert_eq!(stripped, plain);
    }
}
