//! Postgres as any client sees it, compared with SQLite as any client sees it.
//!
//! Nothing here uses the hashes: values are compared as text that Postgres prints, by its type.

use outgrow_e2e::postgres::TextRow;
use rusqlite::Connection;
use rusqlite::types::Value as Stored;
use serde_json::Value;

use crate::scene::Scene;
use crate::sources;

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Every row of every table in the certificate is the same on both sides.
pub fn assert_same_rows(scene: &Scene, certificate: &Value) {
    let source =
        Connection::open_with_flags(&scene.source, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let schema = quoted(certificate["target"]["schema"].as_str().unwrap());
    for table in certificate["tables"].as_array().unwrap() {
        let name = quoted(table["name"].as_str().unwrap());
        let pair = |c: &Value| {
            (
                c[0].as_str().unwrap().to_owned(),
                c[1].as_str().unwrap().to_owned(),
            )
        };
        let columns: Vec<(String, String)> = table["columns"].as_array().unwrap().iter().map(pair).collect();
        let names: Vec<String> = columns.iter().map(|(name, _)| quoted(name)).collect();
        let names = names.join(", ");
        let mut expected = source_rows(&source, &format!("SELECT {names} FROM {name}"), &columns);
        let mut found = scene
            .database
            .rows(&format!("SELECT {names} FROM {schema}.{name}"));
        for row in &mut found {
            let pairs = row.iter_mut().zip(&columns);
            pairs.for_each(|(value, (_, mapping))| *value = value.take().map(|v| plain(mapping, v)));
        }
        assert_eq!(table["rows"], expected.len() as u64);
        expected.sort();
        found.sort();
        assert_eq!(expected.len(), found.len(), "rows of {name}");
        for (expected, found) in expected.iter().zip(&found) {
            assert_eq!(expected, found, "a row of {name}");
        }
    }
}

fn source_rows(source: &Connection, sql: &str, columns: &[(String, String)]) -> Vec<TextRow> {
    let mut statement = source.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        let value = |(place, (_, mapping)): (usize, &(String, String))| {
            row.get::<_, Stored>(place)
                .map(|stored| in_postgres(mapping, stored))
        };
        columns.iter().enumerate().map(value).collect()
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// The text in which Postgres ought to show a stored value.
fn in_postgres(mapping: &str, stored: Stored) -> Option<String> {
    let kind = mapping.split(['(', '.']).nth(1).unwrap();
    Some(match (kind, stored) {
        (_, Stored::Null) => return None,
        ("bigint", Stored::Integer(n)) => n.to_string(),
        ("boolean", Stored::Integer(n)) => ["f", "t"][usize::try_from(n).unwrap()].to_owned(),
        #[expect(
            clippy::cast_precision_loss,
            reason = "the mapping promises that there is none"
        )]
        ("double", Stored::Integer(n)) => bits(n as f64),
        ("double", Stored::Real(r)) => bits(r),
        ("numeric", Stored::Integer(n)) => format!("{n}.{}", "0".repeat(scale(mapping))),
        // A decimal that fits its scale is what rounding to the scale gives.
        ("numeric", Stored::Real(r)) => format!("{r:.*}", scale(mapping)),
        ("timestamp" | "timestamptz", Stored::Text(text)) => instant(&text),
        ("text" | "date", Stored::Text(text)) => text,
        ("bytea", Stored::Blob(bytes)) => bytes
            .iter()
            .fold("\\x".to_owned(), |hex, b| format!("{hex}{b:02x}")),
        (_, other) => panic!("{other:?} under {mapping}"),
    })
}

/// Postgres's text, brought to the form of [`in_postgres`] where several texts mean one value.
fn plain(mapping: &str, text: String) -> String {
    match mapping.split(['(', '.']).nth(1).unwrap() {
        "double" => bits(text.parse().unwrap_or_else(|_| panic!("{text} is no double"))),
        "timestamp" | "timestamptz" => instant(&text),
        _ => text,
    }
}

fn bits(real: f64) -> String {
    format!("{:016x}", real.to_bits())
}

fn scale(mapping: &str) -> usize {
    let inner = mapping.split([',', ')']).nth(1).unwrap();
    inner.trim().parse().unwrap()
}

/// `YYYY-MM-DD HH:MM:SS[.f]` without a separator, a zone that means UTC, or zeros at the end of the fraction.
fn instant(text: &str) -> String {
    let text = text.replace('T', " ");
    let text = text
        .trim_end_matches('Z')
        .trim_end_matches("+00:00")
        .trim_end_matches("+00");
    match text.split_once('.') {
        Some((seconds, fraction)) => match fraction.trim_end_matches('0') {
            "" => seconds.to_owned(),
            fraction => format!("{seconds}.{fraction}"),
        },
        None => text.to_owned(),
    }
}

