//! Types to try, and values for each: hand-picked ones at the limits, and random ones near them.

use outgrow_migrator::quote::quote_literal;
use outgrow_migrator::target::catalog::ColumnKind;
use outgrow_shared::value::OwnedValue;

use crate::{Ask, Case};

/// The first Postgres with `numeric(3,-2)`.
const VERSION_OF_NEGATIVE_SCALE: u32 = 150_000;

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
    fn to_the_byte(mut self, send: &str) -> Self {
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
    let mut subjects = numbers(available.version, dice, rounds);
    subjects.extend(words(dice, rounds));
    if available.with_citext {
        // Equality that ignores case is the type's, not of its values: both spellings are kept.
        let mut citext = Subject::new("citext", ColumnKind::Citext, texts(&["", "A", "a", "\u{c9} "]));
        citext.has_equality = false;
        subjects.push(citext.to_the_byte("citextsend"));
    }
    subjects.extend(times(dice, rounds));
    subjects.extend(counted_times(dice, rounds));
    subjects.extend(structures(dice, rounds));
    subjects
}

fn number_text(dice: &mut Dice) -> String {
    let (whole, fraction) = (1 + dice.below(7), dice.below(6));
    let mut number = dice.pick(&["", "-", "+"]).to_owned() + &dice.digits(whole);
    if dice.below(2) == 0 {
        number.push('.');
        number.push_str(&dice.digits(fraction));
    }
    if dice.below(4) == 0 {
        number.push_str(&format!(
            "{}{}{}",
            dice.pick(&["e", "E"]),
            dice.pick(&["", "-", "+"]),
            dice.below(12)
        ));
    }
    number
}

fn numbers(version: u32, dice: &mut Dice, rounds: usize) -> Vec<Subject> {
    let mut subjects = Vec::new();
    let booleans = [
        "t", "TRUE", "yes", "Y", "on", "1", "f", "False", "no", "n", "OFF", "0", "2", "", "tr",
    ];
    let mut cases = texts(&booleans);
    cases.extend([
        integer(0),
        integer(1),
        real(0.0),
        real(1.0),
        real(0.5),
        integer(2),
    ]);
    subjects.push(Subject::new("boolean", ColumnKind::Boolean, cases));
    for (name, kind) in [
        ("smallint", ColumnKind::Smallint),
        ("integer", ColumnKind::Integer),
        ("bigint", ColumnKind::Bigint),
    ] {
        let edges = [
            0,
            -1,
            32_767,
            32_768,
            -32_768,
            -32_769,
            2_147_483_647,
            2_147_483_648,
            i64::MAX,
            i64::MIN,
        ];
        let mut cases: Vec<Case> = edges
            .iter()
            .flat_map(|edge| [integer(*edge), text(edge.to_string())])
            .collect();
        cases.extend(texts(&["+5", "007", "-0", "9223372036854775808", "1.0", ""]));
        let cases = with_random(cases, rounds, || match dice.below(3) {
            0 => integer(dice.integer() >> 40),
            #[expect(clippy::cast_precision_loss)]
            1 => real((dice.integer() >> 44) as f64),
            _ => text(format!(
                "{}{}",
                dice.pick(&["", "-", "+", "0"]),
                dice.below(40_000)
            )),
        });
        subjects.push(Subject::new(name, kind, cases));
    }
    subjects.extend(floats(dice, rounds));
    let mut limits = vec![
        ("numeric", None),
        ("numeric(6,2)", Some((6, 2))),
        ("numeric(40,20)", Some((40, 20))),
    ];
    if version >= VERSION_OF_NEGATIVE_SCALE {
        limits.extend([("numeric(3,-2)", Some((3, -2))), ("numeric(2,4)", Some((2, 4)))]);
    }
    for (name, limit) in limits {
        let mut cases = texts(&[
            "0",
            "-0.00",
            "9999.99",
            "9999.990",
            "10000",
            "0.005",
            "1e3",
            "99900",
            "100000",
            "150",
            "0.0099",
            "0.01",
            ".5",
            "5.",
            "12345678901234567890123456789.123456789",
            "1e131071",
            "1e131072",
            "1e-16383",
            "1e-16384",
            "-1.50",
            "1.2e-7",
            "00012",
            "10000000000000000",
            "0.00001",
        ]);
        cases.extend([
            real(0.1 + 0.2),
            real(-1.1 * 3.0),
            real(0.125),
            real(1e22),
            real(5e-324),
            real(f64::MAX),
            integer(i64::MIN),
        ]);
        let cases = with_random(cases, rounds, || match dice.below(3) {
            0 => integer(dice.integer() >> 32),
            #[expect(clippy::cast_precision_loss)]
            1 => real((dice.integer() >> 40) as f64 / 100.0 * dice.pick(&[1.0, 3.0, 0.001])),
            _ => text(number_text(dice)),
        });
        subjects.push(Subject::new(name, ColumnKind::Numeric(limit), cases).to_the_byte("numeric_send"));
    }
    subjects
}

