//! What the texts of a column declared as date or time look like, each looked at once.
//!
//! It agrees with `plan::text_time` on every format that module reads; a property test holds them together.
//! The rest is told apart only as far as it helps a person to find the odd rows.

use crate::plan::text_time::{TimestampFormat, Zone};

/// Rows named as examples of each kind; a person looks at no more.
const SAMPLES_MAX: u64 = 3;
const KINDS: usize = 24;

/// What a text of a temporal column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeText {
    /// A timestamp in a format that can be given back letter for letter.
    Timestamp(TimestampFormat),
    /// `YYYY-MM-DD`.
    Date,
    /// A timestamp with an offset from UTC other than `Z` and `+00:00`.
    Offset,
    /// No character at all.
    Empty,
    /// `0000-00-00`, alone or with a time: MySQL's word for no date.
    ZeroDate,
    /// `now` or `current_timestamp` in words, which SQLite takes for a time only inside its functions.
    Now,
    /// Anything else.
    Other,
}

impl TimeText {
    /// What this text is.
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        match bytes.len() {
            0 => return Self::Empty,
            3 if text.eq_ignore_ascii_case("now") => return Self::Now,
            12 | 17 if is_current(text) => return Self::Now,
            _ => {}
        }
        match (bytes.get(..10).map(date), bytes.get(10..)) {
            (Some(Some(Day::Real)), Some([])) => Self::Date,
            (Some(Some(Day::Real)), Some(rest)) => timestamp(rest),
            (Some(Some(Day::Zero)), Some(rest)) if rest.is_empty() || time(rest).is_some() => Self::ZeroDate,
            _ => Self::Other,
        }
    }

    /// The name a person knows it by.
    pub fn name(self) -> String {
        match self {
            Self::Timestamp(format) => format.to_string(),
            Self::Date => "YYYY-MM-DD".to_owned(),
            Self::Offset => "with an offset from UTC".to_owned(),
            Self::Empty => "empty".to_owned(),
            Self::ZeroDate => "0000-00-00".to_owned(),
            Self::Now => "the word now".to_owned(),
            Self::Other => "no date or time".to_owned(),
        }
    }

    fn index(self) -> usize {
        match self {
            Self::Timestamp(format) => {
                let fraction = usize::from(format.fraction_digits / 3);
                let zone = match format.zone {
                    Zone::None => 0,
                    Zone::Z => 1,
                    Zone::PlusZero => 2,
                };
                usize::from(format.t_separator) * 9 + fraction * 3 + zone
            }
            Self::Date => 18,
            Self::Offset => 19,
            Self::Empty => 20,
            Self::ZeroDate => 21,
            Self::Now => 22,
            Self::Other => 23,
        }
    }

    /// Every kind, at the place of its index.
    fn all() -> impl Iterator<Item = Self> {
        TimestampFormat::all().map(Self::Timestamp).chain([
            Self::Date,
            Self::Offset,
            Self::Empty,
            Self::ZeroDate,
            Self::Now,
            Self::Other,
        ])
    }
}

/// Counts of each kind.
#[derive(Debug, Clone, Default)]
pub struct TimeTexts {
    counts: [u64; KINDS],
    samples: [Vec<String>; KINDS],
}

/// The texts of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeTextCount<'a> {
    /// What they look like.
    pub kind: TimeText,
    /// How many.
    pub rows: u64,
    /// The first of them.
    pub samples: &'a [String],
}

impl TimeTexts {
    pub(super) fn count(&mut self, text: &str, key: impl Fn() -> String) {
        let kind = TimeText::of(text).index();
        self.counts[kind] += 1;
        if self.counts[kind] <= SAMPLES_MAX {
            self.samples[kind].push(key());
        }
    }

    /// The kinds that occur, the most frequent first.
    pub fn kinds(&self) -> Vec<TimeTextCount<'_>> {
        let mut kinds: Vec<_> = TimeText::all()
            .map(|kind| TimeTextCount {
                kind,
                rows: self.counts[kind.index()],
                samples: &self.samples[kind.index()],
            })
            .filter(|counted| counted.rows > 0)
            .collect();
        kinds.sort_by_key(|counted| std::cmp::Reverse(counted.rows));
        kinds
    }

    /// The kind of every text, if it is one and there is any text.
    pub fn only(&self) -> Option<TimeText> {
        match self.kinds().as_slice() {
            [only] => Some(only.kind),
            _ => None,
        }
    }
}

fn is_current(text: &str) -> bool {
    text.eq_ignore_ascii_case("current_timestamp")
        || text.eq_ignore_ascii_case("current_date")
        || text.eq_ignore_ascii_case("current_time")
}

enum Day {
    Real,
    Zero,
}

/// A day of the proleptic Gregorian calendar, years 0001 to 9999, or the zero date.
fn date(bytes: &[u8]) -> Option<Day> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *bytes else {
        return None;
    };
    let year = two(y0, y1)? * 100 + two(y2, y3)?;
    let (month, day) = (two(m0, m1)?, two(d0, d1)?);
    if (year, month, day) == (0, 0, 0) {
        return Some(Day::Zero);
    }
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    (year >= 1 && (1..=days).contains(&day)).then_some(Day::Real)
}

