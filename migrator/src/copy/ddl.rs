//! The statements of a plan, and what their refusal means.

use super::own_sql;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::model::{Plan, Step, TablePlan};
use crate::plan::skip_flag;
use crate::quote::quote_ident;
use crate::target::{Target, TargetError, TargetFault};

/// What is kept when the server refuses an object after rows were copied.
const KEPT: &str = "What was copied is kept.";

/// Makes what the plan's tables need.
pub(super) async fn prepare(target: &Target, step: &Step) -> Result<(), Failure> {
    let done = target.batch(&step.sql).await;
    done.map_err(|error| unprepared(error, &step.object))
}

/// The name of a table as an object.
pub(super) fn table_object(table: &TablePlan) -> String {
    format!("table:{}", table.name)
}

/// Makes a table.
pub(super) async fn create_table(target: &Target, plan: &Plan, table: &TablePlan) -> Result<(), Failure> {
    let object = table_object(table);
    let done = target.batch(&own_sql::sealed(plan, &object, &table.create)).await;
    done.map_err(|error| at(error, plan, &object))
}

/// Runs what comes after the data.
pub(super) async fn run_step(target: &Target, plan: &Plan, step: &Step) -> Result<(), Failure> {
    let done = target
        .batch(&own_sql::sealed(plan, &step.object, &step.sql))
        .await;
    done.map_err(|error| at(error, plan, &step.object))
}

/// Gathers planner statistics of one table.
pub(super) async fn analyze_table(
    target: &Target,
    plan: &Plan,
    table: &TablePlan,
) -> Result<(), TargetError> {
    target.batch(&format!("ANALYZE {}", qualified(plan, table))).await
}

/// Gathers planner statistics; `each` hears of every table.
pub async fn analyze(target: &Target, plan: &Plan, mut each: impl FnMut(&str)) -> Result<(), TargetError> {
    for table in &plan.tables {
        each(&table.name);
        analyze_table(target, plan, table).await?;
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

/// What stands for NOCASE cannot be made: the server may lack ICU or the extension, or the role the right.
fn unprepared(error: TargetError, object: &str) -> Failure {
    let next = "Columns that compare by NOCASE need it: have an administrator make it in the schema \
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
            next: format!("{KEPT} {mend}"),
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
    let next = format!(
        "{KEPT} Leave the object out with {flag}, or change it in the source; then run the same command again."
    );
    Failure {
        exit: Exit::PlanBlocked,
        next,
        ..failure
    }
}
