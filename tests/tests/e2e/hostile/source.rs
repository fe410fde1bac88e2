//! A SQLite file made by chance, and what SQLite itself says of it afterwards.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params_from_iter};

use super::names::{Names, quoted};
use super::random::Random;
use super::schema::{self, Table};
use super::values::{Stored, value};

/// Rows of a table: enough for every value to meet, few enough for thousands of files.
const ROWS_MAX: usize = 12;

/// Makes a file and returns the tables that SQLite took.
pub fn make(path: &Path, random: &mut Random) -> Vec<Table> {
    let connection = Connection::open(path).unwrap();
    let encoding = *random.pick(&["UTF-8", "UTF-8", "UTF-8", "UTF-8", "UTF-16le", "UTF-16be"]);
    let page_size = *random.pick(&[512, 1024, 4096, 65_536]);
    let journal = *random.pick(&["DELETE", "WAL"]);
    connection
        .execute_batch(&format!(
            "PRAGMA encoding = '{encoding}'; PRAGMA page_size = {page_size}; PRAGMA journal_mode = {journal}; \
             PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF"
        ))
        .unwrap();
    let mut names = Names::default();
    let mut tables: Vec<Table> = Vec::new();
    let wanted = 1 + random.below(4);
    while tables.len() < wanted {
        let table = schema::table(&mut names, &tables, random);
        if connection.execute_batch(&table.create()).is_ok() {
            fill(&connection, &table, random);
            tables.push(table);
        }
    }
    for table in &tables {
        for extra in table.extras(&mut names, random) {
            // Not every index fits its table and its rows; SQLite says which.
            let _ = connection.execute_batch(&extra);
        }
    }
    if random.chance(50) {
        point_at_parents(&connection, random);
    }
    tables
}

fn fill(connection: &Connection, table: &Table, random: &mut Random) {
    let columns: Vec<_> = table.columns.iter().filter(|column| !column.generated).collect();
    let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
    for row in 0..random.below(ROWS_MAX + 1) {
        let values: Vec<Stored> = columns
            .iter()
            .map(|column| value(column.flavour, row < 2 && random.chance(4), random))
            .collect();
        let marks: Vec<&str> = values
            .iter()
            .map(|value| {
                if matches!(value, Stored::TextOfBytes(_)) {
                    "CAST(? AS TEXT)"
                } else {
                    "?"
                }
            })
            .collect();
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({})",
            quoted(&table.name),
            names.join(", "),
            marks.join(", ")
        );
        // Constraints may refuse a row.
        let _ = connection.execute(&sql, params_from_iter(values));
    }
}

/// Gives some children a parent that is there.
fn point_at_parents(connection: &Connection, random: &mut Random) {
    let keys = rows(
        connection,
        "SELECT s.name, k.\"from\", k.\"table\", k.\"to\" FROM sqlite_schema s, pragma_foreign_key_list(s.name) k \
         WHERE s.type = 'table' AND k.\"to\" IS NOT NULL",
    );
    for key in keys {
        let [child, from, parent, to] = key.as_slice() else {
            unreachable!()
        };
        let either = if random.chance(50) {
            "NULL"
        } else {
            "(SELECT max(%) FROM @)"
        };
        let sql = format!("UPDATE {} SET {} = {either}", quoted(child), quoted(from))
            .replace('%', &quoted(to))
            .replace('@', &quoted(parent));
        let _ = connection.execute_batch(&sql);
    }
}

/// The rows of a query as texts, NULL as an empty one.
pub fn rows(connection: &Connection, sql: &str) -> Vec<Vec<String>> {
    let mut statement = connection.prepare(sql).unwrap();
    let width = statement.column_count();
    let mut found = statement.query([]).unwrap();
    let mut rows = Vec::new();
    while let Some(row) = found.next().unwrap() {
        let text = |at: usize| match row.get_ref(at).unwrap() {
            ValueRef::Text(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            ValueRef::Integer(integer) => integer.to_string(),
            ValueRef::Null => String::new(),
            other => panic!("{other:?}"),
        };
        rows.push((0..width).map(text).collect());
    }
    rows
}
