//! Decimals of any length: how they are read from text, which of them a `numeric` column holds, and how they
//! are written without needless digits.
//!
//! A decimal is digits and a place for the point, never a float, so nothing is lost on the way through it.

use std::fmt;

/// Digits before the point that a `numeric` without limits holds.
const WHOLE_DIGITS_MAX: i64 = 131_072;
/// Digits after it.
const FRACTION_DIGITS_MAX: i64 = 16_383;
/// Exponents beyond this are out of range whatever the digits are: no text is so long.
const EXPONENT_MAX: i64 = 2_000_000_000;
/// Zeros that the compact form writes out before it takes to an exponent.
const COMPACT_ZEROS_MAX: i64 = 20;

/// What a `numeric` column is limited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Nothing but what the type can hold.
    None,
    /// `numeric(precision, scale)`.
    Digits {
        /// Digits in all.
        precision: u16,
        /// Digits after the point; negative if digits before it have to be zeros.
        scale: i16,
    },
}

impl Limit {
    /// Digits that are shown after the point of a number written with so many.
    pub fn shown(self, written: u32) -> u32 {
        match self {
            Self::None => written,
            Self::Digits { scale, .. } => u32::try_from(scale).unwrap_or(0),
        }
    }

    /// The limit of `number.numeric` and its like: what stands between the brackets, or nothing at all.
    pub(super) fn read(arguments: Option<&str>) -> Option<Self> {
        let Some(arguments) = arguments else {
            return Some(Self::None);
        };
        let (precision, scale) = arguments.split_once(',')?;
        let (precision, scale) = (precision.parse().ok()?, scale.parse().ok()?);
        ((1..=1000).contains(&precision) && (-1000..=1000).contains(&scale))
            .then_some(Self::Digits { precision, scale })
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Digits { precision, scale } => write!(f, "({precision},{scale})"),
        }
    }
}

/// A decimal number: `0.DIGITS` times ten to the power of `point`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decimal {
    /// Whether it is below zero.
    pub negative: bool,
    /// ASCII digits, the first and the last not zero; none for zero.
    pub digits: Vec<u8>,
    /// Digits before the point; negative for zeros after it.
    pub point: i64,
    /// Digits after the point as it was written, trailing zeros included.
    pub written: u32,
}

impl Decimal {
    /// The decimal with these digits, zeros at both ends allowed.
    pub fn new(negative: bool, digits: &[u8], point: i64, written: u32) -> Self {
        let leading = digits.iter().take_while(|digit| **digit == b'0').count();
        let digits = &digits[leading..];
        let trailing = digits.iter().rev().take_while(|digit| **digit == b'0').count();
        let digits = &digits[..digits.len() - trailing];
        if digits.is_empty() {
            return Self {
                written,
                ..Self::default()
            };
        }
        Self {
            negative,
            digits: digits.to_vec(),
            point: point - length(leading),
            written,
        }
    }

    /// Reads what Postgres takes as a `numeric` of digits: sign, digits with a point among them, exponent.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let end = unsigned.iter().position(|byte| matches!(byte, b'e' | b'E'));
        let (mantissa, exponent) = match end {
            None => (unsigned, 0),
            Some(end) => (&unsigned[..end], parse_exponent(&unsigned[end + 1..])?),
        };
        let point = mantissa.iter().position(|byte| *byte == b'.');
        let mut digits = mantissa.to_vec();
        if let Some(point) = point {
            digits.remove(point);
        }
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let whole = length(point.unwrap_or(digits.len()));
        let written = (length(digits.len()) - whole - exponent).max(0);
        let written = u32::try_from(written).ok()?;
        Some(Self::new(negative, &digits, whole + exponent, written))
    }

    /// Digits after the point that it needs; negative if it ends with zeros before the point.
    fn needed(&self) -> i64 {
        length(self.digits.len()) - self.point
    }

    /// Whether such a column holds it without rounding.
    pub fn fits(&self, limit: Limit) -> bool {
        if i64::from(self.written) > FRACTION_DIGITS_MAX {
            return false;
        }
        match limit {
            _ if self.digits.is_empty() => true,
            Limit::None => self.point <= WHOLE_DIGITS_MAX,
            Limit::Digits { precision, scale } => {
                self.needed() <= i64::from(scale) && self.point <= i64::from(precision) - i64::from(scale)
            }
        }
    }

    /// Writes it with no zero that could be left out and no exponent.
    pub fn write_plain(&self, text: &mut String) {
        let needed = u32::try_from(self.needed().max(0)).unwrap_or(0);
        let needed = if self.digits.is_empty() { 0 } else { needed };
        self.write_shown(needed, text);
    }

    /// Writes it with so many digits after the point, as Postgres prints it. They must be enough.
    pub fn write_shown(&self, shown: u32, text: &mut String) {
        if self.negative {
            text.push('-');
        }
        let digit = |place: i64| {
            let found = usize::try_from(place)
                .ok()
                .and_then(|place| self.digits.get(place));
            char::from(*found.unwrap_or(&b'0'))
        };
        if self.point <= 0 {
            text.push('0');
        }
        text.extend((0..self.point).map(digit));
        if shown > 0 {
            text.push('.');
            text.extend((self.point..self.point + i64::from(shown)).map(digit));
        }
    }

    /// Writes it as JSON in few digits: plain, or `MANTISSAeEXPONENT` with a whole mantissa where that would
    /// take more than 20 zeros.
    pub fn write_compact(&self, text: &mut String) {
        let zeros = if self.point > 0 {
            -self.needed()
        } else {
            -self.point
        };
        if zeros <= COMPACT_ZEROS_MAX {
            return self.write_plain(text);
        }
        if self.negative {
            text.push('-');
        }
        text.extend(self.digits.iter().map(|digit| char::from(*digit)));
        text.push_str(&format!("e{}", -self.needed()));
    }

    /// Digits and signs that Postgres prints of it.
    pub fn printed_length(&self) -> i64 {
        self.point.max(1) + i64::from(self.written) + 2
    }
}

