//! Durations: numbers that count one, and the spellings of Python, .NET, Postgres and ISO 8601.
//!
//! A duration is a number of microseconds. Months and years have no length, so a text with any is refused. What
//! Postgres stores is days and a rest below a day, as Python keeps its `timedelta`: equal durations are stored alike.

use outgrow_shared::value::Value;

use super::fraction::{Microseconds, parse_any, round_to};
use super::model::{Normal, Outcome};
use super::moment_spelling::Spelled;
use crate::plan::epoch::EpochUnit;

const MICROSECONDS_PER_SECOND: i64 = 1_000_000;
const MICROSECONDS_PER_MINUTE: i64 = 60 * MICROSECONDS_PER_SECOND;
const MICROSECONDS_PER_HOUR: i64 = 60 * MICROSECONDS_PER_MINUTE;
const MICROSECONDS_PER_DAY: i64 = 24 * MICROSECONDS_PER_HOUR;
/// From the beginning of 1970 to that of 2000, from which Postgres counts: 10957 days.
const MICROSECONDS_1970_TO_2000: i64 = 10_957 * MICROSECONDS_PER_DAY;
const MICROSECONDS_PER_WEEK: i64 = 7 * MICROSECONDS_PER_DAY;

/// Days and the rest of a day, as both travel. The rest is never below zero.
pub fn split(microseconds: i64) -> Option<(i32, i64)> {
    let days = i32::try_from(microseconds.div_euclid(MICROSECONDS_PER_DAY)).ok()?;
    Some((days, microseconds.rem_euclid(MICROSECONDS_PER_DAY)))
}

/// The duration of days and a rest of any size.
pub fn join(days: i32, rest: i64) -> Option<i64> {
    // The days alone may be beyond what days and rest together are not.
    let days = i128::from(days) * i128::from(MICROSECONDS_PER_DAY);
    i64::try_from(days + i128::from(rest)).ok()
}

/// The microseconds of an INTEGER in this unit.
pub fn of_integer(value: &Value<'_>, unit: EpochUnit) -> Option<i64> {
    match value {
        Value::Integer(integer) => integer.checked_mul(MICROSECONDS_PER_SECOND / unit.per_second()),
        _ => None,
    }
}

/// The number in this unit, if it is a whole one.
pub fn to_integer(microseconds: i64, unit: EpochUnit) -> Option<i64> {
    let size = MICROSECONDS_PER_SECOND / unit.per_second();
    (microseconds % size == 0).then_some(microseconds / size)
}

/// The duration of a TEXT in any spelling, in the column's digits of a second.
pub fn any(value: &Value<'_>, digits: u8) -> Option<Microseconds> {
    let Value::Text(text) = value else { return None };
    let read = parse(text).or_else(|| since_1970(text))?;
    let near = round_to(digits, read.count);
    // The range of days is not that of microseconds.
    split(near.count)?;
    Some(Microseconds {
        count: near.count,
        rounded: read.rounded || near.rounded,
    })
}

pub(super) fn any_outcome(value: &Value<'_>, digits: u8) -> Option<Outcome> {
    let near = any(value, digits)?;
    Some(Outcome::of(Normal::Integer(near.count)).rounded_if(near.rounded))
}

/// A wall time that stands for the duration since 1970-01-01 00:00:00: SQLAlchemy's `Interval`, where the database
/// has none (<https://docs.sqlalchemy.org/en/20/core/type_basics.html#sqlalchemy.types.Interval>).
fn since_1970(text: &str) -> Option<Microseconds> {
    let spelled = Spelled::parse(text).filter(|spelled| spelled.offset.is_none())?;
    Some(Microseconds {
        count: spelled.local.checked_add(MICROSECONDS_1970_TO_2000)?,
        rounded: spelled.rounded,
    })
}

