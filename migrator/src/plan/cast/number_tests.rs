//! Numbers at both sides of every limit.

use super::*;

type Told = Option<(Normal, bool, String)>;

fn told(outcome: Option<Outcome>, buffer: String) -> Told {
    outcome.map(|outcome| {
        let text = if outcome.normal == Normal::Text {
            buffer
        } else {
            String::new()
        };
        (outcome.normal, outcome.rounded, text)
    })
}

fn real(value: Value<'_>) -> Told {
    let mut buffer = String::new();
    told(any_real_outcome(&value, &mut buffer), buffer)
}

fn double(value: Value<'_>) -> Told {
    let mut buffer = String::new();
    told(any_double_outcome(&value, &mut buffer), buffer)
}

fn numeric(value: Value<'_>, limit: Limit) -> Option<(String, bool)> {
    let mut buffer = String::new();
    any_numeric_outcome(&value, limit, &mut buffer).map(|outcome| (buffer, outcome.rounded))
}

const CENTS: Limit = Limit::Digits {
    precision: 6,
    scale: 2,
};

#[test]
fn integers_at_both_ends() {
    for (width, low, high) in [
        (Width::Smallint, -32_768, 32_767),
        (Width::Integer, -2_147_483_648, 2_147_483_647),
        (Width::Bigint, i64::MIN, i64::MAX),
    ] {
        for end in [low, high] {
            assert_eq!(any_whole(&Value::Integer(end), width), Some(end));
            assert_eq!(any_whole(&Value::Text(&end.to_string()), width), Some(end));
        }
        if width != Width::Bigint {
            assert_eq!(any_whole(&Value::Integer(low - 1), width), None);
            assert_eq!(any_whole(&Value::Integer(high + 1), width), None);
        }
    }
    for (text, expected) in [
        ("+7", Some(7)),
        ("007", Some(7)),
        ("-0", Some(0)),
        ("9223372036854775808", None),
    ] {
        assert_eq!(any_whole(&Value::Text(text), Width::Bigint), expected, "{text}");
    }
    for text in ["", "+", "1.0", "1e3", " 1", "0x10", "\u{661}", "1_0"] {
        assert_eq!(any_whole(&Value::Text(text), Width::Bigint), None, "{text}");
    }
    assert_eq!(any_whole(&Value::Blob(b"1"), Width::Bigint), None);
}

#[test]
fn whole_reals_are_integers() {
    let exact = |real, width| real_whole(&Value::Real(real), width);
    assert_eq!(exact(32_767.0, Width::Smallint), Some(32_767));
    assert_eq!(exact(32_768.0, Width::Smallint), None);
    assert_eq!(exact(-9_223_372_036_854_775_808.0, Width::Bigint), Some(i64::MIN));
    assert_eq!(exact(9_223_372_036_854_775_808.0, Width::Bigint), None);
    assert_eq!(exact(0.0, Width::Integer), Some(0));
    assert_eq!(exact(-0.0, Width::Integer), None);
    assert_eq!(any_whole(&Value::Real(-0.0), Width::Integer), Some(0));
    for real in [0.5, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
        assert_eq!(exact(real, Width::Bigint), None);
        assert_eq!(any_whole(&Value::Real(real), Width::Bigint), None);
    }
    assert_eq!(real_whole(&Value::Integer(1), Width::Bigint), None);
}

#[test]
fn binary32_rounds_but_never_overflows() {
    let exact = |real| real_real(&Value::Real(real));
    assert_eq!(exact(0.5), Some(0.5));
    assert_eq!(exact(-0.0).map(f32::to_bits), Some((-0.0_f32).to_bits()));
    assert_eq!(exact(f64::INFINITY), Some(f32::INFINITY));
    assert_eq!(exact(f64::from(f32::MAX)), Some(f32::MAX));
    assert_eq!(exact(0.1), None);
    assert_eq!(
        real(Value::Real(0.1)),
        Some((Normal::Real(f64::from(0.1_f32)), true, String::new()))
    );
    assert_eq!(real(Value::Real(f64::from(f32::MAX) * 1.1)), None);
    assert_eq!(real(Value::Real(1e-60)), None);
    assert_eq!(
        real(Value::Integer(16_777_216)),
        Some((Normal::Real(16_777_216.0), false, String::new()))
    );
    assert_eq!(
        real(Value::Integer(16_777_217)),
        Some((Normal::Real(16_777_216.0), true, String::new()))
    );
    assert_eq!(
        real(Value::Text("0.5")),
        Some((Normal::Real(0.5), false, String::new()))
    );
    assert_eq!(
        real(Value::Text("-Infinity")),
        Some((Normal::Real(f64::NEG_INFINITY), false, String::new()))
    );
    assert_eq!(real(Value::Text("1e39")), None);
    assert_eq!(real(Value::Text("1e-60")), None);
    assert_eq!(
        real(Value::Text("0e-60")),
        Some((Normal::Real(0.0), false, String::new()))
    );
    assert_eq!(
        real(Value::Text("nan")),
        Some((Normal::Text, false, "NaN".to_owned()))
    );
}

