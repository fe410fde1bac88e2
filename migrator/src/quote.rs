//! The one place where names and literals become Postgres SQL.
//!
//! A name from a SQLite file is data from a stranger. Whatever goes in, exactly one token comes out, under either
//! setting of `standard_conforming_strings`. Whether a name fits Postgres is the plan's to say.

use std::fmt::Write;

/// The longest name Postgres keeps whole, in bytes: NAMEDATALEN - 1 of every stock build.
pub const NAME_BYTES_MAX: usize = 63;

/// A name as a quoted identifier.
pub fn quote_ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string literal; none when it holds U+0000, which Postgres cannot store.
pub fn quote_literal(value: &str) -> Option<String> {
    if value.contains('\0') {
        return None;
    }
    let quoted = value.replace('\'', "''");
    Some(if value.contains('\\') {
        // Inside E'' a backslash means the same under every setting.
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    })
}

/// A bytea literal.
pub fn quote_bytes(value: &[u8]) -> String {
    let mut literal = "E'\\\\x".to_owned();
    for byte in value {
        // Writing to a String cannot fail.
        let _ = write!(literal, "{byte:02x}");
    }
    literal.push_str("'::bytea");
    literal
}

#[cfg(test)]
mod tests {
    use super::{quote_bytes, quote_ident, quote_literal};

    #[test]
    fn nothing_escapes_its_quotes() {
        assert_eq!(
            quote_ident("a\"; DROP TABLE t; --"),
            "\"a\"\"; DROP TABLE t; --\""
        );
        assert_eq!(quote_literal("it's").as_deref(), Some("'it''s'"));
        assert_eq!(quote_literal("a\\'b").as_deref(), Some("E'a\\\\''b'"));
        assert_eq!(quote_literal("a\0"), None);
        assert_eq!(quote_bytes(&[0, 0xab]), "E'\\\\x00ab'::bytea");
    }
}
