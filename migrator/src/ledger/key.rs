//! Keys of chunks as text: a JSON array that a person can read and that comes back as the same key.
//!
//! `[7]`, `["a", 3]`, `[{"blob": "00ff"}]`: integers are numbers, texts are strings, blobs hexadecimal digits. No other
//! class is in a key that orders chunks.

use outgrow_shared::value::OwnedValue;
use serde_json::{Value as Json, json};

/// A key as text.
pub fn to_text(key: &[OwnedValue]) -> String {
    let values = key.iter().map(|value| match value {
        OwnedValue::Integer(integer) => json!(integer),
        OwnedValue::Text(text) => json!(text),
        OwnedValue::Blob(bytes) | OwnedValue::RawText(bytes) => json!({ "blob": hex(bytes) }),
        OwnedValue::Null | OwnedValue::Real(_) => Json::Null,
    });
    Json::Array(values.collect()).to_string()
}

/// A key from its text; nothing if it is none.
pub fn from_text(text: &str) -> Option<Vec<OwnedValue>> {
    let Json::Array(values) = serde_json::from_str(text).ok()? else {
        return None;
    };
    values
        .into_iter()
        .map(|value| match value {
            Json::Number(number) => number.as_i64().map(OwnedValue::Integer),
            Json::String(text) => Some(OwnedValue::Text(text)),
            Json::Object(object) => unhex(object.get("blob")?.as_str()?).map(OwnedValue::Blob),
            Json::Null | Json::Bool(_) | Json::Array(_) => None,
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    let pairs = (0..digits.len()).step_by(2).map(|at| digits.get(at..at + 2));
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = OwnedValue> {
        prop_oneof![
            any::<i64>().prop_map(OwnedValue::Integer),
            any::<String>().prop_map(OwnedValue::Text),
            any::<Vec<u8>>().prop_map(OwnedValue::Blob),
        ]
    }

    proptest! {
        #[test]
        fn a_key_comes_back(key in prop::collection::vec(value(), 1..4)) {
            prop_assert_eq!(from_text(&to_text(&key)), Some(key));
        }

        #[test]
        fn any_text_is_a_key_or_none(text in any::<String>()) {
            let _ = from_text(&text);
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            "{}",
            "[1.5]",
            "[null]",
            "[{\"blob\": \"0\"}]",
            "[{\"blob\": \"zz\"}]",
            "[{}]",
            "[true]",
        ] {
            assert_eq!(from_text(text), None, "{text}");
        }
        let key = [
            OwnedValue::Integer(i64::MIN),
            OwnedValue::Text("a\"".into()),
            OwnedValue::Blob(vec![0, 255]),
        ];
        assert_eq!(to_text(&key), r#"[-9223372036854775808,"a\"",{"blob":"00ff"}]"#);
    }
}
