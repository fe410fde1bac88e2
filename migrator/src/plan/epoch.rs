//! Moments counted since 1970-01-01 00:00:00 UTC, and how Postgres counts them.
//!
//! Every conversion is exact or refused: a moment that lies between two units, or beyond what a timestamp of
//! Postgres holds, is none.

use std::fmt;

/// Seconds from 1970-01-01 to 2000-01-01, from which Postgres counts.
const POSTGRES_EPOCH_SECONDS: i64 = 946_684_800;
/// First and last moment of a timestamp in microseconds since 2000, `MIN_TIMESTAMP` and `END_TIMESTAMP` of
/// Postgres' `timestamp.h`; the last one is no longer a moment.
const RANGE: std::ops::Range<i64> = -211_813_488_000_000_000..9_223_371_331_200_000_000;

/// The unit of a moment counted since 1970-01-01 00:00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EpochUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
}

impl EpochUnit {
    /// Every unit, the largest first.
    pub const ALL: [Self; 3] = [Self::Seconds, Self::Milliseconds, Self::Microseconds];

    /// How many of it make a second.
    pub const fn per_second(self) -> i64 {
        match self {
            Self::Seconds => 1,
            Self::Milliseconds => 1000,
            Self::Microseconds => 1_000_000,
        }
    }

    const fn microseconds(self) -> i64 {
        1_000_000 / self.per_second()
    }

    /// Microseconds since 2000, as Postgres has them.
    pub fn to_postgres(self, moment: i64) -> Option<i64> {
        let since_1970 = moment.checked_mul(self.microseconds())?;
        let since_2000 = since_1970.checked_sub(POSTGRES_EPOCH_SECONDS * 1_000_000)?;
        RANGE.contains(&since_2000).then_some(since_2000)
    }

    /// The moment in this unit, if it is a whole one.
    pub fn from_postgres(self, microseconds: i64) -> Option<i64> {
        let since_1970 = microseconds.checked_add(POSTGRES_EPOCH_SECONDS * 1_000_000)?;
        let whole = since_1970 % self.microseconds() == 0 && RANGE.contains(&microseconds);
        whole.then(|| since_1970 / self.microseconds())
    }
}

impl fmt::Display for EpochUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_epochs_are_thirty_years_apart() {
        for unit in EpochUnit::ALL {
            assert_eq!(
                unit.to_postgres(POSTGRES_EPOCH_SECONDS * unit.per_second()),
                Some(0)
            );
            assert_eq!(unit.to_postgres(0), Some(-946_684_800_000_000));
        }
    }

    #[test]
    fn moments_beyond_postgres_or_between_units_are_none() {
        assert_eq!(EpochUnit::Seconds.to_postgres(i64::MAX), None);
        assert_eq!(EpochUnit::Microseconds.to_postgres(i64::MIN), None);
        assert_eq!(EpochUnit::Seconds.from_postgres(1), None);
        assert_eq!(EpochUnit::Seconds.from_postgres(i64::MAX), None);
        assert_eq!(EpochUnit::Seconds.from_postgres(i64::MIN), None);
    }

    proptest! {
        #[test]
        fn what_goes_there_comes_back(moment: i64, small in -10_000_000_000_i64..10_000_000_000) {
            for unit in EpochUnit::ALL {
                for moment in [moment, small] {
                    if let Some(there) = unit.to_postgres(moment) {
                        prop_assert_eq!(unit.from_postgres(there), Some(moment));
                    }
                }
            }
        }
    }
}
