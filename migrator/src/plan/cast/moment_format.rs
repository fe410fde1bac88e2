//! Timestamps in text of one exact format, which gives every text back letter for letter.
//!
//! Formats are those of own tables and those whose fraction is left out when there is none.

use std::fmt;

use super::fraction::Fraction;
use crate::plan::text_time::{TimestampFormat, Zone};

/// `YYYY-MM-DD HH:MM:SS`.
const SECONDS_LENGTH: usize = 19;
const MICROSECONDS_PER_SECOND: i64 = 1_000_000;

/// One exact way to write a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MomentFormat {
    /// Whether `T` stands between date and time, rather than a space.
    pub t_separator: bool,
    /// How the fraction of a second is written.
    pub fraction: Fraction,
    /// What follows the time.
    pub zone: Zone,
}

impl MomentFormat {
    /// Every format whose text states UTC, or every one whose text states no zone.
    pub fn all(states_utc: bool) -> impl Iterator<Item = Self> {
        let zones: &[Zone] = if states_utc {
            &[Zone::Z, Zone::PlusZero]
        } else {
            &[Zone::None]
        };
        Fraction::ALL.into_iter().flat_map(move |fraction| {
            [false, true].into_iter().flat_map(move |t_separator| {
                zones.iter().map(move |zone| Self {
                    t_separator,
                    fraction,
                    zone: *zone,
                })
            })
        })
    }

    /// Whether the text itself says UTC.
    pub fn states_utc(self) -> bool {
        self.zone != Zone::None
    }

    /// The same format where mappings of own tables have it.
    pub fn of_own_tables(self) -> Option<TimestampFormat> {
        match self.fraction {
            Fraction::Fixed(fraction_digits) => Some(TimestampFormat {
                t_separator: self.t_separator,
                fraction_digits,
                zone: self.zone,
            }),
            Fraction::SixOrNone | Fraction::Trimmed => None,
        }
    }

    const fn to_the_second(self) -> TimestampFormat {
        TimestampFormat {
            t_separator: self.t_separator,
            fraction_digits: 0,
            zone: Zone::None,
        }
    }

    const fn suffix(self) -> &'static str {
        match self.zone {
            Zone::None => "",
            Zone::Z => "Z",
            Zone::PlusZero => "+00:00",
        }
    }

    /// Microseconds since 2000-01-01 00:00:00, if the text is of this format.
    pub fn parse(self, text: &str) -> Option<i64> {
        let text = text.strip_suffix(self.suffix())?;
        let (seconds, fraction) = text.split_at_checked(SECONDS_LENGTH)?;
        // Most texts of another format fail here, at little cost.
        let fraction = self.fraction.parse(fraction)?;
        Some(self.to_the_second().parse(seconds)? + fraction)
    }

    /// Writes the timestamp back as text; `None` beyond the years 0001 to 9999 or finer than the format.
    pub fn write(self, microseconds: i64, text: &mut String) -> Option<()> {
        let fraction = microseconds.rem_euclid(MICROSECONDS_PER_SECOND);
        self.to_the_second()
            .write(microseconds.checked_sub(fraction)?, text)?;
        self.fraction.write(fraction, text)?;
        text.push_str(self.suffix());
        Some(())
    }
}

impl fmt::Display for MomentFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.to_the_second(), self.fraction, self.suffix())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_gives_back_what_it_reads() {
        let mut texts = Vec::new();
        for day in ["0001-01-01", "2024-02-29", "9999-12-31"] {
            for separator in [" ", "T"] {
                for fraction in ["", ".5", ".120", ".123", ".000000", ".123456", ".1234567"] {
                    for zone in ["", "Z", "+00:00", "+01:00"] {
                        texts.push(format!("{day}{separator}23:59:59{fraction}{zone}"));
                    }
                }
            }
        }
        let (mut read, mut back) = (0, String::new());
        for format in MomentFormat::all(true).chain(MomentFormat::all(false)) {
            for text in &texts {
                if let Some(microseconds) = format.parse(text) {
                    read += 1;
                    format.write(microseconds, &mut back).unwrap();
                    assert_eq!(back, *text, "{format}");
                }
            }
        }
        assert!(read > 150, "{read}");
    }

    #[test]
    fn formats_of_own_tables_mean_the_same() {
        let text = "2024-01-01 10:00:00.123";
        for format in MomentFormat::all(false) {
            if let Some(own) = format.of_own_tables() {
                assert_eq!(own.parse(text), format.parse(text));
                assert_eq!(own.to_string(), format.to_string());
            }
        }
    }

    #[test]
    fn an_optional_fraction_is_never_zero() {
        let python = MomentFormat {
            t_separator: false,
            fraction: Fraction::SixOrNone,
            zone: Zone::None,
        };
        assert_eq!(python.to_string(), "YYYY-MM-DD HH:MM:SS[.ffffff]");
        assert_eq!(python.parse("2000-01-01 00:00:01"), Some(1_000_000));
        assert_eq!(python.parse("2000-01-01 00:00:00.000001"), Some(1));
        assert_eq!(python.parse("1999-12-31 23:59:59.999999"), Some(-1));
        assert_eq!(python.parse("2000-01-01 00:00:00.000000"), None);
        assert_eq!(python.parse("2000-01-01 00:00:00.5"), None);
        assert_eq!(python.parse("2000-01-01 00:00:0\u{e9}"), None);
    }
}
