//! The target as a URL without its password, for messages and certificates.
//!
//! It reads back as the same place, so a user can copy it.

use std::fmt::Write as _;

use super::conninfo::{Address, Conninfo};

/// `postgres://user@host:port/db`, with socket directories as `?host=`.
pub(super) fn url(conninfo: &Conninfo) -> String {
    let mut hosts = Vec::new();
    let mut sockets = Vec::new();
    for endpoint in &conninfo.endpoints {
        match &endpoint.address {
            Address::Tcp { .. } => hosts.push(endpoint.to_string()),
            Address::Socket(directory) => sockets.push((directory, endpoint.port)),
        }
    }
    let (user, dbname) = (encode(&conninfo.user), encode(&conninfo.dbname));
    let mut url = format!("postgres://{user}@{}/{dbname}", hosts.join(","));
    // The first is enough to name the place; a list of defaults would only be noise.
    if let (Some((directory, port)), true) = (sockets.first(), hosts.is_empty()) {
        let directory = encode_but(&directory.display().to_string(), b"/");
        // Writing to a String cannot fail.
        let _ = write!(url, "?host={directory}&port={port}");
    }
    url
}

fn encode(text: &str) -> String {
    encode_but(text, b"")
}

/// Percent-encodes all but RFC 3986's unreserved characters and `also`.
fn encode_but(text: &str, also: &[u8]) -> String {
    text.bytes()
        .fold(String::with_capacity(text.len()), |mut out, byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || also.contains(&byte) {
                out.push(char::from(byte));
            } else {
                // Writing to a String cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
            out
        })
}
