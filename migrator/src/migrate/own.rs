//! Into tables that outgrow makes: committed step by step, and gone on with after whatever ends it.
//!
//! An attempt takes the lease, begins the run or takes it over, and does what the ledger does not have yet. What
//! passes by itself, such as a restart of the server, only ends the attempt; the next one goes on.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::retry::{Retry, interrupted};
use super::{Migrated, Request, Standing, keep, prove, resume};
use crate::copy::{self, Copy};
use crate::exit::Exit;
use crate::failpoint;
use crate::failure::{Failure, Passing};
use crate::job::Job;
use crate::ledger::lease::Lease;
use crate::ledger::run::{self, NewRun, Run, Unfinished};
use crate::ledger::{discard, intact, record, steps, tables};
use crate::plan::model::Plan;
use crate::report::certificate::{self, Certificate, Level};
use crate::report::layout::counted;
use crate::report::progress::Progress;
use crate::target::{Conninfo, Target, TargetError, TargetFault, connect, connect_many};
use crate::verify::{self, Verified, snapshot};

/// How long it may take to get hold of the run: longer than all waits for locks and for another process together.
/// From then on the pulse notices a server that is silent.
const OPENING: Duration = Duration::from_secs(60);

/// What to do where there is a connection for the lease and none for the work.
const NEEDS_TWO: &str = "A migration needs two connections at least, one of them to show that it lives. Raise the limit of \
     the role (ALTER ROLE ... CONNECTION LIMIT), of the database or of the server.";

/// What became of the rows of a migration that was interrupted.
const GO_ON: &str = "What was copied is kept: run the same command again, and it goes on where it stopped.";

/// A migration into tables of outgrow's own, attempt by attempt.
pub(super) struct Migration<'a> {
    pub request: &'a Request,
    pub conninfo: &'a Conninfo,
    pub job: Arc<Job>,
    /// The run that is gone on with, or the new one's id.
    pub run: Uuid,
    /// Whether the run is in the ledger.
    pub begun: bool,
    /// Tables that it was begun with, and its owner does without now.
    pub left_out: Vec<String>,
    /// Where the certificate goes.
    pub path: PathBuf,
    pub progress: &'a Arc<Progress>,
    pub standing: &'a Standing,
    /// The certificate of a run whose end was about to be committed.
    pub certificate: Option<Certificate>,
}

