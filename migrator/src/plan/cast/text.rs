//! Everything that a column of text can hold: texts, numbers written out, and bytes that are text.

use outgrow_shared::value::Value;

use super::model::{Normal, Outcome};
use crate::plan::mapping::write_number;

/// The text of a value, numbers written into the buffer. Postgres has no NUL in text.
pub fn every<'a>(value: &Value<'a>, text: &'a mut String) -> Option<&'a str> {
    match value {
        Value::Text(text) => without_nul(text),
        Value::Blob(bytes) => std::str::from_utf8(bytes).ok().and_then(without_nul),
        Value::Integer(_) | Value::Real(_) => {
            write_number(value, text);
            Some(text)
        }
        _ => None,
    }
}

fn without_nul(text: &str) -> Option<&str> {
    (!text.as_bytes().contains(&0)).then_some(text)
}

pub(super) fn every_outcome(value: &Value<'_>, buffer: &mut String) -> Option<Outcome> {
    if let Value::Text(text) = value {
        return Outcome::same_if(without_nul(text).is_some());
    }
    copy_of(value, buffer, str::len)
}

/// Leaves the text of a value in the buffer, up to the length that is asked for.
fn copy_of(value: &Value<'_>, buffer: &mut String, length: fn(&str) -> usize) -> Option<Outcome> {
    if let Value::Text(_) | Value::Blob(_) = value {
        let text = every(value, &mut String::new())?.to_owned();
        buffer.clear();
        buffer.push_str(&text[..length(&text)]);
    } else {
        every(value, buffer)?;
    }
    Some(Outcome::of(Normal::Text))
}

/// A TEXT without spaces at its end, which is all that `character(n)` gives back.
pub fn stripped<'a>(value: &Value<'a>) -> Option<&'a str> {
    match value {
        Value::Text(text) if !text.ends_with(' ') => without_nul(text),
        _ => None,
    }
}

/// What `character(n)` keeps of a text.
pub fn strip(text: &str) -> &str {
    text.trim_end_matches(' ')
}

pub(super) fn any_char_outcome(value: &Value<'_>, buffer: &mut String) -> Option<Outcome> {
    if stripped(value).is_some() {
        return Some(Outcome::SAME);
    }
    copy_of(value, buffer, |text| strip(text).len())
}

/// A TEXT that could be a label. Which labels there are is known to the candidate.
pub fn label<'a>(value: &Value<'a>) -> Option<&'a str> {
    match value {
        Value::Text(text) => without_nul(text),
        _ => None,
    }
}

/// Whether a value's text has at most so many characters, as Postgres counts them: code points.
pub(super) fn has_at_most(value: &Value<'_>, characters: u32, buffer: &mut String) -> bool {
    let Some(text) = every(value, buffer) else {
        return false;
    };
    let most = usize::try_from(characters).unwrap_or(usize::MAX);
    text.len() <= most || text.chars().nth(most).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_but_broken_text_is_text() {
        let text = |value: Value<'_>| every(&value, &mut String::new()).map(str::to_owned);
        assert_eq!(text(Value::Text("a ")).as_deref(), Some("a "));
        assert_eq!(text(Value::Blob("\u{e9}".as_bytes())).as_deref(), Some("\u{e9}"));
        assert_eq!(text(Value::Integer(-5)).as_deref(), Some("-5"));
        assert_eq!(text(Value::Real(1.0)).as_deref(), Some("1.0"));
        for refused in [
            Value::Text("a\0"),
            Value::Blob(b"\xff"),
            Value::Blob(b"\0"),
            Value::RawText(b"\xff"),
        ] {
            assert_eq!(text(refused), None, "{refused}");
        }
    }

    #[test]
    fn characters_are_code_points() {
        let fits = |value: Value<'_>, most| has_at_most(&value, most, &mut String::new());
        assert!(fits(Value::Text("\u{e9}\u{1f600}z"), 3) && !fits(Value::Text("\u{e9}\u{1f600}z"), 2));
        assert!(fits(Value::Text(""), 0) && !fits(Value::Text("ab "), 2));
        assert!(fits(Value::Integer(-10), 3) && !fits(Value::Integer(-10), 2));
        assert!(fits(Value::Blob(b"abc"), 3) && !fits(Value::Blob(b"abc"), 2));
    }

    #[test]
    fn padding_is_not_part_of_a_char() {
        let normal = |value: Value<'_>| {
            let mut buffer = String::new();
            any_char_outcome(&value, &mut buffer).map(|outcome| match outcome.normal {
                Normal::Text => buffer,
                other => format!("{other:?}"),
            })
        };
        assert_eq!(normal(Value::Text("a b  ")).as_deref(), Some("a b"));
        assert_eq!(normal(Value::Text("   ")).as_deref(), Some(""));
        assert_eq!(normal(Value::Text("a\t")).as_deref(), Some("Same"));
        assert_eq!(normal(Value::Blob(b"x ")).as_deref(), Some("x"));
        assert_eq!(normal(Value::Integer(7)).as_deref(), Some("7"));
        assert_eq!(stripped(&Value::Text("a ")), None);
        assert_eq!(stripped(&Value::Text("")), Some(""));
    }
}
