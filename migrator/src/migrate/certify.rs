//! The certificate of a migration that is done, where its process ended before it was written.
//!
//! Between the last COMMIT and the certificate a process can still be killed. The same command then finds the run done
//! and its certificate missing; it reads both sides again and writes one. Where anything has changed since, this is
//! not that migration's to certify any more, and the command goes its usual way.

use std::sync::Arc;

use super::{Migrated, Request, keep, resume};
use crate::failure::Failure;
use crate::ledger::run::Unfinished;
use crate::report::certificate::{self, Level};
use crate::report::progress::Progress;
use crate::target::{Conninfo, connect};
use crate::verify::{self, snapshot};

/// Certifies the run, if its certificate is not there, and source and target still are what they were.
pub(super) async fn certify(
    done: &Unfinished,
    request: &Request,
    conninfo: &Conninfo,
    progress: &Arc<Progress>,
) -> Result<Option<Migrated>, Failure> {
    let Ok(path) = certificate::choose_path(request.certificate.as_deref(), done.id) else {
        return Ok(None);
    };
    let Some(job) = resume::same_job(done, request, progress).await? else {
        return Ok(None);
    };
    progress.note(&format!(
        "migration {} is done already, and has no certificate here: reading both sides again",
        done.id
    ));
    let target = connect(conninfo).await?;
    let facts = certificate::target_facts(&target).await?;
    // The application may be writing to it by now.
    snapshot::begin(&[&target]).await?;
    progress.begin("verify", Some(job.plan.stream_bytes()));
    let verified = match verify::verify(&[&target], &job, done.id, None, progress).await {
        Ok(verified) if verified.is_equal() => verified,
        // Tables that somebody dropped or changed since.
        Ok(_) | Err(_) => {
            progress.abandon();
            return Ok(None);
        }
    };
    progress.end("both sides EQUAL");
    let certificate = certificate::certify(&job.plan, &verified, &target, &facts, done.id, Level::FreshBoth);
    snapshot::end(&[&target]).await?;
    target.close().await;
    keep(&certificate, &path)?;
    Ok(Some(Migrated {
        certificate,
        path,
        plan: job.plan.clone(),
    }))
}
