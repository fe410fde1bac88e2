//! The agent: a library inside somebody's process. It never panics, prints or blocks.

mod agent;
mod builder;
mod cells;
mod export;
mod listener;
mod probe;
mod sampler;
mod series;
#[cfg(feature = "rusqlite")]
pub mod sqlite;
mod write;

pub use agent::Agent;
pub use builder::{Builder, DEFAULT_LISTEN, Recorder, StartError};
pub use outgrow_shared::metrics::Code;
pub use probe::{MAX_OP_BYTES, MAX_OPS};
#[cfg(feature = "rusqlite")]
pub use sqlite::{Connection, HostHooks};
pub use write::{ErrorCode, Write};
