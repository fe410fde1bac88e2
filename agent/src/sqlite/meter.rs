//! Turns a connection's statements into writes: one per auto-commit statement, one per transaction.
//!
//! [`judge`] decides, from what SQLite says of auto-commit before and after a statement; [`Meter`] keeps the
//! clock and the open transaction between statements. Running statements is left to the callers.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use outgrow_shared::metrics::Code;
use quanta::Instant;

use super::kind::Kind;
use crate::cells::OpCells;
use crate::probe::{Outcome, Probe};

/// A transaction the meter follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Open {
    started: Instant,
    /// `total_changes` when it began.
    changes: u64,
    /// Last failure inside it. It counts only if the transaction is rolled back.
    failed: Option<Code>,
    /// Whether it wrote, or tried to, and so counts as a write in flight.
    writes: bool,
}

/// What a finished statement means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// No write began or ended.
    Nothing,
    /// A transaction is open.
    Stays(Open),
    /// A write ended that began as `Open` says.
    Ends(Open, Outcome),
}

/// Judges a statement of `kind` that ended with `failed`: `now` is the transaction it would be by itself, `open`
/// the one it ran in, `autocommit` whether none is open after it.
fn judge(open: Option<Open>, now: Open, kind: Kind, failed: Option<Code>, autocommit: bool) -> Step {
    let writes = kind == Kind::Write;
    let mut tx = open.unwrap_or(now);
    tx.writes = writes || open.is_some_and(|open| open.writes);
    tx.failed = failed.or(open.and_then(|open| open.failed));
    if !autocommit {
        return Step::Stays(tx);
    }
    if !tx.writes {
        return Step::Nothing;
    }
    let outcome = match (failed, kind, tx.failed) {
        (Some(code), _, _) | (None, Kind::Rollback, Some(code)) => Outcome::Error(code),
        (None, Kind::Rollback, None) => Outcome::Abandoned,
        (None, _, _) => Outcome::Ok,
    };
    Step::Ends(tx, outcome)
}

/// Follows one connection. Not `Sync`, as the connection.
pub(super) struct Meter {
    probe: Arc<Probe>,
    op: RefCell<Arc<OpCells>>,
    /// Ops this connection has used, so that naming one neither locks nor allocates.
    known: RefCell<Vec<Arc<OpCells>>>,
    bytes: Cell<u64>,
    open: Cell<Option<Open>>,
    began_at: Cell<Option<Instant>>,
}

impl Meter {
    pub(super) fn new(probe: Arc<Probe>, op: &str) -> Self {
        let op = probe.op(op);
        Self {
            probe,
            op: RefCell::new(op),
            known: RefCell::default(),
            bytes: Cell::new(0),
            open: Cell::new(None),
            began_at: Cell::new(None),
        }
    }

    pub(super) fn probe(&self) -> &Arc<Probe> {
        &self.probe
    }

    /// Names the writes that end from now on; gives back what they were named before.
    pub(super) fn set_op(&self, op: &str) -> Arc<OpCells> {
        let mut known = self.known.borrow_mut();
        let cells = match known.iter().find(|cells| *cells.name == *op) {
            Some(cells) => cells.clone(),
            None => {
                let cells = self.probe.op(op);
                if *cells.name == *op {
                    known.push(cells.clone());
                }
                cells
            }
        };
        self.op.replace(cells)
    }

    pub(super) fn restore_op(&self, op: Arc<OpCells>) {
        self.op.replace(op);
    }

    pub(super) fn add_bytes(&self, bytes: u64) {
        self.bytes.set(self.bytes.get().saturating_add(bytes));
    }

    /// Dates the next write back: it began when the application began to wait for the connection.
    pub(super) fn next_began_at(&self, at: Instant) {
        self.began_at.set(Some(at));
    }

    /// Remembers a failure of the open transaction.
    pub(super) fn note(&self, failed: Option<Code>) {
        if let (Some(mut open), Some(code)) = (self.open.get(), failed) {
            open.failed = Some(code);
            self.open.set(Some(open));
        }
    }

    /// A statement of `kind` is about to run on `db`.
    #[inline]
    pub(super) fn begin<'a>(&'a self, db: &'a rusqlite::Connection, kind: Kind) -> Call<'a> {
        let open = self.open.get();
        if open.is_some() && db.is_autocommit() {
            self.forget();
        }
        let started = self.began_at.take().unwrap_or_else(Instant::now);
        if kind == Kind::Write && !self.open.get().is_some_and(|open| open.writes) {
            self.probe.enter();
        }
        let now = Open {
            started,
            changes: db.total_changes(),
            failed: None,
            writes: false,
        };
        Call {
            meter: self,
            db,
            kind,
            now,
            done: false,
        }
    }

