//! The query of a view, as far as it is simple: rows of joined tables, a condition, result columns.
//!
//! Anything that gathers, orders, limits or nests rows is not read, but named in words. What the query means
//! on the target is the translator's to say.

use sqlite3_parser::ast::{self, Distinctness, JoinConstraint, JoinOperator, JoinType, OneSelect};

use super::SourceExpr;
use super::convert::source_expr;
use super::lexis::unquote;

/// A simple query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryDdl {
    /// Result columns in order.
    pub results: Vec<ResultDdl>,
    /// Tables in the order of their joins, each joined to all before it; empty without FROM.
    pub from: Vec<FromDdl>,
    /// `WHERE`.
    pub where_clause: Option<SourceExpr>,
}

/// A result column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResultDdl {
    /// `*`.
    All,
    /// `table.*`, the table without quotes.
    AllOf(String),
    /// An expression.
    Expr {
        /// The expression.
        expr: SourceExpr,
        /// The name after it, without quotes.
        alias: Option<String>,
    },
}

/// A table of a query and how it is joined to those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromDdl {
    /// Table or view without quotes.
    pub table: String,
    /// The name the query gives it, without quotes.
    pub alias: Option<String>,
    /// The kind of join; the first table's is inner.
    pub kind: JoinKind,
    /// What joins it.
    pub on: JoinOn,
}

/// A kind of join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinKind {
    /// Only rows that match; a comma and `CROSS JOIN` as well.
    Inner,
    /// All rows of the tables before.
    Left,
}

/// What joins a table to those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JoinOn {
    /// Every row with every row.
    Everything,
    /// `ON condition`.
    Condition(SourceExpr),
    /// `USING (columns)`, without quotes.
    Columns(Vec<String>),
}

/// Reads a query, or names what makes it more than a simple one.
pub(super) fn query(select: &ast::Select) -> Result<QueryDdl, &'static str> {
    for (is_there, what) in [
        (select.with.is_some(), "WITH"),
        (select.body.compounds.is_some(), "UNION, EXCEPT or INTERSECT"),
        (select.order_by.is_some(), "ORDER BY"),
        (select.limit.is_some(), "LIMIT"),
    ] {
        if is_there {
            return Err(what);
        }
    }
    let OneSelect::Select {
        distinctness,
        columns,
        from,
        where_clause,
        group_by,
        having,
        window_clause,
    } = &select.body.select
    else {
        return Err("VALUES");
    };
    for (is_there, what) in [
        (*distinctness == Some(Distinctness::Distinct), "DISTINCT"),
        (group_by.is_some(), "GROUP BY"),
        (having.is_some(), "HAVING"),
        (window_clause.is_some(), "WINDOW"),
    ] {
        if is_there {
            return Err(what);
        }
    }
    Ok(QueryDdl {
        results: columns.iter().map(result).collect(),
        from: from.as_ref().map(tables).transpose()?.unwrap_or_default(),
        where_clause: where_clause.map(source_expr),
    })
}

fn result(column: &ast::ResultColumn) -> ResultDdl {
    match column {
        ast::ResultColumn::Star => ResultDdl::All,
        ast::ResultColumn::TableStar(table) => ResultDdl::AllOf(unquote(table.0)),
        ast::ResultColumn::Expr(expr, alias) => ResultDdl::Expr {
            expr: source_expr(expr),
            alias: alias.as_ref().map(alias_name),
        },
    }
}

fn alias_name(alias: &ast::As) -> String {
    match alias {
        ast::As::As(name) | ast::As::Elided(name) => unquote(name.0),
    }
}

fn tables(from: &ast::FromClause) -> Result<Vec<FromDdl>, &'static str> {
    let Some(first) = from.select else {
        return Ok(Vec::new());
    };
    let mut tables = vec![table(first, JoinKind::Inner, JoinOn::Everything)?];
    for join in from.joins.iter().flatten() {
        let on = match &join.constraint {
            None => JoinOn::Everything,
            Some(JoinConstraint::On(expr)) => JoinOn::Condition(source_expr(expr)),
            Some(JoinConstraint::Using(names)) => {
                JoinOn::Columns(names.iter().map(|name| unquote(name.0)).collect())
            }
        };
        tables.push(table(&join.table, join_kind(join.operator)?, on)?);
    }
    Ok(tables)
}

fn join_kind(operator: JoinOperator) -> Result<JoinKind, &'static str> {
    let JoinOperator::TypedJoin(Some(kind)) = operator else {
        return Ok(JoinKind::Inner);
    };
    if kind.contains(JoinType::NATURAL) {
        Err("NATURAL JOIN")
    } else if kind.contains(JoinType::RIGHT) {
        Err("RIGHT or FULL JOIN")
    } else if kind.contains(JoinType::LEFT) {
        Ok(JoinKind::Left)
    } else {
        Ok(JoinKind::Inner)
    }
}

fn table(table: &ast::SelectTable, kind: JoinKind, on: JoinOn) -> Result<FromDdl, &'static str> {
    match table {
        // INDEXED BY tells SQLite how to look, not what to find.
        ast::SelectTable::Table(name, alias, _) => {
            let schema = name.db_name.as_ref().map(|schema| unquote(schema.0));
            if schema.is_some_and(|schema| !schema.eq_ignore_ascii_case("main")) {
                return Err("a table of another database");
            }
            let alias = alias.as_ref().map(alias_name);
            Ok(FromDdl {
                table: unquote(name.name.0),
                alias: alias.or_else(|| name.alias.as_ref().map(|alias| unquote(alias.0))),
                kind,
                on,
            })
        }
        ast::SelectTable::TableCall(..) => Err("a table-valued function"),
        ast::SelectTable::Select(..) => Err("a subquery"),
        ast::SelectTable::Sub(..) => Err("a join in parentheses"),
    }
}
