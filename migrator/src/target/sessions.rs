//! Several sessions on one server, for work side by side.
//!
//! The further ones are a help and no need: where the server has no connection left for them, there are fewer.
//! What they do together (one snapshot, parts of a table) is the caller's.

use super::connect::{Target, connect, connect_to_read};
use super::conninfo::Conninfo;
use super::error::{TargetError, TargetFault};

/// Connects so many times, once at the least, always to the server that answered first.
///
/// # Errors
/// The first session fails, or a further one does for another reason than a server, a database or a role that is at
/// its limit of connections; see [`TargetFault`].
pub async fn connect_many(conninfo: &Conninfo, count: usize) -> Result<Vec<Target>, TargetError> {
    open_many(conninfo, count, connect).await
}

/// As [`connect_many`], for sessions that only read: they may be read-only by default.
///
/// # Errors
/// As [`connect_many`].
pub async fn connect_many_to_read(conninfo: &Conninfo, count: usize) -> Result<Vec<Target>, TargetError> {
    open_many(conninfo, count, connect_to_read).await
}

async fn open_many(
    conninfo: &Conninfo,
    count: usize,
    connect: impl AsyncFn(&Conninfo) -> Result<Target, TargetError>,
) -> Result<Vec<Target>, TargetError> {
    let first = connect(conninfo).await?;
    let same_server = Conninfo {
        endpoints: vec![first.endpoint().clone()],
        ..conninfo.clone()
    };
    let mut targets = vec![first];
    while targets.len() < count {
        match connect(&same_server).await {
            Ok(target) => targets.push(target),
            Err(TargetError {
                fault: TargetFault::TooManyConnections { .. },
                ..
            }) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(targets)
}
