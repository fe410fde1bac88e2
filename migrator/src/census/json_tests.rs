//! The reader against RFC 8259, against another reader, and against what `jsonb` is known to refuse.

use proptest::prelude::*;

use super::*;

fn fits(text: &str) -> Option<bool> {
    Json::of(text).map(|json| json.fits_jsonb)
}

#[test]
fn objects_and_arrays() {
    let good = [
        "{}",
        "[]",
        " { \"a\" : [ 1 , -0.5e+10 , \"x\" , true , false , null , {} , [ [] ] ] }\r\n\t",
        r#"{"a":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00","a":2}"#,
        "[\"\u{e9}\u{1f600}\u{7f}\"]",
        "[0,0.0,1e5,-1]",
    ];
    for text in good {
        assert_eq!(fits(text), Some(true), "{text}");
    }
    let bad = [
        "",
        " ",
        "1",
        "\"a\"",
        "null",
        "{",
        "[",
        "{]",
        "[}",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1,}",
        "[01]",
        "[+1]",
        "[1.]",
        "[.5]",
        "[1e]",
        "[1e+]",
        "[-]",
        "[tru]",
        "[nul",
        "[\"\n\"]",
        "[\"\\x\"]",
        "[\"\\u12g4\"]",
        "[\"\\u12\"]",
        "[\"",
        "[\"\\",
        "{}{}",
        "[] x",
        "[NaN]",
        "{\"a\":1 \"b\":2}",
        "\u{feff}{}",
        "[\u{a0}]",
        "{\"a\\\":1}",
    ];
    for text in bad {
        assert_eq!(fits(text), None, "{text}");
    }
}

#[test]
fn what_jsonb_refuses() {
    let refused = [
        r#"["\u0000"]"#,
        r#"["\ud800"]"#,
        r#"["\ud800x"]"#,
        r#"["\ud800\u0041"]"#,
        r#"["\ud800\ud800"]"#,
        r#"["\udc00"]"#,
        "[1e131072]",
        "[1e-16384]",
        "[0.5e-16383]",
        "[1e99999999999999999999999999]",
        "[1e-99999999999999999999999999]",
    ];
    for text in refused {
        assert_eq!(fits(text), Some(false), "{text}");
    }
    for text in [
        "[1e131071]",
        "[1e-16383]",
        r#"["\\u0000"]"#,
        r#"["\ud800\udc00"]"#,
    ] {
        assert_eq!(fits(text), Some(true), "{text}");
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(fits(&nested(DEPTH_MAX)), Some(true));
    assert_eq!(fits(&nested(DEPTH_MAX + 1)), None);
    let objects = "{\"a\":[".repeat(400) + &"]}".repeat(400);
    assert_eq!(fits(&objects), Some(true));
    assert_eq!(fits(&objects.replace("]}]", "]]}")), None);
}

#[test]
fn special_bytes_are_found_wherever_they_lie() {
    for length in 0..100 {
        for special in *b"\"\\\x00\x1f" {
            let mut bytes = vec![b'a'; length];
            bytes.push(special);
            bytes.extend_from_slice(b"\"\x00 !\x7f\xff\x80");
            assert_eq!(plain_length(&bytes, true), length, "{special}");
            if special > b' ' {
                assert_eq!(plain_length(&bytes, false), length, "{special}");
            }
        }
        assert_eq!(plain_length(&vec![0xff; length], true), length);
        assert_eq!(plain_length(&vec![b' '; length], false), length);
    }
    let long = "x".repeat(100);
    assert_eq!(fits(&format!("[\"{long}\n\"]")), None);
    assert_eq!(fits(&format!("[\n\"{long}\"]")), Some(true));
}

proptest! {
    /// A text is accepted exactly when serde_json accepts it as an object or array.
    #[test]
    fn it_agrees_with_another_reader(
        text in r#"[\[{]([\[\]{}:, ]|"[a\\]{0,3}"|"(\\[nux0]|[0-9]){0,5}"|-?[0-9]{1,3}|\.[0-9]|e[+-]?[0-9]|true|null|tru){0,12}[\]}]"#
    ) {
        let value = serde_json::from_str::<serde_json::value::Value>(&text);
        // serde_json refuses numbers beyond binary64 and halves of pairs, which are valid JSON.
        let odd = text.contains('e') || text.contains("\\u");
        if !odd || Json::of(&text).is_none() {
            prop_assert_eq!(Json::of(&text).is_some(), value.is_ok(), "{}", text);
        }
    }

    #[test]
    fn what_another_writer_writes_is_read(text in any::<String>(), number in any::<f64>()) {
        let value = serde_json::json!({ &text: [&text, number, { "deep": [[], {}] }], "x": null });
        prop_assert!(Json::of(&value.to_string()).is_some());
        prop_assert!(Json::of(&serde_json::to_string_pretty(&value).unwrap()).is_some());
    }
}