fn parse(text: &str) -> Option<Microseconds> {
    let (sign, unsigned) = signed(text);
    if let Some(rest) = unsigned.strip_prefix('P') {
        return times(sign, parse_iso(rest)?);
    }
    let first_colon = text.find(':');
    let first_point = text.find('.');
    if let (Some(colon), Some(point)) = (first_colon, first_point)
        && point < colon
    {
        // .NET: the sign is that of the whole.
        let (days, clock) = unsigned.split_once('.')?;
        return times(sign, plus_days(1, days, parse_clock(clock)?)?);
    }
    match text.split_once(' ') {
        None if first_colon.is_some() => parse_signed_clock(text),
        None => None,
        Some((_, rest)) => {
            // Python and Postgres: days have a sign of their own.
            let days = unsigned.split(' ').next()?;
            let rest = rest.strip_prefix("days").or_else(|| rest.strip_prefix("day"))?;
            let clock = match rest.strip_prefix(", ").or_else(|| rest.strip_prefix(' ')) {
                Some(clock) => parse_signed_clock(clock)?,
                None if rest.is_empty() => Microseconds {
                    count: 0,
                    rounded: false,
                },
                None => return None,
            };
            plus_days(sign, days, clock)
        }
    }
}

fn signed(text: &str) -> (i64, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn times(sign: i64, duration: Microseconds) -> Option<Microseconds> {
    Some(Microseconds {
        count: duration.count.checked_mul(sign)?,
        ..duration
    })
}

fn plus_days(sign: i64, days: &str, clock: Microseconds) -> Option<Microseconds> {
    let days = whole(days)?.checked_mul(sign)?;
    Some(Microseconds {
        count: clock.count.checked_add(days.checked_mul(MICROSECONDS_PER_DAY)?)?,
        ..clock
    })
}

fn parse_signed_clock(text: &str) -> Option<Microseconds> {
    let (sign, clock) = signed(text);
    times(sign, parse_clock(clock)?)
}

/// `H:MM:SS`, with a fraction or without. Hours may be any number.
fn parse_clock(text: &str) -> Option<Microseconds> {
    let (hours, rest) = text.split_once(':')?;
    let (minutes, seconds) = rest.split_once(':')?;
    let seconds_whole = seconds.split('.').next()?;
    let below_sixty = |digits: &str| digits.len() == 2 && whole(digits).is_some_and(|number| number < 60);
    if !below_sixty(minutes) || !below_sixty(seconds_whole) {
        return None;
    }
    let rest = whole(minutes)? * MICROSECONDS_PER_MINUTE;
    let seconds = parse_seconds(seconds)?;
    let hours = whole(hours)?.checked_mul(MICROSECONDS_PER_HOUR)?;
    Some(Microseconds {
        count: hours.checked_add(rest)?.checked_add(seconds.count)?,
        ..seconds
    })
}

fn parse_seconds(text: &str) -> Option<Microseconds> {
    let (seconds, fraction) = match text.split_once('.') {
        Some((seconds, fraction)) => (seconds, parse_any(fraction)?),
        None => (
            text,
            Microseconds {
                count: 0,
                rounded: false,
            },
        ),
    };
    let seconds = whole(seconds)?.checked_mul(MICROSECONDS_PER_SECOND)?;
    Some(Microseconds {
        count: seconds.checked_add(fraction.count)?,
        ..fraction
    })
}

/// What follows the `P`: weeks, or days and a time; each unit once and in order.
fn parse_iso(text: &str) -> Option<Microseconds> {
    let (days, clock) = match text.split_once('T') {
        Some((_, "")) => return None,
        Some((days, clock)) => (days, clock),
        None if text.is_empty() => return None,
        None => (text, ""),
    };
    let mut count = 0_i64;
    let mut rest = days;
    for (letter, size) in [('W', MICROSECONDS_PER_WEEK), ('D', MICROSECONDS_PER_DAY)] {
        if let Some((number, after)) = rest.split_once(letter) {
            count = count.checked_add(whole(number)?.checked_mul(size)?)?;
            rest = after;
        }
    }
    let mut clock_rest = clock;
    for (letter, size) in [('H', MICROSECONDS_PER_HOUR), ('M', MICROSECONDS_PER_MINUTE)] {
        if let Some((number, after)) = clock_rest.split_once(letter) {
            count = count.checked_add(whole(number)?.checked_mul(size)?)?;
            clock_rest = after;
        }
    }
    let seconds = match clock_rest.strip_suffix('S') {
        Some(seconds) => parse_seconds(seconds)?,
        None if clock_rest.is_empty() => Microseconds {
            count: 0,
            rounded: false,
        },
        None => return None,
    };
    rest.is_empty().then_some(Microseconds {
        count: count.checked_add(seconds.count)?,
        ..seconds
    })
}

/// A number without a sign.
fn whole(digits: &str) -> Option<i64> {
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(i64, bool)> {
        any(&Value::Text(text), 6).map(|near| (near.count, near.rounded))
    }

    #[test]
    fn spellings_of_a_duration() {
        const DAY: i64 = MICROSECONDS_PER_DAY;
        for (text, expected) in [
            ("0:00:01", 1_000_000),
            ("00:00:00.000001", 1),
            ("-00:00:01", -1_000_000),
            ("100:00:00", 100 * MICROSECONDS_PER_HOUR),
            ("1 day, 0:00:00", DAY),
            ("-1 day, 23:59:59.500000", -500_000),
            ("2 days 03:00:00", 2 * DAY + 3 * MICROSECONDS_PER_HOUR),
            ("3 days", 3 * DAY),
            ("1 day -00:00:01", DAY - 1_000_000),
            ("1.02:03:04", DAY + 7_384_000_000),
            ("-1.00:00:01", -DAY - 1_000_000),
            ("-00:00:00.5000000", -500_000),
            ("P1DT2H3M4.5S", DAY + 7_384_500_000),
            ("PT0S", 0),
            ("P2W", 14 * DAY),
            ("-P1DT00H00M01.500000S", -DAY - 1_500_000),
            ("P0DT00H00M00S", 0),
            ("1970-01-01 00:00:00.000000", 0),
            ("1970-01-02 00:00:05.000001", DAY + 5_000_001),
            ("1969-12-31 23:59:59", -1_000_000),
        ] {
            assert_eq!(read(text), Some((expected, false)), "{text}");
        }
        assert_eq!(read("00:00:00.1234567"), Some((123_457, true)));
        let coarse = any(&Value::Text("-00:00:00.0004"), 3).unwrap();
        assert_eq!((coarse.count, coarse.rounded), (0, true));
    }

    #[test]
    fn what_has_no_length_is_refused() {
        for text in [
            "",
            "P",
            "PT",
            "P1M",
            "P1Y",
            "P1.5D",
            "PT1H2",
            "PT5M3H",
            "1 mon",
            "1 day 2",
            "1:2:3",
            "00:60:00",
            "1:00",
            "5",
            "1 day,",
            "1  day",
            "--1:00:00",
            "1.5 days",
            "1 day,00:00:01",
            "12:00:00.",
            "9999999999999 days",
            "\u{661} day",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(any(&Value::Integer(1), 6), None);
    }

    #[test]
    fn equal_durations_are_stored_alike() {
        assert_eq!(split(-1), Some((-1, MICROSECONDS_PER_DAY - 1)));
        assert_eq!(split(MICROSECONDS_PER_DAY), Some((1, 0)));
        for microseconds in [0, 1, -1, i64::MAX, i64::MIN, 3_153_618_000_000_007] {
            let (days, rest) = split(microseconds).unwrap();
            assert_eq!(join(days, rest), Some(microseconds));
        }
        for unit in EpochUnit::ALL {
            let there = of_integer(&Value::Integer(-5), unit).unwrap();
            assert_eq!(to_integer(there, unit), Some(-5));
            let _ = of_integer(&Value::Integer(i64::MAX), unit);
        }
        assert_eq!(of_integer(&Value::Integer(i64::MAX), EpochUnit::Seconds), None);
        assert_eq!(to_integer(1, EpochUnit::Seconds), None);
    }
}
