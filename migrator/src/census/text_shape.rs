//! Shapes that a whole column of texts may have: UUIDs, words for true and false, numbers.
//!
//! A shape asks whether Postgres would read the text as that type; whether it gives it back letter for letter
//! is another question, which only the canonical UUID answers with yes.

/// A shape that every text of a column may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum TextShape {
    /// A UUID as Postgres writes it: lower case, hyphens after 8, 4, 4 and 4 digits, no braces.
    UuidCanonical = 1,
    /// A UUID in any spelling that Postgres reads.
    Uuid = 2,
    /// `true`, `false`, `t`, `f`, `yes`, `no`, `on` or `off`, in any case.
    BooleanWord = 4,
}

/// The shapes that are still possible for a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextShapes(u8);

impl TextShapes {
    pub(super) const ALL: Self =
        Self(TextShape::UuidCanonical as u8 | TextShape::Uuid as u8 | TextShape::BooleanWord as u8);

    pub(super) fn has(self, shape: TextShape) -> bool {
        self.0 & shape as u8 != 0
    }

    /// Drops the shapes that this text does not have. A shape that is gone is not looked at again.
    pub(super) fn narrow(&mut self, text: &str) {
        if self.0 == 0 {
            return;
        }
        let bytes = text.as_bytes();
        let mut kept = 0;
        if self.has(TextShape::UuidCanonical) && is_canonical_uuid(bytes) {
            kept |= TextShape::UuidCanonical as u8;
        }
        if self.has(TextShape::Uuid) && (kept != 0 || is_uuid(bytes)) {
            kept |= TextShape::Uuid as u8;
        }
        if self.has(TextShape::BooleanWord) && is_boolean_word(text) {
            kept |= TextShape::BooleanWord as u8;
        }
        self.0 = kept;
    }
}

const UUID_LENGTH: usize = 36;

fn is_canonical_uuid(bytes: &[u8]) -> bool {
    bytes.len() == UUID_LENGTH
        && bytes.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// What Postgres' `uuid_in` takes: sixteen pairs of digits, a hyphen allowed after every second pair, and
/// braces around it.
fn is_uuid(bytes: &[u8]) -> bool {
    let mut rest = match bytes {
        [b'{', inner @ .., b'}'] => inner,
        plain => plain,
    };
    for pair in 0..16 {
        let [high, low, after @ ..] = rest else {
            return false;
        };
        if !high.is_ascii_hexdigit() || !low.is_ascii_hexdigit() {
            return false;
        }
        rest = match after {
            [b'-', after @ ..] if pair % 2 == 1 && pair < 15 => after,
            _ => after,
        };
    }
    rest.is_empty()
}

fn is_boolean_word(text: &str) -> bool {
    text.len() <= 5
        && ["true", "false", "t", "f", "yes", "no", "on", "off"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
}

/// Which number a text reads as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberText {
    /// A whole number within 64 bits.
    Integer,
    /// A decimal number, with or without point and exponent.
    Decimal,
    /// No number.
    Not,
}

impl NumberText {
    /// A sign, digits, a point, an exponent; no spaces, no separators, no `NaN`.
    pub(super) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        match bytes.first() {
            Some(b'0'..=b'9' | b'+' | b'-' | b'.') => {}
            _ => return Self::Not,
        }
        let unsigned = bytes
            .strip_prefix(b"-")
            .or(bytes.strip_prefix(b"+"))
            .unwrap_or(bytes);
        let (whole, rest) = split_digits(unsigned);
        if rest.is_empty() && whole > 0 && text.parse::<i64>().is_ok() {
            return Self::Integer;
        }
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => split_digits(rest),
            _ => (0, rest),
        };
        let rest = match rest {
            [b'e' | b'E', b'+' | b'-', power @ ..] | [b'e' | b'E', power @ ..] if !power.is_empty() => {
                split_digits(power).1
            }
            _ => rest,
        };
        if whole + fraction > 0 && rest.is_empty() {
            Self::Decimal
        } else {
            Self::Not
        }
    }
}

fn split_digits(bytes: &[u8]) -> (usize, &[u8]) {
    let count = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count, &bytes[count..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes(texts: &[&str]) -> [bool; 3] {
        let mut shapes = TextShapes::ALL;
        texts.iter().for_each(|text| shapes.narrow(text));
        [TextShape::UuidCanonical, TextShape::Uuid, TextShape::BooleanWord].map(|shape| shapes.has(shape))
    }

    #[test]
    fn uuids_by_spelling() {
        let canonical = "0b9f1c4e-7a52-4d39-8e21-6f0a9b3c5d7e";
        assert_eq!(shapes(&[canonical]), [true, true, false]);
        let other = [
            "0B9F1C4E-7A52-4D39-8E21-6F0A9B3C5D7E",
            "0b9f1c4e7a524d398e216f0a9b3c5d7e",
            "{0b9f1c4e-7a52-4d39-8e21-6f0a9b3c5d7e}",
            "0b9f-1c4e-7a52-4d39-8e21-6f0a-9b3c-5d7e",
        ];
        for text in other {
            assert_eq!(shapes(&[text]), [false, true, false], "{text}");
            assert_eq!(shapes(&[canonical, text]), [false, true, false], "{text}");
        }
        let none = [
            "",
            "{}",
            "0b9f1c4e-7a52-4d39-8e21-6f0a9b3c5d7",
            "0b9f1c4e-7a52-4d39-8e21-6f0a9b3c5d7ee",
            "0b9f1c4e-7a52-4d39-8e21-6f0a9b3c5d7g",
            "{0b9f1c4e-7a52-4d39-8e21-6f0a9b3c5d7e",
            "0b9f1c4e-7a52-4d39-8e21-6f0a9b3c5d7e-",
            "0b-9f1c4e7a524d398e216f0a9b3c5d7e",
            " 0b9f1c4e-7a52-4d39-8e21-6f0a9b3c5d7e",
        ];
        for text in none {
            assert_eq!(shapes(&[text]), [false; 3], "{text}");
            assert_eq!(shapes(&[canonical, text, canonical]), [false; 3], "{text}");
        }
    }

    #[test]
    fn boolean_words() {
        assert_eq!(shapes(&["true", "F", "Yes", "off"]), [false, false, true]);
        for text in ["1", "tru", "", " on", "offf", "y"] {
            assert_eq!(shapes(&[text]), [false; 3], "{text:?}");
        }
    }

    #[test]
    fn numbers_in_text() {
        for text in [
            "0",
            "-1",
            "+7",
            "9223372036854775807",
            "-9223372036854775808",
            "007",
        ] {
            assert_eq!(NumberText::of(text), NumberText::Integer, "{text}");
        }
        for text in ["9223372036854775808", "1.", ".5", "-1.25e-3", "1E9", "1.0", "+.5"] {
            assert_eq!(NumberText::of(text), NumberText::Decimal, "{text}");
        }
        for text in [
            "", "-", ".", "e5", "1e", "1e+", "1 ", " 1", "0x1F", "1_000", "NaN", "1.2.3", "--1", "12abc",
        ] {
            assert_eq!(NumberText::of(text), NumberText::Not, "{text}");
        }
    }
}
