//! UUIDs as applications spell them: digits alone, upper case, braces, a URN, sixteen bytes.

use std::fmt::Write;

use outgrow_shared::value::Value;
use uuid::Uuid;

use super::model::{Normal, Outcome};

/// Digits of a UUID.
const DIGITS: usize = 32;
/// Digits with the hyphens between them.
const HYPHENATED: usize = 36;
const URN: &str = "urn:uuid:";

/// The UUID of 32 digits in lower case.
pub fn lower_digits(value: &Value<'_>) -> Option<Uuid> {
    match value {
        Value::Text(text) if text.len() == DIGITS && !has_upper(text) => Uuid::try_parse(text).ok(),
        _ => None,
    }
}

/// The UUID with hyphens, in upper case. One without a letter is in lower case as well, and in both spelled alike.
pub fn upper(value: &Value<'_>) -> Option<Uuid> {
    match value {
        Value::Text(text)
            if text.len() == HYPHENATED && !text.bytes().any(|byte| byte.is_ascii_lowercase()) =>
        {
            Uuid::try_parse(text).ok()
        }
        _ => None,
    }
}

/// Whether the text is spelled as Postgres spells it.
pub(super) fn is_canonical(text: &str) -> bool {
    text.len() == HYPHENATED && !has_upper(text) && Uuid::try_parse(text).is_ok()
}

fn has_upper(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// The UUID in any spelling.
pub fn any(value: &Value<'_>) -> Option<Uuid> {
    let text = match value {
        Value::Blob(bytes) => return Uuid::from_slice(bytes).ok(),
        Value::Text(text) => *text,
        _ => return None,
    };
    let bare = match text.get(..URN.len()) {
        Some(start) if start.eq_ignore_ascii_case(URN) => &text[URN.len()..],
        _ => text
            .strip_prefix('{')
            .map_or(Some(text), |rest| rest.strip_suffix('}'))?,
    };
    // The crate takes braces and URNs itself, but only one spelling of each.
    matches!(bare.len(), DIGITS | HYPHENATED)
        .then(|| Uuid::try_parse(bare).ok())
        .flatten()
}

pub(super) fn any_outcome(value: &Value<'_>, text: &mut String) -> Option<Outcome> {
    let uuid = any(value)?;
    text.clear();
    write!(text, "{}", uuid.as_hyphenated()).ok()?;
    Some(Outcome::of(Normal::Text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOWER: &str = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";

    #[test]
    fn every_spelling_is_the_same_uuid() {
        let upper_case = LOWER.to_uppercase();
        let digits = LOWER.replace('-', "");
        let expected = Uuid::try_parse(LOWER).unwrap();
        for text in [
            LOWER.to_owned(),
            upper_case.clone(),
            digits.clone(),
            digits.to_uppercase(),
            format!("{{{LOWER}}}"),
            format!("{{{digits}}}"),
            format!("URN:UUID:{upper_case}"),
            format!("urn:uuid:{LOWER}"),
        ] {
            assert_eq!(any(&Value::Text(&text)), Some(expected), "{text}");
        }
        assert_eq!(any(&Value::Blob(expected.as_bytes())), Some(expected));
        assert_eq!(lower_digits(&Value::Text(&digits)), Some(expected));
        assert_eq!(upper(&Value::Text(&upper_case)), Some(expected));
        assert!(is_canonical(LOWER) && !is_canonical(&upper_case) && !is_canonical(&digits));
    }

    #[test]
    fn what_is_no_uuid_is_refused() {
        for text in [
            "",
            "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
            "{{a0eebc999c0b4ef8bb6d6bb9bd380a11}}",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g",
            "a0eebc9-99c0b-4ef8-bb6d-6bb9bd380a11",
            "urn:uuid:{a0eebc999c0b4ef8bb6d6bb9bd380a11}",
            " a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            "urn:uui\u{e9}:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        ] {
            assert_eq!(any(&Value::Text(text)), None, "{text}");
        }
        assert_eq!(any(&Value::Blob(&[0; 15])), None);
        assert_eq!(any(&Value::Integer(1)), None);
        assert_eq!(
            lower_digits(&Value::Text("A0eebc999c0b4ef8bb6d6bb9bd380a11")),
            None
        );
        assert_eq!(upper(&Value::Text("a0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11")), None);
    }
}
