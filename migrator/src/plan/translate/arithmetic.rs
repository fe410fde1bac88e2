//! Numbers: how literals read, and which operators give the same on both sides.

use super::value::{Literal, Ty, Value};
use super::{Outcome, refuse};
use crate::source::ddl::{Affinity, Operator, UnaryOperator};

/// Reads a number as SQLite does: decimal integers beyond 64 bits are floats, hexadecimal ones wrap.
pub(super) fn number(written: &str, negative: bool) -> Outcome<Value> {
    let digits = written.replace('_', "");
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        let Ok(bits) = u64::from_str_radix(hex, 16) else {
            return refuse("a hexadecimal number", "it has more than 64 bits");
        };
        let value = bits.cast_signed();
        return match if negative {
            value.checked_neg()
        } else {
            Some(value)
        } {
            Some(value) => Ok(Value::int(value)),
            None => refuse("a hexadecimal number", "its negative has more than 64 bits"),
        };
    }
    let signed = if negative { format!("-{digits}") } else { digits };
    if let Ok(value) = signed.parse::<i64>() {
        return Ok(Value::int(value));
    }
    match signed.parse::<f64>() {
        Ok(value) => Ok(Value::real(value, signed)),
        Err(_) => refuse("a number", "it does not read as one"),
    }
}

pub(super) fn unary(operator: UnaryOperator, operand: &Value) -> Outcome<Value> {
    match operator {
        _ if operand.ty == Ty::Null => Ok(Value::null()),
        UnaryOperator::Not => Ok(Value::condition(format!("NOT {}", operand.truth()?))),
        // A plus takes the affinity away and leaves the value, also of text.
        UnaryOperator::Positive => Ok(Value {
            affinity: Affinity::Blob,
            ..operand.clone()
        }),
        UnaryOperator::Negative => {
            let operand = numeric(operand, "-")?;
            Ok(Value {
                not_null: operand.not_null,
                ..Value::new(format!("(- {})", operand.typed_sql()), operand.ty)
            })
        }
        UnaryOperator::BitwiseNot => {
            let operand = integer(operand, "~")?;
            Ok(Value {
                not_null: operand.not_null,
                ..Value::new(format!("(~ {})", operand.typed_sql()), Ty::Int)
            })
        }
    }
}

/// `+ - * / % & | ||`.
pub(super) fn binary(left: &Value, operator: Operator, right: &Value) -> Outcome<Value> {
    match operator {
        Operator::Concat => concat(left, right),
        Operator::Add => plain(left, "+", right),
        Operator::Subtract => plain(left, "-", right),
        Operator::Multiply => plain(left, "*", right),
        Operator::Divide => by_literal(left, "/", right),
        Operator::Modulus => by_literal(left, "%", right),
        Operator::BitwiseAnd => bits(left, "&", right),
        Operator::BitwiseOr => bits(left, "|", right),
        Operator::LeftShift | Operator::RightShift => refuse(
            "a bit shift",
            "SQLite shifts backwards by negative counts and past the end",
        ),
        _ => refuse("the operator -> or ->>", "JSON reads differently on Postgres"),
    }
}

fn null_if_any(left: &Value, right: &Value) -> bool {
    left.ty == Ty::Null || right.ty == Ty::Null
}

fn joined(left: &Value, symbol: &str, right: &Value, ty: Ty) -> Value {
    Value {
        not_null: left.not_null && right.not_null,
        ..Value::new(
            format!("({} {symbol} {})", left.typed_sql(), right.typed_sql()),
            ty,
        )
    }
}

fn concat(left: &Value, right: &Value) -> Outcome<Value> {
    match (left.ty, right.ty) {
        (Ty::Text, Ty::Text) => Ok(joined(left, "||", right, Ty::Text)),
        (Ty::Text | Ty::Null, Ty::Text | Ty::Null) => Ok(Value::null()),
        _ => refuse(
            "|| on values that are not text",
            "SQLite renders them its own way",
        ),
    }
}

fn plain(left: &Value, symbol: &str, right: &Value) -> Outcome<Value> {
    if null_if_any(left, right) {
        return Ok(Value::null());
    }
    let (left, right) = (numeric(left, symbol)?, numeric(right, symbol)?);
    let ty = match (left.ty, right.ty) {
        (Ty::Int, Ty::Int) => Ty::Int,
        (Ty::Real, Ty::Int | Ty::Real | Ty::Number) | (Ty::Int | Ty::Number, Ty::Real) => Ty::Real,
        (Ty::Decimal, _) | (_, Ty::Decimal) => {
            return refuse(
                format!("{symbol} on decimals"),
                "SQLite calculates with floats, Postgres with exact decimals",
            );
        }
        _ => {
            return refuse(
                format!("{symbol} on a column that holds integers and floats"),
                "SQLite calculates with integers where it can",
            );
        }
    };
    Ok(joined(&left, symbol, &right, ty))
}

fn by_literal(left: &Value, symbol: &str, right: &Value) -> Outcome<Value> {
    let left = integer(left, symbol)?;
    if matches!(right.literal, Some(Literal::Int(divisor)) if divisor != 0) {
        return Ok(joined(&left, symbol, right, Ty::Int));
    }
    refuse(
        format!("{symbol} by something that is not a literal integer other than 0"),
        "SQLite gives NULL where Postgres fails",
    )
}

fn bits(left: &Value, symbol: &str, right: &Value) -> Outcome<Value> {
    if null_if_any(left, right) {
        return Ok(Value::null());
    }
    Ok(joined(
        &integer(left, symbol)?,
        symbol,
        &integer(right, symbol)?,
        Ty::Int,
    ))
}

fn numeric(value: &Value, symbol: &str) -> Outcome<Value> {
    let value = value.as_number();
    match value.ty {
        Ty::Null | Ty::Int | Ty::Real | Ty::Number | Ty::Decimal => Ok(value),
        _ => refuse(
            format!("{symbol} on a value that is not a number"),
            "SQLite reads a number out of its text",
        ),
    }
}

fn integer(value: &Value, symbol: &str) -> Outcome<Value> {
    let value = value.as_number();
    match value.ty {
        Ty::Int => Ok(value),
        _ => refuse(
            format!("{symbol} on a value that is not an integer"),
            "SQLite turns it into one",
        ),
    }
}
