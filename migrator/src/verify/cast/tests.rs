//! What copy sends comes back in its normal form, whatever the value is, and what does not fit is never sent.

use proptest::prelude::*;

use super::*;
use crate::copy::encode::encode_field;
use crate::plan::cast::{Candidate, Fit, Hints, candidates};
use crate::plan::mapping::Scratch;
use crate::target::catalog::ColumnKind;
use crate::verify::decode::decode_field;

fn all_candidates() -> Vec<(ColumnKind, Vec<Candidate>)> {
    let hints = Hints {
        zone: Some("America/New_York".to_owned()),
        durations_are_microseconds: true,
    };
    ColumnKind::of_every_sort()
        .into_iter()
        .map(|kind| {
            let ways = candidates(&kind, &hints);
            (kind, ways)
        })
        .collect()
}

/// Tries one value on every candidate; how many took it.
fn try_all(all: &[(ColumnKind, Vec<Candidate>)], value: &Value<'_>) -> usize {
    let mut taken = 0;
    for (kind, ways) in all {
        for candidate in ways {
            taken += usize::from(try_one(kind, candidate, value));
        }
    }
    taken
}

fn try_one(kind: &ColumnKind, candidate: &Candidate, value: &Value<'_>) -> bool {
    let mapping = candidate.mapping;
    let (mut scratch, mut text, mut buffer) = (Scratch::default(), String::new(), Vec::new());
    let fit = candidate.fit(value, &mut scratch);
    if fit == Fit::Refused {
        return false;
    }
    let normal = mapping.normal_form(*value, &mut scratch);
    let is_cast = matches!(mapping, crate::plan::mapping::Mapping::Cast(_));
    let sent = if is_cast { *value } else { normal };
    encode_field(mapping, &sent, &mut buffer).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
    let length = i32::from_be_bytes(buffer[..4].try_into().unwrap());
    assert_eq!(
        usize::try_from(length).unwrap(),
        buffer.len() - 4,
        "{mapping} {value}"
    );
    let back = decode_field(mapping, Some(&buffer[4..]), &mut text).unwrap();
    assert_eq!(back, normal, "{kind:?} {mapping} {value}");
    assert_eq!(
        fit == Fit::Exact,
        back == *value,
        "{kind:?} {mapping} {value} {fit:?}"
    );
    assert!(fit == Fit::Exact || mapping.folds(), "{mapping} {value} {fit:?}");
    true
}

