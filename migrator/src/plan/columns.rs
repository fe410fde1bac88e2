//! The columns of a table in the plan: type, NOT NULL, default, collation.

use std::collections::BTreeMap;

use super::builder::{Builder, Family, plain, skip_flag};
use super::choices::Nocase;
use super::choose::{Choice, choose, stored_class};
use super::generated::{self, Computed};
use super::mapping::Mapping;
use super::model::{ColumnPlan, Disposition, Finding, Todo};
use super::nocase;
use super::policy::{Policy, ValueKind};
use super::rules;
use super::suggest;
use super::todo::Own;
use super::translate::{ColumnBinding, translate_default};
use super::values::{self, Applied};
use crate::census::{ColumnCensus, TableCensus};
use crate::quote::quote_ident;
use crate::source::catalog::{Column, Table};
use crate::source::ddl::{ColumnDdl, Expr, TableDdl};

/// A column of the plan with what only the builder needs.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    /// Position in the source table.
    pub position: usize,
    /// What enters the plan.
    pub plan: ColumnPlan,
    /// Its default in Postgres SQL.
    pub default: Option<String>,
    /// Whether the source compares it by BINARY.
    pub binary: bool,
    /// What expressions over it may assume.
    pub binding: ColumnBinding,
}

impl Planned {
    /// Gives it another type that holds all its values.
    pub fn retype(&mut self, mapping: Mapping, reason: &str) {
        self.plan.mapping = mapping;
        self.plan.target_type = mapping.target_type().to_string();
        reason.clone_into(&mut self.plan.reason);
        self.binding.target = mapping.target_type();
        self.binding.class = stored_class(mapping);
    }

    /// The collation by which the source compares it.
    pub fn collation(&self) -> &str {
        self.binding.collation.as_deref().unwrap_or("BINARY")
    }

    /// Whether a key that names this collation compares it as the column does by itself.
    pub fn compares_by(&self, collation: &str) -> bool {
        !nocase::has_collation(self.plan.mapping) || self.collation().eq_ignore_ascii_case(collation)
    }

    /// What its source values are compared by on the target, where that is not their bytes.
    pub fn folding(&self) -> Option<Nocase> {
        self.binding.nocase
    }
}

/// Plans every column, computed ones last; those that no type holds become findings.
pub(super) fn plan(
    builder: &mut Builder<'_>,
    table: &Table,
    census: &TableCensus,
    ddl: &TableDdl,
) -> Vec<Planned> {
    let mut planned = Vec::new();
    for (position, column) in table.columns.iter().enumerate() {
        if column.generated {
            continue;
        }
        let written = ddl
            .columns
            .iter()
            .find(|c| c.name.eq_ignore_ascii_case(&column.name));
        planned.extend(plan_stored(builder, table, census, position, written));
    }
    generated::plan(builder, &Computed { table, census, ddl }, &mut planned);
    planned.sort_by_key(|column: &Planned| column.position);
    planned
}

/// Plans a column by the values that are read of it.
pub(super) fn plan_stored(
    builder: &mut Builder<'_>,
    table: &Table,
    census: &TableCensus,
    position: usize,
    written: Option<&ColumnDdl>,
) -> Option<Planned> {
    let column = &table.columns[position];
    let object = format!("column:{}.{}", table.name, column.name);
    builder.used(Family::Column, &object);
    builder.used(Family::Stored, &object);
    let census = &census.columns[position];
    let applied = values::applied(builder.choices, &object, column, census);
    let wanted = builder.choices.column(&object).and_then(|choice| choice.mapping);
    match choose(column, census, wanted, &applied, builder.encoding) {
        Choice::Mapped {
            mapping,
            reason,
            surprising,
        } => {
            if surprising {
                let detail = format!("{reason}; becomes {}", mapping.target_type());
                builder.find(Disposition::Changed, rules::TYPE_NOT_AS_DECLARED, &object, detail);
            }
            note_policies(builder, &object, mapping, census, &applied);
            let mut planned = plan_column(builder, table, position, written, mapping, reason);
            planned.plan.values = applied;
            planned.plan.could_be = suggest::others(census, mapping);
            make_nullable(builder, table, &object, &mut planned);
            Some(planned)
        }
        Choice::Blocked {
            rule,
            detail,
            rows,
            samples,
        } => {
            builder.add(Finding {
                rows,
                samples,
                next: remedy(&object, &table.name, census),
                ..plain(Disposition::Blocked, rule, &object, detail)
            });
            None
        }
    }
}

/// What its owner can do about values that no one type holds.
fn remedy(object: &str, table: &str, census: &ColumnCensus) -> String {
    let kinds: Vec<&str> = values::occurring(census).map(ValueKind::word).collect();
    format!(
        "Say what becomes of them: --values '{}/KIND=POLICY', where KIND is {} and POLICY null, text, bytea or \
         quarantine. Or make them of one kind in the source, or leave the table out with {}.",
        object.replace('\'', "'\\''"),
        kinds.join(", "),
        skip_flag(&format!("table:{table}"))
    )
}

/// Names what the policies do to a column's values.
fn note_policies(
    builder: &mut Builder<'_>,
    object: &str,
    mapping: Mapping,
    census: &ColumnCensus,
    applied: &Applied,
) {
    for (kind, policy) in applied {
        let rows = census.of_kind(*kind);
        let (rule, what) = match policy {
            Policy::Block => continue,
            Policy::Null => (
                rules::VALUES_NULL,
                format!(
                    "values of kind {kind} become NULL and are not kept, and equality is modulo that: {rows}"
                ),
            ),
            Policy::Quarantine => (
                rules::VALUES_QUARANTINED,
                format!(
                    "values of kind {kind} become NULL and are kept whole in _outgrow.quarantine: {rows}"
                ),
            ),
            Policy::Text => (rules::VALUES_TEXT, turned(mapping)),
            Policy::Bytea => (rules::VALUES_BYTEA, turned(mapping)),
        };
        builder.set_aside(if *policy == Policy::Quarantine { rows } else { 0 });
        builder.add(Finding {
            rows,
            samples: census.samples_of_kind(*kind).to_vec(),
            ..plain(Disposition::Changed, rule, object, what)
        });
    }
}

