//! Reading rows: every stored value of a table as SQLite keeps it, one row after another.
//!
//! Columns are named one by one, never `*`: a computed column of a hostile file can be huge. In a UTF-16
//! file text is read as bytes and decoded here, because SQLite's own conversion drops lone surrogates.

use outgrow_shared::value::{OwnedValue, Value};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params_from_iter};

use super::catalog::{IndexOrigin, Table};
use super::{Reader, SourceError, TextEncoding};

/// Which columns of which rows to read, and in which order.
#[derive(Debug, Clone)]
pub struct Scan<'a> {
    /// The table.
    pub table: &'a Table,
    /// Positions of the columns to read.
    pub columns: &'a [usize],
    /// Positions of the columns to order by, ascending; empty for the order that is cheapest.
    pub order: &'a [usize],
    /// Only rows whose order columns lie after this key.
    pub after: Option<&'a [OwnedValue]>,
    /// Only rows whose order columns lie at or before this key.
    pub until: Option<&'a [OwnedValue]>,
    /// Whether to read the rowid too, where the table shows one.
    pub with_rowid: bool,
}

impl<'a> Scan<'a> {
    /// All rows of the table, in the order that is cheapest.
    pub fn all(table: &'a Table, columns: &'a [usize]) -> Self {
        Self {
            table,
            columns,
            order: &[],
            after: None,
            until: None,
            with_rowid: false,
        }
    }

    /// The same rows in the order of these columns.
    #[must_use]
    pub fn ordered_by(mut self, order: &'a [usize]) -> Self {
        self.order = order;
        self
    }

    /// Calls `each` with every row. Its error ends the scan.
    pub fn run<E>(
        &self,
        reader: &Reader,
        mut each: impl FnMut(&SourceRow<'_>) -> Result<(), E>,
    ) -> Result<(), E>
    where
        E: From<SourceError>,
    {
        let doing = format!("reading table {}", self.table.name);
        let wrap = |cause| E::from(reader.classify(&doing, cause));
        let utf16 = match reader.encoding() {
            TextEncoding::Utf8 => None,
            TextEncoding::Utf16Le => Some(Utf16::LittleEndian),
            TextEncoding::Utf16Be => Some(Utf16::BigEndian),
        };
        // It goes after the statement that needs it.
        let _stand_ins = self.stand_ins(reader).map_err(wrap)?;
        let mut statement = reader
            .connection()
            .prepare(&self.sql(utf16.is_some()))
            .map_err(wrap)?;
        let bounds = [self.after, self.until].into_iter().flatten().flatten();
        let mut rows = statement
            .query(params_from_iter(bounds.map(Bound)))
            .map_err(wrap)?;
        let mut decoded = Vec::new();
        let rowid = self.rowid_name().map(|_| self.width(utf16.is_some()));
        while let Some(row) = rows.next().map_err(wrap)? {
            if let Some(utf16) = utf16 {
                decode_texts(row, self.columns.len(), utf16, &mut decoded).map_err(wrap)?;
            }
            each(&SourceRow {
                row,
                decoded: &decoded,
                columns: self.columns.len(),
                rowid,
            })?;
        }
        Ok(())
    }

    /// A table that is its own primary key's index cannot even be opened without the collation of that key. A scan
    /// in the cheapest order compares nothing, so any collation of that name will do for it, and for it alone.
    fn stand_ins<'r>(&self, reader: &'r Reader) -> rusqlite::Result<StandIns<'r>> {
        let mut stand_ins = StandIns {
            connection: reader.connection(),
            names: Vec::new(),
        };
        if self.table.without_rowid && self.order.is_empty() {
            let key = self
                .table
                .indexes
                .iter()
                .find(|index| index.origin == IndexOrigin::PrimaryKey);
            for column in key.into_iter().flat_map(|index| &index.columns) {
                stand_ins.add(&column.collation)?;
            }
        }
        if !stand_ins.names.is_empty() {
            // Once SQLite has missed a collation, it leaves the index alone until it reads the schema anew.
            reader
                .connection()
                .pragma_update(None, "writable_schema", "RESET")?;
        }
        Ok(stand_ins)
    }

    fn rowid_name(&self) -> Option<&'static str> {
        self.table.rowid_name.filter(|_| self.with_rowid)
    }

    fn width(&self, utf16: bool) -> usize {
        self.columns.len() * if utf16 { 2 } else { 1 }
    }

    fn sql(&self, utf16: bool) -> String {
        let name = |position: usize| quote(&self.table.columns[position].name);
        let mut outputs: Vec<String> = self.columns.iter().map(|c| name(*c)).collect();
        if utf16 {
            let texts = self.columns.iter().map(|c| {
                let column = name(*c);
                format!("CASE typeof({column}) WHEN 'text' THEN CAST({column} AS BLOB) END")
            });
            outputs.extend(texts);
        }
        outputs.extend(self.rowid_name().map(str::to_owned));
        if outputs.is_empty() {
            // A table whose columns are all computed still has rows.
            outputs.push("NULL".to_owned());
        }
        let mut sql = format!("SELECT {} FROM {}", outputs.join(", "), quote(&self.table.name));
        let order: Vec<String> = self.order.iter().map(|c| name(*c)).collect();
        if order.is_empty() {
            sql.push_str(" NOT INDEXED");
            return sql;
        }
        let keys = order.join(", ");
        let mut conditions = Vec::new();
        for (comparison, bound) in [(">", self.after), ("<=", self.until)] {
            if bound.is_some() {
                let marks = vec!["?"; order.len()].join(", ");
                conditions.push(format!("({keys}) {comparison} ({marks})"));
            }
        }
        if !conditions.is_empty() {
            sql.push_str(&format!(" WHERE {}", conditions.join(" AND ")));
        }
        sql.push_str(&format!(" ORDER BY {keys}"));
        sql
    }
}

