//! Column defaults: the value SQLite would store, written for the target's type.

use super::value::{Literal, Ty, Value};
use super::{Outcome, Untranslatable, compare, now, refuse, walk};
use crate::plan::target_type::TargetType;
use crate::quote::quote_literal;
use crate::source::ddl::{Affinity, Expr};

/// Translates the DEFAULT of a column of the given target type; `affinity` is the source column's.
///
/// The SQL can stand after `DEFAULT`.
///
/// # Errors
/// [`Untranslatable`] when the default is not a constant or a clock with an equal on Postgres, or when its
/// value does not fit the target's type.
pub fn translate_default(
    default: &Expr,
    target: TargetType,
    affinity: Affinity,
) -> Result<String, Untranslatable> {
    if let Some(moment) = now::moment_default(default, target, affinity) {
        return moment;
    }
    if let Some(what) = clock_or_chance(default) {
        return refuse(what, "Postgres has no equal of it without an extension");
    }
    let value = walk::Walker::new(&walk::OneTable(&|_| None)).value(default, 0)?;
    if value.ty == Ty::Null {
        return Ok("NULL".to_owned());
    }
    constant(&stored(value, affinity)?, target)
}

/// A call whose result differs each time, anywhere in the default.
fn clock_or_chance(expr: &Expr) -> Option<String> {
    let Expr::Call { name, arguments } = expr else {
        return None;
    };
    const CHANGING: &[&str] = &[
        "random",
        "randomblob",
        "date",
        "time",
        "datetime",
        "julianday",
        "strftime",
        "unixepoch",
    ];
    CHANGING
        .contains(&name.as_str())
        .then(|| format!("the default {name}()"))
        .or_else(|| arguments.iter().find_map(clock_or_chance))
}

/// The constant after the affinity of its column.
fn stored(value: Value, affinity: Affinity) -> Outcome<Value> {
    let converted = match &value.literal {
        Some(Literal::Text(text)) if affinity.is_numeric() => match number_of(text) {
            Some(number) => number?,
            None => value,
        },
        Some(Literal::Int(number)) if affinity == Affinity::Text => Value::text(&number.to_string())?,
        Some(Literal::Real(..)) if affinity == Affinity::Text => {
            return refuse(
                "a float as the default of a text column",
                "SQLite renders it its own way",
            );
        }
        _ => value,
    };
    Ok(match &converted.literal {
        // A float without a fraction becomes an integer under NUMERIC and INTEGER.
        Some(Literal::Real(number, _)) if matches!(affinity, Affinity::Numeric | Affinity::Integer) => {
            compare::integral(*number).map_or(converted, Value::int)
        }
        _ => converted,
    })
}

/// Text that SQLite stores as a number: one integer or decimal, spaces around it allowed.
fn number_of(text: &str) -> Option<Outcome<Value>> {
    let trimmed = text.trim_matches(|char: char| char.is_ascii_whitespace());
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let plain = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    (plain && digits.parse::<f64>().is_ok()).then(|| super::arithmetic::number(digits, negative))
}

fn constant(value: &Value, target: TargetType) -> Outcome<String> {
    use TargetType as T;
    match (&value.literal, target) {
        (Some(Literal::Int(number)), T::Bigint) => Ok(number.to_string()),
        (Some(Literal::Int(0)), T::Boolean) => Ok("false".to_owned()),
        (Some(Literal::Int(1)), T::Boolean) => Ok("true".to_owned()),
        (Some(Literal::Text(text)), T::Boolean) => boolean_word(text),
        (Some(Literal::Int(number)), T::DoublePrecision) if exact_in_double(*number) => {
            Ok(number.to_string())
        }
        (Some(Literal::Real(..)), T::DoublePrecision) => Ok(value.sql.clone()),
        (Some(Literal::Int(number)), T::Numeric { precision, scale }) => {
            decimal(&number.to_string(), precision, scale)
        }
        (Some(Literal::Real(_, digits)), T::Numeric { precision, scale }) => {
            decimal(digits, precision, scale)
        }
        (Some(Literal::Text(_)), T::Text) => Ok(value.sql.clone()),
        (Some(Literal::Text(text)), T::Timestamp | T::Timestamptz | T::Date) => moment_literal(text, target),
        (None, T::Bytea) if value.ty == Ty::Bytes => Ok(value.sql.clone()),
        (None, T::Bigint) if value.ty == Ty::Int => Ok(value.sql.clone()),
        (None, T::Text) if value.ty == Ty::Text => Ok(value.sql.clone()),
        _ => refuse(
            "this default",
            format!("the value SQLite would store does not fit a column of type {target}"),
        ),
    }
}

