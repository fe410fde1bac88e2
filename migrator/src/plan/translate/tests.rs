//! The translator's own words: what is refused and why, and the spelling of what is not. That the meaning is
//! the same is asked of both engines in `tests/translate_oracle.rs`.

use super::*;
use crate::source::ddl::{Ddl, read};

/// The expression as the reader hands it over.
fn expr(text: &str) -> Expr {
    match read("t", &format!("CREATE TABLE t(a CHECK({text}))")).unwrap() {
        Ddl::Table(table) => table.columns[0].checks[0].expr.expr.clone(),
        other => panic!("{other:?}"),
    }
}

fn default(text: &str) -> Expr {
    match read("t", &format!("CREATE TABLE t(a DEFAULT {text})")).unwrap() {
        Ddl::Table(table) => table.columns[0].default.clone().unwrap().expr,
        other => panic!("{other:?}"),
    }
}

fn columns(name: &str) -> Option<ColumnBinding> {
    use {Affinity as A, StoredClass as C, TargetType as T};
    let numeric = T::Numeric {
        precision: 10,
        scale: 2,
    };
    let (target, affinity, class, collation) = match name.to_ascii_lowercase().as_str() {
        "i" => (T::Bigint, A::Integer, C::Integer, None),
        "b" => (T::Boolean, A::Numeric, C::Integer, None),
        "r" => (T::DoublePrecision, A::Real, C::Real, None),
        "d" => (numeric, A::Numeric, C::Number, None),
        "s" => (T::Text, A::Text, C::Text, None),
        "n" => (T::Text, A::Text, C::Text, Some("NOCASE".to_owned())),
        "a" => (T::Text, A::Text, C::Text, Some("app".to_owned())),
        "m" => (T::Text, A::Numeric, C::Text, None),
        "at" => (T::Timestamp, A::Numeric, C::Text, None),
        "mixed" => (T::Text, A::Blob, C::Mixed, None),
        _ => return None,
    };
    Some(ColumnBinding {
        name: name.to_ascii_lowercase(),
        target,
        affinity,
        class,
        collation,
        nocase: None,
        not_null: false,
    })
}

fn condition(text: &str) -> Result<String, String> {
    translate_condition(&expr(text), &columns).map_err(|refusal| refusal.to_string())
}

#[test]
fn conditions_are_spelled_with_our_own_tokens() {
    for (source, target) in [
        ("i > 5 AND NOT b", "((\"i\" > 5) AND (NOT \"b\"))"),
        ("I", "(\"i\" <> 0)"),
        ("b = 1", "(\"b\" = true)"),
        ("b IN (0, 1)", "(\"b\" IN (false, true))"),
        ("s = \"no column\"", "(\"s\" = 'no column')"),
        ("s < 'B'", "(\"s\" COLLATE \"C\" < 'B')"),
        (
            "n = 'Ab'",
            "(lower(\"n\" COLLATE \"C\") = lower('Ab' COLLATE \"C\"))",
        ),
        (
            "s LIKE 'A%\\_'",
            "(lower(\"s\" COLLATE \"C\") LIKE E'a%\\\\\\\\_')",
        ),
        ("s NOT LIKE '1!%%' ESCAPE '!'", "(NOT (\"s\" LIKE E'1\\\\%%'))"),
        ("s GLOB 'A*?'", "(\"s\" LIKE 'A%_')"),
        (
            "i IS NULL OR i IS TRUE",
            "((\"i\" IS NULL) OR ((\"i\" <> 0) IS TRUE))",
        ),
        ("i = 2.0", "(\"i\" = 2)"),
        ("i + 2000000000 < 0x10", "((\"i\" + 2000000000::bigint) < 16)"),
        ("d >= 0.10", "(\"d\" >= (0.10)::numeric)"),
        ("i IN ()", "false"),
        ("at IS NOT NULL", "(\"at\" IS NOT NULL)"),
    ] {
        assert_eq!(condition(source).as_deref(), Ok(target), "{source}");
    }
}

