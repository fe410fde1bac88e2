//! Casts as data: one name for each way in which values enter a type that outgrow did not choose.
//!
//! What a cast accepts and what it makes of it is in the file of its family; this one says which family that is.

use outgrow_shared::value::Value;

use super::array::Element;
use super::decimal::Limit;
use super::fraction::Fraction;
use super::moment::MomentFormat;
use super::real_moment::RealMoment;
use super::zone::ZoneRef;
use super::{array, boolean, interval, json, moment, network, number, text, time_of_day, uuid};
use crate::plan::epoch::EpochUnit;
use crate::plan::mapping::Scratch;

/// A way into a column whose type the application chose. NULL is NULL in all of them.
///
/// Those that begin with `Any` fold: they take every spelling that the type knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cast {
    /// Truth values in numbers and words, as INTEGER 0 and 1.
    AnyBoolean,
    /// Whole REAL as an integer.
    RealWhole(Width),
    /// INTEGER, whole REAL and TEXT of digits as INTEGER.
    AnyWhole(Width),
    /// REAL that binary32 holds.
    RealReal,
    /// Numbers as the nearest of binary32.
    AnyReal,
    /// Numbers as the nearest of binary64.
    AnyDouble,
    /// INTEGER and REAL as their shortest decimal, for limits that the mapping of own tables does not know.
    NumberNumeric(Limit),
    /// TEXT as Postgres prints a `numeric`.
    TextNumeric(Limit),
    /// Numbers as TEXT without needless digits.
    AnyNumeric(Limit),
    /// INTEGER, REAL, TEXT and BLOB that is UTF-8, as TEXT.
    EveryText,
    /// TEXT without spaces at its end.
    TextChar,
    /// The same classes as [`Cast::EveryText`], without spaces at the end.
    AnyChar,
    /// TEXT of 32 digits in lower case.
    TextUuidDigits,
    /// TEXT with hyphens, in upper case.
    TextUuidUpper,
    /// Every spelling of a UUID, and its 16 bytes, as TEXT with hyphens in lower case.
    AnyUuid,
    /// JSON in TEXT, BLOB or a number, as TEXT letter for letter.
    AnyJson,
    /// The same as canonical JSON.
    AnyJsonb,
    /// Days, midnights too, as TEXT `YYYY-MM-DD`.
    AnyDate,
    /// TEXT `HH:MM:SS` with such a fraction.
    TextTime(Fraction),
    /// Times of day as TEXT `HH:MM:SS.ffffff`; digits of the column's fraction.
    AnyTime(u8),
    /// TEXT of one format as the wall time that it states; of UTC if it states that.
    TextTimestamp(MomentFormat),
    /// TEXT of one format that states UTC.
    TextTimestamptz(MomentFormat),
    /// TEXT of one format that states no zone, in this one.
    LocalTimestamptz(MomentFormat, ZoneRef),
    /// INTEGER that counts from 1970, as wall time of UTC.
    IntegerTimestamp(EpochUnit),
    /// REAL that counts seconds or days.
    RealMoment(RealMoment),
    /// Wall times as TEXT; digits of the column's fraction.
    AnyTimestamp(u8),
    /// Moments as TEXT in UTC, those without a zone in this one; digits of the column's fraction.
    AnyTimestamptz(ZoneRef, u8),
    /// INTEGER that counts a duration.
    IntegerInterval(EpochUnit),
    /// Durations in TEXT as INTEGER microseconds; digits of the column's fraction.
    AnyInterval(u8),
    /// TEXT of a host's address, as RFC 5952 writes it.
    TextInet,
    /// Every spelling of a host's address.
    AnyInet,
    /// TEXT of a network's address with its length.
    TextCidr,
    /// Every spelling of a network's address.
    AnyCidr,
    /// TEXT that is one of the type's labels.
    TextEnum,
    /// A JSON array in TEXT or BLOB as an array of one dimension; canonical JSON.
    JsonArray(Element),
}

/// An integer type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Width {
    /// 16 bits.
    Smallint,
    /// 32 bits.
    Integer,
    /// 64 bits.
    Bigint,
}

impl Width {
    /// Every width.
    pub const ALL: [Self; 3] = [Self::Smallint, Self::Integer, Self::Bigint];

    /// Whether the type holds the number.
    pub fn holds(self, integer: i64) -> bool {
        match self {
            Self::Smallint => i16::try_from(integer).is_ok(),
            Self::Integer => i32::try_from(integer).is_ok(),
            Self::Bigint => true,
        }
    }
}

/// What a value comes back as. Texts are in the buffer that went with the question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Normal {
    /// Itself.
    Same,
    /// This INTEGER.
    Integer(i64),
    /// This REAL.
    Real(f64),
    /// The TEXT in the buffer.
    Text,
}

/// What a value comes back as, and whether the type is less precise than it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Outcome {
    pub normal: Normal,
    pub rounded: bool,
}

impl Outcome {
    pub(super) const SAME: Self = Self::of(Normal::Same);

    pub(super) const fn of(normal: Normal) -> Self {
        Self {
            normal,
            rounded: false,
        }
    }

    pub(super) const fn rounded_if(self, rounded: bool) -> Self {
        Self { rounded, ..self }
    }

    /// The value itself if the question was whether an exact cast takes it.
    pub(super) fn same_if(takes: bool) -> Option<Self> {
        takes.then_some(Self::SAME)
    }
}

