//! What the ledger says of the runs asked for, in one read-only snapshot.
//!
//! The role needs nothing but the right to read; where it lacks that, it is told the statement that gives it.

use uuid::Uuid;

use super::ask_sessions;
use super::facts::{Amount, ChunkFacts, Facts, Lease, Pulse, Recorded, RunFacts, StepFacts};
use super::judge::{choose, judge, moment};
use super::model::{FORMAT, Report};
use super::pace::WINDOW_SECONDS;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::model::{self, Plan};
use crate::quote::quote_ident;
use crate::target::{Target, TargetError};

/// Which runs are told of.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Only runs into this schema.
    pub schema: Option<String>,
    /// Only these runs.
    pub runs: Vec<Uuid>,
}

/// Tables of the ledger that a status reads. Values that were set aside are counted only, and only if they may be.
const TABLES: [&str; 6] = ["run", "session", "step", "chunk", "pulse", "migration"];
const QUARANTINE: &str = "quarantine";

/// Tables there are, and whether the role may read what is needed of them. By oid: a name in a schema that the role may
/// not use would be an error.
const READABLE: &str = "SELECT c.relname::text, pg_catalog.has_schema_privilege(n.oid, 'USAGE') \
       AND CASE c.relname WHEN 'quarantine' THEN pg_catalog.has_column_privilege(c.oid, 'run_id', 'SELECT') \
         ELSE pg_catalog.has_table_privilege(c.oid, 'SELECT') END \
     FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid \
     WHERE n.nspname = '_outgrow' AND c.relkind = 'r' AND c.relname = ANY ($1::text[])";

const NOW: &str = "SELECT extract(epoch FROM pg_catalog.clock_timestamp())::float8";

/// Runs, latest first, with their pulse and with whoever holds the lease on their schema.
const RUNS: &str = "SELECT r.run_id::text, r.state, r.epoch, r.target_schema, r.source_file, r.system_identifier, \
       r.timeline, r.tool_version, extract(epoch FROM r.began_at)::float8, extract(epoch FROM r.resumed_at)::float8, \
       extract(epoch FROM r.ended_at)::float8, m.root, p.epoch, extract(epoch FROM p.at)::float8, p.stage, p.doing, \
       p.bytes, p.bytes_total, l.pid, extract(epoch FROM a.backend_start)::float8 \
     FROM _outgrow.run r LEFT JOIN _outgrow.pulse p ON p.run_id = r.run_id \
     LEFT JOIN _outgrow.migration m ON m.run_id = r.run_id \
     LEFT JOIN LATERAL (SELECT k.pid FROM pg_catalog.pg_locks k WHERE r.state = 'running' AND k.locktype = 'advisory' \
         AND k.granted AND k.database = (SELECT d.oid FROM pg_catalog.pg_database d \
           WHERE d.datname = pg_catalog.current_database()) \
         AND (k.classid::bigint << 32) | k.objid::bigint \
           = pg_catalog.hashtextextended('outgrow into ' || r.target_schema, 0) LIMIT 1) l ON true \
     LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
     ORDER BY r.began_at DESC, r.run_id DESC";

/// Migrations that left nothing but their record: those into an application's tables.
const RECORDS: &str = "SELECT m.run_id::text, m.source_file, extract(epoch FROM m.finished_at)::float8, m.root, m.plan \
     FROM _outgrow.migration m ORDER BY m.finished_at DESC, m.run_id DESC";

const PLAN: &str = "SELECT plan FROM _outgrow.run WHERE run_id = $1::text::uuid";

const CHUNKS: &str = "SELECT table_name, sum(rows)::bigint, sum(bytes)::bigint, \
       coalesce(sum(rows) FILTER (WHERE epoch = $2), 0)::bigint, \
       coalesce(sum(bytes) FILTER (WHERE epoch = $2), 0)::bigint, \
       coalesce(sum(rows) FILTER (WHERE epoch = $2 AND extract(epoch FROM finished_at)::float8 > $3), 0)::bigint, \
       coalesce(sum(bytes) FILTER (WHERE epoch = $2 AND extract(epoch FROM finished_at)::float8 > $3), 0)::bigint, \
       extract(epoch FROM max(finished_at))::float8 \
     FROM _outgrow.chunk WHERE run_id = $1::text::uuid GROUP BY table_name ORDER BY table_name";

const STEPS: &str = "SELECT step, extract(epoch FROM finished_at)::float8 FROM _outgrow.step \
     WHERE run_id = $1::text::uuid ORDER BY ordinal";

const SET_ASIDE: &str = "SELECT count(*) FROM _outgrow.quarantine WHERE run_id = $1::text::uuid";

