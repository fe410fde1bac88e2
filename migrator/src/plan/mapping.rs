//! Mappings: how the values of one column travel, and come back as they were.
//!
//! A mapping is chosen only if the census showed that every value of the column survives the way there and
//! back. Its identifier enters the schema digest, so both sides are known to have used the same one.

use std::fmt::{self, Write as _};

use outgrow_shared::value::Value;

use super::cast::Cast;
use super::decimal::declared_numeric;
use super::epoch::EpochUnit;
use super::target_type::TargetType;
use super::text_time::TimestampFormat;

/// How the values of a column are written in Postgres. NULL is NULL in all of them.
///
/// Written and read by its identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
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
    /// TEXT of any bytes as `bytea`: NUL and what is not Unicode included.
    TextBytea,
    /// INTEGER and REAL as `text`: decimal digits, and for a REAL a point, an exponent or `inf` as well.
    NumberText,
    /// INTEGER as `smallint`.
    IntegerSmallint,
    /// INTEGER as `integer`.
    IntegerInteger,
    /// INTEGER that counts from 1970 as `timestamptz`.
    IntegerTimestamptz(EpochUnit),
    /// TEXT in the spelling of Postgres as `uuid`.
    TextUuid,
    /// BLOB of 16 bytes as `uuid`.
    BlobUuid,
    /// TEXT that is JSON as `json`, which keeps it letter for letter.
    TextJson,
    /// INTEGER, REAL and TEXT as `text`; their class is lost.
    AnyText,
    /// TEXT and BLOB as `bytea`; their class is lost.
    AnyBytea,
    /// A way into a column whose type the application chose.
    Cast(Cast),
}

impl Mapping {
    /// The type of the target column, where outgrow makes it.
    pub fn target_type(self) -> TargetType {
        match self {
            Self::IntegerBigint => TargetType::Bigint,
            Self::IntegerBoolean => TargetType::Boolean,
            Self::RealDouble | Self::NumberDouble => TargetType::DoublePrecision,
            Self::NumberNumeric { precision, scale } => TargetType::Numeric { precision, scale },
            Self::TextText | Self::NumberText | Self::AnyText => TargetType::Text,
            Self::TextTimestamp(format) if format.states_utc() => TargetType::Timestamptz,
            Self::IntegerTimestamptz(_) => TargetType::Timestamptz,
            Self::IntegerSmallint => TargetType::Smallint,
            Self::IntegerInteger => TargetType::Integer,
            Self::TextUuid | Self::BlobUuid => TargetType::Uuid,
            Self::TextJson => TargetType::Json,
            Self::TextTimestamp(_) => TargetType::Timestamp,
            Self::TextDate => TargetType::Date,
            Self::BlobBytea | Self::TextBytea | Self::AnyBytea => TargetType::Bytea,
            Self::Cast(_) => TargetType::Existing,
        }
    }

    /// Whether different values of the source can become the same on the target.
    pub fn folds(self) -> bool {
        match self {
            Self::AnyText | Self::AnyBytea => true,
            Self::Cast(cast) => cast.folds(),
            _ => false,
        }
    }

    /// The value that this one is equal to modulo the mapping: itself unless the mapping folds.
    pub fn normal_form<'a>(self, value: Value<'a>, scratch: &'a mut Scratch) -> Value<'a> {
        match (self, value) {
            (Self::AnyText, Value::Integer(_) | Value::Real(_)) => {
                write_number(&value, &mut scratch.text);
                Value::Text(&scratch.text)
            }
            (Self::AnyBytea, Value::Text(text)) => Value::Blob(text.as_bytes()),
            (Self::AnyBytea, Value::RawText(bytes)) => Value::Blob(bytes),
            (Self::Cast(cast), value) => cast.normal_form(value, scratch),
            _ => value,
        }
    }

    /// Whether it reads texts of moments or wall times in every spelling, those that state a zone and those that do not.
    pub fn reads_moments(self) -> bool {
        matches!(self, Self::Cast(Cast::AnyTimestamptz(..) | Cast::AnyTimestamp(_)))
    }

