//! The binding as a table: where each table of the source goes, and which columns go by another name.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use indicatif::HumanCount;
use serde_json::json;

use super::layout::{counted, lines, shown};
use crate::plan::model::{Plan, TablePlan};

/// One line a table.
pub fn render(plan: &Plan) -> String {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_header(["table", "goes into", "rows", "columns", "already there"]);
    for planned in &plan.tables {
        table.add_row([
            shown(&planned.name),
            shown(&format!("{}.{}", plan.choices.schema, planned.target_name)),
            HumanCount(planned.rows).to_string(),
            columns(planned),
            planned.seeds.map_or_else(String::new, |seeds| {
                format!("{}: {}", counted(seeds.rows, "row"), seeds.policy)
            }),
        ]);
    }
    if let Some(column) = table.column_mut(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    lines(&table)
}

/// How many, and those that go by another name.
fn columns(table: &TablePlan) -> String {
    let renamed: Vec<String> = table
        .columns
        .iter()
        .filter(|column| column.name != column.target_name)
        .map(|column| shown(&format!("{} as {}", column.name, column.target_name)))
        .collect();
    let count = table.columns.len().to_string();
    if renamed.is_empty() {
        return count;
    }
    format!("{count}, {}", renamed.join(", "))
}

/// The same for scripts, with every column.
pub fn to_json(plan: &Plan) -> serde_json::Value {
    let tables = plan.tables.iter().map(|table| {
        let columns = table.columns.iter().map(|column| {
            json!({
                "source": column.name, "target": column.target_name, "target_type": column.target_type,
                "mapping": column.mapping_id(),
            })
        });
        json!({
            "source": table.name, "target": table.target_name, "rows": table.rows, "seeds": table.seeds,
            "columns": columns.collect::<Vec<_>>(),
        })
    });
    json!({ "event": "binding", "schema": plan.choices.schema, "tables": tables.collect::<Vec<_>>() })
}