/// Tells how the runs asked for stand.
///
/// # Errors
/// Nothing of outgrow is on record there (exit 2), the role may not read it, or the server fails (exit 5).
pub async fn look(target: &Target, request: &Request) -> Result<Report, Failure> {
    target
        .batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    let ledger = Ledger::find(target).await?;
    let now_seconds = ask_one(target, NOW).await?;
    let known = ledger.runs(target).await?;
    if known.is_empty() {
        return Err(nothing_on_record(target));
    }
    let asked: Vec<(RunFacts, Option<String>)> = known
        .iter()
        .filter(|(run, _)| request.schema.as_ref().is_none_or(|schema| run.schema == *schema))
        .filter(|(run, _)| request.runs.is_empty() || request.runs.contains(&run.id))
        .cloned()
        .collect();
    if asked.is_empty() {
        return Err(not_among(&known));
    }
    let runs: Vec<RunFacts> = asked.iter().map(|(run, _)| run.clone()).collect();
    let (shown, also_unfinished) = if request.runs.is_empty() {
        choose(&runs, now_seconds)
    } else {
        ((0..runs.len()).collect(), Vec::new())
    };
    let mut told = Vec::with_capacity(shown.len());
    for place in shown {
        let (run, plan) = asked[place].clone();
        let facts = ledger.facts(target, run, plan, now_seconds).await?;
        told.push(judge(&facts));
    }
    target.batch("COMMIT").await?;
    Ok(Report {
        format: FORMAT,
        asked_at: moment(now_seconds),
        runs: told,
        also_unfinished: also_unfinished.iter().map(Uuid::to_string).collect(),
    })
}

/// Which tables there are to be read.
struct Ledger {
    has_runs: bool,
    has_records: bool,
    may_count_set_aside: bool,
}

impl Ledger {
    async fn find(target: &Target) -> Result<Self, Failure> {
        let names: Vec<&str> = TABLES.iter().copied().chain([QUARANTINE]).collect();
        let rows = target.client().query(READABLE, &[&names]).await;
        let rows = rows.map_err(|error| target.fault(&error))?;
        let found: Vec<(String, bool)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let has = |name: &str| found.iter().any(|(table, _)| table == name);
        let is_refused = |(table, readable): &(String, bool)| table != QUARANTINE && !readable;
        if found.iter().any(is_refused) {
            let tables: Vec<&str> = TABLES.into_iter().filter(|table| has(table)).collect();
            return Err(missing_right(target, &tables));
        }
        Ok(Self {
            has_runs: has("run"),
            has_records: has("migration"),
            may_count_set_aside: found.iter().any(|(table, may)| table == QUARANTINE && *may),
        })
    }

    /// Every run, latest first; with the plan where there is no other place to find it.
    async fn runs(&self, target: &Target) -> Result<Vec<(RunFacts, Option<String>)>, TargetError> {
        let mut runs = Vec::new();
        if self.has_runs {
            let rows = target.client().query(RUNS, &[]).await;
            let rows = rows.map_err(|error| target.fault(&error))?;
            runs.extend(rows.iter().map(|row| (run_of(row), None)));
        }
        if self.has_records {
            let rows = target.client().query(RECORDS, &[]).await;
            let rows = rows.map_err(|error| target.fault(&error))?;
            let records = rows.iter().map(|row| (record_of(row), Some(row.get(4))));
            let unknown: Vec<_> = records
                .filter(|(record, _)| runs.iter().all(|(run, _)| run.id != record.id))
                .collect();
            runs.extend(unknown);
        }
        let begun = |run: &RunFacts| run.begun_at_seconds.or(run.ended_at_seconds).unwrap_or_default();
        runs.sort_by(|(left, _), (right, _)| begun(right).total_cmp(&begun(left)));
        Ok(runs)
    }

    async fn facts(
        &self,
        target: &Target,
        run: RunFacts,
        plan: Option<String>,
        now_seconds: f64,
    ) -> Result<Facts, TargetError> {
        let fault = |error: tokio_postgres::Error| target.fault(&error);
        let id = run.id.to_string();
        let mut facts = Facts {
            now_seconds,
            role: target.facts().user.clone(),
            plan: plan.as_deref().and_then(plan_of),
            run,
            ..Facts::default()
        };
        if self.may_count_set_aside {
            let row = target
                .client()
                .query_one(SET_ASIDE, &[&id])
                .await
                .map_err(fault)?;
            facts.values_quarantined = Some(count(row.get(0)));
        }
        let Some(epoch) = facts.run.epoch else {
            return Ok(facts);
        };
        let row = target.client().query_one(PLAN, &[&id]).await.map_err(fault)?;
        facts.plan = plan_of(row.get(0));
        let since = now_seconds - WINDOW_SECONDS;
        let rows = target
            .client()
            .query(CHUNKS, &[&id, &epoch, &since])
            .await
            .map_err(fault)?;
        facts.chunks = rows.iter().map(chunks_of).collect();
        let rows = target.client().query(STEPS, &[&id]).await.map_err(fault)?;
        let steps = rows.iter().map(|row| StepFacts {
            step: row.get(0),
            finished_at_seconds: row.get(1),
        });
        facts.steps = steps.collect();
        if facts.run.recorded == Recorded::Unfinished {
            ask_sessions::complete(target, &mut facts, epoch).await?;
        }
        Ok(facts)
    }
}

