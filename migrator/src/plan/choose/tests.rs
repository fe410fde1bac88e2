//! Which mapping a column gets, by declaration, values and policies.

use super::*;
use outgrow_shared::value::Value;

fn chosen(declared_type: &str, values: &[Value<'_>]) -> Result<(String, bool), Rule> {
    chosen_under(declared_type, values, &[])
}

fn chosen_under(
    declared_type: &str,
    values: &[Value<'_>],
    policies: &[(ValueKind, Policy)],
) -> Result<(String, bool), Rule> {
    let applied: Applied = policies.iter().copied().collect();
    let column = Column::declared(declared_type);
    let mut census = ColumnCensus::new(&column);
    values
        .iter()
        .for_each(|value| census.count(value, || "key".into()));
    match choose(&column, &census, None, &applied, TextEncoding::Utf8) {
        Choice::Mapped {
            mapping, surprising, ..
        } => Ok((mapping.to_string(), surprising)),
        Choice::Blocked { rule, .. } => Err(rule),
    }
}

/// Declared type, values, and the mapping with whether it surprises, or the rule that blocks.
type Case<'a> = (&'a str, &'a [Value<'a>], Result<(&'a str, bool), Rule>);

#[test]
fn values_decide_and_declarations_help() {
    use Value::{Blob, Integer, Null, RawText, Real, Text};
    let table: &[Case<'_>] = &[
        ("INTEGER", &[Integer(1)], Ok(("integer.bigint", false))),
        ("BOOLEAN", &[Integer(1), Null], Ok(("integer.boolean", false))),
        ("BOOLEAN", &[Integer(2)], Ok(("integer.bigint", true))),
        ("BOOLEAN", &[], Ok(("integer.boolean", false))),
        ("BOOLEAN", &[Integer(1), Text("true")], Err(rules::MIXED_CLASSES)),
        (
            "DECIMAL(10,2)",
            &[Real(0.99), Integer(3)],
            Ok(("number.numeric(10,2)", false)),
        ),
        ("DECIMAL(10,2)", &[Real(0.999)], Ok(("real.double", false))),
        (
            "DECIMAL(10,2)",
            &[Real(0.999), Integer(3)],
            Ok(("number.double", false)),
        ),
        ("NUMERIC", &[Real(0.5), Integer(3)], Ok(("number.double", false))),
        ("NUMERIC", &[Integer(3)], Ok(("integer.bigint", false))),
        ("", &[Real(1.0), Integer(1)], Err(rules::MIXED_NUMBERS)),
        (
            "",
            &[Real(1.5), Integer((1 << 53) + 1)],
            Err(rules::MIXED_NUMBERS),
        ),
        ("REAL", &[Real(1.0)], Ok(("real.double", false))),
        ("TEXT", &[Text("a")], Ok(("text.text", false))),
        ("INTEGER", &[Text("a")], Ok(("text.text", true))),
        ("INTEGER", &[Text("a"), Integer(1)], Err(rules::MIXED_CLASSES)),
        (
            "DATETIME",
            &[Text("2024-01-01 00:00:00")],
            Ok(("text.timestamp(YYYY-MM-DD HH:MM:SS)", false)),
        ),
        (
            "TIMESTAMP",
            &[Text("2024-01-01T00:00:00.123Z")],
            Ok(("text.timestamptz(YYYY-MM-DDTHH:MM:SS.fffZ)", false)),
        ),
        (
            "DATETIME",
            &[Text("2024-01-01")],
            Ok(("text.date(YYYY-MM-DD)", false)),
        ),
        ("DATETIME", &[Text("now")], Ok(("text.text", true))),
        (
            "DATETIME",
            &[Integer(1_700_000_000)],
            Ok(("integer.bigint", true)),
        ),
        ("DATE", &[], Ok(("text.date(YYYY-MM-DD)", false))),
        ("BLOB", &[Blob(b"x")], Ok(("blob.bytea", false))),
        ("TEXT", &[Blob(b"x")], Ok(("blob.bytea", true))),
        ("TEXT", &[Blob(b"x"), Text("x")], Err(rules::MIXED_CLASSES)),
        ("TEXT", &[RawText(b"\xff")], Err(rules::TEXT_NOT_UNICODE)),
        ("TEXT", &[Text("a\0")], Err(rules::TEXT_NUL)),
        ("", &[], Ok(("text.text", false))),
    ];
    for (declared, values, expected) in table {
        let expected = expected.map(|(mapping, surprising)| (mapping.to_owned(), surprising));
        assert_eq!(chosen(declared, values), expected, "{declared} {values:?}");
    }
}

#[test]
fn policies_take_values_out_or_turn_the_column() {
    use Policy::{Bytea, Null, Quarantine, Text as AsText};
    use Value::{Blob, Integer, RawText, Real, Text};
    use ValueKind as K;
    type Case<'a> = (&'a [Value<'a>], &'a [(K, Policy)], Result<&'a str, Rule>);
    let table: &[Case<'_>] = &[
        (&[Integer(1), Text("a")], &[(K::Text, Null)], Ok("integer.bigint")),
        (
            &[Integer(1), Text("a")],
            &[(K::Integer, Quarantine)],
            Ok("text.text"),
        ),
        (&[Integer(1), Text("a")], &[(K::Text, AsText)], Ok("any.text")),
        (&[Integer(1), Real(2.0)], &[(K::Real, AsText)], Ok("number.text")),
        (&[Integer(1), Real(2.0)], &[(K::Real, Null)], Ok("integer.bigint")),
        (&[Text("a"), Text("\0")], &[(K::TextNul, Bytea)], Ok("text.bytea")),
        (&[Text("a"), Text("\0")], &[(K::TextNul, Null)], Ok("text.text")),
        (
            &[Text("a"), Text("\0")],
            &[(K::TextNul, AsText)],
            Err(rules::TEXT_NUL),
        ),
        (
            &[RawText(b"\xff"), Blob(b"a")],
            &[(K::Blob, Bytea)],
            Ok("any.bytea"),
        ),
        (
            &[Blob(b"a"), Text("a")],
            &[(K::Text, AsText)],
            Err(rules::POLICY_UNFIT),
        ),
        (
            &[Integer(1), Text("a")],
            &[(K::Text, Bytea)],
            Err(rules::POLICY_UNFIT),
        ),
        (
            &[Blob(b"a"), Text("a")],
            &[(K::Text, Bytea), (K::Blob, AsText)],
            Err(rules::POLICY_UNFIT),
        ),
        (
            &[Integer(1), Text("a"), Blob(b"a")],
            &[(K::Text, Null)],
            Err(rules::MIXED_CLASSES),
        ),
        (&[Text("a")], &[(K::Text, Null)], Ok("text.text")),
    ];
    for (values, policies, expected) in table {
        let chosen = chosen_under("", values, policies).map(|(mapping, _)| mapping);
        assert_eq!(chosen, expected.map(str::to_owned), "{values:?} {policies:?}");
    }
}
