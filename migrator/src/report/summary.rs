//! What a migration or a verification came to, in a screenful or in one line of JSON.

use std::fmt::Write;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use indicatif::HumanCount;
use outgrow_shared::ce1::Digest;
use serde_json::json;

use super::certificate;
use super::layout::{counted, lines, plural, shown};
use super::paint::{GREEN, Paint, RED};
use crate::migrate::Migrated;
use crate::plan::model::{Disposition, Plan};
use crate::verify::again::Outcome;
use crate::verify::{Difference, Verified};

/// Hex digits of a table's root that a person compares.
const SHORT_ROOT: usize = 16;

/// The summary of a migration.
pub fn render(migrated: &Migrated, paint: Paint) -> String {
    let certificate = &migrated.certificate;
    let roots = certificate
        .tables
        .iter()
        .map(|t| (t.name.as_str(), t.rows, t.chunks, t.root));
    let mut text = equal(certificate.rows, certificate.tables.len(), &migrated.plan, paint);
    let _ = writeln!(text, "\n{}", lines(&table(roots)));
    let _ = write!(
        text,
        "\n{}",
        root_lines(&certificate.source.root, &certificate.target.root)
    );
    text.push_str(&quarantine(
        certificate.tables.iter().map(|t| t.quarantined).sum(),
    ));
    text.push_str(&exceptions(&migrated.plan));
    let _ = writeln!(text, "  certificate  {}", migrated.path.display());
    text
}

/// The summary of a verification on its own.
pub fn render_verified(outcome: &Outcome, paint: Paint) -> String {
    let mut text = String::new();
    let Some(verified) = &outcome.verified else {
        let _ = writeln!(
            text,
            "{}  the tables are not as they were at the migration\n",
            paint.bold(RED, "DIFFERENT")
        );
        outcome
            .differences
            .listed
            .iter()
            .for_each(|d| text.push_str(&difference(d)));
        return text;
    };
    if outcome.is_equal() {
        let rows = verified.tables.iter().map(|t| t.target.rows).sum();
        text.push_str(&equal(rows, verified.tables.len(), &outcome.plan, paint));
    } else {
        text.push_str(&different(outcome, paint));
    }
    let _ = writeln!(text, "\n{}", lines(&table(own_roots(&outcome.plan, verified))));
    let _ = write!(
        text,
        "\n{}",
        root_lines(&verified.source_root, &verified.target_root)
    );
    text.push_str(&quarantine(verified.tables.iter().map(|t| t.quarantined).sum()));
    if let Some((_, path)) = &outcome.certificate {
        let _ = writeln!(text, "  certificate  {}", path.display());
    }
    text
}

/// The differences of a verification alone.
pub fn render_differences(outcome: &Outcome, paint: Paint) -> String {
    different(outcome, paint)
}

fn own_roots<'a>(
    plan: &'a Plan,
    verified: &'a Verified,
) -> impl Iterator<Item = (&'a str, u64, u64, Digest)> {
    let pairs = plan.tables.iter().zip(&verified.tables);
    pairs.map(|(table, roots)| {
        (
            table.name.as_str(),
            roots.target.rows,
            roots.target.chunks,
            roots.target.root,
        )
    })
}

fn equal(rows: u64, tables: usize, plan: &Plan, paint: Paint) -> String {
    let modulo = plan.modulo();
    let (word, apart) = if modulo.is_empty() {
        ("EQUAL".to_owned(), "")
    } else {
        let columns = counted(modulo.len() as u64, "column");
        (
            format!("EQUAL modulo {columns}"),
            ", apart from what the plan changes there",
        )
    };
    format!(
        "{}  {} in {}: source and target hold the same values{apart}\n",
        paint.bold(GREEN, &word),
        counted(rows, "row"),
        counted(tables as u64, "table")
    )
}

fn quarantine(values: u64) -> String {
    match values {
        0 => String::new(),
        _ => format!(
            "  quarantine   {} kept in _outgrow.quarantine\n",
            counted(values, "value")
        ),
    }
}

fn different(outcome: &Outcome, paint: Paint) -> String {
    let differences = &outcome.differences;
    let least = if differences.more { "at least " } else { "" };
    let verb = if differences.total == 1 {
        "differs"
    } else {
        "differ"
    };
    let mut text = format!(
        "{}  {least}{} {verb}\n\n",
        paint.bold(RED, "DIFFERENT"),
        counted(differences.total, "row"),
    );
    differences
        .listed
        .iter()
        .for_each(|d| text.push_str(&difference(d)));
    if differences.total > differences.listed.len() as u64 {
        let _ = writeln!(text, "  ... the first {} are shown", differences.listed.len());
    }
    text
}

fn difference(difference: &Difference) -> String {
    let mut text = format!(
        "  {:<8} {}  {}\n",
        difference.kind.word(),
        shown(&difference.table),
        shown(&difference.key)
    );
    for column in &difference.columns {
        let _ = writeln!(text, "           column {}", shown(&column.column));
        let _ = writeln!(text, "             source  {}", column.source);
        let _ = writeln!(text, "             target  {}", column.target);
    }
    text
}

fn table<'a>(rows: impl Iterator<Item = (&'a str, u64, u64, Digest)>) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_header(["table", "rows", "chunks", "root"]);
    for (name, rows, chunks, root) in rows {
        let short: String = root.to_hex().chars().take(SHORT_ROOT).collect();
        table.add_row([
            shown(name),
            HumanCount(rows).to_string(),
            chunks.to_string(),
            format!("{short}..."),
        ]);
    }
    for place in 1..=2 {
        if let Some(column) = table.column_mut(place) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn root_lines(source: &Digest, target: &Digest) -> String {
    format!("  source root  {source}\n  target root  {target}\n")
}

fn exceptions(plan: &Plan) -> String {
    let count = |disposition| plan.with(disposition).count();
    let (changed, skipped) = (count(Disposition::Changed), count(Disposition::Skipped));
    if changed + skipped == 0 {
        return String::new();
    }
    format!(
        "  exceptions   {changed} {} changed, {skipped} skipped; the certificate lists them\n",
        plural(changed as u64, "object")
    )
}

/// The last event of a migration under `--json`.
pub fn result_event(migrated: &Migrated) -> String {
    let event = json!({
        "event": "result", "verdict": migrated.certificate.verdict, "certificate_path": migrated.path,
        "certificate": migrated.certificate,
    });
    format!("{event}\n")
}

/// The last event of a verification under `--json`.
pub fn verified_event(outcome: &Outcome) -> String {
    let verdict = if outcome.is_equal() {
        certificate::verdict(&outcome.plan)
    } else {
        "DIFFERENT"
    };
    let roots = outcome.verified.as_ref().map(|v| (v.source_root, v.target_root));
    let event = json!({
        "event": "result", "verdict": verdict,
        "source_root": roots.map(|r| r.0), "target_root": roots.map(|r| r.1),
        "differences": outcome.differences,
        "certificate_path": outcome.certificate.as_ref().map(|(_, path)| path),
    });
    format!("{event}\n")
}
