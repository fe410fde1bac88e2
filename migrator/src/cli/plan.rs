//! `outgrow plan`: the plan itself, to review before anything is written.

use std::path::PathBuf;

use super::runtime;
use super::source_args::SourceArgs;
use super::target_args::TargetArgs;
use crate::copy::load_check;
use crate::existing::rehearse;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::file;
use crate::plan::model::{Disposition, Finding, Plan, SchemaMode};
use crate::plan::rules;
use crate::report::layout::counted;
use crate::report::progress::{Progress, Show};
use crate::target::{Conninfo, Environment, Target, connect};

/// Write the plan of a migration: types, DDL, and what is changed, skipped or blocked
///
/// The plan is TOML, to be reviewed, edited under [choices], and given to `outgrow migrate --plan`. Exit code 4 says
/// that something in it is blocked. With a target every statement is tried there, in a transaction that is rolled
/// back. Keeps nothing in any database.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  outgrow plan app.db\n  outgrow plan app.db -o plan.toml --to postgres://me@db.example.org/app"
)]
pub struct Args {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    target: TargetArgs,
    /// Write the plan to a new file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print JSON instead of TOML
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let conninfo = args.target.conninfo_if_named(&Environment::of_this_process())?;
    let job = args.source.survey(conninfo.as_ref())?;
    let mut plan = job.plan.clone();
    if let Some(conninfo) = &conninfo {
        plan.findings.extend(try_on(conninfo, &job.plan)?);
        plan.findings.sort_by_key(|finding| finding.disposition);
    }
    let text = if args.json {
        json(&plan)
    } else {
        file::text(&plan)?
    };
    match &args.output {
        Some(path) => {
            file::write_new(path, &text)?;
            Progress::new(Show::Human).note(&format!("{}: {}", path.display(), counts(&plan)));
        }
        None => super::print(&text)?,
    }
    let blocked = plan.with(Disposition::Blocked).count();
    Ok(if blocked > 0 {
        Exit::PlanBlocked
    } else {
        Exit::Done
    })
}

/// `2 objects blocked, 1 changed, 6 skipped, 21 as they are`.
fn counts(plan: &Plan) -> String {
    let of = |disposition| plan.with(disposition).count() as u64;
    format!(
        "{} blocked, {} changed, {} skipped, {} as they are",
        counted(of(Disposition::Blocked), "object"),
        of(Disposition::Changed),
        of(Disposition::Skipped),
        plan.converted.objects.len()
    )
}

fn try_on(conninfo: &Conninfo, plan: &Plan) -> Result<Vec<Finding>, Failure> {
    let progress = Progress::new(Show::Human);
    runtime::run(async {
        let target = connect(conninfo).await?;
        let (tried, findings) = match plan.schema_mode {
            SchemaMode::Own => {
                let statements = plan.preparations.len() + plan.tables.len() + plan.steps.len();
                let tried = counted(statements as u64, "statement");
                (tried, load_check(&target, plan).await?)
            }
            SchemaMode::App => rehearsed(&target, plan).await,
        };
        progress.note(&format!("{tried} tried on {} and rolled back", target.server()));
        target.close().await;
        Ok(findings)
    })
}

/// Takes keys and triggers of the application's tables off and puts them back; what is refused blocks.
async fn rehearsed(target: &Target, plan: &Plan) -> (String, Vec<Finding>) {
    let schema = &plan.choices.schema;
    let tables = plan.target_names();
    match rehearse(target, schema, &tables).await {
        Ok(guards) => (format!("{guards} foreign keys and triggers"), Vec::new()),
        Err(failure) => {
            let finding = Finding {
                disposition: Disposition::Blocked,
                rule: rules::TARGET_RIGHTS.to_owned(),
                object: format!("schema:{schema}"),
                detail: failure.what.clone(),
                rows: 0,
                samples: Vec::new(),
                next: failure.next.clone(),
            };
            ("foreign keys and triggers".to_owned(), vec![finding])
        }
    }
}

/// The plan as JSON, indented.
pub fn json(plan: &Plan) -> String {
    // Our own structs have string keys, so this cannot fail.
    let text = serde_json::to_string_pretty(plan).unwrap_or_default();
    format!("{text}\n")
}
