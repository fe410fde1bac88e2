//! The one transaction of a migration: its tables, what runs after the data, its record, its end.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::model::{Plan, SchemaMode, TablePlan};
use crate::plan::skip_flag;
use crate::quote::quote_ident;
use crate::target::{Target, TargetError, TargetFault};

use super::{ledger, own_sql, quarantine};

/// Names of the plan's tables and indexes ($2) that the schema holds already, whatever they are there. A table
/// ($3) also needs the name for its row type; array types make way by themselves.
const TAKEN_NAMES: &str = "SELECT c.relname::text FROM pg_catalog.pg_class c \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = $1 AND c.relname::text = ANY ($2) \
     UNION SELECT t.typname::text FROM pg_catalog.pg_type t \
     JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
     WHERE n.nspname = $1 AND t.typname::text = ANY ($3) AND t.typcategory <> 'A' ORDER BY 1";

/// Names the plan needs under which the target already has something.
pub(super) async fn names_taken(target: &Target, plan: &Plan) -> Result<Vec<String>, TargetError> {
    let tables = plan.target_names();
    let by_steps = plan.steps.iter().filter_map(|step| step.creates.clone());
    let names: Vec<String> = tables.iter().cloned().chain(by_steps).collect();
    let rows = target
        .client()
        .query(TAKEN_NAMES, &[&plan.choices.schema, &names, &tables])
        .await
        .map_err(|error| target.fault(&error))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Refuses a target that already has something under a name the plan needs.
pub async fn refuse_existing(target: &Target, plan: &Plan) -> Result<(), Failure> {
    let taken = names_taken(target, plan).await?;
    if taken.is_empty() {
        return Ok(());
    }
    let what = format!(
        "the target already has {} in schema {}",
        taken.join(", "),
        plan.choices.schema
    );
    let next = "Nothing was written. Name an empty schema with --schema NAME, or drop these first if they are \
                yours to drop.";
    Err(Failure::new(Exit::PlanBlocked, what, next).at(target.server()))
}

/// Whether a migration can be put on record in the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Records {
    /// It can.
    Kept,
    /// The role may not make the place for it; this would let it.
    Refused {
        /// A statement for an administrator.
        grant: String,
    },
}

/// Begins the transaction and makes the schemas.
pub async fn begin(target: &Target, plan: &Plan) -> Result<Records, Failure> {
    batch(target, "BEGIN").await?;
    // Two migrations into one database must not both make the schemas; the lock ends with the transaction.
    batch(target, ledger::LOCK).await?;
    if plan.schema_mode == SchemaMode::Own {
        create_schema(target, &plan.choices.schema).await?;
    }
    batch(target, "SAVEPOINT records").await?;
    let refusal = match create_records(target).await {
        Ok(()) => {
            batch(target, "RELEASE records").await?;
            return Ok(Records::Kept);
        }
        Err(error) => error,
    };
    if !matches!(refusal.fault, TargetFault::MissingGrant(_)) {
        return Err(refusal.into());
    }
    batch(target, "ROLLBACK TO records").await?;
    let grant = missing_grant(target).await?;
    if plan.tables.iter().any(TablePlan::sets_aside) {
        let what = "the role may not make schema _outgrow, where values are set aside in quarantine";
        let next =
            format!("Nothing was written. Have an administrator run: {grant}; or choose null instead.");
        return Err(Failure::new(Exit::TargetError, what, next).because(refusal));
    }
    Ok(Records::Refused { grant })
}

/// What would let the role keep records.
async fn missing_grant(target: &Target) -> Result<String, TargetError> {
    let there = "SELECT pg_catalog.to_regnamespace('_outgrow') IS NOT NULL";
    let row = target.client().query_one(there, &[]).await;
    let role = quote_ident(&target.facts().user);
    if row.map_err(|error| target.fault(&error))?.get(0) {
        return Ok(format!("GRANT USAGE, CREATE ON SCHEMA _outgrow TO {role}"));
    }
    let database = quote_ident(&target.facts().database);
    Ok(format!("GRANT CREATE ON DATABASE {database} TO {role}"))
}

/// Makes outgrow's own schema and tables where they are missing.
pub(super) async fn create_records(target: &Target) -> Result<(), TargetError> {
    create_schema(target, ledger::SCHEMA).await?;
    for (table, sql) in [("migration", ledger::CREATE), ("quarantine", quarantine::CREATE)] {
        // IF NOT EXISTS asks for the right to make tables all the same.
        if !may_insert(target, table).await? {
            batch(target, sql).await?;
        }
    }
    Ok(())
}

/// Whether outgrow has this table of its own already, and the role may write into it.
async fn may_insert(target: &Target, table: &str) -> Result<bool, TargetError> {
    let there = "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n \
                 ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2 \
                 AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'INSERT'))";
    let row = target.client().query_one(there, &[&ledger::SCHEMA, &table]).await;
    Ok(row.map_err(|error| target.fault(&error))?.get(0))
}

