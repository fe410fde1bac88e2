//! Every rule has its section in `docs/rules.md`, and no section speaks of a rule that is gone.

use outgrow_migrator::plan::existing::ledgers::frameworks;
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

#[test]
fn the_ledgers_that_are_known_are_listed() {
    let listed = format!("Known are the ledgers of {}.", frameworks().join(", "));
    let page = document("docs/rules.md").replace('\n', " ");
    assert!(page.contains(&listed), "docs/rules.md does not say: {listed}");
}
