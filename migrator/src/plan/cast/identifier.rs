//! The identifiers of casts, which the schema digest and the certificate carry. They never change their meaning.

use std::fmt;

use super::array::Element;
use super::decimal::Limit;
use super::fraction::{DIGITS_MAX, Fraction};
use super::model::{Cast, Width};
use super::moment_format::MomentFormat;
use super::real_moment::{RealMoment, RealUnit};
use super::zone::ZoneRef;
use crate::plan::epoch::EpochUnit;

impl fmt::Display for Width {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Smallint => "smallint",
            Self::Integer => "integer",
            Self::Bigint => "bigint",
        })
    }
}

impl fmt::Display for Cast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnyBoolean => f.write_str("any.boolean"),
            Self::RealWhole(width) => write!(f, "real.{width}"),
            Self::AnyWhole(width) => write!(f, "any.{width}"),
            Self::RealReal => f.write_str("real.real"),
            Self::AnyReal => f.write_str("any.real"),
            Self::AnyDouble => f.write_str("any.double"),
            Self::NumberNumeric(limit) => write!(f, "number.numeric{limit}"),
            Self::TextNumeric(limit) => write!(f, "text.numeric{limit}"),
            Self::AnyNumeric(limit) => write!(f, "any.numeric{limit}"),
            Self::EveryText => f.write_str("every.text"),
            Self::TextChar => f.write_str("text.char"),
            Self::AnyChar => f.write_str("any.char"),
            Self::TextUuidDigits => f.write_str("text.uuid(32hex)"),
            Self::TextUuidUpper => f.write_str("text.uuid(UPPER)"),
            Self::AnyUuid => f.write_str("any.uuid"),
            Self::AnyJson => f.write_str("any.json"),
            Self::AnyJsonb => f.write_str("any.jsonb"),
            Self::AnyDate => f.write_str("any.date"),
            Self::TextTime(fraction) => write!(f, "text.time(HH:MM:SS{fraction})"),
            Self::AnyTime(digits) => write!(f, "any.time{}", Digits(*digits)),
            Self::TextTimestamp(format) => write!(f, "text.timestamp({format})"),
            Self::TextTimestamptz(format) => write!(f, "text.timestamptz({format})"),
            Self::LocalTimestamptz(format, zone) => write!(f, "text.timestamptz({format},{zone})"),
            Self::IntegerTimestamp(unit) => write!(f, "integer.timestamp({unit})"),
            Self::RealMoment(moment) => write!(f, "real.{moment}"),
            Self::AnyTimestamp(digits) => write!(f, "any.timestamp{}", Digits(*digits)),
            Self::AnyTimestamptz(zone, DIGITS_MAX) => write!(f, "any.timestamptz({zone})"),
            Self::AnyTimestamptz(zone, digits) => write!(f, "any.timestamptz({zone},{digits})"),
            Self::IntegerInterval(unit) => write!(f, "integer.interval({unit})"),
            Self::AnyInterval(digits) => write!(f, "any.interval{}", Digits(*digits)),
            Self::TextInet => f.write_str("text.inet"),
            Self::AnyInet => f.write_str("any.inet"),
            Self::TextCidr => f.write_str("text.cidr"),
            Self::AnyCidr => f.write_str("any.cidr"),
            Self::TextEnum => f.write_str("text.enum"),
            Self::JsonArray(element) => write!(f, "json.array({element})"),
        }
    }
}

/// A column's digits of a second, left out where they are all that there can be.
struct Digits(u8);

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            DIGITS_MAX => Ok(()),
            digits => write!(f, "({digits})"),
        }
    }
}

impl Cast {
    /// The cast of an identifier.
    pub(in crate::plan) fn named(identifier: &str) -> Option<Self> {
        let (name, arguments) = match identifier.split_once('(') {
            Some((name, rest)) => (name, Some(rest.strip_suffix(')')?)),
            None => (identifier, None),
        };
        let cast = without_arguments(name).or_else(|| with_arguments(name, arguments))?;
        // Another spelling of the arguments would be another digest.
        (cast.to_string() == identifier).then_some(cast)
    }
}

