//! Reads the tables of one schema from `pg_catalog`: a handful of queries, however many tables there are.
//!
//! Nothing here depends on `search_path`. Tables that the role may not read are listed all the same, so that the
//! plan can say which grant is missing.

use std::collections::HashMap;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use crate::quote::quote_ident;
use crate::target::{Target, TargetError};

use super::types::{Makeup, Type, Types, resolve};
use super::{TargetCatalog, TargetColumn, TargetForeignKey, TargetTable};

/// Tables that one statement counts. Postgres walks a UNION by recursion and locks every table in it.
const COUNTED_AT_ONCE: usize = 100;

/// Ordinary and partitioned tables; a partition is part of its parent.
const TABLES: &str = "\
SELECT c.oid, c.relname::text AS name, pg_catalog.pg_get_userbyid(c.relowner)::text AS owner, c.relkind = 'p' AS is_partitioned,
       pg_catalog.pg_has_role(c.relowner, 'USAGE') AS is_owned,
       pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS may_select,
       pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'INSERT') AS may_insert,
       pg_catalog.row_security_active(c.oid) AS hides_rows
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
 ORDER BY c.relname::text COLLATE \"C\"";

/// Their columns.
const COLUMNS: &str = "\
SELECT a.attrelid, a.attname::text AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type_name,
       a.atttypid, a.atttypmod, a.attndims::int4 AS dimensions, a.attnotnull,
       a.atthasdef OR a.attidentity <> '' AS has_default, a.attgenerated <> '' AS generated
  FROM pg_catalog.pg_attribute a
 WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attrelid, a.attnum";

/// Their types, with the types that these rest on.
const TYPES: &str = "\
WITH RECURSIVE reached (oid) AS (
    SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped
    UNION
    SELECT next.oid FROM reached JOIN pg_catalog.pg_type t ON t.oid = reached.oid
      CROSS JOIN LATERAL (VALUES (t.typbasetype), (t.typelem)) AS next (oid) WHERE next.oid <> 0)
SELECT t.oid, n.nspname::text AS schema, t.typname::text AS name, t.typtype::text AS makeup,
       t.typbasetype, t.typtypmod, t.typndims::int4 AS dimensions, t.typnotnull, t.typdefault IS NOT NULL AS has_default,
       CASE WHEN t.typcategory = 'A' THEN
           (SELECT e.oid FROM pg_catalog.pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid) END AS element,
       ARRAY (SELECT l.enumlabel::text FROM pg_catalog.pg_enum l WHERE l.enumtypid = t.oid ORDER BY l.enumsortorder) AS labels,
       (SELECT x.extname::text FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
         WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e'
           AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass) AS extension
  FROM reached JOIN pg_catalog.pg_type t ON t.oid = reached.oid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace";

/// Their unique indexes over plain columns, in the order of the key; included columns are no part of it.
const KEYS: &str = "\
SELECT i.indrelid, i.indisprimary,
       ARRAY (SELECT a.attname::text
                FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
                JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
               WHERE k.place <= i.indnkeyatts ORDER BY k.place) AS columns
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
 WHERE i.indrelid = ANY ($1) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
 ORDER BY i.indrelid, x.relname::text COLLATE \"C\"";

/// Their foreign keys. One that refers to a partitioned table has a constraint for each partition besides its own.
const FOREIGN_KEYS: &str = "\
SELECT k.conrelid, k.conname::text AS name, k.convalidated, n.nspname::text AS parent_schema, p.relname::text AS parent,
       ARRAY (SELECT a.attname::text FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS c (attnum, place)
                JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = c.attnum ORDER BY c.place) AS columns,
       ARRAY (SELECT a.attname::text FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS c (attnum, place)
                JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = c.attnum ORDER BY c.place)
           AS parent_columns
  FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class p ON p.oid = k.confrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
 WHERE k.conrelid = ANY ($1) AND k.contype = 'f' AND k.conparentid = 0
 ORDER BY k.conrelid, k.conname::text COLLATE \"C\"";

/// Reads a schema, rows uncounted. One that does not exist has no tables.
///
/// # Errors
/// The server refuses a query or goes away.
pub async fn read(target: &Target, schema: &str) -> Result<TargetCatalog, TargetError> {
    let fault = |error: Error| target.fault(&error);
    let mut found = Found::default();
    for row in ask(target, TABLES, &[&schema]).await? {
        found.add_table(&row).map_err(fault)?;
    }
    let ids: Vec<u32> = found.ids.clone();
    let mut types = Types::new();
    for row in ask(target, TYPES, &[&ids]).await? {
        types.insert(row.try_get("oid").map_err(fault)?, type_of(&row).map_err(fault)?);
    }
    for row in ask(target, COLUMNS, &[&ids]).await? {
        found.add_column(&row, &types).map_err(fault)?;
    }
    for row in ask(target, KEYS, &[&ids]).await? {
        found.add_key(&row).map_err(fault)?;
    }
    for row in ask(target, FOREIGN_KEYS, &[&ids]).await? {
        found.add_foreign_key(&row).map_err(fault)?;
    }
    Ok(TargetCatalog {
        schema: schema.to_owned(),
        tables: found.tables,
    })
}