fn parse_exponent(bytes: &[u8]) -> Option<i64> {
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().fold(0_i64, |sum, digit| {
        (sum * 10 + i64::from(digit - b'0')).min(EXPONENT_MAX + 1)
    });
    (size <= EXPONENT_MAX).then_some(if negative { -size } else { size })
}

/// Lengths are far below 2^63.
fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Whether Postgres prints the text as it is, out of such a column.
pub fn is_as_printed(text: &str, limit: Limit) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((_, "")) => return false,
        Some((whole, fraction)) => (whole, fraction),
        None => (unsigned, ""),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return false;
    }
    if whole.len() > 1 && whole.starts_with('0') {
        return false;
    }
    let significant = |part: &str| part.bytes().any(|byte| byte != b'0');
    let is_zero = !significant(whole) && !significant(fraction);
    if is_zero && text.starts_with('-') {
        return false;
    }
    let whole_digits = length(whole.trim_start_matches('0').len());
    match limit {
        Limit::None => whole_digits <= WHOLE_DIGITS_MAX && length(fraction.len()) <= FRACTION_DIGITS_MAX,
        Limit::Digits { precision, scale } => {
            let leading = fraction.len() - fraction.trim_start_matches('0').len();
            let point = if whole_digits > 0 {
                whole_digits
            } else {
                -length(leading)
            };
            let zeros = usize::try_from(-scale).unwrap_or(0);
            let rounds = zeros > 0 && whole.len() - whole.trim_end_matches('0').len() < zeros;
            length(fraction.len()) == i64::from(scale.max(0))
                && (is_zero || (point <= i64::from(precision) - i64::from(scale) && !rounds))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Option<String> {
        let mut plain = String::new();
        Decimal::parse(text)?.write_plain(&mut plain);
        Some(plain)
    }

    fn digits(precision: u16, scale: i16) -> Limit {
        Limit::Digits { precision, scale }
    }

    #[test]
    fn decimals_lose_nothing_but_zeros() {
        for (text, expected) in [
            ("0", "0"),
            ("-0.00", "0"),
            ("+007.50", "7.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("1e3", "1000"),
            ("1.5E-3", "0.0015"),
            ("-120e-1", "-12"),
            ("100", "100"),
            ("0.000123e2", "0.0123"),
            ("12345678901234567890123.45", "12345678901234567890123.45"),
        ] {
            assert_eq!(plain(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            ".",
            "-",
            "e5",
            "1e",
            "1e+",
            "1.2.3",
            "0x1",
            "1_000",
            " 1",
            "1 ",
            "nan",
            "\u{661}",
            "1e99999999999",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn limits_count_on_both_sides_of_the_point() {
        let fits = |text: &str, limit| Decimal::parse(text).unwrap().fits(limit);
        assert!(fits("99.99", digits(4, 2)) && !fits("100", digits(4, 2)));
        assert!(fits("1.500", digits(4, 2)) && !fits("1.505", digits(4, 2)));
        assert!(fits("0.00999", digits(3, 5)) && !fits("0.01", digits(3, 5)));
        assert!(
            fits("99900", digits(3, -2)) && !fits("100000", digits(3, -2)) && !fits("150", digits(3, -2))
        );
        assert!(fits("0", digits(1, 5)) && fits("0.000", digits(3, -2)));
        assert!(fits("1e131071", Limit::None) && !fits("1e131072", Limit::None));
        assert!(fits("1e-16383", Limit::None) && !fits("1e-16384", Limit::None));
    }

    #[test]
    fn what_postgres_prints_is_recognised() {
        for (text, limit) in [
            ("1.50", digits(4, 2)),
            ("0.00", digits(4, 2)),
            ("-99.99", digits(4, 2)),
            ("99900", digits(3, -2)),
            ("0", digits(3, -2)),
            ("0.00999", digits(3, 5)),
            ("1.500", Limit::None),
            ("0.0", Limit::None),
        ] {
            assert!(is_as_printed(text, limit), "{text} {limit}");
        }
        for (text, limit) in [
            ("1.5", digits(4, 2)),
            ("1", digits(4, 2)),
            ("-0.00", digits(4, 2)),
            ("100.00", digits(4, 2)),
            ("150", digits(3, -2)),
            ("100000", digits(3, -2)),
            ("0.01000", digits(3, 5)),
            ("01.50", Limit::None),
            ("1.", Limit::None),
            (".5", Limit::None),
            ("+1", Limit::None),
            ("1e2", Limit::None),
            ("", Limit::None),
        ] {
            assert!(!is_as_printed(text, limit), "{text} {limit}");
        }
    }

    #[test]
    fn compact_forms_stay_short() {
        let compact = |text: &str| {
            let mut compact = String::new();
            Decimal::parse(text).unwrap().write_compact(&mut compact);
            compact
        };
        assert_eq!(compact("1e20"), "100000000000000000000");
        assert_eq!(compact("1e21"), "1e21");
        assert_eq!(compact("-12.50e100"), "-125e99");
        assert_eq!(compact("1e-20"), "0.00000000000000000001");
        assert_eq!(compact("1.5e-30"), "15e-31");
        assert_eq!(compact("0e5"), "0");
    }
}
