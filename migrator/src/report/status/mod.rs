//! How a migration stands, in a screenful: state, pace, tables, steps, sessions, and what is in the way.
//!
//! Every line fits `WIDTH` columns; only a command that is there to be copied is never torn.

mod bar;
mod sessions;

use std::fmt::Write;
use std::time::Duration;

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Row, Table, Width};
use indicatif::{HumanBytes, HumanCount, HumanDuration};

use self::bar::bar;
use self::sessions::{blockers, told};
use super::layout::{counted, lines, shown};
use super::paint::{GREEN, Paint, RED, TITLE, YELLOW};
use crate::status::model::{Pace, Report, State, Status, StepsStatus, TableState, TableStatus};

/// Columns of a terminal that nobody has made wider; the last one stays free.
const WIDTH: u16 = 79;

/// Tables that are listed; a screen has no room for more.
const TABLES_LISTED_MAX: usize = 15;

/// Steps still to do that are named.
const STEPS_NAMED_MAX: usize = 4;

/// Columns of a table's name.
const NAME_WIDTH_MAX: u16 = 24;

/// Characters between the ends of a bar.
const BAR_WIDTH: u64 = 28;
const TABLE_BAR_WIDTH: u64 = 10;

/// The report as text.
pub fn render(report: &Report, paint: Paint) -> String {
    let runs: Vec<String> = report.runs.iter().map(|run| render_run(run, paint)).collect();
    let mut text = runs.join("\n");
    if !report.also_unfinished.is_empty() {
        let named = report.also_unfinished.join(", ");
        let line = ("also", format!("not finished, see --run: {named}"));
        let _ = write!(text, "\n{}", card([line]));
    }
    text
}

/// The report as one line of JSON.
pub fn to_json(report: &Report) -> serde_json::Result<String> {
    Ok(format!("{}\n", serde_json::to_string(report)?))
}

fn render_run(run: &Status, paint: Paint) -> String {
    let mut text = format!("{}  {}\n", paint.bold(colour(run), word(run)), title(run));
    text.push_str(&card(about(run)));
    if run.state != State::Discarded {
        let _ = write!(text, "\n{}", card(progress(run)));
        if !run.tables.is_empty() {
            let _ = writeln!(text, "\n{}", tables(&run.tables));
        }
    }
    let rest = [work(run), blockers(&run.blockers), notes(run)].concat();
    if !rest.is_empty() {
        let _ = write!(text, "\n{}", card(rest));
    }
    if let Some(next) = &run.next {
        let title = paint.bold(TITLE, "To go on with it, run the same command again:");
        let _ = writeln!(text, "\n{title}\n  {}", shown(next));
    }
    text
}

fn word(run: &Status) -> &'static str {
    match run.state {
        State::Running if !run.blockers.is_empty() => "BLOCKED",
        State::Running => "RUNNING",
        State::Stopped => "STOPPED",
        State::Done => "DONE",
        State::Discarded => "DISCARDED",
    }
}

fn colour(run: &Status) -> &'static str {
    match run.state {
        State::Running if !run.blockers.is_empty() => RED,
        State::Running | State::Done => GREEN,
        State::Stopped => YELLOW,
        State::Discarded => TITLE,
    }
}

/// Labels with their text, folded to the width. Whatever comes from outside is escaped here.
fn card<'a>(rows: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH);
    for (label, text) in rows {
        // All labels of a status stand in one line below each other.
        table.add_row([format!(" {label:<9}"), shown(&text)]);
    }
    if let Some(column) = table.column_mut(0) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    format!("{}\n", lines(&table))
}

/// What stands beside the state.
fn title(run: &Status) -> String {
    let proof = match run.state {
        State::Done => ": both sides EQUAL",
        State::Running | State::Stopped | State::Discarded => "",
    };
    let title = format!("{} -> schema {}{proof}", run.source_file, run.target_schema);
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH - 12);
    let mut row = Row::from([shown(&title)]);
    row.max_height(1);
    table.add_row(row);
    lines(&table).trim().to_owned()
}