async fn ask(target: &Target, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, TargetError> {
    let rows = target.client().query(sql, values).await;
    rows.map_err(|error| target.fault(&error))
}

/// The tables as they are put together.
#[derive(Default)]
struct Found {
    tables: Vec<TargetTable>,
    /// Their identifiers on the server, in the same order.
    ids: Vec<u32>,
    places: HashMap<u32, usize>,
}

impl Found {
    fn add_table(&mut self, row: &Row) -> Result<(), Error> {
        let id = row.try_get("oid")?;
        self.places.insert(id, self.tables.len());
        self.ids.push(id);
        self.tables.push(TargetTable {
            name: row.try_get("name")?,
            owner: row.try_get("owner")?,
            is_owned: row.try_get("is_owned")?,
            may_select: row.try_get("may_select")?,
            may_insert: row.try_get("may_insert")?,
            hides_rows: row.try_get("hides_rows")?,
            is_partitioned: row.try_get("is_partitioned")?,
            ..TargetTable::default()
        });
        Ok(())
    }

    /// The table that a row speaks of, in its first column.
    fn table(&mut self, row: &Row) -> Result<Option<&mut TargetTable>, Error> {
        let place = self.places.get(&row.try_get::<_, u32>(0)?);
        Ok(place.and_then(|place| self.tables.get_mut(*place)))
    }

    fn add_column(&mut self, row: &Row, types: &Types) -> Result<(), Error> {
        let modifier = row.try_get("atttypmod")?;
        let resolved = resolve(
            types,
            row.try_get("atttypid")?,
            modifier,
            row.try_get("dimensions")?,
        );
        let column = TargetColumn {
            name: row.try_get("name")?,
            type_name: row.try_get("type_name")?,
            kind: resolved.kind,
            not_null: resolved.not_null || row.try_get("attnotnull")?,
            has_default: resolved.has_default || row.try_get("has_default")?,
            generated: row.try_get("generated")?,
        };
        if let Some(table) = self.table(row)? {
            table.columns.push(column);
        }
        Ok(())
    }

    fn add_key(&mut self, row: &Row) -> Result<(), Error> {
        let (is_primary, columns) = (row.try_get("indisprimary")?, row.try_get("columns")?);
        match self.table(row)? {
            Some(table) if is_primary => table.primary_key = columns,
            Some(table) => table.unique_keys.push(columns),
            None => {}
        }
        Ok(())
    }

    fn add_foreign_key(&mut self, row: &Row) -> Result<(), Error> {
        let key = TargetForeignKey {
            name: row.try_get("name")?,
            columns: row.try_get("columns")?,
            parent_schema: row.try_get("parent_schema")?,
            parent: row.try_get("parent")?,
            parent_columns: row.try_get("parent_columns")?,
            is_validated: row.try_get("convalidated")?,
        };
        if let Some(table) = self.table(row)? {
            table.foreign_keys.push(key);
        }
        Ok(())
    }
}

fn type_of(row: &Row) -> Result<Type, Error> {
    let makeup = match row.try_get("makeup")? {
        "d" => Makeup::Domain {
            base: row.try_get("typbasetype")?,
            modifier: row.try_get("typtypmod")?,
            dimensions: row.try_get("dimensions")?,
            not_null: row.try_get("typnotnull")?,
            has_default: row.try_get("has_default")?,
        },
        "e" => Makeup::Enum {
            labels: row.try_get("labels")?,
        },
        "b" => match row.try_get("element")? {
            Some(element) => Makeup::Array { element },
            None => Makeup::Base {
                extension: row.try_get("extension")?,
            },
        },
        _ => Makeup::Other,
    };
    Ok(Type {
        schema: row.try_get("schema")?,
        name: row.try_get("name")?,
        makeup,
    })
}

/// Counts the rows of the tables of these names that can be read whole.
///
/// # Errors
/// The server refuses a query or goes away.
pub async fn count_rows(
    target: &Target,
    catalog: &mut TargetCatalog,
    names: &[&str],
) -> Result<(), TargetError> {
    let tables = catalog.tables.iter().enumerate();
    let places: Vec<usize> = tables
        .filter(|(_, table)| names.contains(&table.name.as_str()) && table.may_select && !table.hides_rows)
        .map(|(place, _)| place)
        .collect();
    for some in places.chunks(COUNTED_AT_ONCE) {
        let counts: Vec<String> = some.iter().map(|place| count_sql(catalog, *place)).collect();
        for row in ask(target, &counts.join(" UNION ALL "), &[]).await? {
            let (place, rows) = counted(&row).map_err(|error| target.fault(&error))?;
            if let Some(table) = place.and_then(|place| catalog.tables.get_mut(place)) {
                table.rows = rows;
            }
        }
    }
    Ok(())
}

/// A table that others inherit from holds their rows only in a query without ONLY; those tables are counted themselves.
fn count_sql(catalog: &TargetCatalog, place: usize) -> String {
    let table = &catalog.tables[place];
    let only = if table.is_partitioned { "" } else { "ONLY " };
    let (schema, name) = (quote_ident(&catalog.schema), quote_ident(&table.name));
    format!("SELECT {place}::int8, pg_catalog.count(*) FROM {only}{schema}.{name}")
}

fn counted(row: &Row) -> Result<(Option<usize>, u64), Error> {
    let (place, rows): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok((usize::try_from(place).ok(), u64::try_from(rows).unwrap_or(0)))
}
