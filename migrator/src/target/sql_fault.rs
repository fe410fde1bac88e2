//! A server's refusal of a statement, reduced to what may be shown.
//!
//! Postgres quotes row values in DETAIL and CONTEXT, and for data exceptions in the message itself. Values are
//! withheld; code, schema, table, column, constraint and the line of a COPY stay.
//! Codes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.

use std::fmt;

use tokio_postgres::error::DbError;

/// Classes whose texts quote data: data exception, constraint violation.
const CLASSES_WITH_VALUES: [&str; 2] = ["22", "23"];

/// Stands where a value stood.
const WITHHELD: &str = "\"(value withheld)\"";

/// Stands for a message of RAISE in a function on the server, which can put values anywhere in it.
const OWN_WORDS: &str = "a function in the database raised an error (its words withheld)";

/// A refused statement, without row values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlFault {
    /// Five characters.
    pub sqlstate: String,
    /// The server's message, its values withheld.
    pub message: String,
    /// Schema of the object concerned.
    pub schema: Option<String>,
    /// Table concerned.
    pub table: Option<String>,
    /// Column concerned.
    pub column: Option<String>,
    /// Constraint or index concerned.
    pub constraint: Option<String>,
    /// DETAIL, where it cannot quote data.
    pub detail: Option<String>,
    /// HINT.
    pub hint: Option<String>,
    /// Which line and column of a COPY.
    pub copy_place: Option<String>,
}

impl SqlFault {
    /// Reduces the server's error.
    pub fn new(error: &DbError) -> Self {
        let sqlstate = error.code().code().to_owned();
        let quotes_values = CLASSES_WITH_VALUES
            .iter()
            .any(|class| sqlstate.starts_with(class));
        let own_words = is_own_words(&sqlstate, error.routine());
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Self {
            message: if own_words {
                OWN_WORDS.to_owned()
            } else if quotes_values {
                withhold(error.message())
            } else {
                error.message().to_owned()
            },
            schema: owned(error.schema()),
            table: owned(error.table()),
            column: owned(error.column()),
            constraint: owned(error.constraint()),
            detail: owned(error.detail().filter(|_| !quotes_values && !own_words)),
            hint: owned(error.hint().filter(|_| !own_words)),
            copy_place: error.where_().and_then(copy_place),
            sqlstate,
        }
    }

    /// `schema.table.column` as far as the server named them.
    pub fn place(&self) -> Option<String> {
        let names: Vec<&str> = [&self.schema, &self.table, &self.column]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        (!names.is_empty()).then(|| names.join("."))
    }

    /// The row of a COPY that was refused, counted from 1.
    pub fn copy_line(&self) -> Option<u64> {
        // The table's name comes first and may hold anything.
        let (_, rest) = self.copy_place.as_deref()?.rsplit_once(", line ")?;
        rest.split(',').next()?.parse().ok()
    }

    /// What the user can do next.
    pub(super) fn next(&self) -> String {
        let advice = match (self.sqlstate.as_str(), &self.hint) {
            ("53100", _) => "Free disk space on the server, then run the same command again.",
            ("53200", _) => "The server is out of memory; lower its load, then run the same command again.",
            ("55P03", _) => {
                "Another session holds a lock on the object; find it in pg_locks, let it end, run again."
            }
            ("42P07", _) => {
                "Another session made it meanwhile; name an empty schema with --schema NAME, or drop it if it is \
                 yours to drop."
            }
            ("57014", _) => "The statement was cancelled on the server; run the same command again.",
            ("40001" | "40P01", _) => "It collided with another session; run the same command again.",
            ("25006", _) => "Connect to a server that takes writes.",
            (_, Some(hint)) => hint,
            _ => "The values involved are in the server's log, if it logs statements.",
        };
        advice.to_owned()
    }
}

impl fmt::Display for SqlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (SQLSTATE {})", self.message, self.sqlstate)?;
        if let Some(place) = self.place() {
            write!(f, ", at {place}")?;
        }
        if let Some(constraint) = &self.constraint {
            write!(f, ", constraint {constraint}")?;
        }
        if let Some(place) = &self.copy_place {
            write!(f, ", in {place}")?;
        }
        if let Some(detail) = &self.detail {
            write!(f, "; {detail}")?;
        }
        Ok(())
    }
}

/// Whether a function on the server worded the message: class P0, or any code that its RAISE chose.
fn is_own_words(sqlstate: &str, routine: Option<&str>) -> bool {
    sqlstate.starts_with("P0") || routine == Some("exec_stmt_raise")
}

/// Replaces everything from the first to the last double quote; a value may itself hold quotes.
fn withhold(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(first), Some(last)) if first < last => {
            format!("{}{WITHHELD}{}", &message[..first], &message[last + 1..])
        }
        (Some(first), _) => format!("{}{WITHHELD}", &message[..first]),
        _ => message.to_owned(),
    }
}

/// `COPY table, line 3, column a` of a CONTEXT, without the value or row that may follow.
fn copy_place(context: &str) -> Option<String> {
    let line = context.lines().find(|line| line.starts_with("COPY "))?;
    Some(line.split(": \"").next().unwrap_or(line).to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_in_a_message_is_withheld_with_the_quotes_inside_it() {
        let cases = [
            (
                "invalid input syntax for type integer: \"se\"cret\"",
                "invalid input syntax for type integer: \"(value withheld)\"",
            ),
            (
                "value \"3000000000\" is out of range for type integer",
                "value \"(value withheld)\" is out of range for type integer",
            ),
            ("division by zero", "division by zero"),
            ("torn \"secret", "torn \"(value withheld)\""),
        ];
        for (message, expected) in cases {
            assert_eq!(withhold(message), expected);
        }
    }

    #[test]
    fn a_copy_context_keeps_line_and_column_only() {
        assert_eq!(
            copy_place("COPY t, line 3, column a: \"secret\"").as_deref(),
            Some("COPY t, line 3, column a")
        );
        assert_eq!(
            copy_place("PL/pgSQL function f()\nCOPY t, line 3: \"1\tsecret\"").as_deref(),
            Some("COPY t, line 3")
        );
        assert_eq!(copy_place("SQL function \"f\" statement 1"), None);
    }

    #[test]
    fn the_words_of_a_function_on_the_server_are_its_own() {
        assert!(is_own_words("P0001", None));
        assert!(is_own_words("23514", Some("exec_stmt_raise")));
        assert!(!is_own_words("23514", Some("ExecConstraints")));
    }

    proptest! {
        #[test]
        fn no_value_between_quotes_survives(value in "[a-z\"]{0,12}") {
            let told = withhold(&format!("bad value: \"X{value}X\""));
            prop_assert_eq!(told, format!("bad value: {WITHHELD}"));
        }
    }
}
