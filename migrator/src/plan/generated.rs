//! Computed columns: translated into generated columns of Postgres, turned into plain ones, or left out.
//!
//! A translated column has the type of its expression after the column's affinity. That both sides compute the same
//! is not taken on trust: its values are part of the proof like all others.

use std::cell::RefCell;

use super::builder::{Builder, Family, plain, skip_flag};
use super::choices::Generated;
use super::columns::{self, Planned};
use super::computed;
use super::mapping::Mapping;
use super::model::{Disposition, Finding};
use super::policy::ValueKind;
use super::rules;
use super::translate::{Bound, Translated, Ty, translate_over};
use super::values::occurring;
use crate::census::{ColumnCensus, TableCensus};
use crate::source::catalog::{Column, Table};
use crate::source::ddl::{Affinity, ColumnDdl, TableDdl};

/// A table whose stored columns are planned.
pub(super) struct Computed<'a> {
    pub table: &'a Table,
    pub census: &'a TableCensus,
    pub ddl: &'a TableDdl,
}

/// Plans the computed columns and adds those that are carried over. One that reads another comes after it.
pub(super) fn plan(builder: &mut Builder<'_>, of: &Computed<'_>, planned: &mut Vec<Planned>) {
    let columns = of.table.columns.iter().enumerate();
    let mut waiting: Vec<usize> = columns.filter(|(_, c)| c.generated).map(|(at, _)| at).collect();
    for position in &waiting {
        let object = format!("column:{}.{}", of.table.name, of.table.columns[*position].name);
        builder.used(Family::Generated, &object);
    }
    loop {
        let before = waiting.len();
        let open = waiting.clone();
        waiting.retain(|position| !decide(builder, of, *position, &open, planned));
        if waiting.is_empty() || waiting.len() == before {
            break;
        }
    }
    for position in waiting {
        block(builder, of, position, "it reads a column that reads it");
    }
}

/// Decides one column; false while it reads one that is not decided.
fn decide(
    builder: &mut Builder<'_>,
    of: &Computed<'_>,
    position: usize,
    open: &[usize],
    planned: &mut Vec<Planned>,
) -> bool {
    let (table, name) = (of.table, &of.table.columns[position].name);
    let (object, written) = (computed::object(&table.name, name), of.written(position));
    let original = of.original(position);
    if builder.skipped(&object, &original) {
        return true;
    }
    let chosen = computed::chosen(builder.choices, &table.name, name);
    if let Some(sql) = builder.own_sql(&object, &original) {
        let column = columns::plan_stored(builder, table, of.census, position, written);
        planned.extend(column.map(|column| computing(column, sql)));
    } else if chosen == Some(Generated::Materialise) {
        let detail = format!("{original}: a plain column with the values that SQLite computed");
        builder.find(
            Disposition::Changed,
            rules::GENERATED_MATERIALISED,
            &object,
            detail,
        );
        planned.extend(columns::plan_stored(builder, table, of.census, position, written));
    } else {
        match translated(of, position, open, planned) {
            Ok((mapping, sql)) => {
                let reason = "computed by the translated expression".to_owned();
                let column = columns::plan_column(builder, table, position, written, mapping, reason);
                builder.used(Family::Column, &format!("column:{}.{name}", table.name));
                planned.push(computing(column, sql));
            }
            Err(Refused::Waits) => return false,
            Err(Refused::Because(why)) => block(builder, of, position, &why),
        }
    }
    true
}

fn computing(mut column: Planned, sql: String) -> Planned {
    column.plan.generated = Some(sql);
    column
}

impl Computed<'_> {
    fn written(&self, position: usize) -> Option<&ColumnDdl> {
        let name = &self.table.columns[position].name;
        self.ddl
            .columns
            .iter()
            .find(|c| c.name.eq_ignore_ascii_case(name))
    }

    fn original(&self, position: usize) -> String {
        let generated = self.written(position).and_then(|w| w.generated.as_ref());
        format!("AS ({})", generated.map_or("", |g| g.expr.text.as_str()))
    }
}

fn block(builder: &mut Builder<'_>, of: &Computed<'_>, position: usize, why: &str) {
    let (table, column) = (&of.table.name, &of.table.columns[position].name);
    let object = computed::object(table, column);
    let detail = format!("{}: {why}", of.original(position));
    let next = format!(
        "Copy its values into a plain column: generated = \"materialise\" under \
         [choices.columns.\"column:{table}.{column}\"] of the plan. Or write the expression yourself: \
         \"{object}\" = \"...\" under [choices.sql]. Or leave it out with {}.",
        skip_flag(&object)
    );
    builder.used(Family::Column, &format!("column:{table}.{column}"));
    builder.used(Family::Stored, &format!("column:{table}.{column}"));
    builder.block(Finding {
        next,
        ..plain(Disposition::Blocked, rules::GENERATED, &object, detail)
    });
}

enum Refused {
    /// It reads a computed column that is not decided yet.
    Waits,
    Because(String),
}

