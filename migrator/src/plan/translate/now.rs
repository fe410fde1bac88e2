//! Defaults that ask the clock: which moment SQLite would write, in which form.

use super::{Outcome, refuse};
use crate::plan::target_type::TargetType;
use crate::source::ddl::{Affinity, Expr, Moment, Operator};

/// The form in which a source default writes the current moment, always UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// Seconds since 1970, times a factor.
    EpochSeconds(i64),
    /// Text after a `to_char` picture.
    Picture {
        picture: String,
        has_date: bool,
        has_time: bool,
        has_millis: bool,
    },
}

/// Postgres SQL for a default that asks the clock; none when `expr` does not.
pub(super) fn moment_default(expr: &Expr, target: TargetType, affinity: Affinity) -> Option<Outcome<String>> {
    let form = match form(expr, affinity)? {
        Ok(form) => form,
        Err(error) => return Some(Err(error)),
    };
    Some(render(&form, target))
}

fn form(expr: &Expr, affinity: Affinity) -> Option<Outcome<Form>> {
    let fixed = |moment: Moment| {
        let format = match moment {
            Moment::Date => "%Y-%m-%d",
            Moment::Time => "%H:%M:%S",
            Moment::Timestamp => "%Y-%m-%d %H:%M:%S",
        };
        Some(picture(format))
    };
    match expr {
        Expr::Now(moment) => fixed(*moment),
        Expr::Cast(inner, declared) if Affinity::of(Some(declared)) == Affinity::Integer => {
            // The cast reads the number that strftime writes as text.
            form(inner, Affinity::Integer).filter(|form| matches!(form, Ok(Form::EpochSeconds(_))))
        }
        Expr::Binary(inner, Operator::Multiply, factor) => {
            let Expr::Number(digits) = factor.as_ref() else {
                return None;
            };
            let factor: i64 = digits.parse().ok()?;
            match form(inner, Affinity::Integer)? {
                Ok(Form::EpochSeconds(1)) => Some(Ok(Form::EpochSeconds(factor))),
                _ => None,
            }
        }
        Expr::Call { name, arguments } => {
            let moment = match name.as_str() {
                "date" => Moment::Date,
                "time" => Moment::Time,
                "datetime" => Moment::Timestamp,
                "unixepoch" if is_now(arguments) => return Some(Ok(Form::EpochSeconds(1))),
                "strftime" => return strftime(arguments, affinity),
                _ => return None,
            };
            if is_now(arguments) { fixed(moment) } else { None }
        }
        _ => None,
    }
}

/// No argument, or the word 'now' and nothing after it.
fn is_now(arguments: &[Expr]) -> bool {
    match arguments {
        [] => true,
        [Expr::Text(word)] => word.eq_ignore_ascii_case("now"),
        [
            Expr::Name {
                name,
                double_quoted: true,
                ..
            },
        ] => name.eq_ignore_ascii_case("now"),
        _ => false,
    }
}

fn strftime(arguments: &[Expr], affinity: Affinity) -> Option<Outcome<Form>> {
    let (Expr::Text(format), moment) = arguments.split_first()? else {
        return None;
    };
    if !is_now(moment) {
        return None;
    }
    if format == "%s" && affinity.is_numeric() {
        return Some(Ok(Form::EpochSeconds(1)));
    }
    Some(picture(format))
}

/// A strftime format as a `to_char` picture.
fn picture(format: &str) -> Outcome<Form> {
    let (mut picture, mut has_date, mut has_time, mut has_millis) = (String::new(), false, false, false);
    let mut chars = format.chars();
    while let Some(char) = chars.next() {
        let piece = match char {
            '%' => match chars.next() {
                Some('Y') => "YYYY",
                Some('m') => "MM",
                Some('d') => {
                    has_date = true;
                    "DD"
                }
                Some('H') => "HH24",
                Some('M') => "MI",
                Some('S') => {
                    has_time = true;
                    "SS"
                }
                Some('f') => {
                    (has_time, has_millis) = (true, true);
                    "SS.MS"
                }
                _ => {
                    return refuse(
                        format!("the time format {format:?}"),
                        "one of its fields has no equal",
                    );
                }
            },
            // Letters are fields to Postgres unless quoted.
            'T' => "\"T\"",
            'Z' => "\"Z\"",
            '-' => "-",
            ':' => ":",
            ' ' => " ",
            '.' => ".",
            '/' => "/",
            _ => return refuse(format!("the time format {format:?}"), "it holds other text"),
        };
        picture.push_str(piece);
    }
    Ok(Form::Picture {
        picture,
        has_date,
        has_time,
        has_millis,
    })
}

fn render(form: &Form, target: TargetType) -> Outcome<String> {
    use TargetType as T;
    let utc = "(now() AT TIME ZONE 'UTC')";
    let zoned = |unit: &str, target: TargetType| {
        let moment = if target == T::Timestamptz { "now()" } else { utc };
        format!("date_trunc('{unit}', {moment})")
    };
    match (form, target) {
        (Form::EpochSeconds(1), T::Bigint) => Ok("floor(extract(epoch FROM now()))::bigint".to_owned()),
        (Form::EpochSeconds(factor), T::Bigint) => {
            Ok(format!("(floor(extract(epoch FROM now()))::bigint * ({factor}))"))
        }
        (Form::EpochSeconds(_), T::Timestamp | T::Timestamptz) => Ok(zoned("second", target)),
        (Form::Picture { picture, .. }, T::Text) => Ok(format!("to_char({utc}, '{picture}')")),
        (
            Form::Picture {
                has_date: true,
                has_time: true,
                has_millis,
                ..
            },
            T::Timestamp | T::Timestamptz,
        ) => Ok(zoned(if *has_millis { "milliseconds" } else { "second" }, target)),
        (
            Form::Picture {
                has_date: true,
                has_time: false,
                ..
            },
            T::Date,
        ) => Ok(format!("{utc}::date")),
        _ => refuse(
            "a default of the current time",
            format!("its form in the source does not fit a column of type {target}"),
        ),
    }
}
