//! A fault as its user meets it: what failed, where, why, and what to do next.
//!
//! Each stage has its own typed error; `From` impls beside them turn it into a [`Failure`], which alone
//! carries the exit code and the next step. Secrets never enter one.

use std::error::Error;
use std::fmt;

use crate::exit::Exit;

/// A fault with its place, its cause, its remedy and its exit code.
#[derive(Debug)]
pub struct Failure {
    /// Exit code of the process when this ends it.
    pub exit: Exit,
    /// What failed, one sentence without a full stop.
    pub what: String,
    /// Where: file, table, key, column, server; empty when `what` says it.
    pub place: String,
    /// The cause, printed link by link.
    pub why: Option<Box<dyn Error + Send + Sync>>,
    /// What the user can do next, one or more sentences.
    pub next: String,
    /// Whether it may be over by itself.
    pub passing: Passing,
    /// Whether the target refused what an object there is or holds.
    pub about_object: bool,
}

/// Whether the same work may succeed later, with nothing changed but the circumstances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Passing {
    /// It fails again.
    #[default]
    No,
    /// Once somebody has helped: space, memory, rights to connect.
    Helped,
    /// Soon, by itself: the server restarts, the network comes back, another session lets go of its lock.
    Soon,
}

impl Failure {
    /// A fault without a place and a cause yet.
    pub fn new(exit: Exit, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            exit,
            what: what.into(),
            place: String::new(),
            why: None,
            next: next.into(),
            passing: Passing::No,
            about_object: false,
        }
    }

    /// Names the place: file, table, key, column or server.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = place.into();
        self
    }

    /// Attaches the cause.
    #[must_use]
    pub fn because(mut self, why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.why = Some(why.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", printable(&self.what))?;
        if !self.place.is_empty() {
            write!(f, "\n  where: {}", printable(&self.place))?;
        }
        let mut cause: Option<&(dyn Error + 'static)> = self.why.as_deref().map(|c| c as _);
        let mut said = String::new();
        while let Some(error) = cause {
            let text = error.to_string();
            // Some libraries print their cause and also return it; one telling is enough.
            if !said.contains(&text) {
                write!(f, "\n  why:   {}", printable(&text))?;
            }
            said.push_str(&text);
            cause = error.source();
        }
        if !self.next.is_empty() {
            write!(f, "\n  next:  {}", printable(&self.next))?;
        }
        Ok(())
    }
}

impl Error for Failure {}

/// Text that may hold a stranger's names, as it can go to a terminal: control characters are escaped, and a
/// second line is indented, so that it never looks like one of ours.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\n         "),
            control if control.is_control() => shown.extend(control.escape_default()),
            other => shown.push(other),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_steer_the_terminal_or_fake_a_line() {
        let failure = Failure::new(
            Exit::PlanBlocked,
            "blocked by \u{1b}[2Jx\nerror: fake\u{9b}",
            "see \u{7}y",
        )
        .at("table \ra");
        let shown = failure.to_string();
        assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
        assert!(
            shown.lines().skip(1).all(|line| line.starts_with("  ")),
            "{shown}"
        );
        assert!(shown.contains("\\u{1b}[2Jx"), "{shown}");
    }
}
