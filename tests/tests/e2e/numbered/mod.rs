//! Every known bad input, numbered: what the plan says of it, how the command ends, what Postgres then holds.
//!
//! R numbers are the lines of a table of inputs that break migrations, S numbers its notes on security, P numbers
//! cases that users of other tools reported. A test is named by its number; a letter after it tells several
//! cases of one line apart. What belongs to another capability or to another test is named in [`ELSEWHERE`].

mod expressions;
mod files;
mod fixture;
mod keys;
mod names;
mod numbers;
mod objects;
mod security;
mod text;
mod time;

use std::collections::BTreeSet;

/// The last number of each list.
const LISTS: [(char, usize); 3] = [('R', 36), ('P', 48), ('S', 7)];

/// Numbers without a fixture here, and where they belong.
const ELSEWHERE: &[(&str, &str)] = &[
    ("R16", "a gigabyte in one value: P28 stands for it in less time"),
    ("R07", "read-only folder and WAL: refused_source.rs"),
    ("R08", "a source that changes during the run: live_source.rs"),
    (
        "R34",
        "attached databases are files of their own: fleets of files",
    ),
    (
        "P34",
        "identity columns of every kind in the target: schemas made by the application",
    ),
    ("P35", "seed rows in the target: schemas made by the application"),
    (
        "P36",
        "a source column that the target lacks: schemas made by the application",
    ),
    (
        "P37",
        "a NOT NULL column of the target alone: schemas made by the application",
    ),
    ("P38", "varchar(n) too short: schemas made by the application"),
    (
        "P39",
        "orphans under a key of the target alone: schemas made by the application",
    ),
    ("P40", "a writer during the copy: live_source.rs"),
    ("P41", "kills at random points: resuming"),
    ("P42", "a restart of the target during the copy: resuming"),
    ("P43", "a schema that changed before a resume: resuming"),
    ("P44", "a read-only folder: refused_source.rs"),
    (
        "P48",
        "triggers of the target that fire on COPY: schemas made by the application",
    ),
    (
        "S03",
        "secrets: the tests of the target's address, and scene.rs after every run",
    ),
    ("S04", "TLS: private_servers.rs"),
    ("S06", "settings of the session: refused_target.rs"),
    ("S07", "the metrics' address: the agent's tests"),
];

#[test]
fn every_number_has_a_fixture_or_its_place() {
    let here: BTreeSet<String> = [
        expressions::NAMES,
        files::NAMES,
        keys::NAMES,
        names::NAMES,
        numbers::NAMES,
        objects::NAMES,
        security::NAMES,
        text::NAMES,
        time::NAMES,
    ]
    .concat()
    .iter()
    .map(|name| number(name))
    .collect();
    let elsewhere: BTreeSet<String> = ELSEWHERE.iter().map(|(number, _)| (*number).to_owned()).collect();
    for (list, last) in LISTS {
        for place in 1..=last {
            let number = format!("{list}{place:02}");
            let (here, elsewhere) = (here.contains(&number), elsewhere.contains(&number));
            assert!(here != elsewhere, "{number}: here {here}, elsewhere {elsewhere}");
        }
    }
    let known = |number: &String| {
        let place: usize = number[1..].parse().unwrap();
        LISTS
            .iter()
            .any(|(list, last)| number.starts_with(*list) && (1..=*last).contains(&place))
    };
    assert!(here.iter().chain(&elsewhere).all(known));
}

/// `R07` of a test named `r07b_what_it_shows`.
fn number(name: &str) -> String {
    let head = name.split('_').next().unwrap_or_default();
    head[..3].to_ascii_uppercase()
}
