//! One column counted value by value, against what a person reads off the values.

use super::*;
use crate::plan::text_time::Zone;
use crate::source::ddl::Affinity;

fn census(declared_type: &str, values: &[Value<'_>]) -> ColumnCensus {
    let column = Column {
        name: "c".into(),
        declared_type: declared_type.into(),
        affinity: Affinity::Blob,
        not_null: false,
        default_sql: None,
        generated: false,
    };
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
