//! The agent: a library inside an application that keeps its state in SQLite. It measures every write and serves
//! the figures to Prometheus. It never panics, prints or blocks, and without it the application runs on.
//!
//! # Ten lines
//! ```
//! use outgrow_agent::Agent;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("app.db");
//! let agent = Agent::builder("checkpoints", &path).listen("127.0.0.1:0").ops(["put"]).start()?;
//! let mut conn = agent.open()?; // in the place of rusqlite::Connection::open(&path)
//! conn.execute_batch("PRAGMA journal_mode = wal; CREATE TABLE state (k TEXT PRIMARY KEY, v BLOB)")?;
//! conn.state_write("put", |tx| {
//!     tx.add_bytes(5);
//!     tx.execute("INSERT INTO state VALUES (?1, ?2)", ("step 1", b"state"))
//! })?;
//! assert!(agent.render().contains(r#"checkpoint_writes_total{db="checkpoints",op="put",status="ok"} 1"#));
//! # Ok(())
//! # }
//! ```
//! The metrics are at `http://127.0.0.1:9867/metrics` unless [`Builder::listen`] names another address;
//! [`Agent::local_addr`] tells which. Keep the agent as long as the application runs: dropping it stops both of
//! its threads. When the port is taken, [`Builder::start`] says so and the application can go on without.
//!
//! # Four ways to measure
//! | way | measures | for |
//! |---|---|---|
//! | [`Agent::open`], [`Agent::wrap`] | everything below | rusqlite: change one `use` |
//! | [`Agent::state_write`], [`Connection::state_write`] | the same, for one closure from BEGIN IMMEDIATE to COMMIT | new code |
//! | [`Agent::begin`], [`Agent::record`] | outcome and duration; rows and payload as told | sqlx, diesel, C |
//! | [`Agent::attach`] | commits and rollbacks only | a plain rusqlite connection that must stay one |
//!
//! The crate builds without rusqlite (`default-features = false`), because only one crate of an application may
//! link SQLite; with it, the application chooses any version from 0.37 to 0.41.
//!
//! # What is measured
//! | metric | meaning |
//! |---|---|
//! | `checkpoint_writes_total{db,op,status}` | writes that ended; a transaction is one, an auto-commit statement is one |
//! | `checkpoint_write_errors_total{db,op,code}` | failed writes by SQLite's extended result code |
//! | `checkpoint_write_duration_seconds{db,op}` | from begin to end, with lock wait and automatic wal checkpoint |
//! | `checkpoint_write_rows_total{db,op}` | rows changed by committed writes, by `total_changes`; rows that a savepoint undid are in it |
//! | `checkpoint_write_bytes{db,op}` | payload told by `add_bytes` |
//! | `checkpoint_writes_in_flight{db}` | writes waiting or working |
//! | `checkpoint_write_last_success_timestamp_seconds{db}` | last commit; 0 before the first |
//! | `sqlite_database_size_bytes`, `sqlite_wal_size_bytes` `{db}` | file sizes, by stat |
//! | `sqlite_filesystem_avail_bytes`, `sqlite_filesystem_size_bytes` `{db}` | room on the disk, by statvfs |
//! | `sqlite_config_info{db,journal_mode,synchronous,vfs,fs}`, `sqlite_busy_timeout_seconds{db}` | read when a connection is opened or runs a PRAGMA |
//! | `sqlite_attached_transactions_total{db,outcome}` | what the hooks of attached connections saw |
//! | `outgrow_agent_build_info`, `outgrow_agent_overhead_seconds_total`, `outgrow_agent_dropped_events_total{reason}` | the agent itself |
//!
//! Every declared op stands at zero from the start. At most [`MAX_OPS`] ops are kept, unless more are declared;
//! further ones are counted as `other`. A rollback on purpose (dropping a transaction, `ROLLBACK`, an error of
//! the application's own in a closure) is no write; a rollback after a failed statement is a failed write.
//!
//! # What it cannot see
//! - writes of other processes, of [`Connection::raw`], and of connections it was not given;
//! - how a duration divides into lock wait, work and fsync;
//! - a write whose connection is dropped inside its transaction: it is no write, as if rolled back on purpose;
//! - whether the failure the application handled inside a transaction was the reason for a later rollback: it is
//!   taken to be.
//!
//! The database, -wal and -shm files are never opened by path: closing one would drop SQLite's POSIX locks.

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

/// Compiles the example of the repository's front page.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct FrontPage;
