//! What the source's schema lists: kinds and DDL of all its objects, and the facts of those that are no ordinary
//! tables. No module of a virtual table is loaded for it: what can be told of its rows is read from its shadow
//! tables.

use std::collections::HashMap;

use rusqlite::{Connection, Statement};

use super::ddl::{Ddl, read};
use super::scan::quote;

/// An object that holds no rows of its own, or whose rows belong to a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherObject {
    /// What it is.
    pub kind: OtherKind,
    /// Its name.
    pub name: String,
    /// Its stored DDL.
    pub sql: String,
    /// The columns of a view that reads ordinary tables only, as SQLite names them; empty for anything else.
    pub columns: Vec<String>,
    /// Rows of a virtual table, where its shadow tables tell.
    pub rows: Option<u64>,
}

/// What an object that is not an ordinary table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherKind {
    /// A view.
    View,
    /// A trigger.
    Trigger,
    /// A virtual table.
    VirtualTable,
    /// A table in which a virtual table keeps its own state.
    ShadowTable,
}

/// An object as SQLite lists it.
pub(super) struct Listed {
    kind: String,
    pub name: String,
    pub sql: String,
    pub without_rowid: bool,
    pub strict: bool,
}

/// What follows a virtual table's name in the shadow table that has a row for each of its rows: of full-text
/// search, of full-text search without content, of an R-tree.
const ROW_SHADOWS: &[&str] = &["_content", "_docsize", "_rowid"];

/// Tables by kind from `table_list`, triggers and the DDL from `sqlite_schema`. Tables named `sqlite_...`
/// are SQLite's own bookkeeping; their content is read where it matters (`sqlite_sequence`).
///
/// PRAGMAs are asked as statements throughout: a table of the file may be named `pragma_table_list` and would
/// answer in place of the function.
pub(super) fn list_objects(connection: &Connection) -> rusqlite::Result<Vec<Listed>> {
    let mut statement = connection.prepare("PRAGMA main.table_list")?;
    let rows = statement.query_map([], |row| {
        Ok((
            row.get("name")?,
            (row.get("type")?, row.get("wr")?, row.get("strict")?),
        ))
    })?;
    let kinds = rows.collect::<rusqlite::Result<HashMap<String, (String, bool, bool)>>>()?;
    let mut statement = connection.prepare(
        "SELECT type, name, coalesce(sql, '') FROM sqlite_schema WHERE type IN ('table', 'view', 'trigger') \
         AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid",
    )?;
    let rows = statement.query_map([], |row| {
        let (kind, name): (String, String) = (row.get(0)?, row.get(1)?);
        // A trigger may have the name of a table.
        let (kind, without_rowid, strict) = match kinds.get(&name) {
            Some(listed) if kind != "trigger" => listed.clone(),
            _ => (kind, false, false),
        };
        Ok(Listed {
            kind,
            name,
            sql: row.get(2)?,
            without_rowid,
            strict,
        })
    })?;
    let mut listed = rows.collect::<rusqlite::Result<Vec<Listed>>>()?;
    // A full-text index may read a table of the application that is named like one of its own.
    let content: Vec<String> = listed.iter().filter_map(content_table).collect();
    for object in &mut listed {
        let is_content = content.iter().any(|name| name.eq_ignore_ascii_case(&object.name));
        if object.kind == "shadow" && is_content {
            "table".clone_into(&mut object.kind);
        }
    }
    Ok(listed)
}

fn content_table(listed: &Listed) -> Option<String> {
    match read(&listed.name, &listed.sql) {
        Ok(Ddl::VirtualTable(ddl)) => ddl.content_table(),
        _ => None,
    }
}

/// The facts of an object that is no ordinary table; none for one that is.
pub(super) fn other_object(
    connection: &Connection,
    object: &Listed,
    listed: &[Listed],
) -> rusqlite::Result<Option<OtherObject>> {
    let mut other = OtherObject {
        kind: OtherKind::ShadowTable,
        name: object.name.clone(),
        sql: object.sql.clone(),
        columns: Vec::new(),
        rows: None,
    };
    match object.kind.as_str() {
        "table" => return Ok(None),
        "view" => {
            other.kind = OtherKind::View;
            other.columns = view_columns(connection, object, listed);
        }
        "trigger" => other.kind = OtherKind::Trigger,
        "virtual" => {
            other.kind = OtherKind::VirtualTable;
            other.rows = virtual_rows(connection, object, listed)?;
        }
        _ => {}
    }
    Ok(Some(other))
}

/// The columns of a view over ordinary tables. SQLite unfolds a view of views again and again, which a hostile
/// file could make endless, so those are not asked for; nor does it name the columns of a broken view.
fn view_columns(connection: &Connection, view: &Listed, listed: &[Listed]) -> Vec<String> {
    let is_table = |name: &str| {
        listed
            .iter()
            .any(|object| object.kind == "table" && object.name.eq_ignore_ascii_case(name))
    };
    let simple = match read(&view.name, &view.sql) {
        Ok(Ddl::View(ddl)) => ddl
            .query
            .is_ok_and(|query| query.from.iter().all(|from| is_table(&from.table))),
        _ => false,
    };
    let names = || {
        let mut statement = pragma(connection, "table_xinfo", &view.name)?;
        let names = statement.query_map([], |row| row.get("name"))?;
        names.collect::<rusqlite::Result<Vec<String>>>()
    };
    if simple {
        names().unwrap_or_default()
    } else {
        Vec::new()
    }
}

fn virtual_rows(connection: &Connection, table: &Listed, listed: &[Listed]) -> rusqlite::Result<Option<u64>> {
    let shadow = ROW_SHADOWS.iter().find_map(|suffix| {
        let name = format!("{}{suffix}", table.name);
        listed
            .iter()
            .find(|object| object.kind == "shadow" && object.name.eq_ignore_ascii_case(&name))
    });
    let Some(shadow) = shadow else { return Ok(None) };
    let sql = format!("SELECT count(*) FROM {}", quote(&shadow.name));
    let rows: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
    Ok(u64::try_from(rows).ok())
}

/// Prepares a PRAGMA that takes the name of a table or index.
pub(super) fn pragma<'a>(
    connection: &'a Connection,
    pragma: &str,
    name: &str,
) -> rusqlite::Result<Statement<'a>> {
    connection.prepare(&format!("PRAGMA main.{pragma}({})", quote(name)))
}
