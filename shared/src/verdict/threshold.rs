//! One limit on one signal, with its side: whether the limit itself counts is part of the data.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::unit::Unit;

/// A limit that a value passes or does not. In a file it reads `{ above = 0.01 }`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// Passed by values greater than the limit.
    Above(f64),
    /// Passed by the limit and greater values.
    AtLeast(f64),
    /// Passed by values smaller than the limit.
    Below(f64),
    /// Passed by the limit and smaller values.
    AtMost(f64),
}

impl Threshold {
    /// Whether `value` passes. NaN passes nothing.
    #[must_use]
    pub fn is_passed_by(self, value: f64) -> bool {
        match self {
            Self::Above(limit) => value > limit,
            Self::AtLeast(limit) => value >= limit,
            Self::Below(limit) => value < limit,
            Self::AtMost(limit) => value <= limit,
        }
    }

    /// The limit itself.
    #[must_use]
    pub fn limit(self) -> f64 {
        match self {
            Self::Above(limit) | Self::AtLeast(limit) | Self::Below(limit) | Self::AtMost(limit) => limit,
        }
    }

    /// The comparison and the limit as a person reads them, such as `> 1 %`.
    #[must_use]
    pub fn show(self, unit: Unit) -> String {
        if unit == Unit::Servers {
            // "more than one server" is said by its name.
            return "multi-server".to_owned();
        }
        format!("{self} {}", unit.show(self.limit()))
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Above(_) => ">",
            Self::AtLeast(_) => ">=",
            Self::Below(_) => "<",
            Self::AtMost(_) => "<=",
        })
    }
}
