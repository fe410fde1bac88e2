//! Function calls and CASTs that mean the same on both sides.

use super::compare::{Comparison, compare, operands};
use super::value::{Collation, Literal, Ty, Value};
use super::{Outcome, refuse};
use crate::source::ddl::Affinity;

/// Longest substring count or position that is translated, characters: Postgres takes 32-bit ones.
const SUBSTR_MAX: i64 = 1_000_000_000;

pub(super) fn call(name: &str, arguments: &[Value]) -> Outcome<Value> {
    match (name, arguments) {
        ("length", [value]) => length(value),
        ("lower" | "upper", [value]) => {
            // SQLite folds ASCII only; so does Postgres under "C".
            let text = text(name, value)?;
            Ok(of_text(format!("{name}({text} COLLATE \"C\")"), arguments))
        }
        ("trim" | "ltrim" | "rtrim", [value]) => trim(name, &text(name, value)?, "' '", arguments),
        ("trim" | "ltrim" | "rtrim", [value, set]) => {
            trim(name, &text(name, value)?, &text(name, set)?, arguments)
        }
        ("replace", [value, from, to]) => replace(value, from, to),
        ("instr", [value, part]) => {
            let (value, part) = (text(name, value)?, text(name, part)?);
            Ok(of_int(&format!("strpos({value}, {part})::bigint"), arguments))
        }
        ("substr" | "substring", [value, rest @ ..]) if matches!(rest.len(), 1 | 2) => substr(value, rest),
        ("abs", [value]) => {
            let value = value.as_number();
            match value.ty {
                Ty::Int | Ty::Real | Ty::Number | Ty::Decimal => Ok(Value {
                    not_null: value.not_null,
                    ..Value::new(format!("abs({})", value.typed_sql()), value.ty)
                }),
                _ => refuse(
                    "abs() of a value that is not a number",
                    "SQLite reads a number out of its text",
                ),
            }
        }
        ("coalesce", [_, _, ..]) | ("ifnull", [_, _]) => {
            let values = unify(arguments, name)?;
            Ok(Value {
                not_null: arguments.iter().any(|argument| argument.not_null),
                ..Value::new(format!("coalesce({})", values.sql.join(", ")), values.ty)
            })
        }
        ("nullif", [left, right]) => nullif(left, right),
        ("min" | "max", [_, _, ..]) => extreme(name, arguments),
        ("typeof", [value]) => type_name(value),
        _ => refuse(
            format!("the function {name}()"),
            "it is not on the list of functions with an equal",
        ),
    }
}

fn text(function: &str, value: &Value) -> Outcome<String> {
    match value.ty {
        Ty::Text => Ok(value.typed_sql()),
        _ => refuse(
            format!("{function}() of a value that is not text"),
            "SQLite renders it its own way",
        ),
    }
}

fn all_not_null(arguments: &[Value]) -> bool {
    arguments.iter().all(|argument| argument.not_null)
}

fn of_text(sql: String, arguments: &[Value]) -> Value {
    Value {
        not_null: all_not_null(arguments),
        ..Value::new(sql, Ty::Text)
    }
}

fn of_int(sql: &str, arguments: &[Value]) -> Value {
    Value {
        not_null: all_not_null(arguments),
        // A cast binds less tightly than what may follow it.
        ..Value::new(format!("({sql})"), Ty::Int)
    }
}

fn length(value: &Value) -> Outcome<Value> {
    let function = match value.ty {
        Ty::Text => "length",
        Ty::Bytes => "octet_length",
        _ => {
            return refuse(
                "length() of a value that is neither text nor blob",
                "SQLite renders it its own way",
            );
        }
    };
    Ok(of_int(
        &format!("{function}({})::bigint", value.typed_sql()),
        std::slice::from_ref(value),
    ))
}

fn trim(name: &str, value: &str, set: &str, arguments: &[Value]) -> Outcome<Value> {
    let function = if name == "trim" { "btrim" } else { name };
    Ok(of_text(format!("{function}({value}, {set})"), arguments))
}

