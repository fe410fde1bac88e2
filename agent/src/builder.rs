//! How an agent is set up, and why it may refuse to start.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use outgrow_shared::metrics::DEFAULT_OP;

use crate::Agent;

/// Address the agent listens on unless told otherwise: loopback, so that metrics leave the machine only on purpose.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:9867";

/// Pause between samples of the files; a stat is cheap and a WAL may grow by megabytes in a second.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);

/// Where the metrics go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recorder {
    /// A recorder of the agent's own; nothing global is installed.
    #[default]
    Private,
    /// The `metrics` recorder the application has installed, before it starts the agent. The application's
    /// exporter then serves them, with the buckets of `outgrow_shared::metrics` if it sets them; the agent does
    /// not listen and its own `render` is empty.
    Global,
}

/// Why an agent did not start. The application can go on without it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The alias would be a useless label.
    #[error("the alias of a database must not be empty; name what it keeps, such as \"checkpoints\"")]
    EmptyAlias,
    /// The address does not resolve.
    #[error(
        "cannot resolve the metrics address {addr:?}: {source}; give host:port, such as \"127.0.0.1:9867\" or port 0 for any free one"
    )]
    Address {
        /// The address as given.
        addr: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The port is taken or forbidden.
    #[error(
        "cannot listen on {addr} for metrics: {source}; choose another address with .listen(..), port 0 for any free one, or .no_listener() and serve agent.render() yourself"
    )]
    Listen {
        /// The address as resolved.
        addr: SocketAddr,
        /// The cause.
        source: std::io::Error,
    },
    /// Two wishes exclude each other.
    #[error(
        "the global recorder is served by the application's own exporter; leave out .listen({addr:?}) or .recorder(Recorder::Global)"
    )]
    ListenOnGlobal {
        /// The address as given.
        addr: String,
    },
    /// The recorder refused the contract's buckets.
    #[error("cannot build the recorder: {0}")]
    Recorder(#[from] metrics_exporter_prometheus::BuildError),
    /// The operating system gave no thread.
    #[error("cannot start a thread of the agent: {0}; raise the process's thread limit")]
    Thread(#[source] std::io::Error),
}

/// Sets an agent up. Made by [`Agent::builder`]; cloning it allows a second try after a failed start.
#[derive(Debug, Clone)]
pub struct Builder {
    pub(crate) db: String,
    pub(crate) path: PathBuf,
    pub(crate) listen: Listen,
    pub(crate) ops: Vec<String>,
    pub(crate) recorder: Recorder,
    pub(crate) sample_every: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Listen {
    Default,
    On(String),
    Nowhere,
}

impl Builder {
    pub(crate) fn new(db: &str, path: &Path) -> Self {
        Self {
            db: db.to_owned(),
            path: path.to_owned(),
            listen: Listen::Default,
            ops: Vec::new(),
            recorder: Recorder::Private,
            sample_every: SAMPLE_EVERY,
        }
    }

    /// Serves `/metrics` and `/healthz` on `addr` (`host:port`, port 0 for any free one) instead of
    /// [`DEFAULT_LISTEN`].
    #[must_use]
    // By value, so that a literal and a `SocketAddr` are both written without `&`.
    #[allow(clippy::needless_pass_by_value)]
    pub fn listen(mut self, addr: impl ToString) -> Self {
        self.listen = Listen::On(addr.to_string());
        self
    }

    /// Serves nothing; [`Agent::render`] gives the text to a route of the application's own.
    #[must_use]
    pub fn no_listener(mut self) -> Self {
        self.listen = Listen::Nowhere;
        self
    }

    /// Declares the names of writes, so that each stands at zero from the start. Without any, unnamed writes
    /// (`write`) are declared. Further names are taken up to [`crate::MAX_OPS`] in all, the rest become `other`.
    #[must_use]
    pub fn ops<S: AsRef<str>>(mut self, ops: impl IntoIterator<Item = S>) -> Self {
        self.ops.extend(ops.into_iter().map(|op| op.as_ref().to_owned()));
        self
    }

    /// Chooses where the metrics go.
    #[must_use]
    pub fn recorder(mut self, recorder: Recorder) -> Self {
        self.recorder = recorder;
        self
    }

    /// Pause between samples of file sizes and free space; 1 s unless told otherwise.
    #[must_use]
    pub fn sample_every(mut self, every: Duration) -> Self {
        self.sample_every = every;
        self
    }

    /// Starts the agent's threads.
    ///
    /// # Errors
    /// [`StartError`] when the address cannot be had, or the operating system gives no thread. Nothing is left
    /// running then.
    pub fn start(self) -> Result<Agent, StartError> {
        Agent::start(self)
    }

    pub(crate) fn declared_ops(&self) -> Vec<String> {
        if self.ops.is_empty() {
            vec![DEFAULT_OP.to_owned()]
        } else {
            self.ops.clone()
        }
    }

    /// The address to bind, if any.
    pub(crate) fn address(&self) -> Result<Option<SocketAddr>, StartError> {
        let addr = match (&self.listen, self.recorder) {
            (Listen::On(addr), Recorder::Global) => {
                return Err(StartError::ListenOnGlobal { addr: addr.clone() });
            }
            (Listen::Nowhere, _) | (Listen::Default, Recorder::Global) => return Ok(None),
            (Listen::Default, Recorder::Private) => DEFAULT_LISTEN,
            (Listen::On(addr), Recorder::Private) => addr,
        };
        let unresolved = |source| StartError::Address {
            addr: addr.to_owned(),
            source,
        };
        let none = || unresolved(std::io::Error::new(std::io::ErrorKind::NotFound, "no address"));
        addr.to_socket_addrs()
            .map_err(unresolved)?
            .next()
            .ok_or_else(none)
            .map(Some)
    }
}
