//! The measured connection: rusqlite's method names, so that an application changes one `use`.
//!
//! There is no `Deref` to rusqlite's connection, for a statement run through it would go uncounted; what is
//! missing here is reached through [`Connection::raw`].

use std::cell::Cell;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use outgrow_shared::metrics::{Code, DEFAULT_OP};
use quanta::Instant;
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::types::ToSql;
use rusqlite::{Batch, Error, Params, Result, Row, TransactionBehavior};

use super::kind::Kind;
use super::meter::{Call, Meter};
use super::statement::Prepared;
use super::transaction::SAVEPOINT_NAME;
use super::{CachedStatement, Savepoint, Statement, Transaction, config, engine_code, write_failure};
use crate::cells::OpCells;
use crate::probe::Probe;

/// A connection whose writes are measured. A transaction is one write, a statement outside of one is one too.
pub struct Connection {
    // Before the meter: closing rolls an open transaction back, and only then is it abandoned.
    db: rusqlite::Connection,
    meter: Meter,
    vfs: String,
    config_known: Cell<bool>,
    behavior: TransactionBehavior,
}

/// Puts back the name of writes, also when the application's closure panics.
struct NamedOp<'a>(&'a Meter, Option<Arc<OpCells>>);

impl Drop for NamedOp<'_> {
    fn drop(&mut self) {
        if let Some(op) = self.1.take() {
            self.0.restore_op(op);
        }
    }
}

impl Connection {
    pub(super) fn new(db: rusqlite::Connection, probe: Arc<Probe>, vfs: &str) -> Self {
        let conn = Self {
            db,
            meter: Meter::new(probe, DEFAULT_OP),
            vfs: vfs.to_owned(),
            config_known: Cell::new(false),
            behavior: TransactionBehavior::Deferred,
        };
        conn.publish(config::read_first(&conn.db, &conn.vfs));
        conn
    }

    fn publish(&self, config: Result<crate::probe::Config>) {
        self.config_known.set(config.is_ok());
        if let Ok(config) = config {
            *self
                .meter
                .probe()
                .config
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(config);
        }
    }

    /// Dates the next write back to when the application began to wait for this connection.
    pub(super) fn next_began_at(&self, at: Instant) {
        self.meter.next_began_at(at);
    }

    /// Names this connection's writes from now on. See [`crate::MAX_OPS`].
    pub fn set_op(&self, op: &str) {
        self.meter.set_op(op);
    }

