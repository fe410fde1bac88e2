//! A view's query in Postgres SQL: joins spelled out one by one, every column named with its table.
//!
//! Names are found as SQLite finds them. A column that is only shown keeps its type on the target; anything
//! calculated goes through the walk over expressions.

use super::value::{Ty, Value};
use super::walk::{Found, Scope, Walker};
use super::{ColumnBinding, Outcome, Untranslatable, refuse};
use crate::quote::{NAME_BYTES_MAX, quote_ident};
use crate::source::ddl::{Expr, JoinKind, JoinOn, Operator, QueryDdl, ResultDdl};

/// A table that a view reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// Its name on the target with its schema, quoted.
    pub sql: String,
    /// Every column in the source's order.
    pub columns: Vec<RelationColumn>,
}

/// A column of a table that a view reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationColumn {
    /// Its name in the source.
    pub name: String,
    /// What is known of it on the target, if it is carried over.
    pub binding: Option<ColumnBinding>,
}

/// Translates the query of a view. `names` are the columns that SQLite gives the view; `relation` finds a table by
/// its name in the source, ignoring ASCII case.
///
/// # Errors
/// [`Untranslatable`] names the first construct without an equal.
pub fn translate_view(
    query: &QueryDdl,
    names: &[String],
    relation: &dyn Fn(&str) -> Option<Relation>,
) -> Result<String, Untranslatable> {
    check_names(names)?;
    let parts = parts(query, relation)?;
    let mut from = String::new();
    for place in 0..parts.len() {
        from.push_str(&join(query, &parts, place)?);
    }
    let all = Tables {
        query,
        parts: &parts,
        visible: parts.len(),
    };
    let results = results(&all)?;
    if results.len() != names.len() {
        return refuse("a view", "SQLite counts other columns in it");
    }
    let mut sql = format!("SELECT {}{from}", results.join(", "));
    if let Some(condition) = &query.where_clause {
        sql.push_str(" WHERE ");
        sql.push_str(&Walker::new(&all).condition(&condition.expr, 0)?);
    }
    Ok(sql)
}

fn check_names(names: &[String]) -> Outcome<()> {
    let misfit = |name: &&String| name.is_empty() || name.len() > NAME_BYTES_MAX;
    match names.iter().find(misfit) {
        None => Ok(()),
        Some(name) => refuse(
            format!("the column name {name:?}"),
            format!("a name in Postgres has 1 to {NAME_BYTES_MAX} bytes"),
        ),
    }
}

/// A table in its place in the query.
struct Part {
    relation: Relation,
    /// The name it has in the query.
    alias: String,
    /// Whether an outer join may give NULL for all its columns.
    nullable: bool,
    /// Columns it shares with the tables before it (USING).
    shared: Vec<String>,
}

impl Part {
    fn column(&self, name: &str) -> Option<&RelationColumn> {
        self.relation
            .columns
            .iter()
            .find(|own| own.name.eq_ignore_ascii_case(name))
    }

    fn shares(&self, name: &str) -> bool {
        self.shared.iter().any(|shared| shared.eq_ignore_ascii_case(name))
    }

    fn value(&self, RelationColumn { name, binding }: &RelationColumn) -> Outcome<Value> {
        let Some(binding) = binding else {
            return refuse(format!("the column {name}"), "it is not carried over");
        };
        let value = Value::column_as(binding, &self.named(binding));
        Ok(Value {
            not_null: value.not_null && !self.nullable,
            ..value
        })
    }

    /// The column as it is, whatever its type.
    fn shown(&self, RelationColumn { name, binding }: &RelationColumn) -> Outcome<String> {
        match binding {
            Some(binding) => Ok(self.named(binding)),
            None => refuse(format!("the column {name}"), "it is not carried over"),
        }
    }

    fn named(&self, binding: &ColumnBinding) -> String {
        format!("{}.{}", quote_ident(&self.alias), quote_ident(&binding.name))
    }
}

fn parts(query: &QueryDdl, relation: &dyn Fn(&str) -> Option<Relation>) -> Outcome<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::new();
    for from in &query.from {
        let Some(relation) = relation(&from.table) else {
            let what = format!("a query over {}", from.table);
            return refuse(what, "it is no table that is carried over");
        };
        let alias = from.alias.as_ref().unwrap_or(&from.table);
        if alias.is_empty() || alias.len() > NAME_BYTES_MAX {
            return refuse(
                format!("the table name {alias:?}"),
                format!("a name in Postgres has 1 to {NAME_BYTES_MAX} bytes"),
            );
        }
        if parts.iter().any(|part| part.alias.eq_ignore_ascii_case(alias)) {
            return refuse(
                format!("a query with two tables called {alias}"),
                "Postgres wants them told apart",
            );
        }
        parts.push(Part {
            relation,
            alias: alias.clone(),
            nullable: from.kind == JoinKind::Left,
            shared: match &from.on {
                JoinOn::Columns(names) => names.clone(),
                _ => Vec::new(),
            },
        });
    }
    Ok(parts)
}

