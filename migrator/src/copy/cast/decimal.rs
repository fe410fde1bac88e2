//! Decimals of any length into the binary form of `numeric`: groups of four digits.

use crate::plan::cast::decimal::Decimal;

const NEGATIVE: u16 = 0x4000;
const POSITIVE: u16 = 0x0000;
const GROUP_DIGITS: i64 = 4;

/// Appends a decimal as a field, with so many digits shown after its point.
pub(super) fn encode(decimal: &Decimal, shown: u32, buffer: &mut Vec<u8>) -> Option<()> {
    let groups = groups(decimal)?;
    // Zero has no groups and, by Postgres' custom, weight 0 and no sign.
    let (weight, sign) = if groups.is_empty() {
        (0, POSITIVE)
    } else {
        let before =
            decimal.point.div_euclid(GROUP_DIGITS) + i64::from(decimal.point.rem_euclid(GROUP_DIGITS) != 0);
        (
            i16::try_from(before - 1).ok()?,
            if decimal.negative { NEGATIVE } else { POSITIVE },
        )
    };
    let length = i32::try_from(8 + 2 * groups.len()).ok()?;
    buffer.extend_from_slice(&length.to_be_bytes());
    buffer.extend_from_slice(&u16::try_from(groups.len()).ok()?.to_be_bytes());
    buffer.extend_from_slice(&weight.to_be_bytes());
    buffer.extend_from_slice(&sign.to_be_bytes());
    buffer.extend_from_slice(&u16::try_from(shown).ok()?.to_be_bytes());
    for group in groups {
        buffer.extend_from_slice(&group.to_be_bytes());
    }
    Some(())
}

/// The digits in groups, the point between two of them.
fn groups(decimal: &Decimal) -> Option<Vec<u16>> {
    let padding = usize::try_from((-decimal.point).rem_euclid(GROUP_DIGITS)).ok()?;
    let mut digits = Vec::with_capacity(padding + decimal.digits.len());
    if !decimal.digits.is_empty() {
        digits.resize(padding, b'0');
        digits.extend_from_slice(&decimal.digits);
    }
    let group = |chunk: &[u8]| {
        (0..4).fold(0, |number, at| {
            number * 10 + chunk.get(at).map_or(0, |digit| u16::from(digit - b'0'))
        })
    };
    Some(digits.chunks(4).map(group).collect())
}
