//! Candidates per type, their order, and what a column's own limits refuse.

use super::*;
use crate::plan::cast::Fit;
use crate::plan::mapping::Scratch;
use outgrow_shared::value::Value::{self, Blob, Integer, Null, Real, Text};

fn fits(kind: &ColumnKind, hints: &Hints, value: Value<'_>) -> Vec<(String, Fit)> {
    let mut scratch = Scratch::default();
    let tried = candidates(kind, hints)
        .into_iter()
        .map(|candidate| (candidate.mapping.to_string(), candidate.fit(&value, &mut scratch)));
    tried.filter(|(_, fit)| *fit != Fit::Refused).collect()
}

/// The first candidate that takes the value.
fn first(kind: &ColumnKind, value: Value<'_>) -> Option<(String, Fit)> {
    fits(kind, &Hints::default(), value).into_iter().next()
}

fn told(identifier: &str, fit: Fit) -> Option<(String, Fit)> {
    Some((identifier.to_owned(), fit))
}

#[test]
fn what_django_stores_comes_back_as_it_was() {
    for (kind, value, expected) in [
        (ColumnKind::Boolean, Integer(1), "integer.boolean"),
        (
            ColumnKind::Uuid,
            Text("ff2a5ee0a5d5454c8d4b9a1a1a2bd3f0"),
            "text.uuid(32hex)",
        ),
        (
            ColumnKind::Timestamptz(6),
            Text("2026-11-21 09:08:31.144307"),
            "text.timestamptz(YYYY-MM-DD HH:MM:SS.ffffff,UTC)",
        ),
        (
            ColumnKind::Time(6),
            Text("23:59:59.999999"),
            "text.time(HH:MM:SS.ffffff)",
        ),
        (ColumnKind::Date, Text("0001-01-01"), "text.date(YYYY-MM-DD)"),
        (
            ColumnKind::Numeric(Some((20, 6))),
            Real(-99_999_999.999_999),
            "number.numeric(20,6)",
        ),
        (
            ColumnKind::Numeric(Some((20, 6))),
            Integer(100),
            "number.numeric(20,6)",
        ),
        (ColumnKind::Inet, Text("2001:db8::1"), "text.inet"),
        (
            ColumnKind::Varchar(Some(3)),
            Text("\u{e9}\u{e9}\u{e9}"),
            "text.text",
        ),
        (ColumnKind::Bytea, Blob(b"\0"), "blob.bytea"),
        (ColumnKind::Integer, Integer(-2_147_483_648), "integer.integer"),
        (ColumnKind::DoublePrecision, Real(0.0), "real.double"),
    ] {
        assert_eq!(first(&kind, value), told(expected, Fit::Exact), "{value}");
    }
    let hints = Hints {
        durations_are_microseconds: true,
        ..Hints::default()
    };
    let interval = ColumnKind::Interval(6);
    let duration = fits(&interval, &hints, Integer(-86_397_000_000));
    assert_eq!(duration, [("integer.interval(us)".to_owned(), Fit::Exact)]);
    assert_eq!(first(&interval, Integer(1)), None);
}

#[test]
fn a_format_with_an_optional_fraction_takes_both() {
    let hints = Hints::default();
    let kind = ColumnKind::Timestamptz(6);
    let of = |text| fits(&kind, &hints, Text(text));
    let python = "text.timestamptz(YYYY-MM-DD HH:MM:SS[.ffffff],UTC)".to_owned();
    for text in ["2024-01-01 00:00:00", "2024-01-01 00:00:00.000001"] {
        assert!(of(text).contains(&(python.clone(), Fit::Exact)), "{text}");
    }
    assert!(!of("2024-01-01 00:00:00.815").contains(&(python, Fit::Exact)));
    assert_eq!(
        of("2024-01-01 00:00:00.8").last(),
        told("any.timestamptz(UTC)", Fit::Folded).as_ref()
    );
}

#[test]
fn folding_comes_last_and_only_it_folds() {
    let hints = Hints {
        zone: Some("+01:00".to_owned()),
        durations_are_microseconds: true,
    };
    // An enumeration takes its labels as they are and folds nothing.
    let kinds = ColumnKind::of_every_sort()
        .into_iter()
        .filter(|kind| !matches!(kind, ColumnKind::Enum(_)));
    for kind in kinds {
        let candidates = candidates(&kind, &hints);
        let folding: Vec<bool> = candidates
            .iter()
            .map(|candidate| candidate.mapping.folds())
            .collect();
        assert!(folding.is_sorted(), "{kind:?}");
        assert_eq!(folding.last(), Some(&true), "{kind:?}");
        for candidate in candidates {
            assert_eq!(candidate.fit(&Null, &mut Scratch::default()), Fit::Exact);
            assert_eq!(
                candidate_for(candidate.mapping, &kind),
                Some(candidate),
                "{kind:?}"
            );
        }
    }
    assert!(candidates(&ColumnKind::Other, &hints).is_empty());
    assert!(candidates(&ColumnKind::Array(Box::new(ColumnKind::Jsonb)), &hints).is_empty());
    assert!(
        candidates(
            &ColumnKind::Array(Box::new(ColumnKind::Array(Box::new(ColumnKind::Text)))),
            &hints
        )
        .is_empty()
    );
}

