//! The options that name the source and shape the plan, shared by `inspect`, `plan` and `migrate`.

use std::path::PathBuf;
use std::sync::Arc;

use super::runtime;
use crate::failure::Failure;
use crate::job::Job;
use crate::migrate::survey;
use crate::plan::choices::{Choices, DEFAULT_SCHEMA};
use crate::report::layout::quoted;
use crate::report::progress::{Progress, Show};

/// The source and what is left out of it.
#[derive(Debug, clap::Args)]
pub struct SourceArgs {
    /// The SQLite database file; a -wal file beside it is read too
    #[arg(value_name = "FILE")]
    pub source: PathBuf,
    /// Schema on the target that receives the tables; made if it is missing
    #[arg(long, value_name = "NAME", default_value = DEFAULT_SCHEMA)]
    pub schema: String,
    /// Leave this object out, by the name `inspect` gives it, such as index:orders.ix_date; repeatable
    #[arg(long, value_name = "OBJECT")]
    pub skip: Vec<String>,
}

impl SourceArgs {
    /// What was decided by flags.
    pub fn choices(&self) -> Choices {
        Choices {
            skip: self.skip.iter().cloned().collect(),
            ..Choices::into_schema(&self.schema)
        }
    }

    /// The command that migrates what was asked for, to be copied into a shell.
    pub fn migrate_command(&self) -> String {
        let mut words = vec![
            "outgrow migrate".to_owned(),
            quoted(&self.source.to_string_lossy()),
        ];
        if self.schema != DEFAULT_SCHEMA {
            words.push(format!("--schema {}", quoted(&self.schema)));
        }
        words.extend(
            self.skip
                .iter()
                .map(|object| format!("--skip {}", quoted(object))),
        );
        words.push("--to postgres://USER@HOST/DATABASE".to_owned());
        words.join(" ")
    }

    /// Reads the source and makes the plan.
    pub fn survey(&self) -> Result<Arc<Job>, Failure> {
        let progress = Arc::new(Progress::new(Show::Human));
        runtime::run(survey(&self.source, &self.choices(), &progress)).inspect_err(|_| progress.abandon())
    }
}
