//! The plan as data: what a reviewer reads, what the target keeps, what copy and verify follow.

use std::collections::BTreeMap;

use outgrow_shared::ce1::{KeyColumn, Mode, SchemaColumn, schema_digest};
use outgrow_shared::value::Value;

use super::cast::{Fit, candidate_for};
use super::choices::Choices;
use super::existing::seeds::SeedPolicy;
use super::mapping::{Mapping, Scratch};
use super::policy::{Policy, ValueKind};
use crate::source::Identity;
use crate::target::catalog::ColumnKind;

/// Version of the plan's form; it grows with every change that an older reader would misread.
pub const FORMAT: &str = "outgrow-plan-3";

/// What will be done, all of it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`FORMAT`].
    pub format: String,
    /// Who makes the tables.
    #[serde(default, skip_serializing_if = "SchemaMode::is_own")]
    pub schema_mode: SchemaMode,
    /// What its owner decided.
    pub choices: Choices,
    /// The state of the source it was made for.
    pub source: Identity,
    /// What is changed, left out or blocked, each with its rule.
    pub findings: Vec<Finding>,
    /// What has no equal on the target and is left for its owner to write.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub todo: Vec<Todo>,
    /// Objects that are carried over as they are.
    pub converted: Converted,
    /// What runs before the tables are made, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preparations: Vec<Step>,
    /// Tables to create and fill, in the source's order.
    pub tables: Vec<TablePlan>,
    /// What runs after the data, in order.
    pub steps: Vec<Step>,
}

/// Who makes the tables on the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SchemaMode {
    /// outgrow does.
    #[default]
    Own,
    /// The application did; they are filled as they are.
    App,
}

impl SchemaMode {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_own(&self) -> bool {
        *self == Self::Own
    }
}

/// Rows that a table holds on the target before the migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seeds {
    /// How many.
    pub rows: u64,
    /// What becomes of them.
    pub policy: SeedPolicy,
}

/// One table.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TablePlan {
    /// Its name in the source.
    pub name: String,
    /// Its name on the target.
    pub target_name: String,
    /// Rows the census counted.
    pub rows: u64,
    /// Bytes of its values.
    pub bytes: u64,
    /// How its rows are laid into chunks.
    pub mode: Mode,
    /// Places in `columns` of the key that orders the chunks; empty in bucket mode.
    pub key: Vec<usize>,
    /// The DDL that creates it; empty where the application did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub create: String,
    /// What it holds on the target already, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeds: Option<Seeds>,
    /// Its columns; computed ones only if they are carried over.
    pub columns: Vec<ColumnPlan>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnPlan {
    /// Its name in the source.
    pub name: String,
    /// Its name on the target.
    pub target_name: String,
    /// Its declared type in the source.
    pub declared_type: String,
    /// Its type on the target.
    pub target_type: String,
    /// How its values travel.
    pub mapping: Mapping,
    /// Other mappings that would keep every value, for its owner to choose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub could_be: Vec<Mapping>,
    /// What becomes of values that do not travel so, where there are any.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<ValueKind, Policy>,
    /// What the target's column holds, where the application made it and policies take values out: they hold for
    /// values that do not fit it, and for no others.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::target::catalog::kind::as_text"
    )]
    pub fits: Option<ColumnKind>,
    /// The expression by which the target computes it, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<String>,
    /// Whether it is NOT NULL on the target.
    pub not_null: bool,
    /// Why it got this type.
    pub reason: String,
}

/// One statement before or after the data.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The object it makes, for example `index:album.ix_title`.
    pub object: String,
    /// The name that it takes in the schema, where it takes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creates: Option<String>,
    /// The statement.
    pub sql: String,
}

/// Objects that no finding speaks of.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Converted {
    /// The objects, tables with their columns first.
    pub objects: Vec<String>,
}

/// What its owner has to write anew for the target, or do without.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Todo {
    /// The object, as `[choices.sql]` names it.
    pub object: String,
    /// Its text in the source.
    pub original: String,
    /// Why it is not translated.
    pub why: String,
}

/// What happens to an object that is not carried over as it is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What happens.
    pub disposition: Disposition,
    /// The rule, stable across versions.
    pub rule: String,
    /// The object, for example `column:orders.note`; the word that `--skip` takes.
    pub object: String,
    /// What was found and what follows from it.
    pub detail: String,
    /// Rows concerned, zero if it is not about rows.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rows: u64,
    /// The first of those rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<String>,
    /// What its owner can do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub next: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(rows: &u64) -> bool {
    *rows == 0
}

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Disposition {
    /// Nothing is written while this stands.
    Blocked,
    /// Left out, for the reason given.
    Skipped,
    /// Carried over with a change that is named.
    Changed,
}

impl Disposition {
    /// The word in tables and messages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Skipped => "skipped",
            Self::Changed => "changed",
        }
    }
}

impl Plan {
    /// Findings of one disposition.
    pub fn with(&self, disposition: Disposition) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |f| f.disposition == disposition)
    }

    /// The columns whose values are equal only modulo their mapping or policy, as findings name them.
    pub fn modulo(&self) -> Vec<String> {
        let columns = self
            .tables
            .iter()
            .flat_map(|t| t.columns.iter().map(move |c| (t, c)));
        columns
            .filter(|(_, column)| column.folds())
            .map(|(table, column)| format!("column:{}.{}", table.name, column.name))
            .collect()
    }

    /// Names of its tables on the target.
    pub fn target_names(&self) -> Vec<String> {
        self.tables
            .iter()
            .map(|table| table.target_name.clone())
            .collect()
    }

    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|t| t.rows).sum()
    }

    /// About how many bytes all rows take in a binary COPY stream, for progress.
    pub fn stream_bytes(&self) -> u64 {
        self.tables.iter().map(TablePlan::stream_bytes).sum()
    }
}

