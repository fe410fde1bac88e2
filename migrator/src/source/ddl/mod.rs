//! The reader of SQLite DDL: the `sql` text of one `sqlite_schema` row becomes plain owned data.
//!
//! It supplies what PRAGMAs cannot: CHECKs, collations, generated expressions, AUTOINCREMENT, conflict
//! clauses, partial and expression indexes, deferral, constraint names. Texts come from files nobody vouches
//! for: whatever they hold, the answer is data or a [`DdlError`], never a panic or an exhausted stack.
//! What a thing becomes on the target is decided in the plan.

mod affinity;
mod convert;
#[cfg(test)]
mod corpus_tests;
mod error;
mod expr;
#[cfg(test)]
mod hostile_tests;
mod lexis;
mod query;
mod read;
#[cfg(test)]
mod tests;

pub use affinity::Affinity;
pub use error::DdlError;
pub use expr::{Expr, Moment, SourceExpr};
pub use query::{FromDdl, JoinKind, JoinOn, QueryDdl, ResultDdl};
pub use read::read;
pub use sqlite3_parser::ast::{LikeOperator, Operator, RefAct, ResolveType, TriggerTime, UnaryOperator};

/// What one `CREATE` statement describes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ddl {
    /// `CREATE TABLE`.
    Table(TableDdl),
    /// `CREATE INDEX`.
    Index(IndexDdl),
    /// `CREATE VIEW`.
    View(ViewDdl),
    /// `CREATE TRIGGER`.
    Trigger(TriggerDdl),
    /// `CREATE VIRTUAL TABLE`.
    VirtualTable(VirtualTableDdl),
}

/// A table as its `CREATE TABLE` says it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableDdl {
    /// Name without quotes.
    pub name: String,
    /// Columns in declared order, generated ones included.
    pub columns: Vec<ColumnDdl>,
    /// `PRIMARY KEY (...)` written as a table constraint.
    pub primary_key: Option<KeyDdl>,
    /// `UNIQUE (...)` table constraints in order.
    pub unique: Vec<KeyDdl>,
    /// `CHECK` table constraints in order; those of columns stay with their column.
    pub checks: Vec<CheckDdl>,
    /// `FOREIGN KEY` table constraints in order; those of columns stay with their column.
    pub foreign_keys: Vec<ForeignKeyDdl>,
    /// `WITHOUT ROWID`.
    pub without_rowid: bool,
    /// `STRICT`.
    pub strict: bool,
}

impl TableDdl {
    /// All foreign keys: those of columns first, then those of the table.
    pub fn foreign_keys(&self) -> impl Iterator<Item = &ForeignKeyDdl> {
        let of_columns = self.columns.iter().flat_map(|column| &column.foreign_keys);
        of_columns.chain(&self.foreign_keys)
    }

    fn foreign_keys_mut(&mut self) -> impl Iterator<Item = &mut ForeignKeyDdl> {
        let of_columns = self
            .columns
            .iter_mut()
            .flat_map(|column| &mut column.foreign_keys);
        of_columns.chain(&mut self.foreign_keys)
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnDdl {
    /// Name without quotes.
    pub name: String,
    /// Declared type, words separated by one space; none when the source names none.
    pub declared_type: Option<String>,
    /// Collation name without quotes; none means BINARY.
    pub collation: Option<String>,
    /// `DEFAULT`; a bare word is already the string (or 1, 0 for TRUE, FALSE) that SQLite takes it for.
    pub default: Option<SourceExpr>,
    /// `[GENERATED ALWAYS] AS (...)`.
    pub generated: Option<GeneratedDdl>,
    /// `NOT NULL`.
    pub not_null: Option<NotNullDdl>,
    /// `CHECK`s written at this column.
    pub checks: Vec<CheckDdl>,
    /// `PRIMARY KEY` written at this column.
    pub primary_key: Option<ColumnKeyDdl>,
    /// `UNIQUE` written at this column.
    pub unique: Option<UniqueDdl>,
    /// `REFERENCES` written at this column.
    pub foreign_keys: Vec<ForeignKeyDdl>,
}

/// A generated column's expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedDdl {
    /// The expression.
    pub expr: SourceExpr,
    /// `STORED`; otherwise `VIRTUAL`.
    pub stored: bool,
}

/// A `NOT NULL` and what it does on a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotNullDdl {
    /// Constraint name.
    pub name: Option<String>,
    /// `ON CONFLICT`.
    pub on_conflict: Option<ResolveType>,
}

