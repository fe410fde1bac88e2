//! Which candidates a column has, by its type: the exact ones first, at the end the one that folds.

use std::sync::Arc;

use super::array::Element;
use super::candidate::{Bound, Candidate};
use super::decimal::Limit;
use super::fraction::{DIGITS_MAX, Fraction};
use super::model::{Cast, Width};
use super::moment_format::MomentFormat;
use super::real_moment::{RealMoment, RealUnit};
use super::zone::ZoneRef;
use crate::plan::epoch::EpochUnit;
use crate::plan::mapping::Mapping;
use crate::target::catalog::ColumnKind;

/// What is known of a column beside its target's type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// The zone of moments that state none, as its owner chose it; without one, UTC.
    pub zone: Option<String>,
    /// Whether whole numbers in an interval column are known to be microseconds.
    pub durations_are_microseconds: bool,
}

/// The ways into a column of this kind, the exact ones first; none for a type that outgrow cannot write.
///
/// Numbers that count time are there in every unit; which of them holds is for the census to tell
/// ([`Cast::assumes_a_unit`]). An unknown zone leaves out the ways that need one.
pub fn candidates(kind: &ColumnKind, hints: &Hints) -> Vec<Candidate> {
    let zone = ZoneRef::named(hints.zone.as_deref().unwrap_or("UTC"));
    let units: &[EpochUnit] = if hints.durations_are_microseconds {
        &[EpochUnit::Microseconds]
    } else {
        &[]
    };
    let with_bound = |mapping| Candidate {
        mapping,
        bound: bound(mapping, kind),
    };
    ways(kind, zone, units).into_iter().map(with_bound).collect()
}

/// The candidate of a mapping that its owner chose, if it leads into a column of this kind.
pub fn candidate_for(mapping: Mapping, kind: &ColumnKind) -> Option<Candidate> {
    let zone = match mapping {
        Mapping::Cast(Cast::LocalTimestamptz(_, zone) | Cast::AnyTimestamptz(zone, _)) => Some(zone),
        _ => None,
    };
    let is_text = matches!(
        kind,
        ColumnKind::Text | ColumnKind::Varchar(_) | ColumnKind::Citext
    );
    let leads_there =
        ways(kind, zone, &EpochUnit::ALL).contains(&mapping) || (is_text && mapping == Mapping::AnyText);
    leads_there.then(|| Candidate {
        mapping,
        bound: bound(mapping, kind),
    })
}

fn ways(kind: &ColumnKind, zone: Option<ZoneRef>, duration_units: &[EpochUnit]) -> Vec<Mapping> {
    let casts = |casts: &[Cast]| casts.iter().copied().map(Mapping::Cast).collect::<Vec<_>>();
    let whole = |own, width| {
        vec![
            own,
            Mapping::Cast(Cast::RealWhole(width)),
            Mapping::Cast(Cast::AnyWhole(width)),
        ]
    };
    match kind {
        ColumnKind::Boolean => vec![Mapping::IntegerBoolean, Mapping::Cast(Cast::AnyBoolean)],
        ColumnKind::Smallint => whole(Mapping::IntegerSmallint, Width::Smallint),
        ColumnKind::Integer => whole(Mapping::IntegerInteger, Width::Integer),
        ColumnKind::Bigint => whole(Mapping::IntegerBigint, Width::Bigint),
        ColumnKind::Real => casts(&[Cast::RealReal, Cast::AnyReal]),
        ColumnKind::DoublePrecision => {
            vec![
                Mapping::RealDouble,
                Mapping::NumberDouble,
                Mapping::Cast(Cast::AnyDouble),
            ]
        }
        ColumnKind::Numeric(limit) => numeric(*limit),
        ColumnKind::Text | ColumnKind::Varchar(_) | ColumnKind::Citext => {
            vec![
                Mapping::TextText,
                Mapping::NumberText,
                Mapping::Cast(Cast::EveryText),
            ]
        }
        ColumnKind::Char(_) => casts(&[Cast::TextChar, Cast::AnyChar]),
        ColumnKind::Bytea => vec![Mapping::BlobBytea, Mapping::TextBytea, Mapping::AnyBytea],
        ColumnKind::Uuid => {
            let mut ways = vec![Mapping::TextUuid, Mapping::BlobUuid];
            ways.extend(casts(&[Cast::TextUuidDigits, Cast::TextUuidUpper, Cast::AnyUuid]));
            ways
        }
        ColumnKind::Json => vec![Mapping::TextJson, Mapping::Cast(Cast::AnyJson)],
        ColumnKind::Jsonb => casts(&[Cast::AnyJsonb]),
        ColumnKind::Date => vec![Mapping::TextDate, Mapping::Cast(Cast::AnyDate)],
        ColumnKind::Time(digits) => {
            let exact = Fraction::ALL.map(Cast::TextTime);
            casts(&[&exact[..], &[Cast::AnyTime(*digits)]].concat())
        }
        ColumnKind::Timestamp(digits) => timestamp(*digits),
        ColumnKind::Timestamptz(digits) => timestamptz(*digits, zone),
        ColumnKind::Interval(digits) => {
            let mut ways: Vec<Cast> = duration_units
                .iter()
                .copied()
                .map(Cast::IntegerInterval)
                .collect();
            ways.push(Cast::AnyInterval(*digits));
            casts(&ways)
        }
        ColumnKind::Inet => casts(&[Cast::TextInet, Cast::AnyInet]),
        ColumnKind::Cidr => casts(&[Cast::TextCidr, Cast::AnyCidr]),
        ColumnKind::Enum(_) => casts(&[Cast::TextEnum]),
        ColumnKind::Array(element) => {
            let element = element_of(element).map(Cast::JsonArray);
            element.map(|cast| casts(&[cast])).unwrap_or_default()
        }
        ColumnKind::Other => Vec::new(),
    }
}

