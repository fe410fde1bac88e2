//! Comparisons: both sides are brought to one class, and to the collation SQLite would use.
//!
//! SQLite orders values of different classes by class and applies affinities first; whatever would need that
//! is refused.

use super::value::{Collation, DECIMAL_DIGITS_IN_DOUBLE, EXACT_IN_DOUBLE_MAX, Literal, Ty, Value};
use super::{Outcome, refuse};

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Same,
    NotSame,
}

impl Comparison {
    fn sql(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Same => "IS NOT DISTINCT FROM",
            Self::NotSame => "IS DISTINCT FROM",
        }
    }

    fn orders(self) -> bool {
        matches!(
            self,
            Self::Less | Self::LessEqual | Self::Greater | Self::GreaterEqual
        )
    }
}

pub(super) fn compare(left: &Value, operator: Comparison, right: &Value) -> Outcome<Value> {
    if left.ty == Ty::Null || right.ty == Ty::Null {
        let other = if left.ty == Ty::Null { right } else { left };
        return Ok(match operator {
            Comparison::Same => Value::condition(format!("{} IS NULL", other.sql)),
            Comparison::NotSame => Value::condition(format!("{} IS NOT NULL", other.sql)),
            _ => Value::new("NULL::boolean", Ty::Bool),
        });
    }
    let (mut left_sql, right_sql) = operands(left, right)?;
    if left.ty == Ty::Text && operator.orders() {
        // SQLite compares bytes; the default collation of a database need not.
        left_sql = format!("{left_sql} COLLATE \"C\"");
    }
    Ok(Value::condition(format!(
        "{left_sql} {} {right_sql}",
        operator.sql()
    )))
}

/// Both sides rendered so that Postgres compares them as SQLite does.
pub(super) fn operands(left: &Value, right: &Value) -> Outcome<(String, String)> {
    match (left.ty, right.ty) {
        (Ty::Text, Ty::Text) => text_operands(left, right),
        (Ty::Bytes, Ty::Bytes) => Ok((left.sql.clone(), right.sql.clone())),
        (Ty::Text | Ty::Bytes | Ty::Opaque, _) | (_, Ty::Text | Ty::Bytes | Ty::Opaque) => refuse(
            "a comparison of different kinds of values",
            "SQLite orders them by storage class or converts one by affinity",
        ),
        (Ty::Bool, Ty::Bool) => Ok((left.sql.clone(), right.sql.clone())),
        (Ty::Bool, _) => {
            if let Some(truth) = truth_literal(right) {
                return Ok((left.sql.clone(), truth.to_owned()));
            }
            operands(&left.as_number(), right)
        }
        (_, Ty::Bool) => {
            let (right, left) = operands(right, left)?;
            Ok((left, right))
        }
        _ => match (&left.literal, &right.literal) {
            (_, Some(literal)) => Ok((number_beside(left, literal)?, literal_beside(left.ty, right)?)),
            (Some(literal), None) => Ok((literal_beside(right.ty, left)?, number_beside(right, literal)?)),
            (None, None) => number_operands(left, right),
        },
    }
}

fn truth_literal(value: &Value) -> Option<&'static str> {
    match value.literal {
        Some(Literal::Int(0)) => Some("false"),
        Some(Literal::Int(1)) => Some("true"),
        _ => None,
    }
}

fn number_operands(left: &Value, right: &Value) -> Outcome<(String, String)> {
    match (left.ty, right.ty) {
        (Ty::Int, Ty::Int) | (Ty::Decimal, Ty::Decimal) | (Ty::Real | Ty::Number, Ty::Real | Ty::Number) => {
            Ok((left.sql.clone(), right.sql.clone()))
        }
        _ => refuse(
            "a comparison of integers, floats or decimals with each other",
            "SQLite compares them exactly, Postgres after rounding",
        ),
    }
}

/// A number that is compared with a literal: integers become floats beside a fraction.
fn number_beside(value: &Value, literal: &Literal) -> Outcome<String> {
    match (value.ty, literal) {
        (Ty::Int, Literal::Real(number, _)) if integral(*number).is_none() => {
            if number.is_infinite() {
                return refuse("a comparison of an integer with an infinity", "it has no use");
            }
            // A fraction is below 2^52, where integers and floats round alike around it.
            Ok(format!("{}::double precision", value.sql))
        }
        _ => Ok(value.sql.clone()),
    }
}

