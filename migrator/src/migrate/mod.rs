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
use crate::existing::ids::{self, Late};
use crate::existing::outcome::{self, CommitOutcome, Transaction};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::Job;
use crate::plan;
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
            let rows = match (finding.rows, finding.samples.is_empty()) {
                (0, _) => String::new(),
                (rows, true) => format!("; {}", counted(rows, "row")),
                (rows, false) => format!("; {}: {}", counted(rows, "row"), finding.samples.join("; ")),
            };
            format!("{} [{}]: {}{rows}", finding.object, finding.rule, finding.detail)
        })
        .collect();
    let general = match plan.schema_mode {
        SchemaMode::Own => {
            "Nothing was written. `outgrow inspect FILE` shows each with its rule, rows and remedy."
        }
        SchemaMode::App => {
            "Nothing was written. `outgrow inspect FILE --to TARGET` shows each with its rule, rows and remedy. To have \
             outgrow make tables of its own, name an empty schema with --schema."
        }
    };
    let mut rules = plan.with(Disposition::Blocked).map(|finding| &finding.rule);
    let first = plan.with(Disposition::Blocked).next();
    let next = match first.filter(|first| rules.all(|rule| *rule == first.rule)) {
        // One reason has one remedy.
        Some(first) => format!("{} {general}", first.next),
        None => general.to_owned(),
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
    write_record(
        &target,
        &job.plan,
        run_id,
        &filled.verified,
        (&records, folder_of(&path)),
        progress,
    )
    .await?;
    let verified = &filled.verified;
    let mut certificate = certificate::certify(&job.plan, verified, &target, &facts, run_id, Level::ReadBack);
    certificate.ids = filled.ids;
    let transaction = outcome::current(&target).await?;
    point.pass();
    ids::set_late(&target, &filled.late).await?;
    let end = End {
        conninfo,
        run_id,
        records,
        transaction,
    };
    if let Err(failure) = end.commit(&target).await {
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
    /// Sequences of somebody else, to be set last: no rollback takes that back.
    late: Vec<Late>,
    /// What puts back what was taken off the application's tables.
    undo: Option<Script>,
}

impl Filled {
    /// Tables that outgrow made.
    fn of(verified: Verified) -> Self {
        Self {
            verified,
            ids: Vec::new(),
            late: Vec::new(),
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

/// Puts the migration on record in the target or, where the role may not, its plan beside the certificate.
async fn write_record(
    target: &Target,
    plan: &Plan,
    run_id: Uuid,
    verified: &Verified,
    (records, folder): (&Records, &Path),
    progress: &Progress,
) -> Result<(), Failure> {
    if let Records::Refused { grant } = records {
        let path = folder.join(format!("outgrow-plan-{run_id}.toml"));
        plan::file::write_new(&path, &plan::file::text(plan)?)?;
        progress.note(&format!(
            "the role may not make schema _outgrow, so the target keeps no record. The plan is in {}, for `outgrow verify \
             --plan`. This would let it: {grant}",
            path.display()
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
    let verified = verify::verify(&[target], job, run, Some(digests), progress).await?;
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

/// What is known of the transaction at its end, to learn its fate if the answer to COMMIT is lost.
struct End<'a> {
    conninfo: &'a Conninfo,
    run_id: Uuid,
    records: Records,
    transaction: Transaction,
}

impl End<'_> {
    /// Commits. If the answer is lost, the server tells what happened; it is never guessed.
    async fn commit(&self, target: &Target) -> Result<(), Failure> {
        let Err(lost) = copy::commit(target).await else {
            return Ok(());
        };
        let Ok(again) = connect(self.conninfo).await else {
            let next = format!(
                "The answer to COMMIT was lost and the server cannot be reached. When it is back, ask it: {}",
                self.question()
            );
            let failure = Failure::from(lost);
            return Err(Failure { next, ..failure });
        };
        // The record tells for sure, on whichever server answers; the number of a transaction only on the same one.
        let committed = match self.records {
            Records::Kept => copy::record_exists(&again, self.run_id).await?,
            Records::Refused { .. } => {
                copy::await_end(&again).await?;
                match outcome::of(&again, &self.transaction).await? {
                    CommitOutcome::Committed => true,
                    CommitOutcome::Aborted => false,
                    CommitOutcome::InProgress | CommitOutcome::Unknown => {
                        let next = format!(
                            "The answer to COMMIT was lost. Ask the server: {}",
                            self.question()
                        );
                        let failure = Failure::from(lost);
                        return Err(Failure { next, ..failure });
                    }
                }
            }
        };
        if committed { Ok(()) } else { Err(lost.into()) }
    }

    /// How a person learns what happened.
    fn question(&self) -> String {
        match self.records {
            Records::Kept => format!(
                "look for run {} in _outgrow.migration. If it is there everything was kept, otherwise nothing was.",
                self.run_id
            ),
            Records::Refused { .. } => format!(
                "SELECT pg_xact_status('{}'). If it says committed everything was kept, otherwise nothing was.",
                self.transaction
            ),
        }
    }
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
