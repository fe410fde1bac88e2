//! Every value of both sides, compared without anything of outgrow: SQLite's API here, Postgres' own functions
//! there, both rendered to one text by the target's type.

use std::collections::HashMap;

use outgrow_e2e::postgres::{Session, TextRow};
use outgrow_migrator::plan::model::{ColumnPlan, Plan, TablePlan};
use outgrow_migrator::plan::policy::{Policy, ValueKind};
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

use super::names::quoted;
use super::read::{self, Value};

/// Both sides of one migration.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    pub source: &'a Connection,
    pub target: &'a Session,
    pub plan: &'a Plan,
    /// The run whose quarantine counts; none where nothing was set aside.
    pub run: Option<&'a str>,
}

/// Columns of a table on the target with their types.
pub fn target_columns(target: &Session, schema: &str, table: &str) -> Vec<(String, String)> {
    let sql = format!(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a \
         WHERE a.attrelid = (SELECT c.oid FROM pg_class c WHERE c.relname = {} AND c.relnamespace = \
         (SELECT n.oid FROM pg_namespace n WHERE n.nspname = {})) \
         AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
        literal(table),
        literal(schema)
    );
    let text = |field: &Option<String>| field.clone().unwrap();
    target
        .rows(&sql)
        .iter()
        .map(|row| (text(&row[0]), text(&row[1])))
        .collect()
}

/// A string of Postgres.
pub fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// As [`shown`] does, on the server.
fn bytes(expression: &str) -> String {
    format!(
        "CASE WHEN octet_length({expression}) > {WHOLE_BYTES_MAX} \
         THEN 'sha256 ' || encode(sha256({expression}), 'hex') ELSE encode({expression}, 'hex') END"
    )
}

fn rendered_by_postgres(column: &str, kind: &str) -> String {
    let column = quoted(column);
    match kind {
        "bigint" | "integer" | "smallint" | "uuid" => format!("{column}::text"),
        "boolean" => format!("{column}::int::text"),
        "double precision" => format!("encode(float8send({column}), 'hex')"),
        "text" | "citext" => bytes(&format!("convert_to({column}::text, 'UTF8')")),
        "bytea" => bytes(&column),
        "timestamp without time zone" => format!("to_char({column}, 'YYYY-MM-DD HH24:MI:SS.US')"),
        "timestamp with time zone" => {
            format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')")
        }
        "date" => format!("to_char({column}, 'YYYY-MM-DD')"),
        numeric if numeric.starts_with("numeric") => format!("trim_scale({column})::text"),
        other => panic!("a column has the type {other}"),
    }
}

/// Larger values travel and are kept as their digest.
const WHOLE_BYTES_MAX: usize = 100_000;

