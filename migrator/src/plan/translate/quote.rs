//! The one place where names and literals become Postgres SQL.
//!
//! Whatever goes in, exactly one token comes out, under either setting of `standard_conforming_strings`.

use std::fmt::Write;

/// A name as a quoted identifier. Names longer than Postgres keeps (63 bytes) are renamed in the plan.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string literal; none when it holds U+0000, which Postgres cannot store.
pub fn string(value: &str) -> Option<String> {
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
pub fn bytes(value: &[u8]) -> String {
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
    use super::{bytes, identifier, string};

    #[test]
    fn nothing_escapes_its_quotes() {
        assert_eq!(identifier("a\"; DROP TABLE t; --"), "\"a\"\"; DROP TABLE t; --\"");
        assert_eq!(string("it's").as_deref(), Some("'it''s'"));
        assert_eq!(string("a\\'b").as_deref(), Some("E'a\\\\''b'"));
        assert_eq!(string("a\0"), None);
        assert_eq!(bytes(&[0, 0xab]), "E'\\\\x00ab'::bytea");
    }
}
