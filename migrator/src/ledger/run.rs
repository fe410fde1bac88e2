//! Runs: one row a migration, from its first transaction to its end; and who works on it, by epoch.

use uuid::Uuid;

use super::LedgerError;
use crate::target::{Target, TargetError, TargetFault};

/// Makes its table where it is missing.
pub(super) const CREATE: &str = "CREATE TABLE IF NOT EXISTS _outgrow.run ( \
       run_id uuid PRIMARY KEY, \
       epoch bigint NOT NULL, \
       state text NOT NULL, \
       target_schema text NOT NULL, \
       source_file text NOT NULL, \
       source_path_sha256 text NOT NULL, \
       source_fingerprint text NOT NULL, \
       plan_sha256 text NOT NULL, \
       plan text NOT NULL, \
       system_identifier text NOT NULL, \
       timeline text NOT NULL, \
       tool_version text NOT NULL, \
       began_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), \
       resumed_at timestamptz, \
       ended_at timestamptz)";

/// The sessions that work on a run, so that whoever takes it over can end them.
pub(super) const CREATE_SESSION: &str = "CREATE TABLE IF NOT EXISTS _outgrow.session ( \
       run_id uuid NOT NULL, \
       epoch bigint NOT NULL, \
       pid integer NOT NULL, \
       backend_start timestamptz NOT NULL, \
       PRIMARY KEY (run_id, epoch, pid))";

const INSERT: &str = "INSERT INTO _outgrow.run (run_id, epoch, state, target_schema, source_file, source_path_sha256, \
       source_fingerprint, plan_sha256, plan, system_identifier, timeline, tool_version) \
     VALUES ($1::text::uuid, 1, 'running', $2, $3, $4, $5, $6, $7, $8, $9, $10)";

const IN_STATE: &str = "SELECT run_id::text, target_schema, source_file, source_path_sha256, source_fingerprint, plan, \
       system_identifier, timeline, began_at::text \
     FROM _outgrow.run WHERE state = $2 AND target_schema = $1 ORDER BY began_at, run_id";

/// Sessions of a run that still live; a process number alone may be another session's by now.
const END_SESSIONS: &str = "SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a \
     JOIN _outgrow.session s ON s.pid = a.pid AND s.backend_start = a.backend_start \
     WHERE s.run_id = $1::text::uuid AND s.epoch <= $2 AND a.pid <> pg_catalog.pg_backend_pid()";

/// How often a run that somebody still holds is asked for. Each time waits for `lock_timeout`.
const TAKE_OVER_ATTEMPTS: u32 = 3;

/// A run and the epoch in which this process works on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub id: Uuid,
    /// The epoch. Who takes a run over moves it on.
    pub epoch: i64,
}

/// What a new run is.
#[derive(Debug)]
pub struct NewRun<'a> {
    /// Its id.
    pub id: Uuid,
    /// Schema of the tables.
    pub schema: &'a str,
    /// File name of the source.
    pub source_file: &'a str,
    /// SHA-256 of the source's canonical path, hex.
    pub source_path_sha256: &'a str,
    /// Pins the state of the source.
    pub fingerprint: &'a str,
    /// SHA-256 of the plan's canonical JSON, hex.
    pub plan_sha256: &'a str,
    /// The plan, JSON.
    pub plan: &'a str,
    /// The cluster and its timeline.
    pub server: &'a ServerIdentity,
}

/// Which server it is: a standby that was promoted has the same identifier and another timeline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerIdentity {
    /// `system_identifier`, empty where the role may not see it.
    pub system_identifier: String,
    /// Timeline as in the names of WAL files, empty where the role may not see it.
    pub timeline: String,
}

