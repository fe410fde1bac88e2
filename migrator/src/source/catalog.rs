//! The catalog: every object of the source as SQLite itself describes it.
//!
//! Facts come from PRAGMAs; what those cannot tell (CHECK, collations, expressions) is read from the stored
//! DDL by the plan. An object that is not an ordinary table is listed too, so that none is passed over.

use rusqlite::{Connection, OptionalExtension};

use super::ddl::Affinity;
use super::objects::{Listed, OtherObject, list_objects, other_object, pragma};
use super::{Source, SourceError};

/// Every object of the source, in the order of creation.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// Ordinary tables.
    pub tables: Vec<Table>,
    /// Views, triggers, virtual tables and their shadow tables.
    pub others: Vec<OtherObject>,
}

/// An ordinary table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its stored DDL.
    pub sql: String,
    /// Whether it is `WITHOUT ROWID`.
    pub without_rowid: bool,
    /// Whether it is `STRICT`.
    pub strict: bool,
    /// Its columns in order, generated ones included.
    pub columns: Vec<Column>,
    /// Positions of the primary key's columns, in the order of the key; empty without one.
    pub primary_key: Vec<usize>,
    /// The column that is the rowid by another name (`INTEGER PRIMARY KEY`).
    pub rowid_alias: Option<usize>,
    /// A name under which the rowid can be read; none for `WITHOUT ROWID` or when columns hide all three.
    pub rowid_name: Option<&'static str>,
    /// Its indexes, those behind UNIQUE and PRIMARY KEY included.
    pub indexes: Vec<Index>,
    /// Its foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// Positions of the computed columns whose values are read as well; none as the catalog comes.
    pub computed_read: Vec<usize>,
    /// The largest rowid ever used, where AUTOINCREMENT keeps it.
    pub sequence: Option<i64>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its declared type as written, empty if none.
    pub declared_type: String,
    /// Its affinity.
    pub affinity: Affinity,
    /// Whether it is NOT NULL.
    pub not_null: bool,
    /// The text of its default, as SQLite keeps it.
    pub default_sql: Option<String>,
    /// Whether its values are computed (`GENERATED ALWAYS AS`).
    pub generated: bool,
}

/// An index.
#[derive(Debug, Clone)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Whether it is unique.
    pub unique: bool,
    /// What made it.
    pub origin: IndexOrigin,
    /// Whether it has a WHERE clause.
    pub partial: bool,
    /// Its key columns.
    pub columns: Vec<IndexColumn>,
    /// Its stored DDL; none behind UNIQUE and PRIMARY KEY.
    pub sql: Option<String>,
}

/// What made an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexOrigin {
    /// CREATE INDEX.
    Created,
    /// A UNIQUE constraint.
    Unique,
    /// A PRIMARY KEY.
    PrimaryKey,
}

/// A key column of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexColumn {
    /// Position of the column; none for the rowid or an expression.
    pub column: Option<usize>,
    /// Whether it descends.
    pub descending: bool,
    /// Its collation.
    pub collation: String,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// SQLite's number for it within the table.
    pub id: i64,
    /// The parent table's name as written.
    pub parent: String,
    /// Child column and, where written, parent column.
    pub columns: Vec<(String, Option<String>)>,
    /// ON UPDATE action.
    pub on_update: String,
    /// ON DELETE action.
    pub on_delete: String,
}

#[cfg(test)]
impl Column {
    /// A column `c` of nothing but a declared type.
    pub fn declared(declared_type: &str) -> Self {
        Self {
            name: "c".to_owned(),
            declared_type: declared_type.to_owned(),
            affinity: Affinity::of(Some(declared_type)),
            not_null: false,
            default_sql: None,
            generated: false,
        }
    }
}

impl Table {
    /// Positions of the columns whose values are read: those that are stored, and of the computed ones those that
    /// were asked for.
    pub fn read_columns(&self) -> impl Iterator<Item = usize> + '_ {
        self.columns
            .iter()
            .enumerate()
            .filter(|(position, c)| !c.generated || self.computed_read.contains(position))
            .map(|(i, _)| i)
    }

    /// Position of a column by its name, as SQLite compares names.
    pub fn column_named(&self, name: &str) -> Option<usize> {
        self.columns
            .iter()
            .position(|c| c.name.eq_ignore_ascii_case(name))
    }
}

impl Catalog {
    /// Reads the catalog of the snapshot.
    pub fn read(source: &Source) -> Result<Self, SourceError> {
        let wrap = |cause| source.classify("reading its schema", cause);
        let connection = source.connection();
        let mut tables = Vec::new();
        let mut others = Vec::new();
        let listed = list_objects(connection).map_err(wrap)?;
        for object in &listed {
            match other_object(connection, object, &listed).map_err(wrap)? {
                Some(other) => others.push(other),
                None => tables.push(read_table(connection, object).map_err(wrap)?),
            }
        }
        read_sequences(connection, &mut tables).map_err(wrap)?;
        Ok(Self { tables, others })
    }
}

