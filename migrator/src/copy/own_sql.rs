//! Statements with SQL of the owner in them: sent so that they cannot end the transaction they run in.
//!
//! Postgres runs no COMMIT, ROLLBACK or SAVEPOINT inside a function, so such a statement is made the body of one.
//! What it may do otherwise is its owner's to say; verification comes after it.

use std::borrow::Cow;

use crate::plan::model::Plan;
use crate::quote::{quote_ident, quote_literal};

/// The statement of an object as it is sent: as it is, or sealed where SQL of its owner is in it. Names without a
/// schema mean that of the tables then.
pub(super) fn sealed<'a>(plan: &Plan, object: &str, sql: &'a str) -> Cow<'a, str> {
    if of(plan, object).next().is_none() {
        return Cow::Borrowed(sql);
    }
    let path = quote_literal(&quote_ident(&plan.choices.schema));
    let Some((path, literal)) = path.zip(quote_literal(sql)) else {
        // A NUL: the server refuses the statement before it reads it.
        return Cow::Borrowed(sql);
    };
    let body = format!(
        "DECLARE path text := pg_catalog.current_setting('search_path'); \
         BEGIN PERFORM pg_catalog.set_config('search_path', {path}, true); EXECUTE {literal}; \
         PERFORM pg_catalog.set_config('search_path', path, true); END"
    );
    // Both parts are free of NUL, and so is the body.
    quote_literal(&body).map_or(Cow::Borrowed(sql), |body| Cow::Owned(format!("DO {body}")))
}

/// What to do when the server refuses the statement of an object that SQL of its owner is in.
pub(super) fn mend(plan: &Plan, object: &str) -> Option<String> {
    let names: Vec<String> = of(plan, object).map(|name| format!("\"{name}\"")).collect();
    (!names.is_empty()).then(|| {
        format!(
            "Mend your own SQL under [choices.sql] of the plan: {}.",
            names.join(", ")
        )
    })
}

/// The choices whose SQL is in the statement of an object: its own; of a table, those of its columns.
fn of<'a>(plan: &'a Plan, object: &'a str) -> impl Iterator<Item = &'a str> {
    let names = plan.choices.sql.keys().map(String::as_str);
    names.filter(move |name| *name == object || is_in_table(name, object))
}

fn is_in_table(name: &str, object: &str) -> bool {
    let of_column = ["default:", "generated:"]
        .iter()
        .find_map(|kind| name.strip_prefix(kind));
    let table = object.strip_prefix("table:");
    let rest = of_column
        .zip(table)
        .and_then(|(name, table)| name.strip_prefix(table));
    rest.is_some_and(|column| column.starts_with('.'))
}