    /// Drops a transaction that ended where the meter could not see it.
    fn forget(&self) {
        if let Some(open) = self.open.take()
            && open.writes
        {
            self.end(open, Outcome::Abandoned, 0);
        }
    }

    fn end(&self, open: Open, outcome: Outcome, changes: u64) {
        let rows = changes.saturating_sub(open.changes);
        self.probe
            .leave(&self.op.borrow(), outcome, open.started, rows, self.bytes.take());
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.forget();
    }
}

/// A statement that is running.
pub(super) struct Call<'a> {
    meter: &'a Meter,
    db: &'a rusqlite::Connection,
    kind: Kind,
    now: Open,
    done: bool,
}

impl Call<'_> {
    /// The statement ended; `failed` says why if it did not do its work.
    #[inline]
    pub(super) fn end(mut self, failed: Option<Code>) {
        self.finish(failed);
    }

    fn finish(&mut self, failed: Option<Code>) {
        if std::mem::replace(&mut self.done, true) {
            return;
        }
        match judge(
            self.meter.open.take(),
            self.now,
            self.kind,
            failed,
            self.db.is_autocommit(),
        ) {
            Step::Nothing => {}
            Step::Stays(open) => self.meter.open.set(Some(open)),
            Step::Ends(open, outcome) => self.meter.end(open, outcome, self.db.total_changes()),
        }
    }
}

impl Drop for Call<'_> {
    /// A panic in the application's closure ends the statement without a result.
    fn drop(&mut self) {
        if !self.done {
            self.finish(Some(Code::Other));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(writes: bool, failed: Option<Code>) -> Open {
        Open {
            started: Instant::now(),
            changes: 0,
            failed,
            writes,
        }
    }

    fn outcome(step: Step) -> Option<Outcome> {
        match step {
            Step::Ends(_, outcome) => Some(outcome),
            Step::Nothing | Step::Stays(_) => None,
        }
    }

    #[test]
    fn an_autocommit_statement_is_a_write_if_it_may_write() {
        let now = open(false, None);
        assert_eq!(
            outcome(judge(None, now, Kind::Write, None, true)),
            Some(Outcome::Ok)
        );
        let busy = Some(Code::Busy);
        assert_eq!(
            outcome(judge(None, now, Kind::Write, busy, true)),
            Some(Outcome::Error(Code::Busy))
        );
        for kind in [Kind::Read, Kind::Control, Kind::Rollback] {
            assert_eq!(judge(None, now, kind, busy, true), Step::Nothing);
        }
    }

    #[test]
    fn a_transaction_is_one_write_judged_at_its_end() {
        let now = open(false, None);
        let Step::Stays(begun) = judge(None, now, Kind::Control, None, false) else {
            panic!("not open")
        };
        assert!(!begun.writes);
        assert_eq!(
            judge(Some(begun), now, Kind::Control, None, true),
            Step::Nothing,
            "it only read"
        );
        let Step::Stays(wrote) = judge(Some(begun), now, Kind::Write, None, false) else {
            panic!("not open")
        };
        assert_eq!(
            outcome(judge(Some(wrote), now, Kind::Control, None, true)),
            Some(Outcome::Ok)
        );
        assert_eq!(
            outcome(judge(Some(wrote), now, Kind::Rollback, None, true)),
            Some(Outcome::Abandoned)
        );
    }

    #[test]
    fn a_failure_counts_only_if_the_transaction_is_rolled_back() {
        let now = open(false, None);
        let failed = Some(open(true, Some(Code::Constraint)));
        assert_eq!(
            outcome(judge(failed, now, Kind::Control, None, true)),
            Some(Outcome::Ok)
        );
        let constraint = Some(Outcome::Error(Code::Constraint));
        assert_eq!(
            outcome(judge(failed, now, Kind::Rollback, None, true)),
            constraint
        );
        let full = Some(Outcome::Error(Code::Full));
        assert_eq!(
            outcome(judge(failed, now, Kind::Write, Some(Code::Full), true)),
            full,
            "the engine rolled back"
        );
    }
}
