//! The translator of SQLite expressions to Postgres SQL.
//!
//! The output is made of our own tokens only: names and literals through [`crate::quote`], operators and functions
//! from a list whose meaning is the same on both sides (a test asks both engines). What is not on the list is
//! [`Untranslatable`], never passed on. The one difference left: an overflow of integers or floats is an error
//! on Postgres, where SQLite goes on with a float, an infinity or NULL.

mod arithmetic;
mod compare;
mod default;
mod functions;
mod now;
mod pattern;
#[cfg(test)]
mod tests;
mod value;
mod view;
mod walk;

use thiserror::Error;

pub use default::translate_default;
pub use value::Ty;
pub use view::{Relation, RelationColumn, translate_view};

use super::choices::Nocase;
use super::target_type::TargetType;
use crate::source::ddl::{Affinity, Expr};

/// The storage class that every value of a column but NULL has in the source. A column without values counts as
/// the class its target type is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredClass {
    /// INTEGER only.
    Integer,
    /// REAL only.
    Real,
    /// INTEGER and REAL.
    Number,
    /// TEXT only.
    Text,
    /// BLOB only.
    Blob,
    /// Any other mixture: such a column can only be tested for NULL.
    Mixed,
}

/// What the translator must know of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnBinding {
    /// Name on the target.
    pub name: String,
    /// Type on the target.
    pub target: TargetType,
    /// Affinity in the source: it decides what SQLite compares.
    pub affinity: Affinity,
    /// What the census found in the source.
    pub class: StoredClass,
    /// Declared collation in the source; none means BINARY.
    pub collation: Option<String>,
    /// What stands for NOCASE on the target, unless the column compares by its bytes there.
    pub nocase: Option<Nocase>,
    /// NOT NULL on the target.
    pub not_null: bool,
}

/// An expression in Postgres SQL and the type it has there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translated {
    /// The SQL; a name, a literal, a call or something in parentheses.
    pub sql: String,
    /// Its type. SQLite's 1 and 0 of a comparison are a boolean here.
    pub ty: Ty,
}

/// The first construct that has no equal on Postgres.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what} is not translated: {why}")]
pub struct Untranslatable {
    /// The construct.
    pub what: String,
    /// Why it has no equal.
    pub why: String,
}

/// A `Result` of the translator.
type Outcome<T> = Result<T, Untranslatable>;

fn refuse<T>(what: impl Into<String>, why: impl Into<String>) -> Outcome<T> {
    Err(Untranslatable {
        what: what.into(),
        why: why.into(),
    })
}

/// Translates an expression that is used for its value (an index term).
///
/// `columns` finds a column by its name in the source, ignoring ASCII case as SQLite does.
///
/// # Errors
/// [`Untranslatable`] names the first construct without an equal.
pub fn translate(
    expr: &Expr,
    columns: &dyn Fn(&str) -> Option<ColumnBinding>,
) -> Result<Translated, Untranslatable> {
    let value = walk::Walker::new(&walk::OneTable(columns)).value(expr, 0)?;
    Ok(Translated {
        sql: value.typed_sql(),
        ty: value.ty,
    })
}

/// A column and, where it is computed itself, the expression that stands in for its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The column.
    pub binding: ColumnBinding,
    /// Its expression on the target.
    pub expression: Option<String>,
}

/// As [`translate`], over columns of which some are computed.
///
/// # Errors
/// [`Untranslatable`] names the first construct without an equal.
pub fn translate_over(
    expr: &Expr,
    columns: &dyn Fn(&str) -> Option<Bound>,
) -> Result<Translated, Untranslatable> {
    let value = walk::Walker::new(&walk::OverExpressions(columns)).value(expr, 0)?;
    Ok(Translated {
        sql: value.typed_sql(),
        ty: value.ty,
    })
}

/// Translates an expression that is used as a condition (a CHECK, the WHERE of a partial index): the SQL is a
/// boolean, NULL where SQLite gives NULL.
///
/// # Errors
/// [`Untranslatable`] names the first construct without an equal.
pub fn translate_condition(
    expr: &Expr,
    columns: &dyn Fn(&str) -> Option<ColumnBinding>,
) -> Result<String, Untranslatable> {
    walk::Walker::new(&walk::OneTable(columns)).condition(expr, 0)
}