/// A numeric literal rendered for the type beside it.
fn literal_beside(ty: Ty, literal: &Value) -> Outcome<String> {
    let Some(number) = &literal.literal else {
        return Ok(literal.sql.clone());
    };
    match (ty, number) {
        (Ty::Int, Literal::Real(value, _)) => match integral(*value) {
            Some(whole) => Ok(Value::int(whole).sql),
            None if value.fract() == 0.0 => refuse(
                "an integer compared with a float beyond 64 bits",
                "Postgres would round the integer",
            ),
            None => Ok(literal.sql.clone()),
        },
        (Ty::Real | Ty::Number, Literal::Int(value)) => {
            if value.unsigned_abs() > EXACT_IN_DOUBLE_MAX.unsigned_abs() {
                return refuse(
                    "a float compared with an integer beyond 2^53",
                    "SQLite compares them exactly, Postgres after rounding",
                );
            }
            Ok(format!("{}::double precision", literal.sql))
        }
        (Ty::Decimal, Literal::Real(_, digits)) => {
            let count = digits.bytes().filter(u8::is_ascii_digit).count();
            let plain = digits
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
            if !plain || count > DECIMAL_DIGITS_IN_DOUBLE {
                return refuse(
                    "a decimal compared with a float of an exponent or more than 15 digits",
                    "the float's digits are not exact",
                );
            }
            Ok(format!("({digits})::numeric"))
        }
        (Ty::Decimal, Literal::Int(value)) if value.unsigned_abs() >= 10_u64.pow(15) => refuse(
            "a decimal compared with an integer of more than 15 digits",
            "SQLite holds the decimal as a float",
        ),
        _ => Ok(literal.sql.clone()),
    }
}

/// A float that is a 64-bit integer.
pub(super) fn integral(value: f64) -> Option<i64> {
    // 2^63 itself does not fit; every float below it that has no fraction does.
    let limit = 9_223_372_036_854_775_808.0;
    #[allow(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
    (value.fract() == 0.0 && (-limit..limit).contains(&value)).then_some(value as i64)
}

fn text_operands(left: &Value, right: &Value) -> Outcome<(String, String)> {
    for (column, other) in [(left, right), (right, left)] {
        if column.affinity.is_numeric() && !other.affinity.is_numeric() {
            let harmless = matches!(&other.literal, Some(Literal::Text(text)) if !reads_as_number(text));
            if !harmless {
                return refuse(
                    "text in a column of numeric affinity compared with text",
                    "SQLite turns the other side into a number when it reads as one",
                );
            }
        }
    }
    let (left_sql, right_sql) = if left.literal.is_some() && right.literal.is_some() {
        (left.typed_sql(), right.typed_sql())
    } else {
        (left.sql.clone(), right.sql.clone())
    };
    match collation(left, right) {
        Collation::Binary => Ok((left_sql, right_sql)),
        Collation::NoCase => Ok((
            format!("lower({left_sql} COLLATE \"C\")"),
            format!("lower({right_sql} COLLATE \"C\")"),
        )),
        Collation::Rtrim => Ok((
            format!("rtrim({left_sql}, ' ')"),
            format!("rtrim({right_sql}, ' ')"),
        )),
        Collation::Other => refuse(
            "a comparison under a collation of the application",
            "Postgres does not have it",
        ),
    }
}

/// The collation of a comparison: COLLATE left, then right, then the left column's, then the right's.
fn collation(left: &Value, right: &Value) -> Collation {
    let explicit = |value: &Value| value.collation.filter(|_| value.collation_explicit);
    explicit(left)
        .or_else(|| explicit(right))
        .or(left.collation)
        .or(right.collation)
        .unwrap_or(Collation::Binary)
}

/// Whether SQLite could take the text for a number. Says yes once too often rather than once too seldom.
fn reads_as_number(text: &str) -> bool {
    text.trim().parse::<f64>().is_ok()
}
