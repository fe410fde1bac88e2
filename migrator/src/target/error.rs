//! What can go wrong with the target, and what its user can do about it.
//!
//! An error says its cause once: the texts of the client library are taken apart here and not attached, since
//! they would be printed twice and carry the server's DETAIL. No row value gets into a message: see `sql_fault.rs`.

use crate::exit::Exit;
use crate::failure::{Failure, Passing};

use super::sql_fault::SqlFault;
use super::tls::TlsSetupError;

/// The oldest server that is accepted; older ones get no security fixes any more.
pub const MINIMUM_SERVER_MAJOR: u32 = 14;

/// A fault with the server it concerns.
#[derive(Debug, thiserror::Error)]
#[error("{fault}")]
pub struct TargetError {
    /// The server as `postgres://user@host:port/db`, without a password.
    pub server: String,
    /// What went wrong.
    pub fault: TargetFault,
}

/// Why a server could not be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreachable {
    /// The name has no address.
    UnknownHost,
    /// Nobody listens there.
    Refused,
    /// No answer in time.
    TimedOut,
    /// There is no such socket file.
    NoSocket,
    /// Any other fault of the network.
    Other,
}

/// What went wrong with the target.
#[derive(Debug, thiserror::Error)]
pub enum TargetFault {
    /// No connection came about.
    #[error("Postgres cannot be reached at {endpoint}: {reason}")]
    Unreachable {
        /// Host and port, or socket.
        endpoint: String,
        /// The kind of obstacle.
        kind: Unreachable,
        /// The system's words.
        reason: String,
    },
    /// 28P01: the password is wrong, or the role does not exist (servers do not tell which).
    #[error("Postgres refused the password of role {user}")]
    WrongPassword {
        /// The role.
        user: String,
        /// Where the password came from.
        origin: String,
    },
    /// The server asks for a password and none was found.
    #[error("Postgres asks role {user} for credentials, and no password is given: {reason}")]
    PasswordMissing {
        /// The role.
        user: String,
        /// What the client library says.
        reason: String,
    },
    /// 28000: unknown role, or pg_hba.conf has no line that lets it in.
    #[error("Postgres refused the login of role {user}: {message}")]
    LoginRefused {
        /// The role.
        user: String,
        /// The server's words.
        message: String,
    },
    /// 3D000.
    #[error("there is no database {database} on this server")]
    NoSuchDatabase {
        /// The database.
        database: String,
    },
    /// The server has TLS switched off, and we insist on it.
    #[error("the server does not offer TLS, which this connection requires")]
    TlsNotOffered,
    /// The certificate has no trusted signer, or is expired or malformed.
    #[error("the server's certificate is not trusted: {reason}")]
    TlsUntrusted {
        /// What is wrong with it.
        reason: String,
    },
    /// The certificate is good, but for another server.
    #[error("the server's certificate is not for the host it was reached by: {reason}")]
    TlsWrongName {
        /// The name asked for and the names in it.
        reason: String,
    },
    /// The TLS handshake failed in another way.
    #[error("the TLS handshake failed: {reason}")]
    TlsHandshake {
        /// What the TLS library says.
        reason: String,
    },
    /// Our side of TLS cannot be set up.
    #[error("{0}")]
    TlsSetup(TlsSetupError),
    /// 53300.
    #[error("the server has no connection left: {message}")]
    TooManyConnections {
        /// The server's words.
        message: String,
    },
    /// 57P03: starting, stopping or recovering.
    #[error("the server takes no connections at the moment: {message}")]
    NotReady {
        /// The server's words.
        message: String,
    },
    /// Below [`MINIMUM_SERVER_MAJOR`].
    #[error("the server is Postgres {version}, older than {MINIMUM_SERVER_MAJOR}")]
    TooOld {
        /// Its version.
        version: String,
    },
    /// The database is in another encoding than UTF8.
    #[error("database {database} has the encoding {encoding}; it cannot hold every text of a SQLite file")]
    NotUtf8 {
        /// The database.
        database: String,
        /// Its encoding.
        encoding: String,
    },
    /// A standby, or writing is switched off.
    #[error("the server takes no writes: {reason}")]
    ReadOnly {
        /// Why.
        reason: &'static str,
    },
    /// The connection ended under way.
    #[error("the connection to Postgres was lost: {reason}")]
    ConnectionLost {
        /// How it ended.
        reason: String,
    },
    /// 42501.
    #[error("a permission is missing: {0}")]
    MissingGrant(Box<SqlFault>),
    /// Any other refusal of a statement.
    #[error("Postgres refused a statement: {0}")]
    Sql(Box<SqlFault>),
    /// Client and server do not understand each other.
    #[error("the exchange with Postgres failed: {reason}")]
    Protocol {
        /// What the client library says.
        reason: String,
    },
}

/// SQLSTATE classes that speak of an object's definition or content: data exception, constraint violation,
/// syntax or rule, program limit.
const CLASSES_ABOUT_AN_OBJECT: [&str; 4] = ["22", "23", "42", LIMIT_CLASS];

/// Program limit exceeded: too many columns, a row or an index entry too large.
const LIMIT_CLASS: &str = "54";

/// SQLSTATEs that pass by themselves: the session was ended (57P01 to 57P05), the connection broke (08), a deadlock
/// or a lock that another session holds (40P01, 55P03), a serialization failure (40001), no connection left (53300).
const PASSING_SOON: [&str; 10] = [
    "57P01", "57P02", "57P03", "57P04", "57P05", "40P01", "40001", "55P03", "53300", "08",
];

/// Insufficient resources: disk, memory, connections.
const RESOURCES_CLASS: &str = "53";

