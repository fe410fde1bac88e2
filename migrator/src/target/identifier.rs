//! Names and texts inside SQL: the one place where either is quoted.
//!
//! A name from a SQLite file is data from a stranger. [`Ident`] proves that a name fits Postgres unchanged, and
//! prints it quoted, always; [`quote_literal`] does the same for texts, whatever `standard_conforming_strings` says.

use std::fmt;

/// Longest name in bytes: NAMEDATALEN - 1 of every stock build. Longer ones would be cut silently.
pub const MAX_IDENT_BYTES: usize = 63;

/// Why a name cannot be one in Postgres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentError {
    /// It has no characters.
    #[error("a name in Postgres cannot be empty")]
    Empty,
    /// It is longer than [`MAX_IDENT_BYTES`].
    #[error("the name has {bytes} bytes; Postgres keeps {MAX_IDENT_BYTES}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// It has a NUL character.
    #[error("a name in Postgres cannot hold a NUL character")]
    Nul,
}

/// A name that Postgres keeps as it is; `Display` gives it quoted, ready for SQL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ident(String);

impl Ident {
    /// Checks a name.
    ///
    /// # Errors
    /// It is empty, too long, or has a NUL.
    pub fn new(name: impl Into<String>) -> Result<Self, IdentError> {
        let name = name.into();
        match name.len() {
            0 => Err(IdentError::Empty),
            bytes if bytes > MAX_IDENT_BYTES => Err(IdentError::TooLong { bytes }),
            _ if name.contains('\0') => Err(IdentError::Nul),
            _ => Ok(Self(name)),
        }
    }

    /// The name as it is, for comparing and for parameters; never for SQL text.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quote_ident(&self.0))
    }
}

/// Quotes a name as SQL's delimited identifier. For a name that is not yet known to fit, use [`Ident`].
pub fn quote_ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes a text as an SQL string.
///
/// # Errors
/// It has a NUL character, which no text in Postgres can hold.
pub fn quote_literal(text: &str) -> Result<String, IdentError> {
    if text.contains('\0') {
        return Err(IdentError::Nul);
    }
    let doubled = text.replace('\'', "''");
    // Only in the E form does a backslash mean the same under either setting of the server.
    Ok(if text.contains('\\') {
        format!(" E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_the_limits() {
        assert_eq!(Ident::new(""), Err(IdentError::Empty));
        assert_eq!(Ident::new("a").map(|i| i.to_string()), Ok("\"a\"".into()));
        assert!(Ident::new("x".repeat(63)).is_ok());
        assert_eq!(Ident::new("x".repeat(64)), Err(IdentError::TooLong { bytes: 64 }));
        // 21 * 3 bytes fit; the limit counts bytes, not characters.
        assert!(Ident::new("\u{20AC}".repeat(21)).is_ok());
        assert_eq!(
            Ident::new("\u{20AC}".repeat(22)),
            Err(IdentError::TooLong { bytes: 66 })
        );
        assert_eq!(Ident::new("a\0b"), Err(IdentError::Nul));
    }

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(
            quote_ident(r#"a"; DROP TABLE t; --"#),
            r#""a""; DROP TABLE t; --""#
        );
        assert_eq!(quote_literal("it's"), Ok("'it''s'".into()));
        assert_eq!(quote_literal(r"\'"), Ok(r" E'\\'''".into()));
        assert_eq!(quote_literal("a\0"), Err(IdentError::Nul));
    }
}
