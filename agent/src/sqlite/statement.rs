//! A prepared statement that knows whether it writes.

use rusqlite::{Params, Result, Row};

use super::kind::Kind;
use super::{AndThenRows, Connection, MappedRows, Rows};

/// A prepared statement, as rusqlite's. What is missing here is reached through [`Statement::raw`].
pub struct Statement<'conn> {
    stmt: Prepared<'conn>,
    conn: &'conn Connection,
    kind: Kind,
}

/// A statement from the connection's cache; it goes back there when dropped.
pub type CachedStatement<'conn> = Statement<'conn>;

pub(super) enum Prepared<'conn> {
    Plain(rusqlite::Statement<'conn>),
    Cached(rusqlite::CachedStatement<'conn>),
}

impl<'conn> Prepared<'conn> {
    fn get(&self) -> &rusqlite::Statement<'conn> {
        match self {
            Self::Plain(stmt) => stmt,
            Self::Cached(stmt) => stmt,
        }
    }

    fn get_mut(&mut self) -> &mut rusqlite::Statement<'conn> {
        match self {
            Self::Plain(stmt) => stmt,
            Self::Cached(stmt) => stmt,
        }
    }
}

impl<'conn> Statement<'conn> {
    pub(super) fn new(stmt: Prepared<'conn>, conn: &'conn Connection, sql: &str) -> Self {
        let kind = Kind::of(sql, stmt.get().readonly());
        Self { stmt, conn, kind }
    }

    /// Runs the statement; gives the number of rows it changed.
    ///
    /// # Errors
    /// As rusqlite's `Statement::execute`.
    #[inline]
    pub fn execute<P: Params>(&mut self, params: P) -> Result<usize> {
        let stmt = self.stmt.get_mut();
        self.conn.run(self.kind, || stmt.execute(params))
    }

    /// Runs an INSERT of one row; gives its rowid.
    ///
    /// # Errors
    /// As rusqlite's `Statement::insert`.
    pub fn insert<P: Params>(&mut self, params: P) -> Result<i64> {
        let stmt = self.stmt.get_mut();
        self.conn.run(self.kind, || stmt.insert(params))
    }

    /// Whether the query has a row.
    ///
    /// # Errors
    /// As rusqlite's `Statement::exists`.
    pub fn exists<P: Params>(&mut self, params: P) -> Result<bool> {
        let stmt = self.stmt.get_mut();
        self.conn.run(self.kind, || stmt.exists(params))
    }

    /// The first row as `f` makes it.
    ///
    /// # Errors
    /// As rusqlite's `Statement::query_row`.
    pub fn query_row<T, P: Params, F: FnOnce(&Row<'_>) -> Result<T>>(
        &mut self,
        params: P,
        f: F,
    ) -> Result<T> {
        let stmt = self.stmt.get_mut();
        self.conn.run(self.kind, || stmt.query_row(params, f))
    }

    /// Runs the query; gives its rows one by one.
    ///
    /// # Errors
    /// As rusqlite's `Statement::query`.
    pub fn query<P: Params>(&mut self, params: P) -> Result<Rows<'_>> {
        let call = self.conn.begin(self.kind);
        match self.stmt.get_mut().query(params) {
            Ok(rows) => Ok(Rows::new(rows, call, self.conn)),
            Err(error) => {
                self.conn.end(call, Some(&error));
                Err(error)
            }
        }
    }

    /// Runs the query; gives each row as `f` makes it.
    ///
    /// # Errors
    /// As rusqlite's `Statement::query_map`.
    pub fn query_map<T, P: Params, F: FnMut(&Row<'_>) -> Result<T>>(
        &mut self,
        params: P,
        f: F,
    ) -> Result<MappedRows<'_, F>> {
        self.query(params).map(|rows| rows.mapped(f))
    }

    /// Runs the query; gives each row as `f` makes it, with an error of the application's own.
    ///
    /// # Errors
    /// As rusqlite's `Statement::query_and_then`.
    pub fn query_and_then<T, E, P, F>(&mut self, params: P, f: F) -> Result<AndThenRows<'_, F>>
    where
        P: Params,
        E: From<rusqlite::Error>,
        F: FnMut(&Row<'_>) -> std::result::Result<T, E>,
    {
        self.query(params).map(|rows| rows.and_then(f))
    }

    /// Names of the columns of the result.
    pub fn column_names(&self) -> Vec<&str> {
        let stmt = self.stmt.get();
        (0..stmt.column_count())
            .filter_map(|at| stmt.column_name(at).ok())
            .collect()
    }

    /// Number of columns of the result.
    pub fn column_count(&self) -> usize {
        self.stmt.get().column_count()
    }

    /// Number of parameters.
    pub fn parameter_count(&self) -> usize {
        self.stmt.get().parameter_count()
    }

    /// Whether the statement leaves the database as it is.
    pub fn readonly(&self) -> bool {
        self.stmt.get().readonly()
    }

    /// The statement with its bound parameters filled in.
    pub fn expanded_sql(&self) -> Option<String> {
        self.stmt.get().expanded_sql()
    }

    /// rusqlite's own statement. What runs through it is not measured.
    pub fn raw(&mut self) -> &mut rusqlite::Statement<'conn> {
        self.stmt.get_mut()
    }
}
