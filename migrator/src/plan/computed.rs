//! Which computed columns are read at all.
//!
//! Decided before the census from the DDL and the owner's choices alone. An expression of a hostile file can make
//! a gigabyte out of a byte, so only those are read that use nothing but known functions and grow little, or that
//! their owner asks for.

use std::collections::HashMap;

use super::choices::{Choices, Generated};
use crate::source::catalog::{Catalog, Table};
use crate::source::ddl::{Ddl, Expr, Operator, TableDdl, read};

/// The most that an expression may multiply the length of the values it reads by. People join a handful of
/// columns; what doubles a text again and again gets beyond this in a few steps.
const GROWTH_MAX: u64 = 64;

/// Deepest chain of expressions that is followed, levels. The walk recurses from column to column.
const LEVELS_MAX: usize = 200;

/// Functions whose result is no longer than their arguments together.
const BOUNDED: &[&str] = &[
    "abs",
    "coalesce",
    "ifnull",
    "iif",
    "instr",
    "length",
    "lower",
    "ltrim",
    "max",
    "min",
    "nullif",
    "rtrim",
    "substr",
    "substring",
    "trim",
    "typeof",
    "upper",
];

/// Marks the computed columns that are read: census, copy and verification take them for columns like others.
pub fn mark(catalog: &mut Catalog, choices: &Choices) {
    for table in &mut catalog.tables {
        table.computed_read = readable(table, choices);
    }
}

/// The object by which a computed column is left out or given an expression.
pub(super) fn object(table: &str, column: &str) -> String {
    format!("generated:{table}.{column}")
}

/// How its owner wants a computed column, if anything was said.
pub(super) fn chosen(choices: &Choices, table: &str, column: &str) -> Option<Generated> {
    choices
        .column(&format!("column:{table}.{column}"))
        .and_then(|choice| choice.generated)
}

fn readable(table: &Table, choices: &Choices) -> Vec<usize> {
    let computed = || table.columns.iter().enumerate().filter(|(_, c)| c.generated);
    if computed().next().is_none() || choices.skip.contains(&format!("table:{}", table.name)) {
        return Vec::new();
    }
    let Ok(Ddl::Table(ddl)) = read(&table.name, &table.sql) else {
        return Vec::new();
    };
    let is_read = |name: &str| {
        let object = object(&table.name, name);
        if choices.skip.contains(&object) {
            return false;
        }
        choices.sql.contains_key(&object)
            || chosen(choices, &table.name, name) == Some(Generated::Materialise)
            || Growth::of(&ddl, name).is_some_and(|growth| growth <= GROWTH_MAX)
    };
    computed()
        .filter(|(_, column)| is_read(&column.name))
        .map(|(position, _)| position)
        .collect()
}

/// How many times longer than what is stored the values of columns can be.
struct Growth<'a> {
    ddl: &'a TableDdl,
    /// What is known already; none also while it is being found, so that a circle ends.
    known: HashMap<String, Option<u64>>,
}

impl<'a> Growth<'a> {
    fn of(ddl: &'a TableDdl, column: &str) -> Option<u64> {
        let known = HashMap::new();
        Self { ddl, known }.column(column, 0)
    }

    fn column(&mut self, name: &str, level: usize) -> Option<u64> {
        let ddl = self.ddl;
        let column = ddl.columns.iter().find(|c| c.name.eq_ignore_ascii_case(name));
        let Some(generated) = column.and_then(|column| column.generated.as_ref()) else {
            return Some(1);
        };
        let key = name.to_ascii_lowercase();
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        self.known.insert(key.clone(), None);
        let growth = self.expr(&generated.expr.expr, level);
        self.known.insert(key, growth);
        growth
    }

