//! Builds the plan from catalog and census: a pure function.
//!
//! Tables come first, then what runs after the data. Whatever is not carried over as it is becomes a finding
//! here or in one of the builder's other parts (`columns`, `constraints`, `foreign_keys`).

use outgrow_shared::ce1::Mode;
use outgrow_shared::value::Class;

use super::builder::Builder;
use super::choices::Choices;
use super::columns::{self, Planned};
use super::constraints;
use super::foreign_keys;
use super::indexes;
use super::model::{Disposition, Plan, TablePlan};
use super::others;
use super::rules;
use super::unknown_choice::UnknownChoice;
use crate::census::{Census, RowWidths, TableCensus};
use crate::source::catalog::{Catalog, Table};
use crate::source::ddl::{Ddl, TableDdl, read};
use crate::source::{Identity, TextEncoding, Unchecked};

/// The most columns a table of Postgres has, `MaxHeapAttributeNumber`.
const COLUMNS_MAX: usize = 1600;

/// A table on its way into the plan, with what the parts of the builder need of it.
pub(super) struct Draft<'a> {
    pub table: &'a Table,
    /// Its name on the target.
    pub target_name: String,
    pub census: &'a TableCensus,
    pub ddl: TableDdl,
    pub columns: Vec<Planned>,
}

impl Draft<'_> {
    /// The planned column of this source name, as SQLite compares names.
    pub fn column(&self, name: &str) -> Option<&Planned> {
        self.columns
            .iter()
            .find(|c| c.plan.name.eq_ignore_ascii_case(name))
    }

    /// The planned column at this position of the table.
    pub fn at(&self, position: usize) -> Option<&Planned> {
        self.columns.iter().find(|c| c.position == position)
    }
}

/// Builds the plan. Fails only when the options name what is not there; anything the source holds becomes a
/// table, a step or a finding.
pub fn build(
    identity: &Identity,
    encoding: TextEncoding,
    catalog: &Catalog,
    census: &Census,
    unchecked: &[Unchecked],
    choices: &Choices,
) -> Result<Plan, UnknownChoice> {
    let mut builder = Builder::new(choices, encoding);
    let pairs = catalog.tables.iter().zip(&census.tables);
    let mut drafts: Vec<Draft<'_>> = pairs
        .filter_map(|(table, census)| draft_table(&mut builder, table, census))
        .collect();
    foreign_keys::reconcile(choices, &mut drafts);
    let tables = drafts.iter().map(|draft| plan_table(&builder, draft)).collect();
    drafts.iter().for_each(|draft| indexes::plan(&mut builder, draft));
    drafts
        .iter()
        .for_each(|draft| constraints::keys_and_checks(&mut builder, draft));
    drafts
        .iter()
        .for_each(|draft| constraints::identity(&mut builder, draft));
    drafts
        .iter()
        .for_each(|draft| foreign_keys::plan(&mut builder, draft, &drafts));
    catalog
        .others
        .iter()
        .for_each(|other| others::plan(&mut builder, other, &drafts));
    unchecked
        .iter()
        .for_each(|found| note_unchecked(&mut builder, found));
    builder.finish(identity, tables)
}

fn draft_table<'a>(
    builder: &mut Builder<'_>,
    table: &'a Table,
    census: &'a TableCensus,
) -> Option<Draft<'a>> {
    let object = format!("table:{}", table.name);
    if builder.skipped(&object, &format!("{} rows are not copied", census.rows)) {
        builder.gone_with(&table.name);
        return None;
    }
    if table.columns.len() > COLUMNS_MAX {
        let detail = format!(
            "a table in Postgres has at most {COLUMNS_MAX} columns; this one has {}",
            table.columns.len()
        );
        builder.block_or_skip(rules::TABLE_TOO_WIDE, &object, detail);
        return None;
    }
    block_wide_rows(builder, &object, &census.widths);
    let ddl = match read(&table.name, &table.sql) {
        Ok(Ddl::Table(ddl)) => ddl,
        Ok(_) => {
            builder.block_or_skip(
                rules::DDL_UNREADABLE,
                &object,
                "its DDL is not CREATE TABLE".to_owned(),
            );
            return None;
        }
        Err(error) => {
            builder.block_or_skip(rules::DDL_UNREADABLE, &object, error.to_string());
            return None;
        }
    };
    let target_name = builder.target_name(None, &object, &table.name);
    let columns = columns::plan(builder, table, census, &ddl);
    Some(Draft {
        table,
        target_name,
        census,
        ddl,
        columns,
    })
}

