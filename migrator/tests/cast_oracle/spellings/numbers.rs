//! Truth values, integers, floats and decimals.

use outgrow_migrator::target::catalog::ColumnKind;
use outgrow_shared::value::OwnedValue;

use super::{Dice, Subject, integer, real, text, texts, with_random};
use crate::{Ask, Case};

/// The first Postgres with `numeric(3,-2)`.
const VERSION_OF_NEGATIVE_SCALE: u32 = 150_000;

const DECIMALS: &[&str] = &[
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
];

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

/// `boolean` and the numeric types.
pub fn numbers(version: u32, dice: &mut Dice, rounds: usize) -> Vec<Subject> {
    let mut subjects = vec![truths()];
    for (name, kind) in [
        ("smallint", ColumnKind::Smallint),
        ("integer", ColumnKind::Integer),
        ("bigint", ColumnKind::Bigint),
    ] {
        subjects.push(Subject::new(name, kind, wholes(dice, rounds)));
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
        let cases = decimals(dice, rounds);
        subjects.push(Subject::new(name, ColumnKind::Numeric(limit), cases).by_bytes("numeric_send"));
    }
    subjects
}

fn truths() -> Subject {
    let mut cases = texts(&[
        "t", "TRUE", "yes", "Y", "on", "1", "f", "False", "no", "n", "OFF", "0", "2", "", "tr",
    ]);
    cases.extend([0.0, 1.0, 0.5].map(real));
    cases.extend([0, 1, 2].map(integer));
    Subject::new("boolean", ColumnKind::Boolean, cases)
}

fn wholes(dice: &mut Dice, rounds: usize) -> Vec<Case> {
    let edges = [
        0,
        -1,
        32_767,
        -32_768,
        2_147_483_647,
        -2_147_483_648,
        i64::MAX,
        i64::MIN,
    ];
    let near = edges
        .iter()
        .flat_map(|edge| [edge.saturating_sub(1), *edge, edge.saturating_add(1)]);
    let mut cases: Vec<Case> = near
        .flat_map(|edge| [integer(edge), text(edge.to_string())])
        .collect();
    cases.extend(texts(&["+5", "007", "-0", "9223372036854775808", "1.0", ""]));
    with_random(cases, rounds, || match dice.below(3) {
        0 => integer(dice.integer() >> 40),
        #[expect(clippy::cast_precision_loss)]
        1 => real((dice.integer() >> 44) as f64),
        _ => {
            let sign = dice.pick(&["", "-", "+", "0"]);
            text(format!("{sign}{}", dice.below(40_000)))
        }
    })
}

fn decimals(dice: &mut Dice, rounds: usize) -> Vec<Case> {
    let mut cases = texts(DECIMALS);
    cases.extend([0.1 + 0.2, -1.1 * 3.0, 0.125, 1e22, 5e-324, f64::MAX].map(real));
    cases.push(integer(i64::MIN));
    with_random(cases, rounds, || match dice.below(3) {
        0 => integer(dice.integer() >> 32),
        #[expect(clippy::cast_precision_loss)]
        1 => real((dice.integer() >> 40) as f64 / 100.0 * dice.pick(&[1.0, 3.0, 0.001])),
        _ => text(number_text(dice)),
    })
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
        subjects.push(Subject::new(name, kind, cases).by_bytes(send));
    }
    subjects
}
