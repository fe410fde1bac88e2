//! Names on the target: the source's own, unless Postgres cannot keep one or its owner chose another.

use outgrow_shared::ce1::Digest;
use sha2::{Digest as _, Sha256};

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
