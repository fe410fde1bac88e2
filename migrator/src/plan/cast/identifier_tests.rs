//! Every identifier reads back, and none of them is one of own tables' mappings.

use super::*;
use crate::plan::cast::candidates::{Hints, candidates};
use crate::plan::mapping::Mapping;
use crate::target::catalog::ColumnKind;

#[test]
fn identifiers_read_back() {
    let hints = Hints {
        zone: Some("Europe/Berlin".to_owned()),
        durations_are_microseconds: true,
    };
    let kinds = ColumnKind::of_every_sort();
    let mut seen = std::collections::BTreeSet::new();
    for kind in &kinds {
        for candidate in candidates(kind, &hints) {
            let identifier = candidate.mapping.to_string();
            assert_eq!(
                Mapping::try_from(identifier.clone()),
                Ok(candidate.mapping),
                "{identifier}"
            );
            seen.insert(identifier);
        }
    }
    assert!(seen.len() > 110, "{}", seen.len());
    assert!(seen.contains("text.timestamptz(YYYY-MM-DD HH:MM:SS[.ffffff],Europe/Berlin)"));
}

#[test]
fn other_spellings_are_no_identifiers() {
    for identifier in [
        "any.numeric(10, 2)",
        "any.numeric(0,0)",
        "any.numeric(1001,0)",
        "any.numeric(+5,2)",
        "any.numeric(5)",
        "any.numeric()",
        "any.time(6)",
        "any.time(7)",
        "any.timestamptz(europe/berlin)",
        "any.timestamptz(UTC,6)",
        "any.timestamptz(Nowhere/Land)",
        "any.timestamptz",
        "text.timestamptz(YYYY-MM-DD HH:MM:SS)",
        "text.timestamptz(YYYY-MM-DD HH:MM:SSZ,UTC)",
        "json.array(array)",
        "json.array(numeric()",
        "any.uuid()",
        "real.timestamp(s,7)",
        "",
        "(",
    ] {
        assert_eq!(Cast::named(identifier), None, "{identifier}");
    }
}

#[test]
fn the_specification_has_a_row_for_every_cast() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/ce1.md")).unwrap();
    for identifier in [
        "any.boolean",
        "real.smallint",
        "real.integer",
        "real.bigint",
        "any.smallint",
        "any.integer",
        "any.bigint",
        "real.real",
        "any.real",
        "any.double",
        "number.numeric",
        "text.numeric",
        "text.numeric(P,S)",
        "any.numeric",
        "any.numeric(P,S)",
        "every.text",
        "text.char",
        "any.char",
        "text.uuid(32hex)",
        "text.uuid(UPPER)",
        "any.uuid",
        "any.json",
        "any.jsonb",
        "any.date",
        "text.time(HH:MM:SSF)",
        "any.time",
        "any.time(P)",
        "text.timestamp(FORMAT)",
        "text.timestamptz(FORMAT,ZONE)",
        "integer.timestamp(UNIT)",
        "real.timestamp(s)",
        "real.timestamptz(julian)",
        "real.timestamptz(s,P)",
        "any.timestamp",
        "any.timestamptz(ZONE)",
        "any.timestamptz(ZONE,P)",
        "integer.interval(UNIT)",
        "any.interval",
        "text.inet",
        "any.inet",
        "text.cidr",
        "any.cidr",
        "text.enum",
        "json.array(ELEMENT)",
    ] {
        assert!(page.contains(&format!("`{identifier}`")), "{identifier}");
    }
}
