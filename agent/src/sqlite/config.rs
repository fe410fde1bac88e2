//! Reads the configuration of a connection on the thread that owns it.
//!
//! Only PRAGMAs that ask. The first of them may have to read the schema, so it runs without a busy timeout: a
//! locked database is asked again later instead of being waited for.

use std::time::Duration;

use rusqlite::{Connection, Result};

use crate::probe::Config;

/// Reads the configuration of a connection that has run statements before.
pub(super) fn read(db: &Connection, vfs: &str) -> Result<Config> {
    Ok(Config {
        journal_mode: ask(db, "PRAGMA journal_mode")?,
        synchronous: synchronous_name(ask(db, "PRAGMA synchronous")?),
        vfs: vfs.to_owned(),
        busy_timeout: busy_timeout(db)?,
    })
}

/// Reads the configuration of a connection that was just opened, without waiting for a lock.
pub(super) fn read_first(db: &Connection, vfs: &str) -> Result<Config> {
    let timeout = busy_timeout(db)?;
    db.busy_timeout(Duration::ZERO)?;
    let config = read(db, vfs);
    db.busy_timeout(timeout)?;
    Ok(Config {
        busy_timeout: timeout,
        ..config?
    })
}

fn busy_timeout(db: &Connection) -> Result<Duration> {
    let millis: i64 = ask(db, "PRAGMA busy_timeout")?;
    Ok(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
}

fn ask<T: rusqlite::types::FromSql>(db: &Connection, pragma: &str) -> Result<T> {
    db.query_row(pragma, [], |row| row.get(0))
}

/// Names of <https://sqlite.org/pragma.html#pragma_synchronous>.
fn synchronous_name(level: i64) -> &'static str {
    match level {
        0 => "off",
        1 => "normal",
        2 => "full",
        3 => "extra",
        _ => "unknown",
    }
}
