//! Builds the plan from catalog and census: a pure function.
//!
//! Tables come first, then what runs after the data. Whatever is not carried over as it is becomes a finding
//! here or in one of the builder's other parts (`columns`, `constraints`, `foreign_keys`).

use std::collections::BTreeSet;

use outgrow_shared::ce1::Mode;
use outgrow_shared::value::Class;

use super::columns::{self, Planned};
use super::constraints;
use super::foreign_keys;
use super::model::{Disposition, FORMAT, Finding, Plan, Step, TablePlan};
use super::rules::{self, Rule};
use crate::census::{Census, TableCensus};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::quote::{NAME_BYTES_MAX, quote_ident};
use crate::source::catalog::{Catalog, OtherKind, OtherObject, Table};
use crate::source::ddl::{Ddl, TableDdl, read};
use crate::source::{Identity, TextEncoding};

/// The most columns a table of Postgres has, `MaxHeapAttributeNumber`.
const COLUMNS_MAX: usize = 1600;

/// Names that every table of Postgres has already.
const SYSTEM_COLUMNS: &[&str] = &["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

/// What its user may choose.
#[derive(Debug, Clone)]
pub struct Options {
    /// The schema on the target that receives the tables.
    pub schema: String,
    /// Objects to leave out, by the names findings give them.
    pub skip: BTreeSet<String>,
}

/// A `--skip` that names nothing in the source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no object {0} in the source to leave out")]
pub struct UnknownSkip(String);

impl From<UnknownSkip> for Failure {
    fn from(error: UnknownSkip) -> Self {
        let next = "Name objects as `outgrow inspect` does, for example --skip index:orders.ix_date.";
        Self::new(Exit::Usage, error.to_string(), next)
    }
}

/// A table on its way into the plan, with what the parts of the builder need of it.
pub(super) struct Draft<'a> {
    pub table: &'a Table,
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

/// Gathers findings and steps, and knows what its user wants left out.
pub(super) struct Builder<'a> {
    options: &'a Options,
    findings: Vec<Finding>,
    steps: Vec<Step>,
    skips_used: BTreeSet<String>,
    /// Asked for, and gone with their table.
    skips_covered: BTreeSet<String>,
}

impl Builder<'_> {
    /// Whether the user asked to leave this object out; it is named as skipped then.
    pub fn skipped(&mut self, object: &str, detail: &str) -> bool {
        if !self.options.skip.contains(object) {
            return false;
        }
        if self.skips_used.insert(object.to_owned()) {
            let rule = if object.starts_with("table:") {
                rules::TABLE_SKIPPED
            } else {
                rules::SKIPPED
            };
            self.find(
                Disposition::Skipped,
                rule,
                object,
                format!("left out on request: {detail}"),
            );
        }
        true
    }

    /// Whether the user asked to leave this object out.
    pub fn leaves_out(&self, object: &str) -> bool {
        self.options.skip.contains(object)
    }

    /// Takes note that a table's own objects are left out with it: asking for them too is no mistake.
    fn skipped_with(&mut self, table: &str) {
        let of_table = |object: &&String| {
            let rest = object
                .split_once(':')
                .and_then(|(_, name)| name.strip_prefix(table));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let covered: Vec<String> = self.options.skip.iter().filter(of_table).cloned().collect();
        self.skips_covered.extend(covered);
    }

    /// Blocks on an object that could be left out, unless its user asked for that.
    pub fn block_or_skip(&mut self, rule: Rule, object: &str, detail: String) {
        if self.skipped(object, &detail) {
            return;
        }
        let next = format!("Change it in the source, or leave it out with --skip '{object}'.");
        self.add(Finding {
            next,
            ..plain(Disposition::Blocked, rule, object, detail)
        });
    }

    /// Notes something that needs no choice.
    pub fn find(&mut self, disposition: Disposition, rule: Rule, object: &str, detail: impl Into<String>) {
        self.add(plain(disposition, rule, object, detail.into()));
    }

    /// Notes a finding as it is.
    pub fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Adds a statement that runs after the data.
    pub fn step(&mut self, object: impl Into<String>, sql: String) {
        self.steps.push(Step {
            object: object.into(),
            sql,
        });
    }

    /// A table's name with its schema, quoted.
    pub fn qualified(&self, table: &str) -> String {
        format!("{}.{}", quote_ident(&self.options.schema), quote_ident(table))
    }
}

pub(super) fn plain(disposition: Disposition, rule: Rule, object: &str, detail: String) -> Finding {
    Finding {
        disposition,
        rule: rule.to_owned(),
        object: object.to_owned(),
        detail,
        rows: 0,
        samples: Vec::new(),
        next: String::new(),
    }
}

