//! LIKE and GLOB with a literal pattern.
//!
//! SQLite's LIKE ignores the case of ASCII letters and has no escape unless one is given; Postgres's heeds
//! case and escapes with a backslash.

use super::value::{Ty, Value};
use super::{Outcome, refuse};
use crate::quote::quote_literal;
use crate::source::ddl::{Expr, LikeOperator};

/// One element of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    AnyText,
    AnyChar,
    Char(char),
}

pub(super) fn matches(
    value: &Value,
    operator: LikeOperator,
    pattern: &Expr,
    escape: Option<&Expr>,
) -> Outcome<Value> {
    let word = match operator {
        LikeOperator::Like => "LIKE",
        LikeOperator::Glob => "GLOB",
        LikeOperator::Match => return refuse("MATCH", "it is a function of the application"),
        LikeOperator::Regexp => return refuse("REGEXP", "it is a function of the application"),
    };
    let Expr::Text(pattern) = pattern else {
        return refuse(
            format!("{word} with a pattern that is not a literal"),
            "case and escapes are translated inside the pattern",
        );
    };
    match value.ty {
        Ty::Text => {}
        Ty::Null => return Ok(Value::new("NULL::boolean", Ty::Bool)),
        _ => {
            return refuse(
                format!("{word} on a value that is not text"),
                "SQLite renders it its own way",
            );
        }
    }
    let pieces = match operator {
        LikeOperator::Glob => glob_pieces(pattern)?,
        _ => like_pieces(pattern, escape)?,
    };
    let folds = operator == LikeOperator::Like
        && pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Char(char) if char.is_ascii_alphabetic()));
    let Some(literal) = quote_literal(&render(&pieces, folds)) else {
        return refuse("a pattern with U+0000", "Postgres cannot store that character");
    };
    let text = value.typed_sql();
    Ok(Value::condition(if folds {
        format!("lower({text} COLLATE \"C\") LIKE {literal}")
    } else {
        format!("{text} LIKE {literal}")
    }))
}

fn render(pieces: &[Piece], folds: bool) -> String {
    let mut pattern = String::new();
    for piece in pieces {
        match *piece {
            Piece::AnyText => pattern.push('%'),
            Piece::AnyChar => pattern.push('_'),
            Piece::Char(char) => {
                if matches!(char, '%' | '_' | '\\') {
                    pattern.push('\\');
                }
                pattern.push(if folds { char.to_ascii_lowercase() } else { char });
            }
        }
    }
    pattern
}

fn like_pieces(pattern: &str, escape: Option<&Expr>) -> Outcome<Vec<Piece>> {
    let escape = match escape {
        None => None,
        Some(Expr::Text(text)) if text.chars().count() == 1 => text.chars().next(),
        Some(_) => {
            return refuse(
                "ESCAPE with something that is not one literal character",
                "it has no equal",
            );
        }
    };
    if matches!(escape, Some('%' | '_')) {
        return refuse("ESCAPE with a wildcard", "the wildcard changes its meaning");
    }
    let mut pieces = Vec::new();
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        pieces.push(match char {
            _ if Some(char) == escape => match chars.next() {
                Some(escaped) => Piece::Char(escaped),
                None => {
                    return refuse(
                        "a pattern that ends with its escape character",
                        "it matches nothing",
                    );
                }
            },
            '%' => Piece::AnyText,
            '_' => Piece::AnyChar,
            _ => Piece::Char(char),
        });
    }
    Ok(pieces)
}

fn glob_pieces(pattern: &str) -> Outcome<Vec<Piece>> {
    pattern
        .chars()
        .map(|char| match char {
            '*' => Ok(Piece::AnyText),
            '?' => Ok(Piece::AnyChar),
            '[' => refuse("GLOB with a character class", "LIKE has none"),
            _ => Ok(Piece::Char(char)),
        })
        .collect()
}
