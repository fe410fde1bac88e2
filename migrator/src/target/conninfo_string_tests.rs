//! Tests of the connection string's grammar: both forms, their escapes, and that a fault never quotes.

use proptest::prelude::*;

use super::{Pairs, parse};

fn pairs(expected: &[(&str, &str)]) -> Pairs {
    expected
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

#[test]
fn keyword_forms() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("host=h dbname=d", &[("host", "h"), ("dbname", "d")]),
        ("  host = h\tport= 5433 ", &[("host", "h"), ("port", "5433")]),
        (
            r"password='it\'s a \\ secret' user=u",
            &[("password", r"it's a \ secret"), ("user", "u")],
        ),
        (r"password=a\ b", &[("password", "a b")]),
        ("password='' host=h", &[("password", ""), ("host", "h")]),
        ("password= host=h", &[("password", "host=h")]),
        ("service=prod", &[("service", "prod")]),
    ];
    for (text, expected) in cases {
        assert_eq!(parse(text), Ok(pairs(expected)), "{text}");
    }
}

#[test]
fn url_forms() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("postgres://", &[]),
        ("postgresql://h", &[("host", "h")]),
        ("postgresql://h:5433", &[("host", "h"), ("port", "5433")]),
        ("postgres://h/d", &[("host", "h"), ("dbname", "d")]),
        ("postgres://u@h", &[("user", "u"), ("host", "h")]),
        (
            "postgres://u:p%40s%2Fs@h/d",
            &[
                ("user", "u"),
                ("password", "p@s/s"),
                ("host", "h"),
                ("dbname", "d"),
            ],
        ),
        (
            "postgres://u:a:b@h",
            &[("user", "u"), ("password", "a:b"), ("host", "h")],
        ),
        (
            "postgres:///d?host=/run/pg&port=1",
            &[("dbname", "d"), ("host", "/run/pg"), ("port", "1")],
        ),
        (
            "postgres://%2Frun%2Fpg/d",
            &[("host", "/run/pg"), ("dbname", "d")],
        ),
        (
            "postgres://a:1,b,c:3/d",
            &[("host", "a,b,c"), ("port", "1,,3"), ("dbname", "d")],
        ),
        (
            "postgres://[::1]:5433/d",
            &[("host", "::1"), ("port", "5433"), ("dbname", "d")],
        ),
        (
            "postgres://h/d?ssl=true",
            &[("host", "h"), ("dbname", "d"), ("sslmode", "require")],
        ),
        ("postgres://h?password=a+b", &[("host", "h"), ("password", "a+b")]),
        ("postgres://u@/d", &[("user", "u"), ("dbname", "d")]),
    ];
    for (text, expected) in cases {
        assert_eq!(parse(text), Ok(pairs(expected)), "{text}");
    }
}

#[test]
fn faults_are_told_without_the_text() {
    let cases = [
        "hunter2",
        "mysql://u:hunter2@h/d",
        "password=hunter2 hunter2",
        "password='hunter2",
        "postgres://u:hunter2/x@h/d",
        "postgres://u:hunter2@x@h/d",
        "postgres://u:12/hunter2@h/d",
        "postgres://u:hunter2%zz@h/d",
        "postgres://u:hunter2%4",
        "postgres://u:hunter2%00@h/d",
        "postgres://u:hunter2%ff@h/d",
        "postgres://[::1hunter2",
        "postgres://[::1]hunter2",
        "postgres://h/d?hunter2",
    ];
    for text in cases {
        let fault = parse(text).expect_err(text);
        assert!(!fault.contains("hunter2"), "{text}: {fault}");
    }
}

proptest! {
    #[test]
    fn any_value_survives_quoting(value in "[^\u{0}]{0,40}") {
        let quoted = value.replace('\\', r"\\").replace('\'', r"\'");
        let text = format!("host=h password='{quoted}' port=1");
        prop_assert_eq!(parse(&text), Ok(pairs(&[("host", "h"), ("password", &value), ("port", "1")])));
    }

    #[test]
    fn any_password_survives_percent_encoding(password in "[^\u{0}]{1,40}") {
        let encoded: String = password.bytes().map(|b| format!("%{b:02X}")).collect();
        let text = format!("postgres://u:{encoded}@h/d");
        prop_assert_eq!(
            parse(&text),
            Ok(pairs(&[("user", "u"), ("password", &password), ("host", "h"), ("dbname", "d")]))
        );
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,60}") {
        let _ = parse(&text);
        let _ = parse(&format!("postgres://{text}"));
    }
}
