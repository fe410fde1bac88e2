//! Steps of a run by kind: what the plan asks for, and what of it the ledger has.

use std::collections::HashSet;

use super::model::StepsStatus;
use crate::plan::model::Plan;

/// Kinds in the order in which their steps come.
const KINDS: [&str; 7] = [
    "schema",
    "tables",
    "keys",
    "indexes",
    "constraints",
    "others",
    "statistics",
];

/// The kind of a step, by its name in the ledger.
fn kind(step: &str) -> &'static str {
    match step.split(':').next().unwrap_or_default() {
        "schema" | "collation" | "extension" => "schema",
        "table" => "tables",
        "primary-key" | "unique" | "identity" => "keys",
        "index" => "indexes",
        "foreign-key" | "check" => "constraints",
        "analyze" => "statistics",
        _ => "others",
    }
}

/// Every step that a plan asks for, by its name in the ledger.
fn planned(plan: &Plan) -> impl Iterator<Item = String> {
    let of_tables = |kind: &'static str| {
        plan.tables
            .iter()
            .map(move |table| format!("{kind}:{}", table.name))
    };
    let named = |steps: &'_ [crate::plan::model::Step]| -> Vec<String> {
        steps.iter().map(|step| step.object.clone()).collect()
    };
    std::iter::once("schema".to_owned())
        .chain(named(&plan.preparations))
        .chain(of_tables("table"))
        .chain(named(&plan.steps))
        .chain(of_tables("analyze"))
}

/// What is done and what is not; kinds of which the plan asks for nothing are left out.
pub(super) fn by_kind(plan: &Plan, done: &HashSet<&str>) -> Vec<StepsStatus> {
    let mut kinds = KINDS.map(|kind| StepsStatus {
        kind,
        steps_done: 0,
        steps_total: 0,
        to_do: Vec::new(),
    });
    for step in planned(plan) {
        let kind = kind(&step);
        let Some(of_kind) = kinds.iter_mut().find(|known| known.kind == kind) else {
            continue;
        };
        of_kind.steps_total += 1;
        if done.contains(step.as_str()) {
            of_kind.steps_done += 1;
        } else {
            of_kind.to_do.push(step);
        }
    }
    kinds.into_iter().filter(|kind| kind.steps_total > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_step_is_listed_and_names_may_hold_colons() {
        for (step, expected) in [
            ("schema", "schema"),
            ("extension:citext", "schema"),
            ("table:a:b", "tables"),
            ("primary-key:a", "keys"),
            ("identity:a.id", "keys"),
            ("index:a.ix", "indexes"),
            ("foreign-key:a.1", "constraints"),
            ("view:v", "others"),
            ("analyze:a", "statistics"),
            ("something new", "others"),
        ] {
            assert_eq!(kind(step), expected, "{step}");
            assert!(KINDS.contains(&kind(step)));
        }
    }
}