    fn sum<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>, level: usize) -> Option<u64> {
        exprs.into_iter().try_fold(0_u64, |total, expr| {
            Some(total.saturating_add(self.expr(expr, level)?))
        })
    }

    fn most<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>, level: usize) -> Option<u64> {
        exprs
            .into_iter()
            .try_fold(1_u64, |most, expr| Some(most.max(self.expr(expr, level)?)))
    }

    /// None when it is not known, or when the chain of expressions is deeper than anybody writes one.
    fn expr(&mut self, expr: &Expr, level: usize) -> Option<u64> {
        let level = (level < LEVELS_MAX).then_some(level + 1)?;
        match expr {
            // A literal is no longer than the DDL, of which SQLite takes a million bytes.
            Expr::Null | Expr::Number(_) | Expr::Text(_) | Expr::Blob(_) => Some(1),
            Expr::Name { name, .. } => self.column(name, level),
            Expr::Unary(_, operand) | Expr::Collate(operand, _) | Expr::Cast(operand, _) => {
                self.expr(operand, level)
            }
            Expr::IsNull { expr, .. } => self.expr(expr, level),
            Expr::Binary(left, Operator::Concat, right) => self.sum([&**left, &**right], level),
            Expr::Binary(left, _, right) => self.most([&**left, &**right], level),
            Expr::Between { expr, low, high, .. } => self.most([&**expr, &**low, &**high], level),
            Expr::In { expr, list, .. } => self.most(std::iter::once(&**expr).chain(list), level),
            Expr::Like { expr, pattern, .. } => self.most([&**expr, &**pattern], level),
            Expr::Case {
                base,
                arms,
                otherwise,
            } => {
                let parts = arms.iter().flat_map(|(when, then)| [when, then]);
                let ends = base.iter().chain(otherwise).map(|expr| &**expr);
                self.most(parts.chain(ends), level)
            }
            Expr::Call { name, arguments } if name == "replace" => match arguments.as_slice() {
                [value, Expr::Text(_), Expr::Text(to)] => {
                    let longer = u64::try_from(to.len()).ok()?.max(1);
                    Some(self.expr(value, level)?.saturating_mul(longer))
                }
                _ => None,
            },
            Expr::Call { name, arguments } if BOUNDED.contains(&name.as_str()) => self.sum(arguments, level),
            Expr::Call { .. } | Expr::Now(_) | Expr::Other(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn growth_of(columns: &str, name: &str) -> Option<u64> {
        match read("t", &format!("CREATE TABLE t({columns})")).unwrap() {
            Ddl::Table(ddl) => Growth::of(&ddl, name),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn growth_is_told_before_anything_is_read() {
        for (expr, expected) in [
            ("a + 1", Some(1)),
            ("a || ' ' || b", Some(3)),
            ("lower(trim(a))", Some(1)),
            ("replace(a, 'x', '12345678')", Some(8)),
            ("replace(a, 'x', b)", None),
            ("CASE WHEN a > 1 THEN a || a ELSE b END", Some(2)),
            ("zeroblob(500000000)", None),
            ("printf('%1000000d', a)", None),
            ("random()", None),
        ] {
            assert_eq!(
                growth_of(&format!("a, b, g AS ({expr})"), "g"),
                expected,
                "{expr}"
            );
        }
    }

    #[test]
    fn a_chain_that_doubles_is_not_read_beyond_the_limit() {
        let chain = |links: usize| {
            let doubled = |link: usize| format!("c{} AS (c{link} || c{link})", link + 1);
            let columns: Vec<String> = (0..links).map(doubled).collect();
            growth_of(&format!("c0, {}", columns.join(", ")), &format!("c{links}"))
        };
        assert_eq!(chain(6), Some(GROWTH_MAX));
        assert!(chain(7).is_some_and(|growth| growth > GROWTH_MAX));
        assert!(chain(70).is_some_and(|growth| growth > GROWTH_MAX));
    }

    #[test]
    fn a_circle_has_no_growth() {
        assert_eq!(growth_of("a AS (b), b AS (a)", "a"), None);
        let chain: Vec<String> = (0..2000)
            .map(|link| format!("c{} AS (c{link})", link + 1))
            .collect();
        assert_eq!(growth_of(&format!("c0, {}", chain.join(", ")), "c2000"), None);
    }
}
