//! The Postgres types a column can get, and how they are spelled in DDL.
//!
//! Which type a column gets is decided in the plan; how values travel is decided in copy and verify.

use std::fmt;

/// A Postgres column type that outgrow creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetType {
    /// 64-bit integer.
    Bigint,
    /// IEEE 754 binary64.
    DoublePrecision,
    /// `numeric(precision, scale)`.
    Numeric {
        /// Digits in all.
        precision: u16,
        /// Digits after the point.
        scale: u16,
    },
    /// `boolean`.
    Boolean,
    /// Text under `COLLATE "C"`, which compares as SQLite's BINARY does.
    Text,
    /// Bytes.
    Bytea,
    /// Timestamp without time zone, microseconds.
    Timestamp,
    /// Timestamp with time zone, microseconds.
    Timestamptz,
    /// Calendar date.
    Date,
    /// 16-bit integer.
    Smallint,
    /// 32-bit integer.
    Integer,
    /// UUID.
    Uuid,
    /// JSON, kept letter for letter.
    Json,
    /// Whatever the application chose: the column is there already, so this is never in DDL.
    Existing,
}

impl TargetType {
    /// The name under which `format_type` of Postgres knows it.
    pub fn catalog_name(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Timestamp => "timestamp without time zone".to_owned(),
            Self::Timestamptz => "timestamp with time zone".to_owned(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for TargetType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bigint => f.write_str("bigint"),
            Self::DoublePrecision => f.write_str("double precision"),
            Self::Numeric { precision, scale } => write!(f, "numeric({precision},{scale})"),
            Self::Boolean => f.write_str("boolean"),
            Self::Text => f.write_str("text COLLATE \"C\""),
            Self::Bytea => f.write_str("bytea"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Timestamptz => f.write_str("timestamptz"),
            Self::Date => f.write_str("date"),
            Self::Smallint => f.write_str("smallint"),
            Self::Integer => f.write_str("integer"),
            Self::Uuid => f.write_str("uuid"),
            Self::Json => f.write_str("json"),
            Self::Existing => f.write_str("the existing type"),
        }
    }
}
