//! Every object of the source: it is on the target and means the same there, or a finding names it.

use std::collections::BTreeSet;

use outgrow_migrator::plan::model::{Disposition, TablePlan};

use super::compare::{Sides, literal, target_columns};
use super::names::{column_on_target, on_target, quoted};
use super::schema::Table;
use super::source::rows;

/// Panics on the first object that went without a word.
pub fn assert_none_lost(sides: &Sides<'_>, tables: &[Table]) {
    let sql = "SELECT type, name FROM sqlite_schema WHERE type IN ('view', 'trigger')";
    for other in rows(sides.source, sql) {
        let object = format!("{}:{}", other[0], other[1]);
        if let Some(step) = sides.plan.steps.iter().find(|step| step.object == object) {
            assert_same_view(sides, &other[1], step.creates.as_deref().unwrap_or(&other[1]));
        } else {
            assert!(is_left_out(sides, &object), "{object} is gone without a word");
        }
    }
    for table in tables {
        let Some(planned) = sides
            .plan
            .tables
            .iter()
            .find(|planned| planned.name == table.name)
        else {
            let object = format!("table:{}", table.name);
            assert!(is_left_out(sides, &object), "{object} is gone without a word");
            continue;
        };
        assert_eq!(planned.target_name, on_target(&table.name));
        let objects = Objects {
            sides,
            table,
            planned,
        };
        objects.columns();
        objects.keys();
        objects.identity();
    }
}

/// A view shows as many rows and columns on both sides.
fn assert_same_view(sides: &Sides<'_>, name: &str, target_name: &str) {
    let columns = format!(
        "SELECT count(*) FROM pragma_table_xinfo('{}')",
        name.replace('\'', "''")
    );
    let counted = format!("SELECT count(*) FROM {}", quoted(name));
    let here = [rows(sides.source, &columns), rows(sides.source, &counted)]
        .concat()
        .concat();
    let schema = &sides.plan.choices.schema;
    let columns = target_columns(sides.target, schema, target_name)
        .len()
        .to_string();
    let counted = format!("SELECT count(*) FROM {}.{}", quoted(schema), quoted(target_name));
    let counted = sides.target.rows(&counted)[0][0].clone().unwrap();
    assert_eq!(here, [columns, counted], "view {name:?}");
}

fn is_left_out(sides: &Sides<'_>, object: &str) -> bool {
    sides
        .plan
        .with(Disposition::Skipped)
        .any(|finding| finding.object == object)
}

fn is_changed(sides: &Sides<'_>, object: &str) -> bool {
    sides
        .plan
        .with(Disposition::Changed)
        .any(|finding| finding.object == object)
}

struct Objects<'a> {
    sides: &'a Sides<'a>,
    table: &'a Table,
    planned: &'a TablePlan,
}

impl Objects<'_> {
    fn pragma(&self, sql: &str) -> Vec<Vec<String>> {
        let name = format!("'{}'", self.table.name.replace('\'', "''"));
        rows(self.sides.source, &sql.replace('@', &name))
    }

    /// Rows of a query over the target's catalog; `@` is the table's oid.
    fn catalog(&self, sql: &str) -> Vec<Vec<String>> {
        let schema = &self.sides.plan.choices.schema;
        let oid = format!(
            "{}::regclass",
            literal(&format!(
                "{}.{}",
                quoted(schema),
                quoted(&self.planned.target_name)
            ))
        );
        let found = self.sides.target.rows(&sql.replace('@', &oid));
        let texts = found
            .into_iter()
            .map(|row| row.into_iter().map(Option::unwrap_or_default).collect());
        texts.collect()
    }

    /// The name on the target; another than in the source is named.
    fn target_name(&self, column: &str) -> Option<&str> {
        let planned = self
            .planned
            .columns
            .iter()
            .find(|planned| planned.name == column)?;
        assert_eq!(planned.target_name, column_on_target(column));
        assert!(
            planned.target_name == column
                || is_changed(self.sides, &format!("column:{}.{column}", self.table.name)),
            "{column:?} has another name without a word"
        );
        Some(&planned.target_name)
    }

    fn columns(&self) {
        let schema = &self.sides.plan.choices.schema;
        let there: BTreeSet<String> = target_columns(self.sides.target, schema, &self.planned.target_name)
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
            let Some(target) = self.target_name(name) else {
                let left_out = column[3] != "0" && is_left_out(self.sides, &object("generated"));
                assert!(left_out, "column {name:?} is gone");
                continue;
            };
            assert!(there.contains(target), "column {name:?} is gone");
            assert!(
                column[1] == "0" || has(target, 1) || is_changed(self.sides, &object("column")),
                "column {name:?} lost its NOT NULL"
            );
            let free =
                default.eq_ignore_ascii_case("null") || alias.as_ref() == Some(name) || column[3] != "0";
            assert!(
                free || has(target, 2) || is_left_out(self.sides, &object("default")),
                "column {name:?} lost its default {default}"
            );
        }
    }

    fn keys(&self) {
        let name = &self.table.name;
        let key: Vec<String> = self
            .pragma("SELECT name FROM pragma_table_xinfo(@) WHERE pk > 0 ORDER BY pk")
            .concat();
        let wanted: Option<Vec<&str>> = key.iter().map(|column| self.target_name(column)).collect();
        let own = self.key_columns("p");
        let same = match own.first() {
            None => key.is_empty(),
            Some(own) => Some(own.iter().map(String::as_str).collect()) == wanted,
        };
        assert!(
            same || is_left_out(self.sides, &format!("primary-key:{name}")),
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
            if is_left_out(self.sides, &object) {
                continue;
            }
            let target = on_target(&index[0]);
            assert!(there.contains(&vec![target.clone()]), "{object} is gone");
            assert!(
                target == index[0] || is_changed(self.sides, &object),
                "{object} has another name without a word"
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
        let start = format!("{kind}:{}.", self.table.name);
        let left_out = self.sides.plan.with(Disposition::Skipped);
        let named = left_out
            .filter(|finding| finding.object.starts_with(&start))
            .count();
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
        let largest: i64 = rows(self.sides.source, &sql)[0][0].parse().unwrap();
        let sequences = self.catalog(
            "SELECT s.seqstart::text FROM pg_depend d JOIN pg_sequence s ON s.seqrelid = d.objid \
             WHERE d.refobjid = @ AND d.deptype = 'i'",
        );
        let object = format!("identity:{}.{column}", self.table.name);
        if sequences.is_empty() && (is_left_out(self.sides, &object) || is_changed(self.sides, &object)) {
            return;
        }
        let start: i64 = sequences[0][0].parse().unwrap();
        assert!(start > largest, "the next id of {:?} is {start}", self.table.name);
    }
}
