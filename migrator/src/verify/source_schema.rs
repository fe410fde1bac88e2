//! Whether the source has gained tables or columns since the plan was made.
//!
//! Equal roots say nothing about what the plan does not speak of, so what is new is a difference of its own.

use super::difference::{ColumnDifference, Difference, Differences, Kind};
use crate::plan::model::{Disposition, Plan};
use crate::source::catalog::{Catalog, Table};

/// Tables and columns of the source that the plan neither carries over nor leaves out by name.
pub fn compare(catalog: &Catalog, plan: &Plan) -> Differences {
    let mut differences = Differences::default();
    for table in &catalog.tables {
        let left_out = format!("table:{}", table.name);
        if plan.with(Disposition::Skipped).any(|f| f.object == left_out) {
            continue;
        }
        let planned = plan.tables.iter().find(|p| p.name == table.name);
        let left_out = |name: &str| {
            let object = format!("column:{}.{name}", table.name);
            plan.with(Disposition::Skipped).any(|f| f.object == object)
        };
        let carried =
            |name: &str| planned.is_some_and(|p| p.columns.iter().any(|c| c.name == name)) || left_out(name);
        let new: Vec<ColumnDifference> = new_columns(table, carried);
        if !new.is_empty() {
            let what = if planned.is_some() {
                "columns made"
            } else {
                "the table was made"
            };
            differences.add(|| Difference {
                table: table.name.clone(),
                kind: Kind::Schema,
                key: format!("{what} in the source after the migration"),
                columns: new,
            });
        }
    }
    differences
}

fn new_columns(table: &Table, carried: impl Fn(&str) -> bool) -> Vec<ColumnDifference> {
    let stored = table.read_columns().map(|position| &table.columns[position]);
    stored
        .filter(|column| !carried(&column.name))
        .map(|column| ColumnDifference {
            column: column.name.clone(),
            source: format!("declared {:?}", column.declared_type),
            target: "not there".to_owned(),
        })
        .collect()
}
