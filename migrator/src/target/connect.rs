//! Connects, checks that the server is fit for a migration, and makes the session settings.
//!
//! Servers are tried in their order; one that answers but refuses the login ends the search, as in libpq.
//! A [`Target`] always has UTF8, takes writes, and has every setting of `session.rs`.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode as WireSslMode;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::conninfo::{Address, Conninfo, Endpoint};
use super::error::{TargetError, TargetFault};
use super::fault::{self, Attempt};
use super::handshake::Handshake;
use super::lookup::{addresses, limited, timed_out, unknown_host};
use super::server::{self, Purpose, ServerFacts};
use super::tls::{self, Negotiation, Reach, TlsPlan, Verification};

/// How long a clean goodbye may take; the server ends the session anyway when the socket closes.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// A session on a server that is fit for a migration.
pub struct Target {
    client: Client,
    facts: ServerFacts,
    server: String,
    /// Where it answered, down to the address.
    endpoint: Endpoint,
    /// What the server proved; `None`: the session is not encrypted.
    tls: Option<Verification>,
    handshake: Handshake,
    ended: Arc<OnceLock<String>>,
    driver: JoinHandle<()>,
}

impl Target {
    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The client, for transactions.
    pub fn client_mut(&mut self) -> &mut Client {
        &mut self.client
    }

    /// What the server says about itself.
    pub fn facts(&self) -> &ServerFacts {
        &self.facts
    }

    /// The server as `postgres://user@host:port/db`.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Where the server answered.
    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What the server proved over TLS; `None`: the session is not encrypted.
    pub fn tls(&self) -> Option<Verification> {
        self.tls
    }

    /// Names the fault behind an error of this client.
    pub fn fault(&self, error: &tokio_postgres::Error) -> TargetError {
        let fault = fault::session_fault(error, self.ended.get().map(String::as_str));
        TargetError {
            server: self.server.clone(),
            fault,
        }
    }

    /// Runs statements that give no rows.
    ///
    /// # Errors
    /// The server refuses one, or the session ended.
    pub async fn batch(&self, sql: &str) -> Result<(), TargetError> {
        let done = self.client.batch_execute(sql).await;
        done.map_err(|error| self.fault(&error))
    }

