//! Rows of a statement. Those of a write (`RETURNING`) keep its clock running until they are read or dropped.

use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;
use rusqlite::{Error, Result, Row};

use super::Connection;
use super::meter::Call;

/// Rows of a query, as rusqlite's.
#[must_use = "Rows is lazy and will do nothing unless consumed"]
pub struct Rows<'stmt> {
    rows: Option<rusqlite::Rows<'stmt>>,
    call: Option<Call<'stmt>>,
    conn: &'stmt Connection,
}

impl<'stmt> Rows<'stmt> {
    pub(super) fn new(
        rows: rusqlite::Rows<'stmt>,
        call: Option<Call<'stmt>>,
        conn: &'stmt Connection,
    ) -> Self {
        Self {
            rows: Some(rows),
            call,
            conn,
        }
    }

    /// The next row; `None` after the last.
    ///
    /// # Errors
    /// What SQLite reports while it steps.
    // The name is rusqlite's; a row borrows from `self`, so this cannot be an Iterator.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<&Row<'stmt>>> {
        let stepped = match &mut self.rows {
            None => return Ok(None),
            Some(rows) => rows.advance(),
        };
        if let Err(error) = stepped {
            self.end(Some(&error));
            return Err(error);
        }
        if self.rows.as_ref().is_none_or(|rows| rows.get().is_none()) {
            self.end(None);
        }
        Ok(self.rows.as_ref().and_then(FallibleStreamingIterator::get))
    }

    /// Each row as `f` makes it.
    pub fn mapped<T, F: FnMut(&Row<'_>) -> Result<T>>(self, f: F) -> MappedRows<'stmt, F> {
        MappedRows { rows: self, f }
    }

    /// Each row as `f` makes it, with an error of the application's own.
    pub fn and_then<T, E, F: FnMut(&Row<'_>) -> std::result::Result<T, E>>(
        self,
        f: F,
    ) -> AndThenRows<'stmt, F> {
        AndThenRows { rows: self, f }
    }

    fn end(&mut self, error: Option<&Error>) {
        // Dropping the rows resets the statement, which is what commits it.
        if self.rows.take().is_some() {
            self.conn.end(self.call.take(), error);
        }
    }
}

impl Drop for Rows<'_> {
    fn drop(&mut self) {
        self.end(None);
    }
}

/// Made by [`super::Statement::query_map`].
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct MappedRows<'stmt, F> {
    rows: Rows<'stmt>,
    f: F,
}

impl<T, F: FnMut(&Row<'_>) -> Result<T>> Iterator for MappedRows<'_, F> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rows.next().transpose().map(|row| row.and_then(&mut self.f))
    }
}

/// Made by [`super::Statement::query_and_then`].
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct AndThenRows<'stmt, F> {
    rows: Rows<'stmt>,
    f: F,
}

impl<T, E: From<Error>, F: FnMut(&Row<'_>) -> std::result::Result<T, E>> Iterator for AndThenRows<'_, F> {
    type Item = std::result::Result<T, E>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rows
            .next()
            .transpose()
            .map(|row| row.map_err(E::from).and_then(&mut self.f))
    }
}
