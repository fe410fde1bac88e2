//! Every value of both sides, compared without anything of outgrow: SQLite's API here, Postgres' own functions
//! there, both rendered to one text by the target's type.

use std::collections::HashMap;

use outgrow_e2e::postgres;
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::names::{column_on_target, on_target, quoted};

/// Columns of a table on the target with their types.
pub fn target_columns(url: &str, schema: &str, table: &str) -> Vec<(String, String)> {
    let sql = format!(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a \
         WHERE a.attrelid = (SELECT c.oid FROM pg_class c WHERE c.relname = {} AND c.relnamespace = \
         (SELECT n.oid FROM pg_namespace n WHERE n.nspname = {})) \
         AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
        literal(&on_target(table)),
        literal(schema)
    );
    let text = |field: &Option<String>| field.clone().unwrap();
    postgres::rows(url, &sql)
        .iter()
        .map(|row| (text(&row[0]), text(&row[1])))
        .collect()
}

/// A string of Postgres.
pub fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

fn literal_of_sqlite(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn rendered_by_postgres(column: &str, kind: &str) -> String {
    let column = quoted(column);
    match kind {
        "bigint" => format!("{column}::text"),
        "boolean" => format!("{column}::int::text"),
        "double precision" => format!("encode(float8send({column}), 'hex')"),
        "text" => format!("encode(convert_to({column}, 'UTF8'), 'hex')"),
        "bytea" => format!("encode({column}, 'hex')"),
        "timestamp without time zone" => format!("to_char({column}, 'YYYY-MM-DD HH24:MI:SS.US')"),
        "timestamp with time zone" => {
            format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')")
        }
        "date" => format!("to_char({column}, 'YYYY-MM-DD')"),
        numeric if numeric.starts_with("numeric(") => format!("trim_scale({column})::text"),
        other => panic!("a column has the type {other}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let pair = |byte: &u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    String::from_utf8(bytes.iter().flat_map(pair).collect()).unwrap()
}

/// What Postgres has to hold for this value in a column of this type.
fn expected(value: ValueRef<'_>, kind: &str) -> Option<String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text of a table that was migrated");
    Some(match (kind, value) {
        (_, ValueRef::Null) => return None,
        ("bigint" | "boolean", ValueRef::Integer(integer)) => integer.to_string(),
        ("double precision", ValueRef::Real(real)) => hex(&real.to_be_bytes()),
        ("double precision", ValueRef::Integer(integer)) => {
            #[expect(clippy::cast_precision_loss, reason = "checked in the next line")]
            let real = integer as f64;
            assert_eq!(
                format!("{real:.0}"),
                integer.to_string(),
                "an integer was rounded"
            );
            hex(&real.to_be_bytes())
        }
        ("text", ValueRef::Text(bytes)) => hex(text(bytes).as_bytes()),
        ("bytea", ValueRef::Blob(bytes)) => hex(bytes),
        ("timestamp without time zone" | "timestamp with time zone", ValueRef::Text(bytes)) => {
            let plain = text(bytes)
                .replace('T', " ")
                .replace("+00:00", "")
                .replace('Z', "");
            let (seconds, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
            format!("{seconds}.{fraction:0<6}")
        }
        ("date", ValueRef::Text(bytes)) => text(bytes),
        (numeric, ValueRef::Integer(integer)) if numeric.starts_with("numeric(") => integer.to_string(),
        (numeric, ValueRef::Real(real)) if numeric.starts_with("numeric(") => real.to_string(),
        (kind, value) => panic!("{value:?} cannot be in a column of type {kind}"),
    })
}

/// Panics unless the table holds the same values on both sides, and each target value stands for one source
/// value only.
pub fn assert_same_values(source: &Connection, url: &str, schema: &str, table: &str) {
    let columns = target_columns(url, schema, table);
    let name = format!("{}.{}", quoted(schema), quoted(&on_target(table)));
    let listed = super::source::rows(
        source,
        &format!(
            "SELECT name FROM pragma_table_xinfo({})",
            literal_of_sqlite(table)
        ),
    );
    let in_source = |column: &str| {
        let mut names = listed.iter().map(|row| &row[0]);
        names.find(|name| column_on_target(name) == column).unwrap()
    };
    let rendered: Vec<String> = columns
        .iter()
        .map(|(column, kind)| rendered_by_postgres(column, kind))
        .collect();
    let mut there = postgres::rows(url, &format!("SELECT {} FROM {name}", rendered.join(", ")));
    let listed: Vec<String> = columns
        .iter()
        .map(|(column, _)| quoted(in_source(column)))
        .collect();
    let mut statement = source
        .prepare(&format!("SELECT {} FROM {}", listed.join(", "), quoted(table)))
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut here = Vec::new();
    let mut meanings: HashMap<(usize, String), String> = HashMap::new();
    while let Some(row) = rows.next().unwrap() {
        let mut texts = Vec::new();
        for (place, (column, kind)) in columns.iter().enumerate() {
            let value = row.get_ref(place).unwrap();
            let text = expected(value, kind);
            if let Some(text) = &text {
                let source = format!("{value:?}");
                let meaning = meanings
                    .entry((place, text.clone()))
                    .or_insert_with(|| source.clone());
                assert_eq!(*meaning, source, "two values of {table:?}.{column:?} became one");
            }
            texts.push(text);
        }
        here.push(texts);
    }
    here.sort();
    there.sort();
    assert!(
        here == there,
        "the rows of {table:?} differ: {}",
        first_difference(&here, &there)
    );
}

fn first_difference(here: &[postgres::TextRow], there: &[postgres::TextRow]) -> String {
    let place = here
        .iter()
        .zip(there)
        .position(|(a, b)| a != b)
        .unwrap_or_default();
    let mut text = format!("{:?} against {:?}", here.get(place), there.get(place));
    text.truncate(2000);
    text
}
