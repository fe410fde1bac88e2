//! Whether a text is a JSON object or array, and whether Postgres' `jsonb` would take it.
//!
//! It follows RFC 8259 without building anything: texts of a JSON column are most of its bytes, so a pass over
//! them has to cost about as much as reading them. `json` takes every text that is accepted here; `jsonb`
//! refuses what [`Json::fits_jsonb`] names.

/// Containers within each other. Postgres stops at its stack depth, some thousands; nobody nests so deep.
const DEPTH_MAX: usize = 1000;

/// Digits before the point of a `numeric`, in which `jsonb` keeps numbers.
const WHOLE_DIGITS_MAX: i64 = 131_072;
/// Digits after it.
const FRACTION_DIGITS_MAX: i64 = 16_383;

/// A text that is a JSON object or array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Json {
    /// Whether it has none of what `jsonb` refuses: `\u0000`, half a surrogate pair, a number beyond `numeric`.
    pub fits_jsonb: bool,
}

impl Json {
    /// Reads the text; none when it is no object or array, or nested deeper than anybody nests.
    pub(super) fn of(text: &str) -> Option<Self> {
        let first = text.trim_start_matches([' ', '\n', '\r', '\t']).bytes().next()?;
        matches!(first, b'{' | b'[').then(|| Self::of_any(text)).flatten()
    }

    /// Reads the text, which may be a single word, string or number as well.
    pub(crate) fn of_any(text: &str) -> Option<Self> {
        let mut reader = Reader {
            bytes: text.as_bytes(),
            at: 0,
            // One pass over all of it is cheaper than a look at every byte of every string.
            has_controls: text.bytes().fold(u8::MAX, u8::min) < b' ',
            fits_jsonb: true,
        };
        reader.value()?;
        reader.skip_space();
        (reader.at == reader.bytes.len()).then_some(Self {
            fits_jsonb: reader.fits_jsonb,
        })
    }
}

/// Which containers are open, one bit each: set for an object.
struct Open {
    bits: [u64; DEPTH_MAX.div_ceil(64)],
    depth: usize,
}

impl Open {
    fn push(&mut self, object: bool) -> Option<()> {
        if self.depth == DEPTH_MAX {
            return None;
        }
        let (word, bit) = (self.depth / 64, 1 << (self.depth % 64));
        self.bits[word] = if object {
            self.bits[word] | bit
        } else {
            self.bits[word] & !bit
        };
        self.depth += 1;
        Some(())
    }

    fn in_object(&self) -> bool {
        let last = self.depth - 1;
        self.bits[last / 64] & (1 << (last % 64)) != 0
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    has_controls: bool,
    fits_jsonb: bool,
}

impl Reader<'_> {
    /// Reads one value with everything in it, without recursion: a hostile text must not use up the stack.
    fn value(&mut self) -> Option<()> {
        let mut open = Open {
            bits: [0; DEPTH_MAX.div_ceil(64)],
            depth: 0,
        };
        loop {
            match self.next_token()? {
                b'{' => {
                    self.at += 1;
                    open.push(true)?;
                    if self.next_token()? != b'}' {
                        self.key()?;
                        continue;
                    }
                }
                b'[' => {
                    self.at += 1;
                    open.push(false)?;
                    if self.next_token()? != b']' {
                        continue;
                    }
                }
                b'"' => self.string()?,
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.word(b"true")?,
                b'f' => self.word(b"false")?,
                b'n' => self.word(b"null")?,
                _ => return None,
            }
            if self.after_value(&mut open)? {
                return Some(());
            }
        }
    }

    /// Closes what ends here and passes a comma; whether the outermost value has ended.
    fn after_value(&mut self, open: &mut Open) -> Option<bool> {
        while open.depth > 0 {
            match (self.next_token()?, open.in_object()) {
                (b',', false) => {
                    self.at += 1;
                    return Some(false);
                }
                (b',', true) => {
                    self.at += 1;
                    self.key()?;
                    return Some(false);
                }
                (b'}', true) | (b']', false) => {
                    self.at += 1;
                    open.depth -= 1;
                }
                _ => return None,
            }
        }
        Some(true)
    }