fn about(run: &Status) -> Vec<(&'static str, String)> {
    let mut rows = vec![("run", run.run_id.to_string())];
    let age = run.age_seconds.map(span).unwrap_or_default();
    match (&run.begun_at, &run.ended_at) {
        (Some(begun), Some(ended)) => {
            rows.push(("time", format!("{} to {}, {age}", clock(begun), clock(ended))));
        }
        (Some(begun), None) => rows.push(("begun", format!("{}, {age} ago", clock(begun)))),
        (None, Some(ended)) => rows.push(("ended", clock(ended))),
        (None, None) => {}
    }
    if let (Some(times @ 1..), Some(at)) = (run.times_taken_up, &run.taken_up_at) {
        let text = format!("{}, last at {}", counted(times, "time"), clock(at));
        rows.push(("taken up", text));
    }
    if !run.system_identifier.is_empty() {
        let text = format!("system {}, timeline {}", run.system_identifier, run.timeline);
        rows.push(("server", text));
    }
    match run.state {
        State::Running | State::Stopped => rows.push(("now", doing(run))),
        State::Done | State::Discarded => {}
    }
    if let Some(root) = &run.root {
        rows.push(("root", root.clone()));
    }
    rows
}

/// What is being done, and how long ago that was said.
fn doing(run: &Status) -> String {
    let heard = match run.pulse_age_seconds {
        Some(age) => format!("last heard of {} ago", span(age)),
        None => "not heard of yet".to_owned(),
    };
    if run.state == State::Stopped {
        return format!("nobody is at work on it; {heard}");
    }
    match (&run.stage, &run.doing) {
        (Some(stage), Some(doing)) => format!("{stage}: {doing} ({heard})"),
        (Some(stage), None) => format!("{stage} ({heard})"),
        (None, _) => format!("between two stages ({heard})"),
    }
}

fn progress(run: &Status) -> Vec<(&'static str, String)> {
    let rows = match run.rows_total {
        Some(total) => format!(
            "{}  {} of {}",
            bar(run.rows_done, total, BAR_WIDTH),
            HumanCount(run.rows_done),
            counted(total, "row")
        ),
        None => counted(run.rows_done, "row"),
    };
    let bytes = match run.bytes_total {
        Some(total) => format!(
            "{}  {} of {}",
            bar(run.bytes_done, total, BAR_WIDTH),
            HumanBytes(run.bytes_done),
            HumanBytes(total)
        ),
        None => HumanBytes(run.bytes_done).to_string(),
    };
    let mut told = vec![("rows", rows), ("bytes", bytes)];
    if run.bytes_in_flight > 0 {
        let text = format!("{} sent and not committed yet", HumanBytes(run.bytes_in_flight));
        told.push(("on the way", text));
    }
    let stage = run.stage.as_deref();
    if let (Some("verify" | "compare"), Some(done), Some(total)) =
        (stage, run.stage_bytes_done, run.stage_bytes_total)
    {
        let text = format!("{}  {}", bar(done, total, BAR_WIDTH), HumanBytes(done));
        told.push(("read back", text));
    }
    if run.last_minute.is_some() || run.overall.is_some() {
        told.push(("pace", paces(run.last_minute, run.overall)));
    }
    if run.state == State::Running {
        told.push(("to go", to_go(run)));
    }
    match run.values_quarantined {
        Some(0) => {}
        Some(values) => {
            let text = format!("{} kept in _outgrow.quarantine", counted(values, "value"));
            told.push(("set aside", text));
        }
        None => told.push(("set aside", "this role may not count it".to_owned())),
    }
    told
}

fn paces(last_minute: Option<Pace>, overall: Option<Pace>) -> String {
    let told = |pace: Pace| {
        format!(
            "{} rows/s, {}/s",
            HumanCount(pace.rows_per_second),
            HumanBytes(pace.bytes_per_second)
        )
    };
    // In the first minute both are the same.
    let last_minute = last_minute.filter(|pace| Some(*pace) != overall);
    let last_minute = last_minute.map(|pace| format!("{} in the last minute", told(pace)));
    let overall = overall.map(|pace| format!("{} overall", told(pace)));
    let both: Vec<String> = last_minute.into_iter().chain(overall).collect();
    both.join("; ")
}

