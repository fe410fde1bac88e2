//! Which schema of the target may receive the tables.
//!
//! Decided before anything is read: a name that Postgres or outgrow keeps for itself would mix the source's
//! tables with theirs.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::quote::NAME_BYTES_MAX;

/// The schema of outgrow's own records.
const OWN: &str = "_outgrow";

/// A schema name that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("tables cannot go into schema {name:?}: {why}")]
pub struct UnfitSchema {
    name: String,
    why: &'static str,
}

impl From<UnfitSchema> for Failure {
    fn from(error: UnfitSchema) -> Self {
        Self::new(
            Exit::Usage,
            error.to_string(),
            "Name another schema with --schema NAME.",
        )
    }
}

/// Checks the name of the target's schema.
///
/// # Errors
/// [`UnfitSchema`] when Postgres would refuse or cut it, or when it belongs to Postgres or outgrow.
pub fn check(name: &str) -> Result<(), UnfitSchema> {
    let why = if name.is_empty() || name.len() > NAME_BYTES_MAX {
        "a name in Postgres has 1 to 63 bytes"
    } else if name.starts_with("pg_") || name == "information_schema" {
        "Postgres keeps it for itself"
    } else if name == OWN {
        "outgrow keeps its records there"
    } else {
        return Ok(());
    };
    Err(UnfitSchema {
        name: name.to_owned(),
        why,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_both_sides_of_what_is_allowed() {
        let longest = "s".repeat(NAME_BYTES_MAX);
        for good in [
            "public",
            "pg",
            "PG_x",
            "Information_Schema",
            "we\"ird",
            "_outgrow2",
            &longest,
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        let too_long = "s".repeat(NAME_BYTES_MAX + 1);
        for bad in [
            "",
            "pg_catalog",
            "pg_",
            "information_schema",
            "_outgrow",
            &too_long,
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
