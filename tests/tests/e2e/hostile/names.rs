//! Names that SQLite takes and that break tools: quotes, newlines, keywords, escape sequences, lengths.

use std::collections::BTreeSet;

use super::random::Random;
use crate::scene::digest;

const ODD: &[&str] = &[
    "quo\"te",
    "\"",
    "new\nline",
    "tab\there",
    "select",
    "Order",
    "group by",
    "user",
    "table",
    "\u{e9}t\u{e9}",
    "e\u{301}",
    "\u{1f600}",
    "a.b",
    "a.b.c",
    "`tick`",
    "[bracket]",
    "it's",
    "back\\slash",
    "$1",
    "%s",
    "{}",
    " space ",
    "1abc",
    "--",
    "; DROP SCHEMA public CASCADE; --",
    "pg_class",
    "migration",
    "\u{1b}[31mred",
    "camelCase",
    "\u{130}stanbul",
    "oid",
    "64_bytes_64_bytes_64_bytes_64_bytes_64_bytes_64_bytes_64_bytes_6",
    "64_bytes_64_bytes_64_bytes_64_bytes_64_bytes_64_bytes_64_bytes_7",
    "a character across the fifty-fourth byte of this name \u{e9}\u{e9}\u{e9}\u{e9}\u{e9}",
    "a character across the fifty-fourth byte of this nam\u{1f600}\u{1f600}\u{1f600}\u{1f600}",
    "a name of two hundred bytes a name of two hundred bytes a name of two hundred bytes a name of two hundred bytes \
     a name of two hundred bytes a name of two hundred bytes a name of two hundred b",
    "63_bytes_63_bytes_63_bytes_63_bytes_63_bytes_63_bytes_63_bytes_",
];

/// Names that Postgres cannot have; others stand for them.
const UNFIT: &[&str] = &["", "ctid", "xmin", "tableoid"];

/// Names of one scope, none given twice as SQLite compares them.
#[derive(Default)]
pub struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    pub fn next(&mut self, plain: &str, random: &mut Random) -> String {
        loop {
            let name = match random.below(100) {
                0..57 => format!("{plain}{}", self.taken.len()),
                57..98 => (*random.pick(ODD)).to_owned(),
                _ => (*random.pick(UNFIT)).to_owned(),
            };
            if self.taken.insert(name.to_ascii_lowercase()) {
                return name;
            }
        }
    }
}

/// The name on the target of a table, index or constraint.
pub fn on_target(name: &str) -> String {
    if !name.is_empty() && name.len() <= 63 {
        return name.to_owned();
    }
    format!(
        "{}_{}",
        &name[..name.floor_char_boundary(54)],
        &digest(name.as_bytes())[..8]
    )
}

/// The name on the target of a column.
pub fn column_on_target(name: &str) -> String {
    if matches!(name, "tableoid" | "xmin" | "cmin" | "xmax" | "cmax" | "ctid") {
        return format!("{name}_{}", &digest(name.as_bytes())[..8]);
    }
    on_target(name)
}

/// A name as SQLite's delimited identifier.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
