//! The plan's findings as something one wants to read: `outgrow inspect`.
//!
//! Findings that say the same of several objects are told once, with the objects' names.

use std::fmt::Write;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use indicatif::{HumanBytes, HumanCount};
use outgrow_shared::ce1::Mode;

use super::binding;
use super::layout::{counted, folded, lines, shown};
use super::paint::{CYAN, GREEN, Paint, RED, YELLOW};
use crate::plan::model::{Disposition, Finding, Plan, SchemaMode, Todo};

/// The order in which findings matter, with their colours.
const ORDER: [(Disposition, &str); 3] = [
    (Disposition::Blocked, RED),
    (Disposition::Changed, CYAN),
    (Disposition::Skipped, YELLOW),
];

/// The longest text of an object that is shown, bytes: an expression, not a query.
const ORIGINAL_BYTES_MAX: usize = 80;

/// Columns before the text of a finding.
const INDENT: usize = 6;

/// Tables first, then what is blocked, changed, skipped, then what to do next. `command` is what migrates.
pub fn render(plan: &Plan, command: &str, paint: Paint) -> String {
    let source = &plan.source;
    let mut text = format!(
        "{}  {}  {}  {} journal  {} in {}\n\n{}\n",
        shown(&source.file_name),
        HumanBytes(source.size_bytes),
        source.encoding,
        source.journal_mode,
        counted(plan.rows(), "row"),
        counted(plan.tables.len() as u64, "table"),
        match plan.schema_mode {
            SchemaMode::Own => lines(&tables(plan)),
            SchemaMode::App => binding::render(plan),
        },
    );
    for (disposition, colour) in ORDER {
        // What is left to its owner has a section of its own, with less to read.
        let is_todo = |f: &&Finding| plan.todo.iter().any(|todo| todo.object == f.object);
        let findings: Vec<&Finding> = plan
            .with(disposition)
            .filter(|f| disposition != Disposition::Skipped || !is_todo(f))
            .collect();
        if findings.is_empty() {
            continue;
        }
        let title = format!("{} ({})", disposition.word(), findings.len());
        // Writing to a String cannot fail; the results here and below are dropped for that reason.
        let _ = writeln!(text, "\n{}", paint.bold(colour, &title));
        grouped(&findings)
            .iter()
            .for_each(|group| render_group(&mut text, group));
    }
    todo(&mut text, plan, paint);
    suggestions(&mut text, plan, paint);
    let _ = writeln!(
        text,
        "\n{} carried over as they are",
        counted(plan.converted.objects.len() as u64, "object")
    );
    let blocked = plan.with(Disposition::Blocked).count() as u64;
    let _ = if blocked == 0 {
        writeln!(text, "\n{}  {command}", paint.bold(GREEN, "Ready:"))
    } else {
        let what = format!("Blocked by {}", counted(blocked, "object"));
        let what = paint.bold(RED, &what);
        writeln!(
            text,
            "\n{what}; a migration would stop here with exit code 4, before anything is written."
        )
    };
    text
}

/// What is skipped because it has no equal: one reason each, short texts with it, and one advice for all.
fn todo(text: &mut String, plan: &Plan, paint: Paint) {
    let skipped: Vec<&Todo> = plan
        .todo
        .iter()
        .filter(|todo| plan.with(Disposition::Skipped).any(|f| f.object == todo.object))
        .collect();
    if skipped.is_empty() {
        return;
    }
    let title = format!("skipped, to be written for Postgres ({})", skipped.len());
    let _ = writeln!(text, "\n{}", paint.bold(YELLOW, &title));
    let mut reasons: Vec<&str> = Vec::new();
    for todo in &skipped {
        if !reasons.contains(&todo.why.as_str()) {
            reasons.push(&todo.why);
        }
    }
    for why in reasons {
        text.push_str(&folded(shown(why).split(' '), " ", 2));
        let objects: Vec<String> = skipped
            .iter()
            .filter(|t| t.why == why)
            .map(|t| named(t))
            .collect();
        text.push_str(&folded(objects.iter().map(String::as_str), ", ", INDENT));
    }
    let advice = "next: Do without, or write them under [choices.sql] of the plan, which holds their texts and what is lost \
                  without them.";
    paragraph(text, advice);
}

