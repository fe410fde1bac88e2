//! Colour, or none: every text for a terminal is written once and works without it.

use std::env;
use std::io::IsTerminal;

/// Whether a text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// ANSI colours.
    Colour,
    /// Plain text.
    Plain,
}

/// ANSI code of a title.
pub const TITLE: &str = "1";
/// ANSI code of what stops a migration or proves it wrong.
pub const RED: &str = "31";
/// ANSI code of a proof.
pub const GREEN: &str = "32";
/// ANSI code of what is left out.
pub const YELLOW: &str = "33";
/// ANSI code of what is carried over with a change.
pub const CYAN: &str = "36";

impl Paint {
    /// Colour for a terminal that can show it, unless `NO_COLOR` (<https://no-color.org>) says otherwise.
    #[must_use]
    pub fn fit_for(stream: &impl IsTerminal) -> Self {
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        if stream.is_terminal() && !refused && !dumb {
            Self::Colour
        } else {
            Self::Plain
        }
    }

    /// The text in bold and in the colour of this ANSI code.
    pub fn bold(self, code: &str, text: &str) -> String {
        match self {
            Self::Colour => format!("\x1b[1;{code}m{text}\x1b[0m"),
            Self::Plain => text.to_owned(),
        }
    }
}
