//! Reads the application's migration ledgers on both sides, for the plan to compare.
//!
//! They are small: one row for each change that the schema ever had.

use crate::failure::Failure;
use crate::plan::existing::ledgers::{Agreement, Comparison, Ledger, LedgerRow, compare, recognise};
use crate::plan::existing::{Facts, LedgerFact};
use crate::quote::quote_ident;
use crate::source::catalog::{Catalog, Table};
use crate::source::scan::quote;
use crate::source::{Source, SourceError};
use crate::target::{Target, TargetError};

/// The most rows of a ledger that are read: what has more is no ledger.
const ROWS_MAX: u64 = 100_000;

/// A ledger of the source with where its partner lies.
struct Pair<'a> {
    /// Position of the table in the source.
    place: usize,
    table: &'a Table,
    ledger: &'static Ledger,
    schema: String,
    target_name: String,
    target_columns: Vec<String>,
}

/// Adds what both sides say of the application's schema.
pub(super) async fn compare_all(
    target: &Target,
    source: &Source,
    catalog: &Catalog,
    facts: &mut Facts,
) -> Result<(), Failure> {
    let pairs = pairs(catalog, facts);
    let mut of_source = Vec::with_capacity(pairs.len());
    for pair in &pairs {
        of_source.push(read_source(source, pair)?);
    }
    for (pair, source_rows) in pairs.into_iter().zip(of_source) {
        let target_rows = read_target(target, &pair).await?;
        let agreement = compare(pair.ledger, &source_rows, &target_rows);
        let is_list = !matches!(agreement, Agreement::Own { .. });
        let fact = LedgerFact {
            framework: pair.ledger.framework,
            is_empty_on_target: is_list && target_rows.is_empty(),
            agreement,
        };
        facts.ledgers.insert(pair.place, fact);
    }
    Ok(())
}

/// Tables that both sides know as a ledger, and ledgers that lie in a schema of their own on Postgres.
fn pairs<'a>(catalog: &'a Catalog, facts: &Facts) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    for (place, table) in catalog.tables.iter().enumerate() {
        let columns: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
        let Some(ledger) = recognise(&table.name, &columns) else {
            continue;
        };
        let bound = facts
            .binding
            .tables
            .iter()
            .find(|bound| bound.pair.source == place);
        let (schema, target_name, target_columns) = match (bound, ledger.schema) {
            (Some(bound), _) => {
                let partner = &facts.target.tables[bound.pair.target];
                let columns = partner.columns.iter().map(|c| c.name.clone()).collect();
                (facts.target.schema.clone(), partner.name.clone(), columns)
            }
            (None, Some(schema)) => (schema.to_owned(), table.name.clone(), columns),
            (None, None) => continue,
        };
        pairs.push(Pair {
            place,
            table,
            ledger,
            schema,
            target_name,
            target_columns,
        });
    }
    pairs
}

/// What a column is called on one side.
fn own_name<'n>(names: impl IntoIterator<Item = &'n String>, name: &str) -> Option<&'n str> {
    let found = names.into_iter().find(|own| own.eq_ignore_ascii_case(name));
    found.map(String::as_str)
}

fn read_source(source: &Source, pair: &Pair<'_>) -> Result<Vec<LedgerRow>, SourceError> {
    let wanted = pair.ledger.read();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let names = || pair.table.columns.iter().map(|column| &column.name);
    let columns: Vec<String> = wanted
        .iter()
        .map(|name| {
            own_name(names(), name).map_or("NULL".to_owned(), |own| format!("CAST({} AS TEXT)", quote(own)))
        })
        .collect();
    let sql = format!(
        "SELECT {} FROM {} LIMIT {ROWS_MAX}",
        columns.join(", "),
        quote(&pair.table.name)
    );
    let read = || -> rusqlite::Result<Vec<LedgerRow>> {
        let mut statement = source.connection().prepare(&sql)?;
        let rows = statement.query_map([], |row| (0..wanted.len()).map(|at| row.get(at)).collect())?;
        rows.collect()
    };
    read().map_err(|cause| {
        source.classify(
            &format!("reading the migration ledger {}", pair.table.name),
            cause,
        )
    })
}

async fn read_target(target: &Target, pair: &Pair<'_>) -> Result<Vec<LedgerRow>, TargetError> {
    let fault = |error: tokio_postgres::Error| target.fault(&error);
    let wanted = pair.ledger.read();
    if wanted.is_empty() || matches!(pair.ledger.comparison, Comparison::Own(_)) {
        return Ok(Vec::new());
    }
    let there = "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = $1 AND c.relname = $2)";
    let row = target
        .client()
        .query_one(there, &[&pair.schema, &pair.target_name])
        .await;
    if !row.map_err(fault)?.get::<_, bool>(0) {
        return Ok(Vec::new());
    }
    let columns: Vec<String> = wanted
        .iter()
        .map(|name| {
            own_name(&pair.target_columns, name)
                .map_or("NULL".to_owned(), |own| format!("{}::text", quote_ident(own)))
        })
        .collect();
    let sql = format!(
        "SELECT {} FROM {}.{} LIMIT {ROWS_MAX}",
        columns.join(", "),
        quote_ident(&pair.schema),
        quote_ident(&pair.target_name)
    );
    let rows = target.client().query(&sql, &[]).await.map_err(fault)?;
    let width = wanted.len();
    rows.iter()
        .map(|row| {
            (0..width)
                .map(|at| row.try_get(at))
                .collect::<Result<LedgerRow, _>>()
        })
        .collect::<Result<_, _>>()
        .map_err(fault)
}