/// One table with what joins it to those before. Everything is a JOIN here: beside one, a comma binds less
/// tightly on Postgres.
fn join(query: &QueryDdl, parts: &[Part], place: usize) -> Outcome<String> {
    let (from, part) = (&query.from[place], &parts[place]);
    let name = format!("{} AS {}", part.relation.sql, quote_ident(&part.alias));
    let tables = Tables {
        query,
        parts,
        visible: place + 1,
    };
    let walker = Walker::new(&tables);
    let on = match &from.on {
        JoinOn::Everything => None,
        JoinOn::Condition(condition) => Some(walker.condition(&condition.expr, 0)?),
        JoinOn::Columns(names) => {
            let equals = names
                .iter()
                .map(|name| walker.condition(&same_column(parts, place, name), 0));
            Some(equals.collect::<Outcome<Vec<_>>>()?.join(" AND "))
        }
    };
    if place == 0 {
        return match on {
            None => Ok(format!(" FROM {name}")),
            Some(_) => refuse("a join of one table", "it has nothing to be joined to"),
        };
    }
    Ok(match (from.kind, on) {
        (JoinKind::Inner, None) => format!(" CROSS JOIN {name}"),
        (JoinKind::Inner, Some(on)) => format!(" JOIN {name} ON {on}"),
        (JoinKind::Left, on) => format!(" LEFT JOIN {name} ON {}", on.as_deref().unwrap_or("true")),
    })
}

/// USING compares with the first table before that has the column.
fn same_column(parts: &[Part], place: usize, name: &str) -> Expr {
    let column = |part: &Part| {
        Box::new(Expr::Name {
            name: name.to_owned(),
            table: Some(part.alias.clone()),
            double_quoted: false,
            quoted: true,
        })
    };
    let own = &parts[place];
    let left = parts[..place].iter().find(|part| part.column(name).is_some());
    Expr::Binary(column(left.unwrap_or(own)), Operator::Equals, column(own))
}

/// The tables whose columns an expression of the query may name.
struct Tables<'a> {
    query: &'a QueryDdl,
    parts: &'a [Part],
    /// How many of them: an ON reaches no further than the table it joins.
    visible: usize,
}

impl Tables<'_> {
    /// The part and column of a name; none when no table of the query has it.
    fn column(&self, table: Option<&str>, name: &str) -> Outcome<Option<(&Part, &RelationColumn)>> {
        let mut found = None;
        for (place, part) in self.parts.iter().enumerate() {
            if table.is_some_and(|table| !part.alias.eq_ignore_ascii_case(table)) {
                continue;
            }
            let Some(column) = part.column(name) else { continue };
            if found.is_some() && table.is_none() && part.shares(name) {
                continue;
            }
            if found.is_some() || place >= self.visible {
                return refuse(
                    format!("the name {name:?}"),
                    "it is not told which table is meant",
                );
            }
            found = Some((part, column));
        }
        // Where no column has the name, SQLite looks among the names that the query itself gives.
        let aliased = |result: &ResultDdl| matches!(result, ResultDdl::Expr { alias: Some(alias), .. } if alias.eq_ignore_ascii_case(name));
        if found.is_none() && table.is_none() && self.query.results.iter().any(aliased) {
            return refuse(
                format!("the name {name:?}"),
                "it is a result column of the same query",
            );
        }
        Ok(found)
    }
}

impl Scope for Tables<'_> {
    fn find(&self, table: Option<&str>, name: &str) -> Found {
        let value = self
            .column(table, name)
            .and_then(|found| found.map(|(part, column)| part.value(column)).transpose());
        match value {
            Ok(Some(value)) => Found::Column(value),
            Ok(None) => Found::Missing,
            Err(why) => Found::Refused(why),
        }
    }
}

fn results(tables: &Tables<'_>) -> Outcome<Vec<String>> {
    let mut shown = Vec::new();
    for result in &tables.query.results {
        match result {
            ResultDdl::All => {
                for part in tables.parts {
                    let own = part.relation.columns.iter().filter(|own| !part.shares(&own.name));
                    let columns = own.map(|column| part.shown(column));
                    shown.extend(columns.collect::<Outcome<Vec<_>>>()?);
                }
            }
            ResultDdl::AllOf(table) => {
                let mut own = tables
                    .parts
                    .iter()
                    .filter(|part| part.alias.eq_ignore_ascii_case(table));
                let Some(part) = own.next() else {
                    return refuse(format!("{table}.*"), "no table of the query has the name");
                };
                let columns = part.relation.columns.iter().map(|column| part.shown(column));
                shown.extend(columns.collect::<Outcome<Vec<_>>>()?);
            }
            ResultDdl::Expr { expr, .. } => shown.push(result_term(tables, &expr.expr)?),
        }
    }
    Ok(shown)
}

fn result_term(tables: &Tables<'_>, expr: &Expr) -> Outcome<String> {
    if let Expr::Name { name, table, .. } = expr
        && let Some((part, column)) = tables.column(table.as_deref(), name)?
    {
        return part.shown(column);
    }
    // SQLite knows no boolean: what it calculates as one is an integer.
    let value = Walker::new(tables).value(expr, 0)?.as_number();
    Ok(match value.ty {
        Ty::Null => "NULL::text".to_owned(),
        _ => value.typed_sql(),
    })
}
