//! What one database's measurements share: its ops, its gauges and the clock they are read against.
//!
//! Connections, timers, sampler and exporter hold one `Arc<Probe>`; it outlives the agent, so measuring goes on
//! harmlessly after the agent is dropped. Ops are bounded: what comes beyond the limit is counted as `other`.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use outgrow_shared::metrics::{Code, OTHER_OP};
use quanta::Instant;

use crate::cells::{OpCells, nanos};
use crate::sampler::Sizes;

/// Ops a database may have unless more are declared. With 32 series per op, 12 more for an op that tells its
/// payload, `other` and the gauges, this keeps a database under 300 series.
pub const MAX_OPS: usize = 5;

/// Longest name of an op in bytes; a longer one is data that slipped into a label.
pub const MAX_OP_BYTES: usize = 64;

/// How a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Committed.
    Ok,
    /// Failed.
    Error(Code),
    /// Rolled back on purpose, or it wrote nothing: no write took place.
    Abandoned,
}

/// Configuration of a connection, read on the thread that owns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) journal_mode: String,
    pub(crate) synchronous: &'static str,
    pub(crate) vfs: String,
    pub(crate) busy_timeout: Duration,
}

/// The measurements of one database.
pub(crate) struct Probe {
    /// Value of the label `db`.
    pub(crate) db: String,
    epoch: Instant,
    ops: RwLock<Vec<Arc<OpCells>>>,
    other: RwLock<Option<Arc<OpCells>>>,
    max_ops: usize,
    pub(crate) in_flight: AtomicI64,
    last_success_nanos: AtomicU64,
    pub(crate) attached: AtomicBool,
    pub(crate) commits: AtomicU64,
    pub(crate) rollbacks: AtomicU64,
    pub(crate) config: Mutex<Option<Config>>,
    pub(crate) sizes: Mutex<Option<Sizes>>,
    /// Nanoseconds that the agent's own threads worked.
    pub(crate) background_nanos: AtomicU64,
}

impl Probe {
    /// A probe whose `ops` are declared; they may be more than [`MAX_OPS`], for the program's text bounds them.
    pub(crate) fn new(db: &str, ops: &[String]) -> Self {
        let mut known: Vec<Arc<OpCells>> = Vec::new();
        for op in ops {
            if op != OTHER_OP && known.iter().all(|cells| *cells.name != **op) {
                known.push(Arc::new(OpCells::new(op)));
            }
        }
        Self {
            db: db.to_owned(),
            epoch: Instant::now(),
            max_ops: known.len().max(MAX_OPS),
            ops: RwLock::new(known),
            other: RwLock::new(None),
            in_flight: AtomicI64::new(0),
            last_success_nanos: AtomicU64::new(0),
            attached: AtomicBool::new(false),
            commits: AtomicU64::new(0),
            rollbacks: AtomicU64::new(0),
            config: Mutex::new(None),
            sizes: Mutex::new(None),
            background_nanos: AtomicU64::new(0),
        }
    }

    /// The cells of `op`, made at its first use; those of `other` beyond the limit.
    pub(crate) fn op(&self, op: &str) -> Arc<OpCells> {
        let find = |ops: &[Arc<OpCells>]| ops.iter().find(|cells| *cells.name == *op).cloned();
        if let Some(cells) = find(&self.ops.read().unwrap_or_else(PoisonError::into_inner)) {
            return cells;
        }
        let mut ops = self.ops.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(cells) = find(&ops) {
            return cells;
        }
        if op == OTHER_OP || op.len() > MAX_OP_BYTES || ops.len() >= self.max_ops {
            let mut other = self.other.write().unwrap_or_else(PoisonError::into_inner);
            return other
                .get_or_insert_with(|| Arc::new(OpCells::new(OTHER_OP)))
                .clone();
        }
        let cells = Arc::new(OpCells::new(op));
        ops.push(cells.clone());
        cells
    }

