//! JSON: which values are a text of it, and its canonical form, in which two texts are equal when `jsonb` says so.
//!
//! Canonical is: no spaces; members of an object by the bytes of their keys as written here, of equal keys the
//! last; numbers by value without needless digits, with an exponent where that saves more than 20 zeros; in strings
//! only quote, backslash and control characters escaped, the latter as `\b \f \n \r \t` or `\u00` with lower-case
//! hex. Nothing recurses, so no text can use up the stack.

use std::ops::Range;

use outgrow_shared::value::Value;

use super::decimal::Decimal;
use super::model::{Normal, Outcome};
use crate::census::Json;
use crate::plan::mapping::write_number;

/// Bytes that `jsonb` gives to one string or one container.
const JSONB_BYTES_MAX: usize = 0x0fff_ffff;

/// The JSON text of a value; a number is written into the buffer.
fn text_of<'a>(value: &Value<'a>, buffer: &'a mut String) -> Option<&'a str> {
    match value {
        Value::Text(text) => Some(text),
        Value::Blob(bytes) => std::str::from_utf8(bytes).ok(),
        Value::Integer(_) => {
            write_number(value, buffer);
            Some(buffer)
        }
        Value::Real(real) if real.is_finite() => {
            write_number(value, buffer);
            Some(buffer)
        }
        _ => None,
    }
}

/// The text that a `json` column keeps.
pub fn any<'a>(value: &Value<'a>, buffer: &'a mut String) -> Option<&'a str> {
    text_of(value, buffer).filter(|text| Json::of_any(text).is_some())
}

pub(super) fn any_outcome(value: &Value<'_>, buffer: &mut String) -> Option<Outcome> {
    if let Value::Text(text) = value {
        return Outcome::same_if(Json::of_any(text).is_some());
    }
    let text = any(value, &mut String::new())?.to_owned();
    *buffer = text;
    Some(Outcome::of(Normal::Text))
}

/// The text that a `jsonb` column takes.
pub fn any_binary<'a>(value: &Value<'a>, buffer: &'a mut String) -> Option<&'a str> {
    text_of(value, buffer).filter(|text| fits_binary(text))
}

fn fits_binary(text: &str) -> bool {
    text.len() <= JSONB_BYTES_MAX && Json::of_any(text).is_some_and(|json| json.fits_jsonb)
}

pub(super) fn any_binary_outcome(value: &Value<'_>, buffer: &mut String) -> Option<Outcome> {
    let mut number = String::new();
    let text = any_binary(value, &mut number)?;
    canonical(text, buffer)?;
    Some(Outcome::of(Normal::Text))
}

/// Leaves the canonical form of a text in the buffer; `None` for what `jsonb` would not take, or could not print.
pub fn canonical(text: &str, buffer: &mut String) -> Option<()> {
    buffer.clear();
    if !fits_binary(text) {
        return None;
    }
    let mut writer = Writer {
        out: std::mem::take(buffer),
        open: Vec::new(),
        printed: 0,
    };
    let done = writer.write(text);
    *buffer = writer.out;
    done
}

/// A container that is not closed yet.
enum Open {
    Array {
        is_empty: bool,
    },
    Object {
        /// Where its members begin in what was written.
        start: usize,
        members: Vec<Member>,
    },
}

/// Where a member's key, with quotes, and the whole of it were written.
struct Member {
    key: Range<usize>,
    end: usize,
}

struct Writer {
    out: String,
    open: Vec<Open>,
    /// About how many bytes Postgres prints of the numbers so far.
    printed: usize,
}

impl Writer {
    /// Writes a text that is known to be JSON.
    fn write(&mut self, text: &str) -> Option<()> {
        let mut rest = text.trim_start_matches(is_space);
        while let Some(first) = rest.bytes().next() {
            let taken = match first {
                b'{' | b'[' => {
                    self.before_value();
                    self.begin(first);
                    1
                }
                b'}' | b']' => {
                    self.end()?;
                    1
                }
                b',' => 1,
                b':' => {
                    self.out.push(':');
                    1
                }
                b'"' => {
                    let length = string_length(rest)?;
                    self.string(rest.get(1..length - 1)?)?;
                    length
                }
                _ => {
                    let length = rest
                        .find(|c| is_space(c) || matches!(c, ',' | ']' | '}'))
                        .unwrap_or(rest.len());
                    self.before_value();
                    self.word(&rest[..length])?;
                    self.after_value();
                    length
                }
            };
            rest = rest.get(taken..)?.trim_start_matches(is_space);
        }
        self.open.is_empty().then_some(())
    }

