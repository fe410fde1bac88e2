//! Turns merged parameter values into a [`Conninfo`]: defaults, lists, numbers, passwords, warnings.
//!
//! Every fault names the parameter and where it was set, never its value.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::config::ChannelBinding;

use super::conninfo::{Address, Conninfo, Endpoint, Keepalive, Origin, Password, Values};
use super::conninfo_error::ConninfoError;
use super::environment::Environment;
use super::passfile::{self, Lookup, Wanted};
use super::reader::Reader;
use super::secret::Secret;
use super::tls::{self, ClientCertificate, Reach, Roots, SslMode};

/// Postgres' port, assigned by IANA.
const DEFAULT_PORT: u16 = 5432;

/// Where servers put their Unix socket: distribution packages, then the upstream default.
const SOCKET_DIRECTORIES: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// A server that does not answer within this many seconds is down for somebody at a terminal.
const CONNECT_TIMEOUT_SECONDS: u64 = 10;

/// A dead peer is noticed after 30 + 3 * 10 s of silence, well before a person gives up waiting.
const KEEPALIVE_IDLE_SECONDS: u64 = 30;
const KEEPALIVE_INTERVAL_SECONDS: u64 = 10;
const KEEPALIVE_COUNT: u32 = 3;

/// Sent data unacknowledged for this long means a dead peer; the same minute as the probes above.
const TCP_USER_TIMEOUT_MILLIS: u64 = 60_000;

/// Name in `pg_stat_activity` and the server's log.
const APPLICATION_NAME: &str = "outgrow";

/// Builds the result from the merged values.
pub(super) fn build(values: &Values, environment: &Environment) -> Result<Conninfo, ConninfoError> {
    let reader = Reader::new(values);
    let user = match reader.text("user") {
        Some((user, _)) => user.to_owned(),
        None => environment.os_user.clone().ok_or(ConninfoError::NoUser)?,
    };
    let dbname = reader
        .text("dbname")
        .map_or_else(|| user.clone(), |(name, _)| name.to_owned());
    let application_name = reader
        .text("application_name")
        .or_else(|| reader.text("fallback_application_name"))
        .map_or(APPLICATION_NAME, |(name, _)| name);
    let sslmode = reader.one_of("sslmode", SslMode::parse, SslMode::EXPECTED)?;
    let roots = roots(&reader, sslmode, environment)?;
    let mut conninfo = Conninfo {
        endpoints: endpoints(&reader)?,
        dbname,
        user,
        sslmode,
        roots,
        client_certificate: client_certificate(&reader, environment)?,
        channel_binding: reader
            .one_of(
                "channel_binding",
                parse_channel_binding,
                "disable, prefer or require",
            )?
            .unwrap_or(ChannelBinding::Prefer),
        application_name: application_name.to_owned(),
        options: reader.text("options").map(|(text, _)| text.to_owned()),
        connect_timeout: reader
            .seconds("connect_timeout")?
            .unwrap_or(Some(Duration::from_secs(CONNECT_TIMEOUT_SECONDS))),
        keepalive: keepalive(&reader)?,
        skip_read_only: reader
            .one_of(
                "target_session_attrs",
                parse_session_attributes,
                "any, read-write or primary",
            )?
            .unwrap_or(false),
        warnings: Vec::new(),
    };
    add_passwords(&mut conninfo, &reader, environment);
    add_warnings(&mut conninfo, &reader);
    Ok(conninfo)
}

fn parse_channel_binding(text: &str) -> Option<ChannelBinding> {
    match text {
        "disable" => Some(ChannelBinding::Disable),
        "prefer" => Some(ChannelBinding::Prefer),
        "require" => Some(ChannelBinding::Require),
        _ => None,
    }
}

/// A migration writes, so the read-only and standby values have no meaning here.
fn parse_session_attributes(text: &str) -> Option<bool> {
    match text {
        "any" => Some(false),
        "read-write" | "primary" => Some(true),
        _ => None,
    }
}