fn floats(dice: &mut Dice, rounds: usize) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for (name, kind, send) in [
        ("real", ColumnKind::Real, "float4send"),
        ("double precision", ColumnKind::DoublePrecision, "float8send"),
    ] {
        let sql = |value: OwnedValue, expression: String| Case {
            value,
            ask: Ask::Sql(expression),
        };
        let of_integer = |i: i64| sql(OwnedValue::Integer(i), format!("'{i}'::int8::{name}"));
        let of_real = |r: f64| sql(OwnedValue::Real(r), format!("'{r:?}'::float8::{name}"));
        let mut cases = texts(&[
            "nan",
            "NaN",
            "inf",
            "-Infinity",
            "+inf",
            "1e38",
            "1e39",
            "1e-45",
            "1e-60",
            "1e308",
            "1e309",
            "5e-324",
            "1e-400",
            "0.1",
            "16777217",
            "3.4028235e38",
            "0.1000000000000000055",
            "1.",
            ".5",
        ]);
        cases.extend([0.1, 0.5, 1e38, 1e39, 1e-46, f64::INFINITY, f64::MAX, 1.0].map(of_real));
        cases.extend([16_777_217, i64::MAX, (1 << 53) + 1, -5].map(of_integer));
        let cases = with_random(cases, rounds, || match dice.below(3) {
            0 => of_integer(dice.integer()),
            #[expect(clippy::cast_precision_loss)]
            1 => of_real(dice.integer() as f64 / dice.pick(&[1.0, 1e5, 1e30, 1e-10])),
            _ => text(number_text(dice)),
        });
        // Both zeros are equal to Postgres, but not to anybody who wrote one of them.
        let is_zero = |case: &Case| match &case.value {
            OwnedValue::Text(text) => text.parse::<f64>().is_ok_and(|real| real == 0.0),
            OwnedValue::Real(real) => *real == 0.0,
            _ => false,
        };
        let cases = cases.into_iter().filter(|case| !is_zero(case)).collect();
        subjects.push(Subject::new(name, kind, cases).to_the_byte(send));
    }
    subjects
}

