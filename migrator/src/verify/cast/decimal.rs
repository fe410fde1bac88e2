//! The binary form of `numeric` back into a decimal of any length.

use crate::plan::cast::decimal::Decimal;

const NEGATIVE: u16 = 0x4000;
const POSITIVE: u16 = 0x0000;
/// Decimal digits of a group.
const GROUP_DIGITS: i64 = 4;
/// What a group is below.
const GROUP_END: u16 = 10_000;

/// Reads what `numeric_send` writes; `None` for NaN, infinities and damage.
pub(super) fn decode(bytes: &[u8]) -> Option<Decimal> {
    let (head, groups) = bytes.split_first_chunk::<8>()?;
    let word = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    let (count, weight, sign, shown) = (word(0), word(2).cast_signed(), word(4), word(6));
    if groups.len() != 2 * usize::from(count) || !matches!(sign, POSITIVE | NEGATIVE) {
        return None;
    }
    let mut digits = Vec::with_capacity(groups.len() * 2);
    for group in groups.chunks_exact(2) {
        let group = u16::from_be_bytes([group[0], group[1]]);
        if group >= GROUP_END {
            return None;
        }
        for unit in [1000, 100, 10, 1] {
            digits.push(b'0' + u8::try_from(group / unit % 10).ok()?);
        }
    }
    let point = (i64::from(weight) + 1) * GROUP_DIGITS;
    Some(Decimal::new(sign == NEGATIVE, &digits, point, shown.into()))
}