fn shown(bytes: &[u8]) -> String {
    if bytes.len() > WHOLE_BYTES_MAX {
        format!("sha256 {}", hex(&Sha256::digest(bytes)))
    } else {
        hex(bytes)
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let pair = |byte: &u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    String::from_utf8(bytes.iter().flat_map(pair).collect()).unwrap()
}

fn instant(text: &str) -> String {
    let plain = text.replace('T', " ").replace("+00:00", "").replace('Z', "");
    let (seconds, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    format!("{seconds}.{fraction:0<6}")
}

fn policy_for(column: &ColumnPlan, value: &Value) -> Option<Policy> {
    let kind = ValueKind::ALL
        .into_iter()
        .find(|kind| kind.word() == value.kind())?;
    column.values.get(&kind).copied()
}

/// What Postgres has to hold for this value in a column of this type.
fn expected(value: &Value, kind: &str, column: &ColumnPlan) -> Option<String> {
    let as_text = column.values.values().any(|policy| *policy == Policy::Text);
    let as_bytes = column.values.values().any(|policy| *policy == Policy::Bytea);
    if matches!(policy_for(column, value), Some(Policy::Null | Policy::Quarantine)) {
        return None;
    }
    Some(match (kind, value) {
        (_, Value::Null) => return None,
        ("bigint" | "integer" | "smallint" | "boolean", Value::Integer(integer)) => integer.to_string(),
        ("uuid", Value::Text(text)) => text.clone(),
        ("double precision", Value::Real(real)) => hex(&real.to_be_bytes()),
        ("double precision", Value::Integer(integer)) => {
            #[expect(clippy::cast_precision_loss, reason = "checked in the next line")]
            let real = *integer as f64;
            assert_eq!(
                format!("{real:.0}"),
                integer.to_string(),
                "an integer was rounded"
            );
            hex(&real.to_be_bytes())
        }
        ("text" | "citext", Value::Text(text)) => shown(text.as_bytes()),
        ("text", Value::Integer(integer)) if as_text => hex(integer.to_string().as_bytes()),
        ("text", Value::Real(real)) if as_text => hex(format!("{real:?}").as_bytes()),
        ("bytea", Value::Blob(bytes)) => shown(bytes),
        ("bytea", Value::Text(text)) if as_bytes => shown(text.as_bytes()),
        ("bytea", Value::NotUnicode(bytes)) if as_bytes => shown(bytes),
        ("timestamp without time zone" | "timestamp with time zone", Value::Text(text)) => instant(text),
        ("date", Value::Text(text)) => text.clone(),
        (numeric, Value::Integer(integer)) if numeric.starts_with("numeric") => integer.to_string(),
        (numeric, Value::Real(real)) if numeric.starts_with("numeric") => real.to_string(),
        (kind, value) => panic!("{value:?} cannot be in a column of type {kind}"),
    })
}

/// Panics unless the table holds the same values on both sides, each target value stands for one source value
/// only where the plan does not say otherwise, and the quarantine holds what is missing.
pub fn assert_same_values(sides: &Sides<'_>, table: &TablePlan) {
    let schema = &sides.plan.choices.schema;
    let types: HashMap<String, String> = target_columns(sides.target, schema, &table.target_name)
        .into_iter()
        .collect();
    assert_eq!(
        types.len(),
        table.columns.len(),
        "columns of {:?}",
        table.target_name
    );
    let kinds: Vec<&str> = table
        .columns
        .iter()
        .map(|column| types[&column.target_name].as_str())
        .collect();
    let rendered: Vec<String> = table
        .columns
        .iter()
        .zip(&kinds)
        .map(|(column, kind)| rendered_by_postgres(&column.target_name, kind))
        .collect();
    let name = format!("{}.{}", quoted(schema), quoted(&table.target_name));
    let mut there = sides
        .target
        .rows(&format!("SELECT {} FROM {name}", rendered.join(", ")));
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let modulo = sides.plan.modulo();
    let mut meanings: HashMap<(usize, String), Value> = HashMap::new();
    let (mut here, mut aside) = (Vec::new(), Vec::new());
    for row in read::all_rows(sides.source, &table.name, &names) {
        let mut texts = Vec::new();
        for (place, (column, value)) in table.columns.iter().zip(row).enumerate() {
            if policy_for(column, &value) == Some(Policy::Quarantine) {
                let bytes = hex(&value.bytes());
                aside.push(vec![column.name.clone(), value.kind().to_owned(), bytes]);
            }
            let text = expected(&value, kinds[place], column);
            if let Some(text) = &text {
                let object = format!("column:{}.{}", table.name, column.name);
                let meaning = meanings
                    .entry((place, text.clone()))
                    .or_insert_with(|| value.clone());
                let same = meaning.kind() == value.kind() && meaning.bytes() == value.bytes();
                assert!(
                    same || modulo.contains(&object),
                    "{meaning:?} and {value:?} of {object} became one"
                );
            }
            texts.push(text);
        }
        here.push(texts);
    }
    here.sort();
    there.sort();
    let difference = first_difference(&here, &there);
    assert!(here == there, "the rows of {:?} differ: {difference}", table.name);
    assert_set_aside(sides, table, aside);
}

/// The quarantine of the run holds exactly these values of the table.
fn assert_set_aside(sides: &Sides<'_>, table: &TablePlan, mut aside: Vec<Vec<String>>) {
    let Some(run) = sides.run else {
        assert!(aside.is_empty(), "{aside:?}");
        return;
    };
    let sql = format!(
        "SELECT column_name, kind, encode(value, 'hex') FROM _outgrow.quarantine \
         WHERE run_id = '{run}' AND table_name = {}",
        literal(&table.name)
    );
    let found = sides.target.rows(&sql).into_iter();
    let mut found: Vec<Vec<String>> = found
        .map(|row| row.into_iter().map(Option::unwrap_or_default).collect())
        .collect();
    found.sort();
    aside.sort();
    assert!(
        found == aside,
        "the quarantine of {:?} holds {found:?}, not {aside:?}",
        table.name
    );
}

fn first_difference(here: &[TextRow], there: &[TextRow]) -> String {
    let place = here
        .iter()
        .zip(there)
        .position(|(a, b)| a != b)
        .unwrap_or_default();
    let mut text = format!("{:?} against {:?}", here.get(place), there.get(place));
    text.truncate(2000);
    text
}
