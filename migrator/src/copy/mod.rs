//! Copy: rows out of SQLite into Postgres through COPY BINARY, hashed on the way.
//!
//! Tables that outgrow makes are filled side by side, in transactions of whole chunks that are committed with their
//! ledger rows (`fill`); keys and indexes come after the rows (`steps`). What ends it early keeps what was committed,
//! and the next run goes on. Tables that the application made are filled in one transaction (`run`, `transaction`), so
//! that they are never seen without their keys.

mod cast;
mod chunk;
mod compare;
mod ddl;
mod discard_stale;
pub mod encode;
mod error;
mod fill;
mod load_check;
mod merge;
mod names;
mod numeric;
mod own_sql;
pub mod quarantine;
mod reading;
mod row;
mod run;
mod seeds;
mod sending;
mod steps;
mod transaction;

pub use ddl::analyze;
pub use error::CopyError;
pub use fill::{Copy, copy_all};
pub use load_check::load_check;
pub use names::refuse_existing;
pub use run::copy_table;
pub use seeds::{clear_seeds, refuse_heirs, refuse_other_seeds};
pub use sending::Limits;
pub use steps::{prepare, run_after};
pub use transaction::{Records, begin, commit};
