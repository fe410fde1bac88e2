//! The plan's findings as something one wants to read: `outgrow inspect`.

use std::fmt::Write;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use indicatif::{HumanBytes, HumanCount};
use outgrow_shared::ce1::Mode;

use crate::plan::model::{Disposition, Finding, Plan};

/// Tables first, then what is blocked, skipped, changed, then what to do next.
pub fn render(plan: &Plan) -> String {
    let mut text = String::new();
    let source = &plan.source;
    // Writing to a String cannot fail; the results below are dropped for that reason.
    let _ = writeln!(
        text,
        "{}  {}  {}  {} journal  {} rows in {} tables\n",
        shown(&source.file_name),
        HumanBytes(source.size_bytes),
        source.encoding,
        source.journal_mode,
        HumanCount(plan.rows()),
        plan.tables.len(),
    );
    let _ = writeln!(text, "{}", tables(plan));
    for disposition in [Disposition::Blocked, Disposition::Skipped, Disposition::Changed] {
        let findings: Vec<&Finding> = plan.with(disposition).collect();
        if findings.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n{} ({})", disposition.word(), findings.len());
        findings
            .iter()
            .for_each(|finding| render_finding(&mut text, finding));
    }
    let blocked = plan.with(Disposition::Blocked).count();
    let last = match blocked {
        0 => format!(
            "Ready: `outgrow migrate {} --to postgres://...`",
            shown(&source.file_name)
        ),
        1 => "Blocked by 1 object; a migration would stop here with exit code 4.".to_owned(),
        n => format!("Blocked by {n} objects; a migration would stop here with exit code 4."),
    };
    let _ = writeln!(text, "\n{last}");
    text
}

fn tables(plan: &Plan) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_header(["table", "rows", "bytes", "columns", "verified"]);
    for planned in &plan.tables {
        let order = match planned.mode {
            Mode::Keyed => "by key",
            Mode::Bucket => "by digest (no usable key)",
        };
        table.add_row([
            shown(&planned.name),
            HumanCount(planned.rows).to_string(),
            HumanBytes(planned.bytes).to_string(),
            planned.columns.len().to_string(),
            order.to_owned(),
        ]);
    }
    for place in 1..=3 {
        if let Some(column) = table.column_mut(place) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn render_finding(text: &mut String, finding: &Finding) {
    let _ = writeln!(text, "  {}  [{}]", shown(&finding.object), finding.rule);
    let _ = writeln!(text, "      {}", shown(&finding.detail));
    if !finding.samples.is_empty() {
        let samples: Vec<String> = finding.samples.iter().map(|s| shown(s)).collect();
        let more = if finding.rows > samples.len() as u64 {
            ", ..."
        } else {
            ""
        };
        let _ = writeln!(text, "      rows: {}{more}", samples.join("; "));
    }
    if !finding.next.is_empty() {
        let _ = writeln!(text, "      next: {}", shown(&finding.next));
    }
}

/// Text from the source as it can go to a terminal: control characters and newlines escaped, quotes kept.
pub fn shown(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            if c.is_control() {
                c.escape_default().collect()
            } else {
                vec![c]
            }
        })
        .collect()
}
