//! What can be said of a DDL text from its tokens alone: is it small and flat enough to parse, and what does
//! a quoted token name.

use sqlite3_parser::dialect::TokenType;
use sqlite3_parser::lexer::Scanner;
use sqlite3_parser::lexer::sql::{Error, Tokenizer};

/// Longest DDL text that is parsed, bytes. SQLite's own default limit for a statement is 1,000,000.
pub(super) const TEXT_BYTES_MAX: usize = 1 << 20;

/// Deepest nesting that is parsed, levels of the syntax tree. SQLite's own default limit for an expression is
/// 1000; half of it keeps every recursive walk within a 2 MiB thread stack, also without optimisation.
pub(super) const NESTING_MAX: usize = 500;

/// One open parenthesis: operators since the last comma, and the deepest finished part inside.
#[derive(Default, Clone, Copy)]
struct Level {
    operators: usize,
    inside: usize,
    finished: usize,
}

impl Level {
    fn finish_part(&mut self) {
        self.finished = self.finished.max(self.operators + self.inside);
        (self.operators, self.inside) = (0, 0);
    }
}

/// What is said of the deferral of a foreign key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Deferral {
    pub deferrable: bool,
    pub initially_deferred: bool,
}

/// The deferral of every REFERENCES of a CREATE TABLE in order. The parser passes over one that stands after a
/// constraint name; to SQLite it belongs to the REFERENCES before it, wherever that is.
pub(super) fn deferrals(sql: &str) -> Result<Vec<Deferral>, Error> {
    let input = sql.as_bytes();
    let mut scanner = Scanner::new(Tokenizer::new());
    let mut deferrals: Vec<Deferral> = Vec::new();
    let (mut after_not, mut after_initially) = (false, false);
    while let (_, Some((_, token)), _) = scanner.scan(input)? {
        match (token, deferrals.last_mut()) {
            (TokenType::TK_REFERENCES, _) => deferrals.push(Deferral::default()),
            (TokenType::TK_DEFERRABLE, Some(last)) => {
                *last = Deferral {
                    deferrable: !after_not,
                    initially_deferred: false,
                };
            }
            (TokenType::TK_DEFERRED, Some(last)) if after_initially => {
                last.initially_deferred = last.deferrable;
            }
            _ => {}
        }
        after_not = token == TokenType::TK_NOT;
        after_initially = token == TokenType::TK_INITIALLY;
    }
    Ok(deferrals)
}

/// An upper bound of the depth of the syntax tree, without building it: each level of a tree costs at least an
/// operator or a parenthesis, and commas and semicolons separate siblings.
pub(super) fn nesting_bound(sql: &str) -> Result<usize, Error> {
    let input = sql.as_bytes();
    let mut scanner = Scanner::new(Tokenizer::new());
    let mut levels = vec![Level::default()];
    while let (_, Some((_, token)), _) = scanner.scan(input)? {
        match token {
            TokenType::TK_LP => levels.push(Level::default()),
            TokenType::TK_RP if levels.len() > 1 => {
                let depth = levels.pop().map_or(0, |mut level| {
                    level.finish_part();
                    level.finished + 1
                });
                if let Some(parent) = levels.last_mut() {
                    parent.inside = parent.inside.max(depth);
                }
            }
            TokenType::TK_COMMA | TokenType::TK_SEMI => {
                if let Some(level) = levels.last_mut() {
                    level.finish_part();
                }
            }
            _ if is_operator(token) => {
                if let Some(level) = levels.last_mut() {
                    level.operators += 1;
                }
            }
            _ => {}
        }
    }
    // A text that never closes its parentheses is deep as well.
    let mut open = 0;
    while let Some(mut level) = levels.pop() {
        level.inside = level.inside.max(open);
        level.finish_part();
        open = level.finished + 1;
    }
    Ok(open)
}

fn is_operator(token: TokenType) -> bool {
    use TokenType as T;
    matches!(
        token,
        T::TK_AND
            | T::TK_OR
            | T::TK_NOT
            | T::TK_IS
            | T::TK_MATCH
            | T::TK_LIKE_KW
            | T::TK_BETWEEN
            | T::TK_IN
            | T::TK_ISNULL
            | T::TK_NOTNULL
            | T::TK_NE
            | T::TK_EQ
            | T::TK_GT
            | T::TK_LE
            | T::TK_LT
            | T::TK_GE
            | T::TK_BITAND
            | T::TK_BITOR
            | T::TK_LSHIFT
            | T::TK_RSHIFT
            | T::TK_PLUS
            | T::TK_MINUS
            | T::TK_STAR
            | T::TK_SLASH
            | T::TK_REM
            | T::TK_CONCAT
            | T::TK_PTR
            | T::TK_COLLATE
            | T::TK_BITNOT
            | T::TK_CASE
    )
}

/// The name or string inside a token: `"a""b"`, `` `a` ``, `[a]` and `'a'` lose their quotes.
pub(super) fn unquote(token: &str) -> String {
    let mut chars = token.chars();
    let (Some(first), Some(last)) = (chars.next(), chars.next_back()) else {
        return token.to_owned();
    };
    let inner = chars.as_str();
    match (first, last) {
        ('[', ']') => inner.to_owned(),
        ('"' | '`' | '\'', _) if first == last => {
            let mut doubled = String::new();
            doubled.push(first);
            doubled.push(first);
            inner.replace(&doubled, &first.to_string())
        }
        _ => token.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{nesting_bound, unquote};

    #[test]
    fn quotes_are_taken_off_and_doubled_ones_halved() {
        for (token, name) in [
            ("a", "a"),
            (r#""a b""#, "a b"),
            (r#""quo""te""#, "quo\"te"),
            ("`a``b`", "a`b"),
            ("[a\"b]", "a\"b"),
            ("'it''s'", "it's"),
            ("''''", "'"),
            ("\"\"", ""),
            ("'", "'"),
        ] {
            assert_eq!(unquote(token), name, "{token}");
        }
    }

    #[test]
    fn nesting_counts_operators_and_parentheses_but_not_siblings() {
        assert_eq!(nesting_bound("a").unwrap(), 1);
        assert_eq!(nesting_bound("f(a, b, c)").unwrap(), 2);
        assert_eq!(nesting_bound("a + b + c").unwrap(), 3);
        assert_eq!(nesting_bound("((a + b), c + d)").unwrap(), 4);
        assert!(nesting_bound(&"(".repeat(600)).unwrap() > 600);
    }
}
