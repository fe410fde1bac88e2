//! What runs after the data within one table besides its indexes: primary and unique keys, checks, identity.
//!
//! Postgres names what SQLite left unnamed, and names keys itself: SQLite lets two tables use one constraint
//! name, which Postgres does not for keys.

use std::cell::Cell;

use outgrow_shared::value::Class;

use super::build::Draft;
use super::builder::{Builder, plain, skip_flag};
use super::columns::Planned;
use super::indexes::{INDEX_COLUMNS_MAX, note_wide, too_many_columns};
use super::mapping::Mapping;
use super::model::{Disposition, Finding, Todo};
use super::nocase::refuses_rows;
use super::rules;
use super::target_type::TargetType;
use super::todo::Own;
use super::translate::translate_condition;
use crate::quote::quote_ident;
use crate::source::catalog::{Index, IndexOrigin};
use crate::source::ddl::CheckDdl;

/// Primary key, unique keys, checks.
pub(super) fn keys_and_checks(builder: &mut Builder<'_>, draft: &Draft<'_>) {
    primary_key(builder, draft);
    for (number, index) in draft
        .table
        .indexes
        .iter()
        .filter(|i| i.origin == IndexOrigin::Unique)
        .enumerate()
    {
        unique_key(builder, draft, number + 1, index);
    }
    let of_columns = draft.ddl.columns.iter().flat_map(|c| &c.checks);
    let checks: Vec<&CheckDdl> = of_columns.chain(&draft.ddl.checks).collect();
    let names = checks.iter().map(|check| check.name.as_deref());
    let objects = object_names("check", &draft.table.name, names);
    for (check, object) in checks.into_iter().zip(&objects) {
        add_check(builder, draft, object, check);
    }
    note_conflict_clauses(builder, draft);
}

fn primary_key(builder: &mut Builder<'_>, draft: &Draft<'_>) {
    let table = draft.table;
    if table.primary_key.is_empty() {
        return;
    }
    let object = format!("primary-key:{}", table.name);
    let nulls: u64 = table
        .primary_key
        .iter()
        .map(|position| draft.census.columns[*position].of_class(Class::Null))
        .sum();
    let first = table
        .primary_key
        .iter()
        .flat_map(|p| draft.census.columns[*p].samples(Class::Null));
    let samples: Vec<String> = first.take(3).cloned().collect();
    let columns: Option<Vec<_>> = table.primary_key.iter().map(|p| draft.at(*p)).collect();
    if nulls > 0 {
        let detail = "SQLite let its key be NULL; a primary key of Postgres cannot be".to_owned();
        let next = format!(
            "Fill the key in the source, or leave the key out with {}.",
            skip_flag(&object)
        );
        let finding = plain(Disposition::Blocked, rules::KEY_NULL, &object, detail);
        builder.block(Finding {
            rows: nulls,
            samples,
            next,
            ..finding
        });
        return;
    }
    // A column that no type holds is blocked on its own.
    let Some(columns) = columns else { return };
    let index = table.indexes.iter().find(|i| i.origin == IndexOrigin::PrimaryKey);
    if let Some(why) = index.and_then(|index| misfit(index, &columns)) {
        builder.block_or_skip(rules::INDEX, &object, why);
        return;
    }
    if builder.skipped(&object, "the table gets no primary key") || refuses_rows(builder, draft, &object) {
        return;
    }
    if columns.iter().any(|c| !c.plan.not_null) && !table.without_rowid {
        let detail = "SQLite lets this key be NULL, and no row uses that; Postgres makes it NOT NULL";
        builder.find(Disposition::Changed, rules::KEY_NOT_NULL, &object, detail);
    }
    note_wide(builder, draft, &object, &columns);
    let names: Vec<String> = columns.iter().map(|c| quote_ident(&c.plan.target_name)).collect();
    let name = builder.qualified(&draft.target_name);
    builder.step(
        object,
        format!("ALTER TABLE {name} ADD PRIMARY KEY ({})", names.join(", ")),
    );
}