fn translated(
    of: &Computed<'_>,
    position: usize,
    open: &[usize],
    planned: &[Planned],
) -> Result<(Mapping, String), Refused> {
    let column = &of.table.columns[position];
    let because = |why: &str| Refused::Because(why.to_owned());
    let generated = of.written(position).and_then(|w| w.generated.as_ref());
    let Some(generated) = generated else {
        return Err(because("its expression is not in the DDL"));
    };
    let stop = RefCell::new(None);
    let outcome = translate_over(&generated.expr.expr, &|name| {
        let at = of.table.column_named(name)?;
        let Some(other) = planned.iter().find(|c| c.position == at) else {
            let why = if open.contains(&at) {
                Refused::Waits
            } else {
                Refused::Because(format!("its column {name} is not carried over"))
            };
            stop.replace(Some(why));
            return None;
        };
        if !other.plan.values.is_empty() {
            let why = format!("a policy changes values of {name}, from which it is computed");
            stop.replace(Some(Refused::Because(why)));
        }
        // A generated column of Postgres cannot read another one.
        Some(Bound {
            binding: other.binding.clone(),
            expression: other.plan.generated.clone(),
        })
    });
    if let Some(stop) = stop.into_inner() {
        return Err(stop);
    }
    let translated = outcome.map_err(|why| Refused::Because(why.to_string()))?;
    if !of.table.computed_read.contains(&position) {
        return Err(because(
            "its values can be many times longer than what they are computed from",
        ));
    }
    let (mapping, sql) = after_affinity(translated, column).map_err(because)?;
    if holds(mapping, &of.census.columns[position]) {
        Ok((mapping, sql))
    } else {
        Err(because(
            "SQLite computes values of another class than the expression has on Postgres",
        ))
    }
}

/// The mapping and the expression once SQLite has applied the column's affinity to what is computed.
fn after_affinity(translated: Translated, column: &Column) -> Result<(Mapping, String), &'static str> {
    use {Affinity as A, Mapping as M};
    let Translated { sql, ty } = translated;
    let is_boolean = column.declared_type.to_ascii_uppercase().starts_with("BOOL");
    let as_integer = |sql: String| {
        if ty == Ty::Bool {
            format!("({sql})::int::bigint")
        } else {
            sql
        }
    };
    Ok(match (ty, column.affinity) {
        (Ty::Bool, A::Numeric) if is_boolean => (M::IntegerBoolean, sql),
        (Ty::Bool | Ty::Int, A::Blob | A::Integer | A::Numeric) => (M::IntegerBigint, as_integer(sql)),
        (Ty::Bool | Ty::Int, A::Real) => (M::RealDouble, format!("({})::double precision", as_integer(sql))),
        (Ty::Bool | Ty::Int, A::Text) => (M::TextText, format!("({})::text", as_integer(sql))),
        (Ty::Real, A::Real | A::Blob) | (Ty::Number, A::Real) => (M::RealDouble, sql),
        (Ty::Real, A::Integer | A::Numeric) | (Ty::Number, A::Blob | A::Integer | A::Numeric) => {
            (M::NumberDouble, sql)
        }
        (Ty::Text, A::Text | A::Blob) => (M::TextText, sql),
        (Ty::Bytes, _) => (M::BlobBytea, sql),
        (Ty::Real | Ty::Number, A::Text) => return Err("SQLite renders floats as text in its own way"),
        (Ty::Text, _) => return Err("SQLite turns text that reads as a number into one here"),
        (Ty::Decimal, _) => return Err("an expression over decimals has no fixed scale"),
        (Ty::Opaque, _) => return Err("it shows a value whose type on Postgres is another"),
        (Ty::Null, _) => return Err("it is always NULL"),
    })
}

/// Whether every value that SQLite computed survives the mapping.
fn holds(mapping: Mapping, census: &ColumnCensus) -> bool {
    use ValueKind as K;
    let allowed: &[ValueKind] = match mapping {
        Mapping::IntegerBigint | Mapping::IntegerBoolean => &[K::Integer],
        Mapping::RealDouble => &[K::Real],
        Mapping::NumberDouble => &[K::Integer, K::Real],
        Mapping::TextText => &[K::Text],
        _ => &[K::Blob],
    };
    let exact = match mapping {
        Mapping::IntegerBoolean => census.integers_not_boolean == 0,
        Mapping::NumberDouble => census.reals_whole == 0 && census.integers_beyond_double == 0,
        _ => true,
    };
    exact && occurring(census).all(|kind| allowed.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(ty: Ty, declared_type: &str) -> Result<(Mapping, String), &'static str> {
        let column = Column::declared(declared_type);
        after_affinity(
            Translated {
                sql: "x".to_owned(),
                ty,
            },
            &column,
        )
    }

    #[test]
    fn affinity_decides_what_becomes_of_a_computed_value() {
        use Mapping as M;
        for (ty, declared, mapping, sql) in [
            (Ty::Int, "", M::IntegerBigint, "x"),
            (Ty::Int, "REAL", M::RealDouble, "(x)::double precision"),
            (Ty::Int, "TEXT", M::TextText, "(x)::text"),
            (Ty::Bool, "BOOLEAN", M::IntegerBoolean, "x"),
            (Ty::Bool, "INT", M::IntegerBigint, "(x)::int::bigint"),
            (Ty::Bool, "TEXT", M::TextText, "((x)::int::bigint)::text"),
            (Ty::Real, "", M::RealDouble, "x"),
            (Ty::Real, "NUMERIC", M::NumberDouble, "x"),
            (Ty::Number, "REAL", M::RealDouble, "x"),
            (Ty::Text, "VARCHAR(9)", M::TextText, "x"),
            (Ty::Bytes, "INTEGER", M::BlobBytea, "x"),
        ] {
            assert_eq!(
                after(ty, declared),
                Ok((mapping, sql.to_owned())),
                "{ty:?} {declared}"
            );
        }
        for (ty, declared) in [
            (Ty::Text, "INTEGER"),
            (Ty::Text, "DATETIME"),
            (Ty::Real, "TEXT"),
            (Ty::Decimal, "DECIMAL(5,2)"),
            (Ty::Opaque, ""),
            (Ty::Null, "TEXT"),
        ] {
            assert!(after(ty, declared).is_err(), "{ty:?} {declared}");
        }
    }
}
