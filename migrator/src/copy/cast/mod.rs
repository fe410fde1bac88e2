//! Cast values into the binary format of COPY, for columns whose type the application chose.
//!
//! What a value means is the plan's to say; here it becomes the bytes that the type's receive function takes. What a
//! cast refuses is never sent.

mod array;
mod decimal;
mod number;
mod scalar;

use outgrow_shared::value::Value;

use super::encode::sized;
use crate::plan::cast::network::Kind;
use crate::plan::cast::{Cast, boolean, interval, json, moment, network, text, time_of_day, uuid};

/// Appends one field that is not NULL; `None` if the cast refuses the value.
pub(super) fn encode_cast(cast: Cast, value: &Value<'_>, buffer: &mut Vec<u8>) -> Option<()> {
    let mut scratch = String::new();
    match cast {
        Cast::AnyBoolean => sized(buffer, &[boolean::any(value)?.into()]),
        Cast::RealWhole(_)
        | Cast::AnyWhole(_)
        | Cast::RealReal
        | Cast::AnyReal
        | Cast::AnyDouble
        | Cast::NumberNumeric(_)
        | Cast::TextNumeric(_)
        | Cast::AnyNumeric(_) => number::encode(cast, value, buffer),
        Cast::EveryText => sized(buffer, text::every(value, &mut scratch)?.as_bytes()),
        Cast::TextChar => sized(buffer, text::stripped(value)?.as_bytes()),
        Cast::AnyChar => sized(buffer, text::strip(text::every(value, &mut scratch)?).as_bytes()),
        Cast::TextEnum => sized(buffer, text::label(value)?.as_bytes()),
        Cast::TextUuidDigits => sized(buffer, uuid::lower_digits(value)?.as_bytes()),
        Cast::TextUuidUpper => sized(buffer, uuid::upper(value)?.as_bytes()),
        Cast::AnyUuid => sized(buffer, uuid::any(value)?.as_bytes()),
        Cast::AnyJson => sized(buffer, json::any(value, &mut scratch)?.as_bytes()),
        Cast::AnyJsonb => scalar::jsonb(json::any_binary(value, &mut scratch)?, buffer),
        Cast::AnyDate => sized(buffer, &moment::any_date(value)?.to_be_bytes()),
        Cast::TextTime(fraction) => eight(time_of_day::of_format(value, fraction)?, buffer),
        Cast::AnyTime(digits) => eight(time_of_day::any(value, digits)?.count, buffer),
        Cast::TextTimestamp(format) | Cast::TextTimestamptz(format) => {
            eight(moment::of_format(value, format)?, buffer)
        }
        Cast::LocalTimestamptz(format, zone) => eight(moment::of_local_format(value, format, zone)?, buffer),
        Cast::IntegerTimestamp(unit) => eight(moment::of_integer(value, unit)?, buffer),
        Cast::RealMoment(real) => eight(real.read(value)?.count, buffer),
        Cast::AnyTimestamp(digits) => eight(moment::any_timestamp(value, digits)?.microseconds, buffer),
        Cast::AnyTimestamptz(zone, digits) => {
            eight(moment::any_timestamptz(value, zone, digits)?.microseconds, buffer)
        }
        Cast::IntegerInterval(unit) => scalar::interval(interval::of_integer(value, unit)?, buffer),
        Cast::AnyInterval(digits) => scalar::interval(interval::any(value, digits)?.count, buffer),
        Cast::TextInet => exact_network(value, Kind::Inet, buffer),
        Cast::AnyInet => scalar::network(network::Network::read(value, Kind::Inet)?, Kind::Inet, buffer),
        Cast::TextCidr => exact_network(value, Kind::Cidr, buffer),
        Cast::AnyCidr => scalar::network(network::Network::read(value, Kind::Cidr)?, Kind::Cidr, buffer),
        Cast::JsonArray(element) => array::encode(element, &array::items(value, element)?, buffer),
    }
}

fn eight(number: i64, buffer: &mut Vec<u8>) -> Option<()> {
    sized(buffer, &number.to_be_bytes())
}

fn exact_network(value: &Value<'_>, kind: Kind, buffer: &mut Vec<u8>) -> Option<()> {
    let network = network::Network::read(value, kind)?;
    network::exact(value, kind, &mut String::new())
        .then(|| scalar::network(network, kind, buffer))
        .flatten()
}
