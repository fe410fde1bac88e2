//! Whether the target's tables still have the columns and types that the plan gave them.
//!
//! Checked before any value is read: binary values of another type could be misread as good ones.

use super::difference::{ColumnDifference, Difference, Differences, Kind};
use crate::plan::model::{Plan, SchemaMode, TablePlan};
use crate::target::{Target, TargetError};

/// The extension type citext, in whichever schema, is read and written as text is; what the application made has
/// the very type that it gave.
const COLUMNS_OF_TABLE: &str = "SELECT a.attname::text, CASE WHEN $3 AND t.typname = 'citext' THEN 'text' \
     ELSE pg_catalog.format_type(a.atttypid, a.atttypmod) END \
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
     JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped";

/// Differences between the plan and the target's catalog; none if every column is there with its type.
pub async fn compare(target: &Target, plan: &Plan) -> Result<Differences, TargetError> {
    let mut differences = Differences::default();
    let own = plan.schema_mode == SchemaMode::Own;
    for table in &plan.tables {
        let rows = target
            .client()
            .query(
                COLUMNS_OF_TABLE,
                &[&plan.choices.schema, &table.target_name, &own],
            )
            .await
            .map_err(|error| target.fault(&error))?;
        let found: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        compare_table(table, own, &found, &mut differences);
    }
    Ok(differences)
}

fn compare_table(table: &TablePlan, own: bool, found: &[(String, String)], differences: &mut Differences) {
    let columns: Vec<ColumnDifference> = table
        .columns
        .iter()
        .filter_map(|column| {
            let expected = if own {
                column.mapping.target_type().catalog_name()
            } else {
                column.target_type.clone()
            };
            let actual = found
                .iter()
                .find(|(name, _)| *name == column.target_name)
                .map(|(_, kind)| kind.as_str());
            (actual != Some(expected.as_str())).then(|| ColumnDifference {
                column: column.name.clone(),
                source: expected,
                target: actual.unwrap_or("not there").to_owned(),
            })
        })
        .collect();
    if !columns.is_empty() {
        let key = if found.is_empty() {
            "the table is not there"
        } else {
            "types differ"
        };
        differences.add(|| Difference {
            table: table.name.clone(),
            kind: Kind::Schema,
            key: key.to_owned(),
            columns,
        });
    }
}
