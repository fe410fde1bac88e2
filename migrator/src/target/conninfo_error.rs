//! Why no target could be made out, and how its user corrects that.
//!
//! No message quotes a value: in a mistyped string it may be a piece of the password.

use std::io;
use std::path::PathBuf;

use super::conninfo::{Origin, TO_VARIABLE};
use crate::exit::Exit;
use crate::failure::Failure;

/// Why no target could be made out.
#[derive(Debug, thiserror::Error)]
pub enum ConninfoError {
    /// Nothing names a target.
    #[error("no target is named")]
    NoTarget,
    /// The connection string has no text.
    #[error("{origin} is empty")]
    Empty {
        /// Where the string came from.
        origin: Origin,
    },
    /// The connection string cannot be read.
    #[error("{origin} is not a connection string: {reason}")]
    Malformed {
        /// Where the string came from.
        origin: Origin,
        /// What is wrong with it.
        reason: String,
    },
    /// libpq knows no such parameter.
    #[error("unknown connection parameter `{keyword}` in {origin}")]
    UnknownParameter {
        /// The parameter.
        keyword: String,
        /// Where it was set.
        origin: Origin,
    },
    /// libpq knows the parameter, outgrow does not do what it asks.
    #[error("outgrow does not support what `{keyword}` in {origin} asks for")]
    Unsupported {
        /// The parameter.
        keyword: &'static str,
        /// Where it was set.
        origin: Origin,
        /// Values that would be fine; may be empty.
        allowed: &'static [&'static str],
    },
    /// A value that the parameter cannot have.
    #[error("the value of `{keyword}` in {origin} is not {expected}")]
    BadValue {
        /// The parameter.
        keyword: &'static str,
        /// Where it was set.
        origin: Origin,
        /// What it must be.
        expected: &'static str,
    },
    /// Lists that must be of one length are not.
    #[error("{count} values of `{keyword}` do not match {hosts} hosts")]
    CountMismatch {
        /// The parameter.
        keyword: &'static str,
        /// Its values.
        count: usize,
        /// The hosts.
        hosts: usize,
    },
    /// No file has the service.
    #[error("no service file defines the service `{name}`")]
    NoSuchService {
        /// The service.
        name: String,
        /// Files that were looked at.
        searched: Vec<PathBuf>,
    },
    /// A named file cannot be read.
    #[error("the {what} {} cannot be read", path.display())]
    FileUnreadable {
        /// What the file is for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it cannot be read.
        #[source]
        error: io::Error,
    },
    /// A line of a service file.
    #[error("{}, line {line}: {reason}", path.display())]
    ServiceFileMalformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// No user is given and the system does not know ours.
    #[error("no user is given, and the system has no name for this process's user")]
    NoUser,
}

impl ConninfoError {
    fn next(&self) -> String {
        match self {
            Self::NoTarget => format!(
                "Name it in one of three ways: --to postgres://user@host/db (or {TO_VARIABLE}), libpq's \
                 variables (PGHOST, PGDATABASE, PGUSER, ...), or a service (--to service=NAME or PGSERVICE)."
            ),
            Self::Empty { .. } => {
                "Give it a URL such as postgres://user@host/db; a shell variable in it may be unset.".into()
            }
            Self::Malformed { .. } => "Compare it with postgres://user@host:5432/db or with \
                                       host=... port=... dbname=... user=... ."
                .into(),
            Self::UnknownParameter { .. } => "Check its spelling against libpq's parameter key words.".into(),
            Self::Unsupported {
                keyword, allowed: [], ..
            } => format!("Remove `{keyword}`."),
            Self::Unsupported { keyword, allowed, .. } => {
                format!("Remove `{keyword}` or set it to {}.", allowed.join(" or "))
            }
            Self::BadValue { keyword, .. } => format!("Correct the value of `{keyword}`."),
            Self::CountMismatch { keyword, .. } => {
                format!("Give as many values of `{keyword}` as hosts, separated by commas.")
            }
            Self::NoSuchService { searched, .. } => {
                let files: Vec<String> = searched.iter().map(|p| p.display().to_string()).collect();
                format!(
                    "Define it in one of: {}; or name the file in PGSERVICEFILE.",
                    files.join(", ")
                )
            }
            Self::FileUnreadable { .. } => "Check the path and its permissions.".into(),
            Self::ServiceFileMalformed { .. } => "Correct that line.".into(),
            Self::NoUser => "Give user=... or set PGUSER.".into(),
        }
    }
}

impl From<ConninfoError> for Failure {
    fn from(error: ConninfoError) -> Self {
        let failure = Failure::new(Exit::Usage, error.to_string(), error.next());
        match error {
            ConninfoError::FileUnreadable { error, .. } => failure.because(error),
            _ => failure,
        }
    }
}
