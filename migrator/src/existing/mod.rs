//! Existing tables of an application: what is taken off them before the data, put back after it, and proven unchanged.
//!
//! Everything happens inside the one transaction of the migration and with the rights of an ordinary owner; its end
//! without COMMIT leaves the schema as it was, positions of sequences included. In order: [`constraints::lock`],
//! [`state::read`], [`constraints::survey`], [`undo::write`], [`constraints::take_off`], the data,
//! [`constraints::put_back`], [`ids::continue_after`], [`probe::try_next`], [`state::read`] and [`state::compare`],
//! [`ids::set_late`], [`outcome::current`], COMMIT. Which tables take part is the plan's; their rows are the copy's.

pub mod constraints;
mod guards;
pub mod ids;
mod next_id;
mod orphans;
pub mod outcome;
pub mod probe;
mod rehearsal;
mod rights;
mod savepoint;
mod sequences;
pub mod state;
pub mod undo;

use std::fmt;

pub use rehearsal::rehearse;

use crate::quote::{quote_ident, quote_literal};

/// A relation by its schema and name.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Relation {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
}

impl Relation {
    /// As SQL names it.
    pub fn quoted(&self) -> String {
        format!("{}.{}", quote_ident(&self.schema), quote_ident(&self.name))
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

/// A literal of text that came from Postgres, which never holds U+0000.
fn literal(text: &str) -> String {
    quote_literal(text).unwrap_or_else(|| "NULL".to_owned())
}
