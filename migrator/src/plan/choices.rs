//! What the owner of the data decides: the part of a plan that is meant to be edited.
//!
//! Everything else in a plan follows from these choices and the census. Objects are named as findings name
//! them. A choice that names nothing, or that the data does not allow, is refused by name; none is passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::existing::seeds::SeedPolicy;
use super::mapping::Mapping;
use super::policy::{Policy, ValueKind};

/// Where Postgres itself puts tables.
pub const DEFAULT_SCHEMA: &str = "public";

/// The choices of a plan.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choices {
    /// The schema on the target that receives the tables.
    #[serde(default = "default_schema")]
    pub schema: String,
    /// Whether the tables have to be there already, made by the application. Without it the target decides.
    #[serde(default, skip_serializing_if = "is_false")]
    pub into_existing: bool,
    /// Objects to leave out.
    #[serde(default)]
    pub skip: BTreeSet<String>,
    /// What becomes of rows that existing tables hold already, in every table without a choice of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeds: Option<SeedPolicy>,
    /// The zone of times that state none, where they go into a column that has one: an IANA name or an offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Choices for single tables, by `table:TABLE`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<String, TableChoice>,
    /// How columns that compare by NOCASE are carried over, unless their own choice says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nocase: Option<Nocase>,
    /// What becomes of values that do not fit their column, in every column without a choice of its own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<ValueKind, Policy>,
    /// Choices for single columns, by `column:TABLE.COLUMN`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, ColumnChoice>,
    /// Other names on the target, by object: `table:...`, `column:...`, `index:...`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
    /// The owner's own SQL in place of an expression or statement that is not translated, by object. It is sent
    /// to the target as it is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sql: BTreeMap<String, String>,
}

/// Choices for one table.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableChoice {
    /// What becomes of the rows it holds on the target already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeds: Option<SeedPolicy>,
}

/// Choices for one column.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnChoice {
    /// How its values travel; taken only if every value survives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Mapping>,
    /// What becomes of values that do not fit it, by kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<ValueKind, Policy>,
    /// How it is carried over if it compares by NOCASE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nocase: Option<Nocase>,
    /// The zone of its times that state none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// How it is carried over if its values are computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Generated>,
}

/// What stands for SQLite's NOCASE, which folds the letters A to Z and no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Nocase {
    /// A non-deterministic ICU collation; it folds the letters of every script.
    Icu,
    /// The type of the extension `citext`; it folds as the database's locale does.
    Citext,
    /// None: the column compares by its bytes.
    Bytes,
}

/// How a computed column is carried over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generated {
    /// Postgres computes it, by the translated expression.
    Translate,
    /// A plain column that receives the values SQLite computed.
    Materialise,
}

impl fmt::Display for Nocase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Icu => "icu",
            Self::Citext => "citext",
            Self::Bytes => "bytes",
        })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

fn default_schema() -> String {
    DEFAULT_SCHEMA.to_owned()
}

impl Default for Choices {
    fn default() -> Self {
        Self::into_schema(DEFAULT_SCHEMA)
    }
}

impl Choices {
    /// No choice but the schema.
    pub fn into_schema(schema: impl Into<String>) -> Self {
        Self {
            schema: schema.into(),
            into_existing: false,
            skip: BTreeSet::new(),
            seeds: None,
            timezone: None,
            tables: BTreeMap::new(),
            nocase: None,
            values: BTreeMap::new(),
            columns: BTreeMap::new(),
            names: BTreeMap::new(),
            sql: BTreeMap::new(),
        }
    }

    /// The choices for one column, by its object name.
    pub fn column(&self, object: &str) -> Option<&ColumnChoice> {
        self.columns.get(object)
    }

    /// What was said of values of this kind in this column, or else in all columns.
    pub fn policy(&self, object: &str, kind: ValueKind) -> Option<Policy> {
        let own = self.column(object).and_then(|choice| choice.values.get(&kind));
        own.or_else(|| self.values.get(&kind)).copied()
    }

    /// What becomes of the rows that this table holds on the target already, if its owner spoke of this very table.
    pub fn own_seeds(&self, object: &str) -> Option<SeedPolicy> {
        self.tables.get(object).and_then(|choice| choice.seeds)
    }

    /// The zone of times in this column that state none, if one was chosen.
    pub fn timezone(&self, object: &str) -> Option<&str> {
        let own = self.column(object).and_then(|choice| choice.timezone.as_deref());
        own.or(self.timezone.as_deref())
    }

    /// How this column is carried over if it compares by NOCASE.
    pub fn nocase(&self, object: &str) -> Option<Nocase> {
        self.column(object)
            .and_then(|choice| choice.nocase)
            .or(self.nocase)
    }
}
