//! Random rows and random expressions, mostly well typed so that the translator takes them.

const COMPARISONS: &[&str] = &["=", "==", "<>", "!=", "<", "<=", ">", ">=", "IS", "IS NOT"];
const INTS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "42",
    "255",
    "-100",
    "9007199254740993",
    "-9223372036854775808",
    "9223372036854775807",
    "1000000000000",
];
const REALS: &[&str] = &[
    "0.0",
    "1.0",
    "-1.5",
    "0.1",
    "2.5",
    "3.0",
    "1e15",
    "-7.25",
    "9007199254740994.0",
    "1e300",
];
const DECIMALS: &[&str] = &["0.1", "1.5", "-2.25", "3", "10.01", "0", "42"];
const WORDS: &[&str] = &[
    "",
    "a",
    "A",
    "ab",
    "Ab",
    "aB ",
    " ab",
    "ab  ",
    "B",
    "b",
    "_",
    "%",
    "a%b",
    "a_b",
    "a\\b",
    "it's",
    "\u{e9}",
    "\u{c9}",
    "\u{e9}A",
    "5",
    "10",
    "true",
    "xyz",
    "\u{1f600}z",
    "a\nb",
    "Z",
    "[a]",
];
const DATES: &[&str] = &["2024-01-01", "2024-01-01 10:00:00", "now", "abc"];
const BLOBS: &[&str] = &["x''", "x'00'", "x'61'", "x'ff00'", "x'6162'"];

/// A small generator, so that a failing case is found again by its printed seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % bound as u64).unwrap()
    }

    pub fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

pub fn number(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 || dice.below(3) == 0 {
        return match dice.below(12) {
            0..=3 => dice.pick(&["i", "j"]).to_owned(),
            4 => dice.pick(&["r", "q", "d", "b"]).to_owned(),
            5 => dice.pick(REALS).to_owned(),
            6 => dice
                .pick(&["0x10", "TRUE", "false", "NULL", "0.5", "1.5", "2.0", "1e3"])
                .to_owned(),
            7 => dice.pick(&["r", "b"]).to_owned(),
            _ => dice
                .pick(&["0", "1", "2", "5", "-3", "42", "100", "9007199254740993"])
                .to_owned(),
        };
    }
    let depth = depth - 1;
    match dice.below(13) {
        0..=2 => format!(
            "({} {} {})",
            number(dice, depth),
            dice.pick(&["+", "-", "*"]),
            number(dice, depth)
        ),
        3 => format!(
            "({} {} {})",
            number(dice, depth),
            dice.pick(&["/", "%"]),
            dice.pick(&["2", "3", "-7", "i"])
        ),
        4 => format!(
            "({} {} {})",
            number(dice, depth),
            dice.pick(&["&", "|"]),
            number(dice, depth)
        ),
        5 => format!("{} {}", dice.pick(&["-", "+", "~"]), number(dice, depth)),
        6 => format!("abs({})", number(dice, depth)),
        7 => format!("length({})", text(dice, depth)),
        8 => format!("instr({}, {})", text(dice, depth), text(dice, depth)),
        9 => format!(
            "{}({}, {})",
            dice.pick(&["coalesce", "ifnull", "min", "max", "nullif"]),
            number(dice, depth),
            number(dice, depth)
        ),
        10 => format!(
            "CASE WHEN {} THEN {} ELSE {} END",
            condition(dice, depth),
            number(dice, depth),
            number(dice, depth)
        ),
        11 => format!(
            "CAST({} AS {})",
            number(dice, depth),
            dice.pick(&["INTEGER", "REAL", "NUMERIC"])
        ),
        _ => condition(dice, depth),
    }
}

pub fn text(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 || dice.below(3) == 0 {
        return match dice.below(8) {
            0..=3 => dice.pick(&["s", "u", "s", "u", "n", "k", "m"]).to_owned(),
            4 => format!("\"{}\"", dice.pick(&["ghost", "A b", "5"])),
            _ => quoted(dice.pick(WORDS)),
        };
    }
    let depth = depth - 1;
    match dice.below(12) {
        0 => format!("({} || {})", text(dice, depth), text(dice, depth)),
        1 | 2 => format!(
            "{}({})",
            dice.pick(&["lower", "upper", "trim", "ltrim", "rtrim"]),
            text(dice, depth)
        ),
        3 => format!(
            "{}({}, {})",
            dice.pick(&["trim", "ltrim", "rtrim"]),
            text(dice, depth),
            text(dice, depth)
        ),
        4 => format!(
            "substr({}, {}, {})",
            text(dice, depth),
            dice.below(4),
            dice.below(4)
        ),
        5 => format!(
            "replace({}, {}, {})",
            text(dice, depth),
            text(dice, depth),
            text(dice, depth)
        ),
        6 => format!(
            "{}({}, {})",
            dice.pick(&["coalesce", "ifnull", "min", "max", "nullif"]),
            text(dice, depth),
            text(dice, depth)
        ),
        7 => format!(
            "CASE {} WHEN {} THEN {} ELSE {} END",
            text(dice, depth),
            text(dice, depth),
            text(dice, depth),
            text(dice, depth)
        ),
        8 => format!(
            "typeof({})",
            dice.pick(&["i", "j", "r", "s", "u", "b", "x", "NULL"])
        ),
        9 => format!(
            "CAST({} AS TEXT)",
            if dice.below(2) == 0 {
                number(dice, depth)
            } else {
                text(dice, depth)
            }
        ),
        10 => format!(
            "({} COLLATE {})",
            text(dice, depth),
            dice.pick(&["BINARY", "NOCASE", "RTRIM"])
        ),
        _ => format!(
            "iif({}, {}, {})",
            condition(dice, depth),
            text(dice, depth),
            text(dice, depth)
        ),
    }
}

