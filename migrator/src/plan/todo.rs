//! What has no equal on the target: it is left to the owner, who writes SQL for it or does without.
//!
//! One place for all such objects, so that a finding, the plan's list and the owner's own SQL always belong
//! together.

use super::builder::{Builder, Family, plain, skip_flag};
use super::model::{Disposition, Finding, Todo};
use super::rules::{self, Rule};

/// The most of an original text that a finding shows, bytes.
const SHOWN_BYTES_MAX: usize = 120;

/// What of an object is the owner's to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    /// The expression inside it; the statement around it is ours.
    Expression,
    /// Whole statements.
    Statement,
}

impl Own {
    fn words(self) -> &'static str {
        match self {
            Self::Expression => "the expression",
            Self::Statement => "the whole statement",
        }
    }
}

impl Builder<'_> {
    /// The owner's own SQL for an object, if there is any; it is named then, beside the text it stands for.
    pub fn own_sql(&mut self, object: &str, original: &str) -> Option<String> {
        let sql = self.choices.sql.get(object)?.clone();
        self.used(Family::Sql, object);
        let detail = format!("made by its owner's own SQL in place of: {}", one_line(original));
        self.find(Disposition::Changed, rules::OWN_SQL, object, detail);
        Some(sql)
    }

    /// Leaves an object out because it has no equal, says so, and lists it as something to do. `lost` says what is
    /// other without it.
    pub fn leave_to_owner(&mut self, rule: Rule, own: Own, todo: Todo, lost: &str) {
        let detail = format!("{}: {}. Left out: {lost}", one_line(&todo.original), todo.why);
        let finding = plain(Disposition::Skipped, rule, &todo.object, detail);
        self.add(Finding {
            next: format!("{} under [choices.sql] of the plan.", write_it(own, &todo.object)),
            ..finding
        });
        self.list_todo(todo);
    }

    /// Blocks on an object whose loss could let wrong data in, unless its owner leaves it out.
    pub fn block_or_write(&mut self, rule: Rule, own: Own, todo: &Todo) {
        let detail = format!("{}: {}", one_line(&todo.original), todo.why);
        let object = &todo.object;
        let next = format!(
            "{} under [choices.sql] of the plan, or leave it out with {}.",
            write_it(own, object),
            skip_flag(object)
        );
        self.block(Finding {
            next,
            ..plain(Disposition::Blocked, rule, object, detail)
        });
    }
}

/// The text as findings show it: on one line, and no longer than can be read at a glance. The plan's list keeps it
/// whole.
fn one_line(original: &str) -> String {
    let mut line = original.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() > SHOWN_BYTES_MAX {
        line.truncate(line.floor_char_boundary(SHOWN_BYTES_MAX));
        line.push_str(" ...");
    }
    line
}

fn write_it(own: Own, object: &str) -> String {
    format!(
        "Write {} for Postgres yourself: \"{object}\" = \"...\"",
        own.words()
    )
}
