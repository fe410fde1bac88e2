//! The ledger: what a migration has done so far, kept in the target's schema `_outgrow`.
//!
//! Rows and the word that they are there commit in one transaction, so that neither is ever without the other: a chunk
//! that has its row in `_outgrow.chunk` is in its table, and one that has none is not. A step (a table made, an index
//! built) has its row in `_outgrow.step` in the same way. Whoever works on a run holds its epoch: each transaction
//! asks for it first ([`run::fence`]), and taking a run over moves it on, so that a process that was thought dead can
//! keep nothing any more.
//!
//! What is copied and when is decided elsewhere; here it is written down and read.

pub mod chunks;
pub mod discard;
mod error;
pub mod intact;
pub mod key;
pub mod lease;
pub mod pulse;
pub mod record;
pub mod run;
pub mod steps;
pub mod tables;

pub use error::LedgerError;