pub fn condition(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 {
        return dice
            .pick(&["b", "i", "j > 2", "s = 'a'", "s IS NULL", "x NOTNULL", "TRUE"])
            .to_owned();
    }
    let depth = depth - 1;
    match dice.below(17) {
        0..=2 => format!(
            "({} {} {})",
            number(dice, depth),
            dice.pick(COMPARISONS),
            number(dice, depth)
        ),
        3..=5 => format!(
            "({} {} {})",
            text(dice, depth),
            dice.pick(COMPARISONS),
            text(dice, depth)
        ),
        6 => format!(
            "({} {} {})",
            condition(dice, depth),
            dice.pick(&["AND", "OR"]),
            condition(dice, depth)
        ),
        7 => format!("NOT {}", condition(dice, depth)),
        8 => format!(
            "({} {}BETWEEN {} AND {})",
            number(dice, depth),
            dice.pick(&["", "NOT "]),
            number(dice, depth),
            number(dice, depth)
        ),
        9 => format!(
            "({} BETWEEN {} AND {})",
            text(dice, depth),
            text(dice, depth),
            text(dice, depth)
        ),
        10 => format!(
            "({} {}IN ({}, {}))",
            number(dice, depth),
            dice.pick(&["", "NOT "]),
            number(dice, depth),
            number(dice, depth)
        ),
        11 => format!(
            "({} {}IN ({}, {}, {}))",
            text(dice, depth),
            dice.pick(&["", "NOT "]),
            text(dice, depth),
            text(dice, depth),
            quoted(dice.pick(WORDS))
        ),
        _ => test(dice, depth),
    }
}

/// NULL tests, patterns and blobs.
fn test(dice: &mut Dice, depth: usize) -> String {
    match dice.below(7) {
        0 => format!(
            "({} {})",
            if dice.below(2) == 0 {
                number(dice, depth)
            } else {
                text(dice, depth)
            },
            dice.pick(&[
                "IS NULL",
                "NOTNULL",
                "ISNULL",
                "NOT NULL",
                "IS TRUE",
                "IS NOT FALSE"
            ])
        ),
        1 | 2 => {
            let parts = [
                "%", "_", "a", "A", "b", "\u{e9}", "\u{c9}", "\\", "!%", "!_", "5", " ",
            ];
            let pattern: String = (0..dice.below(5)).map(|_| dice.pick(&parts)).collect();
            let escape = dice.pick(&["", " ESCAPE '!'", " ESCAPE '\\'"]);
            format!(
                "({} {}LIKE {}{escape})",
                text(dice, depth),
                dice.pick(&["", "NOT "]),
                quoted(&pattern)
            )
        }
        // Mostly refused: what passes must still be right.
        4 => format!(
            "({} {} {})",
            text(dice, depth),
            dice.pick(COMPARISONS),
            number(dice, depth)
        ),
        5 => format!(
            "({} {} {})",
            dice.pick(&["x", "m", "d", "q"]),
            dice.pick(COMPARISONS),
            text(dice, depth)
        ),
        3 => {
            let parts = ["*", "?", "a", "A", "b", "%", "_", "\\", "\u{e9}"];
            let pattern: String = (0..dice.below(4)).map(|_| dice.pick(&parts)).collect();
            format!("({} GLOB {})", text(dice, depth), quoted(&pattern))
        }
        _ => format!("(x {} {})", dice.pick(COMPARISONS), dice.pick(BLOBS)),
    }
}

pub fn literal(dice: &mut Dice, name: &str, declared: &str) -> String {
    if !declared.contains("NOT NULL") && dice.below(5) == 0 {
        return "NULL".to_owned();
    }
    match name {
        "i" | "j" => {
            let count = if dice.below(6) == 0 { INTS.len() } else { 9 };
            dice.pick(&INTS[..count]).to_owned()
        }
        "r" => dice.pick(REALS).to_owned(),
        "q" => if dice.below(2) == 0 {
            dice.pick(&INTS[..9])
        } else {
            dice.pick(REALS)
        }
        .to_owned(),
        "d" => dice.pick(DECIMALS).to_owned(),
        "b" => dice.pick(&["0", "1"]).to_owned(),
        "m" => quoted(dice.pick(DATES)),
        "x" => dice.pick(BLOBS).to_owned(),
        _ => quoted(dice.pick(WORDS)),
    }
}