/// A run as the ledger has it; mostly one that has not come to its end.
#[derive(Debug, Clone)]
pub struct Unfinished {
    /// Its id.
    pub id: Uuid,
    /// Schema of the tables.
    pub schema: String,
    /// File name of the source.
    pub source_file: String,
    /// SHA-256 of the source's canonical path, hex.
    pub source_path_sha256: String,
    /// The state of the source it was begun or last taken up with.
    pub fingerprint: String,
    /// The plan, JSON.
    pub plan: String,
    /// Where it was begun.
    pub server: ServerIdentity,
    /// When, as the server writes it.
    pub began_at: String,
}

/// Runs into this schema that have not come to their end, oldest first; none where outgrow never ran.
pub async fn unfinished(target: &Target, schema: &str) -> Result<Vec<Unfinished>, TargetError> {
    in_state(target, schema, "running").await
}

/// Runs into this schema that are done, oldest first; none where outgrow never ran.
pub async fn done(target: &Target, schema: &str) -> Result<Vec<Unfinished>, TargetError> {
    in_state(target, schema, "done").await
}

/// Whether a migration of this source into any schema has not come to its end.
pub async fn is_unfinished(target: &Target, source_path_sha256: &str) -> Result<bool, TargetError> {
    if !super::tables::may_read(target, "run").await? {
        return Ok(false);
    }
    let sql =
        "SELECT EXISTS (SELECT 1 FROM _outgrow.run WHERE source_path_sha256 = $1 AND state = 'running')";
    let row = target.client().query_one(sql, &[&source_path_sha256]).await;
    Ok(row.map_err(|error| target.fault(&error))?.get(0))
}

/// Whether the ledger has this run.
pub async fn is_known(target: &Target, id: Uuid) -> Result<bool, TargetError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM _outgrow.run WHERE run_id = $1::text::uuid)";
    let row = target.client().query_one(sql, &[&id.to_string()]).await;
    Ok(row.map_err(|error| target.fault(&error))?.get(0))
}

async fn in_state(target: &Target, schema: &str, state: &str) -> Result<Vec<Unfinished>, TargetError> {
    if !super::tables::may_read(target, "run").await? {
        return Ok(Vec::new());
    }
    let rows = target.client().query(IN_STATE, &[&schema, &state]).await;
    let rows = rows.map_err(|error| target.fault(&error))?;
    Ok(rows
        .iter()
        .map(|row| Unfinished {
            id: row.get::<_, String>(0).parse().unwrap_or_default(),
            schema: row.get(1),
            source_file: row.get(2),
            source_path_sha256: row.get(3),
            fingerprint: row.get(4),
            plan: row.get(5),
            server: ServerIdentity {
                system_identifier: row.get(6),
                timeline: row.get(7),
            },
            began_at: row.get(8),
        })
        .collect())
}

/// Which server this is.
pub async fn server_identity(target: &Target) -> ServerIdentity {
    let ask = async |sql: &str| {
        let row = target.client().query_one(sql, &[]).await;
        // Some providers keep this from ordinary roles.
        row.map_or_else(|_| String::new(), |row| row.get(0))
    };
    ServerIdentity {
        system_identifier: ask("SELECT system_identifier::text FROM pg_catalog.pg_control_system()").await,
        timeline: ask(
            "SELECT pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8)",
        )
        .await,
    }
}

/// Writes a new run down.
pub async fn begin(target: &Target, new: &NewRun<'_>) -> Result<Run, TargetError> {
    target
        .execute(
            INSERT,
            &[
                &new.id.to_string(),
                &new.schema,
                &new.source_file,
                &new.source_path_sha256,
                &new.fingerprint,
                &new.plan_sha256,
                &new.plan,
                &new.server.system_identifier,
                &new.server.timeline,
                &env!("CARGO_PKG_VERSION"),
            ],
        )
        .await?;
    Ok(Run { id: new.id, epoch: 1 })
}

