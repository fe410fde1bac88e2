//! The lease: one process at a time migrates into a schema, and everybody can see that it lives.
//!
//! It is an advisory lock of a session that does nothing else but beat the pulse of the run every few seconds, so that
//! it never waits behind a long statement. The lock goes with the session, whatever ends it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::run::Run;
use super::{LedgerError, pulse};
use crate::report::progress::Progress;
use crate::target::{Target, TargetError};

/// How long to wait for a lease that another process holds. A process that was killed on another machine leaves a
/// session that the server notices within its `client_connection_check_interval` of 10 s.
const WAIT: Duration = Duration::from_secs(15);

/// How often a lease that is held is asked for again.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// How often the pulse beats.
const BEAT: Duration = Duration::from_secs(2);

/// A pulse that is older belongs to a process that is gone: it missed a dozen beats.
const DEAD_AFTER_SECONDS: f64 = 30.0;

/// How long one beat may take. A network that swallows packets, or a server that hangs, shows here first.
const BEAT_TIMEOUT: Duration = Duration::from_secs(30);

const TRY: &str =
    "SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended('outgrow into ' || $1, 0))";

/// Who holds the lease, and how old the pulse of the runs into the schema is.
const HOLDER: &str = "SELECT l.pid, coalesce(a.client_addr::text, 'this machine'), coalesce(a.backend_start::text, ''), \
       (SELECT extract(epoch FROM pg_catalog.clock_timestamp() - max(p.at))::float8 FROM _outgrow.pulse p \
        JOIN _outgrow.run r USING (run_id) WHERE r.target_schema = $1 AND r.state = 'running') \
     FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a USING (pid) \
     WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_catalog.pg_database \
       WHERE datname = pg_catalog.current_database()) \
     AND (l.classid::bigint << 32) | l.objid::bigint = pg_catalog.hashtextextended('outgrow into ' || $1, 0) LIMIT 1";

/// The right to migrate into a schema, for as long as its session lasts.
pub struct Lease {
    target: Arc<Target>,
    beating: Option<JoinHandle<()>>,
}

impl Lease {
    /// Takes the lease, waiting a while for one that is held. A holder whose pulse stopped is ended.
    pub async fn take(target: Target, schema: &str, progress: &Progress) -> Result<Self, LedgerError> {
        let started = Instant::now();
        let mut told = false;
        while !try_lock(&target, schema).await? {
            let Some(holder) = holder(&target, schema).await? else {
                // It was let go of meanwhile.
                tokio::time::sleep(ASK_AGAIN).await;
                continue;
            };
            if holder
                .pulse_age_seconds
                .is_some_and(|age| age > DEAD_AFTER_SECONDS)
            {
                target
                    .execute("SELECT pg_catalog.pg_terminate_backend($1)", &[&holder.pid])
                    .await?;
            } else if started.elapsed() > WAIT {
                return Err(LedgerError::Held {
                    schema: schema.to_owned(),
                    holder: holder.to_string(),
                });
            }
            if !told {
                progress.note(&format!(
                    "waiting for another outgrow that is at work in this schema: {holder}"
                ));
                told = true;
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
        Ok(Self {
            target: Arc::new(target),
            beating: None,
        })
    }

    /// The session that holds it; only for what never takes long.
    pub fn session(&self) -> &Target {
        &self.target
    }

    /// Begins to beat the pulse of the run. What is returned completes when the server does not take it any more.
    pub fn beat(&mut self, run: Run, progress: &Arc<Progress>) -> oneshot::Receiver<TargetError> {
        let (failed, failure) = oneshot::channel();
        let (target, progress) = (Arc::clone(&self.target), Arc::clone(progress));
        let beating = tokio::spawn(async move {
            loop {
                let beat =
                    tokio::time::timeout(BEAT_TIMEOUT, pulse::beat(&target, run, &progress.now())).await;
                let error = match beat {
                    Ok(Ok(())) => {
                        tokio::time::sleep(BEAT).await;
                        continue;
                    }
                    Ok(Err(error)) => error,
                    Err(_) => target.silent_for(BEAT_TIMEOUT),
                };
                // Nobody waits for it any more where the run has ended meanwhile.
                let _ = failed.send(error);
                return;
            }
        });
        self.beating = Some(beating);
        failure
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(beating) = &self.beating {
            beating.abort();
        }
    }
}

async fn try_lock(target: &Target, schema: &str) -> Result<bool, TargetError> {
    let row = target.client().query_one(TRY, &[&schema]).await;
    Ok(row.map_err(|error| target.fault(&error))?.get(0))
}

/// The session of another process that holds the lease.
struct Holder {
    pid: i32,
    address: String,
    since: String,
    pulse_age_seconds: Option<f64>,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "server process {}, from {}", self.pid, self.address)?;
        if !self.since.is_empty() {
            write!(f, ", since {}", self.since)?;
        }
        match self.pulse_age_seconds {
            Some(age) => write!(f, ", last heard of {age:.0} s ago"),
            None => Ok(()),
        }
    }
}

async fn holder(target: &Target, schema: &str) -> Result<Option<Holder>, TargetError> {
    let row = target.client().query_opt(HOLDER, &[&schema]).await;
    Ok(row.map_err(|error| target.fault(&error))?.map(|row| Holder {
        pid: row.get(0),
        address: row.get(1),
        since: row.get(2),
        pulse_age_seconds: row.get(3),
    }))
}
