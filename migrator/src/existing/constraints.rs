//! Takes foreign keys and triggers off existing tables before the data, and puts them back exactly as they were.
//!
//! Foreign keys are dropped and made again, since only a superuser may disable their checks; making one again
//! checks all rows at once. Triggers are disabled one by one and get their own state back. The partitions of a table
//! belong to it. A foreign key of a partitioned table is handled at its top: Postgres makes those of the partitions.

use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::quote::quote_ident;
use crate::target::{Target, TargetError};

use super::rights::Owner;
use super::savepoint::{attempt, batch, refused, with_lock};
use super::{Relation, orphans, rights};

pub use super::guards::{Firing, ForeignKey, Guards, KeyColumn, Trigger};

/// The tables and their partitions.
const TREE: &str = "\
WITH RECURSIVE tree (oid) AS (
    SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname::text = ANY ($2) AND c.relkind IN ('r', 'p')
    UNION SELECT i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid
      JOIN pg_catalog.pg_class p ON p.oid = i.inhrelid WHERE p.relispartition)";

/// Foreign keys from and to them, and whether the role may drop and make each.
const FOREIGN_KEYS: &str = "\
SELECT cn.nspname::text AS child_schema, c.relname::text AS child, pn.nspname::text AS parent_schema, p.relname::text AS parent,
       k.conname::text AS name, pg_catalog.pg_get_constraintdef(k.oid) AS definition, k.confmatchtype = 'f' AS match_full,
       pg_catalog.obj_description(k.oid, 'pg_constraint') AS comment,
       r.rolname::text AS owner, r.rolsuper AS owner_is_superuser, pg_catalog.pg_has_role(c.relowner, 'USAGE') AS is_owned,
       pg_catalog.has_schema_privilege(cn.oid, 'USAGE') AS may_use_child,
       pg_catalog.has_schema_privilege(pn.oid, 'USAGE') AS may_use_parent,
       (SELECT pg_catalog.bool_and(pg_catalog.has_column_privilege(k.confrelid, a, 'REFERENCES'))
          FROM pg_catalog.unnest(k.confkey) AS a) AS may_refer,
       ARRAY (WITH RECURSIVE part (oid) AS (SELECT k.oid UNION SELECT d.oid FROM part
                JOIN pg_catalog.pg_constraint d ON d.conparentid = part.oid)
              SELECT pg_catalog.format('ALTER TABLE %s ENABLE TRIGGER %I;', t.tgrelid::pg_catalog.regclass, t.tgname)
                FROM part JOIN pg_catalog.pg_trigger t ON t.tgconstraint = part.oid AND t.tgenabled <> 'O' ORDER BY 1) AS repairs,
       ARRAY (SELECT a.attname::text FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS x (attnum, place)
                JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.attnum ORDER BY x.place) AS columns,
       ARRAY (SELECT a.attname::text FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS x (attnum, place)
                JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = x.attnum ORDER BY x.place)
           AS parent_columns,
       ARRAY (SELECT pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname)
                FROM pg_catalog.unnest(k.conpfeqop) WITH ORDINALITY AS x (operator, place)
                JOIN pg_catalog.pg_operator o ON o.oid = x.operator
                JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace ORDER BY x.place) AS operators
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
  JOIN pg_catalog.pg_class p ON p.oid = k.confrelid JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
  JOIN pg_catalog.pg_roles r ON r.oid = c.relowner
 WHERE k.contype = 'f' AND k.conparentid = 0 AND (k.conrelid IN (TABLE tree) OR k.confrelid IN (TABLE tree))
 ORDER BY cn.nspname::text COLLATE \"C\", c.relname::text COLLATE \"C\", k.conname::text COLLATE \"C\"";

/// Their triggers that are not disabled.
const TRIGGERS: &str = "\
SELECT n.nspname::text AS schema, c.relname::text AS name, t.tgname::text AS trigger, t.tgenabled::text AS firing,
       r.rolname::text AS owner, r.rolsuper AS owner_is_superuser, pg_catalog.pg_has_role(c.relowner, 'USAGE') AS is_owned
  FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_roles r ON r.oid = c.relowner
 WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgrelid IN (TABLE tree)
 ORDER BY n.nspname::text COLLATE \"C\", c.relname::text COLLATE \"C\", t.tgname::text COLLATE \"C\"";

