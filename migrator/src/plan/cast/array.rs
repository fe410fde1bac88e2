//! Arrays of one dimension out of JSON arrays: which elements there are, and how they are written as JSON again.
//!
//! An element travels as its own type does. What JSON says and the type does not hold is refused: an array in an
//! array, a number among texts, a text among numbers.

use std::fmt::{self, Write};

use outgrow_shared::value::Value;
use uuid::Uuid;

use super::decimal::{Decimal, Limit};
use super::model::{Normal, Outcome, Width};
use super::{json, number, uuid as uuid_spelling};

/// The type of an array's elements: one of Postgres' own, whose number is the same on every server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Element {
    /// `boolean`.
    Boolean,
    /// An integer.
    Whole(Width),
    /// `real`.
    Real,
    /// `double precision`.
    Double,
    /// `numeric`.
    Numeric(Limit),
    /// `text`.
    Text,
    /// `character varying`.
    Varchar,
    /// `uuid`.
    Uuid,
}

/// One element.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// NULL.
    Null,
    /// A truth value.
    Boolean(bool),
    /// An integer of the element's width.
    Whole(i64),
    /// A binary32.
    Real(f32),
    /// A binary64.
    Double(f64),
    /// A decimal.
    Numeric(Decimal),
    /// A text.
    Text(String),
    /// A UUID.
    Uuid(Uuid),
}

impl Element {
    /// Its number in `pg_type`, fixed in `pg_type.dat` of Postgres.
    pub const fn oid(self) -> u32 {
        match self {
            Self::Boolean => 16,
            Self::Whole(Width::Bigint) => 20,
            Self::Whole(Width::Smallint) => 21,
            Self::Whole(Width::Integer) => 23,
            Self::Text => 25,
            Self::Real => 700,
            Self::Double => 701,
            Self::Varchar => 1043,
            Self::Numeric(_) => 1700,
            Self::Uuid => 2950,
        }
    }

    /// The item of a JSON token in canonical form, and whether it is less precise.
    fn item(self, token: &str) -> Option<(Item, bool)> {
        if token == "null" {
            return Some((Item::Null, false));
        }
        let exact = |item| Some((item, false));
        match self {
            Self::Boolean => match token {
                "true" => exact(Item::Boolean(true)),
                "false" => exact(Item::Boolean(false)),
                _ => None,
            },
            Self::Text | Self::Varchar => exact(Item::Text(serde_json::from_str(token).ok()?)),
            Self::Uuid => {
                let text: String = serde_json::from_str(token).ok()?;
                exact(Item::Uuid(uuid_spelling::any(&Value::Text(&text))?))
            }
            Self::Whole(width) => exact(Item::Whole(number::any_whole(&Value::Text(token), width)?)),
            Self::Real => {
                let single = number::any_real(&Value::Text(token)).filter(|real| real.is_finite())?;
                float_item(Item::Real(single), token, &single)
            }
            Self::Double => {
                let double = number::any_double(&Value::Text(token)).filter(|real| real.is_finite())?;
                float_item(Item::Double(double), token, &double)
            }
            Self::Numeric(limit) => {
                let decimal = Decimal::parse(token).filter(|decimal| decimal.fits(limit))?;
                exact(Item::Numeric(decimal))
            }
        }
    }
}

/// A float, rounded if its own shortest decimal is another than the token.
fn float_item(item: Item, token: &str, shortest: &dyn fmt::Display) -> Option<(Item, bool)> {
    let (written, nearest) = (Decimal::parse(token)?, Decimal::parse(&shortest.to_string())?);
    let same = (written.digits, written.point) == (nearest.digits, nearest.point);
    Some((item, !same))
}

/// The items of a JSON array, and whether one of them is less precise than it was.
pub fn items(value: &Value<'_>, element: Element) -> Option<(Vec<Item>, bool)> {
    let text = match value {
        Value::Text(text) => *text,
        Value::Blob(bytes) => std::str::from_utf8(bytes).ok()?,
        _ => return None,
    };
    let mut canonical = String::new();
    json::canonical(text, &mut canonical)?;
    let mut rest = canonical.strip_prefix('[')?.strip_suffix(']')?;
    let (mut items, mut any_rounded) = (Vec::new(), false);
    while !rest.is_empty() {
        let end = if rest.starts_with('"') {
            json::string_length(rest)?
        } else {
            rest.find(',').unwrap_or(rest.len())
        };
        let (item, rounded) = element.item(&rest[..end])?;
        items.push(item);
        any_rounded |= rounded;
        rest = rest.get(end..)?;
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
    Some((items, any_rounded))
}

/// Writes the items as canonical JSON; `None` for a float that JSON does not have.
pub fn write(items: &[Item], text: &mut String) -> Option<()> {
    text.clear();
    text.push('[');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        match item {
            Item::Null => text.push_str("null"),
            Item::Boolean(truth) => text.push_str(if *truth { "true" } else { "false" }),
            Item::Whole(integer) => write!(text, "{integer}").ok()?,
            Item::Real(real) => Decimal::parse(&real.to_string())?.write_compact(text),
            Item::Double(real) => Decimal::parse(&real.to_string())?.write_compact(text),
            Item::Numeric(decimal) => decimal.write_compact(text),
            Item::Text(inside) => json::write_quoted(inside, text),
            Item::Uuid(uuid) => write!(text, "\"{}\"", uuid.as_hyphenated()).ok()?,
        }
    }
    text.push(']');
    Some(())
}

