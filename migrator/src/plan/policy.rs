//! Value policies: what becomes of values that do not fit the column they are in.
//!
//! Kinds are what a person tells apart: the storage classes, and the two sorts of text that no text column of
//! Postgres holds. The default is to block: nothing is changed or set aside unless its owner says so.

use std::fmt;

use outgrow_shared::value::{Class, Value};

/// A kind of value that a policy speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueKind {
    /// INTEGER.
    Integer,
    /// REAL.
    Real,
    /// TEXT that Postgres can store as text.
    Text,
    /// TEXT with a NUL character.
    TextNul,
    /// TEXT whose bytes are not valid Unicode.
    TextNotUnicode,
    /// BLOB.
    Blob,
}

/// What becomes of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Nothing is written while there are any.
    #[default]
    Block,
    /// They become NULL.
    Null,
    /// The whole column becomes text, numbers in their decimal form.
    Text,
    /// The whole column becomes bytes, texts as they are encoded.
    Bytea,
    /// They become NULL in the column and are kept, whole, in `_outgrow.quarantine`.
    Quarantine,
}

impl ValueKind {
    /// Every kind, in the order in which findings list them.
    pub const ALL: [Self; 6] = [
        Self::Integer,
        Self::Real,
        Self::Text,
        Self::TextNul,
        Self::TextNotUnicode,
        Self::Blob,
    ];

    /// The kind of a value; none for NULL.
    pub fn of(value: &Value<'_>) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::Integer(_) => Self::Integer,
            Value::Real(_) => Self::Real,
            Value::Text(text) if text.as_bytes().contains(&0) => Self::TextNul,
            Value::Text(_) => Self::Text,
            Value::RawText(_) => Self::TextNotUnicode,
            Value::Blob(_) => Self::Blob,
        })
    }

    /// The storage class its values have.
    pub const fn class(self) -> Class {
        match self {
            Self::Integer => Class::Integer,
            Self::Real => Class::Real,
            Self::Text | Self::TextNul => Class::Text,
            Self::TextNotUnicode => Class::RawText,
            Self::Blob => Class::Blob,
        }
    }

    /// The word in plans, flags and findings.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Real => "real",
            Self::Text => "text",
            Self::TextNul => "text-nul",
            Self::TextNotUnicode => "text-not-unicode",
            Self::Blob => "blob",
        }
    }
}

impl Policy {
    /// Every policy, the default first.
    pub const ALL: [Self; 5] = [Self::Block, Self::Null, Self::Text, Self::Bytea, Self::Quarantine];

    /// The word in plans, flags and findings.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Null => "null",
            Self::Text => "text",
            Self::Bytea => "bytea",
            Self::Quarantine => "quarantine",
        }
    }

    /// Whether values under it leave the column, so that the others alone decide its type.
    pub const fn takes_out(self) -> bool {
        matches!(self, Self::Null | Self::Quarantine)
    }
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_but_null_has_a_kind_of_its_class() {
        let values = [
            Value::Integer(1),
            Value::Real(1.0),
            Value::Text("a"),
            Value::Text("\0"),
            Value::RawText(b"\xff"),
            Value::Blob(b"a"),
        ];
        for (value, kind) in values.iter().zip(ValueKind::ALL) {
            assert_eq!(ValueKind::of(value), Some(kind));
            assert_eq!(kind.class(), value.class());
        }
        assert_eq!(ValueKind::of(&Value::Null), None);
    }

    #[test]
    fn words_are_those_of_the_files() {
        for kind in ValueKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
        for policy in Policy::ALL {
            assert_eq!(serde_json::to_value(policy).unwrap(), policy.word());
        }
    }
}
