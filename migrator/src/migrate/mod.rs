//! The migration from end to end: source -> census -> plan -> copy -> verify -> report.
//!
//! It reads as the order of the data. Each stage owns its own rules; this file owns only their sequence and
//! that nothing is kept unless verification found both sides equal.

mod existing;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use uuid::Uuid;

use crate::copy::{self, Records};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::Job;
use crate::plan::choices::Choices;
use crate::plan::file::Reviewed;
use crate::plan::model::{Disposition, Plan, SchemaMode};
use crate::report::certificate::{self, Certificate, Level, NextId};
use crate::report::layout::counted;
use crate::report::progress::Progress;
use crate::survey::survey;
use crate::target::{Conninfo, Target, connect};
use crate::verify::digest::TableDigest;
use crate::verify::{self, Verified};

use self::existing::Script;

/// Blocked objects that a refusal names; `outgrow inspect` shows them all.
const BLOCKED_NAMED_MAX: usize = 5;

/// What a migration is asked to do.
#[derive(Debug, Clone)]
pub struct Request {
    /// The SQLite file.
    pub source: PathBuf,
    /// What its owner decided.
    pub mandate: Mandate,
    /// Where the certificate goes, if the default does not suit.
    pub certificate: Option<PathBuf>,
}

/// What the owner of the data decided.
#[derive(Debug, Clone, Default)]
pub struct Mandate {
    /// The choices.
    pub choices: Choices,
    /// The plan they come from, where it is to be carried out as it was reviewed.
    pub reviewed: Option<Reviewed>,
}

/// Says whether a migration has begun to commit: from there on it is ended by its own answer, not by a signal.
#[derive(Debug, Default)]
pub struct PointOfNoReturn(AtomicBool);