/// Makes a run this process's own: moves its epoch on, and ends the sessions of those who had it before. A transaction
/// of theirs that is under way holds the run's row, so that the epoch moves after its end and never within.
pub async fn take_over(target: &Target, id: Uuid) -> Result<Run, LedgerError> {
    let sql = "UPDATE _outgrow.run SET epoch = epoch + 1, resumed_at = pg_catalog.clock_timestamp() \
               WHERE run_id = $1::text::uuid AND state = 'running' RETURNING epoch";
    let mut attempt = 0;
    loop {
        attempt += 1;
        end_sessions(target, id).await?;
        match target.client().query_opt(sql, &[&id.to_string()]).await {
            Ok(Some(row)) => {
                return Ok(Run {
                    id,
                    epoch: row.get(0),
                });
            }
            Ok(None) => return Err(LedgerError::Ended),
            Err(error) => {
                let error = target.fault(&error);
                if attempt >= TAKE_OVER_ATTEMPTS || !is_lock_timeout(&error.fault) {
                    return Err(error.into());
                }
            }
        }
    }
}

async fn end_sessions(target: &Target, id: Uuid) -> Result<(), TargetError> {
    target
        .execute(END_SESSIONS, &[&id.to_string(), &i64::MAX])
        .await?;
    Ok(())
}

fn is_lock_timeout(fault: &TargetFault) -> bool {
    matches!(fault, TargetFault::Sql(fault) if fault.sqlstate == "55P03")
}

/// Writes down that this session works on the run.
pub async fn register(target: &Target, run: Run) -> Result<(), TargetError> {
    let sql = "INSERT INTO _outgrow.session (run_id, epoch, pid, backend_start) \
               SELECT $1::text::uuid, $2, pid, backend_start FROM pg_catalog.pg_stat_activity \
               WHERE pid = pg_catalog.pg_backend_pid() ON CONFLICT DO NOTHING";
    target.execute(sql, &[&run.id.to_string(), &run.epoch]).await?;
    Ok(())
}

/// Begins a transaction that holds the run: its epoch cannot move before the transaction ends. Refused if it has
/// moved already.
pub async fn begin_fenced(target: &Target, run: Run) -> Result<(), LedgerError> {
    target.batch("BEGIN").await?;
    fence(target, run).await
}

/// The fence of [`begin_fenced`], in a transaction that was begun already.
pub async fn fence(target: &Target, run: Run) -> Result<(), LedgerError> {
    let sql = "SELECT 1 FROM _outgrow.run WHERE run_id = $1::text::uuid AND epoch = $2 AND state = 'running' FOR SHARE";
    let held = target
        .client()
        .query_opt(sql, &[&run.id.to_string(), &run.epoch])
        .await
        .map_err(|error| target.fault(&error))?;
    held.map(|_| ()).ok_or(LedgerError::Fenced)
}

/// Writes down the state of source and server with which a run is gone on with, and the plan made for it.
pub async fn refresh(
    target: &Target,
    run: Run,
    fingerprint: &str,
    (plan, plan_sha256): (&str, &str),
    server: &ServerIdentity,
) -> Result<(), TargetError> {
    let sql = "UPDATE _outgrow.run SET source_fingerprint = $3, plan = $4, plan_sha256 = $5, system_identifier = $6, \
                 timeline = $7 WHERE run_id = $1::text::uuid AND epoch = $2";
    target
        .execute(
            sql,
            &[
                &run.id.to_string(),
                &run.epoch,
                &fingerprint,
                &plan,
                &plan_sha256,
                &server.system_identifier,
                &server.timeline,
            ],
        )
        .await?;
    Ok(())
}

/// Writes down that the run came to its end; in the transaction of its record.
pub async fn end(target: &Target, run: Run, state: &str) -> Result<(), TargetError> {
    let sql = "UPDATE _outgrow.run SET state = $3, ended_at = pg_catalog.clock_timestamp() \
               WHERE run_id = $1::text::uuid AND epoch = $2";
    target
        .execute(sql, &[&run.id.to_string(), &run.epoch, &state])
        .await?;
    Ok(())
}
