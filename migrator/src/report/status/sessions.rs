//! Sessions at work and sessions in the way, each in a line or two.

use std::fmt::Write;

use indicatif::{HumanBytes, HumanCount};

use super::bar::percent;
use super::span;
use crate::report::layout::plural;
use crate::status::model::{BlockerStatus, CommandStatus, SessionStatus};

/// What a session does, or waits for.
pub(super) fn told(session: &SessionStatus) -> String {
    let mut text = session.pid.to_string();
    if let Some(command) = &session.command {
        let _ = write!(text, "  {}", told_command(command));
    }
    let event = session.wait_event.as_deref().unwrap_or_default();
    let waits = match (session.wait_event_type.as_deref(), session.state.as_deref()) {
        (Some("Lock"), _) => format!("waits for a lock ({event})"),
        (Some("IO"), _) => format!("waits for the disk ({event})"),
        (Some("Client"), Some("active")) => "waits for rows from outgrow".to_owned(),
        (Some("Client"), _) => "has nothing to do".to_owned(),
        (Some(kind), _) => format!("waits for {kind} ({event})"),
        (None, Some("active")) => "works".to_owned(),
        (None, state) => state.unwrap_or("is not to be seen").to_owned(),
    };
    let _ = write!(text, "  {waits}");
    text
}

fn told_command(command: &CommandStatus) -> String {
    let mut text = command.name.clone();
    if let Some(relation) = &command.relation {
        let _ = write!(text, " {relation}");
    }
    if let Some(phase) = &command.phase {
        let _ = write!(text, ", {phase}");
    }
    match (command.amount_total, command.amount_unit.as_str()) {
        (Some(total), unit) => {
            let share = percent(command.amount_done, total);
            let _ = write!(text, ", {share} % of {} {unit}", HumanCount(total));
        }
        (None, "bytes") => {
            let _ = write!(text, ", {}", HumanBytes(command.amount_done));
        }
        (None, unit) => {
            let _ = write!(text, ", {} {unit}", HumanCount(command.amount_done));
        }
    }
    text
}

/// Who is in the way, and what can be done about it.
pub(super) fn blockers(blockers: &[BlockerStatus]) -> Vec<(&'static str, String)> {
    blockers.iter().flat_map(blocker).collect()
}

fn blocker(blocker: &BlockerStatus) -> Vec<(&'static str, String)> {
    let mut who = if blocker.pid == 0 {
        "a prepared transaction".to_owned()
    } else {
        format!("session {}", blocker.pid)
    };
    let parts = [
        ("", &blocker.application_name),
        ("role ", &blocker.user),
        ("from ", &blocker.client_address),
        ("", &blocker.state),
    ];
    for (label, part) in parts {
        if let Some(part) = part {
            let _ = write!(who, ", {label}{part}");
        }
    }
    if let Some(age) = blocker.transaction_age_seconds {
        let _ = write!(who, ", its transaction is open for {}", span(age));
    }
    let lock = match (&blocker.relation, &blocker.lock_type) {
        (Some(relation), _) => format!("a lock on {relation}"),
        (None, Some(kind)) => format!("a lock ({kind})"),
        (None, None) => "a lock".to_owned(),
    };
    let pids: Vec<String> = blocker.blocked_pids.iter().map(ToString::to_string).collect();
    let noun = plural(blocker.blocked_pids.len() as u64, "session");
    let mut rows = vec![
        ("BLOCKED", format!("by {who}")),
        ("", format!("{lock} is what {noun} {} waits for", pids.join(", "))),
    ];
    if let Some(query) = &blocker.query {
        rows.push(("", format!("its statement: {query}")));
    }
    rows.push(("", blocker.next.clone()));
    rows
}
