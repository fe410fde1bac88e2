//! Where the programs under test and the servers' programs are.
//!
//! Servers: the environment first, then what set-up wrote to `.tools/env.sh`, then the PATH. Our own programs
//! are built on first use, in the profile and target folder of the running tests.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Beginnings of the variables in which cargo describes the package under test.
const OF_THE_TEST_PACKAGE: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];

/// The root of the repository.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are a folder of the repository")
        .to_owned()
}

/// Reads a file of the repository.
#[must_use]
pub fn repository_file(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A place that set-up found, such as `OUTGROW_PROMTOOL`.
///
/// # Panics
/// When it is neither in the environment nor in `.tools/env.sh`.
#[must_use]
pub fn from_setup(variable: &str) -> PathBuf {
    found_by_setup(variable).unwrap_or_else(|| panic!("{variable} is not known; run `make setup`"))
}

/// The same for something to do without.
#[must_use]
pub fn found_by_setup(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).or_else(|| {
        let text = fs::read_to_string(repository().join(".tools/env.sh")).ok()?;
        value_in(&text, variable).map(PathBuf::from)
    })
}

/// Finds `export NAME=VALUE` in the text of `.tools/env.sh`; backslashes come from `printf %q`.
fn value_in(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let value = line
            .strip_prefix("export ")?
            .strip_prefix(name)?
            .strip_prefix('=')?;
        Some(value.replace('\\', ""))
    })
}

/// The command `outgrow`.
#[must_use]
pub fn outgrow() -> PathBuf {
    built().join("outgrow")
}

/// The benchmark.
#[must_use]
pub fn bench() -> PathBuf {
    built().join("bench")
}

/// An example program of any crate, such as `checkpoint_store`.
#[must_use]
pub fn example(name: &str) -> PathBuf {
    built().join("examples").join(name)
}

/// Builds all programs and examples once, and says where they are.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        // <target>/<profile>/deps/<this test binary>
        let this = env::current_exe().expect("a running program has a path");
        let profile = this
            .ancestors()
            .nth(2)
            .expect("test binaries are in <profile>/deps");
        let target = profile.parent().expect("profiles are in the target folder");
        // The same selection as `cargo test --workspace` makes, so that no crate is built a second time.
        let mut build = Command::new(env!("CARGO"));
        build
            .args([
                "build",
                "--quiet",
                "--workspace",
                "--bins",
                "--examples",
                "--target-dir",
            ])
            .arg(target);
        // What cargo tells the tests about their own package, build scripts of dependencies take for a change,
        // and everything above them would be built again, here and at the next run.
        for (name, _) in env::vars_os() {
            if OF_THE_TEST_PACKAGE
                .iter()
                .any(|start| name.to_string_lossy().starts_with(start))
            {
                build.env_remove(name);
            }
        }
        if profile.ends_with("release") {
            build.arg("--release");
        }
        let status = build
            .current_dir(repository())
            .status()
            .expect("cargo can be started");
        assert!(status.success(), "the programs under test do not build");
        profile.to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_by_its_whole_name() {
        let text = "# note\nexport OUTGROW_A_B=/x\\ y/b\nexport OUTGROW_A=/a\n";
        assert_eq!(value_in(text, "OUTGROW_A").as_deref(), Some("/a"));
        assert_eq!(value_in(text, "OUTGROW_A_B").as_deref(), Some("/x y/b"));
        assert_eq!(value_in(text, "OUTGROW"), None);
    }
}
