//! Names and texts make the round trip through a real server: what is quoted comes back unchanged.

use outgrow_migrator::quote::{NAME_BYTES_MAX, quote_ident, quote_literal};
use outgrow_migrator::target::Target;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::{as_app, connected};

/// Each case makes and drops a table; this many take a few seconds.
const CASES: u32 = 300;

/// Any name that fits, with the characters that quoting is about made frequent.
fn names() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        '"',
        '\'',
        '\\',
        '$',
        ';',
        '-',
        '.',
        ' ',
        '\n',
        '%',
        'A',
        '\u{e9}',
        '\u{1F600}',
    ]);
    let any = any::<char>().prop_filter("no NUL", |c| *c != '\0');
    prop::collection::vec(prop_oneof![nasty, any], 1..=NAME_BYTES_MAX).prop_map(|characters| {
        let mut name = String::new();
        for c in characters {
            if name.len() + c.len_utf8() <= NAME_BYTES_MAX {
                name.push(c);
            }
        }
        name
    })
}

fn runner() -> TestRunner {
    TestRunner::new(Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    })
}

fn in_runtime<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Handle::current().block_on(future)
}

async fn table_and_column(
    target: &Target,
    table: &str,
    column: &str,
) -> Result<(String, String), tokio_postgres::Error> {
    let client = target.client();
    let (table, column) = (quote_ident(table), quote_ident(column));
    client
        .batch_execute(&format!("CREATE TABLE names.{table} ({column} int)"))
        .await?;
    client
        .batch_execute(&format!("INSERT INTO names.{table} ({column}) VALUES (1)"))
        .await?;
    let sql = "SELECT relname::text, attname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
               WHERE attnum = 1 AND relnamespace = 'names'::regnamespace";
    let row = client.query_one(sql, &[]).await?;
    client.batch_execute(&format!("DROP TABLE names.{table}")).await?;
    Ok((row.get(0), row.get(1)))
}

#[tokio::test(flavor = "multi_thread")]
async fn any_name_comes_back_from_the_catalog() {
    let target = connected(&as_app("")).await;
    target
        .client()
        .batch_execute("CREATE SCHEMA names")
        .await
        .unwrap();
    tokio::task::block_in_place(|| {
        runner()
            .run(&(names(), names()), |(table, column)| {
                let back = in_runtime(table_and_column(&target, &table, &column)).unwrap();
                prop_assert_eq!(back, (table, column));
                Ok(())
            })
            .unwrap();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn any_text_comes_back_under_either_meaning_of_the_backslash() {
    let target = connected(&as_app("")).await;
    tokio::task::block_in_place(|| {
        for setting in ["on", "off"] {
            in_runtime(
                target
                    .client()
                    .batch_execute(&format!("SET standard_conforming_strings = {setting}")),
            )
            .unwrap();
            runner()
                .run(&names(), |text| {
                    let sql = format!("SELECT {}::text", quote_literal(&text).unwrap());
                    let back: String = in_runtime(target.client().query_one(&sql, &[])).unwrap().get(0);
                    prop_assert_eq!(back, text);
                    Ok(())
                })
                .unwrap();
        }
    });
}
