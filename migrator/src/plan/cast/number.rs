//! Numbers in columns of another numeric type: integers, binary floats and `numeric`.

use outgrow_shared::value::Value;

use super::decimal::{Decimal, Limit, is_as_printed};
use super::model::{Normal, Outcome, Width};
use crate::plan::decimal::{numeric_affinity, shape_of, write_decimal};

/// Significant digits to which a REAL is rounded if its own do not fit, the more exact first. A binary64 keeps 15 of
/// every decimal; what differs beyond them is noise of arithmetic.
const DOUBLE_DIGITS: [usize; 2] = [16, 15];
/// How `NaN` comes back. SQLite has no such number, so it is TEXT.
pub const NAN: &str = "NaN";

/// The integer that a whole REAL is, if the type holds it and it comes back to the bit.
pub fn real_whole(value: &Value<'_>, width: Width) -> Option<i64> {
    let Value::Real(real) = value else { return None };
    let integer = whole_of(*real)?;
    // The integer 0 comes back as 0.0.
    let is_negative_zero = *real == 0.0 && real.is_sign_negative();
    (width.holds(integer) && !is_negative_zero).then_some(integer)
}

/// The integer that a value is or spells.
pub fn any_whole(value: &Value<'_>, width: Width) -> Option<i64> {
    let integer = match value {
        Value::Integer(integer) => *integer,
        Value::Real(real) => whole_of(*real)?,
        // Rust reads an optional sign and digits, nothing else.
        Value::Text(text) => text.parse().ok()?,
        _ => return None,
    };
    width.holds(integer).then_some(integer)
}

fn whole_of(real: f64) -> Option<i64> {
    match numeric_affinity(real) {
        Value::Integer(integer) => Some(integer),
        _ => None,
    }
}

/// The binary32 that holds a REAL to the bit.
pub fn real_real(value: &Value<'_>) -> Option<f32> {
    let Value::Real(real) = value else { return None };
    let single = nearest_single(*real)?;
    (f64::from(single).to_bits() == real.to_bits()).then_some(single)
}

/// The binary32 nearest to a number. Overflow is none, as is underflow to zero, which Postgres refuses too.
pub fn any_real(value: &Value<'_>) -> Option<f32> {
    match value {
        Value::Real(real) => nearest_single(*real),
        Value::Integer(integer) => {
            #[expect(clippy::cast_precision_loss, reason = "the nearest one is asked for")]
            let single = *integer as f32;
            Some(single)
        }
        Value::Text(text) => {
            let single: f32 = text.parse().ok()?;
            is_in_range(text, f64::from(single)).then_some(single)
        }
        _ => None,
    }
}

pub(super) fn any_real_outcome(value: &Value<'_>, text: &mut String) -> Option<Outcome> {
    let single = f64::from(any_real(value)?);
    if single.is_nan() {
        return Some(Outcome::of(normal_double(single, text)));
    }
    let exact = match value {
        Value::Real(real) => *real,
        Value::Integer(integer) => {
            let lost = whole_of(single) != Some(*integer);
            return Some(Outcome::of(Normal::Real(single)).rounded_if(lost));
        }
        Value::Text(text) => text.parse().ok()?,
        _ => return None,
    };
    Some(Outcome::of(Normal::Real(single)).rounded_if(exact.to_bits() != single.to_bits()))
}

fn nearest_single(real: f64) -> Option<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "the nearest one is asked for")]
    let single = real as f32;
    let overflows = single.is_infinite() && real.is_finite();
    let underflows = single == 0.0 && real != 0.0;
    (!overflows && !underflows).then_some(single)
}

/// The binary64 nearest to a number; `NaN` if the text says so.
pub fn any_double(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Real(real) => Some(*real),
        #[expect(clippy::cast_precision_loss, reason = "the nearest one is asked for")]
        Value::Integer(integer) => Some(*integer as f64),
        Value::Text(text) => {
            let double: f64 = text.parse().ok()?;
            is_in_range(text, double).then_some(double)
        }
        _ => None,
    }
}