    /// Whether Postgres orders the mapped values as SQLite orders the values, so that a key keeps its order.
    pub fn keeps_order(self) -> bool {
        match self {
            Self::IntegerBigint
            | Self::IntegerInteger
            | Self::IntegerSmallint
            | Self::TextText
            | Self::TextUuid
            | Self::BlobBytea => true,
            Self::Cast(cast) => cast.keeps_order(),
            _ => false,
        }
    }
}

/// Room for the normal form of one value, kept between values for its memory alone.
#[derive(Debug, Default)]
pub struct Scratch {
    /// A normal form that is text.
    pub text: String,
    /// The value on its way, as Postgres would receive it.
    pub bytes: Vec<u8>,
}

/// Writes a number so that it reads back as it was, class included: a REAL has a point, an exponent or `inf`.
pub fn write_number(value: &Value<'_>, text: &mut String) {
    text.clear();
    // Writing to a String cannot fail.
    let _ = match value {
        Value::Integer(integer) => write!(text, "{integer}"),
        Value::Real(real) => write!(text, "{real:?}"),
        _ => Ok(()),
    };
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
            Self::TextBytea => f.write_str("text.bytea"),
            Self::NumberText => f.write_str("number.text"),
            Self::IntegerSmallint => f.write_str("integer.smallint"),
            Self::IntegerInteger => f.write_str("integer.integer"),
            Self::IntegerTimestamptz(unit) => write!(f, "integer.timestamptz({unit})"),
            Self::TextUuid => f.write_str("text.uuid"),
            Self::BlobUuid => f.write_str("blob.uuid"),
            Self::TextJson => f.write_str("text.json"),
            Self::AnyText => f.write_str("any.text"),
            Self::AnyBytea => f.write_str("any.bytea"),
            Self::Cast(cast) => cast.fmt(f),
        }
    }
}

impl From<Mapping> for String {
    fn from(mapping: Mapping) -> Self {
        mapping.to_string()
    }
}

impl TryFrom<String> for Mapping {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let plain = [
            Self::IntegerBigint,
            Self::IntegerBoolean,
            Self::RealDouble,
            Self::NumberDouble,
            Self::TextText,
            Self::TextDate,
            Self::BlobBytea,
            Self::TextBytea,
            Self::NumberText,
            Self::IntegerSmallint,
            Self::IntegerInteger,
            Self::TextUuid,
            Self::BlobUuid,
            Self::TextJson,
            Self::AnyText,
            Self::AnyBytea,
        ];
        let epochs = EpochUnit::ALL.map(Self::IntegerTimestamptz);
        let timestamps = TimestampFormat::all().map(Self::TextTimestamp);
        let numeric = text
            .strip_prefix("number.")
            .and_then(declared_numeric)
            .map(|(precision, scale)| Self::NumberNumeric { precision, scale });
        plain
            .into_iter()
            .chain(epochs)
            .chain(timestamps)
            .chain(numeric)
            .find(|mapping| mapping.to_string() == text)
            .or_else(|| Cast::named(&text).map(Self::Cast))
            .ok_or_else(|| format!("unknown mapping {text:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_read_back() {
        let numeric = Mapping::NumberNumeric {
            precision: 12,
            scale: 2,
        };
        let others = [
            Mapping::IntegerBigint,
            Mapping::NumberDouble,
            Mapping::TextDate,
            Mapping::IntegerTimestamptz(EpochUnit::Milliseconds),
            Mapping::BlobUuid,
            numeric,
        ];
        let timestamps = TimestampFormat::all().map(Mapping::TextTimestamp);
        for mapping in timestamps.chain(others) {
            assert_eq!(Mapping::try_from(mapping.to_string()), Ok(mapping));
        }
        assert!(Mapping::try_from("number.numeric(12, 2)".to_owned()).is_err());
        assert!(Mapping::try_from("text".to_owned()).is_err());
    }
}
