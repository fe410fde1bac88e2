//! Discarding a run: what it made in the target is dropped, and nothing else.
//!
//! Everything happens in one transaction that holds the run. Objects are known by their oids, as the steps wrote them
//! down; one that somebody else made under the same name stays.

use super::run::{Run, end, fence};
use super::{LedgerError, steps};
use crate::failpoint;
use crate::target::{SqlFault, Target, TargetError, TargetFault};

/// What the steps made and still exists, last first, in the server's own quoting. An index goes with its table.
const MADE: &str = "SELECT i.type, i.identity FROM _outgrow.step s, \
       LATERAL pg_catalog.pg_identify_object(s.made_class, s.made_object, 0) i \
     WHERE s.run_id = $1::text::uuid AND s.made_object IS NOT NULL AND i.identity IS NOT NULL AND i.type <> 'index' \
     ORDER BY s.ordinal DESC";

/// Its own rows, table by table.
const FORGET: [&str; 5] = [
    "DELETE FROM _outgrow.step WHERE run_id = $1::text::uuid",
    "DELETE FROM _outgrow.chunk WHERE run_id = $1::text::uuid",
    "DELETE FROM _outgrow.quarantine WHERE run_id = $1::text::uuid",
    "DELETE FROM _outgrow.session WHERE run_id = $1::text::uuid",
    "DELETE FROM _outgrow.pulse WHERE run_id = $1::text::uuid",
];

/// Other objects hang on it: 2BP01.
const DEPENDENT: &str = "2BP01";

/// Drops what a run made and strikes it out; the names of what was dropped.
pub async fn discard(target: &Target, run: Run) -> Result<Vec<String>, LedgerError> {
    target.batch("BEGIN").await?;
    fence(target, run).await?;
    failpoint::reach("discard-begun")?;
    let rows = target.client().query(MADE, &[&run.id.to_string()]).await;
    let rows = rows.map_err(|error| target.fault(&error))?;
    let made: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let of = |kind: &'static str| {
        let found = made.iter().filter(move |(own, _)| own == kind);
        found.map(|(_, identity)| identity.as_str())
    };
    for kind in ["view", "materialized view"] {
        for identity in of(kind) {
            drop_own(target, &format!("DROP {kind} {identity}")).await?;
        }
    }
    // All at once: their foreign keys point at each other.
    let tables: Vec<&str> = of("table").collect();
    if !tables.is_empty() {
        drop_own(target, &format!("DROP TABLE {}", tables.join(", "))).await?;
    }
    for kind in ["collation", "extension", "schema"] {
        for identity in of(kind) {
            drop_unless_used(target, kind, identity).await?;
        }
    }
    for sql in FORGET {
        target.execute(sql, &[&run.id.to_string()]).await?;
    }
    end(target, run, "discarded").await?;
    failpoint::reach("discard-dropped")?;
    target.batch("COMMIT").await?;
    failpoint::reach("discard-committed")?;
    Ok(made
        .into_iter()
        .map(|(kind, identity)| format!("{kind} {identity}"))
        .collect())
}

/// What a step made, if it still exists.
const MADE_BY_STEP: &str = "SELECT i.identity FROM _outgrow.step s, \
       LATERAL pg_catalog.pg_identify_object(s.made_class, s.made_object, 0) i \
     WHERE s.run_id = $1::text::uuid AND s.step = $2 AND s.made_object IS NOT NULL AND i.identity IS NOT NULL";

/// What the ledger has of one table, by its name.
const FORGET_TABLE: [&str; 2] = [
    "DELETE FROM _outgrow.chunk WHERE run_id = $1::text::uuid AND table_name = $2",
    "DELETE FROM _outgrow.quarantine WHERE run_id = $1::text::uuid AND table_name = $2",
];

/// Drops one table that a run made, and strikes it out with these steps of it.
pub async fn discard_table(
    target: &Target,
    run: Run,
    table: &str,
    steps_of_it: &[String],
) -> Result<(), LedgerError> {
    target.batch("BEGIN").await?;
    fence(target, run).await?;
    let (id, step) = (run.id.to_string(), format!("table:{table}"));
    let made = target.client().query_opt(MADE_BY_STEP, &[&id, &step]).await;
    if let Some(row) = made.map_err(|error| target.fault(&error))? {
        drop_own(target, &format!("DROP TABLE {}", row.get::<_, String>(0))).await?;
    }
    for sql in FORGET_TABLE {
        target.execute(sql, &[&id, &table]).await?;
    }
    steps::forget(target, run, steps_of_it).await?;
    target.batch("COMMIT").await?;
    Ok(())
}

/// Drops what is the run's alone. The server would advise CASCADE, which drops what is somebody else's.
async fn drop_own(target: &Target, sql: &str) -> Result<(), LedgerError> {
    match target.batch(sql).await {
        Err(TargetError {
            fault: TargetFault::Sql(fault),
            ..
        }) if fault.sqlstate == DEPENDENT => {
            let SqlFault { detail, message, .. } = *fault;
            Err(LedgerError::DependedOn(detail.unwrap_or(message)))
        }
        done => Ok(done?),
    }
}

/// Drops what others may have come to use since; then it is theirs.
async fn drop_unless_used(target: &Target, kind: &str, identity: &str) -> Result<(), TargetError> {
    target.batch("SAVEPOINT dropping").await?;
    match target.batch(&format!("DROP {kind} {identity}")).await {
        Ok(()) => target.batch("RELEASE dropping").await,
        Err(error) if is_dependent(&error.fault) => target.batch("ROLLBACK TO dropping").await,
        Err(error) => Err(error),
    }
}

fn is_dependent(fault: &TargetFault) -> bool {
    matches!(fault, TargetFault::Sql(fault) if fault.sqlstate == DEPENDENT)
}