impl Migration<'_> {
    /// Attempts until it is done, until what fails does not pass, or until nothing gets better for long enough.
    pub async fn run(mut self) -> Result<Migrated, Failure> {
        let mut retry = Retry::new(self.request.pace.retry_for);
        let resumed = self.begun;
        loop {
            let failure = match self.attempt().await {
                Ok(certificate) => return self.finish(certificate),
                Err(failure) => failure,
            };
            if let Err(failure) = retry.after(failure, self.progress).await {
                // Nothing can be gone on with before the run is in the ledger.
                return Err(match self.begun {
                    true if resumed && failure.about_object => begin_anew(failure),
                    true => interrupted(failure, GO_ON),
                    false => failure,
                });
            }
        }
    }

    fn finish(self, certificate: Certificate) -> Result<Migrated, Failure> {
        failpoint::reach("certificate-before-write")?;
        keep(&certificate, &self.path)?;
        failpoint::reach("certificate-written")?;
        Ok(Migrated {
            certificate,
            path: self.path,
            plan: self.job.plan.clone(),
        })
    }

    /// One attempt, from the lease to the last commit.
    async fn attempt(&mut self) -> Result<Certificate, Failure> {
        let session = connect(self.conninfo).await?;
        let opening = tokio::time::timeout(OPENING, self.open(session)).await;
        let (mut lease, run) = match opening.unwrap_or_else(|_| Err(self.silent().into()))? {
            Opened::Begun(lease, run) => (lease, run),
            Opened::Done(certificate) => return Ok(*certificate),
        };
        let mut silent = lease.beat(run, self.progress);
        let opening = async {
            let sessions = self.open_sessions(run).await?;
            let mut facts = certificate::target_facts(lease.session()).await?;
            facts.add_bulk_settings(first_of(&sessions)?).await?;
            Ok::<_, Failure>((sessions, facts))
        };
        let (sessions, facts) = tokio::select! {
            opened = opening => opened?,
            Ok(error) = &mut silent => return Err(error.into()),
        };
        if !facts.is_durable() {
            self.progress.note(
                "the server runs with fsync = off: what it has committed can be lost with its machine, whatever the \
                 certificate says",
            );
        }
        let verified = tokio::select! {
            done = self.work(&sessions, run) => done?,
            // A pulse that ended without a word was ended by us.
            Ok(error) = &mut silent => return Err(error.into()),
        };
        let first = first_of(&sessions)?;
        let plan = &self.job.plan;
        let certificate = certificate::certify(plan, &verified, first, &facts, run.id, Level::ReadBack);
        self.certificate = Some(certificate.clone());
        self.standing.committing();
        let ended = tokio::select! {
            ended = end(first, run, plan, &certificate) => ended,
            Ok(error) = &mut silent => Err(error.into()),
        };
        if let Err(failure) = ended {
            self.standing.kept();
            return Err(failure);
        }
        for session in sessions {
            session.close().await;
        }
        Ok(certificate)
    }

    /// Gets hold of the run, unless it turns out to be done.
    async fn open(&mut self, session: Target) -> Result<Opened, Failure> {
        if !self.begun {
            // A plain refusal leaves nothing behind.
            copy::refuse_existing(&session, &self.job.plan).await?;
        }
        tables::ensure(&session).await?;
        let lease = Lease::take(session, &self.job.plan.choices.schema, self.progress).await?;
        failpoint::reach("lease-taken")?;
        let target = lease.session();
        if let Some(certificate) = self.committed(target).await? {
            return Ok(Opened::Done(Box::new(certificate)));
        }
        match self.begin(target).await {
            Ok(run) => Ok(Opened::Begun(lease, run)),
            // The session that lost its client may have been committing until now.
            Err(failure) => match self.committed(target).await? {
                Some(certificate) => Ok(Opened::Done(Box::new(certificate))),
                None => Err(failure),
            },
        }
    }

    /// The certificate, if the answer to the last COMMIT was lost and the record says that it came about.
    async fn committed(&self, target: &Target) -> Result<Option<Certificate>, Failure> {
        let Some(certificate) = &self.certificate else {
            return Ok(None);
        };
        let there = record::record_exists(target, self.run).await?;
        Ok(there.then(|| certificate.clone()))
    }

    fn silent(&self) -> TargetError {
        let reason = format!("it gave no sign of life for {} s", OPENING.as_secs());
        TargetError {
            server: self.conninfo.redacted(),
            fault: TargetFault::ConnectionLost { reason },
        }
    }

    /// Begins the run, or makes it this process's own.
    async fn begin(&mut self, target: &Target) -> Result<Run, Failure> {
        let server = run::server_identity(target).await;
        let plan = &self.job.plan;
        let (plan_json, plan_sha256) = certificate::plan_sha256(plan);
        let fingerprint = self.job.source().fingerprint().to_owned();
        // The answer to what begins a run may have been lost, too.
        if self.begun || run::is_known(target, self.run).await? {
            self.begun = true;
            failpoint::reach("run-before-take-over")?;
            let run = run::take_over(target, self.run).await?;
            failpoint::reach("run-taken-over")?;
            self.standing.kept();
            self.leave_out(target, run).await?;
            run::refresh(target, run, &fingerprint, (&plan_json, &plan_sha256), &server).await?;
            failpoint::reach("run-refreshed")?;
            return Ok(run);
        }
        copy::refuse_existing(target, plan).await?;
        let new = NewRun {
            id: self.run,
            schema: &plan.choices.schema,
            source_file: &plan.source.file_name,
            source_path_sha256: &plan.source.path_sha256,
            fingerprint: &fingerprint,
            plan_sha256: &plan_sha256,
            plan: &plan_json,
            server: &server,
        };
        failpoint::reach("run-before-begin")?;
        let run = run::begin(target, &new).await?;
        self.begun = true;
        self.standing.kept();
        failpoint::reach("run-begun")?;
        Ok(run)
    }

    /// Drops tables that are not wanted any more.
    async fn leave_out(&self, target: &Target, run: Run) -> Result<(), Failure> {
        if self.left_out.is_empty() {
            return Ok(());
        }
        let done = steps::load(target, run.id).await?;
        for table in &self.left_out {
            let of_table = done.keys().filter(|step| resume::is_step_of(step, table));
            let planned = |step: &String| self.job.plan.steps.iter().any(|own| own.object == *step);
            let steps: Vec<String> = of_table.filter(|step| !planned(step)).cloned().collect();
            discard::discard_table(target, run, table, &steps).await?;
        }
        Ok(())
    }

    async fn open_sessions(&self, run: Run) -> Result<Vec<Target>, Failure> {
        let opened = connect_many(self.conninfo, self.request.pace.jobs).await;
        let sessions = opened.map_err(|error| match error.fault {
            TargetFault::TooManyConnections { .. } => Failure {
                next: NEEDS_TWO.to_owned(),
                passing: Passing::Helped,
                ..error.into()
            },
            _ => error.into(),
        })?;
        if sessions.len() < self.request.pace.jobs {
            self.progress.note(&format!(
                "the server has no connection left; going on with {}",
                counted(sessions.len() as u64, "session")
            ));
        }
        for session in &sessions {
            session.make_bulk_settings().await?;
            run::register(session, run).await?;
            failpoint::reach("session-registered")?;
        }
        Ok(sessions)
    }

    /// Everything that the ledger does not have yet, and the proof.
    async fn work(&self, sessions: &[Target], run: Run) -> Result<Verified, Failure> {
        let copy = Copy {
            job: &self.job,
            run,
            limits: self.request.pace.limits,
            progress: self.progress,
        };
        let first = first_of(sessions)?;
        let done = steps::load(first, run.id).await?;
        intact::check(first, run, &self.job.plan, &done).await?;
        copy::prepare(first, copy, &done).await?;
        let done = steps::load(first, run.id).await?;
        let digests = copy::copy_all(sessions, copy, &done).await?;
        let done = steps::load(first, run.id).await?;
        copy::run_after(sessions, copy, &done).await?;
        let done = steps::load(first, run.id).await?;
        intact::check(first, run, &self.job.plan, &done).await?;
        refuse_other_columns(first, &self.job.plan).await?;
        let all: Vec<&Target> = sessions.iter().collect();
        failpoint::reach("steps-done")?;
        snapshot::begin(&all).await?;
        let verified = prove(&all, &self.job, run.id, digests, self.progress).await?;
        snapshot::end(&all).await?;
        failpoint::reach("proved")?;
        Ok(verified)
    }
}

