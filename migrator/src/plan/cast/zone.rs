//! Time zones by name, for texts that state none.
//!
//! The rules are those of the tz database that is built into the program, so that two machines agree. A zone is
//! kept for the life of the program once it was named, which makes casts small and cheap to copy.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use jiff::civil::{DateTime, date};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// Microseconds from 1970 to 2000, where Postgres begins to count.
const POSTGRES_EPOCH_MICROSECONDS: i64 = 946_684_800_000_000;
/// Where Postgres begins to count, as a wall clock shows it.
const EPOCH: DateTime = date(2000, 1, 1).at(0, 0, 0, 0);
/// Hours by which a zone may differ from UTC; Postgres takes no more in an offset.
const OFFSET_HOURS_MAX: i32 = 15;

/// Every zone named so far.
static ZONES: Mutex<Vec<&'static Zone>> = Mutex::new(Vec::new());

#[derive(Debug)]
struct Zone {
    name: String,
    rules: TimeZone,
    is_utc: bool,
}

/// A zone by its name: `UTC`, one of the tz database, or an offset `+05:30`.
#[derive(Debug, Clone, Copy)]
pub struct ZoneRef(&'static Zone);

impl ZoneRef {
    /// The zone of this name.
    pub fn named(name: &str) -> Option<Self> {
        let (name, rules) = read(name)?;
        let mut zones = ZONES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(zone) = zones.iter().find(|zone| zone.name == name) {
            return Some(Self(zone));
        }
        let is_utc = name == "UTC";
        let zone: &'static Zone = Box::leak(Box::new(Zone { name, rules, is_utc }));
        zones.push(zone);
        Some(Self(zone))
    }

    /// Its name as identifiers carry it.
    pub fn name(self) -> &'static str {
        &self.0.name
    }

    /// The moment at which its clocks show this, both in microseconds since 2000. None if they skip it, or show it
    /// twice.
    pub fn moment_of(self, local: i64) -> Option<i64> {
        if self.0.is_utc {
            return Some(local);
        }
        let clock = EPOCH.checked_add(SignedDuration::from_micros(local)).ok()?;
        let moment = self.0.rules.to_ambiguous_timestamp(clock).unambiguous().ok()?;
        Some(moment.as_microsecond() - POSTGRES_EPOCH_MICROSECONDS)
    }

    /// What its clocks show at a moment. None if they show it twice: [`Self::moment_of`] never gives such a moment.
    pub fn local_of(self, moment: i64) -> Option<i64> {
        if self.0.is_utc {
            return Some(moment);
        }
        let timestamp = Timestamp::from_microsecond(moment.checked_add(POSTGRES_EPOCH_MICROSECONDS)?).ok()?;
        let offset = i64::from(self.0.rules.to_offset(timestamp).seconds());
        let local = moment.checked_add(offset * 1_000_000)?;
        (self.moment_of(local) == Some(moment)).then_some(local)
    }
}

