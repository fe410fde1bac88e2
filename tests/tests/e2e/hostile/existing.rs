//! What an owner decides who fills tables that are there already, when these came of an earlier plan.

use outgrow_migrator::plan::choices::Choices;
use outgrow_migrator::plan::model::{Disposition, Finding, Plan};
use outgrow_migrator::plan::rules;

/// The choices under which the same rows come into the same tables.
pub fn choices(plan: &Plan) -> Choices {
    let mut choices = Choices::into_schema(&plan.choices.schema);
    choices.into_existing = true;
    for finding in plan.with(Disposition::Skipped) {
        if finding.object.starts_with("table:") {
            choices.skip.insert(finding.object.clone());
        }
    }
    for table in &plan.tables {
        let name = &table.name;
        if *name != table.target_name {
            choices
                .names
                .insert(format!("table:{name}"), table.target_name.clone());
        }
        for column in &table.columns {
            let object = format!("column:{name}.{}", column.name);
            if column.name != column.target_name {
                choices.names.insert(object.clone(), column.target_name.clone());
            }
            let first = plan.choices.column(&object);
            if let Some(generated) = first.and_then(|choice| choice.generated) {
                choices.columns.entry(object.clone()).or_default().generated = Some(generated);
            }
            let taken_out = column.values.iter().filter(|(_, policy)| policy.takes_out());
            for (kind, policy) in taken_out {
                let choice = choices.columns.entry(object.clone()).or_default();
                choice.values.insert(*kind, *policy);
            }
        }
    }
    choices
}

/// Leaves out what the first plan left out; false if something else is in the way.
pub fn answer(choices: &mut Choices, finding: &Finding) -> bool {
    let is_left_out = [rules::BINDING_COLUMN, rules::GENERATED].contains(&finding.rule.as_str());
    is_left_out && choices.skip.insert(finding.object.clone())
}