fn words(dice: &mut Dice, rounds: usize) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for (name, kind, send) in [
        ("text", ColumnKind::Text, "textsend"),
        (
            "character varying(4)",
            ColumnKind::Varchar(Some(4)),
            "varcharsend",
        ),
        ("character(4)", ColumnKind::Char(4), "bpcharsend"),
    ] {
        let mut cases = texts(&[
            "",
            " ",
            "a",
            "a ",
            "abcd",
            "abcde",
            "\u{e9}\u{1f600}zz",
            "a\0b",
            "\t",
        ]);
        cases.extend([blob("ab "), integer(-5), integer(12_345), real(1.5)]);
        let cases = with_random(cases, rounds, || {
            let word = dice.word("ab \u{e9}\n\u{1f600}", 5);
            if dice.below(3) == 0 {
                blob(&word)
            } else {
                text(word)
            }
        });
        subjects.push(Subject::new(name, kind, cases).to_the_byte(send));
    }
    let labels = ["sad", "so so", "it's", "\u{e9}"];
    let kind = ColumnKind::Enum(labels.map(str::to_owned).to_vec());
    let mut cases = texts(&labels);
    cases.extend(texts(&["", "Sad", "sad ", "e"]));
    subjects.push(Subject::new("mood", kind, cases));
    let cases = with_random(Vec::new(), rounds, || {
        let digits: String = (0..32).map(|_| dice.pick(&['0', '7', 'a', 'f'])).collect();
        uuid(dice, &digits)
    });
    subjects.push(Subject::new("uuid", ColumnKind::Uuid, cases).to_the_byte("uuid_send"));
    for (name, kind, send) in [
        ("inet", ColumnKind::Inet, "inet_send"),
        ("cidr", ColumnKind::Cidr, "cidr_send"),
    ] {
        let cases = texts(&[
            "0.0.0.0/0",
            "::/0",
            "::1",
            "::ffff:1.2.3.4",
            "::ffff:1.2.3.4/120",
            "::1.2.3.4",
            "10.0.0.0/8",
            "255.255.255.255",
            "1::/16",
            "2001:db8::/32",
            "1:2:3:4:5:6:7:8",
            "1:0:0:2:0:0:0:3",
            "10.0.0.1/8",
            "10.1.2.3/33",
            "::/129",
            "10/8",
            "fe80::/10",
        ]);
        let cases = with_random(cases, rounds, || network(dice));
        subjects.push(Subject::new(name, kind, cases).to_the_byte(send));
    }
    subjects
}

fn uuid(dice: &mut Dice, digits: &str) -> Case {
    let parts = [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ];
    let hyphenated = parts.join("-");
    match dice.below(7) {
        0 => text(digits),
        1 => text(hyphenated.to_uppercase()),
        2 => text(format!("{{{hyphenated}}}")),
        3 => text(format!("{{{digits}}}")),
        4 => unknown_to_postgres(&format!("urn:uuid:{hyphenated}")),
        5 => Case {
            value: OwnedValue::Blob(
                (0..16)
                    .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
                    .collect(),
            ),
            ask: Ask::Text(hyphenated),
        },
        _ => text(hyphenated),
    }
}

fn network(dice: &mut Dice) -> Case {
    let address = if dice.below(2) == 0 {
        let octets: Vec<String> = (0..4)
            .map(|_| dice.pick(&["0", "0", "1", "10", "128", "255"]).to_owned())
            .collect();
        octets.join(".")
    } else {
        let words: Vec<String> = (0..8)
            .map(|_| dice.pick(&["0", "0", "0", "1", "00ab", "FFFF"]).to_owned())
            .collect();
        words.join(":")
    };
    match dice.below(3) {
        0 => text(address),
        _ => text(format!(
            "{address}/{}",
            dice.pick(&[0, 1, 8, 15, 24, 31, 32, 64, 127, 128])
        )),
    }
}

fn clock(dice: &mut Dice) -> String {
    let pair = |dice: &mut Dice, most| format!("{:02}", dice.below(most));
    let mut clock = format!("{}:{}", pair(dice, 24), pair(dice, 60));
    if dice.below(6) > 0 {
        clock.push_str(&format!(":{}", pair(dice, 60)));
        if dice.below(3) > 0 {
            let count = 1 + dice.below(9);
            clock.push_str(&format!(".{}", dice.digits(count)));
        }
    }
    clock
}

fn moment(dice: &mut Dice) -> String {
    let year = dice.pick(&[1, 1900, 1969, 1999, 2000, 2023, 2024, 2024, 2038, 9998]);
    let mut moment = format!("{year:04}-{:02}-{:02}", 1 + dice.below(12), 1 + dice.below(28));
    if dice.below(8) > 0 {
        let clock = clock(dice);
        moment.push_str(&format!("{}{clock}", dice.pick(&[" ", "T", "t"])));
        let zone = [
            "",
            "",
            "",
            "Z",
            "+00:00",
            "+02",
            "-0530",
            "+05:30:15",
            " UTC",
            " +01:00",
            "+00",
            "-15:59",
        ];
        moment.push_str(dice.pick(&zone));
    }
    moment
}

