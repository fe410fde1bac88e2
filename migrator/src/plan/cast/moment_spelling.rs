//! Timestamps in text as applications spell them: with or without seconds, fraction and zone.
//!
//! What a text states is read, nothing is guessed: no two-digit years, no names of months, no order of day and
//! month, no seconds of 60 and no hours of 24.

use super::fraction::{Microseconds, parse_any};
use super::zone::offset_seconds;
use crate::plan::text_time::parse_day;

const MICROSECONDS_PER_SECOND: i64 = 1_000_000;
const MICROSECONDS_PER_DAY: i64 = 86_400 * MICROSECONDS_PER_SECOND;
/// `YYYY-MM-DD`.
const DATE_LENGTH: usize = 10;
/// `YYYYMMDD`.
const COMPACT_DATE_LENGTH: usize = 8;
/// `HHMMSS`.
const COMPACT_CLOCK_LENGTH: usize = 6;

/// What a text states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spelled {
    /// What the clock shows, in microseconds since 2000-01-01 00:00:00.
    pub local: i64,
    /// Seconds east of Greenwich, if the text states a zone.
    pub offset: Option<i32>,
    /// Whether the text is finer than a microsecond.
    pub rounded: bool,
}

impl Spelled {
    /// Reads a day, alone or with a time, and a zone where there is one. A day alone is its midnight. Both forms of
    /// ISO 8601 are read, the basic one without the separators too.
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_extended(text).or_else(|| Self::parse_extended(&extended(text)?))
    }

    fn parse_extended(text: &str) -> Option<Self> {
        let (day, rest) = text.split_at_checked(DATE_LENGTH)?;
        let midnight = i64::from(parse_day(day)?) * MICROSECONDS_PER_DAY;
        if rest.is_empty() {
            return Some(Self {
                local: midnight,
                offset: None,
                rounded: false,
            });
        }
        let clock = rest.strip_prefix(['T', ' ', 't'])?;
        let end = clock
            .find(|letter: char| !letter.is_ascii_digit() && letter != ':' && letter != '.')
            .unwrap_or(clock.len());
        let (clock, zone) = clock.split_at(end);
        let time = parse_clock(clock)?;
        Some(Self {
            local: midnight + time.count,
            offset: parse_zone(zone)?,
            rounded: time.rounded,
        })
    }

    /// The moment, if the text states a zone.
    pub fn moment(self) -> Option<i64> {
        self.offset
            .map(|offset| self.local - i64::from(offset) * 1_000_000)
    }
}

/// The extended form of `YYYYMMDD`, `YYYYMMDDHHMMSS` and `YYYYMMDDTHHMMSS`, what follows the seconds included.
fn extended(text: &str) -> Option<String> {
    let digits_of = |text: &str, length: usize| -> Option<()> {
        let digits = text.get(..length)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(())
    };
    digits_of(text, COMPACT_DATE_LENGTH)?;
    let (day, rest) = text.split_at(COMPACT_DATE_LENGTH);
    let mut written = format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]);
    if rest.is_empty() {
        return Some(written);
    }
    let clock = rest.strip_prefix('T').unwrap_or(rest);
    digits_of(clock, COMPACT_CLOCK_LENGTH)?;
    let (clock, rest) = clock.split_at(COMPACT_CLOCK_LENGTH);
    written.push_str(&format!(
        " {}:{}:{}{rest}",
        &clock[..2],
        &clock[2..4],
        &clock[4..]
    ));
    Some(written)
}

/// Whether a text that is a timestamp states its zone; `None` if it is none. A column in which some do and some do
/// not says nothing about the rest.
pub fn states_zone(text: &str) -> Option<bool> {
    Spelled::parse(text).map(|spelled| spelled.offset.is_some())
}

/// Microseconds since midnight of `HH:MM`, `HH:MM:SS` or `HH:MM:SS.f`. The rounding of its fraction may make it
/// the end of the day.
pub fn parse_clock(text: &str) -> Option<Microseconds> {
    let (clock, fraction) = text.split_once('.').map_or((text, None), |(c, f)| (c, Some(f)));
    let (hours, minutes, seconds) = match clock.as_bytes() {
        [h, i, b':', m, n, b':', s, t] => ([*h, *i], [*m, *n], [*s, *t]),
        [h, i, b':', m, n] if fraction.is_none() => ([*h, *i], [*m, *n], *b"00"),
        _ => return None,
    };
    let whole = (pair_below(hours, 24)? * 60 + pair_below(minutes, 60)?) * 60 + pair_below(seconds, 60)?;
    let fraction = match fraction {
        Some(digits) => parse_any(digits)?,
        None => Microseconds {
            count: 0,
            rounded: false,
        },
    };
    Some(Microseconds {
        count: whole * MICROSECONDS_PER_SECOND + fraction.count,
        ..fraction
    })
}

