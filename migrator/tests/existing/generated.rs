//! Generated schemas: whatever hangs on the tables goes off and comes back, by the stages and by the undo script.

use std::fmt::Write;

use outgrow_migrator::existing::constraints::{lock, put_back, survey, take_off};
use outgrow_migrator::existing::{state, undo};
use outgrow_migrator::target::Target;
use proptest::prelude::*;
use uuid::Uuid;

use crate::scene::Scene;

/// Schemas that one run tries; each takes a database of its own.
const CASES: u32 = 12;

/// Names as applications and their users choose them.
const NAMES: [&str; 6] = [
    "plain",
    "Mixed Case",
    "quo\"te",
    "dot.ted",
    "ünï $outgrow$",
    "select",
];

const ACTIONS: [&str; 5] = [
    "",
    "ON DELETE CASCADE",
    "ON DELETE SET NULL ON UPDATE CASCADE",
    "ON UPDATE RESTRICT",
    "ON DELETE SET DEFAULT",
];

const TIMES: [&str; 3] = ["", "DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED"];

const STATES: [&str; 4] = ["ENABLE", "ENABLE REPLICA", "ENABLE ALWAYS", "DISABLE"];

/// What to make.
#[derive(Debug, Clone)]
struct Blueprint {
    /// Whether each table is partitioned; its name is at the same place.
    tables: Vec<bool>,
    keys: Vec<Key>,
    /// Table and state.
    triggers: Vec<(usize, usize)>,
    /// Whether each table is one that a migration fills.
    named: Vec<bool>,
}

#[derive(Debug, Clone)]
struct Key {
    child: usize,
    parent: usize,
    action: usize,
    time: usize,
    is_composite: bool,
    is_unchecked: bool,
    has_comment: bool,
}

fn blueprint() -> impl Strategy<Value = Blueprint> {
    (1..=NAMES.len()).prop_flat_map(|count| {
        let key = (
            0..count,
            0..count,
            0..ACTIONS.len(),
            0..TIMES.len(),
            any::<[bool; 3]>(),
        );
        let key = key.prop_map(
            |(child, parent, action, time, [is_composite, is_unchecked, has_comment])| Key {
                child,
                parent,
                action,
                time,
                is_composite,
                is_unchecked,
                has_comment,
            },
        );
        let tables = prop::collection::vec(prop::bool::weighted(0.3), count);
        let keys = prop::collection::vec(key, 0..8);
        let triggers = prop::collection::vec((0..count, 0..STATES.len()), 0..8);
        let named = prop::collection::vec(any::<bool>(), count);
        (tables, keys, triggers, named).prop_map(|(tables, keys, triggers, named)| Blueprint {
            tables,
            keys,
            triggers,
            named,
        })
    })
}

fn quoted(place: usize) -> String {
    format!("\"{}\"", NAMES[place].replace('"', "\"\""))
}

impl Blueprint {
    fn sql(&self) -> String {
        let mut sql =
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';".to_owned();
        for (place, is_partitioned) in self.tables.iter().enumerate() {
            let table = quoted(place);
            let columns = "\"I d\" int, b text, x int, \"Y\" text, UNIQUE (\"I d\"), UNIQUE (\"I d\", b)";
            if *is_partitioned {
                writeln!(
                    sql,
                    "CREATE TABLE {table} ({columns}) PARTITION BY LIST (\"I d\");"
                )
                .unwrap();
                writeln!(
                    sql,
                    "CREATE TABLE part_{place}_a PARTITION OF {table} FOR VALUES IN (1, 2);"
                )
                .unwrap();
                writeln!(sql, "CREATE TABLE part_{place}_b PARTITION OF {table} DEFAULT;").unwrap();
            } else {
                writeln!(sql, "CREATE TABLE {table} ({columns});").unwrap();
            }
        }
        for (number, key) in self.keys.iter().enumerate() {
            self.add_key(number, key, &mut sql);
        }
        for (number, (table, state)) in self.triggers.iter().enumerate() {
            let (table, state) = (quoted(*table), STATES[*state]);
            let name = format!("\"Trigger {number}\"");
            writeln!(
                sql,
                "CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION f();"
            )
            .unwrap();
            writeln!(sql, "ALTER TABLE {table} {state} TRIGGER {name};").unwrap();
        }
        sql
    }

    fn add_key(&self, number: usize, key: &Key, sql: &mut String) {
        let (child, parent) = (quoted(key.child), quoted(key.parent));
        let (from, to) = if key.is_composite {
            ("x, \"Y\"", "\"I d\", b")
        } else {
            ("x", "\"I d\"")
        };
        // Before 18 a partitioned table has no keys that are not checked.
        let unchecked = if key.is_unchecked && !self.tables[key.child] {
            "NOT VALID"
        } else {
            ""
        };
        let (action, time) = (ACTIONS[key.action], TIMES[key.time]);
        let name = format!("\"Key {number}\"");
        writeln!(
            sql,
            "ALTER TABLE {child} ADD CONSTRAINT {name} FOREIGN KEY ({from}) REFERENCES {parent} ({to}) {action} {time} {unchecked};"
        )
        .unwrap();
        if key.has_comment {
            writeln!(
                sql,
                "COMMENT ON CONSTRAINT {name} ON {child} IS 'it''s \\ {number}';"
            )
            .unwrap();
        }
    }

    fn named(&self) -> Vec<String> {
        let named = NAMES.iter().zip(&self.named).filter(|(_, is_named)| **is_named);
        named.map(|(name, _)| (*name).to_owned()).collect()
    }
}

/// Foreign keys and firing triggers that still stand guard over the named tables.
async fn standing(target: &Target, named: &[String]) -> i64 {
    let sql = "WITH named AS (SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace AND c.relname::text = ANY ($1)) \
        SELECT (SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND (conrelid IN (TABLE named) OR confrelid IN (TABLE named))) \
             + (SELECT count(*) FROM pg_trigger WHERE tgrelid IN (TABLE named) AND NOT tgisinternal AND tgenabled <> 'D')";
    target.client().query_one(sql, &[&named]).await.unwrap().get(0)
}

async fn try_out(blueprint: &Blueprint) {
    let scene = Scene::new("", &blueprint.sql()).await;
    let target = scene.target().await;
    let execute = async |sql: &str| target.client().batch_execute(sql).await.unwrap();
    let named = blueprint.named();
    let before = state::read(&target, None).await.unwrap();
    let unchanged = async || {
        let after = state::read(&target, None).await.unwrap();
        assert_eq!(state::compare(&before, &after), []);
    };
    execute("BEGIN").await;
    lock(&target, "app", &named).await.unwrap();
    let guards = survey(&target, "app", &named).await.unwrap();
    take_off(&target, &guards).await.unwrap();
    assert_eq!(standing(&target, &named).await, 0);
    execute("SAVEPOINT off").await;
    put_back(&target, &guards).await.unwrap();
    unchanged().await;
    execute("ROLLBACK TO off; COMMIT").await;
    let script = undo::script(Uuid::nil(), &guards);
    execute(&script).await;
    unchanged().await;
    execute(&script).await;
    unchanged().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_schema_comes_back_as_it_was(blueprint in blueprint()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(try_out(&blueprint));
    }
}
