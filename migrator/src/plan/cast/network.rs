//! Addresses of hosts and networks in text.
//!
//! They are written as RFC 5952 has it, by the standard library. Addresses without all their parts (`10/8`) and
//! octets with leading zeros mean different things to different programs and are refused.

use std::fmt::Write;
use std::net::IpAddr;

use outgrow_shared::value::Value;

use super::model::{Normal, Outcome};

/// Which of the two types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A host, perhaps with the length of its network.
    Inet,
    /// A network: no bit set behind its length.
    Cidr,
}

/// An address and how many of its bits are the network's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// The address.
    pub address: IpAddr,
    /// Bits of the network.
    pub bits: u8,
}

/// Bits of an address of this family.
pub const fn bits_of(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

impl Network {
    /// Reads a TEXT in any spelling.
    pub fn read(value: &Value<'_>, kind: Kind) -> Option<Self> {
        let Value::Text(text) = value else { return None };
        let (address, bits) = text.split_once('/').map_or((*text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().ok()?;
        let most = bits_of(address);
        let bits = match bits {
            None => most,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|bits| *bits <= most)?
            }
            Some(_) => return None,
        };
        let network = Self { address, bits };
        (kind == Kind::Inet || network.is_bare()).then_some(network)
    }

    /// Whether no bit is set behind the network's.
    pub fn is_bare(self) -> bool {
        let (all, most): (u128, u32) = match self.address {
            IpAddr::V4(address) => (u32::from(address).into(), 32),
            IpAddr::V6(address) => (address.into(), 128),
        };
        let host = most.saturating_sub(self.bits.into());
        host == 0 || all & (u128::MAX >> (128 - host)) == 0
    }

    /// Writes it in its one form: a network with its length, a host with it if it is in a larger network.
    pub fn write(self, kind: Kind, text: &mut String) {
        text.clear();
        // Writing to a String cannot fail.
        let _ = write!(text, "{}", self.address);
        if kind == Kind::Cidr || self.bits != bits_of(self.address) {
            let _ = write!(text, "/{}", self.bits);
        }
    }
}

/// Whether a TEXT is written in that one form.
pub fn exact(value: &Value<'_>, kind: Kind, text: &mut String) -> bool {
    let Some(network) = Network::read(value, kind) else {
        return false;
    };
    network.write(kind, text);
    matches!(value, Value::Text(written) if *written == text.as_str())
}

pub(super) fn any_outcome(value: &Value<'_>, kind: Kind, text: &mut String) -> Option<Outcome> {
    Network::read(value, kind)?.write(kind, text);
    Some(Outcome::of(Normal::Text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str, kind: Kind) -> Option<String> {
        let mut buffer = String::new();
        any_outcome(&Value::Text(text), kind, &mut buffer).map(|_| buffer)
    }

    #[test]
    fn one_form_for_every_spelling() {
        for (text, kind, expected) in [
            ("192.168.0.1", Kind::Inet, "192.168.0.1"),
            ("192.168.0.1/32", Kind::Inet, "192.168.0.1"),
            ("192.168.0.1/24", Kind::Inet, "192.168.0.1/24"),
            ("2001:DB8:0:0::1", Kind::Inet, "2001:db8::1"),
            ("::ffff:1.2.3.4", Kind::Inet, "::ffff:1.2.3.4"),
            ("::ffff:0102:0304/128", Kind::Inet, "::ffff:1.2.3.4"),
            ("::/0", Kind::Inet, "::/0"),
            ("10.0.0.0/8", Kind::Cidr, "10.0.0.0/8"),
            ("10.0.0.0", Kind::Cidr, "10.0.0.0/32"),
            ("0.0.0.0/0", Kind::Cidr, "0.0.0.0/0"),
            ("2001:db8::/32", Kind::Cidr, "2001:db8::/32"),
            ("::1", Kind::Cidr, "::1/128"),
        ] {
            assert_eq!(normal(text, kind).as_deref(), Some(expected), "{text}");
            let mut buffer = String::new();
            assert_eq!(
                exact(&Value::Text(text), kind, &mut buffer),
                text == expected,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "10/8",
            "10.0.0",
            "010.0.0.1",
            "10.0.0.1/33",
            "10.0.0.1/",
            "10.0.0.1/+8",
            "10.0.0.1/8/8",
            "::1/129",
            "1::2::3",
            "fe80::1%eth0",
            "10.0.0.1 ",
            "10.0.0.256",
            "10.0.0.0/255.0.0.0",
            "10.0.0.1/256",
        ] {
            assert_eq!(normal(text, Kind::Inet), None, "{text}");
        }
        for text in ["10.0.0.1/8", "2001:db8::1/32", "1.0.0.0/0", "128.0.0.0/0"] {
            assert!(normal(text, Kind::Inet).is_some());
            assert_eq!(normal(text, Kind::Cidr), None, "{text}");
        }
    }
}