/// Whether a float is what the text says, rather than the end of what floats can say.
fn is_in_range(text: &str, float: f64) -> bool {
    if float.is_infinite() {
        return !text.bytes().any(|byte| byte.is_ascii_digit());
    }
    if float == 0.0 {
        let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
        return !mantissa.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    }
    true
}

pub(super) fn any_double_outcome(value: &Value<'_>, text: &mut String) -> Option<Outcome> {
    let double = any_double(value)?;
    let rounded = match value {
        Value::Integer(integer) => whole_of(double) != Some(*integer),
        Value::Text(written) if double.is_finite() => {
            write_decimal(&Value::Real(double), text)?;
            let (written, nearest) = (Decimal::parse(written)?, Decimal::parse(text)?);
            (written.digits, written.point) != (nearest.digits, nearest.point)
        }
        _ => false,
    };
    Some(Outcome::of(normal_double(double, text)).rounded_if(rounded))
}

/// What a binary64 comes back as; TEXT `NaN` is left in the buffer.
fn normal_double(double: f64, text: &mut String) -> Normal {
    if double.is_nan() {
        text.clear();
        text.push_str(NAN);
        return Normal::Text;
    }
    Normal::Real(double)
}

/// Whether a number's shortest decimal fits the column and comes back as the number.
pub(super) fn number_numeric(value: &Value<'_>, limit: Limit, text: &mut String) -> bool {
    let comes_back = match value {
        Value::Integer(_) => true,
        // A whole number comes back as INTEGER.
        Value::Real(real) => matches!(numeric_affinity(*real), Value::Real(_)),
        _ => false,
    };
    if !comes_back {
        return false;
    }
    match limit {
        // No number of SQLite has as many digits as the type holds.
        Limit::None => write_decimal(value, text).is_some(),
        Limit::Digits { precision, scale } => match u16::try_from(scale) {
            Ok(scale) if scale <= precision => {
                shape_of(value, text).is_some_and(|shape| shape.fits(precision, scale))
            }
            _ => {
                write_decimal(value, text).is_some()
                    && Decimal::parse(text).is_some_and(|decimal| decimal.fits(limit))
            }
        },
    }
}

/// The TEXT that Postgres prints of such a column as it is.
pub fn text_numeric<'a>(value: &Value<'a>, limit: Limit) -> Option<&'a str> {
    match value {
        Value::Text(text) if is_as_printed(text, limit) => Some(text),
        _ => None,
    }
}

/// The decimal that a number travels as, and whether the noise of a float was left out of it.
pub fn any_numeric(value: &Value<'_>, limit: Limit, text: &mut String) -> Option<(Decimal, bool)> {
    let decimal = match value {
        Value::Text(text) => Decimal::parse(text)?,
        _ => {
            write_decimal(value, text)?;
            Decimal::parse(text)?
        }
    };
    if decimal.fits(limit) {
        return Some((decimal, false));
    }
    let Value::Real(real) = value else { return None };
    let rounded = |digits: usize| {
        let after_the_first = digits - 1;
        let decimal = Decimal::parse(&format!("{real:.after_the_first$e}"))?;
        // The zeros that the format wrote say nothing about the number.
        let written =
            u32::try_from((i64::try_from(decimal.digits.len()).ok()? - decimal.point).max(0)).ok()?;
        let decimal = Decimal { written, ..decimal };
        decimal.fits(limit).then_some((decimal, true))
    };
    DOUBLE_DIGITS.into_iter().find_map(rounded)
}

pub(super) fn any_numeric_outcome(value: &Value<'_>, limit: Limit, text: &mut String) -> Option<Outcome> {
    let (decimal, rounded) = any_numeric(value, limit, text)?;
    text.clear();
    decimal.write_plain(text);
    Some(Outcome::of(Normal::Text).rounded_if(rounded))
}

#[cfg(test)]
#[path = "number_tests.rs"]
mod tests;