#[test]
fn what_has_no_equal_is_refused_by_name() {
    for (source, what) in [
        ("s GLOB '[0-9]*'", "GLOB with a character class"),
        ("s = 5", "a comparison of different kinds of values"),
        ("s", "a value that is not a number used as a condition"),
        ("i / i > 1", "/ by something"),
        ("i % 0 = 1", "% by something"),
        ("at > '2024-01-01'", "a comparison of different kinds of values"),
        ("m = '5'", "text in a column of numeric affinity"),
        ("m = s", "text in a column of numeric affinity"),
        ("a = 'x'", "a comparison under a collation of the application"),
        ("i = r", "a comparison of integers, floats or decimals"),
        (
            "r = 9007199254740993",
            "a float compared with an integer beyond 2^53",
        ),
        ("i < 1e19", "an integer compared with a float beyond 64 bits"),
        ("d * 2 > 1", "* on decimals"),
        ("json_valid(s)", "the function json_valid()"),
        ("i IN (SELECT 1)", "a subquery"),
        ("ghost > 1", "the name \"ghost\""),
        ("mixed = 'x'", "a comparison of different kinds"),
        ("s LIKE s", "LIKE with a pattern that is not a literal"),
        ("s REGEXP 'x'", "REGEXP"),
        ("(s || 'x' COLLATE NOCASE) = 'sx'", "a COLLATE inside an operand"),
        ("CURRENT_DATE > 1", "the current time"),
        ("count(*) > 1", "a function call with *"),
        ("(i, s) = (1, 2)", "a row value"),
    ] {
        let refusal = condition(source).expect_err(source);
        assert!(refusal.starts_with(what), "{source}: {refusal}");
    }
}

#[test]
fn the_deepest_expression_is_walked_and_a_deeper_one_refused() {
    let chain = |terms: usize| vec!["i = 1"; terms].join(" AND ");
    assert!(condition(&chain(200)).is_ok());
    assert!(
        condition(&chain(202))
            .unwrap_err()
            .starts_with("an expression of more than 200 levels")
    );
    let calls = |levels: usize| format!("{}s{} = 's'", "trim(".repeat(levels), ")".repeat(levels));
    assert!(condition(&calls(199)).is_ok());
    assert!(condition(&calls(201)).is_err());
}

#[test]
fn a_value_says_its_type() {
    let typed = |text: &str| {
        translate(&expr(text), &columns)
            .map(|done| (done.sql, done.ty))
            .unwrap()
    };
    assert_eq!(
        typed("lower(s)"),
        ("lower(\"s\" COLLATE \"C\")".to_owned(), Ty::Text)
    );
    assert_eq!(typed("i * 2"), ("(\"i\" * 2::bigint)".to_owned(), Ty::Int));
    assert_eq!(typed("7"), ("7::bigint".to_owned(), Ty::Int));
    assert_eq!(typed("i > 2").1, Ty::Bool);
    assert_eq!(typed("r + i").1, Ty::Real);
}

#[test]
fn defaults_become_what_sqlite_would_store() {
    use {Affinity as A, TargetType as T};
    let numeric = T::Numeric {
        precision: 5,
        scale: 2,
    };
    for (source, target, affinity, sql) in [
        ("1", T::Boolean, A::Numeric, "true".to_owned()),
        ("false", T::Boolean, A::Numeric, "false".to_owned()),
        ("'0'", T::Boolean, A::Numeric, "false".to_owned()),
        ("'true'", T::Boolean, A::Text, "true".to_owned()),
        ("' 12 '", T::Bigint, A::Integer, "12".to_owned()),
        ("5.0", T::Bigint, A::Integer, "5".to_owned()),
        (
            "-9223372036854775808",
            T::Bigint,
            A::Integer,
            "-9223372036854775808".to_owned(),
        ),
        (
            "(60*60)",
            T::Bigint,
            A::Integer,
            "(60::bigint * 60::bigint)".to_owned(),
        ),
        ("0", T::DoublePrecision, A::Real, "0".to_owned()),
        (
            "-1.5",
            T::DoublePrecision,
            A::Real,
            "(-1.5)::double precision".to_owned(),
        ),
        ("999.99", numeric, A::Numeric, "999.99".to_owned()),
        ("\"lit\"", T::Text, A::Text, "'lit'".to_owned()),
        ("5", T::Text, A::Text, "'5'".to_owned()),
        ("null", T::Text, A::Text, "NULL".to_owned()),
        ("x'0aff'", T::Bytea, A::Blob, "E'\\\\x0aff'::bytea".to_owned()),
        ("'2024-02-29'", T::Date, A::Numeric, "'2024-02-29'".to_owned()),
        (
            "'2024-02-29T23:59:59Z'",
            T::Timestamptz,
            A::Text,
            "'2024-02-29 23:59:59+00'".to_owned(),
        ),
    ] {
        assert_eq!(
            translate_default(&default(source), target, affinity).as_deref(),
            Ok(sql.as_str()),
            "{source}"
        );
    }
}

