//! Times of day in text.

use outgrow_shared::value::Value;

use super::fraction::{Fraction, Microseconds, round_to};
use super::model::{Normal, Outcome};
use super::moment_format::MomentFormat;
use super::moment_spelling::parse_clock;
use crate::plan::text_time::Zone;

const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;
/// `YYYY-MM-DD `.
const DAY_LENGTH: usize = 11;
/// `HH:MM:SS`.
const SECONDS_LENGTH: usize = 8;
/// How folded times come back.
pub const NORMAL: Fraction = Fraction::Fixed(6);

/// Microseconds since midnight of a TEXT of one format.
pub fn of_format(value: &Value<'_>, fraction: Fraction) -> Option<i64> {
    let Value::Text(text) = value else { return None };
    let (seconds, rest) = text.split_at_checked(SECONDS_LENGTH)?;
    Some(parse_clock(seconds)?.count + fraction.parse(rest)?)
}

/// Microseconds since midnight of a TEXT in any spelling. The end of the day is a time of Postgres, but no time of
/// day that a text states: what is rounded up to it is refused.
pub fn any(value: &Value<'_>, digits: u8) -> Option<Microseconds> {
    let Value::Text(text) = value else { return None };
    let read = parse_clock(text)?;
    let near = round_to(digits, read.count);
    (near.count < MICROSECONDS_PER_DAY).then_some(Microseconds {
        count: near.count,
        rounded: read.rounded || near.rounded,
    })
}

/// Writes a time of day; `None` at the end of the day and beyond, or finer than the format.
pub fn write(fraction: Fraction, microseconds: i64, text: &mut String) -> Option<()> {
    if !(0..MICROSECONDS_PER_DAY).contains(&microseconds) {
        return None;
    }
    let format = MomentFormat {
        t_separator: false,
        fraction,
        zone: Zone::None,
    };
    format.write(microseconds, text)?;
    text.drain(..DAY_LENGTH);
    Some(())
}

pub(super) fn any_outcome(value: &Value<'_>, digits: u8, text: &mut String) -> Option<Outcome> {
    let near = any(value, digits)?;
    write(NORMAL, near.count, text)?;
    Some(Outcome::of(Normal::Text).rounded_if(near.rounded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_give_back_what_they_read() {
        for (fraction, text, expected) in [
            (Fraction::Fixed(0), "23:59:59", 86_399_000_000),
            (Fraction::Fixed(3), "00:00:00.001", 1000),
            (Fraction::SixOrNone, "00:00:01", 1_000_000),
            (Fraction::SixOrNone, "00:00:00.000001", 1),
            (Fraction::Trimmed, "12:00:00.5", 43_200_500_000),
        ] {
            let mut back = String::new();
            assert_eq!(of_format(&Value::Text(text), fraction), Some(expected), "{text}");
            write(fraction, expected, &mut back).unwrap();
            assert_eq!(back, text);
        }
        for text in [
            "",
            "24:00:00",
            "10:00",
            "10:00:00 ",
            "10:00:00Z",
            "1:00:00",
            "10:00:60",
            "10:00:0\u{e9}",
        ] {
            for fraction in Fraction::ALL {
                assert_eq!(of_format(&Value::Text(text), fraction), None, "{text}");
            }
        }
        assert_eq!(
            write(Fraction::Trimmed, MICROSECONDS_PER_DAY, &mut String::new()),
            None
        );
        assert_eq!(write(Fraction::Trimmed, -1, &mut String::new()), None);
    }

    #[test]
    fn spellings_of_a_time() {
        let read = |text, digits| any(&Value::Text(text), digits).map(|near| (near.count, near.rounded));
        assert_eq!(read("10:30", 6), Some((37_800_000_000, false)));
        assert_eq!(read("10:30:00.5", 6), Some((37_800_500_000, false)));
        assert_eq!(read("10:30:00.5", 0), Some((37_801_000_000, true)));
        assert_eq!(read("10:30:00.1234567", 6), Some((37_800_123_457, true)));
        assert_eq!(read("23:59:59.9999999", 6), None);
        assert_eq!(read("23:59:59.5", 0), None);
        assert_eq!(read("10:30:00+02", 6), None);
    }
}
