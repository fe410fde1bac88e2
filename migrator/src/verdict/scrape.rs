//! Scrapes an agent's `/metrics` twice and turns the difference into signals.
//!
//! Nothing here is fatal: an endpoint that cannot be reached or read is a fact about the system, and becomes
//! signals without values that say why.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use outgrow_shared::verdict::Signals;
use thiserror::Error;
use ureq::http::Uri;

use super::VerdictError;
use super::exposition::{self, ExpositionError, Sample};
use super::window::Window;

/// An endpoint on the same host answers in milliseconds; ten seconds is Prometheus' own scrape timeout.
const TIMEOUT: Duration = Duration::from_secs(10);

/// An agent's answer is some 100 kB. More than this is not an agent.
const BODY_LIMIT_BYTES: u64 = 16 << 20;

/// The format asked for: plain text, which every Prometheus client library writes.
const ACCEPT: &str = "text/plain;version=0.0.4;q=1,*/*;q=0.1";

/// Why an endpoint gave no samples.
#[derive(Debug, Error)]
enum ScrapeError {
    #[error(transparent)]
    Http(ureq::Error),
    #[error("it answered with HTTP status {0}")]
    Status(u16),
    #[error(transparent)]
    Format(ExpositionError),
}

/// Where to scrape.
#[derive(Debug, Clone)]
pub struct Endpoint {
    uri: Uri,
    /// The address without user and password, for messages and sources.
    shown: String,
}

impl Endpoint {
    /// Reads an address. `http://` and `/metrics` may be left out.
    ///
    /// # Errors
    /// [`VerdictError::Address`] when it is no HTTP address.
    pub fn parse(text: &str) -> Result<Self, VerdictError> {
        let refuse = |why: &str| VerdictError::Address { why: why.to_owned() };
        let full = if text.contains("://") {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let uri: Uri = full.parse().map_err(|_| refuse("it cannot be parsed"))?;
        let scheme = uri.scheme_str().unwrap_or_default();
        if !matches!(scheme, "http" | "https") {
            return Err(refuse("only http and https can be scraped"));
        }
        let authority = uri.authority().ok_or_else(|| refuse("it names no host"))?;
        if authority.host().is_empty() {
            return Err(refuse("it names no host"));
        }
        let path = match uri.path_and_query().map(ureq::http::uri::PathAndQuery::as_str) {
            None | Some("" | "/") => "/metrics",
            Some(path) => path,
        };
        let host = authority.as_str().rsplit('@').next().unwrap_or_default();
        let shown = format!("{scheme}://{host}{}", path.split('?').next().unwrap_or_default());
        let uri = format!("{scheme}://{authority}{path}").parse();
        let uri = uri.map_err(|_| refuse("it cannot be parsed"))?;
        Ok(Self { uri, shown })
    }

    /// The address without user, password and query.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

/// One scrape and when it was taken.
#[derive(Debug)]
pub(super) struct Scrape {
    pub(super) at: Instant,
    unix_seconds: f64,
    samples: Vec<Sample>,
}

impl Scrape {
    /// Takes one; on failure, the signals that say why.
    pub(super) fn take(client: &ureq::Agent, endpoint: &Endpoint) -> Result<Self, Vec<Signals>> {
        let samples = fetch(client, endpoint).map_err(|error| unavailable(endpoint, &error))?;
        Ok(Self {
            at: Instant::now(),
            unix_seconds: unix_seconds(SystemTime::now()),
            samples,
        })
    }

    /// The signals between an earlier scrape and this one, of every database or of `db` alone.
    pub(super) fn signals_since(&self, first: &Self, endpoint: &Endpoint, db: Option<&str>) -> Vec<Signals> {
        let window = Window {
            first: &first.samples,
            second: &self.samples,
            elapsed_seconds: self.at.duration_since(first.at).as_secs_f64(),
            now_unix_seconds: self.unix_seconds,
        };
        signals_of(&window, endpoint, db)
    }
}

/// The signals of every database on `endpoint` over `window`, or of `db` alone when it is named.
///
/// The result is never empty: when nothing can be measured it is one [`Signals`] that says why.
#[must_use]
pub fn scrape(endpoint: &Endpoint, window: Duration, db: Option<&str>) -> Vec<Signals> {
    let client = client();
    let first = match Scrape::take(&client, endpoint) {
        Ok(scrape) => scrape,
        Err(why) => return why,
    };
    thread::sleep(window);
    match Scrape::take(&client, endpoint) {
        Ok(second) => second.signals_since(&first, endpoint, db),
        Err(why) => why,
    }
}

fn signals_of(window: &Window<'_>, endpoint: &Endpoint, db: Option<&str>) -> Vec<Signals> {
    let databases = window.databases();
    if databases.is_empty() {
        let why = format!("{} counts no writes: is it an outgrow agent?", endpoint.shown);
        return vec![Signals::unavailable(why)];
    }
    match db {
        Some(db) if databases.contains(db) => vec![window.signals(db)],
        Some(db) => {
            let known: Vec<&str> = databases.into_iter().collect();
            let known = known.join(", ");
            let why = format!("{} has no database `{db}`, it has: {known}", endpoint.shown);
            vec![Signals::unavailable(why)]
        }
        None => databases.into_iter().map(|db| window.signals(db)).collect(),
    }
}

fn unavailable(endpoint: &Endpoint, error: &ScrapeError) -> Vec<Signals> {
    vec![Signals::unavailable(format!(
        "cannot scrape {}: {error}",
        endpoint.shown
    ))]
}

pub(super) fn client() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .http_status_as_error(false)
        // As in Prometheus: an agent listens on this host, where a proxy of the environment does not reach.
        .proxy(None)
        .build()
        .into()
}

fn fetch(client: &ureq::Agent, endpoint: &Endpoint) -> Result<Vec<Sample>, ScrapeError> {
    let request = client.get(endpoint.uri.clone()).header("accept", ACCEPT);
    let mut response = request.call().map_err(ScrapeError::Http)?;
    if response.status() != 200 {
        return Err(ScrapeError::Status(response.status().as_u16()));
    }
    let body = response
        .body_mut()
        .with_config()
        .limit(BODY_LIMIT_BYTES)
        .read_to_string();
    exposition::parse(&body.map_err(ScrapeError::Http)?).map_err(ScrapeError::Format)
}

fn unix_seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(f64::NAN, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests;