#[test]
fn clocks_keep_their_form_and_their_precision() {
    use {Affinity as A, TargetType as T};
    let utc = "(now() AT TIME ZONE 'UTC')";
    for (source, target, affinity, sql) in [
        (
            "CURRENT_TIMESTAMP",
            T::Timestamp,
            A::Numeric,
            format!("date_trunc('second', {utc})"),
        ),
        (
            "(datetime('now'))",
            T::Text,
            A::Text,
            format!("to_char({utc}, 'YYYY-MM-DD HH24:MI:SS')"),
        ),
        (
            "(strftime('%Y-%m-%dT%H:%M:%fZ','now'))",
            T::Text,
            A::Text,
            format!("to_char({utc}, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"),
        ),
        ("(CURRENT_DATE)", T::Date, A::Numeric, format!("{utc}::date")),
        (
            "(strftime('%s','now'))",
            T::Bigint,
            A::Integer,
            "floor(extract(epoch FROM now()))::bigint".to_owned(),
        ),
        (
            "(unixepoch() * 1000)",
            T::Bigint,
            A::Integer,
            "(floor(extract(epoch FROM now()))::bigint * (1000))".to_owned(),
        ),
        (
            "(unixepoch('now'))",
            T::Timestamptz,
            A::Integer,
            "date_trunc('second', now())".to_owned(),
        ),
    ] {
        assert_eq!(
            translate_default(&default(source), target, affinity).as_deref(),
            Ok(sql.as_str()),
            "{source}"
        );
    }
}

#[test]
fn defaults_that_would_change_are_refused() {
    use {Affinity as A, TargetType as T};
    let numeric = T::Numeric {
        precision: 5,
        scale: 2,
    };
    for (source, target, affinity) in [
        ("2", T::Boolean, A::Numeric),
        ("'yes'", T::Boolean, A::Text),
        ("'0x10'", T::Bigint, A::Integer),
        ("'12abc'", T::Bigint, A::Integer),
        ("'5'", T::Bigint, A::Blob),
        ("1.5", T::Bigint, A::Integer),
        ("9007199254740993", T::DoublePrecision, A::Real),
        ("1000", numeric, A::Numeric),
        ("0.001", numeric, A::Numeric),
        ("5", T::Text, A::Blob),
        ("'2023-02-29'", T::Date, A::Numeric),
        ("'0000-00-00'", T::Date, A::Numeric),
        ("''", T::Timestamp, A::Numeric),
        ("'2024-01-01 24:00:00'", T::Timestamp, A::Numeric),
        ("0", T::Timestamp, A::Numeric),
        ("(hex(randomblob(16)))", T::Text, A::Text),
        ("(datetime('now', 'localtime'))", T::Text, A::Text),
        ("(strftime('%s','now'))", T::Text, A::Text),
        ("CURRENT_TIME", T::Timestamp, A::Numeric),
        ("(julianday('now'))", T::DoublePrecision, A::Real),
    ] {
        let outcome = translate_default(&default(source), target, affinity);
        assert!(outcome.is_err(), "{source}: {outcome:?}");
    }
}
