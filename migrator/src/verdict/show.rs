//! A decision as text for people and as JSON for programs.
//!
//! The first line of the text is the headline, so that a log's first line is enough. Nothing is decided here.

use std::fmt::Write;

use outgrow_shared::verdict::{Decision, Level, TriggerResult, TriggerState, Unit};
use serde::Serialize;

use crate::report::paint::Paint;

/// Columns of the trigger table.
const COLUMNS: usize = 6;

/// A database that is no worse than the one shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OtherDatabase {
    /// Its alias.
    pub database: Option<String>,
    /// Its level.
    pub level: Level,
    /// Its headline.
    pub headline: String,
}

/// The decision on the worst database, and in short those on the others.
///
/// As JSON it is the decision's own object with one more field, `other_databases`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The decision on the worst database.
    #[serde(flatten)]
    pub decision: Decision,
    /// The others on the same endpoint, worst first.
    pub other_databases: Vec<OtherDatabase>,
}

impl Paint {
    /// The text in the colour of the level.
    #[must_use]
    pub fn level(self, level: Level, text: &str) -> String {
        let code = match level {
            Level::SqliteSufficient => "32",
            Level::Unknown => "35",
            Level::TuneFirst => "36",
            Level::PlanMigration => "33",
            Level::MigrateNow => "31",
        };
        self.bold(code, text)
    }
}

impl Answer {
    pub(super) fn new(decision: Decision, others: impl Iterator<Item = Decision>) -> Self {
        let other_databases = others
            .map(|other| OtherDatabase {
                database: other.database,
                level: other.level,
                headline: other.headline,
            })
            .collect();
        Self {
            decision,
            other_databases,
        }
    }

    /// The answer as text, with a line end.
    #[must_use]
    pub fn text(&self, paint: Paint) -> String {
        let decision = &self.decision;
        let mut text = self.brief(paint);
        section(&mut text, "Sources", sources(decision));
        let others = self.other_databases.iter();
        section(
            &mut text,
            "Other databases",
            others.map(|other| {
                format!(
                    "{}: {}",
                    other.database.as_deref().unwrap_or("(no name)"),
                    other.headline
                )
            }),
        );
        section(&mut text, "Next", next_steps(decision).into_iter());
        text
    }

    /// The headline, the table of triggers and what speaks for the headline, with a line end.
    #[must_use]
    pub fn brief(&self, paint: Paint) -> String {
        let decision = &self.decision;
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{}", paint.level(decision.level, &decision.headline));
        let _ = writeln!(text, "{}\n", circumstances(decision));
        text.push_str(&table(decision, paint));
        text.push_str(&notes(decision));
        section(&mut text, "Why", decision.because.iter().cloned());
        text
    }