fn endpoints(reader: &Reader<'_>) -> Result<Vec<Endpoint>, ConninfoError> {
    let mut hosts = reader.list("host");
    let hostaddrs = reader.list("hostaddr");
    if hosts.is_empty() {
        hosts = vec![""; hostaddrs.len().max(1)];
    } else if !hostaddrs.is_empty() && hostaddrs.len() != hosts.len() {
        let (count, hosts) = (hostaddrs.len(), hosts.len());
        return Err(ConninfoError::CountMismatch {
            keyword: "hostaddr",
            count,
            hosts,
        });
    }
    let ports = ports(reader)?;
    if ports.len() > 1 && ports.len() != hosts.len() {
        let (count, hosts) = (ports.len(), hosts.len());
        return Err(ConninfoError::CountMismatch {
            keyword: "port",
            count,
            hosts,
        });
    }
    let mut endpoints = Vec::new();
    for (index, host) in hosts.iter().enumerate() {
        let port = ports
            .get(index)
            .or_else(|| ports.first())
            .copied()
            .unwrap_or(DEFAULT_PORT);
        let hostaddr = hostaddrs.get(index).copied().filter(|text| !text.is_empty());
        for address in addresses(host, hostaddr, reader)? {
            endpoints.push(Endpoint {
                address,
                port,
                password: None,
            });
        }
    }
    Ok(endpoints)
}

fn ports(reader: &Reader<'_>) -> Result<Vec<u16>, ConninfoError> {
    let parse = |text: &str| match text {
        "" => Some(DEFAULT_PORT),
        _ => text.parse().ok().filter(|port| *port != 0),
    };
    reader
        .list("port")
        .into_iter()
        .map(parse)
        .collect::<Option<_>>()
        .ok_or_else(|| ConninfoError::BadValue {
            keyword: "port",
            origin: reader.origin("port"),
            expected: "a port number from 1 to 65535",
        })
}

/// The ways to reach one entry of the host list; no host at all means the default sockets.
fn addresses(host: &str, hostaddr: Option<&str>, reader: &Reader<'_>) -> Result<Vec<Address>, ConninfoError> {
    let bad = |keyword, expected| ConninfoError::BadValue {
        keyword,
        origin: reader.origin(keyword),
        expected,
    };
    if let Some(text) = hostaddr {
        let ip: IpAddr = text
            .parse()
            .map_err(|_| bad("hostaddr", "a list of IP addresses"))?;
        let name = if host.is_empty() {
            ip.to_string()
        } else {
            host.to_owned()
        };
        return Ok(vec![Address::Tcp {
            name,
            hostaddr: Some(ip),
        }]);
    }
    match host.as_bytes().first() {
        None => Ok(SOCKET_DIRECTORIES
            .iter()
            .map(|d| Address::Socket(PathBuf::from(d)))
            .collect()),
        Some(b'/') => Ok(vec![Address::Socket(PathBuf::from(host))]),
        Some(b'@') => Err(bad(
            "host",
            "a host or a directory; abstract sockets are not supported",
        )),
        Some(_) => Ok(vec![Address::Tcp {
            name: host.to_owned(),
            hostaddr: None,
        }]),
    }
}

fn keepalive(reader: &Reader<'_>) -> Result<Keepalive, ConninfoError> {
    let number = |keyword| reader.one_of(keyword, |text| text.parse::<u32>().ok(), "a whole number");
    let millis = number("tcp_user_timeout")?.map_or(TCP_USER_TIMEOUT_MILLIS, u64::from);
    let seconds = |keyword, default| {
        let given = reader.seconds(keyword)?.flatten();
        Ok::<_, ConninfoError>(given.unwrap_or(Duration::from_secs(default)))
    };
    Ok(Keepalive {
        enabled: number("keepalives")? != Some(0),
        idle: seconds("keepalives_idle", KEEPALIVE_IDLE_SECONDS)?,
        interval: seconds("keepalives_interval", KEEPALIVE_INTERVAL_SECONDS)?,
        count: number("keepalives_count")?
            .filter(|count| *count > 0)
            .unwrap_or(KEEPALIVE_COUNT),
        user_timeout: (millis > 0).then(|| Duration::from_millis(millis)),
    })
}

