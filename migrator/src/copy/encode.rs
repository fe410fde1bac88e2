//! Values into the binary format of COPY.
//!
//! The format of each type is that of its receive function in Postgres (`int8recv`, `numeric_recv`, ...). A
//! value that its mapping cannot hold exactly is an error, never an approximation.

use outgrow_shared::value::Value;
use uuid::Uuid;

use super::cast::encode_cast;
use super::numeric::encode_numeric;
use crate::plan::mapping::{Mapping, write_number};
use crate::plan::text_time::parse_day;

/// What every binary COPY stream begins with: signature, flags, no header extension.
pub const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// What every binary COPY stream ends with.
pub const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

/// The length that stands for NULL.
const NULL_LENGTH: [u8; 4] = (-1_i32).to_be_bytes();

/// A value that its mapping cannot hold. The census rules it out, so the source changed or outgrow is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value} cannot travel as {mapping}")]
pub struct Unencodable {
    mapping: String,
    value: String,
}

/// Appends one field: its length and its bytes.
pub fn encode_field(mapping: Mapping, value: &Value<'_>, buffer: &mut Vec<u8>) -> Result<(), Unencodable> {
    let done = match (mapping, value) {
        (_, Value::Null) => {
            buffer.extend_from_slice(&NULL_LENGTH);
            Some(())
        }
        (Mapping::IntegerBigint, Value::Integer(i)) => sized(buffer, &i.to_be_bytes()),
        (Mapping::IntegerBoolean, Value::Integer(i @ (0 | 1))) => sized(buffer, &[u8::from(*i == 1)]),
        (Mapping::RealDouble | Mapping::NumberDouble, Value::Real(r)) => {
            sized(buffer, &r.to_bits().to_be_bytes())
        }
        (Mapping::NumberDouble, Value::Integer(i)) => exact_double(*i).and_then(|d| sized(buffer, &d)),
        (Mapping::NumberNumeric { precision, scale }, number) => {
            encode_numeric(number, precision, scale, buffer)
        }
        (Mapping::TextText | Mapping::AnyText, Value::Text(t)) if !t.as_bytes().contains(&0) => {
            sized(buffer, t.as_bytes())
        }
        (Mapping::NumberText, Value::Integer(_) | Value::Real(_)) => {
            let mut text = String::new();
            write_number(value, &mut text);
            sized(buffer, text.as_bytes())
        }
        (Mapping::IntegerSmallint, Value::Integer(i)) => i16::try_from(*i)
            .ok()
            .and_then(|i| sized(buffer, &i.to_be_bytes())),
        (Mapping::IntegerInteger, Value::Integer(i)) => i32::try_from(*i)
            .ok()
            .and_then(|i| sized(buffer, &i.to_be_bytes())),
        (Mapping::IntegerTimestamptz(unit), Value::Integer(i)) => {
            unit.to_postgres(*i).and_then(|i| sized(buffer, &i.to_be_bytes()))
        }
        (Mapping::TextUuid, Value::Text(t)) => {
            canonical_uuid(t).and_then(|uuid| sized(buffer, uuid.as_bytes()))
        }
        (Mapping::BlobUuid, Value::Blob(b)) if b.len() == 16 => sized(buffer, b),
        (Mapping::TextJson, Value::Text(t)) if is_json(t) => sized(buffer, t.as_bytes()),
        (Mapping::TextBytea, Value::Text(t)) => sized(buffer, t.as_bytes()),
        (Mapping::TextBytea, Value::RawText(b)) if std::str::from_utf8(b).is_err() => sized(buffer, b),
        (Mapping::TextTimestamp(format), Value::Text(t)) => format
            .parse(t)
            .and_then(|microseconds| sized(buffer, &microseconds.to_be_bytes())),
        (Mapping::TextDate, Value::Text(t)) => parse_day(t).and_then(|day| sized(buffer, &day.to_be_bytes())),
        (Mapping::BlobBytea | Mapping::AnyBytea, Value::Blob(b)) => sized(buffer, b),
        (Mapping::Cast(cast), value) => encode_cast(cast, value, buffer),
        _ => None,
    };
    done.ok_or_else(|| Unencodable {
        mapping: mapping.to_string(),
        value: value.to_string(),
    })
}

/// Appends bytes behind their length.
pub(super) fn sized(buffer: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    // SQLite's values end at a thousand million bytes.
    let length = i32::try_from(bytes.len()).ok()?;
    buffer.extend_from_slice(&length.to_be_bytes());
    buffer.extend_from_slice(bytes);
    Some(())
}

/// A UUID that is written as Postgres writes it, so that it comes back letter for letter.
fn canonical_uuid(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text)
        .ok()
        .filter(|uuid| uuid.as_hyphenated().to_string() == text)
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn exact_double(integer: i64) -> Option<[u8; 8]> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "refused just before where it would lose"
    )]
    crate::plan::decimal::is_exact_as_double(integer).then_some((integer as f64).to_bits().to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::text_time::TimestampFormat;

    fn encoded(mapping: Mapping, value: Value<'_>) -> Result<Vec<u8>, Unencodable> {
        let mut buffer = Vec::new();
        encode_field(mapping, &value, &mut buffer).map(|()| buffer)
    }

    #[test]
    fn fields_carry_length_and_network_order() {
        assert_eq!(
            encoded(Mapping::IntegerBigint, Value::Integer(-2)).unwrap()[..4],
            8_i32.to_be_bytes()
        );
        assert_eq!(
            encoded(Mapping::TextText, Value::Text("ab")).unwrap(),
            [0, 0, 0, 2, b'a', b'b']
        );
        assert_eq!(encoded(Mapping::BlobBytea, Value::Null).unwrap(), NULL_LENGTH);
        assert_eq!(
            encoded(Mapping::IntegerBoolean, Value::Integer(1)).unwrap(),
            [0, 0, 0, 1, 1]
        );
        let midnight = encoded(
            Mapping::TextTimestamp(TimestampFormat::SQLITE),
            Value::Text("2000-01-01 00:00:00"),
        );
        assert_eq!(midnight.unwrap()[4..], [0; 8]);
    }

    #[test]
    fn what_would_change_is_refused() {
        let refused = [
            (Mapping::IntegerBigint, Value::Real(1.0)),
            (Mapping::IntegerBoolean, Value::Integer(2)),
            (Mapping::RealDouble, Value::Integer(1)),
            (Mapping::NumberDouble, Value::Integer((1 << 53) + 1)),
            (
                Mapping::NumberNumeric {
                    precision: 4,
                    scale: 2,
                },
                Value::Real(0.125),
            ),
            (
                Mapping::NumberNumeric {
                    precision: 4,
                    scale: 2,
                },
                Value::Integer(100),
            ),
            (
                Mapping::NumberNumeric {
                    precision: 4,
                    scale: 2,
                },
                Value::Real(f64::INFINITY),
            ),
            (Mapping::TextText, Value::Text("a\0b")),
            (Mapping::TextText, Value::RawText(b"\xff")),
            (Mapping::TextText, Value::Blob(b"a")),
            (Mapping::TextDate, Value::Text("2024-02-30")),
            (
                Mapping::TextTimestamp(TimestampFormat::SQLITE),
                Value::Text("2024-02-01T00:00:00"),
            ),
            (Mapping::BlobBytea, Value::Text("a")),
        ];
        for (mapping, value) in refused {
            assert!(encoded(mapping, value).is_err(), "{value} as {mapping}");
        }
    }
}
