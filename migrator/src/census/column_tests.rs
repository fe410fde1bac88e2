//! One column counted value by value, against what a person reads off the values.

use super::*;
use crate::plan::text_time::Zone;

fn census(declared_type: &str, values: &[Value<'_>]) -> ColumnCensus {
    let column = Column::declared(declared_type);
    let mut census = ColumnCensus::new(&column);
    for (row, value) in values.iter().enumerate() {
        census.count(value, || format!("row {row}"));
    }
    census
}

#[test]
fn classes_ranges_and_samples() {
    let seen = census(
        "",
        &[
            Value::Integer(-5),
            Value::Integer(9),
            Value::Text("x"),
            Value::Null,
        ],
    );
    assert_eq!(seen.classes(), [Class::Integer, Class::Text]);
    assert_eq!(seen.integers, Some((-5, 9)));
    assert_eq!(seen.integers_not_boolean, 2);
    assert_eq!(seen.samples(Class::Text), ["row 2"]);
    assert_eq!(seen.of_class(Class::Null), 1);
    assert_eq!(seen.total_bytes, 17);
}

#[test]
fn samples_are_few() {
    let seen = census("", &[Value::Null; 10]);
    assert_eq!(seen.samples(Class::Null), ["row 0", "row 1", "row 2"]);
}

#[test]
fn one_odd_text_ends_a_format() {
    let good = [
        Value::Text("2024-01-01 10:00:00.5"),
        Value::Text("2024-01-01 10:00:00"),
    ];
    assert_eq!(census("DATETIME", &good).timestamp_format(), None);
    let same = [Value::Text("2024-01-01T10:00:00Z"), Value::Null];
    let format = census("TIMESTAMP", &same).timestamp_format().unwrap();
    assert_eq!((format.t_separator, format.zone), (true, Zone::Z));
    assert_eq!(census("TEXT", &same).timestamp_format(), None);
    assert!(census("DATE", &[Value::Text("2024-02-29")]).all_dates());
    assert!(!census("DATE", &[Value::Text("2023-02-29")]).all_dates());
    assert!(!census("DATE", &[Value::Null]).all_dates());
}

#[test]
fn what_a_decimal_column_cannot_give_back_shows() {
    let seen = census("DECIMAL(5,2)", &[Value::Real(1.25), Value::Integer(100)]);
    assert!(seen.decimals.unwrap().fits(5, 2));
    assert_eq!(seen.reals_whole, 0);
    let odd = census("DECIMAL(5,2)", &[Value::Real(2.0), Value::Real(f64::INFINITY)]);
    assert_eq!((odd.decimals, odd.reals_whole), (None, 1));
    assert_eq!(census("", &[Value::Real(-0.0)]).reals_whole, 1);
    assert_eq!(census("", &[Value::Integer(i64::MAX)]).integers_beyond_double, 1);
}

#[test]
fn nul_is_seen() {
    let seen = census("TEXT", &[Value::Text("a"), Value::Text("a\0b")]);
    assert_eq!(
        (seen.texts_with_nul, seen.nul_samples.as_slice()),
        (1, &["row 1".to_owned()][..])
    );
}

#[test]
fn numbers_that_may_be_moments() {
    let seconds = [Value::Integer(1_700_000_000), Value::Integer(0), Value::Null];
    let seen = census("INTEGER", &seconds);
    assert_eq!(seen.epoch_unit(), Some(EpochUnit::Seconds));
    assert_eq!(seen.integers_zero, 1);
    let milliseconds = [Value::Integer(0), Value::Integer(1_700_000_000_000)];
    assert_eq!(
        census("", &milliseconds).epoch_unit(),
        Some(EpochUnit::Milliseconds)
    );
    for odd in [-1, 1, 631_151_999, 1_700_000_000_000] {
        let values = [Value::Integer(1_700_000_000), Value::Integer(odd)];
        assert_eq!(census("", &values).epoch_unit(), None, "{odd}");
    }
    assert_eq!(census("", &[Value::Integer(0)]).epoch_unit(), None);
    assert_eq!(census("", &[]).epoch_unit(), None);
    let days = census("REAL", &[Value::Real(2_460_000.5), Value::Null]);
    assert!(days.reals_are_julian_days() && !days.reals_are_epoch_seconds());
    let fractions = census("REAL", &[Value::Real(1_700_000_000.25)]);
    assert!(fractions.reals_are_epoch_seconds() && !fractions.reals_are_julian_days());
    let endless = census("REAL", &[Value::Real(2_460_000.5), Value::Real(f64::INFINITY)]);
    assert!(!endless.reals_are_julian_days());
    assert!(!census("REAL", &[]).reals_are_julian_days());
}

#[test]
fn integers_that_fit_smaller_types() {
    let fit = |integer: i64| {
        let seen = census("", &[Value::Integer(0), Value::Integer(integer)]);
        (seen.integers_fit_int2(), seen.integers_fit_int4())
    };
    assert_eq!(fit(32_767), (true, true));
    assert_eq!(fit(32_768), (false, true));
    assert_eq!(fit(-32_769), (false, true));
    assert_eq!(fit(2_147_483_647), (false, true));
    assert_eq!(fit(2_147_483_648), (false, false));
    assert_eq!(fit(-2_147_483_649), (false, false));
    assert!(!census("", &[]).integers_fit_int4());
}

#[test]
fn odd_reals_are_counted_and_infinite_ones_named() {
    let values = [
        Value::Real(-0.0),
        Value::Real(f64::NEG_INFINITY),
        Value::Real(1.5),
        Value::Real(f64::INFINITY),
    ];
    let seen = census("REAL", &values);
    assert_eq!((seen.reals_infinite, seen.reals_negative_zero), (2, 1));
    assert_eq!(seen.infinite_samples, ["row 1", "row 3"]);
    assert_eq!(seen.reals, Some((-0.0, 1.5)));
    assert_eq!(census("REAL", &[Value::Real(0.0)]).reals_negative_zero, 0);
}

#[test]
fn texts_that_read_as_numbers_are_counted_each() {
    let seen = census("", &["1", "x", "2.5", "", "-3"].map(Value::Text));
    assert_eq!(
        (seen.texts_integer, seen.texts_decimal, seen.texts_empty),
        (2, 3, 1)
    );
    assert_eq!((seen.text_lengths_bytes, seen.text_bytes), (Some((0, 3)), 7));
}

#[test]
fn a_shape_holds_only_while_every_text_has_it() {
    const UUID: &str = "0b9f1c4e-7a52-4d39-8e21-6f0a9b3c5d7e";
    let seen = census("TEXT", &[Value::Text(UUID), Value::Null, Value::Integer(1)]);
    assert!(seen.texts_are(TextShape::UuidCanonical) && seen.texts_are(TextShape::Uuid));
    let upper = UUID.to_uppercase();
    let seen = census("TEXT", &[Value::Text(&upper), Value::Text(UUID)]);
    assert!(!seen.texts_are(TextShape::UuidCanonical) && seen.texts_are(TextShape::Uuid));
    assert!(census("TEXT", &["yes", "No"].map(Value::Text)).texts_are(TextShape::BooleanWord));
    assert!(!census("TEXT", &["yes", "1", "no"].map(Value::Text)).texts_are(TextShape::BooleanWord));
    assert!(!census("TEXT", &[Value::Null]).texts_are(TextShape::Uuid));
}

#[test]
fn json_is_known_while_every_text_is_json() {
    let seen = census("TEXT", &["{}", "[\"\\u0000\"]", "[1]"].map(Value::Text));
    let expected = JsonTexts {
        unfit_for_jsonb: 1,
        unfit_samples: vec!["row 1".to_owned()],
    };
    assert_eq!(seen.json(), Some(&expected));
    assert_eq!(census("TEXT", &["{}", "1", "{}"].map(Value::Text)).json(), None);
    assert_eq!(census("TEXT", &[Value::Null]).json(), None);
}

#[test]
fn blobs_like_uuids_and_the_longest_value() {
    let values = [
        Value::Blob(&[0; 16]),
        Value::Blob(&[0; 15]),
        Value::Text("0123456789abcdef"),
        Value::RawText(&[0xff; 20]),
    ];
    let seen = census("", &values);
    assert_eq!(seen.blobs_of_16_bytes, 1);
    assert_eq!(
        (seen.length_max_bytes, seen.length_max_sample.as_deref()),
        (20, Some("row 3"))
    );
    assert_eq!(seen.samples(Class::RawText), ["row 3"]);
    let empty = census("", &[Value::Null, Value::Text("")]);
    assert_eq!(
        (empty.length_max_bytes, empty.length_max_sample.as_deref()),
        (0, Some("row 1"))
    );
}

#[test]
fn times_of_several_formats_are_counted_with_their_rows() {
    let texts = [
        "2024-01-01T00:00:00Z",
        "2024-01-01",
        "2024-01-02T00:00:00Z",
        "",
        "now",
    ];
    let seen = census("DATETIME", &texts.map(Value::Text));
    let kinds: Vec<(String, u64, &[String])> = seen
        .time_texts()
        .unwrap()
        .kinds()
        .into_iter()
        .map(|counted| (counted.kind.name(), counted.rows, counted.samples))
        .collect();
    let rows = |rows: &[&str]| rows.iter().map(|row| (*row).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        kinds[0],
        (
            "YYYY-MM-DDTHH:MM:SSZ".to_owned(),
            2,
            &rows(&["row 0", "row 2"])[..]
        )
    );
    assert_eq!(kinds[1], ("YYYY-MM-DD".to_owned(), 1, &rows(&["row 1"])[..]));
    assert_eq!(kinds.len(), 4);
    assert!(census("TEXT", &texts.map(Value::Text)).time_texts().is_none());
}