#[test]
fn binary64_says_what_it_loses() {
    assert_eq!(
        double(Value::Text("0.1")),
        Some((Normal::Real(0.1), false, String::new()))
    );
    assert_eq!(
        double(Value::Text("1.50e2")),
        Some((Normal::Real(150.0), false, String::new()))
    );
    assert_eq!(
        double(Value::Text("0.1000000000000000055")),
        Some((Normal::Real(0.1), true, String::new()))
    );
    assert_eq!(
        double(Value::Integer((1 << 53) + 1)),
        Some((Normal::Real(9_007_199_254_740_992.0), true, String::new()))
    );
    assert_eq!(
        double(Value::Integer(-5)),
        Some((Normal::Real(-5.0), false, String::new()))
    );
    assert_eq!(
        double(Value::Text("inf")),
        Some((Normal::Real(f64::INFINITY), false, String::new()))
    );
    assert_eq!(
        double(Value::Text("NAN")),
        Some((Normal::Text, false, "NaN".to_owned()))
    );
    for text in [
        "", "1e400", "-1e400", "1e-400", "1,5", " 1", "abc", "0x1p3", "infinit",
    ] {
        assert_eq!(double(Value::Text(text)), None, "{text}");
    }
}

#[test]
fn noise_of_floats_is_rounded_away_and_nothing_else() {
    let plain = |text: &str, rounded| Some((text.to_owned(), rounded));
    assert_eq!(numeric(Value::Real(9999.99), CENTS), plain("9999.99", false));
    assert_eq!(numeric(Value::Real(0.1 + 0.2), CENTS), plain("0.3", true));
    assert_eq!(
        numeric(Value::Real(0.1 + 0.2), Limit::None),
        plain("0.30000000000000004", false)
    );
    assert_eq!(numeric(Value::Real(-1.1 * 3.0), CENTS), plain("-3.3", true));
    assert_eq!(numeric(Value::Real(0.125), CENTS), None);
    // Of 17 digits no more are given up than the column has no room for.
    let cents = Limit::Digits {
        precision: 20,
        scale: 2,
    };
    assert_eq!(
        numeric(Value::Real(12_345_678_901_234.567), cents),
        plain("12345678901234.57", true)
    );
    assert_eq!(numeric(Value::Real(100.1 + 200.2), cents), plain("300.3", true));
    assert_eq!(numeric(Value::Real(0.005), CENTS), None);
    assert_eq!(numeric(Value::Real(10_000.0), CENTS), None);
    assert_eq!(numeric(Value::Real(f64::INFINITY), Limit::None), None);
    assert_eq!(numeric(Value::Real(-0.0), CENTS), plain("0", false));
    assert_eq!(
        numeric(Value::Real(1e22), Limit::None),
        plain("10000000000000000000000", false)
    );
    assert_eq!(numeric(Value::Text("9999.990"), CENTS), plain("9999.99", false));
    // A text was written on purpose.
    assert_eq!(numeric(Value::Text("0.30000000000000004"), CENTS), None);
    assert_eq!(numeric(Value::Text("-1e3"), CENTS), plain("-1000", false));
    assert_eq!(numeric(Value::Integer(-9999), CENTS), plain("-9999", false));
    assert_eq!(numeric(Value::Integer(10_000), CENTS), None);
    assert_eq!(numeric(Value::Text("NaN"), Limit::None), None);
    assert_eq!(numeric(Value::Blob(b"1"), Limit::None), None);
}

#[test]
fn numbers_that_come_back_are_exact() {
    let exact = |value, limit| number_numeric(&value, limit, &mut String::new());
    assert!(exact(Value::Integer(i64::MIN), Limit::None));
    assert!(exact(Value::Real(0.1), Limit::None) && exact(Value::Real(1e22), Limit::None));
    // A whole one comes back as INTEGER, as SQLite stores it under NUMERIC affinity.
    assert!(!exact(Value::Real(1.0), Limit::None) && !exact(Value::Real(-0.0), Limit::None));
    assert!(!exact(Value::Text("1"), Limit::None) && !exact(Value::Real(f64::INFINITY), Limit::None));
    assert!(exact(Value::Integer(9999), CENTS) && !exact(Value::Integer(10_000), CENTS));
    assert!(exact(Value::Real(0.25), CENTS) && !exact(Value::Real(0.125), CENTS));
}
