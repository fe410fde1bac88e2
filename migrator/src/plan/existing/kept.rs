//! What becomes of rows that are on the target already: seeds by the policy that was chosen, migration ledgers by
//! what both sides say.
//!
//! A ledger is never copied over another: it tells what was done to the database that it lies in. Only an empty one
//! takes the source's entries.

use super::facts::{Facts, LedgerFact};
use super::ledgers::Agreement;
use super::seeds::{MERGED_ROWS_MAX, SeedPolicy};
use crate::plan::builder::{Builder, plain};
use crate::plan::model::{Disposition, Finding, Seeds};
use crate::plan::rules;
use crate::source::catalog::Table;
use crate::target::catalog::TargetTable;

/// Entries of a ledger that a finding names; the rest is counted.
const ENTRIES_NAMED_MAX: usize = 5;

/// A table on both sides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Both<'a> {
    /// The source's.
    pub table: &'a Table,
    /// The target's.
    pub target: &'a TargetTable,
    /// Rows in the source.
    pub rows: u64,
}

/// What the table's rows on the target mean for it; none if the source's rows are not copied.
pub(super) fn plan(
    builder: &mut Builder<'_>,
    both: &Both<'_>,
    ledger: Option<&LedgerFact>,
) -> Option<Option<Seeds>> {
    let object = format!("table:{}", both.table.name);
    // Whoever speaks of a ledger by name knows what it is.
    let (Some(ledger), None) = (ledger, builder.choices.own_seeds(&object)) else {
        return plan_seeds(builder, both);
    };
    if ledger.is_empty_on_target {
        let detail = format!(
            "the migration ledger of {} is empty on the target, and the source's entries are copied into it",
            ledger.framework
        );
        builder.find(Disposition::Changed, rules::LEDGER_COPIED, &object, detail);
        return Some(None);
    }
    note_ledger(builder, &object, ledger);
    builder.gone_with(&both.table.name);
    None
}

/// Whether a table without a partner is a ledger that lies in a schema of its own; it is compared then.
pub(super) fn is_ledger_elsewhere(
    builder: &mut Builder<'_>,
    facts: &Facts,
    table: &Table,
    place: usize,
) -> bool {
    let Some(ledger) = facts
        .ledgers
        .get(&place)
        .filter(|ledger| !ledger.is_empty_on_target)
    else {
        return false;
    };
    note_ledger(builder, &format!("table:{}", table.name), ledger);
    builder.gone_with(&table.name);
    true
}

fn note_ledger(builder: &mut Builder<'_>, object: &str, ledger: &LedgerFact) {
    let framework = ledger.framework;
    let (what, remedy) = match &ledger.agreement {
        Agreement::Same { entries } => {
            let detail = format!(
                "the migration ledger of {framework}: both sides are at the same migration ({} compared); the target's \
                 rows stay",
                entries.len()
            );
            return builder.find(Disposition::Skipped, rules::LEDGER, object, detail);
        }
        Agreement::Own { why } => {
            let detail =
                format!("the migration ledger of {framework}; not compared: {why}; the target's rows stay");
            return builder.find(Disposition::Skipped, rules::LEDGER, object, detail);
        }
        Agreement::Unfinished { in_source, in_target } => (
            format!(
                "the migration ledger of {framework} has migrations that are not finished{}{}",
                listed("in the source", in_source),
                listed("on the target", in_target)
            ),
            "Finish or repair them with the application",
        ),
        Agreement::Drift {
            only_in_source,
            only_in_target,
        } => (
            format!(
                "the migration ledger of {framework} says that both sides are not at the same migration{}{}",
                listed("only in the source", only_in_source),
                listed("only on the target", only_in_target)
            ),
            "Bring both sides to the same version of the application",
        ),
    };
    let next = format!(
        "{remedy}, then run again. If you know better, keep the target's rows with --seeds '{}=keep'.",
        object.replace('\'', "'\\''")
    );
    let finding = plain(Disposition::Blocked, rules::LEDGER_DRIFT, object, what);
    builder.add(Finding { next, ..finding });
}

/// `; only in the source: a, b and 3 more`.
fn listed(where_: &str, entries: &[String]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let named = entries[..entries.len().min(ENTRIES_NAMED_MAX)].join(", ");
    let more = entries.len().saturating_sub(ENTRIES_NAMED_MAX);
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    format!("; {where_}: {named}{more}")
}

/// What becomes of the rows that the target's table holds; none if the source's rows are not copied.
fn plan_seeds(builder: &mut Builder<'_>, both: &Both<'_>) -> Option<Option<Seeds>> {
    let Both {
        table,
        target,
        rows: source_rows,
    } = *both;
    let object = format!("table:{}", table.name);
    if target.rows == 0 {
        return Some(None);
    }
    let own = builder.choices.own_seeds(&object);
    let policy = own.or(builder.choices.seeds).unwrap_or_default();
    let rows = target.rows;
    match policy {
        SeedPolicy::Stop => {
            let detail = format!("its table on the target holds rows already; the source has {source_rows}");
            let name = format!("'{}=POLICY'", object.replace('\'', "'\\''"));
            let next = format!(
                "Say what becomes of them with --seeds {name}, or --seeds POLICY for all tables: replace (delete them), \
                 keep (copy nothing into the table), merge-identical (add what is not there yet)."
            );
            builder.add(Finding {
                rows,
                next,
                ..plain(Disposition::Blocked, rules::SEEDS, &object, detail)
            });
        }
        SeedPolicy::Replace => {
            let detail = format!("rows on the target that are deleted before the copy: {rows}");
            builder.find(Disposition::Changed, rules::SEEDS_REPLACED, &object, detail);
        }
        SeedPolicy::MergeIdentical if rows > MERGED_ROWS_MAX => {
            let detail = format!(
                "its table on the target holds {rows} rows, and at most {MERGED_ROWS_MAX} are merged"
            );
            let next = "Choose replace or keep for it.".to_owned();
            let finding = plain(Disposition::Blocked, rules::SEEDS, &object, detail);
            builder.add(Finding { next, ..finding });
        }
        SeedPolicy::MergeIdentical => {
            let detail =
                format!("rows on the target that stay, and must be in the source as they are: {rows}");
            builder.find(Disposition::Changed, rules::SEEDS_MERGED, &object, detail);
        }
        SeedPolicy::Keep => {
            let detail = format!(
                "the target's rows stay: {rows}; the source's are neither copied nor compared: {source_rows}"
            );
            builder.find(Disposition::Skipped, rules::SEEDS_KEPT, &object, detail);
            builder.gone_with(&table.name);
            return None;
        }
    }
    Some(Some(Seeds { rows, policy }))
}
