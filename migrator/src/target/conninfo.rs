//! Finds out which Postgres is meant, and with what it is spoken to, as a user of libpq expects.
//!
//! Precedence, highest first: the connection string (`--to`, else OUTGROW_TO), the service it or PGSERVICE
//! names, libpq's variables, defaults. [`resolve`] is a pure function of its arguments; it opens no
//! connection. With nothing that names a place it refuses: a migration never guesses its target.
//! Parameters and their treatment are in `parameter.rs`, building the result in `conninfo_build.rs`.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::config::ChannelBinding;

use super::conninfo_build;
use super::conninfo_error::ConninfoError;
use super::conninfo_string;
use super::environment::Environment;
use super::parameter::{PARAMETERS, Treatment, find};
use super::redacted;
use super::secret::Secret;
use super::service_file;
use super::tls::{ClientCertificate, Roots, SslMode};

/// The variable that stands in for `--to`.
pub const TO_VARIABLE: &str = "OUTGROW_TO";

/// Variables that name a place; PGUSER or PGPASSWORD alone do not say where to go.
const PLACE_VARIABLES: [&str; 5] = ["PGSERVICE", "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE"];

/// Where a parameter's value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The option `--to`.
    ToOption,
    /// The variable OUTGROW_TO.
    ToVariable,
    /// The named service of a service file.
    Service(String),
    /// A variable of libpq.
    Variable(&'static str),
    /// The password file.
    PasswordFile(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ToOption => f.write_str("--to"),
            Self::ToVariable => f.write_str(TO_VARIABLE),
            Self::Service(name) => write!(f, "service {name}"),
            Self::Variable(name) => f.write_str(name),
            Self::PasswordFile(path) => write!(f, "password file {}", path.display()),
        }
    }
}

/// A password and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Password {
    /// The password.
    pub secret: Secret,
    /// Where it was found.
    pub origin: Origin,
}

/// How a server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// The directory of a Unix socket.
    Socket(PathBuf),
    /// A host's name or address; `hostaddr` saves the look-up.
    Tcp {
        /// Name or address, also the name its certificate must carry.
        name: String,
        /// The address to connect to.
        hostaddr: Option<IpAddr>,
    },
}

/// One server to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// How it is reached.
    pub address: Address,
    /// TCP port, or the number in the socket's name.
    pub port: u16,
    /// Password for this server.
    pub password: Option<Password>,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Address::Socket(directory) => write!(f, "{}/.s.PGSQL.{}", directory.display(), self.port),
            Address::Tcp { name, .. } if name.contains(':') => write!(f, "[{name}]:{}", self.port),
            Address::Tcp { name, .. } => write!(f, "{name}:{}", self.port),
        }
    }
}

/// Liveness of the TCP connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keepalive {
    /// Whether probes are sent at all.
    pub enabled: bool,
    /// Silence before the first probe.
    pub idle: Duration,
    /// Time between probes.
    pub interval: Duration,
    /// Unanswered probes that end the connection.
    pub count: u32,
    /// How long sent data may stay unacknowledged; `None` leaves it to the system.
    pub user_timeout: Option<Duration>,
}

/// Everything needed to connect; its text forms never show a password.
#[derive(Debug, Clone)]
pub struct Conninfo {
    /// Servers in the order they are tried; at least one.
    pub endpoints: Vec<Endpoint>,
    /// Database.
    pub dbname: String,
    /// Role to log in as.
    pub user: String,
    /// `sslmode`, when somebody set it.
    pub sslmode: Option<SslMode>,
    /// Certificates that the server's is checked against.
    pub roots: Roots,
    /// Certificate that we show.
    pub client_certificate: Option<ClientCertificate>,
    /// `channel_binding`.
    pub channel_binding: ChannelBinding,
    /// Name shown in the server's views and logs.
    pub application_name: String,
    /// Command-line options for the server's session.
    pub options: Option<String>,
    /// Limit of one attempt to connect and log in; `None` waits for ever.
    pub connect_timeout: Option<Duration>,
    /// Liveness of the TCP connection.
    pub keepalive: Keepalive,
    /// Whether a server that takes no writes is passed over for the next.
    pub skip_read_only: bool,
    /// What the user should know about these parameters, one line each.
    pub warnings: Vec<String>,
}

impl Conninfo {
    /// The target as a URL without its password, for messages and certificates.
    pub fn redacted(&self) -> String {
        redacted::url(self)
    }
}

impl fmt::Display for Conninfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

/// Values with their origins, by keyword.
pub(super) type Values = BTreeMap<&'static str, (String, Origin)>;

/// Makes out the target from `--to` and the environment.
///
/// # Errors
/// See [`ConninfoError`]; all of them are the user's to correct (exit 2).
pub fn resolve(to: Option<&str>, environment: &Environment) -> Result<Conninfo, ConninfoError> {
    let explicit = match to {
        Some(text) => Some((text, Origin::ToOption)),
        None => environment
            .variable(TO_VARIABLE)
            .map(|text| (text, Origin::ToVariable)),
    };
    let mut values = Values::new();
    match explicit {
        Some((text, origin)) if text.trim().is_empty() => return Err(ConninfoError::Empty { origin }),
        Some((text, origin)) => {
            let pairs = conninfo_string::parse(text).map_err(|reason| ConninfoError::Malformed {
                origin: origin.clone(),
                reason,
            })?;
            // Within one string the last value of a keyword counts, as in libpq.
            for (keyword, value) in pairs {
                insert(&mut values, &keyword, value, origin.clone(), true)?;
            }
        }
        None if PLACE_VARIABLES
            .iter()
            .any(|name| environment.variable(name).is_some()) => {}
        None => return Err(ConninfoError::NoTarget),
    }
    add_service(&mut values, environment)?;
    for parameter in PARAMETERS {
        let Some(name) = parameter.variable else { continue };
        if let Some(value) = environment.variable(name) {
            insert(
                &mut values,
                parameter.keyword,
                value.to_owned(),
                Origin::Variable(name),
                false,
            )?;
        }
    }
    conninfo_build::build(&values, environment)
}

fn add_service(values: &mut Values, environment: &Environment) -> Result<(), ConninfoError> {
    let named = values
        .get("service")
        .map(|(name, _)| name.as_str())
        .filter(|name| !name.is_empty());
    let Some(name) = named.or_else(|| environment.variable("PGSERVICE")) else {
        return Ok(());
    };
    let name = name.to_owned();
    for (keyword, value) in service_file::find(&name, environment)? {
        insert(values, &keyword, value, Origin::Service(name.clone()), false)?;
    }
    Ok(())
}

fn insert(
    values: &mut Values,
    keyword: &str,
    value: String,
    origin: Origin,
    replace: bool,
) -> Result<(), ConninfoError> {
    let Some(parameter) = find(keyword) else {
        return Err(ConninfoError::UnknownParameter {
            keyword: keyword.to_owned(),
            origin,
        });
    };
    let keyword = parameter.keyword;
    let allowed: &'static [&'static str] = match parameter.treatment {
        Treatment::Used => {
            if replace || !values.contains_key(keyword) {
                values.insert(keyword, (value, origin));
            }
            return Ok(());
        }
        Treatment::Ignored => return Ok(()),
        Treatment::Only(allowed) => allowed,
        Treatment::Refused => &[],
    };
    if value.is_empty() || allowed.contains(&value.as_str()) {
        return Ok(());
    }
    Err(ConninfoError::Unsupported {
        keyword,
        origin,
        allowed,
    })
}

#[cfg(test)]
#[path = "conninfo_tests.rs"]
mod tests;