fn times(dice: &mut Dice, rounds: usize) -> Vec<Subject> {
    let edges = [
        "0001-01-01",
        "9999-12-31 23:59:59.999999",
        "1999-12-31 23:59:59.9999995",
        "1999-12-31 23:59:59.9995",
        "2000-01-01 00:00:00.0000005",
        "2000-01-01 00:00:00.0000015",
        "2024-02-29T12:00:00Z",
        "2024-03-10 02:30:00",
        "2024-11-03 01:30:00",
        "2024-11-03 01:30:00-04",
        "1883-11-18 12:03:57",
        "2024-01-01 10:00:00.123",
        "2024-01-01 10:00:00.123456+00:00",
    ];
    let mut subjects = Vec::new();
    let send = ["timestamp_send", "timestamptz_send"];
    for (name, kind, send) in [
        ("timestamp", ColumnKind::Timestamp(6), send[0]),
        ("timestamp(3)", ColumnKind::Timestamp(3), send[0]),
        ("timestamp(0)", ColumnKind::Timestamp(0), send[0]),
        ("timestamptz", ColumnKind::Timestamptz(6), send[1]),
        ("timestamptz(2)", ColumnKind::Timestamptz(2), send[1]),
    ] {
        let cases = with_random(texts(&edges), rounds, || text(moment(dice)));
        subjects.push(Subject::new(name, kind, cases).to_the_byte(send));
    }
    let days = texts(&[
        "0001-01-01",
        "9999-12-31",
        "2024-02-29",
        "2024-02-29 00:00:00",
        "2000-01-01T00:00:00.000Z",
        "2023-02-29",
    ]);
    let days = with_random(days, rounds, || {
        let day = format!(
            "{:04}-{:02}-{:02}",
            1 + dice.below(9999),
            1 + dice.below(12),
            1 + dice.below(31)
        );
        text(day + dice.pick(&["", " 00:00", "T00:00:00"]))
    });
    subjects.push(Subject::new("date", ColumnKind::Date, days).to_the_byte("date_send"));
    for (name, kind) in [("time", ColumnKind::Time(6)), ("time(1)", ColumnKind::Time(1))] {
        let cases = texts(&[
            "00:00:00",
            "23:59:59.999999",
            "23:59:59.9999999",
            "23:59:59.95",
            "24:00:00",
            "12:00:00.05",
        ]);
        let cases = with_random(cases, rounds, || text(clock(dice)));
        subjects.push(Subject::new(name, kind, cases).to_the_byte("time_send"));
    }
    let durations = |dice: &mut Dice| {
        let mut cases = texts(&[
            "-1 day, 23:59:59.5",
            "1 day",
            "3 days 04:05:06",
            "1 day -00:00:01",
            "100:00:00",
            "-00:00:00.000001",
            "PT0S",
            "P2W",
            "P1DT2H3M4.5S",
            "PT36H",
            "1 mon",
            "1 year",
            "999999 days, 0:00:00",
        ]);
        cases.extend(["1.02:03:04", "-1.00:00:00.5000000", "-P1DT00H00M00.1S"].map(unknown_to_postgres));
        with_random(cases, rounds, || {
            let days = dice.pick(&["", "", "1 day, ", "-2 days, ", "10 days "]);
            let sign = if days.is_empty() {
                dice.pick(&["", "-"])
            } else {
                ""
            };
            let count = 1 + dice.below(8);
            let fraction = if dice.below(2) == 0 {
                String::new()
            } else {
                format!(".{}", dice.digits(count))
            };
            text(format!(
                "{days}{sign}{}:{:02}:{:02}{fraction}",
                dice.below(200),
                dice.below(60),
                dice.below(60)
            ))
        })
    };
    subjects.push(Subject::new("interval", ColumnKind::Interval(6), durations(dice)));
    // Postgres rounds a part of the duration, outgrow all of it: halves below zero fall to the other side.
    let mut coarse = Subject::new("interval(2)", ColumnKind::Interval(2), durations(dice));
    coarse.same = "abs(extract(epoch FROM ours.v - asked.v)) <= 0.01".to_owned();
    subjects.push(coarse);
    subjects
}

