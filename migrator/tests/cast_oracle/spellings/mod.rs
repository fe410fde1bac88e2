//! Types to try, and values for each: hand-picked ones at the limits, and random ones near them.

mod counted_times;
mod numbers;
mod structures;
mod times;
mod words;

use outgrow_migrator::target::catalog::ColumnKind;
use outgrow_shared::value::OwnedValue;

use crate::{Ask, Case};

/// A small generator, so that a failing case is found again by its printed seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % bound as u64).unwrap()
    }

    pub fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }

    /// Up to so many characters out of these.
    fn word(&mut self, letters: &str, most: usize) -> String {
        let letters: Vec<char> = letters.chars().collect();
        (0..self.below(most + 1)).map(|_| self.pick(&letters)).collect()
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| self.pick(&['0', '1', '2', '5', '9']))
            .collect()
    }

    fn integer(&mut self) -> i64 {
        let (low, high) = (self.below(1 << 32) as u64, self.below(1 << 32) as u64);
        (low << 32 | high).cast_signed() >> self.below(64)
    }
}

/// A type and what is tried on it.
pub struct Subject {
    pub type_name: String,
    pub kind: ColumnKind,
    pub cases: Vec<Case>,
    /// What holds between `ours.v` and `asked.v`.
    pub same: String,
    /// Whether the type has an order, in which the same rank is equality.
    pub has_equality: bool,
    /// The only candidate to try, where the units of others would mean something else.
    pub only: Option<&'static str>,
}

impl Subject {
    fn new(type_name: &str, kind: ColumnKind, cases: Vec<Case>) -> Self {
        Self {
            type_name: type_name.to_owned(),
            kind,
            cases,
            same: "ours.v = asked.v".to_owned(),
            has_equality: true,
            only: None,
        }
    }

    /// The same by every byte that the type's send function writes.
    fn by_bytes(mut self, send: &str) -> Self {
        self.same = format!("ours.v = asked.v AND {send}(ours.v) = {send}(asked.v)");
        self
    }
}

fn text(text: impl Into<String>) -> Case {
    let text = text.into();
    Case {
        ask: Ask::Text(text.clone()),
        value: OwnedValue::Text(text),
    }
}

fn blob(text: &str) -> Case {
    Case {
        value: OwnedValue::Blob(text.as_bytes().to_vec()),
        ask: Ask::Text(text.to_owned()),
    }
}

fn integer(integer: i64) -> Case {
    Case {
        value: OwnedValue::Integer(integer),
        ask: Ask::Text(integer.to_string()),
    }
}

fn real(real: f64) -> Case {
    Case {
        value: OwnedValue::Real(real),
        ask: Ask::Text(format!("{real}")),
    }
}

/// A REAL that travels as a text with its exponent.
fn real_as_written(real: f64) -> Case {
    Case {
        value: OwnedValue::Real(real),
        ask: Ask::Text(format!("{real:?}")),
    }
}

fn unknown_to_postgres(spelling: &str) -> Case {
    Case {
        value: OwnedValue::Text(spelling.to_owned()),
        ask: Ask::Nothing,
    }
}

fn texts(list: &[&str]) -> Vec<Case> {
    list.iter().map(|spelling| text(*spelling)).collect()
}

/// Hand-picked cases and so many random ones.
fn with_random(mut cases: Vec<Case>, rounds: usize, mut random: impl FnMut() -> Case) -> Vec<Case> {
    cases.extend((0..rounds).map(|_| random()));
    cases
}

/// What the server has beyond what every server has.
#[derive(Debug, Clone, Copy)]
pub struct Available {
    /// `server_version_num`.
    pub version: u32,
    /// Whether the extension is there.
    pub with_citext: bool,
}

/// Everything that is tried.
pub fn subjects(available: Available, dice: &mut Dice, rounds: usize) -> Vec<Subject> {
    let mut subjects = numbers::numbers(available.version, dice, rounds);
    subjects.extend(words::words(dice, rounds));
    if available.with_citext {
        // Equality that ignores case is the type's, not of its values: both spellings are kept.
        let mut citext = Subject::new("citext", ColumnKind::Citext, texts(&["", "A", "a", "\u{c9} "]));
        citext.has_equality = false;
        subjects.push(citext.by_bytes("citextsend"));
    }
    subjects.extend(times::times(dice, rounds));
    subjects.extend(counted_times::counted_times(dice, rounds));
    subjects.extend(structures::structures(dice, rounds));
    subjects
}