impl TargetFault {
    /// Whether the same work may succeed later.
    pub fn passing(&self) -> Passing {
        match self {
            Self::ConnectionLost { .. } | Self::NotReady { .. } | Self::TooManyConnections { .. } => {
                Passing::Soon
            }
            // A standby that is promoted, or a primary that is found again.
            Self::Unreachable { .. } | Self::ReadOnly { .. } => Passing::Soon,
            Self::Sql(fault) if PASSING_SOON.iter().any(|state| fault.sqlstate.starts_with(state)) => {
                Passing::Soon
            }
            Self::Sql(fault) if fault.sqlstate.starts_with(RESOURCES_CLASS) => Passing::Helped,
            _ => Passing::No,
        }
    }

    /// Whether the server refuses what an object is or holds, rather than being unable to work at the moment.
    pub fn is_about_the_object(&self) -> bool {
        let Self::Sql(fault) = self else { return false };
        let about = |class: &&str| fault.sqlstate.starts_with(class);
        // 42P07: another session made something of this name first, which says nothing about ours.
        fault.sqlstate != "42P07" && CLASSES_ABOUT_AN_OBJECT.iter().any(about)
    }

    /// Whether something of this name is there already.
    fn is_about_a_taken_name(&self) -> bool {
        matches!(self, Self::Sql(fault) if fault.sqlstate == "42P07")
    }

    /// Whether a limit of Postgres itself is exceeded.
    pub fn is_beyond_a_limit(&self) -> bool {
        matches!(self, Self::Sql(fault) if fault.sqlstate.starts_with(LIMIT_CLASS))
    }

    /// What the user can do next.
    pub fn next(&self) -> String {
        match self {
            Self::Unreachable { kind, .. } => unreachable_next(*kind).into(),
            Self::WrongPassword { origin, .. } => format!(
                "The password came from {origin}; correct it there. The role itself may also not exist."
            ),
            Self::PasswordMissing { .. } => "Put it in ~/.pgpass (mode 0600) or the file PGPASSFILE names, or set PGPASSWORD."
                .into(),
            Self::LoginRefused { .. } => "Check that the role exists and may log in, and that pg_hba.conf has a line \
                 for this role, database, address and encryption."
                .into(),
            Self::NoSuchDatabase { .. } => {
                "Create it with: createdb -E UTF8 -T template0 NAME; or correct the name.".into()
            }
            Self::TlsNotOffered => "Switch ssl on in the server's postgresql.conf; on a network you trust, \
                 sslmode=disable gives encryption up."
                .into(),
            Self::TlsUntrusted { .. } => "Name the authority that signed it: sslrootcert=FILE (PEM); a certificate of \
                 X.509 version 1 must be reissued as version 3. sslmode=require without any root file encrypts \
                 without this check."
                .into(),
            Self::TlsWrongName { .. } => "Connect by a name that is in the certificate's subject alternative names \
                 (hostaddr=... can give the address), or have it reissued with this one; a common name alone does \
                 not count. sslmode=verify-ca leaves the name unchecked."
                .into(),
            Self::TlsHandshake { .. } => {
                "Check that the server speaks TLS 1.2 or newer and whether it demands a client certificate \
                 (sslcert, sslkey)."
                    .into()
            }
            Self::TlsSetup(_) => "Correct sslrootcert, sslcert or sslkey.".into(),
            Self::TooManyConnections { .. } => {
                "Close other sessions or raise max_connections, then run the same command again.".into()
            }
            Self::NotReady { .. } => "Wait until it is up, then run the same command again.".into(),
            Self::TooOld { .. } => {
                format!("Migrate into Postgres {MINIMUM_SERVER_MAJOR} or newer; older ones get no fixes any more.")
            }
            Self::NotUtf8 { .. } => "Create the target with: createdb -E UTF8 -T template0 NAME".into(),
            Self::ReadOnly { .. } => {
                "Connect to the primary; with several hosts, target_session_attrs=read-write finds it.".into()
            }
            Self::ConnectionLost { .. } => {
                "See the server's log for the reason, then run the same command again: nothing was kept, unless it says otherwise."
                    .into()
            }
            Self::MissingGrant(fault) => format!(
                "Let the owner or a superuser grant it to the role{}.",
                fault.place().map_or_else(String::new, |place| format!(" (on {place})"))
            ),
            Self::Sql(fault) => fault.next(),
            Self::Protocol { .. } => {
                "Check that the address is a Postgres server and which authentication it asks for; \
                 trust, password, md5, scram-sha-256 and cert are supported."
                    .into()
            }
        }
    }
}

fn unreachable_next(kind: Unreachable) -> &'static str {
    match kind {
        Unreachable::UnknownHost => "Check the host's name, and that this machine can look it up.",
        Unreachable::Refused => {
            "Check that the server runs, listens on this address (listen_addresses) and port."
        }
        Unreachable::TimedOut => {
            "Check firewalls and the address; connect_timeout=SECONDS allows a slow network more time."
        }
        Unreachable::NoSocket => {
            "Check that the server runs on this machine, and name its socket directory with host=/DIRECTORY."
        }
        Unreachable::Other => "Check host, port and network.",
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        let exit = match error.fault {
            // A wrong file name on our side is the command line's fault, not the server's.
            TargetFault::TlsSetup(_) => Exit::Usage,
            _ => Exit::TargetError,
        };
        let next = error.fault.next();
        let passing = error.fault.passing();
        let about_object = error.fault.is_about_the_object() || error.fault.is_about_a_taken_name();
        let failure = Failure::new(exit, error.fault.to_string(), next).at(error.server);
        Failure {
            passing,
            about_object,
            ..failure
        }
    }
}