/// `PRIMARY KEY` at a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnKeyDdl {
    /// Constraint name.
    pub name: Option<String>,
    /// `DESC`: then even an INTEGER key is no alias of the rowid.
    pub desc: bool,
    /// `AUTOINCREMENT`.
    pub autoincrement: bool,
    /// `ON CONFLICT`.
    pub on_conflict: Option<ResolveType>,
}

/// `UNIQUE` at a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UniqueDdl {
    /// Constraint name.
    pub name: Option<String>,
    /// `ON CONFLICT`.
    pub on_conflict: Option<ResolveType>,
}

/// `PRIMARY KEY (...)` or `UNIQUE (...)` of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyDdl {
    /// Constraint name.
    pub name: Option<String>,
    /// Key columns in order.
    pub parts: Vec<KeyPart>,
    /// `AUTOINCREMENT` (a primary key only).
    pub autoincrement: bool,
    /// `ON CONFLICT`.
    pub on_conflict: Option<ResolveType>,
}

/// One column of a key or one term of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPart {
    /// Column or expression.
    pub term: KeyTerm,
    /// `COLLATE` given here; otherwise the column's own collation holds.
    pub collation: Option<String>,
    /// `DESC`.
    pub desc: bool,
}

/// What a key or an index orders by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyTerm {
    /// A column by its name without quotes.
    Column(String),
    /// An expression (indexes only).
    Expr(SourceExpr),
}

/// A `CHECK`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckDdl {
    /// Constraint name.
    pub name: Option<String>,
    /// The condition.
    pub expr: SourceExpr,
}

/// A foreign key, at a column or of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKeyDdl {
    /// Constraint name.
    pub name: Option<String>,
    /// Child columns.
    pub columns: Vec<String>,
    /// Parent table.
    pub parent_table: String,
    /// Parent columns; empty means the parent's primary key.
    pub parent_columns: Vec<String>,
    /// `ON DELETE`.
    pub on_delete: Option<RefAct>,
    /// `ON UPDATE`.
    pub on_update: Option<RefAct>,
    /// `MATCH` name, which SQLite reads and ignores.
    pub match_name: Option<String>,
    /// `DEFERRABLE`; SQLite defers only what is also `INITIALLY DEFERRED`.
    pub deferrable: bool,
    /// `INITIALLY DEFERRED`.
    pub initially_deferred: bool,
}

/// An index as its `CREATE INDEX` says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexDdl {
    /// Name without quotes.
    pub name: String,
    /// Table without quotes.
    pub table: String,
    /// `UNIQUE`.
    pub unique: bool,
    /// Terms in order.
    pub parts: Vec<KeyPart>,
    /// `WHERE` of a partial index.
    pub where_clause: Option<SourceExpr>,
}

/// A view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewDdl {
    /// Name without quotes.
    pub name: String,
    /// Column names when the view gives them.
    pub columns: Vec<String>,
    /// Its query, where it is simple; else what it has that is not.
    pub query: Result<QueryDdl, &'static str>,
}

/// A trigger; its body stays text, nothing of it is run on the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggerDdl {
    /// Name without quotes.
    pub name: String,
    /// Table or view without quotes.
    pub table: String,
    /// `BEFORE`, `AFTER` or `INSTEAD OF`; none means before.
    pub time: Option<TriggerTime>,
    /// `DELETE`, `INSERT` or `UPDATE`.
    pub event: TriggerVerb,
}

/// The statement a trigger fires on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriggerVerb {
    /// `DELETE`.
    Delete,
    /// `INSERT`.
    Insert,
    /// `UPDATE`, of any or of some columns.
    Update,
}

/// A virtual table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualTableDdl {
    /// Name without quotes.
    pub name: String,
    /// Module without quotes.
    pub module: String,
    /// Module arguments as written.
    pub arguments: Vec<String>,
}

impl VirtualTableDdl {
    /// The application's own table that a full-text index reads (`content=`). SQLite takes it for a shadow table
    /// when it is named like one: `notes_content` beside `notes`.
    pub fn content_table(&self) -> Option<String> {
        let quotes = ['"', '\'', '`', '[', ']'];
        self.arguments.iter().find_map(|argument| {
            let (key, value) = argument.split_once('=')?;
            key.trim()
                .eq_ignore_ascii_case("content")
                .then(|| value.trim().trim_matches(quotes).to_owned())
        })
    }
}
