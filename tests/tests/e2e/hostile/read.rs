//! Values of the source as they are stored, read without anything of outgrow: texts as bytes, decoded strictly
//! here by the file's own encoding.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::names::quoted;

/// A stored value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    /// Text that is not valid in the file's encoding.
    NotUnicode(Vec<u8>),
    Blob(Vec<u8>),
}

impl Value {
    /// The word for it in policies and in the quarantine.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Integer(_) => "integer",
            Self::Real(_) => "real",
            Self::Text(text) if text.contains('\0') => "text-nul",
            Self::Text(_) => "text",
            Self::NotUnicode(_) => "text-not-unicode",
            Self::Blob(_) => "blob",
        }
    }

    /// Its bytes, numbers big-endian.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Null => Vec::new(),
            Self::Integer(integer) => integer.to_be_bytes().to_vec(),
            Self::Real(real) => real.to_be_bytes().to_vec(),
            Self::Text(text) => text.as_bytes().to_vec(),
            Self::NotUnicode(bytes) | Self::Blob(bytes) => bytes.clone(),
        }
    }
}

fn decoded(bytes: &[u8], encoding: &str) -> Option<String> {
    let pair = match encoding {
        "UTF-8" => return String::from_utf8(bytes.to_vec()).ok(),
        "UTF-16le" => u16::from_le_bytes,
        _ => u16::from_be_bytes,
    };
    let units = bytes.chunks_exact(2);
    if !units.remainder().is_empty() {
        return None;
    }
    let units = units.map(|unit| pair([unit[0], unit[1]]));
    char::decode_utf16(units).collect::<Result<String, _>>().ok()
}

/// The values of these columns in all rows.
pub fn all_rows(source: &Connection, table: &str, columns: &[&str]) -> Vec<Vec<Value>> {
    let encoding: String = source.query_row("PRAGMA encoding", [], |row| row.get(0)).unwrap();
    // A text of UTF-8 comes as it is stored; one of UTF-16 would come converted.
    let width = if encoding == "UTF-8" { 1 } else { 2 };
    let listed: Vec<String> = columns
        .iter()
        .flat_map(|column| {
            [quoted(column), format!("CAST({} AS BLOB)", quoted(column))]
                .into_iter()
                .take(width)
        })
        .collect();
    let sql = format!("SELECT {} FROM {} NOT INDEXED", listed.join(", "), quoted(table));
    let mut statement = source.prepare(&sql).unwrap();
    let one = |row: &Row<'_>, place: usize| match row.get_ref(width * place).unwrap() {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Real(real) => Value::Real(real),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        ValueRef::Text(text) => {
            let bytes = match row.get_ref(width * place + width - 1).unwrap() {
                ValueRef::Blob(bytes) => bytes,
                _ => text,
            };
            decoded(bytes, &encoding).map_or_else(|| Value::NotUnicode(bytes.to_vec()), Value::Text)
        }
    };
    let rows = statement.query_map([], |row| {
        Ok((0..columns.len()).map(|place| one(row, place)).collect())
    });
    rows.unwrap().map(Result::unwrap).collect()
}