/// Makes a schema if it is missing.
pub(super) async fn create_schema(target: &Target, schema: &str) -> Result<(), TargetError> {
    let exists = "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1)";
    let row = target.client().query_one(exists, &[&schema]).await;
    // CREATE SCHEMA asks for a right that is not needed when the schema is there.
    if !row.map_err(|error| target.fault(&error))?.get::<_, bool>(0) {
        let sql = format!("CREATE SCHEMA {}", quote_ident(schema));
        batch(target, &sql).await?;
    }
    Ok(())
}

/// Makes what the plan's tables need, then the tables.
pub async fn create_tables(target: &Target, plan: &Plan) -> Result<(), Failure> {
    for step in &plan.preparations {
        batch(target, &step.sql)
            .await
            .map_err(|error| unprepared(error, &step.object))?;
    }
    for table in &plan.tables {
        let object = format!("table:{}", table.name);
        batch(target, &own_sql::sealed(plan, &object, &table.create))
            .await
            .map_err(|error| at(error, plan, &object))?;
    }
    Ok(())
}

/// Runs what comes after the data, then gathers planner statistics; `each` hears of every object.
pub async fn run_steps(target: &Target, plan: &Plan, mut each: impl FnMut(&str)) -> Result<(), Failure> {
    for step in &plan.steps {
        each(&step.object);
        batch(target, &own_sql::sealed(plan, &step.object, &step.sql))
            .await
            .map_err(|error| at(error, plan, &step.object))?;
    }
    analyze(target, plan, each).await?;
    Ok(())
}

/// Gathers planner statistics; `each` hears of every table.
pub async fn analyze(target: &Target, plan: &Plan, mut each: impl FnMut(&str)) -> Result<(), TargetError> {
    for table in &plan.tables {
        each(&table.name);
        batch(target, &format!("ANALYZE {}", qualified(plan, table))).await?;
    }
    Ok(())
}

/// A table on the target, quoted.
pub(super) fn qualified(plan: &Plan, table: &TablePlan) -> String {
    format!(
        "{}.{}",
        quote_ident(&plan.choices.schema),
        quote_ident(&table.target_name)
    )
}

/// Writes the record of the migration.
pub async fn write_record(
    target: &Target,
    plan: &Plan,
    run_id: uuid::Uuid,
    plan_json: &str,
    plan_sha256: &str,
    root: &str,
) -> Result<(), TargetError> {
    let sql = "INSERT INTO _outgrow.migration \
               (run_id, source_file, source_path_sha256, plan_sha256, plan, root) \
               VALUES ($1::text::uuid, $2, $3, $4, $5, $6)";
    let source = &plan.source;
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] = [
        &run_id.to_string(),
        &source.file_name,
        &source.path_sha256,
        &plan_sha256,
        &plan_json,
        &root,
    ];
    target
        .client()
        .execute(sql, &values)
        .await
        .map(|_| ())
        .map_err(|error| target.fault(&error))
}

/// Ends the transaction and keeps everything.
pub async fn commit(target: &Target) -> Result<(), TargetError> {
    batch(target, "COMMIT").await
}

pub(super) async fn batch(target: &Target, sql: &str) -> Result<(), TargetError> {
    target
        .client()
        .batch_execute(sql)
        .await
        .map_err(|error| target.fault(&error))
}

/// What stands for NOCASE cannot be made: the server may lack ICU or the extension, or the role the right.
fn unprepared(error: TargetError, object: &str) -> Failure {
    let next = "Nothing was kept. Columns that compare by NOCASE need it: have an administrator make it in the schema \
                of the tables, or choose another way with --nocase.";
    let failure = Failure::from(error);
    let place = format!("{object}, {}", failure.place);
    Failure {
        next: next.to_owned(),
        ..failure.at(place.trim_end_matches(", "))
    }
}

/// A refusal for what the object is or holds, such as a value too long for an index, blocks the plan like a
/// finding: the same object fails the next time too, and can be left out.
fn at(error: TargetError, plan: &Plan, object: &str) -> Failure {
    let blocks = error.fault.is_about_the_object() && !object.starts_with("identity:");
    let refused = matches!(error.fault, TargetFault::Sql(_));
    let failure = Failure::from(error);
    let place = format!("{object}, {}", failure.place);
    let failure = failure.at(place.trim_end_matches(", "));
    if let Some(mend) = own_sql::mend(plan, object).filter(|_| refused) {
        Failure {
            exit: Exit::PlanBlocked,
            next: format!("Nothing was kept. {mend}"),
            ..failure
        }
    } else if blocks {
        leave_out(failure, object)
    } else {
        failure
    }
}

/// Makes a refusal by the server one of the plan, with the way around it.
pub(super) fn leave_out(failure: Failure, object: &str) -> Failure {
    let flag = skip_flag(object);
    let next = format!("Nothing was kept. Change the object in the source, or leave it out with {flag}.");
    Failure {
        exit: Exit::PlanBlocked,
        next,
        ..failure
    }
}
