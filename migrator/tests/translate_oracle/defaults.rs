//! Column defaults: both engines must store the same when a row names no value.

use outgrow_migrator::plan::target_type::TargetType as T;
use outgrow_migrator::plan::translate::translate_default;
use outgrow_migrator::source::ddl::{Affinity, Ddl, Expr, read};
use rusqlite::types::Value;

use crate::server::Server;

/// Default, declared type in SQLite, type in Postgres.
const DEFAULTS: &[(&str, &str, T)] = &[
    ("1", "BOOLEAN", T::Boolean),
    ("FALSE", "BOOLEAN", T::Boolean),
    ("' 12 '", "INTEGER", T::Bigint),
    ("5.0", "INT", T::Bigint),
    ("-9223372036854775808", "INTEGER", T::Bigint),
    ("0xff", "INTEGER", T::Bigint),
    ("(60*60-1)", "INTEGER", T::Bigint),
    ("-1.5e-3", "REAL", T::DoublePrecision),
    ("7", "REAL", T::DoublePrecision),
    (
        "9.50",
        "DECIMAL(5,2)",
        T::Numeric {
            precision: 5,
            scale: 2,
        },
    ),
    ("\"double quoted\"", "TEXT", T::Text),
    ("'it''s \\ here'", "TEXT", T::Text),
    ("42", "VARCHAR(9)", T::Text),
    ("('a' || 'b')", "TEXT", T::Text),
    ("NULL", "TEXT", T::Text),
    ("x'00ff27'", "BLOB", T::Bytea),
    ("'2024-02-29'", "DATE", T::Date),
    ("'2024-02-29 12:30:59.125'", "DATETIME", T::Timestamp),
];

/// Defaults that ask the clock; the seconds are cut off before they are compared.
const CLOCKS: &[(&str, &str, T)] = &[
    ("CURRENT_TIMESTAMP", "TEXT", T::Text),
    ("CURRENT_TIMESTAMP", "DATETIME", T::Timestamp),
    ("(datetime('now'))", "DATETIME", T::Timestamptz),
    ("(CURRENT_DATE)", "TEXT", T::Text),
    ("(date())", "DATE", T::Date),
    ("(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))", "TEXT", T::Text),
    ("(strftime('%s', 'now'))", "INTEGER", T::Bigint),
    ("(unixepoch() * 1000)", "INTEGER", T::Bigint),
];

fn default_column(declared: &str, default: &str) -> (String, Expr) {
    let sql = format!("CREATE TABLE d(c {declared} DEFAULT {default})");
    match read("d", &sql).unwrap() {
        Ddl::Table(table) => (sql, table.columns[0].default.clone().unwrap().expr),
        other => panic!("{other:?}"),
    }
}

#[test]
fn both_engines_store_the_same_defaults() {
    let server = Server::start();
    for (defaults, clock) in [(DEFAULTS, false), (CLOCKS, true)] {
        let mut script = "SET timezone = 'Asia/Kolkata';\n".to_owned();
        let mut tables = Vec::new();
        for (default, declared, target) in defaults {
            let (sql, expr) = default_column(declared, default);
            let translated = translate_default(&expr, *target, Affinity::of(Some(declared))).unwrap();
            script.push_str(&format!(
                "CREATE TEMP TABLE d(c {target} DEFAULT {translated}); INSERT INTO d DEFAULT VALUES; \
                 SELECT coalesce({}, 'null') FROM d; DROP TABLE d;\n",
                match target {
                    T::Boolean => "c::int::text",
                    T::Bytea => "encode(c, 'hex')",
                    T::Timestamptz => "(c AT TIME ZONE 'UTC')::text",
                    _ => "c::text",
                }
            ));
            tables.push(sql);
        }
        // A moment of Postgres lies between two of SQLite, so that no turn of the clock comes between.
        let before: Vec<Value> = tables.iter().map(|table| sqlite_default(table)).collect();
        let answers = server.run(&script);
        let after: Vec<Value> = tables.iter().map(|table| sqlite_default(table)).collect();
        assert_eq!(answers.len(), defaults.len());
        for (at, answer) in answers.iter().enumerate() {
            assert!(
                alike(answer, &before[at], clock) || alike(answer, &after[at], clock),
                "{:?}: SQLite {:?}, Postgres {answer}",
                defaults[at],
                after[at]
            );
        }
    }
}

fn sqlite_default(table: &str) -> Value {
    let source = rusqlite::Connection::open_in_memory().unwrap();
    source
        .execute_batch(&format!("{table}; INSERT INTO d DEFAULT VALUES"))
        .unwrap();
    let shown = "SELECT coalesce(CASE typeof(c) WHEN 'blob' THEN lower(hex(c)) ELSE c END, 'null') FROM d";
    source.query_row(shown, [], |row| row.get(0)).unwrap()
}

/// Constants must be equal; moments may be some seconds apart and keep their form.
fn alike(postgres: &str, sqlite: &Value, clock: bool) -> bool {
    match sqlite {
        Value::Integer(number) if clock => postgres.parse::<i64>().is_ok_and(|other| {
            other.abs_diff(*number) <= if *number > 100_000_000_000 { 60_000 } else { 60 }
        }),
        Value::Integer(number) => postgres == number.to_string(),
        Value::Real(number) => postgres.parse::<f64>().is_ok_and(|other| other == *number),
        Value::Text(text) if clock => {
            // Down to the tens of minutes, and as long.
            let kept = text.len().min("2024-01-01 12:3".len());
            postgres.len() == text.len() && postgres.get(..kept) == text.get(..kept)
        }
        Value::Text(text) => postgres == text,
        Value::Null | Value::Blob(_) => false,
    }
}
