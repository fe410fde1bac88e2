//! The migration from end to end: source -> census -> plan -> copy -> verify -> report.
//!
//! It reads as the order of the data. Each stage owns its own rules; this folder owns only their sequence, and that
//! no migration comes to its end unless verification found both sides equal. Tables of outgrow's own are filled step
//! by step (`own`), an application's in one transaction (`existing`).

mod certify;
mod existing;
mod own;
mod resume;
mod retry;

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::Duration;

use uuid::Uuid;

use crate::copy::Limits;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::Job;
use crate::ledger::run::Unfinished;
use crate::ledger::steps;
use crate::plan::choices::Choices;
use crate::plan::file::Reviewed;
use crate::plan::model::{Disposition, Plan, SchemaMode};
use crate::report::certificate::{self, Certificate};
use crate::report::layout::counted;
use crate::report::progress::Progress;
use crate::survey::survey;
use crate::target::{Conninfo, Target, connect};
use crate::verify::digest::TableDigest;
use crate::verify::{self, Verified};

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
    /// How fast, and how patient.
    pub pace: Pace,
    /// Whether to drop what an unfinished migration of this source made, and begin anew.
    pub restart: bool,
}

/// What the owner of the data decided.
#[derive(Debug, Clone, Default)]
pub struct Mandate {
    /// The choices.
    pub choices: Choices,
    /// The plan they come from, where it is to be carried out as it was reviewed.
    pub reviewed: Option<Reviewed>,
}

/// How much at a time, how many side by side, and how long to wait.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Sessions on the target.
    pub jobs: usize,
    /// How much a transaction holds, and how long a COPY may stand still.
    pub limits: Limits,
    /// How long to go on trying while the server cannot be reached or refuses to work.
    pub retry_for: Duration,
}

impl Pace {
    /// Sessions if nothing else is said: more would wait for the readers of the source.
    const JOBS_MAX: usize = 4;

    /// What a machine with so many cores is asked to do.
    pub fn of_cores(cores: usize) -> Self {
        Self {
            // Two even on one core: a server elsewhere has its own.
            jobs: cores.clamp(2, Self::JOBS_MAX),
            limits: Limits {
                // A second or two of copying: little to do again, and few commits.
                transaction_bytes: 64 * 1024 * 1024,
                // Longer than any checkpoint of a sound server keeps a session waiting.
                stall: Duration::from_secs(120),
            },
            // A failover or a restart takes a minute or two.
            retry_for: Duration::from_secs(300),
        }
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self::of_cores(thread::available_parallelism().map_or(1, NonZero::get))
    }
}

/// What a signal would interrupt: how much of the migration stays if it ends now.
#[derive(Debug, Default)]
pub struct Standing(AtomicU8);

impl Standing {
    const NOTHING: u8 = 0;
    const KEPT: u8 = 1;
    const COMMITTING: u8 = 2;

    /// Whether it is committing: from there on it is ended by its own answer, not by a signal.
    pub fn is_committing(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::COMMITTING
    }

    /// Whether what was copied stays and the next run goes on.
    pub fn is_kept(&self) -> bool {
        self.0.load(Ordering::Acquire) != Self::NOTHING
    }

    fn kept(&self) {
        self.0.store(Self::KEPT, Ordering::Release);
    }

    fn committing(&self) {
        self.0.store(Self::COMMITTING, Ordering::Release);
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
    standing: &Standing,
) -> Result<Migrated, Failure> {
    certificate::prepare();
    // A wrong password should show before an hour of reading, not after.
    let target = connect(conninfo).await?;
    let found = target.in_time(resume::find(&target, request)).await?;
    if request.restart && !found.is_empty() {
        own::restart(conninfo, &request.mandate.choices.schema, &found, progress).await?;
        return begin_or_go_on(request, conninfo, target, None, (progress, standing)).await;
    }
    if found.is_empty()
        && !request.restart
        && let Some(done) = target.in_time(resume::find_done(&target, request)).await?
        && let Some(migrated) = certify::certify(&done, request, conninfo, progress).await?
    {
        return Ok(migrated);
    }
    begin_or_go_on(request, conninfo, target, found.last(), (progress, standing)).await
}

async fn begin_or_go_on(
    request: &Request,
    conninfo: &Conninfo,
    target: Target,
    unfinished: Option<&Unfinished>,
    (progress, standing): (&Arc<Progress>, &Standing),
) -> Result<Migrated, Failure> {
    let run_id = unfinished.map_or_else(Uuid::now_v7, |run| run.id);
    let path = certificate::choose_path(request.certificate.as_deref(), run_id)?;
    if let Some(run) = unfinished {
        progress.note(&format!(
            "going on with migration {run_id}, begun at {}",
            run.began_at
        ));
        // Without it, what the run made would be taken for an application's.
        resume::plan_of(run)?;
    }
    let same = match unfinished {
        Some(run) => resume::same_job(run, request, progress).await?,
        None => None,
    };
    let job = match same {
        Some(job) => job,
        None => survey(&request.source, &request.mandate, Some(&target), progress).await?,
    };
    refuse_blocked(&job.plan)?;
    if job.plan.schema_mode == SchemaMode::App {
        if let Some(run) = unfinished {
            let what = format!(
                "migration {} into this schema is unfinished, and made tables of its own there",
                run.id
            );
            let next = "Go on with it without --into-existing, or drop what it made with --restart.";
            return Err(Failure::new(Exit::PlanBlocked, what, next));
        }
        let migration = existing::Migration {
            request,
            conninfo,
            job: &job,
            run_id,
            path,
            progress,
            standing,
        };
        return migration.run(target).await;
    }
    let mut left_out = Vec::new();
    if let Some(run) = unfinished {
        let done = target.in_time(steps::load(&target, run_id)).await?;
        let begun = resume::plan_of(run)?;
        resume::refuse_changed(&begun, &job.plan, &done)?;
        left_out = resume::left_out(&begun, &job.plan);
    }
    target.close().await;
    let migration = own::Migration {
        request,
        conninfo,
        job,
        run: run_id,
        begun: unfinished.is_some(),
        left_out,
        path,
        progress,
        standing,
        certificate: None,
    };
    migration.run().await
}

/// Reads everything back and compares; anything but EQUAL ends the migration.
async fn prove(
    targets: &[&Target],
    job: &Arc<Job>,
    run: Uuid,
    digests: Vec<TableDigest>,
    progress: &Arc<Progress>,
) -> Result<Verified, Failure> {
    let plan = &job.plan;
    progress.begin("verify", Some(plan.stream_bytes()));
    let verified = verify::verify(targets, job, run, Some(digests), progress).await?;
    if !verified.is_equal() {
        let what = format!(
            "verification found {} rows DIFFERENT{}",
            verified.differences.total,
            match plan.schema_mode {
                SchemaMode::App => ", nothing was kept",
                SchemaMode::Own => "; the rows are there to be looked at, and --restart begins anew",
            }
        );
        let next = if plan.choices.sql.is_empty() && plan.schema_mode == SchemaMode::Own {
            "If somebody else wrote into these tables, or a trigger or another table's heirs change what they hold, end \
             that and begin anew with --restart. Else this is a fault of outgrow or of the server; please report it \
             with the lines above."
        } else if plan.choices.sql.is_empty() {
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