    /// Runs a statement with its values, and gives the count of rows that it concerned.
    ///
    /// # Errors
    /// As [`Target::batch`].
    pub async fn execute(
        &self,
        sql: &str,
        values: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<u64, TargetError> {
        let done = self.client.execute(sql, values).await;
        done.map_err(|error| self.fault(&error))
    }

    /// Makes the settings of a session that copies and builds indexes.
    ///
    /// # Errors
    /// As [`Target::batch`].
    pub async fn make_bulk_settings(&self) -> Result<(), TargetError> {
        let made = server::make_bulk_settings(&self.client).await;
        made.map_err(|error| self.fault(&error))
    }

    /// The fault of a session that gave no sign of life for so long.
    pub fn silent_for(&self, limit: Duration) -> TargetError {
        let reason = format!("it gave no sign of life for {} s", limit.as_secs());
        TargetError {
            server: self.server.clone(),
            fault: TargetFault::ConnectionLost { reason },
        }
    }

    /// Asks the server to cancel the statement that runs in this session, over a connection of its own.
    ///
    /// # Errors
    /// The server cannot be reached. That the statement ended already is not an error.
    pub async fn cancel(&self) -> Result<(), TargetError> {
        let token = self.client.cancel_token();
        token
            .cancel_query(self.handshake.clone())
            .await
            .map_err(|error| self.fault(&error))
    }

    /// Ends the session with a goodbye, so that the server logs no broken connection.
    pub async fn close(self) {
        let Self { client, driver, .. } = self;
        drop(client);
        // Past the limit the socket closes with the runtime, which is as good.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, driver).await;
    }
}

/// Connects to the first of the servers that answers.
///
/// # Errors
/// None can be reached, the login is refused, or the server is not fit; see [`TargetFault`].
pub async fn connect(conninfo: &Conninfo) -> Result<Target, TargetError> {
    connect_for(conninfo, Purpose::Migrate).await
}

/// As [`connect`], for a role that may be kept from writing.
///
/// # Errors
/// As [`connect`].
pub async fn connect_to_read(conninfo: &Conninfo) -> Result<Target, TargetError> {
    connect_for(conninfo, Purpose::Read).await
}

async fn connect_for(conninfo: &Conninfo, purpose: Purpose) -> Result<Target, TargetError> {
    let mut last: Option<TargetFault> = None;
    for endpoint in &conninfo.endpoints {
        match connect_endpoint(conninfo, endpoint, purpose).await {
            Ok(target) => return Ok(target),
            Err(fault) if passes_over(&fault, conninfo.skip_read_only) => last = Some(merge(last, fault)),
            Err(fault) => return Err(named(conninfo, fault)),
        }
    }
    let fault = last.unwrap_or_else(|| TargetFault::Protocol {
        reason: "no server is named".into(),
    });
    Err(named(conninfo, fault))
}

fn named(conninfo: &Conninfo, fault: TargetFault) -> TargetError {
    TargetError {
        server: conninfo.redacted(),
        fault,
    }
}

/// Whether the next server is tried after this fault.
fn passes_over(fault: &TargetFault, skip_read_only: bool) -> bool {
    match fault {
        TargetFault::Unreachable { .. } | TargetFault::NotReady { .. } => true,
        TargetFault::ReadOnly { .. } => skip_read_only,
        _ => false,
    }
}

/// Several unreachable places are told together; otherwise the last fault counts.
fn merge(earlier: Option<TargetFault>, fault: TargetFault) -> TargetFault {
    match (earlier, fault) {
        (
            Some(TargetFault::Unreachable {
                endpoint: first,
                kind,
                reason: why_first,
            }),
            TargetFault::Unreachable {
                endpoint,
                reason,
                kind: _,
            },
        ) => {
            let reason = if why_first == reason {
                reason
            } else {
                format!("{why_first}; {reason}")
            };
            TargetFault::Unreachable {
                endpoint: format!("{first} and {endpoint}"),
                kind,
                reason,
            }
        }
        (_, fault) => fault,
    }
}

async fn connect_endpoint(
    conninfo: &Conninfo,
    endpoint: &Endpoint,
    purpose: Purpose,
) -> Result<Target, TargetFault> {
    let plan = tls::plan(conninfo.sslmode, &conninfo.roots, Reach::of(&endpoint.address));
    let connector = tls::connector(plan, &conninfo.roots, conninfo.client_certificate.as_ref())
        .map_err(TargetFault::TlsSetup)?;
    let mut last = None;
    for ip in addresses(conninfo, endpoint).await? {
        let place = Place {
            conninfo,
            endpoint,
            ip,
            connector: &connector,
            purpose,
        };
        match log_in(place, plan).await {
            Ok(target) => return Ok(target),
            Err(fault @ TargetFault::Unreachable { .. }) => last = Some(fault),
            Err(fault) => return Err(fault),
        }
    }
    Err(last.unwrap_or_else(|| unknown_host(endpoint, "the name has no address".into())))
}

/// One address of one server, with what is needed to log in there.
#[derive(Clone, Copy)]
struct Place<'a> {
    conninfo: &'a Conninfo,
    endpoint: &'a Endpoint,
    ip: Option<IpAddr>,
    connector: &'a MakeRustlsConnect,
    purpose: Purpose,
}

impl Place<'_> {
    /// The server with the address that was tried: its name may have several, of servers that are not the same.
    fn answered(&self) -> Endpoint {
        let mut endpoint = self.endpoint.clone();
        if let (Address::Tcp { hostaddr, .. }, Some(ip)) = (&mut endpoint.address, self.ip) {
            *hostaddr = Some(ip);
        }
        endpoint
    }
}

