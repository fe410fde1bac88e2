//! The indexes that CREATE INDEX made.
//!
//! They come before keys, so that no name Postgres makes up takes theirs. A unique one guards data: where it has no
//! equal it blocks; any other is left to its owner.

use super::build::Draft;
use super::builder::{Builder, Family, plain};
use super::choices::Nocase;
use super::columns::Planned;
use super::mapping::Mapping;
use super::model::{Disposition, Finding, Todo};
use super::nocase;
use super::rules;
use super::todo::Own;
use super::translate::{Ty, translate, translate_condition};
use crate::quote::quote_ident;
use crate::source::catalog::{Index, IndexOrigin};
use crate::source::ddl::{Ddl, IndexDdl, KeyPart, KeyTerm, read};

/// The most columns an index has in a stock build of Postgres, `INDEX_MAX_KEYS`.
pub(super) const INDEX_COLUMNS_MAX: usize = 32;

/// The most bytes a row of a B-tree has on pages of 8 KiB, `BTMaxItemSize`.
const INDEX_ROW_BYTES_MAX: u64 = 2704;

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
        builder.used(Family::Name, &object);
        if builder.skipped(&object, original) {
            continue;
        }
        if let Some(sql) = builder.own_sql(&object, original) {
            builder.step(object, sql);
            continue;
        }
        if nocase::refuses_rows(builder, draft, &object) {
            continue;
        }
        match create_index(draft, index) {
            Ok(created) => {
                if created.folded {
                    let detail = "it compares by NOCASE; on the target it is over lower(... COLLATE \"C\"), which \
                                  ignores the same letters, and serves queries that say the same";
                    builder.find(Disposition::Changed, rules::INDEX_FOLDED, &object, detail);
                }
                let columns = index.columns.iter().filter_map(|c| draft.at(c.column?));
                note_wide(builder, draft, &object, &columns.collect::<Vec<_>>());
                let name = builder.target_name(None, &object, &index.name);
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
    let mut folded = false;
    let terms = ddl
        .parts
        .iter()
        .map(|part| index_term(draft, part, &mut folded))
        .collect::<Result<Vec<_>, _>>()?;
    if terms.len() > INDEX_COLUMNS_MAX {
        return Err(too_many_columns());
    }
    let condition = index_condition(draft, &ddl)?;
    Ok(IndexSql {
        unique: ddl.unique,
        folded,
        terms: format!("({}){condition}", terms.join(", ")),
    })
}

/// What CREATE INDEX says besides names.
struct IndexSql {
    unique: bool,
    /// Whether it ignores the case of A to Z by an expression.
    folded: bool,
    terms: String,
}

impl IndexSql {
    fn create(&self, name: &str, qualified_table: &str) -> String {
        let unique = if self.unique { "UNIQUE " } else { "" };
        let name = quote_ident(name);
        format!("CREATE {unique}INDEX {name} ON {qualified_table} {}", self.terms)
    }
}

/// One term; `folded` is set where the case of A to Z is ignored by an expression.
fn index_term(draft: &Draft<'_>, part: &KeyPart, folded: &mut bool) -> Result<String, String> {
    let asked = part.collation.as_deref();
    let (sql, has_collation) = match &part.term {
        KeyTerm::Column(name) => {
            let Some(column) = draft.column(name) else {
                return Err(format!("its column {name} is not carried over"));
            };
            if column.plan.mapping == Mapping::TextJson {
                return Err(format!(
                    "its column {name} is json on the target, which has no order"
                ));
            }
            if asked.is_none_or(|asked| column.compares_by(asked)) {
                return Ok(ordered(quote_ident(&column.plan.target_name), part));
            }
            (bare(column), true)
        }
        KeyTerm::Expr(expr) => {
            let translated = translate(&expr.expr, &|name| draft.column(name).map(|c| c.binding.clone()));
            let translated = translated.map_err(|why| format!("{}: {why}", expr.text))?;
            (format!("({})", translated.sql), translated.ty == Ty::Text)
        }
    };
    let term = match asked.filter(|_| has_collation) {
        Some(nocase) if nocase::is_nocase(nocase) => {
            *folded = true;
            format!("lower({sql} COLLATE \"C\")")
        }
        None => sql,
        Some(binary) if binary.eq_ignore_ascii_case("BINARY") => format!("{sql} COLLATE \"C\""),
        Some(other) => return Err(format!("it compares by {other}")),
    };
    Ok(ordered(term, part))
}

/// A column's text, whatever type stands for NOCASE.
fn bare(column: &Planned) -> String {
    let name = quote_ident(&column.plan.target_name);
    match column.folding() {
        Some(Nocase::Citext) => format!("({name}::text)"),
        _ => name,
    }
}

fn ordered(term: String, part: &KeyPart) -> String {
    if part.desc { format!("{term} DESC") } else { term }
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

/// Names an index or key whose rows can be larger than Postgres takes. Whether they are depends on how well the
/// values compress, so only the target can tell for certain.
pub(super) fn note_wide(builder: &mut Builder<'_>, draft: &Draft<'_>, object: &str, columns: &[&Planned]) {
    let censuses = || {
        columns
            .iter()
            .map(|column| &draft.census.columns[column.position])
    };
    let longest: u64 = censuses().map(|census| census.length_max_bytes).sum();
    if longest <= INDEX_ROW_BYTES_MAX {
        return;
    }
    let widest = censuses().max_by_key(|census| census.length_max_bytes);
    let samples: Vec<String> = widest
        .and_then(|census| census.length_max_sample.clone())
        .into_iter()
        .collect();
    let detail = format!(
        "its values reach {longest} bytes; Postgres refuses an index row of more than {INDEX_ROW_BYTES_MAX} bytes after \
         compression, so this may fail"
    );
    let next = format!(
        "`outgrow migrate` finds out and keeps nothing if it fails. Shorten the value, or leave it out with --skip \
         '{object}'."
    );
    builder.add(Finding {
        samples,
        next,
        ..plain(Disposition::Changed, rules::INDEX_ROW, object, detail)
    });
}

pub(super) fn too_many_columns() -> String {
    format!("an index of Postgres has at most {INDEX_COLUMNS_MAX} columns")
}
