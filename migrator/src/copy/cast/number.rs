//! Numbers of the application's numeric types.

use outgrow_shared::value::Value;

use super::decimal;
use crate::copy::encode::sized;
use crate::plan::cast::decimal::{Decimal, Limit};
use crate::plan::cast::number as spelling;
use crate::plan::cast::{Cast, Width};
use crate::plan::decimal::numeric_affinity;

pub(super) fn encode(cast: Cast, value: &Value<'_>, buffer: &mut Vec<u8>) -> Option<()> {
    match cast {
        Cast::RealWhole(width) => whole(spelling::real_whole(value, width)?, width, buffer),
        Cast::AnyWhole(width) => whole(spelling::any_whole(value, width)?, width, buffer),
        Cast::RealReal => sized(buffer, &spelling::real_real(value)?.to_be_bytes()),
        Cast::AnyReal => sized(buffer, &spelling::any_real(value)?.to_be_bytes()),
        Cast::AnyDouble => sized(buffer, &spelling::any_double(value)?.to_be_bytes()),
        Cast::NumberNumeric(limit) => match value {
            Value::Real(real) if matches!(numeric_affinity(*real), Value::Integer(_)) => None,
            Value::Integer(_) | Value::Real(_) => shortest(value, limit, buffer),
            _ => None,
        },
        Cast::TextNumeric(limit) => {
            let decimal = Decimal::parse(spelling::text_numeric(value, limit)?)?;
            decimal::encode(&decimal, limit.shown(decimal.written), buffer)
        }
        Cast::AnyNumeric(limit) => {
            let (decimal, _) = spelling::any_numeric(value, limit, &mut String::new())?;
            decimal::encode(&decimal, limit.shown(decimal.written), buffer)
        }
        _ => None,
    }
}

/// An integer in as many bytes as its type has.
pub(super) fn whole(integer: i64, width: Width, buffer: &mut Vec<u8>) -> Option<()> {
    match width {
        Width::Smallint => sized(buffer, &i16::try_from(integer).ok()?.to_be_bytes()),
        Width::Integer => sized(buffer, &i32::try_from(integer).ok()?.to_be_bytes()),
        Width::Bigint => sized(buffer, &integer.to_be_bytes()),
    }
}

/// The shortest decimal of a number, without any rounding.
fn shortest(value: &Value<'_>, limit: Limit, buffer: &mut Vec<u8>) -> Option<()> {
    let (decimal, rounded) = spelling::any_numeric(value, limit, &mut String::new())?;
    if rounded {
        return None;
    }
    decimal::encode(&decimal, limit.shown(decimal.written), buffer)
}
