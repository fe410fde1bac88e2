//! Numbers that may be moments: which unit since 1970 all integers are plausible in, and whether all reals are
//! Julian days or seconds.
//!
//! Plausible is a moment between 1990 and 2100. Zero is a habit for "never" and is set aside.

use std::ops::RangeInclusive;

use crate::plan::epoch::EpochUnit;

/// 1990-01-01 and 2100-01-01 in seconds since 1970.
const SECONDS: RangeInclusive<i64> = 631_152_000..=4_102_444_800;
/// The same two as Julian days.
const JULIAN_DAYS: RangeInclusive<f64> = 2_447_892.5..=2_488_069.5;

/// The unit in which both ends of a range of integers are plausible. The ranges do not overlap.
pub(super) fn epoch_unit(low: i64, high: i64) -> Option<EpochUnit> {
    EpochUnit::ALL.into_iter().find(|unit| {
        let unit = unit.per_second();
        *SECONDS.start() * unit <= low && high <= *SECONDS.end() * unit
    })
}

/// Whether both ends of a range of reals are plausible Julian days.
pub(super) fn are_julian_days(low: f64, high: f64) -> bool {
    JULIAN_DAYS.contains(&low) && JULIAN_DAYS.contains(&high)
}

/// Whether both ends of a range of reals are plausible seconds since 1970.
pub(super) fn are_epoch_seconds(low: f64, high: f64) -> bool {
    // Both bounds lie far below 2^53.
    #[expect(clippy::cast_precision_loss, reason = "exact")]
    let seconds = *SECONDS.start() as f64..=*SECONDS.end() as f64;
    seconds.contains(&low) && seconds.contains(&high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_at_both_ends() {
        let units = [
            (1, EpochUnit::Seconds),
            (1000, EpochUnit::Milliseconds),
            (1_000_000, EpochUnit::Microseconds),
        ];
        for (unit, expected) in units {
            let (low, high) = (SECONDS.start() * unit, SECONDS.end() * unit);
            assert_eq!(epoch_unit(low, high), Some(expected));
            assert_eq!(epoch_unit(low - 1, high), None);
            assert_eq!(epoch_unit(low, high + 1), None);
        }
        assert_eq!(epoch_unit(1_700_000_000, 1_700_000_000_000), None);
    }

    #[test]
    fn bounds_are_the_days_they_name() {
        let seconds = |date: jiff::civil::Date| date.duration_since(jiff::civil::date(1970, 1, 1)).as_secs();
        assert_eq!(*SECONDS.start(), seconds(jiff::civil::date(1990, 1, 1)));
        assert_eq!(*SECONDS.end(), seconds(jiff::civil::date(2100, 1, 1)));
        // 1970-01-01 00:00 is Julian day 2440587.5.
        for (seconds, day) in [
            (SECONDS.start(), JULIAN_DAYS.start()),
            (SECONDS.end(), JULIAN_DAYS.end()),
        ] {
            #[expect(clippy::cast_precision_loss, reason = "exact")]
            let expected = *seconds as f64 / 86_400.0 + 2_440_587.5;
            assert_eq!(day.to_bits(), expected.to_bits());
        }
    }

    #[test]
    fn reals() {
        assert!(are_julian_days(2_447_892.5, 2_460_000.0));
        assert!(!are_julian_days(2_447_892.4, 2_460_000.0));
        assert!(!are_julian_days(2_460_000.0, 2_488_069.6));
        assert!(are_epoch_seconds(631_152_000.0, 1.7e9));
        assert!(!are_epoch_seconds(631_151_999.9, 1.7e9));
        assert!(!are_epoch_seconds(1.7e9, 4_102_444_800.1));
    }
}
