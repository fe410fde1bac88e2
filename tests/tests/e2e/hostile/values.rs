//! Values that went wrong somewhere once: at the edges of their type, of their encoding, of their format.

use rusqlite::types::ToSqlOutput;
use rusqlite::{ToSql, types::ValueRef};

use super::random::Random;

/// What the values of one column are like; most columns are of one kind, as in applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    Integers,
    Booleans,
    Reals,
    Fractions,
    Decimals,
    Texts,
    Numerals,
    Blobs,
    Timestamps(usize),
    Dates,
    Uuids,
    OddTimes,
    Nulls,
    BrokenTexts,
    Mixed,
}

impl Flavour {
    pub fn choose(random: &mut Random) -> Self {
        match random.below(100) {
            0..18 => Self::Integers,
            18..23 => Self::Booleans,
            23..31 => Self::Reals,
            31..36 => Self::Fractions,
            36..43 => Self::Decimals,
            43..63 => Self::Texts,
            63..66 => Self::Numerals,
            66..76 => Self::Blobs,
            76..84 => Self::Timestamps(random.below(TIMESTAMPS.len())),
            84..88 => Self::Dates,
            88..91 => Self::OddTimes,
            91..93 => Self::Uuids,
            93..95 => Self::Nulls,
            95..97 => Self::BrokenTexts,
            _ => Self::Mixed,
        }
    }
}

/// A value to store; the last one is text whose bytes are no text.
#[derive(Debug, Clone)]
pub enum Stored {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
    TextOfBytes(Vec<u8>),
}

impl ToSql for Stored {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(integer) => ValueRef::Integer(*integer),
            Self::Real(real) => ValueRef::Real(*real),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) | Self::TextOfBytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

const INTEGERS: &[i64] = &[
    0,
    1,
    -1,
    127,
    128,
    -32_769,
    (1 << 31) - 1,
    1 << 31,
    -(1 << 31) - 1,
    (1 << 53) - 1,
    1 << 53,
    (1 << 53) + 1,
    -(1 << 53) - 1,
    1_704_067_200_000,
    i64::MAX,
    i64::MAX - 1,
    i64::MIN,
    i64::MIN + 1,
];

const REALS: &[f64] = &[
    0.0,
    -0.0,
    1.0,
    -1.5,
    0.1,
    0.1 + 0.2,
    1.0 / 3.0,
    5e-324,
    -5e-324,
    2.225_073_858_507_201_4e-308,
    f64::MAX,
    f64::MIN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    1e22,
    1e23,
    9_007_199_254_740_993.0,
    9.223_372_036_854_776e18,
    -9.223_372_036_854_776e18,
    1e15,
    123_456_789_012_345.67,
    2_460_310.5,
];

const FRACTIONS: &[f64] = &[
    0.5,
    -0.5,
    0.1,
    5e-324,
    1.5e-10,
    99.999,
    123_456.789,
    f64::INFINITY,
    1e22,
];

const DECIMALS: &[f64] = &[0.01, -0.01, 1.0, 10.25, 99_999_999.99, 0.5, 1_234.5, -3.0];

const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "A",
    "trailing  ",
    "\\N",
    "\\.",
    "\\",
    "back\\slash\\n",
    "it's",
    "\"quoted\"",
    "tab\tnew\nline\r\n",
    "NULL",
    "null",
    "\u{e9}",
    "e\u{301}",
    "\u{1f600}",
    "\u{ffff}\u{fffe}",
    "\u{10ffff}",
    "\u{feff}bom",
    "\u{ffee}",
    "\u{202e}rtl",
    "\u{1b}[31mred",
    "\u{7f}\u{80}\u{9b}",
    "'; DROP TABLE x; --",
    "$1 %s {} ?",
    "{\"a\": \"\\u0000\"}",
    "\u{130}I\u{131}i",
    "2024-01-01",
    "0x1F",
    "12abc",
];

const NUMERALS: &[&str] = &[
    "1",
    "1.0",
    "1e3",
    "0x10",
    " 7 ",
    "12345678901234567890",
    "-0",
    "1_000",
    ".5",
    "5.",
];

const TIMESTAMPS: &[&[&str]] = &[
    &[
        "2024-02-29 23:59:59",
        "0001-01-01 00:00:00",
        "9999-12-31 23:59:59",
        "1999-12-31 00:00:00",
    ],
    &[
        "2024-02-29T23:59:59Z",
        "1970-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
    ],
    &["2024-02-29 23:59:59.000", "1969-12-31 23:59:59.999"],
    &[
        "2024-02-29T23:59:59.000001+00:00",
        "9999-12-31T23:59:59.999999+00:00",
    ],
    &["2024-02-29 23:59:59.123456", "1582-10-10 00:00:00.000000"],
];

