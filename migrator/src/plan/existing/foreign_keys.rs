//! Rows that a foreign key of the target would refuse, found in the source before anything is copied.
//!
//! A key is judged only where both ends travel by the same exact cast: what a folding cast makes equal, a
//! comparison in the source cannot know. The server checks every key again when it comes back.

use super::facts::Facts;
use crate::plan::builder::{Builder, plain};
use crate::plan::model::{ColumnPlan, Disposition, Finding, TablePlan};
use crate::plan::rules;
use crate::source::catalog::{Catalog, ForeignKey};
use crate::target::catalog::ColumnKind;

/// Blocks on every key with orphans.
pub(super) fn plan(builder: &mut Builder<'_>, facts: &Facts, catalog: &Catalog, tables: &[TablePlan]) {
    for (child, name, key) in facts.keys(catalog) {
        let Some(orphans) = facts
            .orphans
            .get(&(child, name.clone()))
            .filter(|orphans| orphans.rows > 0)
        else {
            continue;
        };
        let table = &catalog.tables[child];
        if !is_comparable(facts, tables, &table.name, &key) {
            continue;
        }
        let columns: Vec<&str> = key.columns.iter().map(|(column, _)| column.as_str()).collect();
        let detail = format!(
            "rows whose {} has no row in {}; the target's key would refuse them",
            columns.join(", "),
            key.parent
        );
        let next = "Delete them in the source, give them a parent, or make the column NULL there. Under --values, values \
                    of a kind that does not fit the column become NULL."
            .to_owned();
        builder.add(Finding {
            rows: orphans.rows,
            samples: orphans.samples.clone(),
            next,
            ..plain(
                Disposition::Blocked,
                rules::FOREIGN_KEY_ORPHANS,
                &format!("foreign-key:{}.{name}", table.name),
                detail,
            )
        });
    }
}

/// Whether values that are equal in the source are equal on the target and the other way round, all of them arrive,
/// and both tables are copied.
fn is_comparable(facts: &Facts, tables: &[TablePlan], child: &str, key: &ForeignKey) -> bool {
    let column = |table: &str, name: &str| -> Option<&ColumnPlan> {
        let planned = tables.iter().find(|t| t.name == table)?;
        let column = planned.columns.iter().find(|c| c.name == *name)?;
        let there = facts
            .target
            .tables
            .iter()
            .find(|t| t.name == planned.target_name)?;
        let there = there.columns.iter().find(|c| c.name == column.target_name)?;
        // citext compares without case.
        (there.kind != ColumnKind::Citext).then_some(column)
    };
    key.columns.iter().all(|(own, other)| {
        let other = other.as_deref().and_then(|other| column(&key.parent, other));
        match (column(child, own), other) {
            (Some(own), Some(other)) => {
                own.mapping == other.mapping
                    && !own.mapping.folds()
                    // What a policy takes out is NULL, which needs no parent and is none.
                    && own.values.is_empty()
                    && other.values.is_empty()
            }
            _ => false,
        }
    })
}