fn limit_of(limit: Option<(u16, i16)>) -> Limit {
    limit.map_or(Limit::None, |(precision, scale)| Limit::Digits {
        precision,
        scale,
    })
}

fn numeric(limit: Option<(u16, i16)>) -> Vec<Mapping> {
    // Own tables have only limits whose scale is within the precision; those keep their identifier.
    let number = limit.and_then(|(precision, scale)| {
        let scale = u16::try_from(scale).ok().filter(|scale| *scale <= precision)?;
        Some(Mapping::NumberNumeric { precision, scale })
    });
    let limit = limit_of(limit);
    vec![
        number.unwrap_or(Mapping::Cast(Cast::NumberNumeric(limit))),
        Mapping::Cast(Cast::TextNumeric(limit)),
        Mapping::Cast(Cast::AnyNumeric(limit)),
    ]
}

/// Wall times: texts without a zone, texts that state UTC, and what counts from some moment in UTC.
fn timestamp(digits: u8) -> Vec<Mapping> {
    let without_zone = MomentFormat::all(false).map(|format| {
        let own = format.of_own_tables().map(Mapping::TextTimestamp);
        own.unwrap_or(Mapping::Cast(Cast::TextTimestamp(format)))
    });
    let of_utc = MomentFormat::all(true).map(|format| Mapping::Cast(Cast::TextTimestamp(format)));
    let integers = EpochUnit::ALL.map(|unit| Mapping::Cast(Cast::IntegerTimestamp(unit)));
    without_zone
        .chain(of_utc)
        .chain(integers)
        .chain(real_moments(false, digits))
        .chain([Mapping::Cast(Cast::AnyTimestamp(digits))])
        .collect()
}

/// Moments: texts that state UTC, texts of the zone, and what counts from some moment.
fn timestamptz(digits: u8, zone: Option<ZoneRef>) -> Vec<Mapping> {
    let of_utc = MomentFormat::all(true).map(|format| {
        let own = format.of_own_tables().map(Mapping::TextTimestamp);
        own.unwrap_or(Mapping::Cast(Cast::TextTimestamptz(format)))
    });
    let local = zone.into_iter().flat_map(|zone| {
        MomentFormat::all(false).map(move |format| Mapping::Cast(Cast::LocalTimestamptz(format, zone)))
    });
    let folding = zone.map(|zone| Mapping::Cast(Cast::AnyTimestamptz(zone, digits)));
    of_utc
        .chain(local)
        .chain(EpochUnit::ALL.map(Mapping::IntegerTimestamptz))
        .chain(real_moments(true, digits))
        .chain(folding)
        .collect()
}

/// Exact ones first, as everywhere.
fn real_moments(with_zone: bool, digits: u8) -> impl Iterator<Item = Mapping> {
    [None, Some(digits)].into_iter().flat_map(move |rounded_to| {
        [RealUnit::Seconds, RealUnit::JulianDays].map(|unit| {
            Mapping::Cast(Cast::RealMoment(RealMoment {
                unit,
                with_zone,
                rounded_to,
            }))
        })
    })
}

fn element_of(kind: &ColumnKind) -> Option<Element> {
    Some(match kind {
        ColumnKind::Boolean => Element::Boolean,
        ColumnKind::Smallint => Element::Whole(Width::Smallint),
        ColumnKind::Integer => Element::Whole(Width::Integer),
        ColumnKind::Bigint => Element::Whole(Width::Bigint),
        ColumnKind::Real => Element::Real,
        ColumnKind::DoublePrecision => Element::Double,
        ColumnKind::Numeric(limit) => Element::Numeric(limit_of(*limit)),
        ColumnKind::Text => Element::Text,
        ColumnKind::Varchar(_) => Element::Varchar,
        ColumnKind::Uuid => Element::Uuid,
        _ => return None,
    })
}

fn bound(mapping: Mapping, kind: &ColumnKind) -> Bound {
    match kind {
        ColumnKind::Varchar(Some(most)) | ColumnKind::Char(most) => Bound::Characters(*most),
        ColumnKind::Array(element) => match **element {
            ColumnKind::Varchar(Some(most)) => Bound::CharactersEach(most),
            _ => Bound::None,
        },
        ColumnKind::Time(digits)
        | ColumnKind::Timestamp(digits)
        | ColumnKind::Timestamptz(digits)
        | ColumnKind::Interval(digits)
            if *digits < DIGITS_MAX && !mapping.folds() =>
        {
            Bound::FractionDigits(*digits)
        }
        ColumnKind::Enum(labels) => Bound::Labels(Arc::from(labels.as_slice())),
        _ => Bound::None,
    }
}

#[cfg(test)]
#[path = "candidates_tests.rs"]
mod tests;
