//! Proves that the application's next insert gets an id: one is tried in every table, and rolled back.
//!
//! The insert leaves the ids to their sequences and copies all else from a row that is there; an empty table gets plain
//! constants. Whether the row as a whole is welcome does not matter: a duplicate name or a trigger that refuses says
//! nothing about the id. What matters is that an id was drawn and that no row has it. Drawing is never rolled back, so
//! that a sequence is first restarted in this transaction, which gives it a copy of its own until COMMIT, and set back
//! afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::quote::quote_ident;
use crate::target::catalog::{ColumnKind, TargetCatalog, TargetColumn, TargetTable};
use crate::target::{SqlFault, Target, TargetError};

use super::ids::{Continued, NextId};
use super::next_id::Position;
use super::savepoint::batch;
use super::{Relation, literal, sequences};

/// Tables on which a rule puts something else in the place of an INSERT or beside it.
const WITH_RULES: &str = "\
SELECT DISTINCT c.relname::text FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_class c ON c.oid = w.ev_class
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND w.ev_type = '3'";

/// Whether a unique index has one of these columns.
const HAS_COLUMN: &str = "\
SELECT EXISTS (SELECT FROM pg_catalog.pg_class x JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
  JOIN pg_catalog.pg_index i ON i.indexrelid = x.oid
  JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])
 WHERE n.nspname = $1 AND x.relname::text = $2 AND a.attname::text = ANY ($3))";

/// What came of the insert into one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// The table.
    pub table: Relation,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of an insert that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It went through; columns with the ids they got.
    Inserted(Vec<(String, String)>),
    /// An id was drawn, then something else about the row was refused: by what.
    Stopped(String),
    /// An id was drawn, then a trigger refused the row or took it away.
    Refused,
    /// It was not tried: why.
    NotTried(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inserted(ids) => {
                let ids: Vec<String> = ids
                    .iter()
                    .map(|(column, id)| format!("{column} = {id}"))
                    .collect();
                write!(f, "inserted with {}", ids.join(", "))
            }
            Self::Stopped(by) => write!(f, "an id was drawn; the copied row was then stopped by {by}"),
            Self::Refused => f.write_str("an id was drawn; a trigger then refused the copied row"),
            Self::NotTried(why) => write!(f, "not tried: {why}"),
        }
    }
}

/// Tries the next insert in every table that has ids drawn from a sequence. The constraints are back in place.
///
/// # Errors
/// An insert would get no id, or one that a row has already; or the server goes away.
pub async fn try_next(
    target: &Target,
    catalog: &TargetCatalog,
    continued: &Continued,
) -> Result<Vec<Probed>, Failure> {
    let rows = target.client().query(WITH_RULES, &[&catalog.schema]).await;
    let rows = rows.map_err(|error| target.fault(&error))?;
    let ruled: Result<BTreeSet<String>, Error> = rows.iter().map(|row| row.try_get(0)).collect();
    let ruled = ruled.map_err(|error| target.fault(&error))?;
    let copied = restart(target, continued).await?;
    let mut probed = Vec::new();
    for table in &catalog.tables {
        let relation = Relation {
            schema: catalog.schema.clone(),
            name: table.name.clone(),
        };
        let of_table = continued.ids.iter().filter(|id| id.draws && id.table == relation);
        let ids: Vec<&NextId> = of_table.collect();
        if ids.is_empty() {
            continue;
        }
        let outcome = match not_tried(table, &ids, ruled.contains(&table.name)) {
            Some(why) => Outcome::NotTried(why),
            None => try_table(target, table, &relation, &ids).await?,
        };
        probed.push(Probed {
            table: relation,
            outcome,
        });
    }
    for (sequence, position) in copied {
        sequences::set(target, sequence, position).await?;
    }
    Ok(probed)
}

/// Gives every sequence of the tables a copy in this transaction, and returns where each was. All of them at once,
/// since a trigger on one table may insert into another.
async fn restart<'a>(
    target: &Target,
    continued: &'a Continued,
) -> Result<BTreeMap<&'a Relation, Position>, TargetError> {
    let mut copied = BTreeMap::new();
    for id in continued.ids.iter().filter(|id| id.is_owned) {
        if copied.contains_key(&id.sequence) {
            continue;
        }
        copied.insert(&id.sequence, sequences::position(target, &id.sequence).await?);
        let restart = format!("ALTER SEQUENCE {} RESTART WITH {}", id.sequence.quoted(), id.next);
        batch(target, &restart).await?;
    }
    Ok(copied)
}

