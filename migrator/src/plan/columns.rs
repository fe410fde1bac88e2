//! The columns of a table in the plan: type, NOT NULL, default, collation.

use std::collections::BTreeMap;

use super::builder::{Builder, plain};
use super::choose::{Choice, choose, stored_class};
use super::mapping::Mapping;
use super::model::{ColumnPlan, Disposition, Finding};
use super::rules;
use super::translate::{ColumnBinding, translate_default};
use crate::census::TableCensus;
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

/// Plans every stored column; computed ones, and those that no type holds, become findings.
pub(super) fn plan(
    builder: &mut Builder<'_>,
    table: &Table,
    census: &TableCensus,
    ddl: &TableDdl,
) -> Vec<Planned> {
    let mut planned = Vec::new();
    for (position, column) in table.columns.iter().enumerate() {
        let written = ddl
            .columns
            .iter()
            .find(|c| c.name.eq_ignore_ascii_case(&column.name));
        if column.generated {
            let text = written
                .and_then(|w| w.generated.as_ref())
                .map_or("", |g| g.expr.text.as_str());
            let detail = format!("its values are computed as {text}; it would become no column at all");
            let object = format!("generated:{}.{}", table.name, column.name);
            builder.block_or_skip(rules::GENERATED, &object, detail);
            continue;
        }
        let object = format!("column:{}.{}", table.name, column.name);
        builder.used(&object);
        match choose(column, &census.columns[position]) {
            Choice::Mapped { mapping, reason, surprising } => {
                if surprising {
                    let detail = format!("{reason}; becomes {}", mapping.target_type());
                    builder.find(Disposition::Changed, rules::TYPE_NOT_AS_DECLARED, &object, detail);
                }
                planned.push(plan_column(builder, table, position, written, mapping, reason));
            }
            Choice::Blocked { rule, detail, rows, samples } => builder.add(Finding {
                rows,
                samples,
                next: format!(
                    "Make the values of one kind in the source, or leave the table out with --skip 'table:{}'.",
                    table.name
                ),
                ..plain(Disposition::Blocked, rule, &object, detail)
            }),
        }
    }
    planned
}

fn plan_column(
    builder: &mut Builder<'_>,
    table: &Table,
    position: usize,
    written: Option<&ColumnDdl>,
    mapping: Mapping,
    reason: String,
) -> Planned {
    let column = &table.columns[position];
    let object = format!("column:{}.{}", table.name, column.name);
    let target_name = builder.target_name(&table.name, &object, &column.name);
    let collation = written.and_then(|w| w.collation.clone());
    let binary = collation
        .as_deref()
        .is_none_or(|c| c.eq_ignore_ascii_case("BINARY"));
    if !binary {
        let detail = format!(
            "compares by {}; left out, it would compare by bytes (COLLATE \"C\")",
            collation.as_deref().unwrap_or_default()
        );
        let object = format!("collation:{}.{}", table.name, column.name);
        builder.block_or_skip(rules::COLLATION, &object, detail);
    }
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
            not_null: column.not_null,
        },
        plan: ColumnPlan {
            name: column.name.clone(),
            target_name: target_name.clone(),
            declared_type: column.declared_type.clone(),
            target_type: mapping.target_type().to_string(),
            mapping,
            values: BTreeMap::new(),
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
    if builder.skipped(&object, &default.text) {
        return None;
    }
    match translate_default(&default.expr, mapping.target_type(), column.affinity) {
        Ok(sql) => Some(sql),
        Err(why) => {
            builder.block_or_skip(
                rules::DEFAULT,
                &object,
                format!("DEFAULT {}: {why}", default.text),
            );
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
    if column.plan.not_null {
        line.push_str(" NOT NULL");
    }
    if let Some(default) = &column.default {
        line.push_str(" DEFAULT ");
        line.push_str(default);
    }
    line
}