/// Two digits that are a number below this one.
fn pair_below(digits: [u8; 2], end: i64) -> Option<i64> {
    let [tens, ones] = digits;
    let number = i64::from(tens.wrapping_sub(b'0')) * 10 + i64::from(ones.wrapping_sub(b'0'));
    (digits.iter().all(u8::is_ascii_digit) && number < end).then_some(number)
}

/// The offset that a zone states; `Some(None)` where there is none.
#[expect(
    clippy::option_option,
    reason = "a zone that cannot be read is not the absence of one"
)]
fn parse_zone(text: &str) -> Option<Option<i32>> {
    if text.is_empty() {
        return Some(None);
    }
    let zone = text.strip_prefix(' ').unwrap_or(text);
    if zone.eq_ignore_ascii_case("Z") || zone.eq_ignore_ascii_case("UTC") || zone.eq_ignore_ascii_case("GMT")
    {
        return Some(Some(0));
    }
    // Go writes the offset and the name.
    let (offset, is_utc) = zone
        .strip_suffix(" UTC")
        .map_or((zone, false), |rest| (rest, true));
    let seconds = offset_seconds(offset)?;
    (!is_utc || seconds == 0).then_some(Some(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(i64, Option<i32>, bool)> {
        Spelled::parse(text).map(|spelled| (spelled.local, spelled.offset, spelled.rounded))
    }

    #[test]
    fn spellings_of_a_moment() {
        for (text, expected) in [
            ("2000-01-01", (0, None, false)),
            ("2000-01-02 00:00", (MICROSECONDS_PER_DAY, None, false)),
            ("2000-01-01T00:00:01", (1_000_000, None, false)),
            ("20000102", (MICROSECONDS_PER_DAY, None, false)),
            ("20000101000001", (1_000_000, None, false)),
            ("20000101T000001.5Z", (1_500_000, Some(0), false)),
            ("2000-01-01 00:00:00.5", (500_000, None, false)),
            ("2000-01-01 00:00:00.0000004", (0, None, true)),
            (
                "2000-01-01 23:59:59.9999999Z",
                (MICROSECONDS_PER_DAY, Some(0), true),
            ),
            ("2000-01-01 00:00:00+02", (0, Some(7200), false)),
            ("2000-01-01 00:00:00-0130", (0, Some(-5400), false)),
            ("2000-01-01t00:00:00 +00:00:30", (0, Some(30), false)),
            ("2000-01-01 00:00:00 UTC", (0, Some(0), false)),
            ("2000-01-01 00:00:00 +0000 UTC", (0, Some(0), false)),
            ("1999-12-31 23:59:59.999999", (-1, None, false)),
        ] {
            assert_eq!(read(text), Some(expected), "{text}");
        }
        assert_eq!(
            Spelled::parse("2000-01-01 02:00:00+02").unwrap().moment(),
            Some(0)
        );
        assert_eq!(states_zone("2000-01-01 00:00:00Z"), Some(true));
        assert_eq!(states_zone("2000-01-01"), Some(false));
        assert_eq!(states_zone("yesterday"), None);
    }

    #[test]
    fn what_would_be_a_guess_is_refused() {
        for text in [
            "",
            "now",
            "infinity",
            "01/02/2024",
            "24-01-01",
            "0000-01-01",
            "2024-02-30",
            "2024-1-1",
            "2024-01-01 ",
            "2024-01-01 1:00",
            "2024-01-01 24:00",
            "2024-01-01 10:00:60",
            "2024-01-01 10:00:00.",
            "2024-01-01 10:00.5",
            "2024-01-01 10:00:00 CEST",
            "2024-01-01 10:00:00+2",
            "2024-01-01 10:00:00+16:00",
            "2024-01-01 10:00:00 +0200 UTC",
            "2024-01-01Z",
            "2024-01-01  10:00:00",
            "2024-01-01 10:00:00 +0000 UTC m=+0.1",
            "2024-01-01 10:00:0\u{661}",
            "2024010110",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
