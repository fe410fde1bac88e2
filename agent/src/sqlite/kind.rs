//! What a statement is to the meter, told by its first word and by what SQLite says of it.
//!
//! SQLite calls BEGIN, COMMIT and ROLLBACK read-only, and some PRAGMAs not; the word settles those. Only the first
//! word is read: whether a statement writes is SQLite's own answer, never a guess at the text.

/// What a statement is to the meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Reads only.
    Read,
    /// May change the database, or takes the write lock as `BEGIN IMMEDIATE` does.
    Write,
    /// Begins, commits or marks a transaction.
    Control,
    /// Rolls a whole transaction back.
    Rollback,
    /// A PRAGMA: the application's configuration, not its state.
    Pragma,
}

impl Kind {
    /// Kind of a prepared statement; `readonly` is what `sqlite3_stmt_readonly` says of it.
    pub(super) fn of(sql: &str, readonly: bool) -> Self {
        // The common writes at once: this runs for every one of them.
        if !readonly
            && matches!(
                sql.as_bytes().first(),
                Some(b'I' | b'U' | b'D' | b'R' | b'i' | b'u' | b'd' | b'r')
            )
        {
            return Self::Write;
        }
        let (word, rest) = keyword(sql);
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        if is("SELECT") || is("EXPLAIN") {
            return if readonly || is("EXPLAIN") {
                Self::Read
            } else {
                Self::Write
            };
        }
        if is("PRAGMA") {
            return Self::Pragma;
        }
        if !readonly {
            return Self::Write;
        }
        if is("ROLLBACK") {
            return if rolls_back_to(rest) {
                Self::Control
            } else {
                Self::Rollback
            };
        }
        let controls = ["BEGIN", "COMMIT", "END", "SAVEPOINT", "RELEASE"];
        if controls.iter().any(|name| is(name)) {
            Self::Control
        } else {
            Self::Read
        }
    }

    /// Kind of a text that could not be prepared, judged by its first word.
    pub(super) fn of_unprepared(sql: &str) -> Self {
        let (word, _) = keyword(sql);
        let writes = ["INSERT", "REPLACE", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER"];
        if writes.iter().any(|name| word.eq_ignore_ascii_case(name)) {
            Self::Write
        } else {
            Self::Read
        }
    }
}

/// `ROLLBACK [TRANSACTION] TO name` keeps its transaction open.
fn rolls_back_to(rest: &str) -> bool {
    let (mut word, rest) = keyword(rest);
    if word.eq_ignore_ascii_case("TRANSACTION") {
        word = keyword(rest).0;
    }
    word.eq_ignore_ascii_case("TO")
}

/// The first word behind blanks, comments and empty statements, and what follows it.
fn keyword(sql: &str) -> (&str, &str) {
    let mut text = sql.trim_start_matches(blank);
    loop {
        let comment = if let Some(line) = text.strip_prefix("--") {
            line.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(block) = text.strip_prefix("/*") {
            block.split_once("*/").map_or("", |(_, rest)| rest)
        } else {
            let end = text
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(text.len());
            return text.split_at(end);
        };
        text = comment.trim_start_matches(blank);
    }
}

fn blank(c: char) -> bool {
    c.is_ascii_whitespace() || c == ';' || c == '\u{feff}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_apart_by_their_first_word() {
        let readonly = [
            ("select 1", Kind::Read),
            (" -- why\n/* how */ ; COMMIT", Kind::Control),
            ("BEGIN", Kind::Control),
            ("end transaction", Kind::Control),
            ("ROLLBACK", Kind::Rollback),
            ("rollback transaction", Kind::Rollback),
            ("ROLLBACK TO a", Kind::Control),
            ("rollback transaction to savepoint a", Kind::Control),
            ("SAVEPOINT a", Kind::Control),
            ("PRAGMA page_size", Kind::Pragma),
            ("WITH x AS (SELECT 1) SELECT * FROM x", Kind::Read),
            ("", Kind::Read),
            ("/* open", Kind::Read),
        ];
        for (sql, kind) in readonly {
            assert_eq!(Kind::of(sql, true), kind, "{sql}");
        }
        for sql in [
            "INSERT INTO t VALUES (1)",
            "BEGIN IMMEDIATE",
            "WITH x AS (SELECT 1) DELETE FROM t",
        ] {
            assert_eq!(Kind::of(sql, false), Kind::Write, "{sql}");
        }
        assert_eq!(Kind::of("EXPLAIN DELETE FROM t", false), Kind::Read);
        assert_eq!(Kind::of("PRAGMA journal_mode = wal", false), Kind::Pragma);
        assert_eq!(Kind::of_unprepared("insert into nowhere"), Kind::Write);
        assert_eq!(Kind::of_unprepared("selct 1"), Kind::Read);
    }
}