/// What becomes of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treated<'a> {
    /// It travels as this value: itself, its normal form, or NULL where a policy says so.
    Carried(Value<'a>),
    /// It is sent as it is, and comes back in its normal form: the type of the target folds it.
    Cast {
        /// The value itself.
        sent: Value<'a>,
        /// What it comes back as.
        normal: Value<'a>,
    },
    /// It stays behind in the quarantine, whole, and its column holds NULL.
    SetAside(Value<'a>),
}

impl<'a> Treated<'a> {
    /// The value that both sides hash: what is set aside counts as it was.
    pub fn hashed(self) -> Value<'a> {
        match self {
            Self::Carried(value) | Self::Cast { normal: value, .. } | Self::SetAside(value) => value,
        }
    }

    /// The value that the column on the target holds.
    pub fn stored(self) -> Value<'a> {
        match self {
            Self::Carried(value) | Self::Cast { normal: value, .. } => value,
            Self::SetAside(_) => Value::Null,
        }
    }

    /// The value that is encoded for the target. Only a cast sends another than the one it stores: digits of a
    /// decimal that mean nothing are kept for the reader's eye.
    pub fn sent(self) -> Value<'a> {
        match self {
            Self::Cast { sent, .. } => sent,
            Self::Carried(_) | Self::SetAside(_) => self.stored(),
        }
    }
}

impl ColumnPlan {
    /// What becomes of a value of this column.
    pub fn treat<'a>(&self, value: Value<'a>, scratch: &'a mut Scratch) -> Treated<'a> {
        if !self.values.is_empty()
            && let Some(policy) = ValueKind::of(&value).and_then(|kind| self.values.get(&kind))
        {
            match policy {
                _ if self.takes(&value, scratch) => {}
                Policy::Null => return Treated::Carried(Value::Null),
                Policy::Quarantine => return Treated::SetAside(value),
                Policy::Block | Policy::Text | Policy::Bytea => {}
            }
        }
        let normal = self.mapping.normal_form(value, scratch);
        match self.mapping {
            Mapping::Cast(_) => Treated::Cast { sent: value, normal },
            _ => Treated::Carried(normal),
        }
    }

    /// Whether a value of a kind that a policy speaks of fits all the same.
    fn takes(&self, value: &Value<'_>, scratch: &mut Scratch) -> bool {
        let candidate = self
            .fits
            .as_ref()
            .and_then(|kind| candidate_for(self.mapping, kind));
        candidate.is_some_and(|candidate| candidate.fit(value, scratch) != Fit::Refused)
    }

    /// Whether some of its values are set aside.
    pub fn sets_aside(&self) -> bool {
        self.values.values().any(|policy| *policy == Policy::Quarantine)
    }

    /// Whether what it holds on the target can be the same for different values of the source.
    pub fn folds(&self) -> bool {
        self.mapping.folds() || self.values.values().any(|policy| *policy == Policy::Null)
    }

    /// Its mapping's identifier with the policies that were applied, as schema digest and certificate carry it:
    /// `integer.bigint`, or `integer.bigint+text:quarantine`.
    pub fn mapping_id(&self) -> String {
        let mut id = self.mapping.to_string();
        for (kind, policy) in &self.values {
            id.push_str(&format!("+{kind}:{policy}"));
        }
        id
    }
}

impl TablePlan {
    /// Whether some of its values are set aside.
    pub fn sets_aside(&self) -> bool {
        self.columns.iter().any(ColumnPlan::sets_aside)
    }

    /// About how many bytes its rows take in a binary COPY stream: a row costs two bytes for its count of fields, a
    /// field four for its length.
    pub fn stream_bytes(&self) -> u64 {
        self.bytes + self.rows * (2 + 4 * self.columns.len() as u64)
    }

    /// The schema digest S of CE1. What the plan leaves out of the table is in it by object.
    pub fn schema_digest(&self, findings: &[Finding]) -> outgrow_shared::ce1::Digest {
        let mappings: Vec<String> = self.columns.iter().map(ColumnPlan::mapping_id).collect();
        let columns: Vec<SchemaColumn<'_>> = self
            .columns
            .iter()
            .zip(&mappings)
            .map(|(c, mapping)| SchemaColumn {
                name: &c.name,
                declared_type: &c.declared_type,
                mapping,
            })
            .collect();
        let key: Vec<KeyColumn<'_>> = self
            .key
            .iter()
            .filter_map(|place| self.columns.get(*place))
            .map(|c| KeyColumn {
                name: &c.name,
                collation: if c.mapping == Mapping::TextText {
                    "BINARY"
                } else {
                    ""
                },
            })
            .collect();
        let own = [format!(":{}", self.name), format!(":{}.", self.name)];
        let exclusions: Vec<&str> = findings
            .iter()
            .filter(|f| f.disposition == Disposition::Skipped)
            .filter(|f| f.object.ends_with(&own[0]) || f.object.contains(&own[1]))
            .map(|f| f.object.as_str())
            .collect();
        schema_digest(&columns, &key, &exclusions)
    }
}
