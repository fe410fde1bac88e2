//! Verification on its own, any time later: the plan on record, both sides read anew.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use uuid::Uuid;

use super::difference::Differences;
use super::run::{Verified, verify};
use super::{snapshot, source_schema, target_schema};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::Job;
use crate::ledger::record::{Record, find_record};
use crate::ledger::run;
use crate::plan::file::Reviewed;
use crate::plan::model::{FORMAT, Plan, TablePlan};
use crate::report::certificate::{self, Certificate, Level};
use crate::report::progress::Progress;
use crate::source::catalog::Catalog;
use crate::source::{Identity, Source};
use crate::target::{Conninfo, Target, connect_many_to_read};

/// What a verification is asked to do.
#[derive(Debug, Clone)]
pub struct Request {
    /// The SQLite file.
    pub source: PathBuf,
    /// The migration on record, if not the latest of this file.
    pub run: Option<Uuid>,
    /// The plan, where the target keeps no record of it.
    pub plan: Option<Reviewed>,
    /// Where a certificate goes.
    pub certificate: Option<PathBuf>,
    /// Sessions that read the target side by side, if the server has so many left.
    pub jobs: usize,
}

/// Sessions unless told otherwise: one for each processor, since each keeps one busy here and one on the server.
pub fn default_jobs() -> usize {
    thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(JOBS_MAX)
}

/// Sessions at the most unless told otherwise: the server has other work to do.
const JOBS_MAX: usize = 4;

/// What a verification came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The plan it followed.
    pub plan: Plan,
    /// The roots, unless the target's tables already differ from the plan.
    pub verified: Option<Verified>,
    /// What differs.
    pub differences: Differences,
    /// The certificate, where one was asked for and both sides are equal.
    pub certificate: Option<(Certificate, PathBuf)>,
}

impl Outcome {
    /// Whether both sides hold the same values.
    pub fn is_equal(&self) -> bool {
        self.verified.as_ref().is_some_and(Verified::is_equal) && self.differences.is_empty()
    }
}

/// Verifies, reading both sides from one snapshot each.
pub async fn verify_again(
    request: &Request,
    conninfo: &Conninfo,
    progress: &Arc<Progress>,
) -> Result<Outcome, Failure> {
    let run_id = Uuid::now_v7();
    let path = match &request.certificate {
        Some(path) => Some(certificate::choose_path(Some(path), run_id)?),
        None => None,
    };
    let sessions = open_sessions(conninfo, request.jobs, progress).await?;
    let targets: Vec<&Target> = sessions.iter().collect();
    let Some(target) = targets.first().copied() else {
        return Err(worker_ended());
    };
    let facts = certificate::target_facts(target).await?;
    snapshot::begin(&targets).await?;
    let source = request.source.clone();
    let opened = tokio::task::spawn_blocking(move || open(&source)).await;
    let (source, catalog) = opened.map_err(|_| worker_ended())??;
    source
        .warnings()
        .iter()
        .for_each(|warning| progress.note(warning));
    let (run, plan) = match &request.plan {
        Some(reviewed) => (Uuid::nil(), plan_of(reviewed)?),
        None => choose_plan(target, source.identity(), request.run).await?,
    };
    let job = Job::new(source, catalog, None, plan);
    let mut schema = target_schema::compare(target, &job.plan).await?;
    schema.append(source_schema::compare(&job.catalog, &job.plan));
    if !schema.is_empty() {
        return Ok(Outcome {
            plan: job.plan.clone(),
            verified: None,
            differences: schema,
            certificate: None,
        });
    }
    progress.begin("verify", Some(job.plan.stream_bytes()));
    let verified = verify(&targets, &job, run, None, progress).await?;
    progress.end(if verified.is_equal() {
        "both sides EQUAL"
    } else {
        "both sides DIFFER"
    });
    let certificate = match path {
        Some(path) if verified.is_equal() => {
            let certificate =
                certificate::certify(&job.plan, &verified, target, &facts, run_id, Level::FreshBoth);
            write(&certificate, &path)?;
            Some((certificate, path))
        }
        _ => None,
    };
    let differences = verified.differences.clone();
    Ok(Outcome {
        plan: job.plan.clone(),
        verified: Some(verified),
        differences,
        certificate,
    })
}