fn turned(mapping: Mapping) -> String {
    let kept = if mapping.folds() {
        "the class of its values is lost; equality is modulo that"
    } else {
        "every value comes back as it was"
    };
    format!("becomes {} as {mapping}; {kept}", mapping.target_type())
}

/// Where values are taken out of a column it holds NULL, which a key cannot.
fn make_nullable(builder: &mut Builder<'_>, table: &Table, object: &str, planned: &mut Planned) {
    if !planned.plan.values.values().any(|policy| policy.takes_out()) {
        return;
    }
    if table.primary_key.contains(&planned.position) {
        let detail = "it is part of the primary key, which cannot be NULL".to_owned();
        let next = if table.rowid_alias.is_some() {
            "Take the policy away: it is the id of its rows, which stays as it is.".to_owned()
        } else {
            format!(
                "Choose text or bytea for it, or leave the key out with {}.",
                skip_flag(&format!("primary-key:{}", table.name))
            )
        };
        if table.rowid_alias.is_some() || !builder.leaves_out(&format!("primary-key:{}", table.name)) {
            let finding = plain(Disposition::Blocked, rules::POLICY_UNFIT, object, detail);
            builder.add(Finding { next, ..finding });
        }
    }
    if planned.plan.not_null {
        let detail = "is NOT NULL in the source and can be NULL on the target, where values are taken out";
        builder.find(Disposition::Changed, rules::MADE_NULLABLE, object, detail);
        planned.plan.not_null = false;
        planned.binding.not_null = false;
    }
}

/// Plans a column whose values travel by this mapping.
pub(super) fn plan_column(
    builder: &mut Builder<'_>,
    table: &Table,
    position: usize,
    written: Option<&ColumnDdl>,
    mapping: Mapping,
    reason: String,
) -> Planned {
    let column = &table.columns[position];
    let object = format!("column:{}.{}", table.name, column.name);
    let target_name = builder.target_name(Some(&table.name), &object, &column.name);
    let collation = written.and_then(|w| w.collation.clone());
    let binary = collation
        .as_deref()
        .is_none_or(|c| c.eq_ignore_ascii_case("BINARY") || !nocase::has_collation(mapping));
    let folding = collation
        .as_deref()
        .filter(|_| !binary)
        .map(|collation| nocase::plan(builder, (&table.name, &column.name), collation, mapping));
    let (nocase, target_type) = folding.map_or((None, None), |folding| (folding.nocase, folding.target_type));
    Planned {
        position,
        // A rowid alias never takes its default: NULL and absence both mean the next id.
        default: if table.rowid_alias == Some(position) {
            None
        } else {
            plan_default(builder, table, column, written, mapping)
        },
        binary,
        binding: ColumnBinding {
            name: target_name.clone(),
            target: mapping.target_type(),
            affinity: column.affinity,
            class: stored_class(mapping),
            collation,
            nocase,
            not_null: column.not_null,
        },
        plan: ColumnPlan {
            name: column.name.clone(),
            target_name: target_name.clone(),
            declared_type: column.declared_type.clone(),
            target_type: target_type.unwrap_or_else(|| mapping.target_type().to_string()),
            mapping,
            could_be: Vec::new(),
            values: BTreeMap::new(),
            fits: None,
            generated: None,
            not_null: column.not_null || table.rowid_alias == Some(position),
            reason,
        },
    }
}

fn plan_default(
    builder: &mut Builder<'_>,
    table: &Table,
    column: &Column,
    written: Option<&ColumnDdl>,
    mapping: Mapping,
) -> Option<String> {
    let default = written.and_then(|w| w.default.as_ref())?;
    if default.expr == Expr::Null {
        return None;
    }
    let object = format!("default:{}.{}", table.name, column.name);
    let original = format!("DEFAULT {}", default.text);
    if builder.skipped(&object, &original) {
        return None;
    }
    if let Some(sql) = builder.own_sql(&object, &original) {
        return Some(format!("({sql})"));
    }
    match translate_default(&default.expr, mapping.target_type(), column.affinity) {
        Ok(sql) => Some(sql),
        Err(why) => {
            let todo = Todo {
                object,
                original,
                why: why.to_string(),
            };
            let lost = if column.not_null {
                "an INSERT that gives the column no value fails, where SQLite filled it in"
            } else {
                "an INSERT that gives the column no value stores NULL, where SQLite filled it in"
            };
            builder.leave_to_owner(rules::DEFAULT, Own::Expression, todo, lost);
            None
        }
    }
}

/// A column's line of CREATE TABLE.
pub(super) fn definition(column: &Planned) -> String {
    let mut line = format!(
        "{} {}",
        quote_ident(&column.plan.target_name),
        column.plan.target_type
    );
    if let Some(expression) = &column.plan.generated {
        line.push_str(&format!(" GENERATED ALWAYS AS ({expression}) STORED"));
    }
    if column.plan.not_null {
        line.push_str(" NOT NULL");
    }
    if let Some(default) = &column.default {
        line.push_str(" DEFAULT ");
        line.push_str(default);
    }
    line
}
