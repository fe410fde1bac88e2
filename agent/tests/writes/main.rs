//! Every write metric against ground truth: real connections, real failures, real files.
//!
//! Not covered: `ioerr` and `corrupt` need a failing disk; their classification is tested in `shared`.

// Helpers of tests, too, state what must hold by unwrapping.
#![allow(clippy::unwrap_used, clippy::panic)]

mod counting;
mod failing;
mod store;
