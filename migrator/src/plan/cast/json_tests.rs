//! The canonical form, against serde_json where that can tell and by hand where it cannot.

use proptest::prelude::{Just, Strategy, any as arbitrary, prop, prop_assert_eq, prop_oneof, proptest};

use super::*;

fn form(text: &str) -> Option<String> {
    let mut buffer = "left from before".to_owned();
    canonical(text, &mut buffer).map(|()| buffer)
}

#[test]
fn one_form_for_equal_texts() {
    for (text, expected) in [
        (" { } ", "{}"),
        ("[ ]", "[]"),
        ("null", "null"),
        ("\t-0.0\n", "0"),
        ("1.50e1", "15"),
        ("[1 , 2.0,3e0]", "[1,2,3]"),
        (r#"{"b":1,"a":2}"#, r#"{"a":2,"b":1}"#),
        (
            r#"{"a":1,"b":{"y":1,"x":[{},[]]},"a":[3]}"#,
            r#"{"a":[3],"b":{"x":[{},[]],"y":1}}"#,
        ),
        (r#"{"":0,"a":{},"a":[],"a":"x"}"#, r#"{"":0,"a":"x"}"#),
        (
            r#""\u0041\/\u00e9\ud83d\ude00\u000a\u001f\"\\""#,
            "\"A/\u{e9}\u{1f600}\\n\\u001f\\\"\\\\\"",
        ),
        (
            "123456789012345678901234567890.000",
            "123456789012345678901234567890",
        ),
        ("1e400", "1e400"),
        ("[1E-30]", "[1e-30]"),
        ("9007199254740993", "9007199254740993"),
        (
            r#"{"a":"}","b":"\"]","c":"\\"}"#,
            r#"{"a":"}","b":"\"]","c":"\\"}"#,
        ),
        (r#"{"\u0061":1,"a":2}"#, r#"{"a":2}"#),
        (
            r#"{"k":true,"j":false,"i":null}"#,
            r#"{"i":null,"j":false,"k":true}"#,
        ),
    ] {
        assert_eq!(form(text).as_deref(), Some(expected), "{text}");
        assert_eq!(form(expected).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn what_jsonb_cannot_take_is_refused() {
    for text in [
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\"}",
        "nul",
        "01",
        "1.",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "1e131072",
        "1e-16384",
        "NaN",
        "'a'",
        "[1] 2",
        "\"\t\"",
        "\"\\x\"",
        "{1:2}",
    ] {
        assert_eq!(form(text), None, "{text}");
    }
}

#[test]
fn hostile_texts_cost_neither_stack_nor_memory() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(form(&nested(1000)), Some(nested(1000)));
    assert_eq!(form(&nested(1001)), None);
    assert_eq!(form(&nested(1_000_000)), None);
    let objects = |depth: usize| format!("{}1{}", r#"{"b":"#.repeat(depth), r#","a":0}"#.repeat(depth));
    assert!(form(&objects(1000)).is_some());
    // Each of these numbers is printed in 131072 digits.
    let huge = format!("[{}1]", "1e131071,".repeat(3000));
    assert_eq!(form(&huge), None);
}

#[test]
fn numbers_and_bytes_are_json_too() {
    let normal = |value: Value<'_>| {
        let mut buffer = String::new();
        any_outcome(&value, &mut buffer).map(|outcome| match outcome.normal {
            Normal::Text => buffer,
            _ => "same".to_owned(),
        })
    };
    assert_eq!(normal(Value::Text("[1.0]")).as_deref(), Some("same"));
    assert_eq!(normal(Value::Blob(b"[1.0]")).as_deref(), Some("[1.0]"));
    assert_eq!(normal(Value::Integer(-1)).as_deref(), Some("-1"));
    assert_eq!(normal(Value::Real(1e300)).as_deref(), Some("1e300"));
    assert_eq!(normal(Value::Text("\"\\u0000\"")).as_deref(), Some("same"));
    for refused in [
        Value::Real(f64::INFINITY),
        Value::Blob(b"\xff"),
        Value::Text("x"),
        Value::RawText(b"\xff"),
    ] {
        assert_eq!(normal(refused), None, "{refused}");
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        arbitrary::<bool>().prop_map(Into::into),
        arbitrary::<i64>().prop_map(Into::into),
        ".{0,6}".prop_map(|text| text.replace('\0', "0").into()),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::vec((".{0,3}", inner), 0..6).prop_map(|members| {
                let members = members
                    .into_iter()
                    .map(|(key, value)| (key.replace('\0', "0"), value));
                members.collect::<serde_json::Map<_, _>>().into()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn it_is_the_same_value_however_it_was_spelled(value in any_json()) {
        let compact = form(&value.to_string()).unwrap();
        let pretty = form(&serde_json::to_string_pretty(&value).unwrap()).unwrap();
        prop_assert_eq!(&compact, &pretty);
        prop_assert_eq!(form(&compact), Some(compact.clone()));
        let back: serde_json::Value = serde_json::from_str(&compact).unwrap();
        prop_assert_eq!(back, value);
    }

    #[test]
    fn no_text_panics(text in r#"[\[\]{}:,"\\u0aedtrfnl1-9. +]{0,40}"#) {
        let _ = form(&text);
    }
}