impl PointOfNoReturn {
    /// Whether it was passed.
    pub fn is_passed(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    fn pass(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// What a migration came to.
#[derive(Debug, Clone)]
pub struct Migrated {
    /// The certificate.
    pub certificate: Certificate,
    /// Where it lies.
    pub path: PathBuf,
    /// The plan that was carried out.
    pub plan: Plan,
}

/// Refuses a plan with anything blocked in it.
pub fn refuse_blocked(plan: &Plan) -> Result<(), Failure> {
    let blocked: Vec<&str> = plan
        .with(Disposition::Blocked)
        .map(|f| f.object.as_str())
        .collect();
    if blocked.is_empty() {
        return Ok(());
    }
    let mut named = blocked[..blocked.len().min(BLOCKED_NAMED_MAX)].join(", ");
    if blocked.len() > BLOCKED_NAMED_MAX {
        named.push_str(&format!(" and {} more", blocked.len() - BLOCKED_NAMED_MAX));
    }
    let what = format!(
        "the plan is blocked by {}: {named}",
        counted(blocked.len() as u64, "object"),
    );
    let told: Vec<String> = plan
        .with(Disposition::Blocked)
        .take(BLOCKED_NAMED_MAX)
        .map(|finding| {
            let rows = match finding.rows {
                0 => String::new(),
                rows => format!("; {}: {}", counted(rows, "row"), finding.samples.join("; ")),
            };
            format!("{} [{}]: {}{rows}", finding.object, finding.rule, finding.detail)
        })
        .collect();
    let next = match plan.schema_mode {
        SchemaMode::Own => {
            "Nothing was written. `outgrow inspect FILE` shows each with its rule, rows and remedy."
        }
        SchemaMode::App => {
            "Nothing was written. `outgrow inspect FILE --to TARGET` shows each with its rule, rows and remedy."
        }
    };
    Err(Failure::new(Exit::PlanBlocked, what, next).because(told.join("\n")))
}

/// Migrates, and returns only if both sides were found equal and everything is committed.
pub async fn migrate(
    request: &Request,
    conninfo: &Conninfo,
    progress: &Arc<Progress>,
    point: &PointOfNoReturn,
) -> Result<Migrated, Failure> {
    let run_id = Uuid::now_v7();
    let path = certificate::choose_path(request.certificate.as_deref(), run_id)?;
    // A wrong password should show before an hour of reading, not after.
    let target = connect(conninfo).await?;
    let job = survey(&request.source, &request.mandate, Some(&target), progress).await?;
    refuse_blocked(&job.plan)?;
    if job.plan.schema_mode == SchemaMode::Own {
        copy::refuse_existing(&target, &job.plan).await?;
    }
    let facts = certificate::target_facts(&target).await?;

    let records = copy::begin(&target, &job.plan).await?;
    let filled = match job.plan.schema_mode {
        SchemaMode::Own => Filled::of(fill(&target, &job, run_id, progress).await?),
        SchemaMode::App => existing::fill(&target, &job, run_id, folder_of(&path), progress).await?,
    };
    write_record(&target, &job.plan, run_id, &filled.verified, &records, progress).await?;
    let verified = &filled.verified;
    let mut certificate = certificate::certify(&job.plan, verified, &target, &facts, run_id, Level::ReadBack);
    certificate.ids = filled.ids;
    point.pass();
    if let Err(failure) = commit(&target, conninfo, run_id).await {
        // Whether everything was kept may not be known; the script does no harm either way.
        filled.undo.into_iter().for_each(Script::leave);
        return Err(failure);
    }
    target.close().await;
    keep(&certificate, &path)?;
    Ok(Migrated {
        certificate,
        path,
        plan: job.plan.clone(),
    })
}

/// What became of the target before COMMIT.
struct Filled {
    verified: Verified,
    /// Where ids go on in the application's tables.
    ids: Vec<NextId>,
    /// What puts back what was taken off the application's tables.
    undo: Option<Script>,
}

impl Filled {
    /// Tables that outgrow made.
    fn of(verified: Verified) -> Self {
        Self {
            verified,
            ids: Vec::new(),
            undo: None,
        }
    }
}

/// The folder that a file goes into.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

async fn write_record(
    target: &Target,
    plan: &Plan,
    run_id: Uuid,
    verified: &Verified,
    records: &Records,
    progress: &Progress,
) -> Result<(), Failure> {
    if let Records::Refused { grant } = records {
        progress.note(&format!(
            "the role may not make schema _outgrow, so the target keeps no record and `outgrow verify` finds no plan \
             there; this would let it: {grant}"
        ));
        return Ok(());
    }
    let (plan_json, plan_sha256) = certificate::plan_sha256(plan);
    let root = verified.source_root.to_hex();
    copy::write_record(target, plan, run_id, &plan_json, &plan_sha256, &root).await?;
    Ok(())
}

/// Everything inside the transaction: tables, rows, keys, proof.
async fn fill(
    target: &Target,
    job: &Arc<Job>,
    run: Uuid,
    progress: &Arc<Progress>,
) -> Result<Verified, Failure> {
    let plan = &job.plan;
    copy::create_tables(target, plan).await?;
    let digests = copy_all(target, job, run, progress).await?;
    progress.begin("keys", None);
    copy::run_steps(target, plan, |object| progress.table(object)).await?;
    progress.end(&format!("{} keys, indexes and constraints", plan.steps.len()));
    prove(target, job, run, digests, progress).await
}

/// Copies every table, in the plan's order.
async fn copy_all(
    target: &Target,
    job: &Arc<Job>,
    run: Uuid,
    progress: &Arc<Progress>,
) -> Result<Vec<TableDigest>, Failure> {
    let plan = &job.plan;
    progress.begin("copy", Some(plan.stream_bytes()));
    let mut digests = Vec::with_capacity(plan.tables.len());
    for place in 0..plan.tables.len() {
        digests.push(copy::copy_table(target, job, place, run, progress).await?);
    }
    progress.end(&format!("{} rows", plan.rows()));
    Ok(digests)
}

/// Reads everything back and compares; anything but EQUAL ends the migration.
async fn prove(
    target: &Target,
    job: &Arc<Job>,
    run: Uuid,
    digests: Vec<TableDigest>,
    progress: &Arc<Progress>,
) -> Result<Verified, Failure> {
    let plan = &job.plan;
    progress.begin("verify", Some(plan.stream_bytes()));
    let verified = verify::verify(target, job, run, Some(digests), progress).await?;
    if !verified.is_equal() {
        let what = format!(
            "verification found {} rows DIFFERENT, nothing was kept",
            verified.differences.total
        );
        let next = if plan.choices.sql.is_empty() {
            "This is a fault of outgrow or of the server. Please report it with the lines above."
        } else {
            "Look at your own SQL under [choices.sql] of the plan: it may compute other values than the source, or \
             change rows. Else this is a fault of outgrow or of the server; please report it with the lines above."
        };
        progress.abandon();
        verified
            .differences
            .listed
            .iter()
            .for_each(|d| progress.note(&d.to_string()));
        return Err(Failure::new(Exit::Different, what, next));
    }
    progress.end("both sides EQUAL");
    Ok(verified)
}

/// Commits. If the answer is lost, the server tells what became of the transaction; it is never guessed.
async fn commit(target: &Target, conninfo: &Conninfo, transaction: Uuid) -> Result<(), Failure> {
    let Err(lost) = copy::commit(target).await else {
        return Ok(());
    };
    let Ok(again) = connect(conninfo).await else {
        let next = format!(
            "The answer to COMMIT was lost and the server cannot be reached. When it is back, ask it: SELECT \
             pg_xact_status('{transaction}'). If that is committed everything was kept, otherwise nothing was."
        );
        let failure = Failure::from(lost);
        return Err(Failure { next, ..failure });
    };
    if copy::record_exists(&again, transaction).await? {
        return Ok(());
    }
    Err(lost.into())
}

/// The rows are safe at this point; a certificate that cannot be written must not hide that.
fn keep(certificate: &Certificate, path: &Path) -> Result<(), Failure> {
    certificate.write(path).map_err(|error| {
        let what = "the migration is committed and verified, but its certificate cannot be written";
        let next = "Free space or rights there, then run `outgrow verify` with --certificate to get one.";
        Failure::new(Exit::Usage, what, next)
            .at(path.display().to_string())
            .because(error)
    })
}
