//! Moments and days: which values a cast takes for one, and how folded ones are written.

use outgrow_shared::value::Value;

use super::fraction::{Fraction, round_to};
use super::model::{Normal, Outcome};
pub use super::moment_format::MomentFormat;
use super::moment_spelling::Spelled;
use super::zone::ZoneRef;
use crate::plan::epoch::EpochUnit;
use crate::plan::text_time::{Zone, write_day};

const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;
/// How folded wall times come back.
pub const NORMAL_WALL: MomentFormat = MomentFormat {
    t_separator: false,
    fraction: Fraction::Fixed(6),
    zone: Zone::None,
};
/// How folded moments come back.
pub const NORMAL_MOMENT: MomentFormat = MomentFormat {
    zone: Zone::PlusZero,
    ..NORMAL_WALL
};

/// A folded moment or day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folded {
    /// Microseconds since 2000-01-01 00:00:00.
    pub microseconds: i64,
    /// Whether the value was finer.
    pub rounded: bool,
}

/// What a TEXT of one format states, zone or none.
pub fn of_format(value: &Value<'_>, format: MomentFormat) -> Option<i64> {
    match value {
        Value::Text(text) => format.parse(text),
        _ => None,
    }
}

/// The moment of a TEXT that states no zone.
pub fn of_local_format(value: &Value<'_>, format: MomentFormat, zone: ZoneRef) -> Option<i64> {
    zone.moment_of(of_format(value, format)?)
}

/// The moment that an INTEGER counts, if it comes back as the same number.
pub fn of_integer(value: &Value<'_>, unit: EpochUnit) -> Option<i64> {
    match value {
        Value::Integer(integer) => unit.to_postgres(*integer),
        _ => None,
    }
}

fn spelled(value: &Value<'_>) -> Option<Spelled> {
    match value {
        Value::Text(text) => Spelled::parse(text),
        _ => None,
    }
}

/// The wall time of a TEXT: what it shows, which has to be UTC if it states a zone.
pub fn any_timestamp(value: &Value<'_>, digits: u8) -> Option<Folded> {
    let spelled = spelled(value)?;
    matches!(spelled.offset, None | Some(0)).then(|| folded(spelled.local, digits, spelled.rounded))
}

/// The moment of a TEXT, in this zone if it states none.
pub fn any_timestamptz(value: &Value<'_>, zone: ZoneRef, digits: u8) -> Option<Folded> {
    let spelled = spelled(value)?;
    let moment = match spelled.moment() {
        Some(moment) => moment,
        None => zone.moment_of(spelled.local)?,
    };
    Some(folded(moment, digits, spelled.rounded))
}

fn folded(microseconds: i64, digits: u8, rounded: bool) -> Folded {
    let near = round_to(digits, microseconds);
    Folded {
        microseconds: near.count,
        rounded: rounded || near.rounded,
    }
}

/// The day of a TEXT, days since 2000; midnights are days too. What states another zone than UTC is none.
pub fn any_date(value: &Value<'_>) -> Option<i32> {
    let spelled = spelled(value)?;
    let is_day = matches!(spelled.offset, None | Some(0))
        && spelled.local % MICROSECONDS_PER_DAY == 0
        && !spelled.rounded;
    is_day
        .then(|| i32::try_from(spelled.local / MICROSECONDS_PER_DAY).ok())
        .flatten()
}

pub(super) fn any_timestamp_outcome(value: &Value<'_>, digits: u8, text: &mut String) -> Option<Outcome> {
    written(any_timestamp(value, digits)?, NORMAL_WALL, text)
}

pub(super) fn any_timestamptz_outcome(
    value: &Value<'_>,
    zone: ZoneRef,
    digits: u8,
    text: &mut String,
) -> Option<Outcome> {
    written(any_timestamptz(value, zone, digits)?, NORMAL_MOMENT, text)
}

fn written(folded: Folded, format: MomentFormat, text: &mut String) -> Option<Outcome> {
    format.write(folded.microseconds, text)?;
    Some(Outcome::of(Normal::Text).rounded_if(folded.rounded))
}

pub(super) fn any_date_outcome(value: &Value<'_>, text: &mut String) -> Option<Outcome> {
    write_day(any_date(value)?, text)?;
    Some(Outcome::of(Normal::Text))
}

#[cfg(test)]
#[path = "moment_tests.rs"]
mod tests;