/// Connects so many times, or as often as the server can.
async fn open_sessions(
    conninfo: &Conninfo,
    jobs: usize,
    progress: &Progress,
) -> Result<Vec<Target>, Failure> {
    let sessions = connect_many_to_read(conninfo, jobs).await?;
    if sessions.len() < jobs {
        progress.note(&format!(
            "the server has no connection left for {jobs} sessions; reading goes on with {}",
            sessions.len()
        ));
    }
    Ok(sessions)
}

fn worker_ended() -> Failure {
    Failure::new(
        Exit::Bug,
        "a worker ended unexpectedly",
        "Please report this with the command you ran.",
    )
}

fn open(path: &std::path::Path) -> Result<(Source, Catalog), Failure> {
    let source = Source::open(path)?;
    let catalog = Catalog::read(&source)?;
    Ok((source, catalog))
}

fn write(certificate: &Certificate, path: &std::path::Path) -> Result<(), Failure> {
    certificate.write(path).map_err(|error| {
        let what = format!(
            "both sides are EQUAL, but the certificate cannot be written to {}",
            path.display()
        );
        Failure::new(Exit::Usage, what, "Name a file in a folder you can write.").because(error)
    })
}

/// A plan that was kept as a file. What it set aside lies under the run that did.
fn plan_of(reviewed: &Reviewed) -> Result<Plan, Failure> {
    let plan = reviewed.unedited()?;
    if plan.tables.iter().any(TablePlan::sets_aside) {
        let what = "the plan sets values aside, and only the record in the target tells under which run they are kept";
        return Err(Failure::new(Exit::Usage, what, "Verify without --plan."));
    }
    Ok(plan.clone())
}

/// The plan of the run asked for; else of the latest migration of this very file; else of the latest one of
/// a file of this name.
async fn choose_plan(target: &Target, source: &Identity, run: Option<Uuid>) -> Result<(Uuid, Plan), Failure> {
    let records = find_record(target).await?;
    let of_run = |record: &&Record| run.is_none_or(|run| record.run_id == run);
    let same_path = |record: &&Record| record.source_path_sha256 == source.path_sha256;
    let same_name = |record: &&Record| record.source_file == source.file_name;
    let candidates: Vec<&Record> = records.iter().filter(of_run).collect();
    let found = candidates.iter().copied().find(|r| run.is_some() || same_path(r));
    let record = found.or_else(|| candidates.iter().copied().find(same_name));
    let Some(record) = record else {
        let is_unfinished = run::is_unfinished(target, &source.path_sha256).await?;
        return Err(if is_unfinished {
            unfinished()
        } else {
            no_plan(&records)
        });
    };
    let plan: Plan =
        serde_json::from_str(&record.plan).map_err(|error| unreadable_plan(record).because(error))?;
    if plan.format == FORMAT {
        Ok((record.run_id, plan))
    } else {
        Err(unreadable_plan(record))
    }
}

fn unfinished() -> Failure {
    Failure::new(
        Exit::Usage,
        "the migration of this file is unfinished, so there is nothing to verify yet",
        "Go on with it: `outgrow migrate` with the same arguments; it verifies by itself. `outgrow status` shows how far it \
         is.",
    )
}

fn no_plan(records: &[Record]) -> Failure {
    let what = "the target has no migration of this file on record";
    if records.is_empty() {
        return Failure::new(
            Exit::Usage,
            what,
            "Migrate it first, or check --to: the database may be another. If the role could keep no record there, name the \
             plan that was kept beside the certificate with --plan.",
        );
    }
    let known: Vec<String> = records
        .iter()
        .map(|r| {
            format!(
                "{} ({}, {})",
                r.run_id,
                r.source_file.escape_debug(),
                r.finished_at
            )
        })
        .collect();
    let next = format!(
        "If the file was renamed, choose the migration with --run: {}.",
        known.join(", ")
    );
    Failure::new(Exit::Usage, what, next)
}

fn unreadable_plan(record: &Record) -> Failure {
    let what = format!("the plan of run {} on record cannot be read", record.run_id);
    Failure::new(
        Exit::Usage,
        what,
        "It was written by another version of outgrow; use that one to verify.",
    )
}