/// `replace()` of an empty text leaves the value alone in SQLite, even when the new text is NULL.
fn replace(value: &Value, from: &Value, to: &Value) -> Outcome<Value> {
    if !matches!(&from.literal, Some(Literal::Text(from)) if !from.is_empty()) {
        return refuse(
            "replace() of something that is not a literal",
            "an empty text is treated differently",
        );
    }
    let sql = format!(
        "replace({}, {}, {})",
        text("replace", value)?,
        from.typed_sql(),
        text("replace", to)?
    );
    Ok(of_text(sql, &[value.clone(), to.clone()]))
}

fn substr(value: &Value, rest: &[Value]) -> Outcome<Value> {
    let mut sql = format!("substr({}", text("substr", value)?);
    for (argument, least) in rest.iter().zip([1, 0]) {
        match argument.literal {
            Some(Literal::Int(number)) if (least..=SUBSTR_MAX).contains(&number) => {
                sql.push_str(&format!(", {number}"));
            }
            _ => {
                return refuse(
                    "substr() with a start below 1, a negative length or something that is not a literal",
                    "SQLite counts such positions its own way",
                );
            }
        }
    }
    sql.push(')');
    Ok(of_text(sql, std::slice::from_ref(value)))
}

/// Values brought to one type.
pub(super) struct Unified {
    pub(super) sql: Vec<String>,
    pub(super) ty: Ty,
}

/// Brings the results of a CASE or the arguments of a function to one type.
pub(super) fn unify(values: &[Value], what: &str) -> Outcome<Unified> {
    let mut types: Vec<Ty> = values
        .iter()
        .map(|value| value.ty)
        .filter(|ty| *ty != Ty::Null)
        .collect();
    types.dedup();
    let numbers = types.len() > 1 && types.iter().all(|ty| matches!(ty, Ty::Bool | Ty::Int));
    let ty = match types.as_slice() {
        [] => Ty::Null,
        [Ty::Opaque] => {
            return refuse(
                format!("{what} on dates, times or mixed values"),
                "they render differently",
            );
        }
        [one] => *one,
        _ if numbers => Ty::Int,
        _ => {
            return refuse(
                format!("{what} on different kinds of values"),
                "a Postgres expression has one type",
            );
        }
    };
    let sql = values
        .iter()
        .map(|value| {
            if numbers {
                value.as_number().typed_sql()
            } else {
                value.typed_sql()
            }
        })
        .collect();
    Ok(Unified { sql, ty })
}

fn nullif(left: &Value, right: &Value) -> Outcome<Value> {
    if left.ty == Ty::Null {
        return Ok(Value::null());
    }
    only_binary("nullif", &[left.clone(), right.clone()])?;
    let equal = compare(left, Comparison::Equal, right)?;
    if left.ty == Ty::Opaque {
        return refuse(
            "nullif() on dates, times or mixed values",
            "they render differently",
        );
    }
    Ok(Value::new(
        format!(
            "(CASE WHEN {} THEN NULL ELSE {} END)",
            equal.sql,
            left.typed_sql()
        ),
        left.ty,
    ))
}

/// Functions that compare take the collation of their first argument that has one.
fn only_binary(name: &str, arguments: &[Value]) -> Outcome<()> {
    if arguments
        .iter()
        .all(|value| matches!(value.collation, None | Some(Collation::Binary)))
    {
        return Ok(());
    }
    refuse(
        format!("{name}() under a collation"),
        "Postgres would compare under another one",
    )
}

/// `min` and `max` of several values are NULL when any is; Postgres's `least` and `greatest` skip NULLs.
fn extreme(name: &str, arguments: &[Value]) -> Outcome<Value> {
    let mut values = unify(arguments, name)?;
    if !matches!(values.ty, Ty::Int | Ty::Real | Ty::Text) {
        return refuse(
            format!("{name}() of values that are not integers, floats or text"),
            "their order differs",
        );
    }
    if values.ty == Ty::Text {
        only_binary(name, arguments)?;
        values.sql[0].push_str(" COLLATE \"C\"");
    }
    let function = if name == "min" { "least" } else { "greatest" };
    let extreme = format!("{function}({})", values.sql.join(", "));
    let nullable: Vec<String> = arguments
        .iter()
        .filter(|argument| !argument.not_null)
        .map(|argument| format!("{} IS NULL", argument.sql))
        .collect();
    Ok(if nullable.is_empty() {
        Value {
            not_null: true,
            ..Value::new(extreme, values.ty)
        }
    } else {
        Value::new(
            format!(
                "(CASE WHEN {} THEN NULL ELSE {extreme} END)",
                nullable.join(" OR ")
            ),
            values.ty,
        )
    })
}