fn exact_in_double(number: i64) -> bool {
    number.unsigned_abs() <= super::value::EXACT_IN_DOUBLE_MAX.unsigned_abs()
}

fn boolean_word(text: &str) -> Outcome<String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" => Ok("true".to_owned()),
        "false" | "f" => Ok("false".to_owned()),
        _ => refuse("this default", "it is not a word for true or false"),
    }
}

/// A decimal that Postgres would not round on the way in.
fn decimal(digits: &str, precision: u16, scale: u16) -> Outcome<String> {
    let unsigned = digits.trim_start_matches('-');
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let plain = whole
        .bytes()
        .chain(fraction.bytes())
        .all(|byte| byte.is_ascii_digit());
    if plain
        && fraction.len() <= usize::from(scale)
        && whole.len() + usize::from(scale) <= usize::from(precision)
    {
        return Ok(digits.to_owned());
    }
    refuse(
        "this default",
        format!("it does not fit numeric({precision},{scale}) without rounding"),
    )
}

/// `YYYY-MM-DD[( |T)HH:MM:SS[.ffffff][Z|+00:00]]` that is a real moment, for the target's type.
fn moment_literal(text: &str, target: TargetType) -> Outcome<String> {
    let misfit = || {
        refuse(
            "this default",
            format!("it is not a moment that fits a column of type {target}"),
        )
    };
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    if !is_date(date) {
        return misfit();
    }
    let (clock, utc) = match time {
        Some(time) => match time.strip_suffix('Z').or_else(|| time.strip_suffix("+00:00")) {
            Some(clock) => (Some(clock), true),
            None => (Some(time), false),
        },
        None => (None, false),
    };
    if clock.is_some_and(|clock| !is_clock(clock)) {
        return misfit();
    }
    let sql = match (target, clock) {
        (TargetType::Date, None) => date.to_owned(),
        (TargetType::Timestamp, Some(clock)) if !utc => format!("{date} {clock}"),
        (TargetType::Timestamptz, Some(clock)) => format!("{date} {clock}+00"),
        _ => return misfit(),
    };
    quote_literal(&sql).map_or_else(misfit, Ok)
}

fn digits(text: &str, length: usize) -> Option<u32> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn is_date(date: &str) -> bool {
    let fields: Vec<&str> = date.split('-').collect();
    let [year, month, day] = fields.as_slice() else {
        return false;
    };
    let (Some(year), Some(month), Some(day)) = (digits(year, 4), digits(month, 2), digits(day, 2)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    year > 0 && (1..=last).contains(&day)
}

fn is_clock(clock: &str) -> bool {
    let (whole, fraction) = clock.split_once('.').map_or((clock, None), |(w, f)| (w, Some(f)));
    let fields: Vec<Option<u32>> = whole.split(':').map(|field| digits(field, 2)).collect();
    let [Some(hour), Some(minute), Some(second)] = fields.as_slice() else {
        return false;
    };
    let fraction_fits = fraction.is_none_or(|f| (1..=6).contains(&f.len()) && digits(f, f.len()).is_some());
    *hour < 24 && *minute < 60 && *second < 60 && fraction_fits
}
