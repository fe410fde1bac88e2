//! Tells from the client library's errors which [`TargetFault`] happened.
//!
//! By SQLSTATE, by the type of the cause and by what was being tried; never by the text of a message.

use std::error::Error as StdError;
use std::io;

use rustls::CertificateError;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

use super::error::{TargetFault, Unreachable};
use super::sql_fault::SqlFault;

/// What was being tried when a login failed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt<'a> {
    /// Host and port, or socket.
    pub endpoint: &'a str,
    /// Database.
    pub dbname: &'a str,
    /// Role.
    pub user: &'a str,
    /// Where the password came from; `None`: there is none.
    pub password_origin: Option<&'a str>,
    /// TLS was required, and the server had not agreed to it yet.
    pub tls_still_missing: bool,
}

/// The fault behind a login that failed.
pub(super) fn login_fault(error: &Error, attempt: Attempt<'_>) -> TargetFault {
    if let Some(db) = error.as_db_error() {
        return refused_login(db, attempt);
    }
    if let Some(io) = find_io(error) {
        return match rustls_error(io) {
            Some(tls) => tls_fault(tls),
            None => unreachable(attempt.endpoint, io),
        };
    }
    if attempt.tls_still_missing {
        return TargetFault::TlsNotOffered;
    }
    match attempt.password_origin {
        None => TargetFault::PasswordMissing {
            user: attempt.user.to_owned(),
            reason: told_once(error),
        },
        Some(_) => TargetFault::Protocol {
            reason: told_once(error),
        },
    }
}

fn refused_login(db: &DbError, attempt: Attempt<'_>) -> TargetFault {
    let message = db.message().to_owned();
    let code = db.code();
    if *code == SqlState::INVALID_PASSWORD {
        let origin = attempt.password_origin.unwrap_or("nowhere").to_owned();
        TargetFault::WrongPassword {
            user: attempt.user.to_owned(),
            origin,
        }
    } else if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        TargetFault::LoginRefused {
            user: attempt.user.to_owned(),
            message,
        }
    } else if *code == SqlState::INVALID_CATALOG_NAME {
        TargetFault::NoSuchDatabase {
            database: attempt.dbname.to_owned(),
        }
    } else {
        statement_fault(db)
    }
}

/// The fault behind a statement or a COPY that failed; `ended` is how the connection ended, if it did.
pub(super) fn session_fault(error: &Error, ended: Option<&str>) -> TargetFault {
    if let Some(db) = error.as_db_error() {
        return statement_fault(db);
    }
    if error.is_closed() || find_io(error).is_some() {
        let reason = ended.map_or_else(|| told_once(error), str::to_owned);
        return TargetFault::ConnectionLost { reason };
    }
    TargetFault::Protocol {
        reason: told_once(error),
    }
}

fn statement_fault(db: &DbError) -> TargetFault {
    let message = db.message().to_owned();
    match db.code() {
        code if *code == SqlState::TOO_MANY_CONNECTIONS => TargetFault::TooManyConnections { message },
        code if *code == SqlState::CANNOT_CONNECT_NOW => TargetFault::NotReady { message },
        code if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
            TargetFault::MissingGrant(Box::new(SqlFault::new(db)))
        }
        code if *code == SqlState::READ_ONLY_SQL_TRANSACTION => TargetFault::ReadOnly {
            reason: "it refused a statement as read-only",
        },
        // Class 08, and 57P01 to 57P05 but for 57P03 above, end the session.
        code if code.code().starts_with("08") || code.code().starts_with("57P") => {
            TargetFault::ConnectionLost { reason: message }
        }
        _ => TargetFault::Sql(Box::new(SqlFault::new(db))),
    }
}

/// A cause chain as one line; the library's own texts do not repeat their causes.
pub(super) fn told_once(error: &Error) -> String {
    // A server's error prints its DETAIL, which may quote values.
    if let Some(db) = error.as_db_error() {
        return SqlFault::new(db).to_string();
    }
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !told.contains(&text) {
            told = format!("{told}: {text}");
        }
        cause = error.source();
    }
    told
}

fn find_io(error: &Error) -> Option<&io::Error> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io);
        }
        cause = error.source();
    }
    None
}

fn rustls_error(io: &io::Error) -> Option<&rustls::Error> {
    io.get_ref()?.downcast_ref::<rustls::Error>()
}

fn tls_fault(error: &rustls::Error) -> TargetFault {
    let reason = error.to_string();
    match error {
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => TargetFault::TlsWrongName { reason },
        rustls::Error::InvalidCertificate(_) => TargetFault::TlsUntrusted { reason },
        _ => TargetFault::TlsHandshake { reason },
    }
}

/// The fault behind a socket that could not be opened or closed too early.
pub(super) fn unreachable(endpoint: &str, error: &io::Error) -> TargetFault {
    let kind = match error.kind() {
        io::ErrorKind::ConnectionRefused => Unreachable::Refused,
        io::ErrorKind::TimedOut => Unreachable::TimedOut,
        io::ErrorKind::NotFound => Unreachable::NoSocket,
        _ => Unreachable::Other,
    };
    TargetFault::Unreachable {
        endpoint: endpoint.to_owned(),
        kind,
        reason: error.to_string(),
    }
}