/// The last one is written as no server writes it, so that a column with it stays text.
const UUIDS: &[&str] = &[
    "00000000-0000-0000-0000-000000000000",
    "0192f3a1-0000-7000-8000-00000000000b",
    "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "6BA7B810-9DAD-11D1-80B4-00C04FD430C8",
];

const DATES: &[&str] = &[
    "2024-02-29",
    "0001-01-01",
    "9999-12-31",
    "1900-02-28",
    "1582-10-10",
];

const ODD_TIMES: &[&str] = &[
    "2024-01-01",
    "2024-01-01 00:00:00",
    "2024-01-01T00:00:00+02:00",
    "0000-00-00",
    "2023-02-29",
    "24:00:00",
    "2024-01-01 24:00:00",
    "2024-06-30 23:59:60",
    "now",
    "-4713-01-01",
    "10000-01-01",
    "2024-1-1",
    "",
];

/// Not UTF-8, or not storable as text in Postgres; read as UTF-16 some of them are odd or hold lone surrogates.
const BROKEN: &[&[u8]] = &[
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"a\xe9b",
    b"a\0b",
    b"\0",
    b"\x00\xd8\x00",
    b"\xf4\x90\x80\x80",
    b"a\0\0\xd8",
    b"\xe2\x82",
];

/// A value of this flavour; `large` allows texts and blobs of a few mebibytes.
pub fn value(flavour: Flavour, large: bool, random: &mut Random) -> Stored {
    if random.chance(8) {
        return Stored::Null;
    }
    let text = |from: &[&str], random: &mut Random| Stored::Text((*random.pick(from)).to_owned());
    match flavour {
        Flavour::Nulls => Stored::Null,
        Flavour::Integers if random.chance(50) => Stored::Integer(*random.pick(INTEGERS)),
        Flavour::Integers => Stored::Integer(random.bits().cast_signed() >> random.below(64)),
        Flavour::Booleans => Stored::Integer(i64::from(random.chance(50))),
        Flavour::Reals if random.chance(70) => Stored::Real(*random.pick(REALS)),
        Flavour::Reals => Stored::Real(f64::from_bits(random.bits())),
        Flavour::Fractions if random.chance(30) => Stored::Integer(*random.pick(&[0, 1, -7, 1 << 53])),
        Flavour::Fractions => Stored::Real(*random.pick(FRACTIONS)),
        Flavour::Decimals => Stored::Real(*random.pick(DECIMALS)),
        Flavour::Texts => texts(large, random),
        Flavour::Numerals => text(NUMERALS, random),
        Flavour::Blobs => blob(large, random),
        Flavour::Timestamps(format) => text(TIMESTAMPS[format], random),
        Flavour::Dates => text(DATES, random),
        Flavour::Uuids => text(UUIDS, random),
        Flavour::OddTimes => text(ODD_TIMES, random),
        Flavour::BrokenTexts => Stored::TextOfBytes(random.pick(BROKEN).to_vec()),
        Flavour::Mixed => match random.below(5) {
            0 => value(Flavour::Integers, false, random),
            1 => value(Flavour::Reals, false, random),
            2 => text(TEXTS, random),
            3 => blob(false, random),
            _ => text(ODD_TIMES, random),
        },
    }
}

fn texts(large: bool, random: &mut Random) -> Stored {
    if large && random.chance(15) {
        let bytes = 1 + random.below(3 << 20);
        return Stored::Text("0123456789 \u{1f600}\\N\t".repeat(bytes / 17));
    }
    match random.below(4) {
        0 => Stored::Text(format!("{}{}", random.pick(TEXTS), random.below(1000))),
        // Hexadecimal digits of random bits do not compress below what an index entry holds.
        1 if random.chance(3) => Stored::Text((0..400).map(|_| format!("{:016x}", random.bits())).collect()),
        _ => Stored::Text((*random.pick(TEXTS)).to_owned()),
    }
}

fn blob(large: bool, random: &mut Random) -> Stored {
    let length = if large && random.chance(15) {
        random.below(3 << 20)
    } else {
        *random.pick(&[0, 1, 2, 16, 255, 256, 5000])
    };
    Stored::Blob(
        (0..length)
            .map(|at| (at ^ random.below(256)).to_le_bytes()[0])
            .collect(),
    )
}
