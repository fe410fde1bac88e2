//! Writes measured by hand, for any driver: sqlx, diesel, C.
//!
//! A [`Write`] is under way from [`crate::Agent::begin`] until it is finished with a result or abandoned by
//! dropping it. What an error means is asked of [`ErrorCode`]; nothing here knows a driver.

use std::sync::Arc;

use outgrow_shared::metrics::Code;
use quanta::Instant;

use crate::cells::OpCells;
use crate::probe::{Outcome, Probe};

/// An error that knows which family of SQLite's result codes it belongs to.
pub trait ErrorCode {
    /// The family, for the label `code`.
    fn code(&self) -> Code;
}

impl ErrorCode for Code {
    fn code(&self) -> Code {
        *self
    }
}

/// An extended result code of SQLite as every driver hands it out.
impl ErrorCode for i32 {
    fn code(&self) -> Code {
        Code::from_extended(*self)
    }
}

/// A write under way. Dropping it unfinished abandons it: it is then no write at all, as a rollback on purpose.
#[must_use = "a write that is not finished is not counted"]
pub struct Write {
    probe: Arc<Probe>,
    op: Arc<OpCells>,
    started: Instant,
    rows: u64,
    bytes: u64,
    left: bool,
}

impl Write {
    pub(crate) fn begin(probe: Arc<Probe>, op: Arc<OpCells>) -> Self {
        probe.enter();
        Self {
            probe,
            op,
            started: Instant::now(),
            rows: 0,
            bytes: 0,
            left: false,
        }
    }

    /// Adds rows that this write changed.
    pub fn add_rows(&mut self, rows: u64) {
        self.rows = self.rows.saturating_add(rows);
    }

    /// Adds bytes of payload that this write carries.
    pub fn add_bytes(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Ends the write now, as `result` says.
    pub fn finish<T, E: ErrorCode>(mut self, result: &Result<T, E>) {
        self.leave(outcome(result));
    }

    fn leave(&mut self, outcome: Outcome) {
        if !std::mem::replace(&mut self.left, true) {
            self.probe
                .leave(&self.op, outcome, self.started, self.rows, self.bytes);
        }
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        self.leave(Outcome::Abandoned);
    }
}

/// What a result says of its write.
pub(crate) fn outcome<T, E: ErrorCode>(result: &Result<T, E>) -> Outcome {
    match result {
        Ok(_) => Outcome::Ok,
        Err(error) => Outcome::Error(error.code()),
    }
}