fn type_name(value: &Value) -> Outcome<Value> {
    let name = match value.ty {
        Ty::Null => return Value::text("null"),
        Ty::Bool | Ty::Int => "integer",
        Ty::Real => "real",
        Ty::Text => "text",
        Ty::Bytes => "blob",
        Ty::Number | Ty::Decimal | Ty::Opaque => {
            return refuse(
                "typeof() of a column that holds several classes",
                "its Postgres type has one",
            );
        }
    };
    if value.not_null {
        return Value::text(name);
    }
    Ok(Value {
        not_null: true,
        ..Value::new(
            format!("(CASE WHEN {} IS NULL THEN 'null' ELSE '{name}' END)", value.sql),
            Ty::Text,
        )
    })
}

/// `CAST (value AS declared)` where it changes nothing or the same.
pub(super) fn cast(value: &Value, declared: &str) -> Outcome<Value> {
    let affinity = Affinity::of(Some(declared));
    let number = value.as_number();
    let (sql, ty) = match (number.ty, affinity) {
        (Ty::Null, _) => return Ok(Value::null()),
        (Ty::Int, Affinity::Integer | Affinity::Numeric) => (number.typed_sql(), Ty::Int),
        (Ty::Int, Affinity::Text) => (format!("({})::text", number.typed_sql()), Ty::Text),
        (Ty::Int, Affinity::Real) => (format!("({})::double precision", number.typed_sql()), Ty::Real),
        (Ty::Real, Affinity::Real) => (number.sql.clone(), Ty::Real),
        (Ty::Text, Affinity::Text) => (number.typed_sql(), Ty::Text),
        (Ty::Bytes, Affinity::Blob) => (number.sql.clone(), Ty::Bytes),
        _ => return refuse("this CAST", "SQLite rounds, cuts or renders in its own way"),
    };
    Ok(Value {
        affinity,
        // A CAST keeps the collation of what it casts.
        collation: value.collation,
        collation_explicit: value.collation_explicit,
        not_null: value.not_null,
        ..Value::new(sql, ty)
    })
}

/// `value IN (list)`, as IN when one rendering of `value` serves for all, else as a chain of OR.
pub(super) fn in_list(value: &Value, list: &[Value]) -> Outcome<Value> {
    if list.is_empty() {
        // Not even NULL is in nothing, nor is it unknown.
        return Ok(Value::new("false", Ty::Bool));
    }
    let mut left_sql: Option<String> = None;
    let mut items = Vec::new();
    for item in list {
        // A list has neither affinity nor collation of its own.
        let bare = Value {
            affinity: Affinity::Blob,
            collation: None,
            collation_explicit: false,
            ..item.clone()
        };
        let alike = value.ty != Ty::Null && bare.ty != Ty::Null;
        let (left, right) = if alike {
            operands(value, &bare)?
        } else {
            (String::new(), String::new())
        };
        if !alike || left_sql.as_ref().is_some_and(|sql| *sql != left) {
            return one_by_one(value, list);
        }
        left_sql = Some(left);
        items.push(right);
    }
    Ok(Value::condition(format!(
        "{} IN ({})",
        left_sql.unwrap_or_default(),
        items.join(", ")
    )))
}

fn one_by_one(value: &Value, list: &[Value]) -> Outcome<Value> {
    let equals = list
        .iter()
        .map(|item| {
            let bare = Value {
                affinity: Affinity::Blob,
                collation: None,
                collation_explicit: false,
                ..item.clone()
            };
            compare(value, Comparison::Equal, &bare).map(|equal| equal.sql)
        })
        .collect::<Outcome<Vec<_>>>()?;
    Ok(Value::condition(equals.join(" OR ")))
}
