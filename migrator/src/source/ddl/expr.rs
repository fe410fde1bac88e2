//! An expression of the source, owned: what the translator understands, and a word for all else.

use sqlite3_parser::ast::{LikeOperator, Operator, UnaryOperator};

/// An expression with the text to show for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceExpr {
    /// The expression in SQLite's syntax, with spaces and comments normalised. For reading only, never for a
    /// server.
    pub text: String,
    /// The expression as a tree.
    pub expr: Expr,
}

/// What the clock gives, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// `CURRENT_DATE`.
    Date,
    /// `CURRENT_TIME`.
    Time,
    /// `CURRENT_TIMESTAMP`.
    Timestamp,
}

/// A SQLite expression. Parentheses are gone: the tree says what binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// `NULL`.
    Null,
    /// A number as written: decimal, hexadecimal or floating, without a sign.
    Number(String),
    /// A string without its quotes.
    Text(String),
    /// A blob.
    Blob(Vec<u8>),
    /// `CURRENT_DATE` and its kin.
    Now(Moment),
    /// A name: a column, or `TRUE` or `FALSE`, or a string when it is double-quoted and no column.
    Name {
        /// Without quotes and without a table before it.
        name: String,
        /// The table or alias written before it, without quotes.
        table: Option<String>,
        /// Written in double quotes and without a table before it.
        double_quoted: bool,
        /// Written in any quotes, or after a table: never TRUE or FALSE.
        quoted: bool,
    },
    /// An operator before its operand.
    Unary(UnaryOperator, Box<Expr>),
    /// An operator between its operands.
    Binary(Box<Expr>, Operator, Box<Expr>),
    /// `expr COLLATE name`.
    Collate(Box<Expr>, String),
    /// `CAST (expr AS type)`; the type as written, empty when missing.
    Cast(Box<Expr>, String),
    /// `expr [NOT] BETWEEN low AND high`.
    Between {
        /// What is compared.
        expr: Box<Expr>,
        /// `NOT`.
        not: bool,
        /// Lower bound, included.
        low: Box<Expr>,
        /// Upper bound, included.
        high: Box<Expr>,
    },
    /// `expr [NOT] IN (list)`.
    In {
        /// What is looked for.
        expr: Box<Expr>,
        /// `NOT`.
        not: bool,
        /// The list, possibly empty.
        list: Vec<Expr>,
    },
    /// `expr IS NULL`, or `NOT NULL` when `not`.
    IsNull {
        /// What is tested.
        expr: Box<Expr>,
        /// `NOT`.
        not: bool,
    },
    /// `expr [NOT] LIKE pattern [ESCAPE char]` and GLOB, MATCH, REGEXP.
    Like {
        /// What is matched.
        expr: Box<Expr>,
        /// `NOT`.
        not: bool,
        /// Which of the four.
        operator: LikeOperator,
        /// The pattern.
        pattern: Box<Expr>,
        /// `ESCAPE`.
        escape: Option<Box<Expr>>,
    },
    /// `CASE [base] WHEN a THEN b ... [ELSE c] END`.
    Case {
        /// What every WHEN is compared with, if any.
        base: Option<Box<Expr>>,
        /// WHEN and THEN in order.
        arms: Vec<(Expr, Expr)>,
        /// ELSE.
        otherwise: Option<Box<Expr>>,
    },
    /// A plain function call.
    Call {
        /// Lower-case name without quotes.
        name: String,
        /// Arguments.
        arguments: Vec<Expr>,
    },
    /// Anything else, named in words.
    Other(&'static str),
}
