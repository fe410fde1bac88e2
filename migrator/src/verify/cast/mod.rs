//! Columns whose type the application chose: the binary form of Postgres back into SQLite's values.
//!
//! It reads bytes; how the value they hold is written is the plan's to say. Bytes that no cast value has are none.

mod array;
mod decimal;
mod scalar;

use outgrow_shared::value::Value;

use crate::plan::cast::decimal::{Decimal, Limit};
use crate::plan::cast::network::Kind;
use crate::plan::cast::{
    Cast, Width, array as json_array, interval, json, moment, number, text, time_of_day,
};
use crate::plan::text_time::write_day;
use crate::verify::decode::number_of;

/// Decodes one field that is not NULL.
pub(super) fn decode_cast<'a>(cast: Cast, bytes: &'a [u8], scratch: &'a mut String) -> Option<Value<'a>> {
    match cast {
        Cast::AnyBoolean => scalar::boolean(bytes).map(|truth| Value::Integer(truth.into())),
        Cast::RealWhole(width) => whole(width, bytes).map(|integer| {
            #[expect(clippy::cast_precision_loss, reason = "a REAL that was sent is not beyond it")]
            Value::Real(integer as f64)
        }),
        Cast::AnyWhole(width) => whole(width, bytes).map(Value::Integer),
        Cast::RealReal => single(bytes).map(Value::Real),
        Cast::AnyReal => single(bytes).map(|real| float(real, scratch)),
        Cast::AnyDouble => double(bytes).map(|real| float(real, scratch)),
        Cast::NumberNumeric(limit) => {
            written(scratch, |text| shown(bytes, limit, text))?;
            number_of(scratch)
        }
        Cast::TextNumeric(limit) => text_of(scratch, |text| shown(bytes, limit, text)),
        Cast::AnyNumeric(_) => text_of(scratch, |text| {
            decimal::decode(bytes)?.write_plain(text);
            Some(())
        }),
        Cast::EveryText | Cast::AnyJson | Cast::TextEnum => std::str::from_utf8(bytes).ok().map(Value::Text),
        Cast::TextChar | Cast::AnyChar => std::str::from_utf8(bytes).ok().map(text::strip).map(Value::Text),
        Cast::TextUuidDigits => text_of(scratch, |text| scalar::uuid(bytes, false, false, text)),
        Cast::TextUuidUpper => text_of(scratch, |text| scalar::uuid(bytes, true, true, text)),
        Cast::AnyUuid => text_of(scratch, |text| scalar::uuid(bytes, true, false, text)),
        Cast::AnyJsonb => {
            let (_, text) = bytes.split_first().filter(|(version, _)| **version == 1)?;
            let text = std::str::from_utf8(text).ok()?;
            json::canonical(text, scratch)?;
            Some(Value::Text(scratch))
        }
        Cast::AnyDate => {
            write_day(i32::from_be_bytes(bytes.try_into().ok()?), scratch)?;
            Some(Value::Text(scratch))
        }
        Cast::AnyInterval(_) => scalar::interval(bytes).map(Value::Integer),
        Cast::IntegerInterval(unit) => {
            interval::to_integer(scalar::interval(bytes)?, unit).map(Value::Integer)
        }
        Cast::TextInet | Cast::AnyInet => text_of(scratch, |text| scalar::network(bytes, Kind::Inet, text)),
        Cast::TextCidr | Cast::AnyCidr => text_of(scratch, |text| scalar::network(bytes, Kind::Cidr, text)),
        Cast::JsonArray(element) => {
            json_array::write(&array::decode(element, bytes)?, scratch)?;
            Some(Value::Text(scratch))
        }
        Cast::TextTime(_)
        | Cast::AnyTime(_)
        | Cast::TextTimestamp(_)
        | Cast::TextTimestamptz(_)
        | Cast::LocalTimestamptz(..)
        | Cast::IntegerTimestamp(_)
        | Cast::RealMoment(_)
        | Cast::AnyTimestamp(_)
        | Cast::AnyTimestamptz(..) => decode_time(cast, eight(bytes)?, scratch),
    }
}

/// What Postgres counts in microseconds.
fn decode_time(cast: Cast, microseconds: i64, scratch: &mut String) -> Option<Value<'_>> {
    match cast {
        Cast::TextTime(fraction) => time_of_day::write(fraction, microseconds, scratch)?,
        Cast::AnyTime(_) => time_of_day::write(time_of_day::NORMAL, microseconds, scratch)?,
        Cast::TextTimestamp(format) | Cast::TextTimestamptz(format) => format.write(microseconds, scratch)?,
        Cast::LocalTimestamptz(format, zone) => format.write(zone.local_of(microseconds)?, scratch)?,
        Cast::AnyTimestamp(_) => moment::NORMAL_WALL.write(microseconds, scratch)?,
        Cast::AnyTimestamptz(..) => moment::NORMAL_MOMENT.write(microseconds, scratch)?,
        Cast::IntegerTimestamp(unit) => return unit.from_postgres(microseconds).map(Value::Integer),
        Cast::RealMoment(real) => return real.unit.number(microseconds).map(Value::Real),
        _ => return None,
    }
    Some(Value::Text(scratch))
}

/// Clears the buffer and fills it.
fn written(scratch: &mut String, write: impl FnOnce(&mut String) -> Option<()>) -> Option<()> {
    scratch.clear();
    write(scratch)
}

fn text_of(scratch: &mut String, write: impl FnOnce(&mut String) -> Option<()>) -> Option<Value<'_>> {
    written(scratch, write)?;
    Some(Value::Text(scratch))
}

fn eight(bytes: &[u8]) -> Option<i64> {
    bytes.try_into().ok().map(i64::from_be_bytes)
}

fn double(bytes: &[u8]) -> Option<f64> {
    bytes.try_into().ok().map(f64::from_be_bytes)
}

fn single(bytes: &[u8]) -> Option<f64> {
    bytes
        .try_into()
        .ok()
        .map(|bytes| f32::from_be_bytes(bytes).into())
}

/// A float of any kind; SQLite has no `NaN`, so that is TEXT.
fn float(real: f64, scratch: &mut String) -> Value<'_> {
    if real.is_nan() {
        scratch.clear();
        scratch.push_str(number::NAN);
        return Value::Text(scratch);
    }
    Value::Real(real)
}

fn whole(width: Width, bytes: &[u8]) -> Option<i64> {
    match width {
        Width::Smallint => bytes
            .try_into()
            .ok()
            .map(|bytes| i16::from_be_bytes(bytes).into()),
        Width::Integer => bytes
            .try_into()
            .ok()
            .map(|bytes| i32::from_be_bytes(bytes).into()),
        Width::Bigint => eight(bytes),
    }
}

/// A decimal as Postgres prints it.
fn shown(bytes: &[u8], limit: Limit, text: &mut String) -> Option<()> {
    let decimal: Decimal = decimal::decode(bytes)?;
    let digits = limit.shown(decimal.written);
    // A number of another scale is not of this column.
    (digits == decimal.written).then(|| decimal.write_shown(digits, text))
}

#[cfg(test)]
mod tests;
