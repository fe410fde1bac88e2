//! What the plan needs to know beside the census: which is bound to which, and what both sides say of it.
//!
//! Gathered before anything is counted. The casts that the census has to try follow from the binding alone.

use std::collections::BTreeMap;

use super::binding::Binding;
use super::ledgers::Agreement;
use crate::census::{Casts, Orphans, Trials};
use crate::plan::cast::{Hints, candidate_for, candidates};
use crate::plan::choices::Choices;
use crate::plan::policy::{Policy, ValueKind};
use crate::source::catalog::{Catalog, ForeignKey};
use crate::target::catalog::TargetCatalog;

/// What both sides' migration ledgers say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerFact {
    /// Who keeps the ledger.
    pub framework: &'static str,
    /// What the comparison came to.
    pub agreement: Agreement,
    /// Whether it is a list that has no entry on the target.
    pub is_empty_on_target: bool,
}

/// The facts.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The target's schema.
    pub target: TargetCatalog,
    /// Which is which.
    pub binding: Binding,
    /// The application's migration ledgers, by position of the source's table.
    pub ledgers: BTreeMap<usize, LedgerFact>,
    /// Rows of the source whose key on the target would point nowhere, by position of the child table and name of
    /// the key.
    pub orphans: BTreeMap<(usize, String), Orphans>,
}

impl Facts {
    /// Which table goes where; what it takes questions to learn is still to come.
    pub fn new(catalog: &Catalog, target: TargetCatalog, choices: &Choices) -> Self {
        let binding = Binding::of(catalog, &target, choices);
        Self {
            target,
            binding,
            ledgers: BTreeMap::new(),
            orphans: BTreeMap::new(),
        }
    }

    /// The target's tables that something is bound to.
    pub fn bound_names(&self) -> Vec<String> {
        let bound = self.binding.tables.iter();
        bound
            .map(|bound| self.target.tables[bound.pair.target].name.clone())
            .collect()
    }

    /// Of the computed columns, only those are read that a plain column of the target takes.
    pub fn keep_computed(&self, catalog: &mut Catalog) {
        for (place, table) in catalog.tables.iter_mut().enumerate() {
            let bound = self
                .binding
                .tables
                .iter()
                .find(|bound| bound.pair.source == place);
            table.computed_read.retain(|position| {
                let partner = bound.and_then(|bound| {
                    let pair = bound.columns.iter().find(|pair| pair.source == *position)?;
                    self.target.tables[bound.pair.target].columns.get(pair.target)
                });
                partner.is_some_and(|column| !column.generated)
            });
        }
    }

    /// The foreign keys of the target between bound tables that hold for all rows, as keys of the source: position of the child table, name
    /// of the key, and the key.
    pub fn keys(&self, catalog: &Catalog) -> Vec<(usize, String, ForeignKey)> {
        let mut keys = Vec::new();
        for bound in &self.binding.tables {
            let child = &self.target.tables[bound.pair.target];
            for key in child
                .foreign_keys
                .iter()
                .filter(|key| key.is_validated && key.parent_schema == self.target.schema)
            {
                let parent = self
                    .binding
                    .tables
                    .iter()
                    .find(|other| self.target.tables[other.pair.target].name == key.parent);
                let Some(parent) = parent else { continue };
                let source_name = |table: &super::binding::BoundTable, target_name: &str| {
                    let of_target = &self.target.tables[table.pair.target];
                    let place = of_target.columns.iter().position(|c| c.name == *target_name)?;
                    let pair = table.columns.iter().find(|pair| pair.target == place)?;
                    Some(
                        catalog.tables[table.pair.source].columns[pair.source]
                            .name
                            .clone(),
                    )
                };
                let columns: Option<Vec<(String, Option<String>)>> = key
                    .columns
                    .iter()
                    .zip(&key.parent_columns)
                    .map(|(own, other)| Some((source_name(bound, own)?, Some(source_name(parent, other)?))))
                    .collect();
                let Some(columns) = columns else { continue };
                keys.push((
                    bound.pair.source,
                    key.name.clone(),
                    ForeignKey {
                        id: 0,
                        parent: catalog.tables[parent.pair.source].name.clone(),
                        columns,
                        on_update: String::new(),
                        on_delete: String::new(),
                    },
                ));
            }
        }
        keys
    }
}

/// The casts that the census has to try.
pub fn trials(catalog: &Catalog, facts: &Facts, choices: &Choices) -> Trials<'static> {
    let mut trials = Trials::default();
    for bound in &facts.binding.tables {
        let table = &catalog.tables[bound.pair.source];
        let target = &facts.target.tables[bound.pair.target];
        for pair in &bound.columns {
            let column = &table.columns[pair.source];
            let kind = &target.columns[pair.target].kind;
            let object = format!("column:{}.{}", table.name, column.name);
            let forced = choices.column(&object).and_then(|choice| choice.mapping);
            let casts = Casts {
                candidates: match forced {
                    Some(mapping) => candidate_for(mapping, kind).into_iter().collect(),
                    None => candidates(kind, &hints(facts, choices, &object)),
                },
                forgiven: ValueKind::ALL
                    .into_iter()
                    .filter(|kind| choices.policy(&object, *kind).is_some_and(Policy::takes_out))
                    .collect(),
            };
            trials.add_casts(&table.name, &column.name, casts);
        }
    }
    trials
}

/// What is known of a column beside its type.
fn hints(facts: &Facts, choices: &Choices, object: &str) -> Hints {
    let is_django = facts
        .target
        .tables
        .iter()
        .any(|table| table.name == DJANGO_LEDGER);
    Hints {
        zone: choices.timezone(object).map(str::to_owned),
        durations_are_microseconds: is_django,
    }
}

/// Django's migration ledger. Its `DurationField` is an interval on Postgres and, where there is none, a whole
/// number of microseconds: <https://docs.djangoproject.com/en/5.2/ref/models/fields/#durationfield>.
const DJANGO_LEDGER: &str = "django_migrations";
