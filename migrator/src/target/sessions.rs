//! Several sessions on one server.

use super::connect::{Target, connect};
use super::conninfo::Conninfo;
use super::error::{TargetError, TargetFault};

/// Opens so many sessions, at least one. Where the server has no connection left for a further one, those there are
/// have to do.
pub async fn connect_many(conninfo: &Conninfo, count: usize) -> Result<Vec<Target>, TargetError> {
    let mut targets = vec![connect(conninfo).await?];
    while targets.len() < count {
        match connect(conninfo).await {
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
