//! What the server says of the sessions at work: what they wait for, how far a long command is, who is in the way.
//!
//! A session is known by its process and by when it began, since process numbers come again. Where the role does not
//! see when, it is taken for nobody's.

use std::collections::HashMap;

use super::ask::count;
use super::facts::{BlockerFacts, CommandFacts, Facts, SessionFacts};
use crate::target::{Target, TargetError};

/// Characters of another session's statement that are shown.
const QUERY_CHARACTERS_MAX: i32 = 120;

const SESSIONS: &str = "SELECT a.pid, a.backend_start IS NULL, a.state, a.wait_event_type, a.wait_event \
     FROM _outgrow.session s JOIN pg_catalog.pg_stat_activity a ON a.pid = s.pid \
       AND (a.backend_start = s.backend_start OR a.backend_start IS NULL) \
     WHERE s.run_id = $1::text::uuid AND s.epoch = $2 ORDER BY a.pid";

/// Long commands: process, name, table, phase, blocks, rows, bytes; each count with its total, 0 where it is not known.
const COMMANDS: &str = "SELECT p.pid, p.name, n.nspname || '.' || c.relname, p.phase, p.blocks, p.blocks_total, p.rows, \
       p.rows_total, p.bytes, p.bytes_total \
     FROM (SELECT pid, relid, 'CREATE INDEX' AS name, phase, blocks_done AS blocks, blocks_total, tuples_done AS rows, \
             tuples_total AS rows_total, 0::bigint AS bytes, 0::bigint AS bytes_total \
           FROM pg_catalog.pg_stat_progress_create_index \
         UNION ALL SELECT pid, relid, 'COPY', NULL, 0, 0, tuples_processed, 0, bytes_processed, bytes_total \
           FROM pg_catalog.pg_stat_progress_copy \
         UNION ALL SELECT pid, relid, 'ANALYZE', phase, sample_blks_scanned, sample_blks_total, 0, 0, 0, 0 \
           FROM pg_catalog.pg_stat_progress_analyze) p \
     LEFT JOIN pg_catalog.pg_class c ON c.oid = p.relid LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE p.pid = ANY ($1::integer[])";

/// Who blocks whom. What the role may not see of a session is NULL, but its statement, which is a remark then.
const BLOCKERS: &str = "SELECT b.pid, o.pid, b.pid = ANY ($1::integer[]), a.backend_type, a.application_name, \
       a.usename::text, pg_catalog.host(a.client_addr), a.state, extract(epoch FROM a.xact_start)::float8, \
       n.nspname || '.' || c.relname, l.locktype, l.mode, \
       CASE WHEN a.backend_start IS NOT NULL THEN pg_catalog.left(a.query, $2) END \
     FROM pg_catalog.unnest($1::integer[]) o (pid), \
       LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(o.pid)) b (pid) \
     LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid \
     LEFT JOIN LATERAL (SELECT k.locktype, k.mode, k.relation FROM pg_catalog.pg_locks k \
         WHERE k.pid = o.pid AND NOT k.granted LIMIT 1) l ON true \
     LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation \
     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     ORDER BY b.pid, o.pid";

/// Adds the sessions of this epoch to the facts, and who blocks them or the session that holds the lease.
pub(super) async fn complete(target: &Target, facts: &mut Facts, epoch: i64) -> Result<(), TargetError> {
    let fault = |error: tokio_postgres::Error| target.fault(&error);
    let client = target.client();
    let id = facts.run.id.to_string();
    let rows = client.query(SESSIONS, &[&id, &epoch]).await.map_err(fault)?;
    let (hidden, seen): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.get::<_, bool>(1));
    facts.sessions_hidden = !hidden.is_empty();
    let pids: Vec<i32> = seen.iter().map(|row| row.get(0)).collect();
    let rows = client.query(COMMANDS, &[&pids]).await.map_err(fault)?;
    let mut commands: HashMap<i32, CommandFacts> =
        rows.iter().map(|row| (row.get(0), command_of(row))).collect();
    let sessions = seen.iter().map(|row| SessionFacts {
        pid: row.get(0),
        state: row.get(2),
        wait_event_type: row.get(3),
        wait_event: row.get(4),
        command: commands.remove(&row.get(0)),
    });
    facts.sessions = sessions.collect();
    let waiting: Vec<i32> = pids.into_iter().chain(lease_of(facts)).collect();
    let rows = client
        .query(BLOCKERS, &[&waiting, &QUERY_CHARACTERS_MAX])
        .await
        .map_err(fault)?;
    facts.blockers = rows.iter().map(blocker_of).collect();
    Ok(())
}

/// The session with the lease, where it is known to be of this run.
fn lease_of(facts: &Facts) -> Option<i32> {
    let run = &facts.run;
    let lease = run.lease.filter(|lease| lease.since_seconds.is_some())?;
    (super::judge::state_of(run, facts.now_seconds) == super::model::State::Running).then_some(lease.pid)
}

/// Blocks tell more than rows, and rows more than bytes of a stream that has no known end.
fn command_of(row: &tokio_postgres::Row) -> CommandFacts {
    let figure = |place: usize| row.get::<_, Option<i64>>(place).map_or(0, count);
    let counts = [("blocks", 4), ("rows", 6), ("bytes", 8)];
    let known = counts.into_iter().find(|(_, place)| figure(place + 1) > 0);
    let begun = || counts.into_iter().rev().find(|(_, place)| figure(*place) > 0);
    let (unit, place) = known.or_else(begun).unwrap_or(("bytes", 8));
    CommandFacts {
        command: row.get(1),
        relation: row.get(2),
        phase: row.get(3),
        done: figure(place),
        total: Some(figure(place + 1)).filter(|total| *total > 0),
        unit: unit.to_owned(),
    }
}

fn blocker_of(row: &tokio_postgres::Row) -> BlockerFacts {
    BlockerFacts {
        pid: row.get(0),
        blocked_pid: row.get(1),
        is_own: row.get(2),
        backend_type: row.get(3),
        application_name: row.get(4),
        user: row.get(5),
        client_address: row.get(6),
        state: row.get(7),
        transaction_since_seconds: row.get(8),
        relation: row.get(9),
        lock_type: row.get(10),
        lock_mode: row.get(11),
        query: row.get(12),
    }
}
