//! Truth values as applications spell them.

use outgrow_shared::value::Value;

const TRUE: [&str; 6] = ["true", "t", "yes", "y", "on", "1"];
const FALSE: [&str; 6] = ["false", "f", "no", "n", "off", "0"];

/// The truth value of 0 and 1 in any numeric class, and of the words that Postgres knows, whole and in any case.
pub fn any(value: &Value<'_>) -> Option<bool> {
    match value {
        Value::Integer(integer) => from_number(*integer == 0, *integer == 1),
        Value::Real(real) => from_number(*real == 0.0, *real == 1.0),
        Value::Text(text) => {
            let is_one_of = |words: [&str; 6]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
            from_number(is_one_of(FALSE), is_one_of(TRUE))
        }
        _ => None,
    }
}

fn from_number(is_false: bool, is_true: bool) -> Option<bool> {
    (is_false || is_true).then_some(is_true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_of_truth() {
        for value in [
            Value::Integer(1),
            Value::Real(1.0),
            Value::Text("T"),
            Value::Text("Yes"),
            Value::Text("oN"),
        ] {
            assert_eq!(any(&value), Some(true), "{value}");
        }
        for value in [
            Value::Integer(0),
            Value::Real(-0.0),
            Value::Text("FALSE"),
            Value::Text("n"),
            Value::Text("0"),
        ] {
            assert_eq!(any(&value), Some(false), "{value}");
        }
        for value in [
            Value::Integer(2),
            Value::Integer(-1),
            Value::Real(0.5),
            Value::Text(""),
            Value::Text("tru"),
            Value::Text(" t"),
            Value::Text("null"),
            Value::Blob(b"t"),
            Value::RawText(b"\xff"),
        ] {
            assert_eq!(any(&value), None, "{value}");
        }
    }
}