fn not_tried(table: &TargetTable, ids: &[&NextId], has_rule: bool) -> Option<String> {
    if has_rule {
        return Some("a rule puts something else in the place of the insert".to_owned());
    }
    if !table.may_insert {
        return Some("the role may not insert".to_owned());
    }
    let foreign = ids.iter().find(|id| !id.is_owned)?;
    Some(format!(
        "sequence {} belongs to another role, so that drawing from it could not be taken back",
        foreign.sequence
    ))
}

/// Tries one table.
async fn try_table(
    target: &Target,
    table: &TargetTable,
    relation: &Relation,
    ids: &[&NextId],
) -> Result<Outcome, Failure> {
    let some = format!("SELECT EXISTS (SELECT FROM {})", relation.quoted());
    let row = target.client().query_one(&some, &[]).await;
    let has_rows: bool = row
        .and_then(|row| row.try_get(0))
        .map_err(|error| target.fault(&error))?;
    let sql = match insert(table, relation, ids, has_rows) {
        Ok(sql) => sql,
        Err(why) => return Ok(Outcome::NotTried(why)),
    };
    for id in ids {
        let fresh = Position {
            last: id.next,
            is_called: false,
        };
        sequences::set(target, &id.sequence, fresh).await?;
    }
    batch(target, "SAVEPOINT outgrow_probe").await?;
    let tried = target.client().query_opt(&sql, &[]).await;
    judge(target, relation, ids, tried).await
}

/// The insert, or why none can be made.
fn insert(
    table: &TargetTable,
    relation: &Relation,
    ids: &[&NextId],
    has_rows: bool,
) -> Result<String, String> {
    let is_id = |column: &TargetColumn| ids.iter().any(|id| id.column == column.name);
    let others = table
        .columns
        .iter()
        .filter(|column| !column.generated && !is_id(column));
    let mut names = Vec::new();
    let mut values = Vec::new();
    for column in others {
        let name = quote_ident(&column.name);
        if has_rows {
            values.push(name.clone());
        } else if column.not_null && !column.has_default {
            let no_value = || format!("it is empty, and {} needs a {}", column.name, column.type_name);
            values.push(plain(&column.kind).ok_or_else(no_value)?);
        } else {
            continue;
        }
        names.push(name);
    }
    let into = relation.quoted();
    let returned: Vec<String> = ids
        .iter()
        .map(|id| format!("{}::text", quote_ident(&id.column)))
        .collect();
    let returned = returned.join(", ");
    Ok(if names.is_empty() {
        format!("INSERT INTO {into} DEFAULT VALUES RETURNING {returned}")
    } else {
        let (names, values) = (names.join(", "), values.join(", "));
        let from = if has_rows {
            format!(" FROM {into} LIMIT 1")
        } else {
            String::new()
        };
        format!("INSERT INTO {into} ({names}) SELECT {values}{from} RETURNING {returned}")
    })
}

/// A value that a type takes, as a literal.
fn plain(kind: &ColumnKind) -> Option<String> {
    let text = match kind {
        ColumnKind::Boolean => "false",
        ColumnKind::Smallint
        | ColumnKind::Integer
        | ColumnKind::Bigint
        | ColumnKind::Real
        | ColumnKind::DoublePrecision
        | ColumnKind::Numeric(_) => "0",
        ColumnKind::Text
        | ColumnKind::Varchar(_)
        | ColumnKind::Char(_)
        | ColumnKind::Citext
        | ColumnKind::Bytea => "",
        ColumnKind::Uuid => "00000000-0000-0000-0000-000000000000",
        ColumnKind::Json | ColumnKind::Jsonb | ColumnKind::Array(_) => "{}",
        ColumnKind::Date | ColumnKind::Timestamp(_) | ColumnKind::Timestamptz(_) => "2000-01-01",
        ColumnKind::Time(_) => "00:00",
        ColumnKind::Interval(_) => "0",
        ColumnKind::Inet | ColumnKind::Cidr => "127.0.0.1",
        ColumnKind::Enum(labels) => labels.first()?,
        ColumnKind::Other => return None,
    };
    Some(literal(text))
}