/// Refuses columns that somebody gave another type since they were made: their bytes would mean something else.
async fn refuse_other_columns(target: &Target, plan: &Plan) -> Result<(), Failure> {
    let differences = verify::compare_schema(target, plan).await?;
    let Some(first) = differences.listed.first() else {
        return Ok(());
    };
    let what = format!("somebody changed the tables that the migration made: {first}");
    let next = "Put it back as it was and run the same command again, or begin anew with --restart.";
    Err(Failure::new(Exit::PlanBlocked, what, next))
}

/// A refusal that comes where a run is gone on with: what it made may not be as it left it.
fn begin_anew(failure: Failure) -> Failure {
    let next = format!(
        "{} If somebody changed what this migration made there, or its ledger, --restart begins anew.",
        failure.next
    );
    Failure { next, ..failure }
}

/// What an attempt begins with.
enum Opened {
    /// The run is this process's.
    Begun(Lease, Run),
    /// It was done by an attempt that did not hear of it.
    Done(Box<Certificate>),
}

/// Writes the record and ends the run. Its COMMIT waits for the disk, and with it all that were made before it.
async fn end(target: &Target, run: Run, plan: &Plan, certificate: &Certificate) -> Result<(), Failure> {
    run::begin_fenced(target, run).await?;
    failpoint::reach("end-begun")?;
    target.batch("SET LOCAL synchronous_commit = on").await?;
    let (plan_json, plan_sha256) = certificate::plan_sha256(plan);
    let root = certificate.source.root.to_hex();
    record::write_record(target, plan, run.id, (&plan_json, &plan_sha256), &root).await?;
    run::end(target, run, "done").await?;
    failpoint::reach("end-recorded")?;
    target.batch("COMMIT").await?;
    failpoint::reach("end-committed")?;
    Ok(())
}

fn first_of(sessions: &[Target]) -> Result<&Target, Failure> {
    sessions.first().ok_or_else(|| {
        Failure::new(
            Exit::Bug,
            "no session was opened",
            "Please report this with the command you ran.",
        )
    })
}

/// Drops what unfinished runs of this source made, so that a new one can begin.
pub(super) async fn restart(
    conninfo: &Conninfo,
    schema: &str,
    found: &[Unfinished],
    progress: &Progress,
) -> Result<(), Failure> {
    let lease = Lease::take(connect(conninfo).await?, schema, progress).await?;
    for unfinished in found {
        let run = run::take_over(lease.session(), unfinished.id).await?;
        let dropped = discard::discard(lease.session(), run).await?;
        let dropped = counted(dropped.len() as u64, "object");
        progress.note(&format!(
            "dropped what migration {} had made: {dropped}",
            unfinished.id
        ));
    }
    Ok(())
}
