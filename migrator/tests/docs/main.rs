//! What is written for people, held against the program: commands, exit codes, rules, certificate, renderings.
//!
//! With `OUTGROW_BLESS=1` in the environment the texts that are made from the program are written anew; review
//! the change as any other.

#![allow(clippy::unwrap_used, clippy::panic)]

mod certificate;
mod command_line;
mod renderings;
mod rules;
mod sample;

use std::path::{Path, PathBuf};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn document(path: &str) -> String {
    std::fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The file holds this text, or is given it on request.
fn check_golden(path: &str, text: &str) {
    if std::env::var_os("OUTGROW_BLESS").is_some() {
        std::fs::write(repository(path), text).unwrap();
        return;
    }
    let written = std::fs::read_to_string(repository(path)).unwrap_or_default();
    if written == text {
        return;
    }
    // One line tells more than two whole documents.
    let mut lines = written.lines().zip(text.lines()).enumerate();
    let differing = lines.find(|(_, (old, new))| old != new);
    let (line, (old, new)) = differing.unwrap_or((0, ("one of both", "ends early")));
    panic!(
        "{path} is not what the program says; OUTGROW_BLESS=1 renews it\nline {}:\n  {old}\n  {new}",
        line + 1
    );
}
