//! Names on the target: the source's own, unless Postgres cannot keep one or its owner chose another.
//!
//! No two objects get the same name where Postgres tells them apart by it.

use outgrow_shared::ce1::Digest;
use sha2::{Digest as _, Sha256};

use super::builder::{Builder, Family, plain};
use super::model::{Disposition, Finding};
use super::rules;
use crate::quote::NAME_BYTES_MAX;

/// Names that every table of Postgres has already.
const SYSTEM_COLUMNS: &[&str] = &["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

/// Bytes of a name that stay when it is shortened: what `_` and eight hex digits leave of 63.
const KEPT_BYTES: usize = NAME_BYTES_MAX - 9;

/// Whether Postgres keeps a name as it is.
pub fn fits(name: &str) -> bool {
    !name.is_empty() && name.len() <= NAME_BYTES_MAX
}

/// Whether every table of Postgres has a system column of this name.
pub fn is_system_column(name: &str) -> bool {
    SYSTEM_COLUMNS.contains(&name)
}

/// The name that stands for one Postgres cannot keep: its first 54 bytes, cut between characters, `_`, and the
/// first eight hex digits of its SHA-256, so that two long names stay two.
pub fn replacement(name: &str) -> String {
    let kept = name.floor_char_boundary(KEPT_BYTES);
    let digest = Digest(Sha256::digest(name.as_bytes()).into()).to_hex();
    format!("{}_{}", &name[..kept], &digest[..8])
}

impl Builder<'_> {
    /// The name an object gets on the target: the one its owner chose, the source's, or what stands for one that
    /// Postgres cannot keep. `scope` is the table of a column, none for what lives in the schema: a table's name can be empty.
    pub fn target_name(&mut self, scope: Option<&str>, object: &str, name: &str) -> String {
        let is_column = scope.is_some();
        let unfit = !fits(name) || (is_column && is_system_column(name));
        let target = match self.choices.names.get(object) {
            Some(chosen) => {
                self.used(Family::Name, object);
                self.find(
                    Disposition::Changed,
                    rules::NAME_CHOSEN,
                    object,
                    format!("is called {chosen} on the target"),
                );
                chosen.clone()
            }
            None if unfit => {
                let target = replacement(name);
                let (rule, why) = if fits(name) {
                    (
                        rules::NAME_SYSTEM_COLUMN,
                        "every table of Postgres has a system column of this name".to_owned(),
                    )
                } else {
                    let why = format!(
                        "a name in Postgres has 1 to {NAME_BYTES_MAX} bytes, this one has {}",
                        name.len()
                    );
                    (rules::NAME_SHORTENED, why)
                };
                self.find(
                    Disposition::Changed,
                    rule,
                    object,
                    format!("{why}; is called {target} on the target"),
                );
                target
            }
            None => name.to_owned(),
        };
        self.claim(scope, object, &target);
        target
    }

    fn claim(&mut self, scope: Option<&str>, object: &str, target: &str) {
        let is_column = scope.is_some();
        let key = (scope.map(str::to_owned), target.to_owned());
        let problem = if !fits(target) {
            Some(format!(
                "the name chosen for it has {} bytes; Postgres takes 1 to {NAME_BYTES_MAX}",
                target.len()
            ))
        } else if is_column && is_system_column(target) {
            Some("the name chosen for it is that of a system column of Postgres".to_owned())
        } else {
            let other = self.taken.get(&key).filter(|other| *other != object);
            other.map(|other| format!("would have the same name on the target as {other}: {target}"))
        };
        match problem {
            Some(detail) => {
                let next = format!(
                    "Choose another name for it: \"{object}\" = \"...\" under [choices.names] of the plan."
                );
                self.add(Finding {
                    next,
                    ..plain(Disposition::Blocked, rules::NAME_TAKEN, object, detail)
                });
            }
            None => {
                self.taken.insert(key, object.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_fit_and_stay_apart() {
        let (a, b) = (format!("{}a", "n".repeat(70)), format!("{}b", "n".repeat(70)));
        assert_ne!(replacement(&a), replacement(&b));
        for name in [a.as_str(), b.as_str(), "", "xmin", &"\u{e9}".repeat(40)] {
            let other = replacement(name);
            assert!(fits(&other) && other != name, "{other}");
        }
        assert_eq!(replacement("ctid"), "ctid_a6768917");
    }

    #[test]
    fn sixty_three_bytes_are_the_most() {
        assert!(fits(&"n".repeat(63)) && !fits(&"n".repeat(64)) && !fits(""));
    }
}
