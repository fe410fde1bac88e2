//! REAL that counts time: seconds since 1970, as Python's `time.time()`, or Julian days, as SQLite's `julianday()`.

use std::fmt;

use outgrow_shared::value::Value;

use super::fraction::{Microseconds, round_to};
use super::model::{Normal, Outcome};
use crate::plan::epoch::EpochUnit;

const MICROSECONDS_PER_SECOND: f64 = 1e6;
const MICROSECONDS_PER_DAY: f64 = 86_400e6;
/// Seconds from 1970 to 2000.
const POSTGRES_EPOCH_SECONDS: f64 = 946_684_800.0;
/// The Julian day of 2000-01-01 00:00:00.
const JULIAN_2000: f64 = 2_451_544.5;
/// Microseconds beyond which binary64 does not tell each from the next; that is about the year 2255.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
/// Microseconds of SQLite's own precision.
const MILLISECOND: i64 = 1000;

/// What a REAL counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RealUnit {
    /// Seconds since 1970-01-01 00:00:00 UTC.
    Seconds,
    /// Julian days of UTC.
    JulianDays,
}

/// A cast of REAL into moments or wall times of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RealMoment {
    /// What it counts.
    pub unit: RealUnit,
    /// Whether the column has time zones.
    pub with_zone: bool,
    /// The column's digits of a second, if finer numbers are rounded to them; without, they are refused.
    pub rounded_to: Option<u8>,
}

impl RealMoment {
    /// Whether finer numbers are rounded.
    pub const fn rounds(self) -> bool {
        self.rounded_to.is_some()
    }

    /// The moment in microseconds since 2000.
    pub fn read(self, value: &Value<'_>) -> Option<Microseconds> {
        let Value::Real(real) = value else { return None };
        let nearest = self.unit.nearest(*real)?;
        let comes_back = |count: i64| {
            self.unit
                .number(count)
                .is_some_and(|back| back.to_bits() == real.to_bits())
        };
        let Some(digits) = self.rounded_to else {
            return comes_back(nearest).then_some(Microseconds {
                count: nearest,
                rounded: false,
            });
        };
        let count = round_to(digits, nearest).count;
        Some(Microseconds {
            count,
            rounded: !comes_back(count),
        })
    }

    pub(super) fn outcome(self, value: &Value<'_>) -> Option<Outcome> {
        let read = self.read(value)?;
        let normal = self.unit.number(read.count)?;
        Some(Outcome::of(Normal::Real(normal)).rounded_if(read.rounded))
    }
}

impl RealUnit {
    /// The number that counts a moment given in microseconds since 2000; none where it would not be exact.
    pub fn number(self, microseconds: i64) -> Option<f64> {
        let in_range = EpochUnit::Microseconds.from_postgres(microseconds)?;
        match self {
            Self::Seconds => exact(in_range).map(|count| count / MICROSECONDS_PER_SECOND),
            Self::JulianDays => exact(microseconds).map(|count| count / MICROSECONDS_PER_DAY + JULIAN_2000),
        }
    }

    /// The moment nearest to a number.
    fn nearest(self, real: f64) -> Option<i64> {
        match self {
            // Postgres subtracts first too, in its to_timestamp().
            Self::Seconds => whole((real - POSTGRES_EPOCH_SECONDS) * MICROSECONDS_PER_SECOND),
            Self::JulianDays => {
                let nearest = whole((real - JULIAN_2000) * MICROSECONDS_PER_DAY)?;
                // SQLite counts in milliseconds, but a Julian day as binary64 is only exact to 40 microseconds.
                let near = (nearest + MILLISECOND / 2).div_euclid(MILLISECOND) * MILLISECOND;
                let same = self
                    .number(near)
                    .is_some_and(|back| back.to_bits() == real.to_bits());
                Some(if same { near } else { nearest })
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "the bound is checked")]
fn exact(count: i64) -> Option<f64> {
    let count = count as f64;
    (count.abs() <= EXACT_MAX).then_some(count)
}

fn whole(count: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "the bound is checked")]
    let rounded = count.round_ties_even() as i64;
    (count.abs() <= EXACT_MAX).then_some(rounded)
}

impl fmt::Display for RealMoment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.with_zone {
            "timestamptz("
        } else {
            "timestamp("
        })?;
        f.write_str(match self.unit {
            RealUnit::Seconds => "s",
            RealUnit::JulianDays => "julian",
        })?;
        if let Some(digits) = self.rounded_to {
            write!(f, ",{digits}")?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cast(unit: RealUnit, rounded_to: Option<u8>) -> RealMoment {
        RealMoment {
            unit,
            with_zone: true,
            rounded_to,
        }
    }

    #[test]
    fn seconds_come_back_or_are_rounded() {
        let exact = cast(RealUnit::Seconds, None);
        let read = |real| exact.read(&Value::Real(real)).map(|read| read.count);
        assert_eq!(read(946_684_800.0), Some(0));
        assert_eq!(read(1_700_000_000.123_456), Some(753_315_200_123_456));
        assert_eq!(read(1_700_000_000.123_456_7), None);
        assert_eq!(read(-0.0), None);
        assert_eq!(read(f64::INFINITY), None);
        assert_eq!(read(1e300), None);
        let rounding = cast(RealUnit::Seconds, Some(3));
        let near = rounding.read(&Value::Real(1_700_000_000.123_456)).unwrap();
        assert_eq!((near.count, near.rounded), (753_315_200_123_000, true));
        let whole = rounding.read(&Value::Real(1_700_000_000.5)).unwrap();
        assert_eq!((whole.count, whole.rounded), (753_315_200_500_000, false));
    }

    #[test]
    fn julian_days_of_sqlite_are_milliseconds() {
        let julian = cast(RealUnit::JulianDays, None);
        let read = |real| julian.read(&Value::Real(real)).map(|read| read.count);
        assert_eq!(read(2_451_544.5), Some(0));
        assert_eq!(read(2_451_545.0), Some(43_200_000_000));
        let database = rusqlite::Connection::open_in_memory().unwrap();
        for (text, milliseconds) in [
            ("2024-01-01 10:00:00.123", 757_418_400_123_i64),
            ("1999-12-31 23:59:59.999", -1),
        ] {
            let day: f64 = database
                .query_row("SELECT julianday(?)", [text], |row| row.get(0))
                .unwrap();
            assert_eq!(read(day), Some(milliseconds * 1000), "{text}");
        }
    }
}
