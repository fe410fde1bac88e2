//! Copy: rows out of SQLite into Postgres through COPY BINARY, hashed on the way.
//!
//! Everything of a migration happens in one transaction: tables, rows, keys, verification and the record of
//! it. Whatever ends it early leaves the target as it was.

mod cast;
pub mod encode;
mod error;
mod ledger;
mod load_check;
mod merge;
mod numeric;
mod own_sql;
pub mod quarantine;
mod run;
mod seeds;
mod transaction;

pub use error::CopyError;
pub use ledger::{Record, await_end, find_record, made_by_outgrow, record_exists};
pub use load_check::load_check;
pub use run::copy_table;
pub use seeds::{clear_seeds, refuse_heirs, refuse_other_seeds};
pub use transaction::{
    Records, analyze, begin, commit, create_tables, refuse_existing, run_steps, write_record,
};
