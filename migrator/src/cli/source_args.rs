//! The options that name the source and shape the plan, shared by `inspect`, `plan` and `migrate`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::runtime;
use crate::failure::Failure;
use crate::job::Job;
use crate::migrate::survey;
use crate::report::progress::{Progress, Show};

/// The source and what is left out of it.
#[derive(Debug, clap::Args)]
pub struct SourceArgs {
    /// The SQLite database file; a -wal file beside it is read too
    #[arg(value_name = "FILE")]
    pub source: PathBuf,
    /// Schema on the target that receives the tables; made if it is missing
    #[arg(long, value_name = "NAME", default_value = "public")]
    pub schema: String,
    /// Leave an object out, by the name `inspect` gives it, for example index:orders.ix_date; repeatable
    #[arg(long, value_name = "OBJECT")]
    pub skip: Vec<String>,
}

impl SourceArgs {
    /// The objects to leave out.
    pub fn skipped(&self) -> BTreeSet<String> {
        self.skip.iter().cloned().collect()
    }

    /// Reads the source and makes the plan.
    pub fn survey(&self) -> Result<Arc<Job>, Failure> {
        let progress = Arc::new(Progress::new(Show::Human));
        runtime::run(survey(&self.source, &self.schema, &self.skipped(), &progress))
            .inspect_err(|_| progress.abandon())
    }
}