#[test]
fn a_columns_own_limits_are_kept() {
    let labels = ColumnKind::Enum(vec!["a b".to_owned(), String::new()]);
    let array = ColumnKind::Array(Box::new(ColumnKind::Varchar(Some(2))));
    let takes = |kind: &ColumnKind, value| first(kind, value).map(|(_, fit)| fit);
    for (kind, value, expected) in [
        (&labels, Text("a b"), Some(Fit::Exact)),
        (&labels, Text(""), Some(Fit::Exact)),
        (&labels, Text("A b"), None),
        (&labels, Integer(1), None),
        (&ColumnKind::Varchar(Some(2)), Text("ab "), None),
        (&ColumnKind::Varchar(None), Text("ab "), Some(Fit::Exact)),
        (&ColumnKind::Varchar(Some(2)), Integer(100), None),
        (&ColumnKind::Varchar(Some(2)), Blob(b"ab"), Some(Fit::Folded)),
        (&ColumnKind::Char(2), Text("a"), Some(Fit::Exact)),
        (&ColumnKind::Char(2), Text("a "), Some(Fit::Folded)),
        (&ColumnKind::Char(2), Text("ab "), None),
        (&array, Text("[\"ab\"]"), Some(Fit::Exact)),
        (&array, Text("[\"abc\"]"), None),
        (
            &ColumnKind::Timestamp(3),
            Text("2024-01-01 00:00:00.001"),
            Some(Fit::Exact),
        ),
        (
            &ColumnKind::Timestamp(3),
            Text("2024-01-01 00:00:00.000001"),
            Some(Fit::Rounded),
        ),
        (&ColumnKind::Time(0), Text("00:00:00.5"), Some(Fit::Rounded)),
        (
            &ColumnKind::Timestamptz(0),
            Text("2024-01-01 00:00:00.000000Z"),
            Some(Fit::Exact),
        ),
        (
            &ColumnKind::Numeric(Some((3, -2))),
            Integer(99_900),
            Some(Fit::Exact),
        ),
        (&ColumnKind::Numeric(Some((3, -2))), Integer(99_950), None),
        (
            &ColumnKind::Numeric(Some((3, -2))),
            Text("99900"),
            Some(Fit::Exact),
        ),
        (&ColumnKind::Real, Real(0.1), Some(Fit::Rounded)),
        (&ColumnKind::Boolean, Text("no"), Some(Fit::Folded)),
    ] {
        assert_eq!(takes(kind, value), expected, "{kind:?} {value}");
    }
}

#[test]
fn an_unknown_zone_leads_nowhere() {
    let hints = Hints {
        zone: Some("Nowhere/Land".to_owned()),
        ..Hints::default()
    };
    let kind = ColumnKind::Timestamptz(6);
    assert!(fits(&kind, &hints, Text("2024-01-01 00:00:00")).is_empty());
    assert!(!fits(&kind, &hints, Text("2024-01-01 00:00:00Z")).is_empty());
}

#[test]
fn an_owner_may_force_what_leads_there() {
    let forced = |identifier: &str, kind: &ColumnKind| {
        candidate_for(Mapping::try_from(identifier.to_owned()).unwrap(), kind).is_some()
    };
    assert!(forced("integer.interval(s)", &ColumnKind::Interval(6)));
    assert!(forced("any.text", &ColumnKind::Varchar(Some(5))));
    assert!(forced(
        "any.timestamptz(Europe/Berlin)",
        &ColumnKind::Timestamptz(6)
    ));
    assert!(!forced(
        "any.timestamptz(Europe/Berlin)",
        &ColumnKind::Timestamptz(3)
    ));
    assert!(!forced("integer.interval(s)", &ColumnKind::Bigint));
    assert!(!forced("number.numeric(5,2)", &ColumnKind::Numeric(Some((6, 2)))));
    assert!(!forced("text.text", &ColumnKind::Jsonb));
}

#[test]
fn a_cast_sends_the_value_and_stores_its_normal_form() {
    use crate::plan::model::ColumnPlan;

    let mut column = ColumnPlan {
        fits: None,
        name: "price".to_owned(),
        target_name: "price".to_owned(),
        declared_type: "TEXT".to_owned(),
        target_type: "numeric".to_owned(),
        mapping: Mapping::Cast(Cast::AnyNumeric(Limit::None)),
        could_be: Vec::new(),
        values: std::collections::BTreeMap::new(),
        generated: None,
        not_null: false,
        reason: String::new(),
    };
    let mut scratch = Scratch::default();
    let treated = column.treat(Text("+1.50"), &mut scratch);
    // Postgres prints 1.50, as it was written; the value is 1.5.
    assert_eq!(treated.sent(), Text("+1.50"));
    assert_eq!((treated.stored(), treated.hashed()), (Text("1.5"), Text("1.5")));
    assert!(column.folds());
    column.mapping = Mapping::AnyText;
    let treated = column.treat(Integer(5), &mut scratch);
    assert_eq!((treated.sent(), treated.stored()), (Text("5"), Text("5")));
}