/// Takes the insert back and says what its answer means.
async fn judge(
    target: &Target,
    relation: &Relation,
    ids: &[&NextId],
    tried: Result<Option<tokio_postgres::Row>, Error>,
) -> Result<Outcome, Failure> {
    let answer = match tried {
        Ok(row) => Ok(row),
        Err(error) => match error.as_db_error() {
            Some(refusal) => Err(refusal.clone()),
            None => return Err(target.fault(&error).into()),
        },
    };
    let got = match &answer {
        Ok(Some(row)) => got(row, ids).map_err(|error| target.fault(&error))?,
        _ => Vec::new(),
    };
    for (column, value) in &got {
        let Some(value) = value else {
            return Err(no_id(target, relation, column, "the insert left it NULL"));
        };
        if holders(target, relation, column, value).await? != 1 {
            return Err(taken(target, relation, column, value));
        }
    }
    batch(
        target,
        "ROLLBACK TO SAVEPOINT outgrow_probe; RELEASE SAVEPOINT outgrow_probe",
    )
    .await?;
    match answer {
        Ok(Some(_)) => {
            let got = got
                .into_iter()
                .filter_map(|(column, value)| Some((column, value?)));
            Ok(Outcome::Inserted(got.collect()))
        }
        Ok(None) => Ok(Outcome::Refused),
        Err(refusal) => stopped(target, relation, ids, &refusal).await,
    }
}

fn got(row: &tokio_postgres::Row, ids: &[&NextId]) -> Result<Vec<(String, Option<String>)>, Error> {
    let each = ids.iter().enumerate();
    each.map(|(place, id)| Ok((id.column.clone(), row.try_get(place)?)))
        .collect()
}

/// Rows that have this id.
async fn holders(
    target: &Target,
    relation: &Relation,
    column: &str,
    value: &str,
) -> Result<i64, TargetError> {
    let (table, column, value) = (relation.quoted(), quote_ident(column), literal(value));
    let sql = format!("SELECT pg_catalog.count(*) FROM {table} WHERE {column} = {value}");
    let row = target.client().query_one(&sql, &[]).await;
    row.and_then(|row| row.try_get(0))
        .map_err(|error| target.fault(&error))
}

/// Whether what stopped the insert concerns the id.
async fn stopped(
    target: &Target,
    relation: &Relation,
    ids: &[&NextId],
    refusal: &DbError,
) -> Result<Outcome, Failure> {
    let columns: Vec<&str> = ids.iter().map(|id| id.column.as_str()).collect();
    let fault = SqlFault::new(refusal);
    let null = *refusal.code() == SqlState::NOT_NULL_VIOLATION;
    if let Some(column) = refusal.column().filter(|column| null && columns.contains(column)) {
        return Err(no_id(target, relation, column, &fault.to_string()));
    }
    for id in ids {
        let position = sequences::position(target, &id.sequence).await?;
        if !position.is_called && refusal.where_().is_some() {
            // It came out of a function: that of a trigger for the statement, which fires before the first row.
            let why = format!("a trigger stopped the insert before an id was drawn: {fault}");
            return Ok(Outcome::NotTried(why));
        }
        if !position.is_called {
            return Err(no_id(target, relation, &id.column, &fault.to_string()));
        }
        let value = sequences::drawn(target, &id.sequence).await?.to_string();
        if id.is_number && holders(target, relation, &id.column, &value).await? != 0 {
            return Err(taken(target, relation, &id.column, &value));
        }
    }
    if *refusal.code() == SqlState::UNIQUE_VIOLATION && has_column(target, refusal, &columns).await? {
        let column = columns.join(", ");
        return Err(taken(target, relation, &column, "the one it drew"));
    }
    if *refusal.code() == SqlState::RAISE_EXCEPTION {
        return Ok(Outcome::Refused);
    }
    let by = fault.constraint.as_ref().map(|name| format!("constraint {name}"));
    Ok(Outcome::Stopped(by.unwrap_or_else(|| fault.to_string())))
}

async fn has_column(target: &Target, refusal: &DbError, columns: &[&str]) -> Result<bool, TargetError> {
    let (schema, index) = (refusal.schema(), refusal.constraint());
    let row = target
        .client()
        .query_one(HAS_COLUMN, &[&schema, &index, &columns])
        .await;
    row.and_then(|row| row.try_get(0))
        .map_err(|error| target.fault(&error))
}

fn no_id(target: &Target, relation: &Relation, column: &str, why: &str) -> Failure {
    let what = format!("an insert into {relation} that leaves out {column} gets no id: {why}");
    let next = "Nothing was kept. Look at the column's default and at the rights on its sequence; the application's next \
                insert would fail the same way.";
    Failure::new(Exit::PlanBlocked, what, next).at(target.server())
}

fn taken(target: &Target, relation: &Relation, column: &str, value: &str) -> Failure {
    let what =
        format!("the next insert into {relation} would get an id that a row has already: {column} {value}");
    let next = "Nothing was kept. A trigger or the column's default seems to choose ids by a rule of its own; number the \
                rows in the application, or report this as a fault of outgrow.";
    Failure::new(Exit::PlanBlocked, what, next).at(target.server())
}
