//! The source: one SQLite file, read and never written.

pub mod ddl;
