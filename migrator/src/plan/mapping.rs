//! Mappings: how the values of one column travel, and come back as they were.
//!
//! A mapping is chosen only if the census showed that every value of the column survives the way there and
//! back. Its identifier enters the schema digest, so both sides are known to have used the same one.

use std::fmt;

use super::target_type::TargetType;
use super::text_time::TimestampFormat;

/// How the values of a column are written in Postgres. NULL is NULL in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mapping {
    /// INTEGER as `bigint`.
    IntegerBigint,
    /// INTEGER 0 and 1 as `boolean`.
    IntegerBoolean,
    /// REAL as `double precision`, bit by bit.
    RealDouble,
    /// INTEGER and REAL in one column as `double precision`: a whole number comes back as INTEGER, as it was.
    NumberDouble,
    /// INTEGER and REAL as `numeric`: the shortest decimal of the number; a whole number comes back as INTEGER.
    NumberNumeric {
        /// Digits in all.
        precision: u16,
        /// Digits after the point.
        scale: u16,
    },
    /// TEXT as `text`.
    TextText,
    /// TEXT of one timestamp format as `timestamp`, or as `timestamptz` if the format states UTC.
    TextTimestamp(TimestampFormat),
    /// TEXT `YYYY-MM-DD` as `date`.
    TextDate,
    /// BLOB as `bytea`.
    BlobBytea,
}

impl Mapping {
    /// The type of the target column.
    pub fn target_type(self) -> TargetType {
        match self {
            Self::IntegerBigint => TargetType::Bigint,
            Self::IntegerBoolean => TargetType::Boolean,
            Self::RealDouble | Self::NumberDouble => TargetType::DoublePrecision,
            Self::NumberNumeric { precision, scale } => TargetType::Numeric { precision, scale },
            Self::TextText => TargetType::Text,
            Self::TextTimestamp(format) if format.states_utc() => TargetType::Timestamptz,
            Self::TextTimestamp(_) => TargetType::Timestamp,
            Self::TextDate => TargetType::Date,
            Self::BlobBytea => TargetType::Bytea,
        }
    }

    /// Whether Postgres orders the mapped values as SQLite orders the values, so that a key keeps its order.
    pub fn keeps_order(self) -> bool {
        matches!(self, Self::IntegerBigint | Self::TextText | Self::BlobBytea)
    }
}

/// The identifier that the schema digest and the certificate carry; it never changes its meaning.
impl fmt::Display for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IntegerBigint => f.write_str("integer.bigint"),
            Self::IntegerBoolean => f.write_str("integer.boolean"),
            Self::RealDouble => f.write_str("real.double"),
            Self::NumberDouble => f.write_str("number.double"),
            Self::NumberNumeric { precision, scale } => write!(f, "number.numeric({precision},{scale})"),
            Self::TextText => f.write_str("text.text"),
            Self::TextTimestamp(format) if format.states_utc() => write!(f, "text.timestamptz({format})"),
            Self::TextTimestamp(format) => write!(f, "text.timestamp({format})"),
            Self::TextDate => f.write_str("text.date(YYYY-MM-DD)"),
            Self::BlobBytea => f.write_str("blob.bytea"),
        }
    }
}
