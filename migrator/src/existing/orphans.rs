//! Rows whose foreign key finds no parent: how many, and the first of them.

use tokio_postgres::Row;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::quote::quote_ident;
use crate::target::{Target, TargetError};

use super::constraints::ForeignKey;
use super::savepoint::batch;

/// Keys without a parent that a message shows.
const KEYS_SHOWN_MAX: usize = 5;

/// Says which rows keep a foreign key from being made again.
pub(super) async fn failure(target: &Target, key: &ForeignKey) -> Result<Failure, TargetError> {
    // Without an answer to this the refusal still stands; it is told with what is known.
    let found = find(target, key).await?.unwrap_or_default();
    Ok(told(target, key, &found))
}

/// How many rows have no parent; none if the server does not say.
pub(super) async fn count(target: &Target, key: &ForeignKey) -> Result<Option<i64>, TargetError> {
    let found = find(target, key).await?;
    Ok(found.map(|found| found.first().map_or(0, |(count, _)| *count)))
}

async fn find(target: &Target, key: &ForeignKey) -> Result<Option<Vec<(i64, String)>>, TargetError> {
    batch(target, "SAVEPOINT outgrow_orphans").await?;
    let rows = target.client().query(&query(key), &[]).await;
    batch(target, "ROLLBACK TO SAVEPOINT outgrow_orphans").await?;
    let read = |row: &Row| Some((row.try_get(0).ok()?, row.try_get(1).ok()?));
    Ok(rows.ok().map(|rows| rows.iter().filter_map(read).collect()))
}

/// Count of the orphans and the key of each of the first, per distinct key.
fn query(key: &ForeignKey) -> String {
    let side = |of: &str, name: &str| format!("{of}.{}", quote_ident(name));
    let columns: Vec<String> = key.columns.iter().map(|c| side("c", &c.child)).collect();
    let equal: Vec<String> = key
        .columns
        .iter()
        .map(|c| format!("{} {} {}", side("p", &c.parent), c.operator, side("c", &c.child)))
        .collect();
    let none = format!(
        "NOT EXISTS (SELECT FROM {} AS p WHERE {})",
        key.parent.quoted(),
        equal.join(" AND ")
    );
    let nulls: Vec<String> = columns.iter().map(|c| format!("{c} IS NULL")).collect();
    let orphan = if key.match_full {
        format!(
            "NOT ({}) AND ({} OR {none})",
            nulls.join(" AND "),
            nulls.join(" OR ")
        )
    } else {
        format!("NOT ({}) AND {none}", nulls.join(" OR "))
    };
    format!(
        "SELECT pg_catalog.sum(pg_catalog.count(*)) OVER ()::int8, pg_catalog.concat_ws(', ', {}) FROM {} AS c WHERE {orphan} \
         GROUP BY {} ORDER BY 2 LIMIT {KEYS_SHOWN_MAX}",
        columns
            .iter()
            .map(|c| format!("coalesce({c}::text, 'NULL')"))
            .collect::<Vec<_>>()
            .join(", "),
        key.child.quoted(),
        columns.join(", "),
    )
}

fn told(target: &Target, key: &ForeignKey, found: &[(i64, String)]) -> Failure {
    let columns: Vec<&str> = key.columns.iter().map(|c| c.child.as_str()).collect();
    let columns = columns.join(", ");
    let (count, shown) = match found.first() {
        Some((count, _)) => {
            let keys: Vec<String> = found.iter().map(|(_, key)| format!("({key})")).collect();
            (
                format!("{count}"),
                format!(" Without a parent, ({columns}): {}.", keys.join(", ")),
            )
        }
        None => ("some".to_owned(), String::new()),
    };
    let what = format!(
        "foreign key {} of table {} cannot be put back: {count} rows have no parent in {}",
        key.name, key.child, key.parent
    );
    let next = format!(
        "Nothing was kept. Delete or complete these rows in the source, or set them aside with a policy, then run \
         again.{shown}"
    );
    Failure::new(Exit::PlanBlocked, what, next).at(target.server())
}