/// Locks the tables and their partitions against writers, to the end of the transaction.
///
/// # Errors
/// Another session does not let go of one, or the role lacks a right.
pub async fn lock(target: &Target, schema: &str, tables: &[String]) -> Result<(), Failure> {
    // One order for all keeps two runs from waiting for each other.
    let mut names: Vec<&String> = tables.iter().collect();
    names.sort();
    for name in names {
        let table = Relation {
            schema: schema.to_owned(),
            name: name.clone(),
        };
        let sql = format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", table.quoted());
        match attempt(target, &sql).await? {
            Ok(()) => {}
            Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                let what = format!("may not lock table {table} against writers");
                let grant = format!("SELECT, INSERT, UPDATE, DELETE ON {}", table.quoted());
                return Err(rights::not_granted(target, &what, &grant));
            }
            Err(error) => return Err(refused(target, &[&table], &error).await?),
        }
    }
    Ok(())
}

/// Reads what stands guard over the tables, and makes sure that the role can take it off and put it back.
///
/// # Errors
/// The role lacks a right, or a foreign key has checks disabled that only a superuser could disable again.
pub async fn survey(target: &Target, schema: &str, tables: &[String]) -> Result<Guards, Failure> {
    let mut guards = Guards::default();
    for row in ask(target, FOREIGN_KEYS, &[&schema, &tables]).await? {
        let (mut key, rights) = read_key(&row).map_err(|error| target.fault(&error))?;
        refuse(target, &key, &rights)?;
        if key.definition.ends_with(" NOT VALID") {
            key.tolerated = orphans::count(target, &key).await?;
        }
        guards.foreign_keys.push(key);
    }
    for row in ask(target, TRIGGERS, &[&schema, &tables]).await? {
        let (trigger, owner) = read_trigger(&row).map_err(|error| target.fault(&error))?;
        if let Some(owner) = owner {
            let because = format!(
                "its trigger {} has to be disabled while rows come in",
                trigger.name
            );
            return Err(rights::not_owned(target, &trigger.table, &owner, &because));
        }
        guards.triggers.push(trigger);
    }
    Ok(guards)
}