async fn log_in(place: Place<'_>, plan: TlsPlan) -> Result<Target, TargetFault> {
    let verification = plan.verification;
    match plan.negotiation {
        Negotiation::Never => open(place, WireSslMode::Disable, verification).await,
        Negotiation::IfOffered => open(place, WireSslMode::Prefer, verification).await,
        Negotiation::Always => open(place, WireSslMode::Require, verification).await,
        Negotiation::PlainFirst => match open(place, WireSslMode::Disable, verification).await {
            Err(TargetFault::LoginRefused { .. }) => open(place, WireSslMode::Require, verification).await,
            other => other,
        },
    }
}

/// Opens a session, checks the server and makes the settings, all within the limit.
async fn open(
    place: Place<'_>,
    mode: WireSslMode,
    verification: Verification,
) -> Result<Target, TargetFault> {
    let limit = place.conninfo.connect_timeout;
    limited(limit, open_unlimited(place, mode, verification))
        .await
        .unwrap_or_else(|| Err(timed_out(place.endpoint, limit)))
}

async fn open_unlimited(
    place: Place<'_>,
    mode: WireSslMode,
    verification: Verification,
) -> Result<Target, TargetFault> {
    let Place {
        conninfo,
        endpoint,
        connector,
        purpose,
        ..
    } = place;
    // A note of its own: what another address answered says nothing about this one.
    let handshake = Handshake::new(connector.clone());
    let connected = config(place, mode).connect(handshake.clone()).await;
    let (client, connection) = connected.map_err(|error| {
        let origin = endpoint
            .password
            .as_ref()
            .map(|password| password.origin.to_string());
        let attempt = Attempt {
            endpoint: &endpoint.to_string(),
            dbname: &conninfo.dbname,
            user: &conninfo.user,
            password_origin: origin.as_deref(),
            tls_still_missing: mode == WireSslMode::Require && !handshake.has_begun(),
        };
        fault::login_fault(&error, attempt)
    })?;
    let ended = Arc::new(OnceLock::new());
    let noted = Arc::clone(&ended);
    let driver = tokio::spawn(async move {
        // Pinned, so that the reason is noted before waiting requests learn that the connection is gone.
        let mut connection = pin!(connection);
        if let Err(error) = connection.as_mut().await {
            // Nothing else sets it.
            let _ = noted.set(fault::told_once(&error));
        }
    });
    let of_session =
        |error: &tokio_postgres::Error| fault::session_fault(error, ended.get().map(String::as_str));
    let facts = server::facts(&client).await.map_err(|error| of_session(&error))?;
    if let Some(fault) = server::unfit(&facts, purpose) {
        return Err(fault);
    }
    server::make_settings(&client)
        .await
        .map_err(|error| of_session(&error))?;
    Ok(Target {
        client,
        facts,
        server: conninfo.redacted(),
        endpoint: place.answered(),
        tls: handshake.has_begun().then_some(verification),
        handshake,
        ended,
        driver,
    })
}

fn config(place: Place<'_>, mode: WireSslMode) -> Config {
    let Place {
        conninfo,
        endpoint,
        ip,
        ..
    } = place;
    let mut config = Config::new();
    match &endpoint.address {
        Address::Socket(directory) => config.host(directory.to_string_lossy()),
        Address::Tcp { name, .. } => config.host(name.as_str()),
    };
    if let Some(ip) = ip {
        config.hostaddr(ip);
    }
    config
        .port(endpoint.port)
        .dbname(&conninfo.dbname)
        .user(&conninfo.user)
        .application_name(&conninfo.application_name)
        .ssl_mode(mode)
        .channel_binding(conninfo.channel_binding)
        .keepalives(conninfo.keepalive.enabled)
        .keepalives_idle(conninfo.keepalive.idle)
        .keepalives_interval(conninfo.keepalive.interval)
        .keepalives_retries(conninfo.keepalive.count);
    if let Some(password) = &endpoint.password {
        config.password(password.secret.reveal());
    }
    if let Some(options) = &conninfo.options {
        config.options(options);
    }
    if let Some(limit) = conninfo.keepalive.user_timeout {
        config.tcp_user_timeout(limit);
    }
    config
}