/// Two of the same name are the same.
impl PartialEq for ZoneRef {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for ZoneRef {}

impl Hash for ZoneRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

impl fmt::Display for ZoneRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The rules of a zone, with its name in one spelling.
fn read(name: &str) -> Option<(String, TimeZone)> {
    if name.eq_ignore_ascii_case("UTC") || name == "Z" {
        return Some(("UTC".to_owned(), TimeZone::UTC));
    }
    if name.starts_with(['+', '-']) {
        let seconds = offset_seconds(name)?;
        if seconds == 0 {
            return Some(("UTC".to_owned(), TimeZone::UTC));
        }
        let (sign, size) = (if seconds < 0 { '-' } else { '+' }, seconds.abs());
        let mut name = format!("{sign}{:02}:{:02}", size / 3600, size / 60 % 60);
        if size % 60 != 0 {
            name.push_str(&format!(":{:02}", size % 60));
        }
        return Some((name, TimeZone::fixed(Offset::from_seconds(seconds).ok()?)));
    }
    // The machine's own zone and the unknown one are names of no place.
    let rules = TimeZone::get(name).ok()?;
    let name = rules.iana_name()?.to_owned();
    (!rules.is_unknown()).then_some((name, rules))
}

/// Seconds of `±HH`, `±HHMM`, `±HH:MM` or `±HH:MM:SS`, east of Greenwich positive.
pub fn offset_seconds(text: &str) -> Option<i32> {
    let (negative, rest) = match text.as_bytes() {
        [b'+', rest @ ..] => (false, rest),
        [b'-', rest @ ..] => (true, rest),
        _ => return None,
    };
    let (hours, minutes, seconds) = match rest {
        [_, _] => (rest, &b"00"[..], &b"00"[..]),
        [_, _, b':', _, _] => (&rest[..2], &rest[3..], &b"00"[..]),
        [_, _, _, _] => (&rest[..2], &rest[2..], &b"00"[..]),
        [_, _, b':', _, _, b':', _, _] => (&rest[..2], &rest[3..5], &rest[6..]),
        _ => return None,
    };
    let (hours, minutes, seconds) = (pair(hours)?, pair(minutes)?, pair(seconds)?);
    if hours > OFFSET_HOURS_MAX || minutes > 59 || seconds > 59 {
        return None;
    }
    let total = hours * 3600 + minutes * 60 + seconds;
    Some(if negative { -total } else { total })
}

fn pair(digits: &[u8]) -> Option<i32> {
    match digits {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            Some(i32::from(tens - b'0') * 10 + i32::from(ones - b'0'))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::text_time::TimestampFormat;

    fn micros(text: &str) -> i64 {
        TimestampFormat::SQLITE.parse(text).unwrap()
    }

    #[test]
    fn a_name_has_one_spelling() {
        for (name, expected) in [
            ("utc", "UTC"),
            ("Z", "UTC"),
            ("+00:00", "UTC"),
            ("-00", "UTC"),
            ("europe/berlin", "Europe/Berlin"),
            ("+0530", "+05:30"),
            ("-02:30:15", "-02:30:15"),
        ] {
            assert_eq!(ZoneRef::named(name).map(ZoneRef::name), Some(expected), "{name}");
        }
        assert_eq!(ZoneRef::named("Europe/Berlin"), ZoneRef::named("EUROPE/BERLIN"));
        for name in [
            "",
            "Nowhere/Land",
            "+16:00",
            "+5",
            "+05:60",
            "05:30",
            "local",
            "CEST",
        ] {
            assert!(ZoneRef::named(name).is_none(), "{name}");
        }
    }

    #[test]
    fn clocks_that_jump_are_refused() {
        let berlin = ZoneRef::named("Europe/Berlin").unwrap();
        assert_eq!(
            berlin.moment_of(micros("2024-07-01 12:00:00")),
            Some(micros("2024-07-01 10:00:00"))
        );
        assert_eq!(
            berlin.moment_of(micros("2024-01-01 12:00:00")),
            Some(micros("2024-01-01 11:00:00"))
        );
        // Skipped in March, shown twice in October.
        assert_eq!(berlin.moment_of(micros("2024-03-31 02:30:00")), None);
        assert_eq!(berlin.moment_of(micros("2024-10-27 02:30:00")), None);
        assert_eq!(berlin.local_of(micros("2024-10-27 00:30:00")), None);
        assert_eq!(berlin.local_of(micros("2024-10-27 01:30:00")), None);
        assert_eq!(
            berlin.local_of(micros("2024-10-27 02:00:00")),
            Some(micros("2024-10-27 03:00:00"))
        );
        assert_eq!(ZoneRef::named("UTC").unwrap().moment_of(i64::MIN), Some(i64::MIN));
        assert_eq!(berlin.local_of(i64::MAX), None);
    }

    #[test]
    fn fixed_offsets_have_no_jumps() {
        let east = ZoneRef::named("+05:30").unwrap();
        let local = micros("2024-03-31 02:30:00");
        assert_eq!(east.moment_of(local), Some(micros("2024-03-30 21:00:00")));
        assert_eq!(east.local_of(micros("2024-03-30 21:00:00")), Some(local));
    }
}