fn roots(
    reader: &Reader<'_>,
    sslmode: Option<SslMode>,
    environment: &Environment,
) -> Result<Roots, ConninfoError> {
    match reader.text("sslrootcert") {
        // As in libpq: public authorities sign for anybody, so without the name they prove nothing.
        Some(("system", _)) if sslmode.is_some_and(|mode| mode != SslMode::VerifyFull) => {
            Err(ConninfoError::BadValue {
                keyword: "sslmode",
                origin: reader.origin("sslmode"),
                expected: "verify-full, which sslrootcert=system needs",
            })
        }
        Some(("system", _)) => Ok(Roots::NamedSystem),
        Some((path, _)) => Ok(Roots::NamedFile(PathBuf::from(path))),
        None => {
            let usual = environment.below_home(".postgresql/root.crt");
            let found = usual.filter(|path| environment.files.read(path).is_ok());
            Ok(found.map_or(Roots::System, Roots::UsualFile))
        }
    }
}

/// The named certificate and key, else those in `~/.postgresql` when both are there.
fn client_certificate(
    reader: &Reader<'_>,
    environment: &Environment,
) -> Result<Option<ClientCertificate>, ConninfoError> {
    let pick = |keyword, usual: &str| {
        let named = reader.text(keyword).map(|(path, _)| PathBuf::from(path));
        named.or_else(|| {
            environment
                .below_home(usual)
                .filter(|path| environment.files.read(path).is_ok())
        })
    };
    let certificate = pick("sslcert", ".postgresql/postgresql.crt");
    let key = pick("sslkey", ".postgresql/postgresql.key");
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some(ClientCertificate { certificate, key })),
        (Some(_), None) if reader.text("sslcert").is_some() => Err(ConninfoError::BadValue {
            keyword: "sslcert",
            origin: reader.origin("sslcert"),
            expected: "usable without its key; set sslkey too",
        }),
        _ => Ok(None),
    }
}

fn add_passwords(conninfo: &mut Conninfo, reader: &Reader<'_>, environment: &Environment) {
    if let Some((text, origin)) = reader.text("password") {
        let password = Password {
            secret: Secret::new(text),
            origin: origin.clone(),
        };
        conninfo
            .endpoints
            .iter_mut()
            .for_each(|endpoint| endpoint.password = Some(password.clone()));
        return;
    }
    let named = reader.text("passfile").map(|(path, _)| PathBuf::from(path));
    let Some(path) = named.clone().or_else(|| environment.below_home(".pgpass")) else {
        return;
    };
    let Conninfo {
        endpoints,
        warnings,
        dbname,
        user,
        ..
    } = conninfo;
    for endpoint in endpoints {
        let host = passfile_host(&endpoint.address);
        let wanted = Wanted {
            host: &host,
            port: endpoint.port,
            dbname,
            user,
        };
        match passfile::look_up(&path, named.is_some(), &*environment.files, wanted) {
            Lookup::Found(secret) => {
                endpoint.password = Some(Password {
                    secret,
                    origin: Origin::PasswordFile(path.clone()),
                });
            }
            Lookup::Unusable(reason) if !warnings.contains(&reason) => warnings.push(reason),
            Lookup::Unusable(_) | Lookup::Nothing => {}
        }
    }
}

/// The name a server has in the password file.
fn passfile_host(address: &Address) -> String {
    match address {
        Address::Socket(directory) if SOCKET_DIRECTORIES.iter().any(|d| Path::new(d) == directory) => {
            "localhost".into()
        }
        Address::Socket(directory) => directory.display().to_string(),
        Address::Tcp { name, .. } => name.clone(),
    }
}

fn add_warnings(conninfo: &mut Conninfo, reader: &Reader<'_>) {
    if let Some((_, Origin::ToOption)) = reader.text("password") {
        conninfo.warnings.push(
            "the password in --to can be read by every user of this machine (ps); \
             put it in a password file (PGPASSFILE, ~/.pgpass) instead"
                .into(),
        );
    }
    for endpoint in &conninfo.endpoints {
        let reach = Reach::of(&endpoint.address);
        let plan = tls::plan(conninfo.sslmode, &conninfo.roots, reach);
        if reach == Reach::Remote && plan.verification == tls::Verification::None {
            let encrypted = if plan.negotiation == tls::Negotiation::Always {
                "encrypted, but nothing proves that it is the right server"
            } else {
                "possibly not encrypted, and nothing proves that it is the right server"
            };
            conninfo.warnings.push(format!(
                "the connection to {endpoint} is {encrypted}; sslmode=verify-full would"
            ));
        }
    }
}
