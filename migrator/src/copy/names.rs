//! Names that a plan needs in the target, and what is there under them already.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::ledger::record;
use crate::ledger::run::{self, Unfinished};
use crate::ledger::tables::may_read;
use crate::plan::model::Plan;
use crate::target::{Target, TargetError};

/// Names of the plan's tables and indexes ($2) that the schema holds already, whatever they are there. A table
/// ($3) also needs the name for its row type; array types make way by themselves.
const TAKEN_NAMES: &str = "SELECT c.relname::text FROM pg_catalog.pg_class c \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = $1 AND c.relname::text = ANY ($2) \
     UNION SELECT t.typname::text FROM pg_catalog.pg_type t \
     JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
     WHERE n.nspname = $1 AND t.typname::text = ANY ($3) AND t.typcategory <> 'A' ORDER BY 1";

/// Names that a refusal tells.
const NAMED_MAX: usize = 5;

/// What migrations of this very source ($2) that have not come to their end made in the schema ($1).
const OWN_NAMES: &str = "SELECT c.relname::text FROM _outgrow.step s JOIN _outgrow.run r USING (run_id) \
     JOIN pg_catalog.pg_class c ON c.oid = s.made_object \
     WHERE r.state = 'running' AND r.target_schema = $1 AND r.source_path_sha256 = $2";

/// Names the plan needs under which the target already has something that this migration did not make.
pub(super) async fn names_taken(target: &Target, plan: &Plan) -> Result<Vec<String>, TargetError> {
    let tables = plan.target_names();
    let by_steps = plan.steps.iter().filter_map(|step| step.creates.clone());
    let names: Vec<String> = tables.iter().cloned().chain(by_steps).collect();
    let rows = target
        .client()
        .query(TAKEN_NAMES, &[&plan.choices.schema, &names, &tables])
        .await
        .map_err(|error| target.fault(&error))?;
    let own = own_names(target, plan).await?;
    let taken = rows.iter().map(|row| row.get::<_, String>(0));
    Ok(taken.filter(|name| !own.contains(name)).collect())
}

/// Refuses a target that already has something under a name the plan needs.
pub async fn refuse_existing(target: &Target, plan: &Plan) -> Result<(), Failure> {
    let taken = names_taken(target, plan).await?;
    if taken.is_empty() {
        return Ok(());
    }
    let what = format!(
        "the target already has {} in schema {}",
        named(&taken),
        plan.choices.schema
    );
    let failure = Failure::new(Exit::PlanBlocked, what, "").at(target.server());
    let next = if let Some(record) =
        record::latest_of(target, &plan.source.path_sha256, &plan.choices.schema).await?
    {
        format!(
            "This file was migrated there at {} (run {}); `outgrow verify` tells whether both still hold the same. To \
             migrate it anew, name an empty schema with --schema NAME.",
            record.finished_at, record.run_id
        )
    } else if let Some(run) = unfinished_with(target, &plan.choices.schema, &taken).await? {
        format!(
            "They were made by the unfinished migration {} of {}, begun at {} from another path. If it is this file, move \
             it back to where it was: the same command goes on then. Else name an empty schema with --schema NAME.",
            run.id,
            run.source_file.escape_debug(),
            run.began_at
        )
    } else {
        "Nothing was written. Name an empty schema with --schema NAME, or drop these first if they are yours to drop."
            .to_owned()
    };
    Err(Failure { next, ..failure })
}

/// The unfinished migration into the schema that has a table of one of these names.
async fn unfinished_with(
    target: &Target,
    schema: &str,
    names: &[String],
) -> Result<Option<Unfinished>, TargetError> {
    let has_one = |run: &Unfinished| {
        let plan: serde_json::Value = serde_json::from_str(&run.plan).unwrap_or_default();
        let tables = plan["tables"].as_array().into_iter().flatten();
        tables
            .into_iter()
            .any(|table| names.iter().any(|name| table["target_name"] == name.as_str()))
    };
    let runs = run::unfinished(target, schema).await?;
    Ok(runs.into_iter().find(has_one))
}

/// The first names of a list, and how many more there are.
fn named(names: &[String]) -> String {
    let first = names[..names.len().min(NAMED_MAX)].join(", ");
    match names.len().saturating_sub(NAMED_MAX) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

async fn own_names(target: &Target, plan: &Plan) -> Result<Vec<String>, TargetError> {
    if !may_read(target, "run").await? {
        return Ok(Vec::new());
    }
    let rows = target
        .client()
        .query(OWN_NAMES, &[&plan.choices.schema, &plan.source.path_sha256])
        .await
        .map_err(|error| target.fault(&error))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