    /// Adds bytes of payload to the write under way, or to the next one.
    pub fn add_bytes(&self, bytes: usize) {
        self.meter.add_bytes(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// Runs `body` in a transaction begun with BEGIN IMMEDIATE; commits when `body` is well, rolls back when it
    /// is not. One write, timed from BEGIN to the end of COMMIT: waiting for the lock and an automatic wal
    /// checkpoint are in it. An error that is not SQLite's own is a rollback on purpose, and no failed write.
    ///
    /// # Errors
    /// What `body` returns, or what SQLite reports; nothing was written then.
    pub fn state_write<T>(
        &mut self,
        op: &str,
        body: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        self.write_as(op, body, engine_code)
    }

    /// As [`Connection::state_write`], with an error of the application's own. Failed statements are counted by
    /// their code; an error without one is a rollback on purpose.
    ///
    /// # Errors
    /// What `body` returns, or what SQLite reports; nothing was written then.
    pub fn try_state_write<T, E: From<Error>>(
        &mut self,
        op: &str,
        body: impl FnOnce(&Transaction<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.write_as(op, body, |_| None)
    }

    fn write_as<T, E: From<Error>>(
        &mut self,
        op: &str,
        body: impl FnOnce(&Transaction<'_>) -> std::result::Result<T, E>,
        code: impl Fn(&E) -> Option<Code>,
    ) -> std::result::Result<T, E> {
        let _named = NamedOp(&self.meter, Some(self.meter.set_op(op)));
        let tx = Transaction::begin(self, TransactionBehavior::Immediate)?;
        match body(&tx) {
            Ok(value) => {
                tx.commit()?;
                Ok(value)
            }
            Err(error) => {
                self.meter.note(code(&error));
                drop(tx);
                Err(error)
            }
        }
    }

    /// Runs one statement; gives the number of rows it changed.
    ///
    /// # Errors
    /// As rusqlite's `Connection::execute`.
    #[inline]
    pub fn execute<P: Params>(&self, sql: &str, params: P) -> Result<usize> {
        self.prepare(sql)?.execute(params)
    }

    /// Runs every statement of a text. Each one outside a transaction is a write of its own.
    ///
    /// # Errors
    /// As rusqlite's `Connection::execute_batch`.
    pub fn execute_batch(&self, sql: &str) -> Result<()> {
        let mut batch = Batch::new(&self.db, sql);
        while let Some(mut stmt) = batch.next().inspect_err(|error| self.unprepared(sql, error))? {
            let kind = Kind::of(&stmt.expanded_sql().unwrap_or_default(), stmt.readonly());
            // One step, as rusqlite's: enough for a statement whose rows nobody reads.
            self.run(kind, || stmt.raw_query().next().map(|_| ()))?;
        }
        Ok(())
    }

    /// The first row of a query as `f` makes it.
    ///
    /// # Errors
    /// As rusqlite's `Connection::query_row`.
    pub fn query_row<T, P: Params, F: FnOnce(&Row<'_>) -> Result<T>>(
        &self,
        sql: &str,
        params: P,
        f: F,
    ) -> Result<T> {
        self.prepare(sql)?.query_row(params, f)
    }

    /// Prepares a statement.
    ///
    /// # Errors
    /// As rusqlite's `Connection::prepare`.
    pub fn prepare(&self, sql: &str) -> Result<Statement<'_>> {
        let stmt = self
            .db
            .prepare(sql)
            .inspect_err(|error| self.unprepared(sql, error))?;
        Ok(Statement::new(Prepared::Plain(stmt), self, sql))
    }

    /// Prepares a statement, or takes it from the connection's cache.
    ///
    /// # Errors
    /// As rusqlite's `Connection::prepare_cached`.
    #[inline]
    pub fn prepare_cached(&self, sql: &str) -> Result<CachedStatement<'_>> {
        let stmt = self
            .db
            .prepare_cached(sql)
            .inspect_err(|error| self.unprepared(sql, error))?;
        Ok(Statement::new(Prepared::Cached(stmt), self, sql))
    }

    /// Begins a transaction, with the default behavior.
    ///
    /// # Errors
    /// What SQLite reports, such as `SQLITE_BUSY`.
    pub fn transaction(&mut self) -> Result<Transaction<'_>> {
        Transaction::begin(self, self.behavior)
    }

    /// Begins a transaction. `Immediate` is right for one that writes: it waits for the lock instead of failing.
    ///
    /// # Errors
    /// What SQLite reports, such as `SQLITE_BUSY`.
    pub fn transaction_with_behavior(&mut self, behavior: TransactionBehavior) -> Result<Transaction<'_>> {
        Transaction::begin(self, behavior)
    }

