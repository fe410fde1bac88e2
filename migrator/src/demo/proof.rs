//! Checks a viewer can follow: the same SQL on both sides, and one bit flipped to see it found.

use std::path::Path;

use rusqlite::OpenFlags;
use tokio_postgres::SimpleQueryMessage;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::quote::quote_literal;
use crate::target::{Conninfo, Target, connect};

/// Queries that mean the same in both dialects.
const QUERIES: [&str; 3] = [
    "SELECT count(*), sum(length(checkpoint)) FROM checkpoints",
    "SELECT count(*), sum(length(value)) FROM writes",
    "SELECT min(checkpoint_id), max(idx) FROM writes",
];

/// Runs the queries on both sides.
///
/// # Errors
/// When a side fails, or the answers differ.
pub async fn same_answers(database: &Path, conninfo: &Conninfo) -> Result<String, Failure> {
    let target = connect(conninfo).await?;
    let mut text = String::new();
    for query in QUERIES {
        let source = ask_sqlite(database, query)?;
        let copied = ask_postgres(&target, query).await?;
        text.push_str(&format!(
            "{query}\n    SQLite    {source}\n    Postgres  {copied}\n"
        ));
        if source != copied {
            let what = "the same query has two answers, though both sides were found EQUAL";
            let next = "This is a fault of outgrow. Please report it with the lines above.";
            return Err(Failure::new(Exit::Different, what, next).at(text));
        }
    }
    target.close().await;
    Ok(text)
}

fn ask_sqlite(database: &Path, query: &str) -> Result<String, Failure> {
    let answer = || {
        let conn = rusqlite::Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        conn.query_row(query, [], |row| {
            let cell = |place| row.get::<_, rusqlite::types::Value>(place).map(shown);
            Ok(format!("{} | {}", cell(0)?, cell(1)?))
        })
    };
    answer().map_err(|error: rusqlite::Error| {
        let next = "Run the demo again; the store's file is private to it.";
        Failure::new(Exit::SourceRefused, "the store's file cannot be read", next).because(error)
    })
}

fn shown(value: rusqlite::types::Value) -> String {
    match value {
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text,
        other => format!("{other:?}"),
    }
}

async fn ask_postgres(target: &Target, query: &str) -> Result<String, Failure> {
    let cells = row(target, &format!("SET search_path = public; {query}")).await?;
    Ok(cells.join(" | "))
}

/// The first row that the statements return.
async fn row(target: &Target, sql: &str) -> Result<Vec<String>, Failure> {
    let messages = target.client().simple_query(sql).await;
    let messages = messages.map_err(|error| target.fault(&error))?;
    let cells = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => {
            Some((0..row.len()).map(|at| row.get(at).unwrap_or("NULL").to_owned()))
        }
        _ => None,
    });
    Ok(cells.into_iter().flatten().collect())
}

/// A statement that flips one bit of one value in Postgres; run twice it changes nothing.
///
/// # Errors
/// When Postgres fails or holds no row.
pub async fn choose_bit(conninfo: &Conninfo) -> Result<String, Failure> {
    let target = connect(conninfo).await?;
    let middle = "SELECT checkpoint_id FROM public.checkpoints ORDER BY checkpoint_id \
                  OFFSET (SELECT count(*) / 2 FROM public.checkpoints) LIMIT 1";
    let found = row(&target, middle).await?;
    target.close().await;
    let id = found.first().map(String::as_str).unwrap_or_default();
    let id = quote_literal(id).ok_or_else(unexpected)?;
    Ok(format!(
        "UPDATE public.checkpoints SET checkpoint = set_bit(checkpoint, 0, 1 - get_bit(checkpoint, 0))\n \
         WHERE checkpoint_id = {id}"
    ))
}

/// Runs the statement and insists that it changed one row.
///
/// # Errors
/// When it did not.
pub async fn change_one_row(conninfo: &Conninfo, statement: &str) -> Result<(), Failure> {
    let target = connect(conninfo).await?;
    let changed = target.client().execute(statement, &[]).await;
    let changed = changed.map_err(|error| target.fault(&error))?;
    target.close().await;
    if changed == 1 { Ok(()) } else { Err(unexpected()) }
}

fn unexpected() -> Failure {
    Failure::new(
        Exit::Bug,
        "the demo's row is not in Postgres",
        "Please report this with the lines above.",
    )
}