fn without_arguments(name: &str) -> Option<Cast> {
    let plain = [
        Cast::AnyBoolean,
        Cast::RealReal,
        Cast::AnyReal,
        Cast::AnyDouble,
        Cast::EveryText,
        Cast::TextChar,
        Cast::AnyChar,
        Cast::AnyUuid,
        Cast::AnyJson,
        Cast::AnyJsonb,
        Cast::AnyDate,
        Cast::TextInet,
        Cast::AnyInet,
        Cast::TextCidr,
        Cast::AnyCidr,
        Cast::TextEnum,
    ];
    let real = Width::ALL.map(Cast::RealWhole);
    let any = Width::ALL.map(Cast::AnyWhole);
    let mut all = plain.into_iter().chain(real).chain(any);
    all.find(|cast| cast.to_string() == name)
}

fn with_arguments(name: &str, arguments: Option<&str>) -> Option<Cast> {
    match name {
        "number.numeric" => Limit::read(arguments).map(Cast::NumberNumeric),
        "text.numeric" => Limit::read(arguments).map(Cast::TextNumeric),
        "any.numeric" => Limit::read(arguments).map(Cast::AnyNumeric),
        "any.time" => digits(arguments).map(Cast::AnyTime),
        "any.timestamp" => digits(arguments).map(Cast::AnyTimestamp),
        "any.interval" => digits(arguments).map(Cast::AnyInterval),
        _ => with_one_argument(name, arguments?),
    }
}

fn with_one_argument(name: &str, argument: &str) -> Option<Cast> {
    let format = |states_utc: bool, text: &str| {
        MomentFormat::all(states_utc).find(|format| format.to_string() == text)
    };
    let unit = || {
        EpochUnit::ALL
            .into_iter()
            .find(|unit| unit.to_string() == argument)
    };
    match name {
        "text.uuid" => match argument {
            "32hex" => Some(Cast::TextUuidDigits),
            "UPPER" => Some(Cast::TextUuidUpper),
            _ => None,
        },
        "text.time" => {
            let fraction = argument.strip_prefix("HH:MM:SS")?;
            let mut all = Fraction::ALL.into_iter();
            all.find(|known| known.to_string() == fraction)
                .map(Cast::TextTime)
        }
        "text.timestamp" => format(false, argument)
            .or_else(|| format(true, argument))
            .map(Cast::TextTimestamp),
        "text.timestamptz" => match argument.split_once(',') {
            None => format(true, argument).map(Cast::TextTimestamptz),
            Some((text, zone)) => Some(Cast::LocalTimestamptz(
                format(false, text)?,
                ZoneRef::named(zone)?,
            )),
        },
        "integer.timestamp" => unit().map(Cast::IntegerTimestamp),
        "integer.interval" => unit().map(Cast::IntegerInterval),
        "real.timestamp" => real_moment(argument, false),
        "real.timestamptz" => real_moment(argument, true),
        "any.timestamptz" => {
            let (zone, digits) = argument
                .split_once(',')
                .map_or((argument, None), |(z, d)| (z, Some(d)));
            Some(Cast::AnyTimestamptz(ZoneRef::named(zone)?, self::digits(digits)?))
        }
        "json.array" => element(argument).map(Cast::JsonArray),
        _ => None,
    }
}

fn digits(argument: Option<&str>) -> Option<u8> {
    let Some(argument) = argument else {
        return Some(DIGITS_MAX);
    };
    argument.parse().ok().filter(|digits| *digits < DIGITS_MAX)
}

fn real_moment(argument: &str, with_zone: bool) -> Option<Cast> {
    let (unit, rounded_to) = argument
        .split_once(',')
        .map_or((argument, None), |(u, d)| (u, Some(d)));
    let unit = match unit {
        "s" => RealUnit::Seconds,
        "julian" => RealUnit::JulianDays,
        _ => return None,
    };
    let rounded_to = match rounded_to {
        None => None,
        Some(digits) => Some(digits.parse().ok().filter(|digits| *digits <= DIGITS_MAX)?),
    };
    Some(Cast::RealMoment(RealMoment {
        unit,
        with_zone,
        rounded_to,
    }))
}

fn element(name: &str) -> Option<Element> {
    let plain = [
        Element::Boolean,
        Element::Real,
        Element::Double,
        Element::Text,
        Element::Varchar,
        Element::Uuid,
    ];
    let mut known = plain.into_iter().chain(Width::ALL.map(Element::Whole));
    known.find(|element| element.to_string() == name).or_else(|| {
        let arguments = name.strip_prefix("numeric")?;
        let inside = match arguments {
            "" => None,
            _ => Some(arguments.strip_prefix('(')?.strip_suffix(')')?),
        };
        Limit::read(inside).map(Element::Numeric)
    })
}

#[cfg(test)]
#[path = "identifier_tests.rs"]
mod tests;
