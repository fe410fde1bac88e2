//! The command `outgrow` as its user meets it, whatever it is asked to do.

use std::process::Command;

use outgrow_e2e::programs::outgrow;

#[test]
fn the_version_is_printed_on_standard_output() {
    let said = Command::new(outgrow()).arg("--version").output().unwrap();
    assert!(said.status.success());
    let expected = format!("outgrow {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(said.stdout).unwrap(), expected);
}

#[test]
fn an_unknown_subcommand_is_a_usage_error_on_standard_error() {
    let said = Command::new(outgrow()).arg("no-such-thing").output().unwrap();
    assert_eq!(said.status.code(), Some(2));
    assert!(said.stdout.is_empty() && !said.stderr.is_empty());
}