/// Collations that SQLite has itself.
const BUILT_IN_COLLATIONS: [&str; 3] = ["BINARY", "NOCASE", "RTRIM"];

/// Collations in place of an application's; they are gone with it.
struct StandIns<'a> {
    connection: &'a Connection,
    names: Vec<String>,
}

impl StandIns<'_> {
    fn add(&mut self, collation: &str) -> rusqlite::Result<()> {
        let built_in = BUILT_IN_COLLATIONS
            .iter()
            .any(|own| own.eq_ignore_ascii_case(collation));
        if !built_in && !self.names.iter().any(|name| name == collation) {
            self.connection.create_collation(collation, str::cmp)?;
            self.names.push(collation.to_owned());
        }
        Ok(())
    }
}

impl Drop for StandIns<'_> {
    fn drop(&mut self) {
        for name in &self.names {
            // Nothing is compared by it; at worst it stays.
            let _ = self.connection.remove_collation(name.as_str());
        }
    }
}

/// One row under the cursor.
#[derive(Debug)]
pub struct SourceRow<'a> {
    row: &'a Row<'a>,
    decoded: &'a [Option<OwnedValue>],
    columns: usize,
    /// Its place in the row.
    rowid: Option<usize>,
}

impl SourceRow<'_> {
    /// How many columns were asked for.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The rowid, where it was asked for and there is one.
    pub fn rowid(&self) -> Option<i64> {
        self.rowid.and_then(|place| self.row.get(place).ok())
    }

    /// The value of the column at this place of the scan's list; NULL beyond its end.
    #[inline]
    pub fn value(&self, place: usize) -> Value<'_> {
        if let Some(Some(text)) = self.decoded.get(place) {
            return text.as_value();
        }
        match self.row.get_ref(place) {
            Ok(ValueRef::Integer(i)) => Value::Integer(i),
            Ok(ValueRef::Real(r)) => Value::Real(r),
            Ok(ValueRef::Text(bytes)) => match simdutf8::basic::from_utf8(bytes) {
                Ok(text) => Value::Text(text),
                Err(_) => Value::RawText(bytes),
            },
            Ok(ValueRef::Blob(bytes)) => Value::Blob(bytes),
            Ok(ValueRef::Null) | Err(_) => Value::Null,
        }
    }
}

/// Quotes a name for SQLite. A name cannot hold NUL: it would have ended the DDL.
pub fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[derive(Clone, Copy)]
enum Utf16 {
    LittleEndian,
    BigEndian,
}

fn decode_texts(
    row: &Row<'_>,
    columns: usize,
    utf16: Utf16,
    decoded: &mut Vec<Option<OwnedValue>>,
) -> rusqlite::Result<()> {
    decoded.clear();
    for place in 0..columns {
        decoded.push(match row.get_ref(columns + place)? {
            ValueRef::Blob(bytes) => Some(decode_utf16(bytes, utf16)),
            _ => None,
        });
    }
    Ok(())
}

fn decode_utf16(bytes: &[u8], utf16: Utf16) -> OwnedValue {
    let units = bytes.chunks_exact(2).map(|pair| match utf16 {
        Utf16::LittleEndian => u16::from_le_bytes([pair[0], pair[1]]),
        Utf16::BigEndian => u16::from_be_bytes([pair[0], pair[1]]),
    });
    match char::decode_utf16(units).collect::<Result<String, _>>() {
        Ok(text) if bytes.len().is_multiple_of(2) => OwnedValue::Text(text),
        _ => OwnedValue::RawText(bytes.to_vec()),
    }
}

/// A key value as a statement parameter.
struct Bound<'a>(&'a OwnedValue);

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        let value = match self.0 {
            OwnedValue::Null => ValueRef::Null,
            OwnedValue::Integer(i) => ValueRef::Integer(*i),
            OwnedValue::Real(r) => ValueRef::Real(*r),
            OwnedValue::Text(t) => ValueRef::Text(t.as_bytes()),
            OwnedValue::Blob(b) | OwnedValue::RawText(b) => ValueRef::Blob(b),
        };
        Ok(rusqlite::types::ToSqlOutput::Borrowed(value))
    }
}
