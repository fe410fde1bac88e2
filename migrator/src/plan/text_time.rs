//! Dates and times as SQLite applications write them into text.
//!
//! A format is fixed in every position, so a text that fits it is given back by it letter for letter. What
//! fits none stays text. Calendar rules are jiff's: the proleptic Gregorian calendar, no leap seconds, and
//! years 0001 to 9999, which Postgres has too.

use std::fmt::{self, Write};

use jiff::civil::{Date, DateTime, Time, date};

/// Postgres counts from here.
const EPOCH: Date = date(2000, 1, 1);
const MICROSECONDS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// `YYYY-MM-DD`.
const DATE_LENGTH: usize = 10;
/// `YYYY-MM-DD HH:MM:SS`.
const SECONDS_LENGTH: usize = 19;

/// One fixed way to write a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct TimestampFormat {
    /// Whether `T` stands between date and time, rather than a space.
    pub t_separator: bool,
    /// Digits of the second's fraction: 0, 3 or 6.
    pub fraction_digits: u8,
    /// What follows the time.
    pub zone: Zone,
}

/// What follows the time of a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Zone {
    /// Nothing.
    None,
    /// The letter `Z`.
    Z,
    /// `+00:00`.
    PlusZero,
}

impl Zone {
    const fn text(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Z => "Z",
            Self::PlusZero => "+00:00",
        }
    }
}

impl TimestampFormat {
    /// What SQLite's own `datetime()` writes.
    pub const SQLITE: Self = Self {
        t_separator: false,
        fraction_digits: 0,
        zone: Zone::None,
    };

    /// Every format known.
    pub fn all() -> impl Iterator<Item = Self> {
        [false, true].into_iter().flat_map(|t_separator| {
            [0, 3, 6].into_iter().flat_map(move |fraction_digits| {
                [Zone::None, Zone::Z, Zone::PlusZero].map(|zone| Self {
                    t_separator,
                    fraction_digits,
                    zone,
                })
            })
        })
    }

    /// Whether the text itself says UTC.
    pub fn states_utc(self) -> bool {
        self.zone != Zone::None
    }

    /// Microseconds since 2000-01-01 00:00:00, if the text is of this format.
    pub fn parse(self, text: &str) -> Option<i64> {
        let bytes = text.as_bytes();
        let fraction_length = if self.fraction_digits == 0 {
            0
        } else {
            1 + usize::from(self.fraction_digits)
        };
        let zone = self.zone.text().as_bytes();
        if bytes.len() != SECONDS_LENGTH + fraction_length + zone.len() || !bytes.ends_with(zone) {
            return None;
        }
        let separator = if self.t_separator { b'T' } else { b' ' };
        if bytes[DATE_LENGTH] != separator || bytes[13] != b':' || bytes[16] != b':' {
            return None;
        }
        let day = parse_date(&bytes[..DATE_LENGTH])?;
        let part = |at: usize| i8::try_from(digits(&bytes[at..at + 2])?).ok();
        let time = Time::new(part(11)?, part(14)?, part(17)?, 0).ok()?;
        let seconds = day
            .to_datetime(time)
            .duration_since(EPOCH.to_datetime(Time::midnight()))
            .as_secs();
        Some(seconds * MICROSECONDS_PER_SECOND + self.parse_fraction(bytes)?)
    }

    fn parse_fraction(self, bytes: &[u8]) -> Option<i64> {
        if self.fraction_digits == 0 {
            return Some(0);
        }
        if bytes[SECONDS_LENGTH] != b'.' {
            return None;
        }
        let start = SECONDS_LENGTH + 1;
        let fraction = digits(&bytes[start..start + usize::from(self.fraction_digits)])?;
        Some(i64::from(fraction) * 10_i64.pow(6 - u32::from(self.fraction_digits)))
    }

    /// Writes the timestamp back as text; `None` beyond the years 0001 to 9999 or finer than the format.
    pub fn write(self, microseconds: i64, text: &mut String) -> Option<()> {
        text.clear();
        let seconds = microseconds.div_euclid(MICROSECONDS_PER_SECOND);
        let fraction = microseconds.rem_euclid(MICROSECONDS_PER_SECOND);
        let unit = 10_i64.pow(6 - u32::from(self.fraction_digits));
        if fraction % unit != 0 {
            return None;
        }
        let day = day_of(seconds.div_euclid(SECONDS_PER_DAY))?;
        let second_of_day = seconds.rem_euclid(SECONDS_PER_DAY);
        let time = DateTime::from_parts(day, Time::midnight())
            .checked_add(jiff::SignedDuration::from_secs(second_of_day))
            .ok()?
            .time();
        write_date(day, text)?;
        text.push(if self.t_separator { 'T' } else { ' ' });
        write!(
            text,
            "{:02}:{:02}:{:02}",
            time.hour(),
            time.minute(),
            time.second()
        )
        .ok()?;
        if self.fraction_digits > 0 {
            let width = usize::from(self.fraction_digits);
            write!(text, ".{:0width$}", fraction / unit).ok()?;
        }
        text.push_str(self.zone.text());
        Some(())
    }
}

