//! Copy: rows out of SQLite into Postgres through COPY BINARY, hashed on the way.

pub mod encode;
mod numeric;
