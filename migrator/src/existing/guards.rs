//! What stands guard over the rows of a table, and the statements that take it off and put it back.

use crate::quote::quote_ident;

use super::{Relation, literal};

/// What stands guard over the rows of some tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guards {
    /// Foreign keys that have one of the tables as child or parent.
    pub foreign_keys: Vec<ForeignKey>,
    /// Triggers of the tables that are not disabled.
    pub triggers: Vec<Trigger>,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// The table that has it.
    pub child: Relation,
    /// The table it refers to.
    pub parent: Relation,
    /// Its name.
    pub name: String,
    /// Its definition as Postgres writes it, every name in it qualified.
    pub definition: String,
    /// Its comment.
    pub comment: Option<String>,
    /// Columns of the child, with the parent's and the operator that compares them.
    pub columns: Vec<KeyColumn>,
    /// Whether a row that is NULL in some columns only is an orphan (`MATCH FULL`).
    pub match_full: bool,
    /// Orphans that it tolerates: those from before it was made, if it is `NOT VALID`. None where it tolerates none,
    /// or they cannot be counted.
    pub tolerated: Option<i64>,
}

/// A column of a foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyColumn {
    /// Of the child.
    pub child: String,
    /// Of the parent.
    pub parent: String,
    /// What compares the parent's value with the child's, as SQL.
    pub operator: String,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its table.
    pub table: Relation,
    /// Its name.
    pub name: String,
    /// When it fires.
    pub firing: Firing,
}

/// When a trigger fires, by `session_replication_role`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Firing {
    /// In ordinary sessions.
    Origin,
    /// In replicas only.
    Replica,
    /// Always.
    Always,
}

impl Firing {
    /// Its letter in `pg_trigger.tgenabled`.
    pub(super) fn letter(self) -> char {
        match self {
            Self::Origin => 'O',
            Self::Replica => 'R',
            Self::Always => 'A',
        }
    }

    pub(super) fn of(letter: &str) -> Self {
        match letter {
            "R" => Self::Replica,
            "A" => Self::Always,
            _ => Self::Origin,
        }
    }

    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Origin => "ENABLE",
            Self::Replica => "ENABLE REPLICA",
            Self::Always => "ENABLE ALWAYS",
        }
    }
}

impl ForeignKey {
    pub(super) fn drop_sql(&self) -> String {
        let (child, name) = (self.child.quoted(), quote_ident(&self.name));
        format!("ALTER TABLE {child} DROP CONSTRAINT {name}")
    }

    /// Makes it again, with its comment.
    pub(super) fn create_sql(&self) -> String {
        let (child, name) = (self.child.quoted(), quote_ident(&self.name));
        let mut sql = format!("ALTER TABLE {child} ADD CONSTRAINT {name} {};", self.definition);
        if let Some(comment) = &self.comment {
            let comment = literal(comment);
            sql.push_str(&format!(" COMMENT ON CONSTRAINT {name} ON {child} IS {comment};"));
        }
        sql
    }
}

impl Trigger {
    /// Without ONLY, the triggers of partitions would lose a state of their own.
    pub(super) fn disable_sql(&self) -> String {
        let (table, name) = (self.table.quoted(), quote_ident(&self.name));
        format!("ALTER TABLE ONLY {table} DISABLE TRIGGER {name}")
    }

    /// Gives it its state back.
    pub(super) fn enable_sql(&self) -> String {
        let (table, verb, name) = (self.table.quoted(), self.firing.verb(), quote_ident(&self.name));
        format!("ALTER TABLE ONLY {table} {verb} TRIGGER {name}")
    }
}
