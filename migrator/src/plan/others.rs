//! Objects without rows of the plan's own: views, triggers, virtual tables and what belongs to them.

use super::build::Draft;
use super::builder::{Builder, Family};
use super::model::{Disposition, Todo};
use super::rules;
use super::todo::Own;
use super::translate::{Relation, RelationColumn, translate_view};
use crate::quote::quote_ident;
use crate::source::ddl::{Ddl, VirtualTableDdl, read};
use crate::source::objects::{OtherKind, OtherObject};

/// Modules of full-text search.
const FULL_TEXT: &[&str] = &["fts3", "fts4", "fts5"];
/// Modules of spatial indexes.
const SPATIAL: &[&str] = &["rtree", "rtree_i32", "geopoly"];
/// Modules that only show what another table or the file itself holds.
const SHOWING: &[&str] = &["fts5vocab", "fts4aux", "fts3tokenize", "dbstat", "sqlite_dbpage"];

/// Plans one object. Views find their tables among the drafts, so those come first.
pub(super) fn plan(builder: &mut Builder<'_>, other: &OtherObject, drafts: &[Draft<'_>]) {
    let name = &other.name;
    match other.kind {
        OtherKind::View => view(builder, other, drafts),
        OtherKind::Trigger => trigger(builder, other),
        OtherKind::VirtualTable => virtual_table(builder, other),
        OtherKind::ShadowTable => builder.find(
            Disposition::Skipped,
            rules::SHADOW_TABLE,
            &format!("shadow-table:{name}"),
            "holds the state of a virtual table, which is named on its own",
        ),
    }
}

fn view(builder: &mut Builder<'_>, other: &OtherObject, drafts: &[Draft<'_>]) {
    let object = format!("view:{}", other.name);
    if builder.skipped(&object, &other.sql) {
        return;
    }
    builder.used(Family::Name, &object);
    if let Some(sql) = builder.own_sql(&object, &other.sql) {
        builder.step(object, sql);
        return;
    }
    match select(builder, other, drafts) {
        Ok(select) => {
            let target_name = builder.target_name(None, &object, &other.name);
            let columns: Vec<String> = other.columns.iter().map(|c| quote_ident(c)).collect();
            let sql = format!(
                "CREATE VIEW {} ({}) AS {select}",
                builder.qualified(&target_name),
                columns.join(", ")
            );
            builder.creating_step(object, target_name, sql);
        }
        Err(why) => {
            let todo = Todo {
                object,
                original: other.sql.clone(),
                why,
            };
            let lost = "queries that read it fail";
            builder.leave_to_owner(rules::VIEW, Own::Statement, todo, lost);
        }
    }
}

fn select(builder: &Builder<'_>, other: &OtherObject, drafts: &[Draft<'_>]) -> Result<String, String> {
    let ddl = match read(&other.name, &other.sql) {
        Ok(Ddl::View(ddl)) => ddl,
        Ok(_) => return Err("its DDL is not CREATE VIEW".to_owned()),
        Err(error) => return Err(error.to_string()),
    };
    let query = ddl
        .query
        .map_err(|what| format!("{what} is not translated in a view"))?;
    if other.columns.is_empty() {
        return Err("SQLite names no columns of it, or it reads another view".to_owned());
    }
    let relation = |name: &str| {
        let draft = drafts.iter().find(|d| d.table.name.eq_ignore_ascii_case(name))?;
        let columns = draft.table.columns.iter();
        Some(Relation {
            sql: builder.qualified(&draft.target_name),
            columns: columns
                .map(|c| RelationColumn {
                    name: c.name.clone(),
                    binding: draft.column(&c.name).map(|p| p.binding.clone()),
                })
                .collect(),
        })
    };
    translate_view(&query, &other.columns, &relation).map_err(|why| why.to_string())
}

fn trigger(builder: &mut Builder<'_>, other: &OtherObject) {
    let object = format!("trigger:{}", other.name);
    if builder.skipped(&object, &other.sql) {
        return;
    }
    if let Some(sql) = builder.own_sql(&object, &other.sql) {
        builder.step(object, sql);
        return;
    }
    let todo = Todo {
        object,
        original: other.sql.clone(),
        why: "Postgres has another language for triggers".to_owned(),
    };
    let lost = "what it did at every write is not done";
    builder.leave_to_owner(rules::TRIGGER, Own::Statement, todo, lost);
}

