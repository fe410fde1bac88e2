//! Every object of the source: it is on the target and means the same there, or a finding names it.

use std::collections::BTreeSet;

use outgrow_e2e::postgres;
use rusqlite::Connection;

use super::compare::{literal, target_columns};
use super::names::{column_on_target, on_target, quoted};
use super::schema::Table;
use super::source::rows;

/// What the run said of objects that are not carried over as they are.
pub struct Named(pub BTreeSet<String>);

impl Named {
    fn is_named(&self, object: &str) -> bool {
        self.0.contains(object)
    }

    fn starting_with(&self, start: &str) -> usize {
        self.0.iter().filter(|object| object.starts_with(start)).count()
    }
}

/// Panics on the first object that went without a word.
pub fn assert_none_lost(source: &Connection, url: &str, schema: &str, tables: &[Table], named: &Named) {
    for other in rows(
        source,
        "SELECT type, name FROM sqlite_schema WHERE type IN ('view', 'trigger')",
    ) {
        let object = format!("{}:{}", other[0], other[1]);
        let there = format!(
            "SELECT count(*) FROM pg_views WHERE schemaname = {} AND viewname = {}",
            literal(schema),
            literal(&on_target(&other[1]))
        );
        let carried = other[0] == "view" && postgres::rows(url, &there)[0][0].as_deref() == Some("1");
        assert!(
            carried || named.is_named(&object),
            "{object} is gone without a word"
        );
    }
    for table in tables {
        if named.is_named(&format!("table:{}", table.name)) {
            continue;
        }
        let sides = Sides {
            source,
            url,
            schema,
            table,
            named,
        };
        sides.columns();
        sides.keys();
        sides.identity();
    }
}

struct Sides<'a> {
    source: &'a Connection,
    url: &'a str,
    schema: &'a str,
    table: &'a Table,
    named: &'a Named,
}