/// What follows the date: whether `T` separates, and what follows the seconds.
fn time(rest: &[u8]) -> Option<(bool, &[u8])> {
    let (clock, after) = rest.split_at_checked(9)?;
    let [separator, h0, h1, b':', m0, m1, b':', s0, s1] = *clock else {
        return None;
    };
    let t_separator = match separator {
        b'T' => true,
        b' ' => false,
        _ => return None,
    };
    (two(h0, h1)? <= 23 && two(m0, m1)? <= 59 && two(s0, s1)? <= 59).then_some((t_separator, after))
}

fn timestamp(rest: &[u8]) -> TimeText {
    let Some((t_separator, after)) = time(rest) else {
        return TimeText::Other;
    };
    let digits = match after {
        [b'.', fraction @ ..] => fraction.iter().take_while(|b| b.is_ascii_digit()).count(),
        _ => 0,
    };
    let after = &after[if digits == 0 { 0 } else { digits + 1 }..];
    let zone = match after {
        b"" => Zone::None,
        b"Z" => Zone::Z,
        b"+00:00" => Zone::PlusZero,
        [b'+' | b'-', h0, h1, rest @ ..] if two(*h0, *h1).is_some() && is_minutes(rest) => {
            return TimeText::Offset;
        }
        _ => return TimeText::Other,
    };
    match digits {
        0 | 3 | 6 => TimeText::Timestamp(TimestampFormat {
            t_separator,
            fraction_digits: if digits == 0 {
                0
            } else if digits == 3 {
                3
            } else {
                6
            },
            zone,
        }),
        _ => TimeText::Other,
    }
}

/// The minutes of an offset: none, `MM` or `:MM`.
fn is_minutes(rest: &[u8]) -> bool {
    match *rest {
        [] => true,
        [m0, m1] | [b':', m0, m1] => two(m0, m1).is_some(),
        _ => false,
    }
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| u32::from(tens) * 10 + u32::from(ones))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::text_time::parse_day;

    #[test]
    fn every_kind_has_its_own_place() {
        let kinds: Vec<TimeText> = TimeText::all().collect();
        assert_eq!(kinds.len(), KINDS);
        for (place, kind) in kinds.iter().enumerate() {
            assert_eq!(kind.index(), place, "{kind:?}");
        }
    }

    #[test]
    fn texts_are_told_apart() {
        let table = [
            ("", TimeText::Empty),
            ("now", TimeText::Now),
            ("CURRENT_TIMESTAMP", TimeText::Now),
            ("current_date", TimeText::Now),
            ("0000-00-00", TimeText::ZeroDate),
            ("0000-00-00 00:00:00", TimeText::ZeroDate),
            ("0000-00-01", TimeText::Other),
            ("2024-02-29", TimeText::Date),
            ("2023-02-29", TimeText::Other),
            ("1900-02-29", TimeText::Other),
            ("2000-02-29", TimeText::Date),
            ("2024-02-29T10:00:00+01:00", TimeText::Offset),
            ("2024-02-29 10:00:00.1234-0530", TimeText::Offset),
            ("2024-02-29 10:00:00+00", TimeText::Offset),
            ("2024-02-29 10:00:00.1234567", TimeText::Other),
            ("2024-02-29 10:00:00.", TimeText::Other),
            ("2024-02-29 10:00", TimeText::Other),
            ("2024-02-29 ", TimeText::Other),
            ("nope", TimeText::Other),
        ];
        for (text, expected) in table {
            assert_eq!(TimeText::of(text), expected, "{text:?}");
        }
    }

    #[test]
    fn kinds_come_most_frequent_first_with_few_samples() {
        let mut texts = TimeTexts::default();
        assert_eq!(texts.only(), None);
        for row in 0..5 {
            texts.count("2024-01-01T00:00:00Z", || format!("row {row}"));
        }
        assert!(matches!(texts.only(), Some(TimeText::Timestamp(format)) if format.zone == Zone::Z));
        texts.count("", || "row 5".to_owned());
        assert_eq!(texts.only(), None);
        let kinds = texts.kinds();
        assert_eq!((kinds[0].rows, kinds[0].samples.len()), (5, 3));
        assert_eq!(
            (kinds[1].kind, kinds[1].samples),
            (TimeText::Empty, &["row 5".to_owned()][..])
        );
    }

    proptest! {
        #[test]
        fn it_reads_what_the_plan_reads(
            date in "[0-2][0-9]{3}-[01][0-9]-[0-3][0-9]",
            time in "([ T][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,7})?(Z|\\+00:00|[+-]0[0-9]:?30)?)?",
            odd in proptest::option::of((0_usize..26, any::<char>())),
        ) {
            let mut text = date + &time;
            if let Some((place, character)) = odd
                && let Some((place, _)) = text.char_indices().nth(place)
            {
                text.replace_range(place..=place, &character.to_string());
            }
            let read = TimestampFormat::all().find(|format| format.parse(&text).is_some());
            let expected = match TimeText::of(&text) {
                TimeText::Timestamp(format) => Some(format),
                _ => None,
            };
            prop_assert_eq!(expected, read, "{:?}", text);
            prop_assert_eq!(TimeText::of(&text) == TimeText::Date, parse_day(&text).is_some(), "{:?}", text);
        }
    }
}