/// Numbers that count time.
fn counted_times(dice: &mut Dice, rounds: usize) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for (unit, size, stamp, stamptz, duration) in [
        (
            "1 second",
            1_000_000_i64,
            "integer.timestamp(s)",
            "integer.timestamptz(s)",
            "integer.interval(s)",
        ),
        (
            "1 millisecond",
            1000,
            "integer.timestamp(ms)",
            "integer.timestamptz(ms)",
            "integer.interval(ms)",
        ),
        (
            "1 microsecond",
            1,
            "integer.timestamp(us)",
            "integer.timestamptz(us)",
            "integer.interval(us)",
        ),
    ] {
        let counts: Vec<i64> = (0..rounds).map(|_| (dice.integer() >> 8) / size / 100).collect();
        // Days and rest apart, because an interval is multiplied in binary64.
        let apart = |count: i64| {
            let day = 86_400_000_000 / size;
            let (days, rest) = (count.div_euclid(day), count.rem_euclid(day));
            format!("{days} * interval '1 day' + {rest} * interval '{unit}'")
        };
        let cases = |ask: &dyn Fn(i64) -> String| -> Vec<Case> {
            let case = |count: &i64| Case {
                value: OwnedValue::Integer(*count),
                ask: Ask::Sql(ask(*count)),
            };
            counts.iter().map(case).collect()
        };
        let wall = |count| format!("timestamp '1970-01-01' + {}", apart(count));
        for (name, kind, only, cases) in [
            ("timestamp", ColumnKind::Timestamp(6), stamp, cases(&wall)),
            (
                "timestamptz",
                ColumnKind::Timestamptz(6),
                stamptz,
                cases(&|count| format!("({}) AT TIME ZONE 'UTC'", wall(count))),
            ),
            ("interval", ColumnKind::Interval(6), duration, cases(&apart)),
        ] {
            let mut subject = Subject::new(name, kind, cases);
            subject.only = Some(only);
            subjects.push(subject);
        }
    }
    for (name, digits, only) in [
        ("timestamptz", 6, "real.timestamptz(s)"),
        ("timestamptz", 6, "real.timestamptz(s,6)"),
        ("timestamptz(1)", 1, "real.timestamptz(s,1)"),
    ] {
        let cases = with_random(Vec::new(), rounds, || {
            #[expect(clippy::cast_precision_loss)]
            let seconds = (dice.integer() >> 12) as f64 / dice.pick(&[1e6, 1e6, 3e6, 1e3]);
            Case {
                value: OwnedValue::Real(seconds),
                ask: Ask::Sql(format!("to_timestamp('{seconds:?}'::float8)")),
            }
        });
        let mut subject = Subject::new(name, ColumnKind::Timestamptz(digits), cases);
        subject.only = Some(only);
        subjects.push(subject);
    }
    subjects
}

fn json(dice: &mut Dice, depth: usize) -> String {
    let space = dice.pick(&["", "", " ", "\n"]);
    match dice.below(if depth == 0 { 4 } else { 7 }) {
        0 => dice
            .pick(&[
                "null", "true", "false", "\"\"", "0", "-0", "-0.0", "1.0", "1e0", "10E-1",
            ])
            .to_owned(),
        1 => {
            let digits = 1 + dice.below(30);
            format!(
                "{}{}",
                dice.pick(&["1", "-2", "0.", "3.", "-0.0"]),
                dice.digits(digits)
            )
        }
        2 => format!(
            "{}e{}{}",
            dice.pick(&["1", "-2.50", "0", "120"]),
            dice.pick(&["", "-", "+"]),
            dice.below(40)
        ),
        3 => json_string(dice),
        4 | 5 => {
            let members: Vec<String> = (0..dice.below(5))
                .map(|_| format!("{}{space}:{}", json_string(dice), json(dice, depth - 1)))
                .collect();
            format!("{{{space}{}}}", members.join(","))
        }
        _ => {
            let items: Vec<String> = (0..dice.below(5)).map(|_| json(dice, depth - 1)).collect();
            format!("[{}{space}]", items.join(&format!("{space},")))
        }
    }
}

