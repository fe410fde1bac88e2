//! From the parser's borrowed expressions to owned ones.
//!
//! Recursion is as deep as the tree, which [`super::lexis`] has bounded before the parser saw the text.

use sqlite3_parser::ast;

use super::expr::{Expr, Moment, SourceExpr};
use super::lexis::unquote;

pub(super) fn source_expr(expr: &ast::Expr) -> SourceExpr {
    SourceExpr {
        text: expr.to_string(),
        expr: convert(expr),
    }
}

/// A default: SQLite takes a bare word for a string, or for 1 and 0 when it is TRUE or FALSE.
pub(super) fn default_expr(expr: &ast::Expr) -> SourceExpr {
    let mut default = source_expr(expr);
    if let Expr::Name { name, quoted, .. } = &default.expr
        && matches!(expr, ast::Expr::Id(_))
    {
        default.expr = match name.to_ascii_lowercase().as_str() {
            "true" if !quoted => Expr::Number("1".to_owned()),
            "false" if !quoted => Expr::Number("0".to_owned()),
            _ => Expr::Text(name.clone()),
        };
    }
    default
}

fn boxed(expr: &ast::Expr) -> Box<Expr> {
    Box::new(convert(expr))
}

fn all(exprs: Option<&[ast::Expr]>) -> Vec<Expr> {
    exprs.unwrap_or_default().iter().map(convert).collect()
}

fn convert(expr: &ast::Expr) -> Expr {
    use ast::Expr as A;
    match expr {
        A::Literal(literal) => convert_literal(literal),
        A::Id(ast::Id(token)) => bare_name(token),
        A::Name(ast::Name(token)) => bare_name(token),
        A::Qualified(ast::Name(table), ast::Name(token))
        | A::DoublyQualified(_, ast::Name(table), ast::Name(token)) => Expr::Name {
            name: unquote(token),
            table: Some(unquote(table)),
            double_quoted: false,
            quoted: true,
        },
        A::Parenthesized(inner) => match inner.as_slice() {
            [one] => convert(one),
            _ => Expr::Other("a row value"),
        },
        A::Unary(operator, operand) => Expr::Unary(*operator, boxed(operand)),
        A::Binary(left, operator, right) => Expr::Binary(boxed(left), *operator, boxed(right)),
        A::Collate(operand, collation) => Expr::Collate(boxed(operand), unquote(collation)),
        A::IsNull(operand) => Expr::IsNull {
            expr: boxed(operand),
            not: false,
        },
        A::NotNull(operand) => Expr::IsNull {
            expr: boxed(operand),
            not: true,
        },
        A::InSelect { .. } | A::InTable { .. } | A::Exists(_) | A::Subquery(_) => Expr::Other("a subquery"),
        A::FunctionCallStar { .. } => Expr::Other("a function call with *"),
        A::Raise(..) => Expr::Other("RAISE"),
        A::Variable(_) => Expr::Other("a parameter"),
        other => convert_compound(other),
    }
}

fn convert_compound(expr: &ast::Expr) -> Expr {
    use ast::Expr as A;
    match expr {
        A::Between { lhs, not, start, end } => Expr::Between {
            expr: boxed(lhs),
            not: *not,
            low: boxed(start),
            high: boxed(end),
        },
        A::InList { lhs, not, rhs } => Expr::In {
            expr: boxed(lhs),
            not: *not,
            list: all(*rhs),
        },
        A::Like {
            lhs,
            not,
            op,
            rhs,
            escape,
        } => Expr::Like {
            expr: boxed(lhs),
            not: *not,
            operator: *op,
            pattern: boxed(rhs),
            escape: escape.map(boxed),
        },
        A::Case {
            base,
            when_then_pairs,
            else_expr,
        } => Expr::Case {
            base: base.map(boxed),
            arms: when_then_pairs
                .iter()
                .map(|(when, then)| (convert(when), convert(then)))
                .collect(),
            otherwise: else_expr.map(boxed),
        },
        A::Cast { expr, type_name } => {
            Expr::Cast(boxed(expr), type_name.as_ref().map(type_text).unwrap_or_default())
        }
        A::FunctionCall {
            name: ast::Id(token),
            distinctness: None,
            args,
            order_by: None,
            filter_over: None,
        } => Expr::Call {
            name: unquote(token).to_ascii_lowercase(),
            arguments: all(*args),
        },
        _ => Expr::Other("an aggregate or window function call"),
    }
}

fn bare_name(token: &str) -> Expr {
    let first = token.chars().next();
    Expr::Name {
        name: unquote(token),
        table: None,
        double_quoted: first == Some('"'),
        quoted: matches!(first, Some('"' | '`' | '[' | '\'')),
    }
}

fn convert_literal(literal: &ast::Literal) -> Expr {
    use ast::Literal as L;
    match literal {
        L::Null => Expr::Null,
        L::Numeric(text) => Expr::Number((*text).to_owned()),
        L::String(token) => Expr::Text(unquote(token)),
        L::Blob(hex) => decode_hex(hex).map_or(Expr::Other("a malformed blob"), Expr::Blob),
        L::CurrentDate => Expr::Now(Moment::Date),
        L::CurrentTime => Expr::Now(Moment::Time),
        L::CurrentTimestamp => Expr::Now(Moment::Timestamp),
        L::Keyword(_) => Expr::Other("a keyword"),
    }
}

fn decode_hex(hex: &str) -> Option<Vec<u8>> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| {
            let digits = std::str::from_utf8(pair)
                .ok()
                .filter(|digits| digits.len() == 2)?;
            u8::from_str_radix(digits, 16).ok()
        })
        .collect()
}

/// A declared type with its size, as `name(a,b)`.
pub(super) fn type_text(declared: &ast::Type) -> String {
    let name = if declared.name.contains(['"', '`', '\'', '[']) {
        // Only a type that is one quoted token loses its quotes; in longer ones they are part of the text.
        unquote(declared.name)
    } else {
        declared.name.to_owned()
    };
    match &declared.size {
        None => name,
        Some(ast::TypeSize::MaxSize(size)) => format!("{name}({})", signed(size)),
        Some(ast::TypeSize::TypeSize(precision, scale)) => {
            format!("{name}({},{})", signed(precision), signed(scale))
        }
    }
}

fn signed(size: &ast::Expr) -> String {
    size.to_string().replace(' ', "")
}
