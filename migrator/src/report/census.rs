//! The census as something one wants to read: for each column what it is declared, what it holds, and what it
//! becomes.

use std::fmt::Write;

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use indicatif::{HumanBytes, HumanCount};
use outgrow_shared::value::Class;
use serde_json::{Value, json};

use super::layout::{counted, lines, shown};
use super::paint::{Paint, TITLE};
use crate::census::{Census, ColumnCensus, TableCensus};
use crate::plan::model::{ColumnPlan, Plan};
use crate::plan::policy::ValueKind;
use crate::source::catalog::{Catalog, Column, Table as SourceTable};

/// Every column of every table, or of those whose names are given.
pub fn render(catalog: &Catalog, census: &Census, plan: &Plan, only: &[String], paint: Paint) -> String {
    let mut text = String::new();
    for (table, census) in chosen(catalog, census, only) {
        let title = paint.bold(TITLE, &shown(&table.name));
        // Writing to a String cannot fail; the results here are dropped for that reason.
        let _ = writeln!(text, "{title}  {}", counted(census.rows, "row"));
        let _ = writeln!(text, "{}\n", lines(&columns(table, census, plan)));
    }
    text
}

/// Tables asked for that the source does not have.
pub fn unknown<'a>(catalog: &Catalog, only: &'a [String]) -> Option<&'a String> {
    let known = |name: &String| catalog.tables.iter().any(|table| table.name == *name);
    only.iter().find(|name| !known(name))
}

fn chosen<'a>(
    catalog: &'a Catalog,
    census: &'a Census,
    only: &'a [String],
) -> impl Iterator<Item = (&'a SourceTable, &'a TableCensus)> {
    let pairs = catalog.tables.iter().zip(&census.tables);
    pairs.filter(|(table, _)| only.is_empty() || only.contains(&table.name))
}

fn planned<'a>(plan: &'a Plan, table: &str, column: &str) -> Option<&'a ColumnPlan> {
    let table = plan.tables.iter().find(|planned| planned.name == table)?;
    table.columns.iter().find(|planned| planned.name == column)
}

fn columns(table: &SourceTable, census: &TableCensus, plan: &Plan) -> Table {
    let mut text = Table::new();
    text.load_style(NOTHING)
        .set_header(["column", "declared", "holds", "becomes", "because"]);
    for (column, census) in table.columns.iter().zip(&census.columns) {
        let planned = planned(plan, &table.name, &column.name);
        text.add_row([
            shown(&column.name),
            shown(&column.declared_type),
            holds(census),
            planned.map_or_else(|| "-".to_owned(), |p| p.target_type.clone()),
            planned.map_or_else(|| "see the findings".to_owned(), |p| shown(&p.reason)),
        ]);
    }
    text
}

/// `2,239 integer 1 to 99; 1 text; 3 NULL; up to 7 B`.
fn holds(census: &ColumnCensus) -> String {
    let of_kind = |kind: ValueKind| {
        let range = match kind {
            ValueKind::Integer => census.integers.map(|(low, high)| format!(" {low} to {high}")),
            ValueKind::Real => census.reals.map(|(low, high)| format!(" {low:?} to {high:?}")),
            _ => None,
        };
        let count = HumanCount(census.of_kind(kind));
        format!("{count} {kind}{}", range.unwrap_or_default())
    };
    let occurring = ValueKind::ALL
        .into_iter()
        .filter(|kind| census.of_kind(*kind) > 0);
    let mut parts: Vec<String> = occurring.map(of_kind).collect();
    if census.of_class(Class::Null) > 0 {
        parts.push(format!("{} NULL", HumanCount(census.of_class(Class::Null))));
    }
    if census.length_max_bytes > 0 {
        parts.push(format!("up to {}", HumanBytes(census.length_max_bytes)));
    }
    if parts.is_empty() {
        parts.push("nothing".to_owned());
    }
    parts.join("; ")
}

/// The same as data, by table and column.
pub fn to_json(catalog: &Catalog, census: &Census) -> Value {
    let tables = catalog.tables.iter().zip(&census.tables);
    let tables = tables.map(|(table, census)| {
        let columns = table.columns.iter().zip(&census.columns);
        json!({
            "name": table.name,
            "rows": census.rows,
            "columns": columns.map(|(column, census)| column_json(column, census)).collect::<Vec<_>>(),
        })
    });
    tables.collect()
}

fn column_json(column: &Column, census: &ColumnCensus) -> Value {
    let kinds = ValueKind::ALL.map(|kind| (kind.word().to_owned(), census.of_kind(kind).into()));
    let mut counts: serde_json::Map<String, Value> = kinds.into_iter().collect();
    counts.insert("null".to_owned(), census.of_class(Class::Null).into());
    json!({
        "name": column.name,
        "declared_type": column.declared_type,
        "values": counts,
        "integers": census.integers.map(|(low, high)| [low, high]),
        // JSON has no infinity.
        "reals": census.reals.map(|(low, high)| [low, high].map(|real| format!("{real:?}"))),
        "length_max_bytes": census.length_max_bytes,
        "total_bytes": census.total_bytes,
    })
}
