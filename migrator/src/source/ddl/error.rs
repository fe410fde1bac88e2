//! Why the DDL of an object is not read, and what its owner can do about it.

use thiserror::Error;

use super::lexis::{NESTING_MAX, TEXT_BYTES_MAX};
use crate::exit::Exit;
use crate::failure::Failure;

/// Why a DDL text cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DdlError {
    /// The parser refuses the text.
    #[error("the SQL of {object:?} does not parse at line {line}, byte {column}: {message}")]
    Syntax {
        /// Object whose text it is.
        object: String,
        /// Line, from 1.
        line: usize,
        /// Byte in the line, from 1.
        column: usize,
        /// The parser's words.
        message: String,
    },
    /// The text is longer than any DDL SQLite accepts by default.
    #[error("the SQL of {object:?} is {bytes} bytes long; at most {TEXT_BYTES_MAX} are read")]
    TooLong {
        /// Object whose text it is.
        object: String,
        /// Length, bytes.
        bytes: usize,
    },
    /// The text nests deeper than is read.
    #[error("the SQL of {object:?} nests up to {levels} levels deep; at most {NESTING_MAX} are read")]
    TooDeep {
        /// Object whose text it is.
        object: String,
        /// Upper bound of the nesting, levels.
        levels: usize,
    },
    /// The tokens show other foreign keys than the parser, so that their deferral cannot be told.
    #[error("the foreign keys in the SQL of {object:?} cannot be told apart")]
    DeferralLost {
        /// Object whose text it is.
        object: String,
    },
    /// The text parses as something else than one CREATE statement.
    #[error("the SQL of {object:?} is not one CREATE statement")]
    NotOneCreate {
        /// Object whose text it is.
        object: String,
    },
}

impl From<DdlError> for Failure {
    fn from(error: DdlError) -> Self {
        Failure::new(
            Exit::SourceRefused,
            "the schema of the source holds a statement that cannot be read",
            "Look at it with `SELECT name, sql FROM sqlite_schema` and let SQLite rebuild the object, \
             or leave the object out of the migration.",
        )
        .because(error)
    }
}
