//! Tries a plan's DDL on the target before any row is copied: every statement, in one transaction that is
//! rolled back.
//!
//! It shows what the server refuses for good: a name that is taken, a missing right, an extension that is not
//! there, own SQL that does not fit. What only the rows can show (a value too long for an index) it does not.

use super::names::names_taken;
use super::own_sql;
use crate::ledger::tables;
use crate::plan::model::{Disposition, Finding, Plan, Step};
use crate::plan::rules;
use crate::target::{Target, TargetError, TargetFault};

/// The object is not there: a statement before this one was refused.
const UNDEFINED: [&str; 2] = ["42P01", "42703"];

/// Tries the plan; what the server refuses comes as findings that block.
pub async fn load_check(target: &Target, plan: &Plan) -> Result<Vec<Finding>, TargetError> {
    let taken = names_taken(target, plan).await?;
    if !taken.is_empty() {
        return Ok(taken.iter().map(|name| finding_of_name(plan, name)).collect());
    }
    target.batch("BEGIN").await?;
    let tried = try_statements(target, plan).await;
    // A session that was lost has rolled back by itself.
    let ended = target.batch("ROLLBACK").await;
    let findings = tried?;
    ended?;
    Ok(findings)
}

async fn try_statements(target: &Target, plan: &Plan) -> Result<Vec<Finding>, TargetError> {
    let schema = format!("schema:{}", plan.choices.schema);
    if let Err(error) = tables::create_schema(target, &plan.choices.schema).await {
        // Without the schema nothing else can be tried.
        return Ok(vec![refusal(&schema, error)?]);
    }
    target.batch("SAVEPOINT tried").await?;
    let mut findings: Vec<Finding> = Vec::new();
    if let Err(error) = tables::create(target).await {
        findings.push(refusal(&format!("schema:{}", tables::SCHEMA), error)?);
        target.batch("ROLLBACK TO tried").await?;
    }
    let tables: Vec<String> = plan.tables.iter().map(|t| format!("table:{}", t.name)).collect();
    let tables = tables
        .iter()
        .zip(&plan.tables)
        .map(|(object, t)| (object.as_str(), t.create.as_str()));
    let before = plan.preparations.iter().map(as_pair);
    let after = plan.steps.iter().map(as_pair);
    for (object, sql) in before.chain(tables).chain(after) {
        if findings.iter().any(|finding| is_part_of(object, finding)) {
            continue;
        }
        target.batch("SAVEPOINT tried").await?;
        let Err(error) = target.batch(&own_sql::sealed(plan, object, sql)).await else {
            target.batch("RELEASE tried").await?;
            continue;
        };
        let follows = is_undefined(&error) && !findings.is_empty();
        let mut finding = refusal(object, error)?;
        finding.next = own_sql::mend(plan, object).unwrap_or(finding.next);
        target.batch("ROLLBACK TO tried").await?;
        // What stands on something refused says nothing of its own.
        if !follows {
            findings.push(finding);
        }
    }
    Ok(findings)
}

fn as_pair(step: &Step) -> (&str, &str) {
    (&step.object, &step.sql)
}

/// Whether an object is one of a table that was refused.
fn is_part_of(object: &str, refused: &Finding) -> bool {
    let Some(table) = refused.object.strip_prefix("table:") else {
        return false;
    };
    let rest = object
        .split_once(':')
        .and_then(|(_, name)| name.strip_prefix(table));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn is_undefined(error: &TargetError) -> bool {
    matches!(&error.fault, TargetFault::Sql(fault) if UNDEFINED.contains(&fault.sqlstate.as_str()))
}

/// A refusal by the server as a finding; anything else ends the attempt.
fn refusal(object: &str, error: TargetError) -> Result<Finding, TargetError> {
    if !matches!(error.fault, TargetFault::Sql(_) | TargetFault::MissingGrant(_)) {
        return Err(error);
    }
    Ok(Finding {
        disposition: Disposition::Blocked,
        rule: rules::DDL_REFUSED.to_owned(),
        object: object.to_owned(),
        detail: format!("the target refuses it: {}", error.fault),
        rows: 0,
        samples: Vec::new(),
        next: error.fault.next(),
    })
}

fn finding_of_name(plan: &Plan, name: &str) -> Finding {
    Finding {
        disposition: Disposition::Blocked,
        rule: rules::NAME_IN_USE.to_owned(),
        object: format!("target:{}.{name}", plan.choices.schema),
        detail: "the target already has something of this name".to_owned(),
        rows: 0,
        samples: Vec::new(),
        next:
            "Name an empty schema with --schema NAME, choose another name, or drop it if it is yours to drop."
                .to_owned(),
    }
}
