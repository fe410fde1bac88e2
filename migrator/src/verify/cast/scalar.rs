//! Types of one value: `boolean`, `uuid`, `interval`, `inet` and `cidr`.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::plan::cast::interval::join;
use crate::plan::cast::network::{Kind, Network, bits_of};

pub(super) fn boolean(bytes: &[u8]) -> Option<bool> {
    match bytes {
        [0] => Some(false),
        [1] => Some(true),
        _ => None,
    }
}

/// Sixteen bytes in hex, with or without hyphens after 4, 2, 2 and 2 of them.
pub(super) fn uuid(bytes: &[u8], hyphens: bool, upper: bool, text: &mut String) -> Option<()> {
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    for (place, byte) in bytes.iter().enumerate() {
        if hyphens && matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        if upper {
            write!(text, "{byte:02X}").ok()?;
        } else {
            write!(text, "{byte:02x}").ok()?;
        }
    }
    Some(())
}

/// Microseconds of an interval without months.
pub(super) fn interval(bytes: &[u8]) -> Option<i64> {
    let bytes: &[u8; 16] = bytes.try_into().ok()?;
    let (rest, others) = bytes.split_first_chunk::<8>()?;
    let (days, months) = others.split_first_chunk::<4>()?;
    if *months != [0; 4] {
        return None;
    }
    join(i32::from_be_bytes(*days), i64::from_be_bytes(*rest))
}

/// An address in its one form.
pub(super) fn network(bytes: &[u8], kind: Kind, text: &mut String) -> Option<()> {
    let ([family, bits, is_network, length], address) = bytes.split_first_chunk::<4>()?;
    let address = match (family, length) {
        (2, 4) => IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(address).ok()?)),
        (3, 16) => IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?)),
        _ => return None,
    };
    if *bits > bits_of(address) || (*is_network == 1) != (kind == Kind::Cidr) {
        return None;
    }
    Network { address, bits: *bits }.write(kind, text);
    Some(())
}
