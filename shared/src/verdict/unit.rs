//! The unit of a signal: which values can exist at all, and how one reads in a sentence.
//!
//! Text from here is for people. Programs read the exact numbers beside it.

use serde::{Deserialize, Serialize};

/// Seconds in a minute, an hour and a day, as spans are shown.
const SPANS: [(f64, &str); 3] = [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min")];

/// Decimal sizes: thresholds are written in GB of 10^9 bytes, as disks are sold.
const SIZES: [(f64, &str); 4] = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];

/// The unit of a signal's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A share of a whole, 0 to 1; shown in percent.
    Ratio,
    /// Events per second.
    PerSecond,
    /// Bytes; shown in decimal multiples.
    Bytes,
    /// Seconds.
    Seconds,
    /// Days.
    Days,
    /// A number of things.
    Count,
    /// The number of servers that write: 1 is a single server.
    Servers,
    /// 1 for yes, 0 for no.
    YesNo,
}

impl Unit {
    /// Why `value` cannot be a measurement in this unit, or `None` when it can.
    pub(super) fn fault(self, value: f64) -> Option<String> {
        if value.is_nan() {
            Some("the value is NaN".to_owned())
        } else if value.is_infinite() {
            Some("the value is infinite".to_owned())
        } else if value < 0.0 {
            Some(format!("the value is negative ({value})"))
        } else if self == Self::Ratio && value > 1.0 {
            Some(format!("the value is more than 100 % ({value} as a ratio)"))
        } else {
            None
        }
    }

    /// `value` as a person reads it, such as `3.6 %`, `12.5 GB` or `5 min`.
    #[must_use]
    pub fn show(self, value: f64) -> String {
        if !value.is_finite() {
            return value.to_string();
        }
        match self {
            Self::Ratio => format!("{} %", short(value * 100.0)),
            Self::PerSecond => format!("{}/s", short(value)),
            Self::Bytes => scaled(value, &SIZES).unwrap_or_else(|| format!("{} B", short(value))),
            Self::Seconds if value > 0.0 && value < 1.0 => format!("{} ms", short(value * 1000.0)),
            Self::Seconds => scaled(value, &SPANS).unwrap_or_else(|| format!("{} s", short(value))),
            Self::Days => format!("{} d", short(value)),
            Self::Count => short(value),
            Self::Servers if value > 1.0 => "multi-server".to_owned(),
            Self::Servers => "single".to_owned(),
            Self::YesNo if value > 0.0 => "yes".to_owned(),
            Self::YesNo => "no".to_owned(),
        }
    }
}

/// `value` in the largest step it fills, if it fills one.
fn scaled(value: f64, steps: &[(f64, &str)]) -> Option<String> {
    let (size, word) = steps.iter().find(|(size, _)| value >= *size)?;
    Some(format!("{} {word}", short(value / size)))
}

/// At most three decimals, fewer for larger numbers, no trailing zeros.
fn short(value: f64) -> String {
    let decimals = match value.abs() {
        small if small < 10.0 => 3,
        middle if middle < 1000.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_people_write_them() {
        for (unit, value, text) in [
            (Unit::Ratio, 0.01, "1 %"),
            (Unit::Ratio, 0.010_01, "1.001 %"),
            (Unit::Ratio, 0.0, "0 %"),
            (Unit::PerSecond, 100.0, "100/s"),
            (Unit::PerSecond, 112.44, "112.4/s"),
            (Unit::Bytes, 999.0, "999 B"),
            (Unit::Bytes, 5e9, "5 GB"),
            (Unit::Bytes, 10_000_000_001.0, "10 GB"),
            (Unit::Seconds, 0.0, "0 s"),
            (Unit::Seconds, 0.5, "500 ms"),
            (Unit::Seconds, 2.0, "2 s"),
            (Unit::Seconds, 300.0, "5 min"),
            (Unit::Seconds, 5400.0, "1.5 h"),
            (Unit::Days, 6.5, "6.5 d"),
            (Unit::Count, 1234.0, "1234"),
            (Unit::Servers, 1.0, "single"),
            (Unit::Servers, 2.0, "multi-server"),
            (Unit::YesNo, 0.0, "no"),
            (Unit::Count, f64::NAN, "NaN"),
        ] {
            assert_eq!(unit.show(value), text, "{unit:?} {value}");
        }
    }

    #[test]
    fn nonsense_is_named() {
        for value in [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            -1.0,
            -f64::MIN_POSITIVE,
        ] {
            assert!(Unit::Count.fault(value).is_some(), "{value}");
        }
        assert!(Unit::Ratio.fault(1.0).is_none());
        assert!(Unit::Ratio.fault(1.0 + f64::EPSILON).is_some());
        assert!(Unit::Seconds.fault(1e9).is_none());
        assert!(Unit::Count.fault(-0.0).is_none());
    }
}
