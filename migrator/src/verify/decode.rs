//! The binary form of Postgres back into SQLite's values.
//!
//! It shares no code with the encoder beyond the definition of a format, so that a fault in one shows as a
//! difference. Bytes of an unexpected length are an error: the column has another type than the plan says.

use std::fmt::Write;

use outgrow_shared::value::Value;

use super::cast::decode_cast;
use crate::plan::decimal::numeric_affinity;
use crate::plan::mapping::Mapping;
use crate::plan::text_time::write_day;

/// Bytes that are not of the type the plan says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Postgres sent {bytes} bytes that are no value of the mapping {mapping}")]
pub struct Undecodable {
    mapping: String,
    bytes: usize,
}

/// Decodes one field; `scratch` holds texts that Postgres does not store as text.
pub fn decode_field<'a>(
    mapping: Mapping,
    field: Option<&'a [u8]>,
    scratch: &'a mut String,
) -> Result<Value<'a>, Undecodable> {
    let Some(bytes) = field else {
        return Ok(Value::Null);
    };
    let value = match mapping {
        Mapping::IntegerBigint => eight(bytes).map(|b| Value::Integer(i64::from_be_bytes(b))),
        Mapping::IntegerBoolean => match bytes {
            [0] => Some(Value::Integer(0)),
            [1] => Some(Value::Integer(1)),
            _ => None,
        },
        Mapping::RealDouble => eight(bytes).map(|b| Value::Real(f64::from_be_bytes(b))),
        Mapping::NumberDouble => eight(bytes).map(|b| numeric_affinity(f64::from_be_bytes(b))),
        Mapping::NumberNumeric { .. } => {
            write_numeric(bytes, scratch).and_then(|()| number_of(scratch.as_str()))
        }
        Mapping::TextText | Mapping::AnyText | Mapping::TextJson => {
            simdutf8::basic::from_utf8(bytes).ok().map(Value::Text)
        }
        Mapping::NumberText => simdutf8::basic::from_utf8(bytes).ok().and_then(read_number),
        Mapping::IntegerSmallint => <[u8; 2]>::try_from(bytes)
            .ok()
            .map(|b| Value::Integer(i16::from_be_bytes(b).into())),
        Mapping::IntegerInteger => <[u8; 4]>::try_from(bytes)
            .ok()
            .map(|b| Value::Integer(i32::from_be_bytes(b).into())),
        Mapping::IntegerTimestamptz(unit) => eight(bytes)
            .and_then(|b| unit.from_postgres(i64::from_be_bytes(b)))
            .map(Value::Integer),
        Mapping::TextUuid => write_uuid(bytes, scratch).map(|()| Value::Text(scratch.as_str())),
        Mapping::BlobUuid => (bytes.len() == 16).then_some(Value::Blob(bytes)),
        Mapping::TextBytea => {
            Some(simdutf8::basic::from_utf8(bytes).map_or(Value::RawText(bytes), Value::Text))
        }
        Mapping::TextTimestamp(format) => eight(bytes)
            .and_then(|b| format.write(i64::from_be_bytes(b), scratch))
            .map(|()| Value::Text(scratch.as_str())),
        Mapping::TextDate => <[u8; 4]>::try_from(bytes)
            .ok()
            .and_then(|b| write_day(i32::from_be_bytes(b), scratch))
            .map(|()| Value::Text(scratch.as_str())),
        Mapping::BlobBytea | Mapping::AnyBytea => Some(Value::Blob(bytes)),
        Mapping::Cast(cast) => decode_cast(cast, bytes, scratch),
    };
    value.ok_or_else(|| Undecodable {
        mapping: mapping.to_string(),
        bytes: bytes.len(),
    })
}

fn eight(bytes: &[u8]) -> Option<[u8; 8]> {
    bytes.try_into().ok()
}

/// Sixteen bytes in lower case, with hyphens after 4, 2, 2 and 2 of them.
fn write_uuid(bytes: &[u8], text: &mut String) -> Option<()> {
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    text.clear();
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        write!(text, "{byte:02x}").ok()?;
    }
    Some(())
}

/// A number written as text: INTEGER if it is nothing but digits, else REAL. None where outgrow would have
/// written it in another way.
fn read_number(text: &str) -> Option<Value<'static>> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let integer: i64 = text.parse().ok()?;
        return (integer.to_string() == text).then_some(Value::Integer(integer));
    }
    let real: f64 = text.parse().ok()?;
    (format!("{real:?}") == text && !real.is_nan()).then_some(Value::Real(real))
}

/// Writes the decimal of a binary `numeric`; `None` for NaN, infinities and damage.
fn write_numeric(bytes: &[u8], text: &mut String) -> Option<()> {
    let word = |at: usize| bytes.get(at..at + 2).map(|w| u16::from_be_bytes([w[0], w[1]]));
    let groups = usize::from(word(0)?);
    let weight = i32::from(word(2)?.cast_signed());
    let negative = match word(4)? {
        0x0000 => false,
        0x4000 => true,
        _ => return None,
    };
    let scale = i32::from(word(6)?);
    if bytes.len() != 8 + 2 * groups {
        return None;
    }
    let group = |power: i32| {
        let index = usize::try_from(weight - power).ok();
        index
            .filter(|i| *i < groups)
            .and_then(|i| word(8 + 2 * i))
            .unwrap_or(0)
    };
    text.clear();
    if negative {
        text.push('-');
    }
    for power in (0..=weight.max(0)).rev() {
        write!(text, "{:04}", group(power)).ok()?;
    }
    if scale > 0 {
        text.push('.');
        let point = text.len();
        for power in 1..=(scale + 3) / 4 {
            write!(text, "{:04}", group(-power)).ok()?;
        }
        text.truncate(point + usize::try_from(scale).ok()?);
    }
    Some(())
}

