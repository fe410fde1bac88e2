//! The walk over a source expression: each node becomes a typed value, or the walk stops at what blocks it.

use std::cell::Cell;

use super::compare::{Comparison, compare};
use super::value::{Collation, Ty, Value};
use super::{Bound, ColumnBinding, Outcome, Untranslatable, arithmetic, functions, pattern, refuse};
use crate::source::ddl::{Affinity, Expr, Operator, UnaryOperator};

/// Deepest expression that is translated, levels. The walk recurses; the reader allows more, and nobody
/// writes a condition this deep by hand.
const LEVELS_MAX: u32 = 200;

/// What a name stands for.
pub(super) enum Found {
    /// A column.
    Column(Value),
    /// No column of that name.
    Missing,
    /// A name that cannot be told.
    Refused(Untranslatable),
}

/// Where an expression finds its columns: by name, and by the table written before it.
pub(super) trait Scope {
    fn find(&self, table: Option<&str>, name: &str) -> Found;
}

/// The columns of one table, which need no table before them.
pub(super) struct OneTable<'a>(pub(super) &'a dyn Fn(&str) -> Option<ColumnBinding>);

impl Scope for OneTable<'_> {
    fn find(&self, _table: Option<&str>, name: &str) -> Found {
        (self.0)(name).map_or(Found::Missing, |binding| Found::Column(Value::column(&binding)))
    }
}

/// The columns of one table, some of which are expressions themselves.
pub(super) struct OverExpressions<'a>(pub(super) &'a dyn Fn(&str) -> Option<Bound>);

impl Scope for OverExpressions<'_> {
    fn find(&self, _table: Option<&str>, name: &str) -> Found {
        let Some(Bound { binding, expression }) = (self.0)(name) else {
            return Found::Missing;
        };
        let value = Value::column(&binding);
        Found::Column(match expression {
            Some(sql) => Value {
                sql: format!("({sql})"),
                ..value
            },
            None => value,
        })
    }
}

pub(super) struct Walker<'a> {
    scope: &'a dyn Scope,
    /// COLLATE operators met so far: SQLite lets one hidden inside an operand rule the whole comparison.
    collates: Cell<u32>,
}

impl<'a> Walker<'a> {
    pub(super) fn new(scope: &'a dyn Scope) -> Self {
        Self {
            scope,
            collates: Cell::new(0),
        }
    }

    pub(super) fn condition(&self, expr: &Expr, level: u32) -> Outcome<String> {
        self.value(expr, level)?.truth()
    }

    pub(super) fn value(&self, expr: &Expr, level: u32) -> Outcome<Value> {
        if level > LEVELS_MAX {
            return refuse(
                format!("an expression of more than {LEVELS_MAX} levels"),
                "nobody could review it",
            );
        }
        let level = level + 1;
        match expr {
            Expr::Null => Ok(Value::null()),
            Expr::Number(digits) => arithmetic::number(digits, false),
            Expr::Text(text) => Value::text(text),
            Expr::Blob(bytes) => Ok(Value::bytes(bytes)),
            Expr::Now(_) => refuse("the current time", "what is kept under it would not stay true"),
            Expr::Name {
                name,
                table,
                double_quoted,
                quoted,
            } => self.name(name, table.as_deref(), *double_quoted, *quoted),
            Expr::Unary(operator, operand) => self.unary(*operator, operand, level),
            Expr::Binary(left, operator, right) => self.binary(left, *operator, right, level),
            Expr::Collate(operand, collation) => {
                let value = self.value(operand, level)?;
                self.collates.set(self.collates.get() + 1);
                Ok(Value {
                    collation: Some(Collation::of(collation)),
                    collation_explicit: true,
                    ..value
                })
            }
            Expr::Cast(operand, declared) => functions::cast(&self.value(operand, level)?, declared),
            Expr::IsNull { expr, not } => {
                let value = self.value(expr, level)?;
                Ok(Value::condition(format!(
                    "{} IS {}NULL",
                    value.sql,
                    if *not { "NOT " } else { "" }
                )))
            }
            Expr::Between { expr, not, low, high } => self.between(expr, *not, low, high, level),
            Expr::In { expr, not, list } => self.in_list(expr, *not, list, level),
            Expr::Like {
                expr,
                not,
                operator,
                pattern,
                escape,
            } => {
                let value = self.value(expr, level)?;
                let found = pattern::matches(&value, *operator, pattern, escape.as_deref())?;
                Ok(negated(found, *not))
            }
            Expr::Case {
                base,
                arms,
                otherwise,
            } => self.case(base.as_deref(), arms, otherwise.as_deref(), level),
            Expr::Call { name, arguments } if name == "iif" && matches!(arguments.len(), 2 | 3) => {
                let arm = [(arguments[0].clone(), arguments[1].clone())];
                self.case(None, &arm, arguments.get(2), level)
            }
            Expr::Call { name, arguments } => self.call(name, arguments, level),
            Expr::Other(what) => refuse(*what, "it is not on the list of constructs with an equal"),
        }
    }

    fn call(&self, name: &str, arguments: &[Expr], level: u32) -> Outcome<Value> {
        let before = self.collates.get();
        let values = self.values(arguments, level)?;
        if matches!(name, "min" | "max" | "nullif") && self.collates.get() != before {
            return refuse(
                format!("a COLLATE inside {name}()"),
                "SQLite compares under it, wherever it stands in the arguments",
            );
        }
        functions::call(name, &values)
    }

    fn values(&self, exprs: &[Expr], level: u32) -> Outcome<Vec<Value>> {
        exprs.iter().map(|expr| self.value(expr, level)).collect()
    }