fn json_string(dice: &mut Dice) -> String {
    let parts = [
        "a",
        "b",
        "A",
        "\\u0061",
        "\\\"",
        "\\\\",
        "\\/",
        "\\n",
        "\\u000a",
        "\\u001f",
        "\\ud83d\\ude00",
        "\u{1f600}",
        "\u{e9}",
        "\\u00e9",
        "\u{7f}",
        " ",
    ];
    let inside: String = (0..dice.below(3)).map(|_| dice.pick(&parts)).collect();
    format!("\"{inside}\"")
}

fn structures(dice: &mut Dice, rounds: usize) -> Vec<Subject> {
    let edges = texts(&[
        "{}",
        " [ ] ",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "1e131071",
        "1e131072",
        "[1e-16383]",
        "{\"a\":1,\"a\":2}",
        "[1,2",
        "nul",
        "01",
        "{\"b\":{\"d\":1,\"c\":[]},\"a\":null,\"b\":0}",
    ]);
    let mut subjects = Vec::new();
    let documents = |dice: &mut Dice| {
        let mut cases = edges.clone();
        cases.extend([
            integer(5),
            real(1.5),
            real_as_written(1e300),
            blob("{\"x\": [1.50]}"),
        ]);
        with_random(cases, 2 * rounds, || text(json(dice, 3)))
    };
    subjects.push(Subject::new("jsonb", ColumnKind::Jsonb, documents(dice)).to_the_byte("jsonb_send"));
    let mut kept = Subject::new("json", ColumnKind::Json, documents(dice));
    kept.same = "ours.v::text = asked.v::text".to_owned();
    kept.has_equality = false;
    subjects.push(kept);
    for (element, kind) in [
        ("text", ColumnKind::Text),
        ("character varying(3)", ColumnKind::Varchar(Some(3))),
        ("smallint", ColumnKind::Smallint),
        ("integer", ColumnKind::Integer),
        ("bigint", ColumnKind::Bigint),
        ("real", ColumnKind::Real),
        ("double precision", ColumnKind::DoublePrecision),
        ("boolean", ColumnKind::Boolean),
        ("numeric", ColumnKind::Numeric(None)),
        ("numeric(6,2)", ColumnKind::Numeric(Some((6, 2)))),
        ("uuid", ColumnKind::Uuid),
    ] {
        let cases = (0..rounds / 2).map(|_| array(dice, element, &kind)).collect();
        subjects.push(Subject::new(
            &format!("{element}[]"),
            ColumnKind::Array(Box::new(kind)),
            cases,
        ));
    }
    subjects
}

/// A JSON array mostly of what the element takes; Postgres reads it element by element.
fn array(dice: &mut Dice, element: &str, kind: &ColumnKind) -> Case {
    let items: Vec<String> = (0..dice.below(5))
        .map(|_| match kind {
            _ if dice.below(6) == 0 => "null".to_owned(),
            ColumnKind::Text | ColumnKind::Varchar(_) => json_string(dice),
            ColumnKind::Boolean => dice.pick(&["true", "false"]).to_owned(),
            ColumnKind::Uuid => {
                let digits: String = (0..32).map(|_| dice.pick(&['0', 'B', 'f'])).collect();
                format!("\"{digits}\"")
            }
            ColumnKind::Smallint | ColumnKind::Integer | ColumnKind::Bigint => {
                let shift = dice.pick(&[48, 52, 60]);
                (dice.integer() >> shift).to_string()
            }
            _ => dice
                .pick(&["0.1", "-2.50", "1e3", "99.99", "12", "0.125", "1e-2"])
                .to_owned(),
        })
        .collect();
    let text = format!("[{}]", items.join(", "));
    let literal = quote_literal(&text).unwrap();
    let sql = format!(
        "ARRAY(SELECT x::{element} FROM jsonb_array_elements_text({literal}::jsonb) WITH ORDINALITY AS q(x, n) ORDER BY n)"
    );
    Case {
        value: OwnedValue::Text(text),
        ask: Ask::Sql(sql),
    }
}
