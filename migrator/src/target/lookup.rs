//! From the name of a server to its addresses, within the time that a connection may take.

use std::net::IpAddr;
use std::time::Duration;

use super::conninfo::{Address, Conninfo, Endpoint};
use super::error::{TargetFault, Unreachable};

/// A name without an address.
pub(super) fn unknown_host(endpoint: &Endpoint, reason: String) -> TargetFault {
    TargetFault::Unreachable {
        endpoint: endpoint.to_string(),
        kind: Unreachable::UnknownHost,
        reason,
    }
}

/// A server that gave no answer within the limit.
pub(super) fn timed_out(endpoint: &Endpoint, limit: Option<Duration>) -> TargetFault {
    let seconds = limit.unwrap_or_default().as_secs();
    TargetFault::Unreachable {
        endpoint: endpoint.to_string(),
        kind: Unreachable::TimedOut,
        reason: format!("no answer within {seconds} s"),
    }
}

/// The addresses of a server; a socket has none and counts as one.
pub(super) async fn addresses(
    conninfo: &Conninfo,
    endpoint: &Endpoint,
) -> Result<Vec<Option<IpAddr>>, TargetFault> {
    let name = match &endpoint.address {
        Address::Socket(_) => return Ok(vec![None]),
        Address::Tcp {
            hostaddr: Some(ip), ..
        } => return Ok(vec![Some(*ip)]),
        Address::Tcp { name, .. } => name,
    };
    let lookup = tokio::net::lookup_host((name.as_str(), endpoint.port));
    match limited(conninfo.connect_timeout, lookup).await {
        Some(Ok(found)) => Ok(found.map(|address| Some(address.ip())).collect()),
        Some(Err(error)) => Err(unknown_host(endpoint, error.to_string())),
        None => Err(timed_out(endpoint, conninfo.connect_timeout)),
    }
}

/// Runs a future to its end or to the limit; `None`: the limit came first.
pub(super) async fn limited<T>(limit: Option<Duration>, future: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, future).await.ok(),
        None => Some(future.await),
    }
}
