//! The rusqlite wrapper: connections whose writes are measured, under rusqlite's own method names.
//!
//! Invariant: every write that goes through [`Connection`], [`Statement`], [`Transaction`] or [`Savepoint`] is
//! counted once, with its outcome. Results are rusqlite's own and are handed on unchanged.

mod attach;
mod config;
mod connection;
mod kind;
mod meter;
mod open;
mod rows;
mod statement;
mod transaction;

use outgrow_shared::metrics::Code;
use rusqlite::Error;

pub use attach::HostHooks;
pub use connection::Connection;
pub use rows::{AndThenRows, MappedRows, Rows};
pub use statement::{CachedStatement, Statement};
pub use transaction::{Savepoint, Transaction};

impl crate::ErrorCode for Error {
    fn code(&self) -> Code {
        engine_code(self).unwrap_or(Code::Other)
    }
}

/// The family of an error that SQLite itself reported.
fn engine_code(error: &Error) -> Option<Code> {
    match error {
        Error::SqliteFailure(cause, _) => Some(Code::from_extended(cause.extended_code)),
        // A text SQLite cannot parse has a variant that not every build of rusqlite knows; it is SQLITE_ERROR.
        _ => error.sqlite_error_code().map(|_| Code::Other),
    }
}

/// Why a write statement failed; `None` when it was carried out and only reading its answer failed.
fn write_failure(error: &Error) -> Option<Code> {
    match error {
        Error::QueryReturnedNoRows
        | Error::StatementChangedRows(_)
        | Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::Utf8Error(..)
        | Error::InvalidColumnIndex(_)
        | Error::InvalidColumnName(_)
        | Error::InvalidColumnType(..) => None,
        _ => Some(engine_code(error).unwrap_or(Code::Other)),
    }
}