/// Definitions of a table's constraints of one kind, in order.
fn constraints(scene: &Scene, table: &str, kind: char) -> Vec<String> {
    let rows = scene.database.rows(&format!(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '{}'::regclass AND contype = '{kind}' \
         ORDER BY 1",
        quoted(table)
    ));
    rows.into_iter().map(|row| row[0].clone().unwrap()).collect()
}

#[test]
fn keys_checks_and_defaults_are_there_and_orphans_make_a_key_not_valid() {
    let scene = Scene::made("northwind.db", sources::northwind);
    scene.migrated(&[]);
    let of = |table, kind| constraints(&scene, table, kind);
    assert_eq!(
        of("Order Details", 'p'),
        ["PRIMARY KEY (\"OrderID\", \"ProductID\")"]
    );
    assert_eq!(
        of("Order Details", 'f'),
        ["FOREIGN KEY (\"OrderID\") REFERENCES \"Orders\"(\"OrderID\") ON DELETE CASCADE NOT VALID"]
    );
    assert_eq!(of("Order Details", 'c').len(), 3);
    assert_eq!(
        of("Employees", 'f'),
        ["FOREIGN KEY (\"ReportsTo\") REFERENCES \"Employees\"(\"EmployeeID\")"]
    );
    assert_eq!(of("Customers", 'u'), ["UNIQUE (\"Company Name\")"]);
    let orders = of("Orders", 'f');
    assert!(orders.iter().all(|key| key.ends_with("NOT VALID")), "{orders:?}");
    for broken in [
        "INSERT INTO \"Order Details\" VALUES (10248, 99, -0.01, 1, 0)",
        "INSERT INTO \"Order Details\" VALUES (10248, 99, 1, 0, 0)",
        "INSERT INTO \"Order Details\" VALUES (10248, 99, 1, 1, 1.5)",
        "INSERT INTO \"Order Details\" VALUES (1, 99, 1, 1, 0)",
        "INSERT INTO \"Orders\" (\"OrderID\", \"CustomerID\") VALUES (1, 'NOBODY')",
        "INSERT INTO \"Employees\" (\"LastName\") VALUES (NULL)",
    ] {
        let refused = outgrow_e2e::postgres::run(&scene.database.url(), broken);
        assert!(refused.is_err(), "{broken} was accepted");
    }
    scene
        .database
        .execute("INSERT INTO \"Order Details\" (\"OrderID\", \"ProductID\") VALUES (10248, 99)");
    let defaults = "SELECT concat_ws('/', \"UnitPrice\", \"Quantity\", \"Discount\") FROM \"Order Details\" WHERE \"ProductID\" = 99";
    assert_eq!(scene.database.value(defaults), "0.00/1/0");
}

#[test]
fn indexes_are_there_with_their_columns_order_and_condition() {
    let scene = Scene::made("northwind.db", sources::northwind);
    scene.migrated(&[]);
    let definition = |name: &str| {
        let sql = format!("SELECT indexdef FROM pg_indexes WHERE indexname = '{name}'");
        scene.database.value(&sql)
    };
    assert_eq!(
        definition("by date"),
        "CREATE INDEX \"by date\" ON public.\"Orders\" USING btree (\"OrderDate\" DESC, \"CustomerID\")"
    );
    assert!(definition("one_name").starts_with("CREATE UNIQUE INDEX one_name"));
    assert!(
        definition("unpaid").contains(" WHERE "),
        "{}",
        definition("unpaid")
    );
}

#[test]
fn the_next_id_follows_the_largest_one_ever_used() {
    let scene = Scene::script(sources::AUTOINCREMENT);
    scene.migrated(&[]);
    let next = |table: &str| {
        let sql = format!("INSERT INTO {table} (v) VALUES ('new') RETURNING id");
        scene.database.value(&sql)
    };
    let ids = ["ahead", "behind", "emptied", "fresh", "negative"].map(next);
    assert_eq!(ids, ["901", "13", "78", "1", "1"]);
    let chosen = "INSERT INTO ahead (id, v) VALUES (7, 'chosen by the application') RETURNING id";
    assert_eq!(scene.database.value(chosen), "7");
}

#[test]
fn a_table_that_used_the_largest_id_of_all_migrates_and_takes_no_other_by_itself() {
    let scene = Scene::script(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (9223372036854775807, 'last');",
    );
    scene.migrated(&[]);
    let refused = outgrow_e2e::postgres::run(&scene.database.url(), "INSERT INTO t (v) VALUES ('more')");
    assert!(refused.is_err());
}

#[test]
fn the_planner_knows_every_table_at_once() {
    let scene = Scene::chinook();
    scene.migrated(&[]);
    let unknown = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples < 0";
    assert_eq!(scene.database.value(unknown), "0");
}