/// A virtual table, whose rows no mapping reaches.
pub(super) fn virtual_table(builder: &mut Builder<'_>, other: &OtherObject) {
    let object = format!("virtual-table:{}", other.name);
    let ddl = match read(&other.name, &other.sql) {
        Ok(Ddl::VirtualTable(ddl)) => ddl,
        _ => {
            let detail = "its DDL is not read, and its rows belong to a module".to_owned();
            builder.block_or_skip(rules::VIRTUAL_TABLE, &object, detail);
            return;
        }
    };
    let rows = other.rows.map_or_else(String::new, |rows| {
        format!(" (rows in its shadow tables: {rows})")
    });
    match fate(&ddl) {
        Fate::Derived(detail) => {
            if !builder.skipped(&object, &detail) {
                builder.find(Disposition::Skipped, rules::VIRTUAL_TABLE, &object, detail);
            }
        }
        Fate::OwnRows(detail) => {
            builder.block_or_skip(rules::VIRTUAL_TABLE, &object, format!("{detail}{rows}"));
        }
    }
}

/// What becomes of a virtual table.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// It holds nothing that is not elsewhere.
    Derived(String),
    /// Rows of its own would be lost.
    OwnRows(String),
}

fn fate(ddl: &VirtualTableDdl) -> Fate {
    let module = ddl.module.to_ascii_lowercase();
    if SHOWING.contains(&module.as_str()) {
        return Fate::Derived(format!("module {module} only shows what is held elsewhere"));
    }
    if FULL_TEXT.contains(&module.as_str()) {
        return full_text(ddl, &module);
    }
    if SPATIAL.contains(&module.as_str()) {
        return Fate::OwnRows(format!(
            "module {module}: its boxes can be taken from the table they were made of; on Postgres a GiST index \
             over box or PostGIS does its work"
        ));
    }
    Fate::OwnRows(format!(
        "its rows belong to the module {}, which Postgres does not have",
        ddl.module
    ))
}

fn full_text(ddl: &VirtualTableDdl, module: &str) -> Fate {
    let columns = full_text_columns(ddl);
    let instead = format!(
        "on Postgres a tsvector column over {} with a GIN index does its work",
        if columns.is_empty() {
            "its text".to_owned()
        } else {
            columns.join(", ")
        }
    );
    match ddl.content_table().as_deref() {
        None => Fate::OwnRows(format!("module {module} keeps the text itself; {instead}")),
        Some("") => Fate::OwnRows(format!(
            "module {module} keeps an index without the text (content=''), which cannot be read back; {instead}"
        )),
        Some(table) => Fate::Derived(format!(
            "module {module} indexes the table {table} and holds nothing else; {instead}"
        )),
    }
}

/// The columns of a full-text index: every argument that sets no option.
fn full_text_columns(ddl: &VirtualTableDdl) -> Vec<String> {
    let is_option = |argument: &str| argument.contains('=') || argument.trim_start().starts_with("tokenize");
    let columns = ddl.arguments.iter().filter(|argument| !is_option(argument));
    let first_word = columns.filter_map(|argument| argument.split_whitespace().next());
    first_word.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate_of(sql: &str) -> Fate {
        match read("x", sql).unwrap() {
            Ddl::VirtualTable(ddl) => fate(&ddl),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_what_holds_nothing_of_its_own_is_left_out_by_itself() {
        for derived in [
            "fts5(title, body, content='notes', content_rowid=id)",
            "FTS4(content=\"notes\", title)",
            "fts5vocab('x', 'row')",
            "dbstat",
        ] {
            let fate = fate_of(&format!("CREATE VIRTUAL TABLE x USING {derived}"));
            assert!(matches!(fate, Fate::Derived(_)), "{derived}: {fate:?}");
        }
        for own in [
            "fts5(title, body UNINDEXED, tokenize = 'porter')",
            "fts5(title, content='')",
            "fts3",
            "rtree(id, x0, x1)",
            "vec0(embedding float[3])",
        ] {
            let fate = fate_of(&format!("CREATE VIRTUAL TABLE x USING {own}"));
            assert!(matches!(fate, Fate::OwnRows(_)), "{own}: {fate:?}");
        }
    }

    #[test]
    fn the_columns_of_a_full_text_index_are_named() {
        let sql = "CREATE VIRTUAL TABLE x USING fts5(title, body UNINDEXED, prefix='2 3')";
        let Fate::OwnRows(detail) = fate_of(sql) else {
            panic!("it holds the text")
        };
        assert!(detail.contains("over title, body with"), "{detail}");
    }
}
