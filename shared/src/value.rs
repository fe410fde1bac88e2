//! SQLite's value domain: what a cell can hold, and how a person reads it.
//!
//! Equality here is equality of class and bytes, the one CE1 proves. Numbers of different class, `-0.0` and
//! `0.0`, and texts that only collate alike are different values.

use std::fmt;

/// One stored SQLite value, borrowed from whoever read it.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// NULL.
    Null,
    /// A 64-bit signed integer.
    Integer(i64),
    /// An IEEE 754 binary64; never NaN, which SQLite stores as NULL.
    Real(f64),
    /// Text that is valid Unicode, as UTF-8.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
    /// Text whose stored bytes are not valid Unicode, as they are.
    RawText(&'a [u8]),
}

/// The storage class of a value, the five of SQLite and the broken form of the fourth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// NULL.
    Null,
    /// INTEGER.
    Integer,
    /// REAL.
    Real,
    /// TEXT that is valid Unicode.
    Text,
    /// BLOB.
    Blob,
    /// TEXT that is not valid Unicode.
    RawText,
}

impl Class {
    /// Every class, in the order of SQLite's type codes.
    pub const ALL: [Self; 6] = [
        Self::Null,
        Self::Integer,
        Self::Real,
        Self::Text,
        Self::Blob,
        Self::RawText,
    ];

    /// The name a person knows it by; the first five are those of SQLite's `typeof()`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Integer => "integer",
            Self::Real => "real",
            Self::Text => "text",
            Self::Blob => "blob",
            Self::RawText => "text (not Unicode)",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Value<'_> {
    /// Its storage class.
    pub const fn class(&self) -> Class {
        match self {
            Self::Null => Class::Null,
            Self::Integer(_) => Class::Integer,
            Self::Real(_) => Class::Real,
            Self::Text(_) => Class::Text,
            Self::Blob(_) => Class::Blob,
            Self::RawText(_) => Class::RawText,
        }
    }
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Real(a), Self::Real(b)) => a.to_bits() == b.to_bits(),
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Blob(a), Self::Blob(b)) | (Self::RawText(a), Self::RawText(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value<'_> {}

/// Characters of a text, or bytes of a blob, that a preview shows: a UUID is seen whole.
const PREVIEW_LENGTH: usize = 48;

/// A bounded rendering for messages: class, value, and the full length where it was cut.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Integer(i) => write!(f, "integer {i}"),
            Self::Real(r) => write!(f, "real {r:?}"),
            Self::Text(t) => {
                let cut: String = t.chars().take(PREVIEW_LENGTH).collect();
                write!(f, "text '{}'", cut.escape_debug())?;
                write_cut(f, cut.len(), t.len())
            }
            Self::Blob(b) => write_bytes(f, "blob", b),
            Self::RawText(b) => write_bytes(f, "text (not Unicode)", b),
        }
    }
}

fn write_bytes(f: &mut fmt::Formatter<'_>, label: &str, bytes: &[u8]) -> fmt::Result {
    let shown = &bytes[..bytes.len().min(PREVIEW_LENGTH)];
    write!(f, "{label} x'")?;
    for byte in shown {
        write!(f, "{byte:02x}")?;
    }
    f.write_str("'")?;
    write_cut(f, shown.len(), bytes.len())
}

fn write_cut(f: &mut fmt::Formatter<'_>, shown: usize, length: usize) -> fmt::Result {
    if shown < length {
        write!(f, "... ({length} bytes)")
    } else {
        Ok(())
    }
}

/// A value that owns its bytes, for keys and findings that outlive the row.
#[derive(Debug, Clone, PartialEq)]
pub enum OwnedValue {
    /// NULL.
    Null,
    /// INTEGER.
    Integer(i64),
    /// REAL.
    Real(f64),
    /// TEXT.
    Text(String),
    /// BLOB.
    Blob(Vec<u8>),
    /// TEXT that is not valid Unicode.
    RawText(Vec<u8>),
}

impl OwnedValue {
    /// Borrows it as a [`Value`].
    pub fn as_value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Integer(i) => Value::Integer(*i),
            Self::Real(r) => Value::Real(*r),
            Self::Text(t) => Value::Text(t),
            Self::Blob(b) => Value::Blob(b),
            Self::RawText(b) => Value::RawText(b),
        }
    }
}

impl From<Value<'_>> for OwnedValue {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Integer(i) => Self::Integer(i),
            Value::Real(r) => Self::Real(r),
            Value::Text(t) => Self::Text(t.to_owned()),
            Value::Blob(b) => Self::Blob(b.to_vec()),
            Value::RawText(b) => Self::RawText(b.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equality_is_of_class_and_bits() {
        assert_ne!(Value::Real(0.0), Value::Real(-0.0));
        assert_ne!(Value::Integer(1), Value::Real(1.0));
        assert_ne!(Value::Text("a"), Value::Blob(b"a"));
        assert_ne!(Value::Blob(b"a"), Value::RawText(b"a"));
        assert_eq!(Value::Real(f64::INFINITY), Value::Real(f64::INFINITY));
    }

    #[test]
    fn previews_are_bounded_and_escaped() {
        assert_eq!(Value::Text("a\nb").to_string(), "text 'a\\nb'");
        assert_eq!(Value::Real(1.0).to_string(), "real 1.0");
        let long = "\u{e9}".repeat(100);
        let shown = Value::Text(&long).to_string();
        assert!(shown.ends_with("... (200 bytes)"), "{shown}");
        assert_eq!(Value::Blob(&[0, 255]).to_string(), "blob x'00ff'");
        assert!(Value::Blob(&[7; 49]).to_string().ends_with("... (49 bytes)"));
        assert!(!Value::Blob(&[7; 48]).to_string().contains("..."));
    }
}