fn spelling() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,10}",
        "[-+]?[0-9]{1,6}(\\.[0-9]{0,4})?([eE][-+]?[0-9]{1,2})?",
        "-?[0-9]{1,20}",
        "(true|FALSE|t|f|Yes|no|on|off|0|1|nan|inf|-Infinity)",
        "(19|20)[0-9]{2}-(0[1-9]|1[0-2])-[0-3][0-9]([ T][0-2][0-9]:[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,8})?)?(Z|\\+00:00|[-+]0[0-9](:?[0-5]0)?)?)?",
        "[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,8})?",
        "-?([0-9] days?,? )?[0-9]{1,2}:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,7})?",
        "-?P([0-9]D)?T[0-9]H[0-5]M[0-9](\\.[0-9]{1,7})?S",
        "[0-9a-f]{32}",
        "\\{?[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9A-F]{4}-[0-9]{4}-[0-9a-f]{12}\\}?",
        "[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9]{4}-[0-9A-F]{12}",
        "(10|192)\\.[0-9]{1,2}\\.0\\.0(/[0-9]{1,2})?",
        "([0-9a-f]{1,4}:){2}:[0-9A-F]{1,4}(/1?[0-9]{2})?",
        "\\[(\"[a-z\u{e9}]{0,4}\"|null|-?[0-9]{1,5}(\\.[0-9]{1,2})?|true)(, ?(\"[a-z]{0,2}\"|null|[0-9]{1,3}))*\\]",
        "\\{\"[a-c]\": ?(1|2\\.50|\"x\"),\"[a-c]\":\\[(null|1e5)?\\]\\}",
        "(a|b c)",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn texts_come_back_in_their_normal_form(text in spelling()) {
        let all = all_candidates();
        try_all(&all, &Value::Text(&text));
        try_all(&all, &Value::Blob(text.as_bytes()));
    }

    #[test]
    fn numbers_come_back_in_their_normal_form(integer: i64, shift in 0_u32..64, bits: u64, cents in -2_000_000_i64..2_000_000) {
        let all = all_candidates();
        try_all(&all, &Value::Integer(integer >> shift));
        let real = f64::from_bits(bits);
        if !real.is_nan() {
            try_all(&all, &Value::Real(real));
        }
        #[expect(clippy::cast_precision_loss)]
        let (decimal, seconds) = (cents as f64 / 100.0, 1.7e9 + cents as f64 / 64.0);
        for real in [decimal, seconds, decimal * 1.1, 2_460_000.5 + decimal / 1000.0, decimal.round()] {
            try_all(&all, &Value::Real(real));
        }
    }

    #[test]
    fn bytes_come_back_in_their_normal_form(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
        let all = all_candidates();
        try_all(&all, &Value::Blob(&bytes));
        if std::str::from_utf8(&bytes).is_err() {
            try_all(&all, &Value::RawText(&bytes));
        }
    }

    #[test]
    fn no_bytes_of_the_target_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        for (_, ways) in all_candidates() {
            for candidate in ways {
                let _ = decode_field(candidate.mapping, Some(&bytes), &mut String::new());
            }
        }
    }
}

#[test]
fn every_kind_is_reached_by_the_spellings() {
    let all = all_candidates();
    let examples: &[(ColumnKind, &str)] = &[
        (ColumnKind::Timestamptz(6), "2024-01-01 10:00:00.123456"),
        (ColumnKind::Interval(6), "1 day, 10:00:00"),
        (ColumnKind::Jsonb, "{\"b\": 1, \"a\": 2.50}"),
    ];
    for (kind, text) in examples {
        let ways = all
            .iter()
            .find(|(known, _)| known == kind)
            .map(|(_, ways)| ways)
            .unwrap();
        assert!(
            ways.iter()
                .any(|candidate| try_one(kind, candidate, &Value::Text(text))),
            "{kind:?}"
        );
    }
    assert!(try_all(&all, &Value::Text("1")) > 10);
}

#[test]
fn values_that_are_never_sent_are_no_values() {
    use crate::plan::mapping::Mapping;
    let none = |identifier: &str, bytes: &[u8]| {
        let mapping = Mapping::try_from(identifier.to_owned()).unwrap();
        assert!(
            decode_field(mapping, Some(bytes), &mut String::new()).is_err(),
            "{identifier}"
        );
    };
    let month = [&[0_u8; 12][..], &[0, 0, 0, 1]].concat();
    none("any.interval", &month);
    none("integer.interval(us)", &month);
    none("any.jsonb", b"\x02{}");
    none("any.jsonb", b"");
    none("any.numeric", &[0, 0, 0, 0, 0xc0, 0, 0, 0]);
    none("any.numeric", &[0, 1, 0, 0, 0, 0, 0, 0, 0x27, 0x10]);
    none("any.inet", &[2, 24, 1, 4, 10, 0, 0, 0]);
    none("any.cidr", &[2, 24, 0, 4, 10, 0, 0, 0]);
    none("any.inet", &[2, 33, 0, 4, 10, 0, 0, 0]);
    none("any.timestamptz(UTC)", &i64::MAX.to_be_bytes());
    none("any.time", &86_400_000_000_i64.to_be_bytes());
    // Two dimensions, other elements, another first place.
    none("json.array(text)", &[0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 25]);
    none("json.array(text)", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16]);
    none(
        "json.array(text)",
        &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 0, 0, 0, 0, 2],
    );
}
