//! Numbers into the binary form of `numeric`: groups of four decimal digits.
//!
//! The layout is that of `numeric_recv`: count of groups, weight of the first, sign, digits after the point,
//! then the groups, each a 16-bit integer below 10000.

use outgrow_shared::value::Value;

use crate::plan::decimal::shape_of;

const NEGATIVE: u16 = 0x4000;
const POSITIVE: u16 = 0x0000;
const GROUP_DIGITS: usize = 4;

/// Appends a number as a field, if `numeric(precision, scale)` holds it without rounding.
pub(super) fn encode_numeric(
    value: &Value<'_>,
    precision: u16,
    scale: u16,
    buffer: &mut Vec<u8>,
) -> Option<()> {
    let mut text = String::new();
    let shape = shape_of(value, &mut text).filter(|shape| shape.fits(precision, scale))?;
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (NEGATIVE, rest),
        None => (POSITIVE, text.as_str()),
    };
    let (integer, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let integer_groups = integer.len().div_ceil(GROUP_DIGITS);
    let padded = integer_groups * GROUP_DIGITS;
    let digits = format!("{integer:0>padded$}{fraction}");
    let mut groups: Vec<u16> = digits.as_bytes().chunks(GROUP_DIGITS).map(group).collect();
    let leading = groups.iter().take_while(|g| **g == 0).count();
    groups.drain(..leading);
    while groups.last() == Some(&0) {
        groups.pop();
    }
    let weight = i16::try_from(integer_groups).ok()? - 1 - i16::try_from(leading).ok()?;
    // Zero has no groups and, by Postgres' custom, weight 0 and no sign.
    let (weight, sign) = if groups.is_empty() {
        (0, POSITIVE)
    } else {
        (weight, sign)
    };
    let length = i32::try_from(8 + 2 * groups.len()).ok()?;
    buffer.extend_from_slice(&length.to_be_bytes());
    buffer.extend_from_slice(&u16::try_from(groups.len()).ok()?.to_be_bytes());
    buffer.extend_from_slice(&weight.to_be_bytes());
    buffer.extend_from_slice(&sign.to_be_bytes());
    buffer.extend_from_slice(&u16::try_from(shape.fraction_digits).ok()?.to_be_bytes());
    for group in groups {
        buffer.extend_from_slice(&group.to_be_bytes());
    }
    Some(())
}

/// Up to four digits as one group; missing ones at the end are zeros.
fn group(digits: &[u8]) -> u16 {
    (0..GROUP_DIGITS).fold(0, |number, at| {
        let digit = digits.get(at).map_or(0, |byte| u16::from(byte - b'0'));
        number * 10 + digit
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(value: Value<'_>) -> (i16, i16, u16, u16, Vec<u16>) {
        let mut buffer = Vec::new();
        encode_numeric(&value, 30, 10, &mut buffer).unwrap();
        let half = |at: usize| u16::from_be_bytes([buffer[at], buffer[at + 1]]);
        let groups: Vec<u16> = (12..buffer.len()).step_by(2).map(half).collect();
        (
            half(4).cast_signed(),
            half(6).cast_signed(),
            half(8),
            half(10),
            groups,
        )
    }

    /// Expected layouts read from `numeric_send` of a Postgres 15.
    #[test]
    fn layouts() {
        assert_eq!(fields(Value::Integer(0)), (0, 0, 0, 0, vec![]));
        assert_eq!(fields(Value::Real(0.99)), (1, -1, 0, 2, vec![9900]));
        assert_eq!(
            fields(Value::Real(-12345.678)),
            (3, 1, NEGATIVE, 3, vec![1, 2345, 6780])
        );
        assert_eq!(fields(Value::Integer(10_000)), (1, 1, 0, 0, vec![1]));
        assert_eq!(fields(Value::Real(0.000_01)), (1, -2, 0, 5, vec![1000]));
    }
}