fn unique_key(builder: &mut Builder<'_>, draft: &Draft<'_>, number: usize, index: &Index) {
    let object = format!("unique:{}.{number}", draft.table.name);
    let columns: Option<Vec<_>> = index
        .columns
        .iter()
        .map(|c| c.column.and_then(|p| draft.at(p)))
        .collect();
    let Some(columns) = columns else {
        let missing = "a column of it is not carried over".to_owned();
        builder.block_or_skip(rules::INDEX, &object, missing);
        return;
    };
    if let Some(why) = misfit(index, &columns) {
        builder.block_or_skip(rules::INDEX, &object, why);
        return;
    }
    if builder.skipped(&object, "the table gets no such unique key") || refuses_rows(builder, draft, &object)
    {
        return;
    }
    note_wide(builder, draft, &object, &columns);
    let mut names: Vec<String> = Vec::with_capacity(columns.len());
    for name in columns.iter().map(|c| quote_ident(&c.plan.target_name)) {
        // SQLite lets a key name a column twice, which changes nothing.
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let name = builder.qualified(&draft.target_name);
    builder.step(
        object,
        format!("ALTER TABLE {name} ADD UNIQUE ({})", names.join(", ")),
    );
}

/// What keeps a key from being the same on Postgres: a collation other than its column's own, which is planned with
/// the column, or too many columns.
fn misfit(index: &Index, columns: &[&Planned]) -> Option<String> {
    if columns.len() > INDEX_COLUMNS_MAX {
        return Some(too_many_columns());
    }
    if let Some(json) = columns.iter().find(|c| c.plan.mapping == Mapping::TextJson) {
        return Some(format!(
            "its column {} is json on the target, which has no order",
            json.plan.name
        ));
    }
    let mut pairs = index.columns.iter().zip(columns);
    pairs
        .find(|(own, column)| !column.compares_by(&own.collation))
        .map(|(own, column)| {
            format!(
                "it compares by {}, and its column {} by {}",
                own.collation,
                column.plan.name,
                column.collation()
            )
        })
}

/// What findings call the constraints of a table: by name, else by number. SQLite lets names repeat, and a name
/// may look like a number; leaving out one constraint must not take another with it.
pub(super) fn object_names<'a>(
    kind: &str,
    table: &str,
    names: impl Iterator<Item = Option<&'a str>>,
) -> Vec<String> {
    let mut objects: Vec<String> = Vec::new();
    for (place, name) in names.enumerate() {
        let number = place + 1;
        let mut object = match name {
            Some(name) => format!("{kind}:{table}.{name}"),
            None => format!("{kind}:{table}.{number}"),
        };
        while objects.contains(&object) {
            object.push_str(&format!("#{number}"));
        }
        objects.push(object);
    }
    objects
}

fn add_check(builder: &mut Builder<'_>, draft: &Draft<'_>, object: &str, check: &CheckDdl) {
    let original = format!("CHECK ({})", check.expr.text);
    if builder.skipped(object, &original) {
        return;
    }
    let reads_gaps = Cell::new(false);
    let condition = match builder.own_sql(object, &original) {
        Some(sql) => Ok(sql),
        None => translate_condition(&check.expr.expr, &|name| {
            let column = draft.column(name)?;
            let mut policies = column.plan.values.values();
            reads_gaps.set(reads_gaps.get() || policies.any(|policy| policy.takes_out()));
            Some(column.binding.clone())
        }),
    };
    match condition {
        Ok(sql) => {
            let table = builder.qualified(&draft.target_name);
            let valid = if reads_gaps.get() {
                let detail = "a policy puts NULL in the place of values that it looks at; it holds for new rows only (NOT \
                              VALID) until `ALTER TABLE ... VALIDATE CONSTRAINT` has run";
                builder.find(Disposition::Changed, rules::CHECK_NOT_VALID, object, detail);
                " NOT VALID"
            } else {
                ""
            };
            // Left to Postgres, a name is free for certain; SQLite lets names repeat.
            builder.step(object, format!("ALTER TABLE {table} ADD CHECK ({sql}){valid}"));
        }
        Err(why) => {
            let todo = Todo {
                object: object.to_owned(),
                original,
                why: why.to_string(),
            };
            let lost = "the target takes rows that SQLite refuses";
            builder.leave_to_owner(rules::CHECK, Own::Expression, todo, lost);
        }
    }
}