impl Sides<'_> {
    fn pragma(&self, sql: &str) -> Vec<Vec<String>> {
        let name = format!("'{}'", self.table.name.replace('\'', "''"));
        rows(self.source, &sql.replace('@', &name))
    }

    /// Rows of a query over the target's catalog; `@` is the table's oid.
    fn catalog(&self, sql: &str) -> Vec<Vec<String>> {
        let oid = format!(
            "{}::regclass",
            literal(&format!(
                "{}.{}",
                quoted(self.schema),
                quoted(&on_target(&self.table.name))
            ))
        );
        let found = postgres::rows(self.url, &sql.replace('@', &oid));
        let texts = found
            .into_iter()
            .map(|row| row.into_iter().map(Option::unwrap_or_default).collect());
        texts.collect()
    }

    fn columns(&self) {
        let there: BTreeSet<String> = target_columns(self.url, self.schema, &self.table.name)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        let facts = self.catalog(
            "SELECT attname, attnotnull, atthasdef FROM pg_attribute WHERE attrelid = @ AND attnum > 0",
        );
        let has = |name: &str, fact: usize| facts.iter().any(|row| row[0] == name && row[fact] == "t");
        let alias = self.rowid_alias();
        for column in self.pragma(
            "SELECT name, \"notnull\", coalesce(dflt_value, 'NULL'), hidden FROM pragma_table_xinfo(@)",
        ) {
            let (name, default) = (&column[0], &column[2]);
            let object = |kind: &str| format!("{kind}:{}.{name}", self.table.name);
            let target = &column_on_target(name);
            if column[3] != "0" && !there.contains(target) {
                assert!(
                    self.named.is_named(&object("generated")),
                    "generated column {name:?} is gone"
                );
                continue;
            }
            assert!(there.contains(target), "column {name:?} is gone");
            assert!(
                column[1] == "0" || has(target, 1),
                "column {name:?} lost its NOT NULL"
            );
            let free = default.eq_ignore_ascii_case("null") || alias.as_ref() == Some(name);
            assert!(
                free || has(target, 2) || self.named.is_named(&object("default")),
                "column {name:?} lost its default {default}"
            );
        }
    }

    fn keys(&self) {
        let name = &self.table.name;
        let key = self.pragma("SELECT name FROM pragma_table_xinfo(@) WHERE pk > 0 ORDER BY pk");
        let key: Vec<String> = key.iter().map(|row| column_on_target(&row[0])).collect();
        let own = self.key_columns("p");
        let key_object = format!("primary-key:{name}");
        assert!(
            own.first() == key.first().map(|_| &key) || self.named.is_named(&key_object),
            "the primary key of {name:?} is {own:?}, not {key:?}"
        );
        let unique = self
            .pragma("SELECT name FROM pragma_index_list(@) WHERE origin = 'u'")
            .len();
        self.count("unique", unique, self.key_columns("u").len());
        let keys = self
            .pragma("SELECT DISTINCT id FROM pragma_foreign_key_list(@)")
            .len();
        self.count("foreign-key", keys, self.key_columns("f").len());
        self.count("check", self.table.checks(), self.key_columns("c").len());
        let indexes = self.pragma("SELECT name FROM pragma_index_list(@) WHERE origin = 'c'");
        let there = self.catalog(
            "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = @",
        );
        for index in indexes {
            let object = format!("index:{name}.{}", index[0]);
            assert!(
                there.contains(&vec![on_target(&index[0])]) || self.named.is_named(&object),
                "{object} is gone"
            );
        }
    }

    /// The columns of each constraint of a kind, in its order.
    fn key_columns(&self, kind: &str) -> Vec<Vec<String>> {
        let sql = format!(
            "SELECT c.oid::text, coalesce(a.attname, '') FROM pg_constraint c \
             LEFT JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k (num, place) ON true \
             LEFT JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num \
             WHERE c.conrelid = @ AND c.contype = '{kind}' ORDER BY c.oid, k.place"
        );
        let mut constraints: Vec<(String, Vec<String>)> = Vec::new();
        for row in self.catalog(&sql) {
            match constraints.last_mut() {
                Some((oid, columns)) if *oid == row[0] => columns.push(row[1].clone()),
                _ => constraints.push((row[0].clone(), vec![row[1].clone()])),
            }
        }
        constraints.into_iter().map(|(_, columns)| columns).collect()
    }

    fn count(&self, kind: &str, expected: usize, there: usize) {
        let named = self.named.starting_with(&format!("{kind}:{}.", self.table.name));
        assert!(
            there <= expected && there + named >= expected,
            "{:?} has {expected} of {kind}, the target {there}, and {named} are named",
            self.table.name
        );
    }

    fn rowid_alias(&self) -> Option<String> {
        let key = self.pragma("SELECT name, upper(type) FROM pragma_table_xinfo(@) WHERE pk > 0");
        let indexed = self.pragma("SELECT name FROM pragma_index_list(@) WHERE origin = 'pk'");
        match key.as_slice() {
            [only] if only[1] == "INTEGER" && indexed.is_empty() => Some(only[0].clone()),
            _ => None,
        }
    }

    /// The next id lies beyond the largest one, as in SQLite.
    fn identity(&self) {
        let Some(column) = self.rowid_alias() else { return };
        let sql = format!(
            "SELECT max(0, coalesce(max({}), 0)) FROM {}",
            quoted(&column),
            quoted(&self.table.name)
        );
        let largest: i64 = rows(self.source, &sql)[0][0].parse().unwrap();
        let sequences = self.catalog(
            "SELECT s.seqstart::text FROM pg_depend d JOIN pg_sequence s ON s.seqrelid = d.objid \
             WHERE d.refobjid = @ AND d.deptype = 'i'",
        );
        if self
            .named
            .is_named(&format!("identity:{}.{column}", self.table.name))
        {
            return;
        }
        let start: i64 = sequences[0][0].parse().unwrap();
        assert!(start > largest, "the next id of {:?} is {start}", self.table.name);
    }
}
