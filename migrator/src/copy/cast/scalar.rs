//! Types of several parts: `jsonb`, `interval`, `inet` and `cidr`.

use std::net::IpAddr;

use crate::copy::encode::sized;
use crate::plan::cast::interval::split;
use crate::plan::cast::network::{Kind, Network};

/// The version that `jsonb_recv` knows: text follows.
const JSONB_VERSION: u8 = 1;
/// Address families as `inet_recv` numbers them, which is not how the machine does.
const FAMILY_V4: u8 = 2;
const FAMILY_V6: u8 = 3;

/// The text behind its version.
pub(super) fn jsonb(text: &str, buffer: &mut Vec<u8>) -> Option<()> {
    let length = i32::try_from(text.len() + 1).ok()?;
    buffer.extend_from_slice(&length.to_be_bytes());
    buffer.push(JSONB_VERSION);
    buffer.extend_from_slice(text.as_bytes());
    Some(())
}

/// Microseconds below a day, days, and no months.
pub(super) fn interval(microseconds: i64, buffer: &mut Vec<u8>) -> Option<()> {
    let (days, rest) = split(microseconds)?;
    let mut field = [0; 16];
    field[..8].copy_from_slice(&rest.to_be_bytes());
    field[8..12].copy_from_slice(&days.to_be_bytes());
    sized(buffer, &field)
}

/// Family, bits of the network, whether it is one, length of the address, the address.
pub(super) fn network(network: Network, kind: Kind, buffer: &mut Vec<u8>) -> Option<()> {
    let head = |family: u8, length: u8| [family, network.bits, u8::from(kind == Kind::Cidr), length];
    match network.address {
        IpAddr::V4(address) => sized(buffer, &[&head(FAMILY_V4, 4)[..], &address.octets()].concat()),
        IpAddr::V6(address) => sized(buffer, &[&head(FAMILY_V6, 16)[..], &address.octets()].concat()),
    }
}
