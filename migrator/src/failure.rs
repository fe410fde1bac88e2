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
        write!(f, "{}", calm(&self.what))?;
        if !self.place.is_empty() {
            write!(f, "\n  where: {}", calm(&self.place))?;
        }
        let mut cause: Option<&(dyn Error + 'static)> = self.why.as_deref().map(|c| c as _);
        let mut said = String::new();
        while let Some(error) = cause {
            let text = error.to_string();
            // Some libraries print their cause and also return it; one telling is enough.
            if !said.contains(&text) {
                write!(f, "\n  why:   {}", calm(&text))?;
            }
            said.push_str(&text);
            cause = error.source();
        }
        if !self.next.is_empty() {
            write!(f, "\n  next:  {}", calm(&self.next))?;
        }
        Ok(())
    }
}

/// Names of tables and files are anybody's text: control characters that would steer a terminal are spelled
/// out. Line breaks stay, as a server's log has them.
fn calm(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut calm, c| {
            if c.is_control() && c != '\n' {
                calm.extend(c.escape_default());
            } else {
                calm.push(c);
            }
            calm
        })
}

impl Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_spelled_out_wherever_they_come_from() {
        let failure = Failure::new(Exit::Usage, "a\u{1b}[31m", "c\u{7}")
            .at("b\r")
            .because("d\u{9b}\ne");
        assert_eq!(
            failure.to_string(),
            "a\\u{1b}[31m\n  where: b\\r\n  why:   d\\u{9b}\ne\n  next:  c\\u{7}"
        );
    }
}
