//! How far a migration is, seen from outside: reads the ledger and the server's own views, and writes nothing.
//!
//! `ask` gives what the server says as plain [`facts`]; [`judge`] makes a [`model::Status`] of them without a clock or a
//! connection of its own. Every time is the server's. How a status looks is the report's business.

mod ask;
mod ask_sessions;
mod blockers;
pub mod facts;
pub mod judge;
pub mod model;
pub mod pace;
mod steps;

pub use ask::{Request, look};