/// SQLite can resolve a conflict inside a constraint; Postgres can only raise an error.
fn note_conflict_clauses(builder: &mut Builder<'_>, draft: &Draft<'_>) {
    let ddl = &draft.ddl;
    let of_columns = ddl.columns.iter().flat_map(|c| {
        let not_null = c.not_null.as_ref().and_then(|n| n.on_conflict);
        let key = c.primary_key.as_ref().and_then(|k| k.on_conflict);
        [not_null, key, c.unique.as_ref().and_then(|u| u.on_conflict)]
    });
    let of_table = ddl.primary_key.iter().chain(&ddl.unique).map(|k| k.on_conflict);
    let clauses = of_columns.chain(of_table).flatten().count();
    if clauses > 0 {
        let detail = format!(
            "{clauses} constraints have ON CONFLICT clauses; on Postgres a conflict is an error unless the \
             statement itself says ON CONFLICT"
        );
        let object = format!("table:{}", draft.table.name);
        builder.find(Disposition::Changed, rules::ON_CONFLICT, &object, detail);
    }
}

/// A rowid alias continues by itself, after the largest value ever used.
pub(super) fn identity(builder: &mut Builder<'_>, draft: &Draft<'_>) {
    let table = draft.table;
    let Some(column) = table.rowid_alias.and_then(|position| draft.at(position)) else {
        return;
    };
    let largest = draft.census.columns[column.position]
        .integers
        .map_or(0, |(_, high)| high);
    let used = largest.max(table.sequence.unwrap_or(0)).max(0);
    let object = format!("identity:{}.{}", table.name, column.plan.name);
    let largest = match column.plan.mapping.target_type() {
        TargetType::Smallint => i64::from(i16::MAX),
        TargetType::Integer => i64::from(i32::MAX),
        TargetType::Bigint => i64::MAX,
        other => {
            let detail = format!(
                "it is the id of its rows, which Postgres counts on only as an integer; not as {other}"
            );
            let column = format!("column:{}.{}", table.name, column.plan.name);
            let next = "Choose another mapping for it under [choices.columns] of the plan.".to_owned();
            let finding = plain(Disposition::Blocked, rules::MAPPING_UNFIT, &column, detail);
            builder.add(Finding { next, ..finding });
            return;
        }
    };
    let Some(next) = used.checked_add(1).filter(|next| *next <= largest) else {
        let detail =
            "the largest id there is was used, so there is no next one; rows need an id of their own";
        builder.find(Disposition::Changed, rules::KEY_EXHAUSTED, &object, detail);
        return;
    };
    let sql = format!(
        "ALTER TABLE {} ALTER COLUMN {} ADD GENERATED BY DEFAULT AS IDENTITY (START WITH {next})",
        builder.qualified(&draft.target_name),
        quote_ident(&column.plan.target_name),
    );
    builder.step(object, sql);
}

#[cfg(test)]
mod tests {
    use super::object_names;

    #[test]
    fn constraints_that_share_a_name_are_told_apart() {
        let names = [Some("2"), None, Some("ck"), Some("ck"), Some("ck#4"), Some("ck")];
        let expected = ["2", "2#2", "ck", "ck#4", "ck#4#5", "ck#6"].map(|name| format!("check:t.{name}"));
        assert_eq!(object_names("check", "t", names.into_iter()), expected);
    }
}