impl Cast {
    /// Whether different values of the source can become the same on the target.
    pub fn folds(self) -> bool {
        match self {
            Self::AnyBoolean
            | Self::AnyWhole(_)
            | Self::AnyReal
            | Self::AnyDouble
            | Self::AnyNumeric(_)
            | Self::EveryText
            | Self::AnyChar
            | Self::AnyUuid
            | Self::AnyJson
            | Self::AnyJsonb
            | Self::AnyDate
            | Self::AnyTime(_)
            | Self::AnyTimestamp(_)
            | Self::AnyTimestamptz(..)
            | Self::AnyInterval(_)
            | Self::AnyInet
            | Self::AnyCidr
            | Self::JsonArray(_) => true,
            Self::RealMoment(moment) => moment.rounds(),
            Self::RealWhole(_)
            | Self::RealReal
            | Self::NumberNumeric(_)
            | Self::TextNumeric(_)
            | Self::TextChar
            | Self::TextUuidDigits
            | Self::TextUuidUpper
            | Self::TextTime(_)
            | Self::TextTimestamp(_)
            | Self::TextTimestamptz(_)
            | Self::LocalTimestamptz(..)
            | Self::IntegerTimestamp(_)
            | Self::IntegerInterval(_)
            | Self::TextInet
            | Self::TextCidr
            | Self::TextEnum => false,
        }
    }

    /// Whether Postgres orders the mapped values as SQLite orders the values, so that a key keeps its order.
    ///
    /// UUIDs are ordered by their bytes, and digits of one case in one form are ordered alike.
    pub fn keeps_order(self) -> bool {
        matches!(self, Self::TextUuidDigits | Self::TextUuidUpper)
    }

    /// Whether the cast takes numbers whose unit nothing but the census or the owner can tell: seconds and
    /// milliseconds are both just numbers.
    pub fn assumes_a_unit(self) -> bool {
        matches!(
            self,
            Self::IntegerTimestamp(_) | Self::RealMoment(_) | Self::IntegerInterval(_)
        )
    }

    /// The value that this one is equal to modulo the cast; itself where the cast refuses it.
    pub fn normal_form<'a>(self, value: Value<'a>, scratch: &'a mut Scratch) -> Value<'a> {
        match self
            .outcome(&value, &mut scratch.text)
            .map(|outcome| outcome.normal)
        {
            None | Some(Normal::Same) => value,
            Some(Normal::Integer(integer)) => Value::Integer(integer),
            Some(Normal::Real(real)) => Value::Real(real),
            Some(Normal::Text) => Value::Text(&scratch.text),
        }
    }

    /// What becomes of one value; `None` if it does not fit. Limits that are the column's own (characters, labels)
    /// are the candidate's to check.
    pub(super) fn outcome(self, value: &Value<'_>, text: &mut String) -> Option<Outcome> {
        match self {
            _ if matches!(value, Value::Null) => Some(Outcome::SAME),
            Self::AnyBoolean => Some(Outcome::of(Normal::Integer(boolean::any(value)?.into()))),
            Self::RealWhole(width) => Outcome::same_if(number::real_whole(value, width).is_some()),
            Self::AnyWhole(width) => {
                number::any_whole(value, width).map(|integer| Outcome::of(Normal::Integer(integer)))
            }
            Self::RealReal => Outcome::same_if(number::real_real(value).is_some()),
            Self::AnyReal => number::any_real_outcome(value, text),
            Self::AnyDouble => number::any_double_outcome(value, text),
            Self::NumberNumeric(limit) => Outcome::same_if(number::number_numeric(value, limit, text)),
            Self::TextNumeric(limit) => Outcome::same_if(number::text_numeric(value, limit).is_some()),
            Self::AnyNumeric(limit) => number::any_numeric_outcome(value, limit, text),
            Self::EveryText => text::every_outcome(value, text),
            Self::TextChar => Outcome::same_if(text::stripped(value).is_some()),
            Self::AnyChar => text::any_char_outcome(value, text),
            Self::TextUuidDigits => Outcome::same_if(uuid::lower_digits(value).is_some()),
            Self::TextUuidUpper => Outcome::same_if(uuid::upper(value).is_some()),
            Self::AnyUuid => uuid::any_outcome(value, text),
            Self::AnyJson => json::any_outcome(value, text),
            Self::AnyJsonb => json::any_binary_outcome(value, text),
            Self::AnyDate => moment::any_date_outcome(value, text),
            Self::TextTime(fraction) => Outcome::same_if(time_of_day::of_format(value, fraction).is_some()),
            Self::AnyTime(digits) => time_of_day::any_outcome(value, digits, text),
            Self::TextTimestamp(format) | Self::TextTimestamptz(format) => {
                Outcome::same_if(moment::of_format(value, format).is_some())
            }
            Self::LocalTimestamptz(format, zone) => {
                Outcome::same_if(moment::of_local_format(value, format, zone).is_some())
            }
            Self::IntegerTimestamp(unit) => Outcome::same_if(moment::of_integer(value, unit).is_some()),
            Self::RealMoment(moment) => moment.outcome(value),
            Self::AnyTimestamp(digits) => moment::any_timestamp_outcome(value, digits, text),
            Self::AnyTimestamptz(zone, digits) => moment::any_timestamptz_outcome(value, zone, digits, text),
            Self::IntegerInterval(unit) => Outcome::same_if(interval::of_integer(value, unit).is_some()),
            Self::AnyInterval(digits) => interval::any_outcome(value, digits),
            Self::TextInet => Outcome::same_if(network::exact(value, network::Kind::Inet, text)),
            Self::AnyInet => network::any_outcome(value, network::Kind::Inet, text),
            Self::TextCidr => Outcome::same_if(network::exact(value, network::Kind::Cidr, text)),
            Self::AnyCidr => network::any_outcome(value, network::Kind::Cidr, text),
            Self::TextEnum => Outcome::same_if(text::label(value).is_some()),
            Self::JsonArray(element) => array::outcome(value, element, text),
        }
    }
}