async fn ask_one(target: &Target, sql: &str) -> Result<f64, TargetError> {
    let row = target.client().query_one(sql, &[]).await;
    Ok(row.map_err(|error| target.fault(&error))?.get(0))
}

fn run_of(row: &tokio_postgres::Row) -> RunFacts {
    let pulse = row.get::<_, Option<i64>>(12).map(|epoch| Pulse {
        epoch,
        at_seconds: row.get(13),
        stage: row.get(14),
        doing: row.get(15),
        bytes: count(row.get(16)),
        bytes_total: row.get::<_, Option<i64>>(17).map(count),
    });
    RunFacts {
        id: id_of(row),
        recorded: match row.get(1) {
            "done" => Recorded::Done,
            "discarded" => Recorded::Discarded,
            _ => Recorded::Unfinished,
        },
        epoch: Some(row.get(2)),
        schema: row.get(3),
        source_file: row.get(4),
        system_identifier: row.get(5),
        timeline: row.get(6),
        tool_version: row.get(7),
        begun_at_seconds: row.get(8),
        taken_up_at_seconds: row.get(9),
        ended_at_seconds: row.get(10),
        root: row.get(11),
        pulse,
        lease: row.get::<_, Option<i32>>(18).map(|pid| Lease {
            pid,
            since_seconds: row.get(19),
        }),
    }
}

fn record_of(row: &tokio_postgres::Row) -> RunFacts {
    // Plans of other versions have the schema in the same place.
    let plan: serde_json::Value = serde_json::from_str(row.get(4)).unwrap_or_default();
    RunFacts {
        id: id_of(row),
        recorded: Recorded::Done,
        schema: plan["choices"]["schema"].as_str().unwrap_or_default().to_owned(),
        source_file: row.get(1),
        ended_at_seconds: row.get(2),
        root: row.get(3),
        ..RunFacts::default()
    }
}

fn id_of(row: &tokio_postgres::Row) -> Uuid {
    row.get::<_, &str>(0).parse().unwrap_or_default()
}

fn chunks_of(row: &tokio_postgres::Row) -> ChunkFacts {
    let amount = |place: usize| Amount {
        rows: count(row.get(place)),
        bytes: count(row.get(place + 1)),
    };
    ChunkFacts {
        table: row.get(0),
        all: amount(1),
        since_taken_up: amount(3),
        last_minute: amount(5),
        last_at_seconds: row.get(7),
    }
}

/// A count of the server; it never is below zero.
pub(super) fn count(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

fn plan_of(json: &str) -> Option<Plan> {
    let plan: Plan = serde_json::from_str(json).ok()?;
    (plan.format == model::FORMAT).then_some(plan)
}

fn nothing_on_record(target: &Target) -> Failure {
    let database = target.facts().database.clone();
    let what = format!(
        "no migration is on record here: database {database} has no ledger of outgrow with a run in it"
    );
    let next = "Check --to: the database may be another. A run is on record once its first table is made, and not yet while \
                the source is read; one into an application's own tables only once it is done, since it is one transaction.";
    Failure::new(Exit::Usage, what, next)
}

fn not_among(known: &[(RunFacts, Option<String>)]) -> Failure {
    let named: Vec<String> = known
        .iter()
        .map(|(run, _)| format!("{} ({} into schema {})", run.id, run.source_file, run.schema))
        .collect();
    let next = format!("On record are: {}.", named.join(", "));
    Failure::new(Exit::Usage, "no such migration is on record here", next)
}

fn missing_right(target: &Target, tables: &[&str]) -> Failure {
    let role = quote_ident(&target.facts().user);
    let named: Vec<String> = tables.iter().map(|table| format!("_outgrow.{table}")).collect();
    let next = format!(
        "Have an administrator run: GRANT USAGE ON SCHEMA _outgrow TO {role}; GRANT SELECT ON {} TO {role}",
        named.join(", ")
    );
    let what = format!("role {role} may not read the ledger of outgrow in schema _outgrow");
    Failure::new(Exit::TargetError, what, next)
}
