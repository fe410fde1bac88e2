//! Fractions of a second as text: how many digits there are, and what is finer than a column.
//!
//! Where Postgres rounds, this rounds as Postgres does, before the value is sent.

use std::fmt::{self, Write};

const MICROSECONDS_PER_SECOND: i64 = 1_000_000;
/// Digits of a microsecond.
pub const DIGITS_MAX: u8 = 6;

/// How an exact format writes the fraction of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fraction {
    /// Always so many digits: 0, 3 or 6.
    Fixed(u8),
    /// Six digits, or nothing when they are all zero, as Python's `isoformat` writes it.
    SixOrNone,
    /// One to six digits without zeros at the end, or nothing, as .NET writes it.
    Trimmed,
}

impl Fraction {
    /// Every way.
    pub const ALL: [Self; 5] = [
        Self::Fixed(0),
        Self::Fixed(3),
        Self::Fixed(6),
        Self::SixOrNone,
        Self::Trimmed,
    ];

    /// Microseconds of what follows the seconds, the point included.
    pub fn parse(self, text: &str) -> Option<i64> {
        if text.is_empty() {
            return matches!(self, Self::Fixed(0) | Self::SixOrNone | Self::Trimmed).then_some(0);
        }
        let digits = text.strip_prefix('.')?;
        let (length, last) = (digits.len(), digits.bytes().last()?);
        let is_of_format = match self {
            Self::Fixed(digits) => length == usize::from(digits),
            Self::SixOrNone => length == usize::from(DIGITS_MAX),
            Self::Trimmed => length <= usize::from(DIGITS_MAX) && last != b'0',
        };
        let microseconds = is_of_format.then(|| short(digits)).flatten()?;
        // Six zeros would come back as nothing.
        (microseconds != 0 || self != Self::SixOrNone).then_some(microseconds)
    }

    /// Appends the fraction; `None` if it is finer than the format.
    pub fn write(self, microseconds: i64, text: &mut String) -> Option<()> {
        match self {
            Self::Fixed(digits) => {
                let unit = unit_of(digits);
                if microseconds % unit != 0 {
                    return None;
                }
                if digits > 0 {
                    let width = usize::from(digits);
                    write!(text, ".{:0width$}", microseconds / unit).ok()?;
                }
            }
            Self::SixOrNone if microseconds == 0 => {}
            Self::SixOrNone => write!(text, ".{microseconds:06}").ok()?,
            Self::Trimmed if microseconds == 0 => {}
            Self::Trimmed => {
                write!(text, ".{microseconds:06}").ok()?;
                text.truncate(text.trim_end_matches('0').len());
            }
        }
        Some(())
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(0) => Ok(()),
            Self::Fixed(digits) => write!(f, ".{}", "f".repeat(usize::from(*digits))),
            Self::SixOrNone => f.write_str("[.ffffff]"),
            Self::Trimmed => f.write_str("[.f]"),
        }
    }
}

/// Up to six digits as microseconds.
fn short(digits: &str) -> Option<i64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    let missing = DIGITS_MAX.checked_sub(u8::try_from(digits.len()).ok()?)?;
    Some(number * 10_i64.pow(missing.into()))
}

/// A number of microseconds, and whether what was read is finer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Microseconds {
    /// The nearest whole number.
    pub count: i64,
    /// Whether that is not what was written.
    pub rounded: bool,
}

/// Any number of digits as microseconds, a whole second if they round up to it.
pub fn parse_any(digits: &str) -> Option<Microseconds> {
    if let Some(count) = short(digits) {
        return Some(Microseconds {
            count,
            rounded: false,
        });
    }
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let rounded = digits.bytes().skip(DIGITS_MAX.into()).any(|digit| digit != b'0');
    // Postgres reads the fraction as binary64 and rounds the product; so half a microsecond falls as it does there.
    let fraction: f64 = format!("0.{digits}").parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "0 to 1000000")]
    let count = (fraction * 1e6).round_ties_even() as i64;
    Some(Microseconds { count, rounded })
}

/// Microseconds rounded to a column's digits, half away from zero, as Postgres does it.
pub fn round_to(digits: u8, microseconds: i64) -> Microseconds {
    let unit = unit_of(digits);
    let half = unit / 2;
    let count = if microseconds >= 0 {
        microseconds.saturating_add(half) / unit * unit
    } else {
        -((-microseconds.max(-i64::MAX)).saturating_add(half) / unit * unit)
    };
    Microseconds {
        count,
        rounded: count != microseconds,
    }
}

/// Microseconds of the last digit.
fn unit_of(digits: u8) -> i64 {
    MICROSECONDS_PER_SECOND / 10_i64.pow(digits.min(DIGITS_MAX).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_gives_back_what_it_reads() {
        for fraction in Fraction::ALL {
            for text in [
                "",
                ".0",
                ".5",
                ".500",
                ".120",
                ".12",
                ".000000",
                ".123456",
                ".000001",
                ".1234567",
                ".",
                "5",
                ".1\u{661}",
            ] {
                if let Some(microseconds) = fraction.parse(text) {
                    let mut back = String::new();
                    fraction.write(microseconds, &mut back).unwrap();
                    assert_eq!(back, text, "{fraction:?}");
                }
            }
        }
        assert_eq!(Fraction::SixOrNone.parse(".123456"), Some(123_456));
        assert_eq!(Fraction::SixOrNone.parse(".000000"), None);
        assert_eq!(Fraction::Trimmed.parse(".12"), Some(120_000));
        assert_eq!(Fraction::Trimmed.parse(".120"), None);
        assert_eq!(Fraction::Fixed(3).parse(""), None);
    }

    #[test]
    fn what_is_finer_is_rounded_and_said() {
        let any = |digits| parse_any(digits).map(|read| (read.count, read.rounded));
        assert_eq!(any("5"), Some((500_000, false)));
        assert_eq!(any("1234560"), Some((123_456, false)));
        assert_eq!(any("1234567"), Some((123_457, true)));
        assert_eq!(any("9999999"), Some((1_000_000, true)));
        assert_eq!(any(""), None);
        let to = |digits, microseconds| round_to(digits, microseconds).count;
        assert_eq!(
            (to(3, 499), to(3, 500), to(3, -500), to(3, -499)),
            (0, 1000, -1000, 0)
        );
        assert_eq!((to(0, 1_499_999), to(6, 7)), (1_000_000, 7));
        assert!(round_to(3, 1).rounded && !round_to(3, 2000).rounded);
    }
}