pub(super) fn outcome(value: &Value<'_>, element: Element, text: &mut String) -> Option<Outcome> {
    let (items, rounded) = items(value, element)?;
    write(&items, text)?;
    Some(Outcome::of(Normal::Text).rounded_if(rounded))
}

/// Whether every text in the array has at most so many characters.
pub(super) fn texts_have_at_most(value: &Value<'_>, characters: u32) -> bool {
    let most = usize::try_from(characters).unwrap_or(usize::MAX);
    items(value, Element::Varchar).is_some_and(|(items, _)| {
        items.iter().all(|item| match item {
            Item::Text(text) => text.chars().nth(most).is_none(),
            _ => true,
        })
    })
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("boolean"),
            Self::Whole(width) => width.fmt(f),
            Self::Real => f.write_str("real"),
            Self::Double => f.write_str("double"),
            Self::Numeric(limit) => write!(f, "numeric{limit}"),
            Self::Text => f.write_str("text"),
            Self::Varchar => f.write_str("varchar"),
            Self::Uuid => f.write_str("uuid"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str, element: Element) -> Option<(String, bool)> {
        let mut buffer = String::new();
        outcome(&Value::Text(text), element, &mut buffer).map(|outcome| (buffer, outcome.rounded))
    }

    #[test]
    fn arrays_of_each_element() {
        let limit = Limit::Digits {
            precision: 4,
            scale: 2,
        };
        for (element, text, expected) in [
            (Element::Boolean, "[true, false,null]", "[true,false,null]"),
            (
                Element::Whole(Width::Smallint),
                "[ -32768, 3.2767e4 ]",
                "[-32768,32767]",
            ),
            (
                Element::Whole(Width::Bigint),
                "[9223372036854775807]",
                "[9223372036854775807]",
            ),
            (Element::Real, "[0.1, 1e30, -0.0]", "[0.1,1e30,0]"),
            (Element::Double, "[0.1, 5e-324]", "[0.1,5e-324]"),
            (Element::Numeric(limit), "[99.990]", "[99.99]"),
            (Element::Numeric(Limit::None), "[1e30]", "[1e30]"),
            (
                Element::Text,
                r#"["a,]\"b", "", "\u00e9"]"#,
                "[\"a,]\\\"b\",\"\",\"\u{e9}\"]",
            ),
            (
                Element::Uuid,
                r#"["A0EEBC999C0B4EF8BB6D6BB9BD380A11"]"#,
                r#"["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]"#,
            ),
            (Element::Varchar, "[]", "[]"),
        ] {
            assert_eq!(
                normal(text, element),
                Some((expected.to_owned(), false)),
                "{text}"
            );
        }
        assert_eq!(
            normal("[0.12345678901]", Element::Real),
            Some(("[0.12345679]".to_owned(), true))
        );
    }

    #[test]
    fn what_does_not_fit_the_element_is_refused() {
        for (element, text) in [
            (Element::Whole(Width::Smallint), "[32768]"),
            (Element::Whole(Width::Integer), "[0.5]"),
            (Element::Whole(Width::Integer), "[\"1\"]"),
            (Element::Text, "[1]"),
            (Element::Text, "[[\"a\"]]"),
            (Element::Text, "[{}]"),
            (Element::Text, "[\"\\u0000\"]"),
            (Element::Boolean, "[1]"),
            (Element::Real, "[1e39]"),
            (Element::Double, "[1e400]"),
            (Element::Double, "[\"NaN\"]"),
            (Element::Uuid, "[\"x\"]"),
            (Element::Text, "\"a\""),
            (Element::Text, "{\"a\":\"b\"}"),
            (Element::Text, ""),
        ] {
            assert_eq!(normal(text, element), None, "{text}");
        }
        assert!(texts_have_at_most(&Value::Text("[\"\u{e9}b\",null]"), 2));
        assert!(!texts_have_at_most(&Value::Text("[\"abc\"]"), 2));
    }
}