    /// The answer as JSON, with a line end.
    ///
    /// # Errors
    /// When serde cannot write it.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

fn circumstances(decision: &Decision) -> String {
    let mut text = String::new();
    if let Some(database) = &decision.database {
        let _ = write!(text, "database {database}, ");
    }
    let _ = write!(text, "policy {}", decision.policy);
    if decision.failure.is_none() {
        let _ = write!(
            text,
            ", watched {}",
            Unit::Seconds.show(decision.observed_seconds)
        );
    }
    if let Some(writes) = decision.writes_seen {
        let _ = write!(text, ", {} writes seen", Unit::Count.show(writes));
    }
    text
}

fn table(decision: &Decision, paint: Paint) -> String {
    let head = ["SIGNAL", "VALUE", "PLAN", "NOW", "HELD", "STATE"].map(str::to_owned);
    let rows: Vec<[String; COLUMNS]> = decision.triggers.iter().map(row).collect();
    let mut widths = [0; COLUMNS];
    for cells in rows.iter().chain([&head]) {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    line(&mut text, &head, widths, str::to_owned);
    for (cells, result) in rows.iter().zip(&decision.triggers) {
        line(&mut text, cells, widths, |state| match level_of(result.state) {
            Some(level) => paint.level(level, state),
            None => state.to_owned(),
        });
    }
    text
}

/// One line of the table; the state stands last, so its colour cannot disturb the columns.
fn line(
    text: &mut String,
    cells: &[String; COLUMNS],
    widths: [usize; COLUMNS],
    paint: impl Fn(&str) -> String,
) {
    let [columns @ .., state] = cells;
    for (cell, width) in columns.iter().zip(widths) {
        let _ = write!(text, "  {cell:width$}");
    }
    let _ = writeln!(text, "  {}", paint(state));
}

fn row(result: &TriggerResult) -> [String; COLUMNS] {
    let none = || "-".to_owned();
    [
        result.title.clone(),
        result.value.map_or_else(none, |value| result.unit.show(value)),
        result.plan.map_or_else(none, |plan| plan.show(result.unit)),
        result.migrate_now.show(result.unit),
        held(result),
        state(result.state).to_owned(),
    ]
}

fn held(result: &TriggerResult) -> String {
    match result.held_seconds {
        Some(held) if result.holds_for_seconds > 0.0 => {
            let star = if is_capped(result) { " *" } else { "" };
            let (held, needed) = (
                Unit::Seconds.show(held),
                Unit::Seconds.show(result.holds_for_seconds),
            );
            format!("{held} of {needed}{star}")
        }
        _ => "-".to_owned(),
    }
}

/// Whether the trigger was judged over less than the policy's hold time.
fn is_capped(result: &TriggerResult) -> bool {
    result.judged_over_seconds < result.holds_for_seconds
}

fn state(state: TriggerState) -> &'static str {
    match state {
        TriggerState::Ok => "ok",
        TriggerState::Spike => "spike, did not hold",
        TriggerState::TooShort => "seen too shortly",
        TriggerState::Plan => "PLAN MIGRATION",
        TriggerState::MigrateNow => "MIGRATE NOW",
        TriggerState::TuneFirst => "TUNE FIRST",
        TriggerState::NotMeasured => "not measured",
        TriggerState::Unusable => "unusable",
    }
}

/// The level a state speaks for, if it is to stand out.
fn level_of(state: TriggerState) -> Option<Level> {
    match state {
        TriggerState::Ok | TriggerState::Spike | TriggerState::NotMeasured => None,
        TriggerState::TooShort | TriggerState::Unusable => Some(Level::Unknown),
        TriggerState::Plan => Some(Level::PlanMigration),
        TriggerState::MigrateNow => Some(Level::MigrateNow),
        TriggerState::TuneFirst => Some(Level::TuneFirst),
    }
}

fn notes(decision: &Decision) -> String {
    let mut text = String::new();
    let starred = |result: &&TriggerResult| is_capped(result) && result.held_seconds.is_some();
    if let Some(capped) = decision.triggers.iter().find(starred) {
        let window = Unit::Seconds.show(capped.judged_over_seconds);
        let _ = writeln!(
            text,
            "  * judged over the window given, {window}, not over the policy's hold time"
        );
    }
    text
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    for (index, line) in lines.enumerate() {
        if index == 0 {
            let _ = write!(text, "\n{title}\n");
        }
        let _ = writeln!(text, "  {line}");
    }
}

/// Where each value came from, and why the others have none.
fn sources(decision: &Decision) -> impl Iterator<Item = String> {
    decision.triggers.iter().filter_map(|result| {
        let reason = match result.state {
            // A required signal that is missing is told under "Why".
            TriggerState::NotMeasured if !result.required => result.reason.as_deref(),
            _ => None,
        };
        let source = reason.unwrap_or(&result.source);
        (!source.is_empty()).then(|| format!("{}: {source}", result.title))
    })
}

fn next_steps(decision: &Decision) -> Vec<String> {
    let mut steps: Vec<String> = decision
        .open_fixes()
        .map(|fix| {
            let value = fix.value.map(|value| fix.unit.show(value)).unwrap_or_default();
            format!("{} ({} is {value}). {}", fix.headline, fix.signal, fix.fix)
        })
        .collect();
    let step = match decision.level {
        Level::SqliteSufficient => "Stay on SQLite, and ask again tomorrow.",
        Level::Unknown if decision.failure.is_some() => {
            "Check that the agent runs and that the address and database are right, then ask again."
        }
        Level::Unknown => "Watch for longer (--window) or under the usual load, then ask again.",
        Level::TuneFirst => "Then ask again: if it still fires, SQLite is outgrown.",
        Level::PlanMigration => "Run `outgrow plan FILE --to URL` to see what a migration would do.",
        Level::MigrateNow => {
            "Run `outgrow migrate FILE --to URL`; `outgrow plan` shows beforehand what it will do."
        }
    };
    steps.push(step.to_owned());
    steps
}

#[cfg(test)]
mod tests;
