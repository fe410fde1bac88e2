//! The sequences that columns of some tables draw from, with every column that shares them.

use tokio_postgres::{Error, Row};

use crate::quote::quote_ident;
use crate::target::{Target, TargetError};

use super::next_id::{Course, Position};
use super::savepoint::batch;
use super::{Relation, literal};

/// Which column draws from which sequence: identities and defaults do, those of a domain and those that name the
/// sequence in a text (`nextval('s'::text)`, on which nothing depends) included. A column that only owns a sequence may
/// be filled from it by the application.
const USES: &str = "\
WITH RECURSIVE one_use (sequence, rel, attnum, draws) AS (
    SELECT d.refobjid, e.adrelid, e.adnum, true FROM pg_catalog.pg_attrdef e
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.objid = e.oid
                                 AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
      JOIN pg_catalog.pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
    UNION ALL
    SELECT d.refobjid, a.attrelid, a.attnum, true FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
      JOIN pg_catalog.pg_attribute a ON a.atttypid = d.objid AND NOT a.attisdropped
      JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
     WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    UNION ALL
    SELECT d.objid, d.refobjid, d.refobjsubid::int2, d.deptype = 'i' FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
       AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
    UNION ALL
    SELECT s.oid, e.adrelid, e.adnum, true FROM pg_catalog.pg_attrdef e JOIN pg_catalog.pg_class c ON c.oid = e.adrelid
     CROSS JOIN LATERAL pg_catalog.substring(pg_catalog.pg_get_expr(e.adbin, e.adrelid),
                            'nextval[(]+''((?:[^'']|'''')+)''::text') AS said (name)
      JOIN pg_catalog.pg_class s ON s.relkind = 'S' JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
     WHERE CASE WHEN said.name ~ '\"' THEN said.name ELSE pg_catalog.lower(said.name) END
           IN (pg_catalog.format('%I.%I', n.nspname, s.relname),
               CASE WHEN s.relnamespace = c.relnamespace THEN pg_catalog.quote_ident(s.relname) END)),
use AS (SELECT sequence, rel, attnum, pg_catalog.bool_or(draws) AS draws FROM one_use GROUP BY sequence, rel, attnum)";

/// The sequences of the named tables with every column that uses one of them.
const SHARED: &str = "\
, named (oid) AS (
    SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname::text = ANY ($2) AND c.relkind IN ('r', 'p')),
base (typ, oid) AS (
    SELECT a.atttypid, a.atttypid FROM use u JOIN pg_catalog.pg_attribute a ON a.attrelid = u.rel AND a.attnum = u.attnum
    UNION SELECT b.typ, t.typbasetype FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid AND t.typtype = 'd')
SELECT sn.nspname::text AS sequence_schema, s.relname::text AS sequence, q.seqstart, q.seqincrement, q.seqmin, q.seqmax,
       pg_catalog.pg_has_role(s.relowner, 'USAGE') AS is_owned,
       pg_catalog.has_schema_privilege(sn.oid, 'USAGE') AND pg_catalog.has_table_privilege(s.oid, 'SELECT') AS may_select,
       pg_catalog.has_table_privilege(s.oid, 'UPDATE') AS may_update,
       tn.nspname::text AS table_schema, t.relname::text AS table_name, a.attname::text AS column_name, u.draws,
       t.oid IN (TABLE named) AS is_named,
       pg_catalog.has_schema_privilege(tn.oid, 'USAGE') AND pg_catalog.has_table_privilege(t.oid, 'SELECT')
           AND NOT pg_catalog.row_security_active(t.oid) AS is_readable,
       (SELECT y.typname::text FROM base b JOIN pg_catalog.pg_type y ON y.oid = b.oid
         WHERE b.typ = a.atttypid AND y.typtype <> 'd' AND y.typnamespace = 'pg_catalog'::pg_catalog.regnamespace) AS base
  FROM use u JOIN pg_catalog.pg_sequence q ON q.seqrelid = u.sequence
  JOIN pg_catalog.pg_class s ON s.oid = u.sequence JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
  JOIN pg_catalog.pg_class t ON t.oid = u.rel JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = u.rel AND a.attnum = u.attnum
 WHERE u.sequence IN (SELECT v.sequence FROM use v WHERE v.rel IN (TABLE named))
 ORDER BY sn.nspname::text COLLATE \"C\", s.relname::text COLLATE \"C\", tn.nspname::text COLLATE \"C\",
          t.relname::text COLLATE \"C\", a.attnum";

/// Sequences of a schema that no column uses.
const UNUSED: &str = "\
SELECT c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relkind = 'S' AND c.oid NOT IN (SELECT u.sequence FROM use u)
 ORDER BY c.relname::text COLLATE \"C\"";

/// A sequence with the columns that use it.
#[derive(Debug, Clone)]
pub(super) struct Sequence {
    /// Its name.
    pub name: Relation,
    /// Its course.
    pub course: Course,
    /// Whether the role has the rights of its owner.
    pub is_owned: bool,
    /// Whether the role may read its position.
    pub may_select: bool,
    /// Whether the role may set its position.
    pub may_update: bool,
    /// The columns that draw from it or own it.
    pub columns: Vec<Column>,
}

/// A column that uses a sequence.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its table.
    pub table: Relation,
    /// Its name.
    pub name: String,
    /// Whether an INSERT that leaves it out draws.
    pub draws: bool,
    /// Whether its table is one of those asked for.
    pub is_named: bool,
    /// Whether the role may read all of its table.
    pub is_readable: bool,
    /// The numbers it holds; none when it holds something else.
    pub numbers: Option<Numbers>,
}

/// What numbers a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// Integers in this range.
    Integers(i64, i64),
    /// `numeric`.
    Numeric,
}

impl Numbers {
    fn of(base: Option<&str>) -> Option<Self> {
        match base? {
            "int2" => Some(Self::Integers(i16::MIN.into(), i16::MAX.into())),
            "int4" => Some(Self::Integers(i32::MIN.into(), i32::MAX.into())),
            "int8" => Some(Self::Integers(i64::MIN, i64::MAX)),
            "numeric" => Some(Self::Numeric),
            _ => None,
        }
    }
}

/// The sequences that columns of these tables use.
pub(super) async fn read(
    target: &Target,
    schema: &str,
    tables: &[String],
) -> Result<Vec<Sequence>, TargetError> {
    let rows = target
        .client()
        .query(&format!("{USES}{SHARED}"), &[&schema, &tables])
        .await;
    let mut sequences: Vec<Sequence> = Vec::new();
    for row in rows.map_err(|error| target.fault(&error))? {
        add(&row, &mut sequences).map_err(|error| target.fault(&error))?;
    }
    Ok(sequences)
}

/// Rows of one sequence follow each other.
fn add(row: &Row, sequences: &mut Vec<Sequence>) -> Result<(), Error> {
    let name = Relation {
        schema: row.try_get("sequence_schema")?,
        name: row.try_get("sequence")?,
    };
    let table = Relation {
        schema: row.try_get("table_schema")?,
        name: row.try_get("table_name")?,
    };
    let column = Column {
        table,
        name: row.try_get("column_name")?,
        draws: row.try_get("draws")?,
        is_named: row.try_get("is_named")?,
        is_readable: row.try_get("is_readable")?,
        numbers: Numbers::of(row.try_get("base")?),
    };
    if let Some(sequence) = sequences.last_mut().filter(|last| last.name == name) {
        sequence.columns.push(column);
        return Ok(());
    }
    let course = Course {
        start: row.try_get("seqstart")?,
        increment: row.try_get("seqincrement")?,
        min: row.try_get("seqmin")?,
        max: row.try_get("seqmax")?,
    };
    sequences.push(Sequence {
        name,
        course,
        is_owned: row.try_get("is_owned")?,
        may_select: row.try_get("may_select")?,
        may_update: row.try_get("may_update")?,
        columns: vec![column],
    });
    Ok(())
}

/// Sequences of a schema that no column draws from or owns.
pub(super) async fn unused(target: &Target, schema: &str) -> Result<Vec<Relation>, TargetError> {
    let rows = target
        .client()
        .query(&format!("{USES} {UNUSED}"), &[&schema])
        .await;
    let rows = rows.map_err(|error| target.fault(&error))?;
    let relation = |row: &Row| {
        let name = row.try_get(0).map_err(|error| target.fault(&error))?;
        Ok(Relation {
            schema: schema.to_owned(),
            name,
        })
    };
    rows.iter().map(relation).collect()
}

/// Where a sequence is.
pub(super) async fn position(target: &Target, sequence: &Relation) -> Result<Position, TargetError> {
    let sql = format!("SELECT last_value, is_called FROM {}", sequence.quoted());
    let read = |row: &Row| -> Result<Position, Error> {
        Ok(Position {
            last: row.try_get(0)?,
            is_called: row.try_get(1)?,
        })
    };
    let row = target.client().query_one(&sql, &[]).await;
    row.and_then(|row| read(&row))
        .map_err(|error| target.fault(&error))
}

/// The whole number of a column that is furthest along the course; none without rows. Of 6.5 that is 6: 7 was not used.
pub(super) async fn furthest(
    target: &Target,
    column: &Column,
    numbers: Numbers,
    increment: i64,
) -> Result<Option<i128>, TargetError> {
    let name = quote_ident(&column.name);
    let (most, whole, below) = if increment > 0 {
        ("max", "floor", "< 'Infinity'")
    } else {
        ("min", "ceil", "> '-Infinity'")
    };
    // Only numeric has infinities; NaN is greater than all.
    let finite = match numbers {
        Numbers::Integers(..) => String::new(),
        Numbers::Numeric => {
            format!(" WHERE {name}::numeric {below}::numeric AND {name}::numeric <> 'NaN'::numeric")
        }
    };
    let sql = format!(
        "SELECT pg_catalog.{whole}(pg_catalog.{most}({name})::numeric)::text FROM {}{finite}",
        column.table.quoted()
    );
    let row = target.client().query_one(&sql, &[]).await;
    let most: Option<String> = row
        .and_then(|row| row.try_get(0))
        .map_err(|error| target.fault(&error))?;
    Ok(most.as_deref().map(number))
}

/// A number with more digits than fit is further than any sequence gets, on its side of zero.
fn number(digits: &str) -> i128 {
    let far = if digits.starts_with('-') {
        i128::MIN
    } else {
        i128::MAX
    };
    digits.parse().unwrap_or(far)
}

/// The value that this session drew last. Not the position: a sequence may hand out several at once.
pub(super) async fn drawn(target: &Target, sequence: &Relation) -> Result<i64, TargetError> {
    let sql = format!(
        "SELECT pg_catalog.currval({}::pg_catalog.regclass)",
        literal(&sequence.quoted())
    );
    let row = target.client().query_one(&sql, &[]).await;
    row.and_then(|row| row.try_get(0))
        .map_err(|error| target.fault(&error))
}

/// Sets a sequence. Only a restart in the same transaction makes a rollback take this back.
pub(super) async fn set(target: &Target, sequence: &Relation, position: Position) -> Result<(), TargetError> {
    let Position { last, is_called } = position;
    let name = literal(&sequence.quoted());
    let sql = format!("SELECT pg_catalog.setval({name}::pg_catalog.regclass, {last}, {is_called})");
    batch(target, &sql).await
}