impl fmt::Display for TimestampFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.t_separator { 'T' } else { ' ' };
        write!(f, "YYYY-MM-DD{separator}HH:MM:SS")?;
        if self.fraction_digits > 0 {
            write!(f, ".{}", "f".repeat(usize::from(self.fraction_digits)))?;
        }
        f.write_str(self.zone.text())
    }
}

/// Days since 2000-01-01 of a text `YYYY-MM-DD`.
pub fn parse_day(text: &str) -> Option<i32> {
    if text.len() != DATE_LENGTH {
        return None;
    }
    let day = parse_date(text.as_bytes())?;
    let seconds = day.duration_since(EPOCH).as_secs();
    i32::try_from(seconds / SECONDS_PER_DAY).ok()
}

/// Writes days since 2000-01-01 as `YYYY-MM-DD`; `None` beyond the years 0001 to 9999.
pub fn write_day(days: i32, text: &mut String) -> Option<()> {
    text.clear();
    write_date(day_of(i64::from(days))?, text)
}

fn day_of(days: i64) -> Option<Date> {
    let day = EPOCH
        .checked_add(jiff::SignedDuration::from_hours(days.checked_mul(24)?))
        .ok()?;
    (day.year() >= 1).then_some(day)
}

fn write_date(day: Date, text: &mut String) -> Option<()> {
    write!(text, "{:04}-{:02}-{:02}", day.year(), day.month(), day.day()).ok()
}

fn parse_date(bytes: &[u8]) -> Option<Date> {
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = i16::try_from(digits(&bytes[..4])?)
        .ok()
        .filter(|year| *year >= 1)?;
    let month = i8::try_from(digits(&bytes[5..7])?).ok()?;
    let day = i8::try_from(digits(&bytes[8..10])?).ok()?;
    Date::new(year, month, day).ok()
}

fn digits(bytes: &[u8]) -> Option<i32> {
    bytes.iter().try_fold(0_i32, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i32::from(byte - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(t_separator: bool, fraction_digits: u8, zone: Zone) -> TimestampFormat {
        TimestampFormat {
            t_separator,
            fraction_digits,
            zone,
        }
    }

    #[test]
    fn known_instants() {
        let sqlite = TimestampFormat::SQLITE;
        assert_eq!(sqlite.parse("2000-01-01 00:00:00"), Some(0));
        assert_eq!(sqlite.parse("1999-12-31 23:59:59"), Some(-1_000_000));
        assert_eq!(
            format(true, 3, Zone::Z).parse("2000-01-01T00:00:00.001Z"),
            Some(1000)
        );
        assert_eq!(
            format(false, 6, Zone::PlusZero).parse("2000-01-01 00:00:00.000001+00:00"),
            Some(1)
        );
        assert_eq!(parse_day("2000-03-01"), Some(60));
        assert_eq!(parse_day("0001-01-01"), Some(-730_119));
    }

    #[test]
    fn what_fits_no_format_is_refused() {
        let odd = [
            "",
            "now",
            "2000-01-01",
            "2000-1-01 00:00:00",
            "2000-13-01 00:00:00",
            "2001-02-29 00:00:00",
            "2000-01-01 24:00:00",
            "2000-01-01 23:59:60",
            "0000-01-01 00:00:00",
            "2000-01-01 00:00:0\u{661}",
            "2000-01-01  0:00:00",
            "-200-01-01 00:00:00",
            "2000-01-01 00:00:00 ",
            "+2000-01-01 00:00:00",
        ];
        for text in odd {
            for format in TimestampFormat::all() {
                assert_eq!(format.parse(text), None, "{text:?} as {format}");
            }
        }
        assert_eq!(parse_day("0000-00-00"), None);
        assert_eq!(parse_day("2000-01-0\u{e9}"), None);
    }

    #[test]
    fn every_format_gives_back_what_it_reads() {
        let mut text = String::new();
        let last = "9999-12-31 23:59:59.999999";
        let micros = format(false, 6, Zone::None).parse(last).unwrap();
        for format in TimestampFormat::all() {
            let coarse = 10_i64.pow(6 - u32::from(format.fraction_digits));
            for instant in [0, -1, 1, micros, 951_782_399_123_456, -63_082_281_600_000_000] {
                let instant = instant.div_euclid(coarse) * coarse;
                format.write(instant, &mut text).unwrap();
                assert_eq!(format.parse(&text), Some(instant), "{text} as {format}");
            }
        }
        for days in [-730_119, -1, 0, 60, 2_921_939] {
            write_day(days, &mut text).unwrap();
            assert_eq!(parse_day(&text), Some(days));
        }
        assert_eq!(write_day(2_921_940, &mut text), None);
        assert_eq!(write_day(-730_120, &mut text), None);
    }

    #[test]
    fn an_instant_finer_than_the_format_is_not_cut() {
        let mut text = String::new();
        assert_eq!(TimestampFormat::SQLITE.write(1, &mut text), None);
        assert_eq!(format(false, 3, Zone::None).write(1, &mut text), None);
    }
}