/// A decimal as NUMERIC affinity stores it: INTEGER if whole and within 64 bits, else REAL.
pub(super) fn number_of(text: &str) -> Option<Value<'static>> {
    let (integer, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.bytes().all(|digit| digit == b'0')
        && let Ok(whole) = integer.parse()
    {
        return Some(Value::Integer(whole));
    }
    text.parse().ok().map(Value::Real)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::copy::encode::encode_field;
    use crate::plan::decimal::shape_of;
    use proptest::prelude::*;

    fn round_trip(mapping: Mapping, value: &Value<'_>) -> bool {
        let mut buffer = Vec::new();
        if encode_field(mapping, value, &mut buffer).is_err() {
            return false;
        }
        let field = (buffer.len() > 4 || buffer[..4] != [0xff; 4]).then(|| &buffer[4..]);
        let mut scratch = String::new();
        let back = decode_field(mapping, field, &mut scratch).unwrap();
        assert_eq!(back, *value, "{mapping}");
        true
    }

    proptest! {
        #[test]
        fn whatever_is_encoded_comes_back(integer: i64, bits: u64, text: String, blob: Vec<u8>) {
            let real = f64::from_bits(bits);
            prop_assume!(!real.is_nan());
            prop_assert!(round_trip(Mapping::IntegerBigint, &Value::Integer(integer)));
            prop_assert!(round_trip(Mapping::RealDouble, &Value::Real(real)));
            prop_assert!(round_trip(Mapping::BlobBytea, &Value::Blob(&blob)));
            prop_assert_eq!(round_trip(Mapping::TextText, &Value::Text(&text)), !text.contains('\0'));
            round_trip(Mapping::NumberDouble, &Value::Integer(integer));
            prop_assert!(round_trip(Mapping::NumberText, &Value::Integer(integer)));
            prop_assert!(round_trip(Mapping::NumberText, &Value::Real(real)));
            prop_assert!(round_trip(Mapping::TextBytea, &Value::Text(&text)));
            round_trip(Mapping::IntegerInteger, &Value::Integer(integer >> 32));
            round_trip(Mapping::IntegerSmallint, &Value::Integer(integer >> 48));
            for unit in crate::plan::epoch::EpochUnit::ALL {
                round_trip(Mapping::IntegerTimestamptz(unit), &Value::Integer(integer >> 20));
            }
            let uuid = format!("{:08x}-0000-4000-8000-{:012x}", bits >> 32, bits & 0xffff_ffff_ffff);
            prop_assert!(round_trip(Mapping::TextUuid, &Value::Text(&uuid)));
            prop_assert!(!round_trip(Mapping::TextUuid, &Value::Text(&uuid.replace('-', ""))));
            prop_assert!(round_trip(Mapping::BlobUuid, &Value::Blob(&uuid.as_bytes()[..16])));
            prop_assert_eq!(round_trip(Mapping::BlobUuid, &Value::Blob(&blob)), blob.len() == 16);
            if std::str::from_utf8(&blob).is_err() {
                prop_assert!(round_trip(Mapping::TextBytea, &Value::RawText(&blob)));
            }
        }

        #[test]
        fn decimals_come_back(mantissa in -10_000_000_000_i64..10_000_000_000, exponent in 0_u32..8) {
            #[expect(clippy::cast_precision_loss)]
            let real = mantissa as f64 / 10_f64.powi(exponent.cast_signed());
            let value = if real.fract() == 0.0 { numeric_affinity(real) } else { Value::Real(real) };
            let mut text = String::new();
            let shape = shape_of(&value, &mut text).unwrap();
            let mapping = Mapping::NumberNumeric { precision: 40, scale: 20 };
            prop_assert_eq!(round_trip(mapping, &value), shape.fits(40, 20));
        }
    }

    #[test]
    fn numbers_as_text_come_back_only_as_they_were_written() {
        for text in [
            "01",
            "+1",
            "-0",
            "1.50",
            "1e0",
            "Infinity",
            "NaN",
            "",
            "-",
            "9223372036854775808",
        ] {
            assert_eq!(read_number(text), None, "{text}");
        }
        assert_eq!(read_number("-0.0"), Some(Value::Real(-0.0)));
        assert_eq!(read_number("inf"), Some(Value::Real(f64::INFINITY)));
        assert_eq!(
            read_number("-9223372036854775808"),
            Some(Value::Integer(i64::MIN))
        );
    }

    #[test]
    fn other_types_are_noticed() {
        let mut scratch = String::new();
        let four = [0_u8; 4];
        for mapping in [
            Mapping::IntegerBigint,
            Mapping::RealDouble,
            Mapping::IntegerBoolean,
        ] {
            assert!(
                decode_field(mapping, Some(&four), &mut scratch).is_err(),
                "{mapping}"
            );
        }
        assert!(decode_field(Mapping::TextText, Some(&[0xff]), &mut scratch).is_err());
        let nan = [0, 0, 0, 0, 0xc0, 0, 0, 0];
        let numeric = Mapping::NumberNumeric {
            precision: 4,
            scale: 2,
        };
        assert!(decode_field(numeric, Some(&nan), &mut scratch).is_err());
        let infinity = i64::MAX.to_be_bytes();
        let timestamp = Mapping::TextTimestamp(crate::plan::text_time::TimestampFormat::SQLITE);
        assert!(decode_field(timestamp, Some(&infinity), &mut scratch).is_err());
    }
}