fn read_table(connection: &Connection, listed: &Listed) -> rusqlite::Result<Table> {
    let (columns, primary_key) = read_columns(connection, &listed.name, listed.strict)?;
    let indexes = read_indexes(connection, &listed.name)?;
    let foreign_keys = read_foreign_keys(connection, &listed.name)?;
    // A key without an index behind it is the rowid; `INTEGER PRIMARY KEY DESC` has an index and is not.
    let has_key_index = indexes.iter().any(|i| i.origin == IndexOrigin::PrimaryKey);
    let rowid_alias = match primary_key.as_slice() {
        [column] if !listed.without_rowid && !has_key_index => Some(*column),
        _ => None,
    };
    let rowid_name = ["rowid", "_rowid_", "oid"]
        .into_iter()
        .find(|name| !listed.without_rowid && !columns.iter().any(|c| c.name.eq_ignore_ascii_case(name)));
    Ok(Table {
        name: listed.name.clone(),
        sql: listed.sql.clone(),
        without_rowid: listed.without_rowid,
        strict: listed.strict,
        columns,
        primary_key,
        rowid_alias,
        rowid_name,
        indexes,
        foreign_keys,
        computed_read: Vec::new(),
        sequence: None,
    })
}

fn read_columns(
    connection: &Connection,
    table: &str,
    strict: bool,
) -> rusqlite::Result<(Vec<Column>, Vec<usize>)> {
    let mut statement = pragma(connection, "table_xinfo", table)?;
    let mut columns = Vec::new();
    let mut key = Vec::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let declared_type: String = row.get("type")?;
        let key_position: i64 = row.get("pk")?;
        let hidden: i64 = row.get("hidden")?;
        if key_position > 0 {
            key.push((key_position, columns.len()));
        }
        columns.push(Column {
            name: row.get("name")?,
            affinity: affinity_of(&declared_type, strict),
            declared_type,
            not_null: row.get("notnull")?,
            default_sql: row.get("dflt_value")?,
            generated: matches!(hidden, 2 | 3),
        });
    }
    key.sort_unstable();
    Ok((columns, key.into_iter().map(|(_, column)| column).collect()))
}

/// STRICT's ANY keeps values as they are; everywhere else the word ANY means NUMERIC.
pub(super) fn affinity_of(declared_type: &str, strict: bool) -> Affinity {
    if strict && declared_type.eq_ignore_ascii_case("ANY") {
        return Affinity::Blob;
    }
    Affinity::of(Some(declared_type))
}

fn read_indexes(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Index>> {
    let mut stored =
        connection.prepare("SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?1")?;
    let mut statement = pragma(connection, "index_list", table)?;
    let mut indexes = Vec::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get("name")?;
        let origin: String = row.get("origin")?;
        let sql = stored.query_row([&name], |row| row.get(0)).optional()?.flatten();
        indexes.push(Index {
            columns: read_index_columns(connection, &name)?,
            name,
            unique: row.get("unique")?,
            origin: match origin.as_str() {
                "c" => IndexOrigin::Created,
                "u" => IndexOrigin::Unique,
                _ => IndexOrigin::PrimaryKey,
            },
            partial: row.get("partial")?,
            sql,
        });
    }
    // SQLite lists the latest first.
    indexes.reverse();
    Ok(indexes)
}

fn read_index_columns(connection: &Connection, index: &str) -> rusqlite::Result<Vec<IndexColumn>> {
    let mut statement = pragma(connection, "index_xinfo", index)?;
    let mut columns = Vec::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        // What follows the key is the rowid or the primary key, to find the row by.
        if row.get("key")? {
            columns.push(IndexColumn {
                column: usize::try_from(row.get::<_, i64>("cid")?).ok(),
                descending: row.get("desc")?,
                collation: row.get::<_, Option<String>>("coll")?.unwrap_or_default(),
            });
        }
    }
    Ok(columns)
}

fn read_foreign_keys(connection: &Connection, table: &str) -> rusqlite::Result<Vec<ForeignKey>> {
    let mut statement = pragma(connection, "foreign_key_list", table)?;
    let mut keys: Vec<ForeignKey> = Vec::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id = row.get("id")?;
        let pair = (row.get("from")?, row.get("to")?);
        match keys.last_mut() {
            Some(last) if last.id == id => last.columns.push(pair),
            _ => keys.push(ForeignKey {
                id,
                parent: row.get("table")?,
                columns: vec![pair],
                on_update: row.get("on_update")?,
                on_delete: row.get("on_delete")?,
            }),
        }
    }
    Ok(keys)
}

fn read_sequences(connection: &Connection, tables: &mut [Table]) -> rusqlite::Result<()> {
    let exists: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence')",
        [],
        |row| row.get(0),
    )?;
    if !exists {
        return Ok(());
    }
    // Anyone may write anything into this table; SQLite casts what it finds there.
    let mut statement =
        connection.prepare("SELECT max(CAST(seq AS INTEGER)) FROM sqlite_sequence WHERE name = ?1")?;
    for table in tables {
        table.sequence = statement.query_row([&table.name], |row| row.get(0))?;
    }
    Ok(())
}
