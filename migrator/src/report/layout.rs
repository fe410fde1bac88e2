//! Words and lines for a terminal: counts with their noun, folded lines, tables without trailing spaces.
//!
//! Text from the source passes through [`shown`] or [`quoted`] before it gets here.

use comfy_table::Table;
use indicatif::HumanCount;

/// Columns that a line fills at the most; a terminal that somebody copies from is seldom narrower.
pub const WIDTH: usize = 100;

/// A count with its noun: `1 row`, `2,240 rows`.
pub fn counted(count: u64, noun: &str) -> String {
    format!("{} {}", HumanCount(count), plural(count, noun))
}

/// The noun as this count asks for it.
pub fn plural(count: u64, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{noun}{ending}")
}

/// A table's lines without the spaces that fill up its last column.
pub fn lines(table: &Table) -> String {
    let lines = table.to_string();
    let trimmed: Vec<&str> = lines.lines().map(str::trim_end).collect();
    trimmed.join("\n")
}

/// Pieces joined by `separator` and folded to [`WIDTH`], every line indented. A piece is never torn.
pub fn folded<'a>(pieces: impl Iterator<Item = &'a str>, separator: &str, indent: usize) -> String {
    let margin = " ".repeat(indent);
    let (mut text, mut column) = (String::new(), 0);
    for piece in pieces {
        let length = piece.chars().count();
        if column == 0 {
            text.push_str(&margin);
            column = indent;
        } else if column + separator.len() + length > WIDTH {
            text.push_str(separator.trim_end());
            text.push('\n');
            text.push_str(&margin);
            column = indent;
        } else {
            text.push_str(separator);
            column += separator.len();
        }
        text.push_str(piece);
        column += length;
    }
    text.push('\n');
    text
}

/// Text from the source as it can go to a terminal: control characters and newlines escaped, quotes kept.
pub fn shown(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            if c.is_control() {
                c.escape_default().collect()
            } else {
                vec![c]
            }
        })
        .collect()
}

/// A word as a shell reads it back; control characters are escaped, for it is shown to a person first.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", shown(&word.replace('\'', "'\\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        assert_eq!(counted(0, "row"), "0 rows");
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted(2240, "row"), "2,240 rows");
    }

    #[test]
    fn lines_are_full_and_no_longer() {
        let full = "x".repeat(WIDTH - 4);
        let pieces = [full.as_str(), "y"];
        let text = folded(pieces.into_iter(), " ", 2);
        assert_eq!(text, format!("  {full} y\n"));
        let over = "x".repeat(WIDTH - 3);
        let pieces = [over.as_str(), "y"];
        assert_eq!(folded(pieces.into_iter(), ", ", 2), format!("  {over},\n  y\n"));
    }

    #[test]
    fn a_shell_reads_the_word_back() {
        assert_eq!(quoted("a/b-1.db"), "a/b-1.db");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted("$(x)"), "'$(x)'");
        assert_eq!(quoted("a\nb"), "'a\\nb'");
        assert_eq!(quoted(""), "''");
    }
}