/// Builds the plan. Fails only when the options name what is not there; anything the source holds becomes a
/// table, a step or a finding.
pub fn build(
    identity: &Identity,
    encoding: TextEncoding,
    catalog: &Catalog,
    census: &Census,
    options: &Options,
) -> Result<Plan, UnknownSkip> {
    let mut builder = Builder {
        options,
        findings: Vec::new(),
        steps: Vec::new(),
        skips_used: BTreeSet::new(),
        skips_covered: BTreeSet::new(),
    };
    catalog
        .others
        .iter()
        .for_each(|other| note_other(&mut builder, other));
    let pairs = catalog.tables.iter().zip(&census.tables);
    let drafts: Vec<Draft<'_>> = pairs
        .filter_map(|(table, census)| draft_table(&mut builder, table, census))
        .collect();
    let tables = drafts
        .iter()
        .map(|draft| plan_table(&builder, draft, encoding))
        .collect();
    drafts
        .iter()
        .for_each(|draft| constraints::indexes(&mut builder, draft));
    drafts
        .iter()
        .for_each(|draft| constraints::keys_and_checks(&mut builder, draft));
    drafts
        .iter()
        .for_each(|draft| constraints::identity(&mut builder, draft));
    drafts
        .iter()
        .for_each(|draft| foreign_keys::plan(&mut builder, draft, &drafts));
    let mut unknown = options.skip.difference(&builder.skips_used);
    if let Some(unknown) = unknown.find(|object| !builder.skips_covered.contains(*object)) {
        return Err(UnknownSkip(unknown.clone()));
    }
    builder.findings.sort_by_key(|f| f.disposition);
    Ok(Plan {
        format: FORMAT.to_owned(),
        schema: options.schema.clone(),
        source: identity.clone(),
        findings: builder.findings,
        tables,
        steps: builder.steps,
    })
}

fn note_other(builder: &mut Builder<'_>, other: &OtherObject) {
    let name = &other.name;
    match other.kind {
        OtherKind::View => builder.find(
            Disposition::Skipped,
            rules::VIEW,
            &format!("view:{name}"),
            "holds no rows; write it anew for Postgres",
        ),
        OtherKind::Trigger => builder.find(
            Disposition::Skipped,
            rules::TRIGGER,
            &format!("trigger:{name}"),
            "holds no rows; write it anew for Postgres",
        ),
        OtherKind::VirtualTable => builder.block_or_skip(
            rules::VIRTUAL_TABLE,
            &format!("virtual-table:{name}"),
            "its rows belong to a SQLite module that Postgres does not have".to_owned(),
        ),
        OtherKind::ShadowTable => builder.find(
            Disposition::Skipped,
            rules::SHADOW_TABLE,
            &format!("shadow-table:{name}"),
            "holds the state of a virtual table, which is named on its own",
        ),
    }
}

fn draft_table<'a>(
    builder: &mut Builder<'_>,
    table: &'a Table,
    census: &'a TableCensus,
) -> Option<Draft<'a>> {
    let object = format!("table:{}", table.name);
    if builder.skipped(&object, &format!("{} rows are not copied", census.rows)) {
        builder.skipped_with(&table.name);
        return None;
    }
    if let Some(detail) = unfit(&table.name) {
        builder.block_or_skip(rules::NAME_UNFIT, &object, detail);
    }
    for column in &table.columns {
        let object = format!("column:{}.{}", table.name, column.name);
        check_column_name(builder, &table.name, &object, &column.name);
    }
    if table.columns.len() > COLUMNS_MAX {
        let detail = format!(
            "a table in Postgres has at most {COLUMNS_MAX} columns; this one has {}",
            table.columns.len()
        );
        builder.block_or_skip(rules::TABLE_TOO_WIDE, &object, detail);
        return None;
    }
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
    let columns = columns::plan(builder, table, census, &ddl);
    Some(Draft {
        table,
        census,
        ddl,
        columns,
    })
}

/// Why Postgres cannot keep a name as it is.
fn unfit(name: &str) -> Option<String> {
    (name.is_empty() || name.len() > NAME_BYTES_MAX).then(|| {
        format!(
            "a name in Postgres has 1 to {NAME_BYTES_MAX} bytes; this one has {}",
            name.len()
        )
    })
}

/// A column cannot be left out by itself, only its table.
fn check_column_name(builder: &mut Builder<'_>, table: &str, object: &str, name: &str) {
    let (rule, detail) = if let Some(detail) = unfit(name) {
        (rules::NAME_UNFIT, detail)
    } else if SYSTEM_COLUMNS.contains(&name) {
        let detail = "every table of Postgres has a system column of this name";
        (rules::NAME_SYSTEM_COLUMN, detail.to_owned())
    } else {
        return;
    };
    let next = format!("Rename it in the source, or leave the table out with --skip 'table:{table}'.");
    builder.add(Finding {
        next,
        ..plain(Disposition::Blocked, rule, object, detail)
    });
}

fn plan_table(builder: &Builder<'_>, draft: &Draft<'_>, encoding: TextEncoding) -> TablePlan {
    let key = usable_key(draft, encoding);
    let lines: Vec<String> = draft.columns.iter().map(columns::definition).collect();
    let name = builder.qualified(&draft.table.name);
    TablePlan {
        name: draft.table.name.clone(),
        rows: draft.census.rows,
        bytes: draft.census.total_bytes(),
        mode: if key.is_empty() { Mode::Bucket } else { Mode::Keyed },
        key,
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
        let no_null = draft.census.columns[*position].of_class(Class::Null) == 0;
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
