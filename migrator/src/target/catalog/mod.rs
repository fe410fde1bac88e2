//! What a schema of the target holds: the facts that a migration into existing tables rests on.
//!
//! Read from `pg_catalog` in one go; plain data after that. What follows from it is the plan's.

pub mod kind;
mod read;
mod types;

pub use kind::ColumnKind;
pub use read::{count_rows, read};

/// The ordinary and partitioned tables of one schema, with what hangs on them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetCatalog {
    /// The schema.
    pub schema: String,
    /// Its tables by name; partitions are part of their parent.
    pub tables: Vec<TargetTable>,
}

/// A table of the target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetTable {
    /// Its name.
    pub name: String,
    /// The role that owns it.
    pub owner: String,
    /// Whether the role of the session owns it, or has the rights of the role that does.
    pub is_owned: bool,
    /// Whether that role may read the whole table and use its schema.
    pub may_select: bool,
    /// Whether that role may insert into it and use its schema.
    pub may_insert: bool,
    /// Whether policies for row security apply to that role; queries are errors then.
    pub hides_rows: bool,
    /// Whether it is partitioned.
    pub is_partitioned: bool,
    /// Rows in it, once they are counted; 0 where the role cannot read all of them.
    pub rows: u64,
    /// Its columns in order, dropped ones left out.
    pub columns: Vec<TargetColumn>,
    /// Names of the primary key's columns in the order of the key; empty without one.
    pub primary_key: Vec<String>,
    /// Columns of every other unique constraint or index over whole columns, in the order of the key.
    pub unique_keys: Vec<Vec<String>>,
    /// Its foreign keys, those whose parent is in another schema included.
    pub foreign_keys: Vec<TargetForeignKey>,
}

/// A column of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetColumn {
    /// Its name.
    pub name: String,
    /// Its type as `format_type` writes it: `character varying(200)`, or the domain's name.
    pub type_name: String,
    /// What its values are; of a domain, those of its base type.
    pub kind: ColumnKind,
    /// Whether it is NOT NULL, by itself or by its domain.
    pub not_null: bool,
    /// Whether an INSERT that leaves it out gets a value: a default, an identity, or one of its domain.
    pub has_default: bool,
    /// Whether it is computed (`GENERATED ALWAYS AS (...)`).
    pub generated: bool,
}

/// A foreign key of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetForeignKey {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// The parent's schema.
    pub parent_schema: String,
    /// The parent table.
    pub parent: String,
    /// The parent's columns, in the order of `columns`.
    pub parent_columns: Vec<String>,
    /// Whether it holds for all rows; one that is NOT VALID holds for new ones only.
    pub is_validated: bool,
}
