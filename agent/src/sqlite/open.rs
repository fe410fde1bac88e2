//! How an agent hands out measured connections, and the one it keeps for itself.

use std::sync::PoisonError;

use quanta::Instant;
use rusqlite::{OpenFlags, Result};

use super::{Connection, Transaction};
use crate::Agent;

/// Label `vfs` of a connection opened with the process's default VFS.
const DEFAULT_VFS: &str = "default";

impl Agent {
    /// Opens a measured connection to the agent's database, with rusqlite's defaults.
    ///
    /// # Errors
    /// As rusqlite's `Connection::open`.
    pub fn open(&self) -> Result<Connection> {
        rusqlite::Connection::open(self.path()).map(|db| self.wrap(db))
    }

    /// Opens a measured connection with flags of the application's own.
    ///
    /// # Errors
    /// As rusqlite's `Connection::open_with_flags`.
    pub fn open_with_flags(&self, flags: OpenFlags) -> Result<Connection> {
        rusqlite::Connection::open_with_flags(self.path(), flags).map(|db| self.wrap(db))
    }

    /// Opens a measured connection with flags and a VFS of the application's own.
    ///
    /// # Errors
    /// As rusqlite's `Connection::open_with_flags_and_vfs`.
    pub fn open_with_flags_and_vfs(&self, flags: OpenFlags, vfs: &str) -> Result<Connection> {
        let db = rusqlite::Connection::open_with_flags_and_vfs(self.path(), flags, vfs)?;
        Ok(Connection::new(db, self.probe.clone(), vfs))
    }

    /// Measures a connection the application opened itself, say in a pool's customizer.
    pub fn wrap(&self, db: rusqlite::Connection) -> Connection {
        Connection::new(db, self.probe.clone(), DEFAULT_VFS)
    }

    /// Runs `body` in a write transaction on a connection the agent keeps for it; commits when `body` is well,
    /// rolls back when it is not. One write, timed from the call to the end of COMMIT: waiting for other threads,
    /// for the lock and for an automatic wal checkpoint are in it.
    ///
    /// Threads take turns, which is what SQLite's single writer asks for. It must not be called inside `body`.
    ///
    /// # Errors
    /// What `body` returns, or what SQLite reports; nothing was written then.
    pub fn state_write<T>(&self, op: &str, body: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let began = Instant::now();
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let conn = match &mut *writer {
            Some(conn) => conn,
            none => none.insert(self.open()?),
        };
        conn.next_began_at(began);
        conn.state_write(op, body)
    }
}
