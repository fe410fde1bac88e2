//! Which values the mappings of own tables give back as they were.
//!
//! It says of one value what the census otherwise says of a column, without writing anything.

use outgrow_shared::value::Value;

use super::decimal::Limit;
use super::{json, number, uuid};
use crate::plan::decimal::{is_exact_as_double, numeric_affinity};
use crate::plan::mapping::Mapping;
use crate::plan::text_time::parse_day;

/// Whether the value comes back as it was, or, of a mapping that folds, in its normal form.
pub(super) fn takes(mapping: Mapping, value: &Value<'_>, text: &mut String) -> bool {
    let has_nul = |text: &str| text.as_bytes().contains(&0);
    match (mapping, value) {
        (Mapping::IntegerBigint, Value::Integer(_))
        | (Mapping::RealDouble, Value::Real(_))
        | (Mapping::NumberText | Mapping::AnyText, Value::Integer(_) | Value::Real(_))
        | (Mapping::BlobBytea | Mapping::AnyBytea, Value::Blob(_))
        | (Mapping::TextBytea | Mapping::AnyBytea, Value::Text(_) | Value::RawText(_)) => true,
        (Mapping::IntegerBoolean, Value::Integer(integer)) => matches!(integer, 0 | 1),
        (Mapping::IntegerSmallint, Value::Integer(integer)) => i16::try_from(*integer).is_ok(),
        (Mapping::IntegerInteger, Value::Integer(integer)) => i32::try_from(*integer).is_ok(),
        (Mapping::NumberDouble, Value::Integer(integer)) => is_exact_as_double(*integer),
        // A whole one comes back as INTEGER.
        (Mapping::NumberDouble, Value::Real(real)) => matches!(numeric_affinity(*real), Value::Real(_)),
        (Mapping::NumberNumeric { precision, scale }, _) => i16::try_from(scale)
            .is_ok_and(|scale| number::number_numeric(value, Limit::Digits { precision, scale }, text)),
        (Mapping::TextText | Mapping::AnyText, Value::Text(text)) => !has_nul(text),
        (Mapping::TextTimestamp(format), Value::Text(text)) => format.parse(text).is_some(),
        (Mapping::TextDate, Value::Text(text)) => parse_day(text).is_some(),
        (Mapping::IntegerTimestamptz(unit), Value::Integer(integer)) => unit.to_postgres(*integer).is_some(),
        (Mapping::TextUuid, Value::Text(text)) => uuid::is_canonical(text),
        (Mapping::BlobUuid, Value::Blob(bytes)) => bytes.len() == 16,
        (Mapping::TextJson, Value::Text(_)) => json::any(value, text).is_some(),
        (_, value) => matches!(value, Value::Null),
    }
}