/// What SQLite could not check without the application is carried over all the same: it is read row by row.
pub(super) fn note_unchecked(builder: &mut Builder<'_>, unchecked: &Unchecked) {
    let what = if unchecked.rows_checked {
        "its indexes were not checked for damage"
    } else {
        "it was not checked for damage"
    };
    let detail = format!("{what}: {}", unchecked.reason);
    builder.find(Disposition::Changed, rules::UNCHECKED, &unchecked.object, detail);
}

/// Rows that Postgres refuses, whatever their types: too wide for a page, or too large for one message.
pub(super) fn block_wide_rows(builder: &mut Builder<'_>, object: &str, widths: &RowWidths) {
    if widths.rows_too_wide > 0 {
        let detail = format!(
            "rows wider than the 8160 bytes of a page, even with long values moved out of them: {}",
            widths.rows_too_wide
        );
        builder.block_or_skip_rows(
            rules::ROW_TOO_WIDE,
            object,
            detail,
            widths.rows_too_wide,
            &widths.too_wide_samples,
        );
    }
    if widths.rows_beyond_gigabyte > 0 {
        let detail = format!(
            "rows of more than 1,000,000,000 bytes: {}; the largest has {}",
            widths.rows_beyond_gigabyte, widths.row_bytes_max
        );
        let samples: Vec<String> = widths.row_bytes_max_sample.iter().cloned().collect();
        builder.block_or_skip_rows(
            rules::ROW_TOO_LARGE,
            object,
            detail,
            widths.rows_beyond_gigabyte,
            &samples,
        );
    }
}

fn plan_table(builder: &Builder<'_>, draft: &Draft<'_>) -> TablePlan {
    let key = usable_key(draft, builder.encoding);
    let lines: Vec<String> = draft.columns.iter().map(columns::definition).collect();
    let name = builder.qualified(&draft.target_name);
    TablePlan {
        name: draft.table.name.clone(),
        target_name: draft.target_name.clone(),
        rows: draft.census.rows,
        bytes: draft.census.total_bytes(),
        mode: if key.is_empty() { Mode::Bucket } else { Mode::Keyed },
        key,
        seeds: None,
        create: format!("CREATE TABLE {name} (\n  {}\n)", lines.join(",\n  ")),
        columns: draft.columns.iter().map(|c| c.plan.clone()).collect(),
    }
}

/// Places of the primary key's columns, if both engines order them alike and none is NULL; else none.
fn usable_key(draft: &Draft<'_>, encoding: TextEncoding) -> Vec<usize> {
    let place = |position: &usize| {
        let place = draft.columns.iter().position(|c| c.position == *position)?;
        let column = &draft.columns[place];
        let is_text = column.plan.mapping == super::mapping::Mapping::TextText;
        // In a UTF-16 file SQLite compares the bytes of UTF-16, whose order is another.
        let same_order = column.plan.mapping.keeps_order()
            && !(is_text && encoding != TextEncoding::Utf8)
            && column.binary;
        let taken_out = column.plan.values.values().any(|policy| policy.takes_out());
        let no_null = draft.census.columns[*position].of_class(Class::Null) == 0 && !taken_out;
        (same_order && no_null).then_some(place)
    };
    draft
        .table
        .primary_key
        .iter()
        .map(place)
        .collect::<Option<Vec<usize>>>()
        .unwrap_or_default()
}