/// An object with its text, if that is short enough to be told by.
fn named(todo: &Todo) -> String {
    let original = todo.original.split_whitespace().collect::<Vec<_>>().join(" ");
    if original.len() <= ORIGINAL_BYTES_MAX {
        format!("{} ({})", shown(&todo.object), shown(&original))
    } else {
        shown(&todo.object)
    }
}

/// Types that columns could have as well, one line a column.
fn suggestions(text: &mut String, plan: &Plan, paint: Paint) {
    let columns = plan
        .tables
        .iter()
        .flat_map(|table| table.columns.iter().map(move |c| (table, c)));
    let columns: Vec<_> = columns
        .filter(|(_, column)| !column.could_be.is_empty())
        .collect();
    if columns.is_empty() {
        return;
    }
    let title = format!("could also be ({})", columns.len());
    let _ = writeln!(text, "\n{}", paint.bold(CYAN, &title));
    for (table, column) in columns {
        let others: Vec<String> = column.could_be.iter().map(ToString::to_string).collect();
        let object = shown(&format!("column:{}.{}", table.name, column.name));
        let _ = writeln!(text, "  {object}  {} -> {}", column.mapping, others.join(", "));
    }
    paragraph(
        text,
        "next: Every value would survive it. Choose it as mapping under [choices.columns] of the plan, if the application agrees.",
    );
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

/// Findings of one rule that differ in nothing but their object, in the order of their first ones.
fn grouped<'a>(findings: &[&'a Finding]) -> Vec<Vec<&'a Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        let alike =
            |group: &&mut Vec<&Finding>| group.first().is_some_and(|first| says_the_same(first, finding));
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

/// A finding with rows of its own is told on its own.
fn says_the_same(one: &Finding, other: &Finding) -> bool {
    one.rule == other.rule
        && one.detail == other.detail
        && one.rows + other.rows == 0
        && advice(one) == advice(other)
}

/// What its owner can do, with the object's name left open: `:NAME` wherever the name ends there.
fn advice(finding: &Finding) -> String {
    let Some((_, name)) = finding.object.split_once(':') else {
        return finding.next.clone();
    };
    let named = format!(":{name}");
    let mut text = String::new();
    let mut rest = finding.next.as_str();
    while let Some(place) = rest.find(&named) {
        let (before, after) = (&rest[..place], &rest[place + named.len()..]);
        text.push_str(before);
        let ends = !after.starts_with(|next: char| next.is_alphanumeric() || matches!(next, '_' | '.'));
        text.push_str(if ends { ":NAME" } else { &named });
        rest = after;
    }
    text + rest
}

fn render_group(text: &mut String, group: &[&Finding]) {
    let Some(first) = group.first() else { return };
    let _ = match group.len() {
        1 => writeln!(text, "  {}  [{}]", shown(&first.object), first.rule),
        count => writeln!(text, "  {count} objects  [{}]", first.rule),
    };
    paragraph(text, &shown(&first.detail));
    if !first.samples.is_empty() {
        let samples: Vec<String> = first.samples.iter().map(|s| shown(s)).collect();
        let more = if first.rows > samples.len() as u64 {
            ", ..."
        } else {
            ""
        };
        paragraph(text, &format!("rows: {}{more}", samples.join("; ")));
    }
    if !first.next.is_empty() {
        let next = if group.len() == 1 {
            first.next.clone()
        } else {
            advice(first)
        };
        paragraph(text, &format!("next: {}", shown(&next)));
    }
    if group.len() > 1 {
        let objects: Vec<String> = group.iter().map(|f| shown(&f.object)).collect();
        text.push_str(&folded(objects.iter().map(String::as_str), ", ", INDENT + 2));
    }
}

fn paragraph(text: &mut String, words: &str) {
    // What is to be copied into a shell stays on one line, spaces in names included.
    let (prose, option) = words.split_at(words.find("--skip '").unwrap_or(words.len()));
    let option = (!option.is_empty()).then_some(option);
    let pieces = prose.trim_end().split(' ').chain(option);
    text.push_str(&folded(pieces, " ", INDENT));
}
