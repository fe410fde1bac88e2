//! Transactions and savepoints. The outermost of them is one write.

use std::ops::Deref;

use rusqlite::{DropBehavior, Result, TransactionBehavior};

use super::Connection;
use super::kind::Kind;

/// A transaction, as rusqlite's: rolled back when dropped, unless told otherwise.
pub struct Transaction<'conn> {
    conn: &'conn Connection,
    drop_behavior: DropBehavior,
}

impl<'conn> Transaction<'conn> {
    pub(super) fn begin(conn: &'conn Connection, behavior: TransactionBehavior) -> Result<Self> {
        let (sql, kind) = match behavior {
            TransactionBehavior::Immediate => ("BEGIN IMMEDIATE", Kind::Write),
            TransactionBehavior::Exclusive => ("BEGIN EXCLUSIVE", Kind::Write),
            _ => ("BEGIN DEFERRED", Kind::Control),
        };
        conn.run_text(kind, sql)?;
        Ok(Self {
            conn,
            drop_behavior: DropBehavior::Rollback,
        })
    }

    /// Begins a savepoint inside.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn savepoint(&mut self) -> Result<Savepoint<'_>> {
        Savepoint::begin(self.conn, SAVEPOINT_NAME)
    }

    /// Begins a savepoint inside, with a name.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn savepoint_with_name<T: Into<String>>(&mut self, name: T) -> Result<Savepoint<'_>> {
        Savepoint::begin(self.conn, name)
    }

    /// What happens when it is dropped.
    pub fn drop_behavior(&self) -> DropBehavior {
        self.drop_behavior
    }

    /// Says what happens when it is dropped. `DropBehavior::Panic` is taken as `Rollback`: the agent never panics.
    pub fn set_drop_behavior(&mut self, drop_behavior: DropBehavior) {
        self.drop_behavior = drop_behavior;
    }

    /// Commits.
    ///
    /// # Errors
    /// What SQLite reports; the transaction is then rolled back.
    pub fn commit(self) -> Result<()> {
        self.conn.run_text(Kind::Control, "COMMIT")
    }

    /// Rolls back on purpose: no write, and no failure.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn rollback(self) -> Result<()> {
        self.conn.run_text(Kind::Rollback, "ROLLBACK")
    }

    /// Commits or rolls back, as the drop behavior says.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn finish(mut self) -> Result<()> {
        self.finish_now()
    }

    fn finish_now(&mut self) -> Result<()> {
        if self.conn.is_autocommit() {
            return Ok(());
        }
        let roll_back = || self.conn.run_text(Kind::Rollback, "ROLLBACK");
        match self.drop_behavior {
            DropBehavior::Commit => self
                .conn
                .run_text(Kind::Control, "COMMIT")
                .or_else(|_| roll_back()),
            DropBehavior::Ignore => Ok(()),
            _ => roll_back(),
        }
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.conn
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        let _ = self.finish_now();
    }
}

/// Name of a savepoint the application gave none.
pub(super) const SAVEPOINT_NAME: &str = "_outgrow_sp";

/// A savepoint, as rusqlite's: rolled back when dropped, unless told otherwise. One outside a transaction is a
/// transaction, and so a write.
pub struct Savepoint<'conn> {
    conn: &'conn Connection,
    /// The name as an SQL identifier, quoted.
    name: String,
    drop_behavior: DropBehavior,
    released: bool,
}

impl<'conn> Savepoint<'conn> {
    pub(super) fn begin(conn: &'conn Connection, name: impl Into<String>) -> Result<Self> {
        let name = format!("\"{}\"", name.into().replace('"', "\"\""));
        conn.run_text(Kind::Control, &format!("SAVEPOINT {name}"))?;
        Ok(Self {
            conn,
            name,
            drop_behavior: DropBehavior::Rollback,
            released: false,
        })
    }

    /// Begins a savepoint inside.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn savepoint(&mut self) -> Result<Savepoint<'_>> {
        Savepoint::begin(self.conn, SAVEPOINT_NAME)
    }

    /// What happens when it is dropped.
    pub fn drop_behavior(&self) -> DropBehavior {
        self.drop_behavior
    }

    /// Says what happens when it is dropped. `DropBehavior::Panic` is taken as `Rollback`: the agent never panics.
    pub fn set_drop_behavior(&mut self, drop_behavior: DropBehavior) {
        self.drop_behavior = drop_behavior;
    }

    /// Keeps what was done since the savepoint.
    ///
    /// # Errors
    /// What SQLite reports; what was done is then rolled back.
    pub fn commit(mut self) -> Result<()> {
        self.release(Kind::Control)
    }

    /// Undoes what was done since the savepoint, which stays open.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn rollback(&mut self) -> Result<()> {
        self.conn
            .run_text(Kind::Control, &format!("ROLLBACK TO {}", self.name))
    }

    /// Keeps or undoes, as the drop behavior says.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn finish(mut self) -> Result<()> {
        self.finish_now()
    }

    /// Releasing the outermost savepoint ends its transaction: as a commit, or as a rollback when all was undone.
    fn release(&mut self, kind: Kind) -> Result<()> {
        self.conn.run_text(kind, &format!("RELEASE {}", self.name))?;
        self.released = true;
        Ok(())
    }

    fn undo(&mut self) -> Result<()> {
        self.rollback()?;
        self.release(Kind::Rollback)
    }

    fn finish_now(&mut self) -> Result<()> {
        // The engine may have rolled the whole transaction back, savepoints and all.
        if self.released || self.conn.is_autocommit() {
            return Ok(());
        }
        match self.drop_behavior {
            DropBehavior::Commit => self.release(Kind::Control).or_else(|_| self.undo()),
            DropBehavior::Ignore => Ok(()),
            _ => self.undo(),
        }
    }
}

impl Deref for Savepoint<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.conn
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        let _ = self.finish_now();
    }
}
