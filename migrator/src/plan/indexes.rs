//! The indexes that CREATE INDEX made.
//!
//! They come before keys, so that no name Postgres makes up takes theirs. A unique one guards data: where it has no
//! equal it blocks; any other is left to its owner.

use super::build::Draft;
use super::builder::Builder;
use super::model::Todo;
use super::rules;
use super::todo::Own;
use super::translate::{translate, translate_condition};
use crate::quote::quote_ident;
use crate::source::catalog::{Index, IndexOrigin};
use crate::source::ddl::{Ddl, IndexDdl, KeyPart, KeyTerm, read};

/// The most columns an index has in a stock build of Postgres, `INDEX_MAX_KEYS`.
pub(super) const INDEX_COLUMNS_MAX: usize = 32;

/// Plans the indexes of one table.
pub(super) fn plan(builder: &mut Builder<'_>, draft: &Draft<'_>) {
    for index in draft
        .table
        .indexes
        .iter()
        .filter(|i| i.origin == IndexOrigin::Created)
    {
        let object = format!("index:{}.{}", draft.table.name, index.name);
        let original = index.sql.as_deref().unwrap_or_default();
        if builder.skipped(&object, original) {
            continue;
        }
        if let Some(sql) = builder.own_sql(&object, original) {
            builder.step(object, sql);
            continue;
        }
        match create_index(draft, index) {
            Ok(created) => {
                let name = builder.target_name("", &object, &index.name);
                let table = builder.qualified(&draft.target_name);
                let sql = created.create(&name, &table);
                builder.creating_step(object, name, sql);
            }
            Err(why) => {
                let todo = Todo {
                    object,
                    original: original.to_owned(),
                    why,
                };
                if index.unique {
                    builder.block_or_write(rules::INDEX, Own::Statement, &todo);
                } else {
                    let lost = "queries that used it read the whole table";
                    builder.leave_to_owner(rules::INDEX, Own::Statement, todo, lost);
                }
            }
        }
    }
}

fn create_index(draft: &Draft<'_>, index: &Index) -> Result<IndexSql, String> {
    let ddl = match read(&index.name, index.sql.as_deref().unwrap_or_default()) {
        Ok(Ddl::Index(ddl)) => ddl,
        Ok(_) => return Err("its DDL is not CREATE INDEX".to_owned()),
        Err(error) => return Err(error.to_string()),
    };
    let terms = ddl
        .parts
        .iter()
        .map(|part| index_term(draft, part))
        .collect::<Result<Vec<_>, _>>()?;
    if terms.len() > INDEX_COLUMNS_MAX {
        return Err(too_many_columns());
    }
    let condition = index_condition(draft, &ddl)?;
    Ok(IndexSql {
        unique: ddl.unique,
        terms: format!("({}){condition}", terms.join(", ")),
    })
}

/// What CREATE INDEX says besides names.
struct IndexSql {
    unique: bool,
    terms: String,
}

impl IndexSql {
    fn create(&self, name: &str, qualified_table: &str) -> String {
        let unique = if self.unique { "UNIQUE " } else { "" };
        let name = quote_ident(name);
        format!("CREATE {unique}INDEX {name} ON {qualified_table} {}", self.terms)
    }
}

fn index_term(draft: &Draft<'_>, part: &KeyPart) -> Result<String, String> {
    if let Some(collation) = part
        .collation
        .as_deref()
        .filter(|c| !c.eq_ignore_ascii_case("BINARY"))
    {
        return Err(format!("it compares by {collation}"));
    }
    let term = match &part.term {
        KeyTerm::Column(name) => match draft.column(name) {
            Some(column) => quote_ident(&column.plan.target_name),
            None => return Err(format!("its column {name} is not carried over")),
        },
        KeyTerm::Expr(expr) => {
            let translated = translate(&expr.expr, &|name| draft.column(name).map(|c| c.binding.clone()));
            format!(
                "({})",
                translated.map_err(|why| format!("{}: {why}", expr.text))?.sql
            )
        }
    };
    Ok(if part.desc { format!("{term} DESC") } else { term })
}

fn index_condition(draft: &Draft<'_>, ddl: &IndexDdl) -> Result<String, String> {
    let Some(condition) = &ddl.where_clause else {
        return Ok(String::new());
    };
    translate_condition(&condition.expr, &|name| {
        draft.column(name).map(|c| c.binding.clone())
    })
    .map(|sql| format!(" WHERE {sql}"))
    .map_err(|why| format!("WHERE {}: {why}", condition.text))
}

pub(super) fn too_many_columns() -> String {
    format!("an index of Postgres has at most {INDEX_COLUMNS_MAX} columns")
}