/// What is known of the time to go, and what is not in it.
fn to_go(run: &Status) -> String {
    let after_copy = "then keys, indexes and verification, which are not in it";
    match (run.eta_stage, run.eta_seconds, run.stage.as_deref()) {
        (Some("copy"), Some(seconds), _) => format!("about {} of copying, {after_copy}", span(seconds)),
        (Some(stage), Some(seconds), _) => format!("about {} ({stage})", span(seconds)),
        (_, _, Some("keys")) => {
            "keys and indexes, which nobody can time beforehand; then verification".to_owned()
        }
        (_, _, Some("verify")) => "verification, then it is done".to_owned(),
        _ => "not known yet".to_owned(),
    }
}

fn tables(tables: &[TableStatus]) -> String {
    let mut order: Vec<&TableStatus> = tables.iter().collect();
    if order.len() > TABLES_LISTED_MAX {
        // What moves is seen first; within a state the plan's order holds.
        order.sort_by_key(|table| table.state);
    }
    let mut view = Table::new();
    view.load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH)
        .set_truncation_indicator("...")
        .set_header(["table", "", "rows", "bytes"]);
    for table in order.iter().take(TABLES_LISTED_MAX) {
        let rows = match table.rows_total {
            Some(total) => format!("{} of {}", HumanCount(table.rows_done), HumanCount(total)),
            None => HumanCount(table.rows_done).to_string(),
        };
        let done = match table.rows_total {
            Some(0) if table.state == TableState::Done => bar(1, 1, TABLE_BAR_WIDTH),
            Some(total) => bar(table.rows_done, total, TABLE_BAR_WIDTH),
            None => String::new(),
        };
        let mut row = Row::from([
            Cell::new(shown(&table.name)),
            Cell::new(done),
            Cell::new(rows),
            Cell::new(HumanBytes(table.bytes_done)),
        ]);
        row.max_height(1);
        view.add_row(row);
    }
    for (place, column) in view.column_iter_mut().enumerate() {
        column.set_constraint(if place == 0 {
            ColumnConstraint::UpperBoundary(Width::Fixed(NAME_WIDTH_MAX))
        } else {
            ColumnConstraint::ContentWidth
        });
        if place >= 2 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = lines(&view);
    let left = order.iter().skip(TABLES_LISTED_MAX);
    let done = left
        .clone()
        .filter(|table| table.state == TableState::Done)
        .count();
    match left.count() {
        0 => {}
        left => {
            let _ = write!(text, "\n ... and {left} more, {done} of them done");
        }
    }
    text
}

fn work(run: &Status) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if run.state.is_final() {
        return rows;
    }
    if !run.steps.is_empty() {
        let kinds = run.steps.iter();
        let kinds: Vec<String> = kinds
            .map(|kind| format!("{} {}/{}", kind.kind, kind.steps_done, kind.steps_total))
            .collect();
        rows.push(("steps", kinds.join(", ")));
    }
    // Tables are listed above.
    let mut to_do = run.steps.iter().filter(|kind| kind.kind != "tables");
    if let Some(kind) = to_do.find(|kind| !kind.to_do.is_empty()) {
        rows.push(("to do", still(kind)));
    }
    rows.extend(run.sessions.iter().map(|session| ("session", told(session))));
    rows
}

fn still(kind: &StepsStatus) -> String {
    let mut named: Vec<String> = kind.to_do.iter().take(STEPS_NAMED_MAX).cloned().collect();
    if kind.to_do.len() > STEPS_NAMED_MAX {
        named.push(format!("and {} more", kind.to_do.len() - STEPS_NAMED_MAX));
    }
    named.join(", ")
}

fn notes(run: &Status) -> Vec<(&'static str, String)> {
    run.notes.iter().map(|note| ("note", note.clone())).collect()
}

fn span(seconds: u64) -> String {
    HumanDuration(Duration::from_secs(seconds)).to_string()
}

/// A time as people write it; the server's clock in UTC.
fn clock(moment: &str) -> String {
    moment.replace('T', " ").replace('Z', " UTC")
}