    fn key(&mut self) -> Option<()> {
        if self.next_token()? != b'"' {
            return None;
        }
        self.string()?;
        if self.next_token()? != b':' {
            return None;
        }
        self.at += 1;
        Some(())
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    /// The next byte that is not space; it stays.
    fn next_token(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        if byte > b' ' {
            return Some(byte);
        }
        self.skip_space();
        self.bytes.get(self.at).copied()
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.bytes[self.at..].starts_with(word).then_some(())?;
        self.at += word.len();
        Some(())
    }

    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            self.at += plain_length(&self.bytes[self.at..], self.has_controls);
            match self.bytes.get(self.at)? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.escape()?,
                // A control character.
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        let letter = *self.bytes.get(self.at + 1)?;
        self.at += 2;
        match letter {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let unit = self.hex4()?;
                let low_follows = || self.bytes.get(self.at..self.at + 2) == Some(b"\\u");
                match unit {
                    0 | 0xdc00..=0xdfff => self.fits_jsonb = false,
                    0xd800..=0xdbff if low_follows() => {
                        self.at += 2;
                        self.fits_jsonb &= (0xdc00..=0xdfff).contains(&self.hex4()?);
                    }
                    0xd800..=0xdbff => self.fits_jsonb = false,
                    _ => {}
                }
                Some(())
            }
            _ => None,
        }
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.bytes.get(self.at..self.at + 4)?;
        self.at += 4;
        digits
            .iter()
            .try_fold(0, |unit, byte| Some(unit * 16 + char::from(*byte).to_digit(16)?))
    }

    fn number(&mut self) -> Option<()> {
        self.at += usize::from(self.bytes[self.at] == b'-');
        let whole = self.digits()?;
        if whole > 1 && self.bytes[self.at - whole] == b'0' {
            return None;
        }
        let mut fraction = 0;
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            fraction = self.digits()?;
        }
        let mut exponent = 0_i64;
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            let sign = self.bytes.get(self.at).copied();
            self.at += usize::from(matches!(sign, Some(b'+' | b'-')));
            let from = self.at;
            self.digits()?;
            exponent = self.bytes[from..self.at].iter().fold(0_i64, |sum, digit| {
                sum.saturating_mul(10).saturating_add(i64::from(digit - b'0'))
            });
            if sign == Some(b'-') {
                exponent = -exponent;
            }
        }
        let digits = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.fits_jsonb &= digits(whole).saturating_add(exponent) <= WHOLE_DIGITS_MAX
            && digits(fraction).saturating_sub(exponent) <= FRACTION_DIGITS_MAX;
        Some(())
    }

    /// At least one digit.
    fn digits(&mut self) -> Option<usize> {
        let rest = &self.bytes[self.at..];
        let count = rest
            .iter()
            .position(|b| !b.is_ascii_digit())
            .unwrap_or(rest.len());
        self.at += count;
        (count > 0).then_some(count)
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
/// How far a string is looked at word by word: most end sooner than a search for their end is set up.
const SHORT_BYTES: usize = 24;

/// Bytes before the first quote, backslash or control character.
fn plain_length(bytes: &[u8], has_controls: bool) -> usize {
    let mut length = 0;
    while let Some(word) = bytes.get(length..length + 8) {
        let word = word.try_into().map_or(0, u64::from_le_bytes);
        let special = special_bytes(word);
        if special != 0 {
            return length + special.trailing_zeros() as usize / 8;
        }
        length += 8;
        if length == SHORT_BYTES && !has_controls {
            let rest = &bytes[length..];
            return length + memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
        }
    }
    let rest = &bytes[length..];
    length
        + rest
            .iter()
            .position(|byte| is_special(*byte))
            .unwrap_or(rest.len())
}

fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < b' '
}

/// The high bit of each special byte of a word. Above the lowest one there may be false ones.
fn special_bytes(word: u64) -> u64 {
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    let quote = zeros(word ^ (ONES * 0x22));
    let backslash = zeros(word ^ (ONES * 0x5c));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | backslash | control) & HIGH_BITS
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
