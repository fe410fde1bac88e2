//! What is asked of and done to the tables that an application made itself, on a real server.
//!
//! Every test acts as a role that owns the application's tables and nothing else: no superuser, no CREATE on the
//! database or on any schema.

// Helpers of tests state what must hold, as the tests themselves do.
#![allow(clippy::unwrap_used, clippy::panic)]

mod catalog;
mod constraints;
mod ids;
mod outcome;
mod probe;
mod scene;
mod schema;
