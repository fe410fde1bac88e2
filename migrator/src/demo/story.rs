//! What the demo tells while it runs: numbered chapters, and one line of live numbers. All of it on stderr.
//!
//! It only shows. A stderr that went away never stops the demo.

use std::io::{IsTerminal, Stderr, Write};
use std::time::{Duration, Instant};

use crate::report::paint::Paint;

/// Without a terminal every live line stays, so there are fewer of them.
const LINES_APART: Duration = Duration::from_secs(3);

/// Tells the demo's story.
#[derive(Debug)]
pub struct Story {
    stderr: Stderr,
    paint: Paint,
    in_place: bool,
    chapter: u32,
    /// Whether the cursor stands behind a live line.
    line_open: bool,
    last_line: Option<Instant>,
}

impl Story {
    /// A story for the stderr of this process.
    #[must_use]
    pub fn on_stderr() -> Self {
        let stderr = std::io::stderr();
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            paint: Paint::fit_for(&stderr),
            in_place: stderr.is_terminal() && !dumb,
            stderr,
            chapter: 0,
            line_open: false,
            last_line: None,
        }
    }

    /// Whether colours fit.
    #[must_use]
    pub fn paint(&self) -> Paint {
        self.paint
    }

    /// Begins the next chapter.
    pub fn chapter(&mut self, title: &str) {
        self.chapter += 1;
        let heading = format!("{}  {title}", self.chapter);
        let heading = match self.paint {
            Paint::Colour => format!("\x1b[1m{heading}\x1b[0m"),
            Paint::Plain => heading,
        };
        self.write(&format!("\n{heading}\n"));
    }

    /// Tells a line outside the chapters.
    pub fn tell(&mut self, text: &str) {
        self.write(&format!("{text}\n"));
    }

    /// Tells one or more lines, indented below the chapter.
    pub fn say(&mut self, text: &str) {
        let mut block = String::new();
        for line in text.lines() {
            block.push_str(if line.is_empty() { "" } else { "   " });
            block.push_str(line);
            block.push('\n');
        }
        self.write(&block);
    }

    /// Shows a line of numbers that takes the place of the one before.
    pub fn live(&mut self, line: &str) {
        if self.in_place {
            let _ = write!(self.stderr, "\r\x1b[2K   {line}");
            let _ = self.stderr.flush();
            self.line_open = true;
        } else if self.last_line.is_none_or(|last| last.elapsed() >= LINES_APART) {
            self.say(line);
            self.last_line = Some(Instant::now());
        }
    }

    /// Ends a row of live lines: what comes next stands below, and a new row begins at once.
    pub fn end_live(&mut self) {
        self.write("");
        self.last_line = None;
    }

    fn write(&mut self, text: &str) {
        let end_of_line = if self.line_open { "\n" } else { "" };
        self.line_open = false;
        let _ = write!(self.stderr, "{end_of_line}{text}");
    }
}

impl Drop for Story {
    /// An error that follows begins on a line of its own.
    fn drop(&mut self) {
        self.end_live();
    }
}