async fn ask(target: &Target, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, TargetError> {
    let rows = target.client().query(&format!("{TREE} {sql}"), values).await;
    rows.map_err(|error| target.fault(&error))
}

/// What the role may do about a foreign key.
struct Rights {
    /// Who owns the child, if it is somebody else.
    owner: Option<Owner>,
    may_use_child: bool,
    may_use_parent: bool,
    may_refer: bool,
    /// The statements that enable checks of it which are disabled.
    repairs: Vec<String>,
}

fn read_key(row: &Row) -> Result<(ForeignKey, Rights), Error> {
    let relation = |schema: &str, name: &str| -> Result<Relation, Error> {
        Ok(Relation {
            schema: row.try_get(schema)?,
            name: row.try_get(name)?,
        })
    };
    let columns: Vec<String> = row.try_get("columns")?;
    let parents: Vec<String> = row.try_get("parent_columns")?;
    let operators: Vec<String> = row.try_get("operators")?;
    let columns = columns.into_iter().zip(parents).zip(operators);
    let key = ForeignKey {
        child: relation("child_schema", "child")?,
        parent: relation("parent_schema", "parent")?,
        name: row.try_get("name")?,
        definition: row.try_get("definition")?,
        comment: row.try_get("comment")?,
        columns: columns
            .map(|((child, parent), operator)| KeyColumn {
                child,
                parent,
                operator,
            })
            .collect(),
        match_full: row.try_get("match_full")?,
        tolerated: None,
    };
    let rights = Rights {
        owner: Owner::read(row)?,
        may_use_child: row.try_get("may_use_child")?,
        may_use_parent: row.try_get("may_use_parent")?,
        may_refer: row.try_get::<_, Option<bool>>("may_refer")?.unwrap_or(true),
        repairs: row.try_get("repairs")?,
    };
    Ok((key, rights))
}

fn read_trigger(row: &Row) -> Result<(Trigger, Option<Owner>), Error> {
    let table = Relation {
        schema: row.try_get("schema")?,
        name: row.try_get("name")?,
    };
    let trigger = Trigger {
        table,
        name: row.try_get("trigger")?,
        firing: Firing::of(row.try_get("firing")?),
    };
    Ok((trigger, Owner::read(row)?))
}

fn refuse(target: &Target, key: &ForeignKey, rights: &Rights) -> Result<(), Failure> {
    if let Some(owner) = &rights.owner {
        let because = format!("its foreign key {} has to be dropped and made again", key.name);
        return Err(rights::not_owned(target, &key.child, owner, &because));
    }
    for (may, schema) in [
        (rights.may_use_child, &key.child.schema),
        (rights.may_use_parent, &key.parent.schema),
    ] {
        if !may {
            let what = format!(
                "may not use schema {schema}, which foreign key {} needs",
                key.name
            );
            let grant = format!("USAGE ON SCHEMA {}", quote_ident(schema));
            return Err(rights::not_granted(target, &what, &grant));
        }
    }
    if !rights.may_refer {
        let what = format!(
            "could not make foreign key {} of {} again, having no REFERENCES on {}",
            key.name, key.child, key.parent
        );
        let grant = format!("REFERENCES ON {}", key.parent.quoted());
        return Err(rights::not_granted(target, &what, &grant));
    }
    if rights.repairs.is_empty() {
        return Ok(());
    }
    let what = format!(
        "foreign key {} of {} has checks that a superuser disabled, which no owner can put back",
        key.name, key.child
    );
    let next = format!(
        "Let an administrator run: {} or drop the key. Nothing was kept.",
        rights.repairs.join(" ")
    );
    Err(Failure::new(Exit::PlanBlocked, what, next).at(target.server()))
}

/// Drops the foreign keys and disables the triggers.
///
/// # Errors
/// A table cannot be locked, or the server refuses.
pub async fn take_off(target: &Target, guards: &Guards) -> Result<(), Failure> {
    for trigger in &guards.triggers {
        with_lock(target, &[&trigger.table], &trigger.disable_sql()).await?;
    }
    for key in &guards.foreign_keys {
        with_lock(target, &key.tables(), &key.drop_sql()).await?;
    }
    Ok(())
}

/// Makes the foreign keys again and gives the triggers their states back.
///
/// # Errors
/// Rows have no parent, or the server refuses.
pub async fn put_back(target: &Target, guards: &Guards) -> Result<(), Failure> {
    // A table with checks put off to COMMIT cannot be altered. One that fails now would fail there.
    batch(target, "SET CONSTRAINTS ALL IMMEDIATE").await?;
    for key in &guards.foreign_keys {
        match attempt(target, &key.create_sql()).await? {
            Ok(()) => {
                // Postgres does not look at the rows of one that is NOT VALID, though each of them came in just now.
                if let Some(tolerated) = key.tolerated
                    && orphans::count(target, key).await? > Some(tolerated)
                {
                    return Err(orphans::failure(target, key).await?);
                }
            }
            Err(error) if error.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION) => {
                return Err(orphans::failure(target, key).await?);
            }
            Err(error) => {
                let failure = Failure::from(target.fault(&error));
                let place = format!("foreign key {} of {}, {}", key.name, key.child, failure.place);
                return Err(failure.at(place));
            }
        }
    }
    for trigger in &guards.triggers {
        with_lock(target, &[&trigger.table], &trigger.enable_sql()).await?;
    }
    Ok(())
}

impl ForeignKey {
    fn tables(&self) -> Vec<&Relation> {
        let mut tables = vec![&self.child];
        if self.parent != self.child {
            tables.push(&self.parent);
        }
        tables
    }
}
