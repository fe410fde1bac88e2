//! The agent: owns the threads, hands out what measures, and stops everything when dropped.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use quanta::Instant;
use tokio::sync::oneshot;

use crate::builder::{Builder, Recorder, StartError};
use crate::cells::OpCells;
use crate::export::Exporter;
use crate::probe::{Outcome, Probe};
use crate::write::{ErrorCode, Write, outcome};
use crate::{listener, sampler};

/// Longest wait for a thread at drop. Only a stat that hangs on a dead network filesystem takes longer; that
/// thread then ends by itself.
const STOP_WAIT: Duration = Duration::from_secs(1);

/// Writes timed at the start to learn what timing costs: long enough for a mean, done in well under a millisecond.
const CALIBRATION_WRITES: u32 = 512;

/// Measures the writes to one SQLite database. Dropping it stops its listener and its sampler; connections it
/// opened go on working.
///
/// It is `Send` and `Sync`: share it between threads in an `Arc`.
pub struct Agent {
    path: PathBuf,
    pub(crate) probe: Arc<Probe>,
    exporter: Arc<Exporter>,
    sampler: Option<Running<mpsc::Sender<()>>>,
    listener: Option<Running<oneshot::Sender<()>>>,
    local_addr: Option<SocketAddr>,
    #[cfg(feature = "rusqlite")]
    pub(crate) writer: Mutex<Option<crate::sqlite::Connection>>,
}

/// A thread: dropping `stop` ends it, and `alive` closes when it has ended.
struct Running<Stop> {
    stop: Stop,
    /// Locked only to make the agent `Sync`.
    alive: Mutex<mpsc::Receiver<()>>,
}

impl Agent {
    /// Sets an agent up for the database at `path`, known as `db` in every label: an alias, never a path.
    pub fn builder(db: &str, path: impl AsRef<Path>) -> Builder {
        Builder::new(db, path.as_ref())
    }

    pub(crate) fn start(builder: Builder) -> Result<Self, StartError> {
        if builder.db.is_empty() {
            return Err(StartError::EmptyAlias);
        }
        let bound = match builder.address()? {
            Some(addr) => Some(listener::bind(addr).map_err(|source| StartError::Listen { addr, source })?),
            None => None,
        };
        let cost = calibrate();
        let exporter = Arc::new(match builder.recorder {
            Recorder::Private => Exporter::private(cost)?,
            Recorder::Global => Exporter::global(cost),
        });
        let probe = Arc::new(Probe::new(&builder.db, &builder.declared_ops()));
        // Declared ops are registered before anybody can scrape.
        exporter.collect(&probe);
        let mut agent = Self {
            path: builder.path.clone(),
            probe,
            exporter,
            sampler: None,
            listener: None,
            local_addr: None,
            #[cfg(feature = "rusqlite")]
            writer: Mutex::new(None),
        };
        agent.sampler = Some(agent.start_sampler(builder.path, builder.sample_every)?);
        if let Some((socket, addr)) = bound {
            agent.listener = Some(agent.start_listener(socket)?);
            agent.local_addr = Some(addr);
        }
        Ok(agent)
    }

    fn start_sampler(&self, path: PathBuf, every: Duration) -> Result<Running<mpsc::Sender<()>>, StartError> {
        let (stop, stopped) = mpsc::channel();
        let (alive_in_thread, alive) = mpsc::channel();
        let (probe, exporter) = (self.probe.clone(), self.exporter.clone());
        spawn("outgrow-sampler", move || {
            sampler::run(&path, every, &probe, &exporter, &stopped, alive_in_thread);
        })?;
        Ok(Running {
            stop,
            alive: Mutex::new(alive),
        })
    }

    fn start_listener(
        &self,
        socket: std::net::TcpListener,
    ) -> Result<Running<oneshot::Sender<()>>, StartError> {
        let (stop, stopped) = oneshot::channel();
        let (alive_in_thread, alive) = mpsc::channel();
        let (probe, exporter) = (self.probe.clone(), self.exporter.clone());
        let runtime = listener::runtime().map_err(StartError::Thread)?;
        spawn("outgrow-http", move || {
            listener::run(runtime, socket, probe, exporter, stopped, alive_in_thread);
        })?;
        Ok(Running {
            stop,
            alive: Mutex::new(alive),
        })
    }

    /// Path of the database.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Address of the listener; `None` without one.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.local_addr
    }

    /// The text of `/metrics`, up to date but for file sizes, which are as old as the last sample. Empty with
    /// [`Recorder::Global`].
    pub fn render(&self) -> String {
        self.exporter.render(&self.probe)
    }

    /// Brings the recorder up to date. Only of use with [`Recorder::Global`], before the application renders;
    /// otherwise the sampler does it after each pause.
    pub fn flush(&self) {
        self.exporter.collect(&self.probe);
    }

    /// Begins a write of any driver. [`Write::finish`] counts it, with what it was told of rows and bytes.
    pub fn begin(&self, op: &str) -> Write {
        Write::begin(self.probe.clone(), self.probe.op(op))
    }

    /// Counts a write of any driver that took `elapsed` and ended just now as `result` says.
    pub fn record<T, E: ErrorCode>(&self, op: &str, elapsed: Duration, result: &Result<T, E>) {
        let op = self.probe.op(op);
        self.probe
            .count(&op, outcome(result), elapsed, Instant::now(), 0, 0);
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let (sampler, listener) = (self.sampler.take(), self.listener.take());
        let alive: Vec<_> = [sampler.map(Running::stop), listener.map(Running::stop)]
            .into_iter()
            .flatten()
            .collect();
        for alive in alive {
            let _ = alive.recv_timeout(STOP_WAIT);
        }
    }
}

impl<Stop> Running<Stop> {
    /// Tells the thread to end; what is returned closes when it has.
    fn stop(self) -> mpsc::Receiver<()> {
        drop(self.stop);
        self.alive.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), StartError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map(drop)
        .map_err(|cause: io::Error| StartError::Thread(cause))
}

/// What it costs to measure one write: the mean over writes to cells nobody reads.
fn calibrate() -> Duration {
    let probe = Probe::new("calibration", &[]);
    let op = OpCells::new("calibration");
    let started = Instant::now();
    for _ in 0..CALIBRATION_WRITES {
        probe.enter();
        probe.leave(&op, Outcome::Ok, Instant::now(), 1, 0);
    }
    started.elapsed() / CALIBRATION_WRITES
}