    /// Every op so far, `other` last.
    pub(crate) fn ops(&self) -> Vec<Arc<OpCells>> {
        let mut all = self.ops.read().unwrap_or_else(PoisonError::into_inner).clone();
        all.extend(self.other.read().unwrap_or_else(PoisonError::into_inner).clone());
        all
    }

    /// Writes that named an op beyond the limit.
    pub(crate) fn over_op_limit(&self) -> u64 {
        let other = self.other.read().unwrap_or_else(PoisonError::into_inner);
        other.as_ref().map_or(0, |cells| cells.duration.count())
    }

    /// A write is under way.
    #[inline]
    pub(crate) fn enter(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// A write that was entered ended.
    #[inline]
    pub(crate) fn leave(&self, op: &OpCells, outcome: Outcome, started: Instant, rows: u64, bytes: u64) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        if outcome != Outcome::Abandoned {
            let now = Instant::now();
            self.count(
                op,
                outcome,
                now.saturating_duration_since(started),
                now,
                rows,
                bytes,
            );
        }
    }

    /// Counts a write that took `took` and ended at `now`.
    pub(crate) fn count(
        &self,
        op: &OpCells,
        outcome: Outcome,
        took: Duration,
        now: Instant,
        rows: u64,
        bytes: u64,
    ) {
        match outcome {
            Outcome::Ok => {
                op.add_ok(took, rows, bytes);
                // At least 1, because 0 says that there was none.
                let since = nanos(now.saturating_duration_since(self.epoch)).max(1);
                self.last_success_nanos.store(since, Ordering::Relaxed);
            }
            Outcome::Error(code) => op.add_error(took, code),
            Outcome::Abandoned => {}
        }
    }

    /// When a write last committed.
    pub(crate) fn last_success(&self) -> Option<Instant> {
        match self.last_success_nanos.load(Ordering::Relaxed) {
            0 => None,
            since => self.epoch.checked_add(Duration::from_nanos(since)),
        }
    }

    /// Adds the time since `started` to what the agent's own threads took.
    pub(crate) fn worked_since(&self, started: Instant) {
        self.background_nanos
            .fetch_add(nanos(started.elapsed()), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_beyond_the_limit_become_other() {
        let probe = Probe::new("db", &["put".into()]);
        for i in 1..MAX_OPS {
            assert_eq!(*probe.op(&format!("op{i}")).name, *format!("op{i}"));
        }
        assert_eq!(probe.ops().len(), MAX_OPS);
        let beyond = probe.op("one_more");
        assert_eq!(&*beyond.name, OTHER_OP);
        assert_eq!(&*probe.op("put").name, "put");
        probe.enter();
        probe.leave(&beyond, Outcome::Error(Code::Busy), Instant::now(), 0, 0);
        assert_eq!(probe.over_op_limit(), 1);
        assert_eq!(probe.ops().len(), MAX_OPS + 1);
    }

    #[test]
    fn declared_ops_raise_the_limit_but_long_names_never_pass() {
        let declared: Vec<String> = (0..MAX_OPS + 2).map(|i| format!("op{i}")).collect();
        let probe = Probe::new("db", &declared);
        assert_eq!(&*probe.op("op6").name, "op6");
        assert_eq!(&*probe.op("undeclared").name, OTHER_OP);
        let roomy = Probe::new("db", &[]);
        assert_eq!(
            &*roomy.op(&"x".repeat(MAX_OP_BYTES)).name,
            "x".repeat(MAX_OP_BYTES)
        );
        assert_eq!(&*roomy.op(&"y".repeat(MAX_OP_BYTES + 1)).name, OTHER_OP);
    }

    #[test]
    fn an_abandoned_write_counts_nowhere_but_leaves() {
        let probe = Probe::new("db", &[]);
        let op = probe.op("put");
        probe.enter();
        assert_eq!(probe.in_flight.load(Ordering::Relaxed), 1);
        probe.leave(&op, Outcome::Abandoned, Instant::now(), 9, 9);
        assert_eq!(probe.in_flight.load(Ordering::Relaxed), 0);
        assert_eq!(op.duration.count(), 0);
        assert!(probe.last_success().is_none());
    }
}