    /// Begins a transaction without the compiler's word that none is open.
    ///
    /// # Errors
    /// What SQLite reports; also when a transaction is open.
    pub fn unchecked_transaction(&self) -> Result<Transaction<'_>> {
        Transaction::begin(self, self.behavior)
    }

    /// Sets the behavior of transactions that name none.
    pub fn set_transaction_behavior(&mut self, behavior: TransactionBehavior) {
        self.behavior = behavior;
    }

    /// Begins a savepoint.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn savepoint(&mut self) -> Result<Savepoint<'_>> {
        Savepoint::begin(self, SAVEPOINT_NAME)
    }

    /// Begins a savepoint with a name.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn savepoint_with_name<T: Into<String>>(&mut self, name: T) -> Result<Savepoint<'_>> {
        Savepoint::begin(self, name)
    }

    /// Sets a PRAGMA.
    ///
    /// # Errors
    /// As rusqlite's `Connection::pragma_update`.
    pub fn pragma_update<V: ToSql>(&self, schema: Option<&str>, name: &str, value: V) -> Result<()> {
        self.run(Kind::Pragma, || self.db.pragma_update(schema, name, value))
    }

    /// Sets a PRAGMA and reads what it became.
    ///
    /// # Errors
    /// As rusqlite's `Connection::pragma_update_and_check`.
    pub fn pragma_update_and_check<F, T, V>(
        &self,
        schema: Option<&str>,
        name: &str,
        value: V,
        f: F,
    ) -> Result<T>
    where
        F: FnOnce(&Row<'_>) -> Result<T>,
        V: ToSql,
    {
        self.run(Kind::Pragma, || {
            self.db.pragma_update_and_check(schema, name, value, f)
        })
    }

    /// Reads a PRAGMA of one value.
    ///
    /// # Errors
    /// As rusqlite's `Connection::pragma_query_value`.
    pub fn pragma_query_value<T, F>(&self, schema: Option<&str>, name: &str, f: F) -> Result<T>
    where
        F: FnOnce(&Row<'_>) -> Result<T>,
    {
        self.run(Kind::Read, || self.db.pragma_query_value(schema, name, f))
    }

    /// Reads a PRAGMA row by row.
    ///
    /// # Errors
    /// As rusqlite's `Connection::pragma_query`.
    pub fn pragma_query<F: FnMut(&Row<'_>) -> Result<()>>(
        &self,
        schema: Option<&str>,
        name: &str,
        f: F,
    ) -> Result<()> {
        self.run(Kind::Read, || self.db.pragma_query(schema, name, f))
    }

    /// Sets how long to wait for a lock. A span beyond the 24 days that SQLite can hold counts as that.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn busy_timeout(&self, timeout: Duration) -> Result<()> {
        // rusqlite panics on what does not fit a C int of milliseconds.
        let longest = Duration::from_millis(u64::from(i32::MAX.unsigned_abs()));
        self.run(Kind::Pragma, || self.db.busy_timeout(timeout.min(longest)))
    }

    /// Rows changed by the last statement.
    pub fn changes(&self) -> u64 {
        self.db.changes()
    }

    /// Rows changed since the connection was opened.
    pub fn total_changes(&self) -> u64 {
        self.db.total_changes()
    }

    /// Rowid of the last insert.
    pub fn last_insert_rowid(&self) -> i64 {
        self.db.last_insert_rowid()
    }

    /// Whether no transaction is open.
    pub fn is_autocommit(&self) -> bool {
        self.db.is_autocommit()
    }

    /// Path of the database.
    pub fn path(&self) -> Option<&str> {
        self.db.path()
    }

    /// Sets how many statements the cache keeps.
    pub fn set_prepared_statement_cache_capacity(&self, capacity: usize) {
        self.db.set_prepared_statement_cache_capacity(capacity);
    }

    /// Empties the statement cache.
    pub fn flush_prepared_statement_cache(&self) {
        self.db.flush_prepared_statement_cache();
    }

    /// rusqlite's own connection. What runs through it is not measured.
    pub fn raw(&self) -> &rusqlite::Connection {
        &self.db
    }

    /// rusqlite's own connection, for hooks and handlers. What runs through it is not measured.
    pub fn raw_mut(&mut self) -> &mut rusqlite::Connection {
        &mut self.db
    }

    /// Runs a statement of `kind`, measured if it may be part of a write.
    #[inline]
    pub(super) fn run<T>(&self, kind: Kind, statement: impl FnOnce() -> Result<T>) -> Result<T> {
        let call = self.begin(kind);
        let result = statement();
        self.end(call, result.as_ref().err());
        if kind == Kind::Pragma || (kind == Kind::Write && !self.config_known.get() && result.is_ok()) {
            self.publish(config::read(&self.db, &self.vfs));
        }
        result
    }

    /// Runs a text of one statement whose kind is known.
    pub(super) fn run_text(&self, kind: Kind, sql: &str) -> Result<()> {
        self.run(kind, || self.db.execute_batch(sql))
    }

    #[inline]
    pub(super) fn begin(&self, kind: Kind) -> Option<Call<'_>> {
        match kind {
            Kind::Read | Kind::Pragma => None,
            Kind::Write | Kind::Control | Kind::Rollback => Some(self.meter.begin(&self.db, kind)),
        }
    }

    #[inline]
    pub(super) fn end(&self, call: Option<Call<'_>>, error: Option<&Error>) {
        match call {
            Some(call) => call.end(error.and_then(write_failure)),
            None => self.meter.note(error.and_then(engine_code)),
        }
    }

    /// A text could not be prepared: a failed write, if it would have been one.
    fn unprepared(&self, sql: &str, error: &Error) {
        let call = self.begin(Kind::of_unprepared(sql));
        self.end(call, Some(error));
    }
}