    /// A column first; then TRUE and FALSE; then, in double quotes, a string.
    fn name(&self, name: &str, table: Option<&str>, double_quoted: bool, quoted: bool) -> Outcome<Value> {
        match self.scope.find(table, name) {
            Found::Column(value) => return Ok(value),
            Found::Refused(why) => return Err(why),
            Found::Missing => {}
        }
        match truth_word(name) {
            Some(truth) if !quoted => Ok(Value::int(i64::from(truth))),
            _ if double_quoted => Value::text(name),
            _ => refuse(format!("the name {name:?}"), "no column of the table has it"),
        }
    }

    fn unary(&self, operator: UnaryOperator, operand: &Expr, level: u32) -> Outcome<Value> {
        // Only with its sign does -9223372036854775808 fit into 64 bits.
        if let (UnaryOperator::Negative, Expr::Number(digits)) = (operator, operand) {
            return arithmetic::number(digits, true);
        }
        arithmetic::unary(operator, &self.value(operand, level)?)
    }

    fn binary(&self, left: &Expr, operator: Operator, right: &Expr, level: u32) -> Outcome<Value> {
        let comparison = match operator {
            Operator::And | Operator::Or => {
                let word = if operator == Operator::And { "AND" } else { "OR" };
                let (left, right) = (self.condition(left, level)?, self.condition(right, level)?);
                return Ok(Value::condition(format!("{left} {word} {right}")));
            }
            Operator::Is | Operator::IsNot => {
                if let Some(tested) = self.is_truth(left, operator, right, level) {
                    return tested;
                }
                if operator == Operator::Is {
                    Comparison::Same
                } else {
                    Comparison::NotSame
                }
            }
            Operator::Equals => Comparison::Equal,
            Operator::NotEquals => Comparison::NotEqual,
            Operator::Less => Comparison::Less,
            Operator::LessEquals => Comparison::LessEqual,
            Operator::Greater => Comparison::Greater,
            Operator::GreaterEquals => Comparison::GreaterEqual,
            _ => return arithmetic::binary(&self.value(left, level)?, operator, &self.value(right, level)?),
        };
        compare(
            &self.operand(left, level)?,
            comparison,
            &self.operand(right, level)?,
        )
    }

    /// `x IS TRUE` and its kin test the truth of x, they do not compare it with 1.
    fn is_truth(&self, left: &Expr, operator: Operator, right: &Expr, level: u32) -> Option<Outcome<Value>> {
        let Expr::Name {
            name, quoted: false, ..
        } = right
        else {
            return None;
        };
        let truth = truth_word(name).filter(|_| matches!(self.scope.find(None, name), Found::Missing))?;
        let not = if operator == Operator::IsNot { "NOT " } else { "" };
        let word = if truth { "TRUE" } else { "FALSE" };
        Some(
            self.condition(left, level)
                .map(|condition| Value::condition(format!("{condition} IS {not}{word}"))),
        )
    }

    /// A side of a comparison. A COLLATE deeper inside text would rule it in SQLite.
    fn operand(&self, expr: &Expr, level: u32) -> Outcome<Value> {
        let before = self.collates.get();
        let value = self.value(expr, level)?;
        if value.ty == Ty::Text && !value.collation_explicit && self.collates.get() != before {
            return refuse(
                "a COLLATE inside an operand",
                "SQLite applies it to the comparison around it",
            );
        }
        Ok(value)
    }

    fn between(&self, expr: &Expr, not: bool, low: &Expr, high: &Expr, level: u32) -> Outcome<Value> {
        let value = self.operand(expr, level)?;
        let above = compare(&value, Comparison::GreaterEqual, &self.operand(low, level)?)?;
        let below = compare(&value, Comparison::LessEqual, &self.operand(high, level)?)?;
        Ok(negated(
            Value::condition(format!("{} AND {}", above.sql, below.sql)),
            not,
        ))
    }

    fn in_list(&self, expr: &Expr, not: bool, list: &[Expr], level: u32) -> Outcome<Value> {
        let value = self.operand(expr, level)?;
        Ok(negated(
            functions::in_list(&value, &self.values(list, level)?)?,
            not,
        ))
    }

    fn case(
        &self,
        base: Option<&Expr>,
        arms: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
        level: u32,
    ) -> Outcome<Value> {
        let base = base.map(|base| self.operand(base, level)).transpose()?;
        let mut results = Vec::new();
        let mut conditions = Vec::new();
        for (when, then) in arms {
            conditions.push(match &base {
                Some(base) => compare(base, Comparison::Equal, &self.operand(when, level)?)?.sql,
                None => self.condition(when, level)?,
            });
            results.push(self.value(then, level)?);
        }
        results.push(otherwise.map_or(Ok(Value::null()), |otherwise| self.value(otherwise, level))?);
        let unified = functions::unify(&results, "CASE")?;
        let mut sql = "(CASE".to_owned();
        for (condition, result) in conditions.iter().zip(&unified.sql) {
            sql.push_str(&format!(" WHEN {condition} THEN {result}"));
        }
        let last = unified.sql.last().map_or("NULL", String::as_str);
        sql.push_str(&format!(" ELSE {last} END)"));
        Ok(Value {
            not_null: results.iter().all(|result| result.not_null),
            affinity: Affinity::Blob,
            ..Value::new(
                if unified.ty == Ty::Null {
                    "NULL".to_owned()
                } else {
                    sql
                },
                unified.ty,
            )
        })
    }
}

fn negated(value: Value, not: bool) -> Value {
    if not {
        Value::condition(format!("NOT {}", value.sql))
    } else {
        value
    }
}

fn truth_word(name: &str) -> Option<bool> {
    if name.eq_ignore_ascii_case("true") {
        Some(true)
    } else if name.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}