    fn begin(&mut self, bracket: u8) {
        if bracket == b'[' {
            self.out.push('[');
            self.open.push(Open::Array { is_empty: true });
        } else {
            self.out.push('{');
            self.open.push(Open::Object {
                start: self.out.len(),
                members: Vec::new(),
            });
        }
    }

    fn end(&mut self) -> Option<()> {
        match self.open.pop()? {
            Open::Array { .. } => self.out.push(']'),
            Open::Object { start, members } => {
                order(&mut self.out, start, members);
                self.out.push('}');
            }
        }
        self.after_value();
        Some(())
    }

    /// A comma, if the value is not the first of its array. Members get theirs before their key.
    fn before_value(&mut self) {
        if let Some(Open::Array { is_empty }) = self.open.last_mut()
            && !std::mem::replace(is_empty, false)
        {
            self.out.push(',');
        }
    }

    /// The end of a member, if the value was one.
    fn after_value(&mut self) {
        let end = self.out.len();
        if let Some(Open::Object { members, .. }) = self.open.last_mut()
            && let Some(member) = members.last_mut()
        {
            member.end = end;
        }
    }

    fn string(&mut self, inside: &str) -> Option<()> {
        // A member without an end yet waits for its value; otherwise a string in an object is a key.
        let is_key = matches!(self.open.last(), Some(Open::Object { members, .. })
            if members.last().is_none_or(|member| member.end != 0));
        if is_key {
            let is_first =
                matches!(self.open.last(), Some(Open::Object { members, .. }) if members.is_empty());
            if !is_first {
                self.out.push(',');
            }
            let from = self.out.len();
            write_string(inside, &mut self.out)?;
            let key = from..self.out.len();
            if let Some(Open::Object { members, .. }) = self.open.last_mut() {
                members.push(Member { key, end: 0 });
            }
            return Some(());
        }
        self.before_value();
        write_string(inside, &mut self.out)?;
        self.after_value();
        Some(())
    }

    fn word(&mut self, word: &str) -> Option<()> {
        if matches!(word, "true" | "false" | "null") {
            self.out.push_str(word);
            return Some(());
        }
        let number = Decimal::parse(word)?;
        // A few bytes of text can be a number of a hundred thousand digits.
        self.printed += usize::try_from(number.printed_length()).ok()?;
        number.write_compact(&mut self.out);
        (self.printed <= JSONB_BYTES_MAX).then_some(())
    }
}

fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\n' | '\r' | '\t')
}

/// Bytes of the string that a text begins with, quotes included.
pub(super) fn string_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        match bytes[at] {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
}

/// Brings the members that were written from `start` on into order; of equal keys the last one stays.
fn order(out: &mut String, start: usize, mut members: Vec<Member>) {
    let key = |member: &Member| &out.as_bytes()[member.key.clone()];
    if members.is_sorted_by(|left, right| key(left) < key(right)) {
        return;
    }
    // The sort is stable, so the last of equal keys is the last that was written.
    members.sort_by(|left, right| key(left).cmp(key(right)));
    let mut ordered = String::with_capacity(out.len() - start);
    for (place, member) in members.iter().enumerate() {
        let is_repeated = members
            .get(place + 1)
            .is_some_and(|next| key(next) == key(member));
        if is_repeated {
            continue;
        }
        if !ordered.is_empty() {
            ordered.push(',');
        }
        ordered.push_str(&out[member.key.start..member.end]);
    }
    out.truncate(start);
    out.push_str(&ordered);
}

/// Writes what stands between the quotes of a string in its one form, with quotes.
fn write_string(inside: &str, out: &mut String) -> Option<()> {
    out.push('"');
    let mut rest = inside;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let letter = *rest.as_bytes().get(at + 1)?;
        rest = rest.get(at + 2..)?;
        let character = match letter {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let (unit, after) = unit(rest)?;
                rest = after;
                if (0xd800..0xdc00).contains(&unit) {
                    let (low, after) = self::unit(rest.strip_prefix("\\u")?)?;
                    rest = after;
                    let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                    char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + low)?
                } else {
                    char::from_u32(unit)?
                }
            }
            other => char::from(other),
        };
        write_character(character, out);
    }
    out.push_str(rest);
    out.push('"');
    Some(())
}

/// The number of four hex digits, and what follows them.
fn unit(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}

fn write_character(character: char, out: &mut String) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        control if control < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(control))),
        other => out.push(other),
    }
}

/// Writes a text as a JSON string in its one form.
pub fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    text.chars().for_each(|character| write_character(character, out));
    out.push('"');
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
