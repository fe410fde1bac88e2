//! Progress of the stages: bars on a terminal, one line a stage elsewhere, JSON events on request.
//!
//! It only shows; nothing here decides. A broken stderr never stops a migration.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::binding;
use super::layout::shown;
use crate::plan::model::Plan;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often a bar moves while its stage is silent.
const TICK: Duration = Duration::from_millis(120);

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Bars on a terminal, lines elsewhere.
    Human,
    /// One JSON object a line on stdout.
    Json,
    /// Not at all: the caller shows what it likes.
    Nothing,
}

/// Shows one stage at a time.
#[derive(Debug)]
pub struct Progress {
    show: Show,
    stage: Mutex<Option<Stage>>,
}

#[derive(Debug)]
struct Stage {
    name: &'static str,
    bar: ProgressBar,
    started: Instant,
    rows: u64,
    bytes: u64,
}

/// What is being done at a moment.
#[derive(Debug, Clone, Default)]
pub struct Now {
    /// The stage; empty between two.
    pub stage: &'static str,
    /// The table or object at work.
    pub doing: String,
    /// Rows of the stage so far.
    pub rows: u64,
    /// Bytes of the stage so far.
    pub bytes: u64,
    /// Bytes of the whole stage, where they are known.
    pub bytes_total: Option<u64>,
}

impl Progress {
    /// No stage yet.
    pub fn new(show: Show) -> Self {
        Self {
            show,
            stage: Mutex::new(None),
        }
    }

    /// Begins a stage; `total_bytes` gives the bar its length, if it is known.
    pub fn begin(&self, name: &'static str, total_bytes: Option<u64>) {
        let bar = match total_bytes {
            Some(total) => ProgressBar::new(total).with_style(bar_style()),
            None => ProgressBar::new_spinner().with_style(spinner_style()),
        };
        let visible = self.show == Show::Human && std::io::stderr().is_terminal();
        bar.set_draw_target(if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        });
        bar.set_prefix(name);
        if visible {
            bar.enable_steady_tick(TICK);
        }
        if self.show == Show::Json {
            event(&serde_json::json!({ "event": "stage_started", "stage": name }));
        }
        *self.lock() = Some(Stage {
            name,
            bar,
            started: Instant::now(),
            rows: 0,
            bytes: 0,
        });
    }

    /// Names the table at work.
    pub fn table(&self, name: &str) {
        if let Some(stage) = self.lock().as_ref() {
            stage.bar.set_message(name.escape_debug().to_string());
        }
    }

    /// Counts rows and bytes.
    pub fn add(&self, rows: u64, bytes: u64) {
        if let Some(stage) = self.lock().as_mut() {
            stage.rows += rows;
            stage.bytes += bytes;
            stage.bar.inc(bytes);
        }
    }

    /// Ends the stage and says in one line what it came to.
    pub fn end(&self, summary: &str) {
        let Some(stage) = self.lock().take() else { return };
        stage.bar.finish_and_clear();
        let seconds = stage.started.elapsed().as_secs_f64();
        match self.show {
            Show::Json => event(&serde_json::json!({
                "event": "stage_finished", "stage": stage.name, "summary": summary, "rows": stage.rows,
                "bytes": stage.bytes, "seconds": seconds,
            })),
            Show::Nothing => {}
            Show::Human => {
                // A closed stderr is no reason to stop.
                let _ = writeln!(
                    std::io::stderr(),
                    "{:<8} {summary}  {}",
                    stage.name,
                    pace(&stage, seconds)
                );
            }
        }
    }

    /// What is being done, for whoever watches from elsewhere.
    pub fn now(&self) -> Now {
        let stage = self.lock();
        let Some(stage) = stage.as_ref() else {
            return Now::default();
        };
        Now {
            stage: stage.name,
            doing: stage.bar.message(),
            rows: stage.rows,
            bytes: stage.bytes,
            bytes_total: stage.bar.length(),
        }
    }

    /// Takes a bar off the screen without a word, before an error is told.
    pub fn abandon(&self) {
        if let Some(stage) = self.lock().take() {
            stage.bar.finish_and_clear();
        }
    }

    /// A remark beside the stages.
    pub fn note(&self, remark: &str) {
        // File and table names may be in it.
        let remark = &shown(remark);
        match self.show {
            Show::Json => event(&serde_json::json!({ "event": "note", "note": remark })),
            Show::Nothing => {}
            Show::Human => {
                let line = || {
                    let _ = writeln!(std::io::stderr(), "note:    {remark}");
                };
                match self.lock().as_ref() {
                    Some(stage) => stage.bar.suspend(line),
                    None => line(),
                }
            }
        }
    }

    /// Which table goes where, before anything is copied.
    pub fn binding(&self, plan: &Plan) {
        match self.show {
            Show::Json => event(&binding::to_json(plan)),
            Show::Nothing => {}
            Show::Human => {
                // A closed stderr is no reason to stop.
                let _ = writeln!(std::io::stderr(), "\n{}\n", binding::render(plan));
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Stage>> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes between two words about progress: a bar moves far more often than anybody looks.
const TALLY_BYTES: u64 = 1024 * 1024;

/// Counts rows one by one and passes them on in bulk, since every word takes a lock.
#[derive(Debug)]
pub struct Tally<'a> {
    progress: &'a Progress,
    rows: u64,
    bytes: u64,
}

impl<'a> Tally<'a> {
    /// Nothing counted yet.
    pub fn new(progress: &'a Progress) -> Self {
        Self {
            progress,
            rows: 0,
            bytes: 0,
        }
    }

    /// Counts a row of so many bytes.
    pub fn row(&mut self, bytes: u64) {
        self.rows += 1;
        self.bytes += bytes;
        if self.bytes >= TALLY_BYTES {
            self.pass_on();
        }
    }

    fn pass_on(&mut self) {
        self.progress
            .add(std::mem::take(&mut self.rows), std::mem::take(&mut self.bytes));
    }
}

impl Drop for Tally<'_> {
    fn drop(&mut self) {
        self.pass_on();
    }
}

fn event(event: &serde_json::Value) {
    // Whoever reads the events may have gone; the migration goes on.
    let _ = writeln!(std::io::stdout(), "{event}");
}

fn pace(stage: &Stage, seconds: f64) -> String {
    if stage.rows == 0 {
        return format!("{seconds:.1} s");
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let per_second = |count: u64| (count as f64 / seconds.max(1e-6)).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive rate, far below 2^64"
    )]
    let (rows, bytes) = (per_second(stage.rows) as u64, per_second(stage.bytes) as u64);
    format!(
        "{seconds:.1} s  {} rows/s  {}/s",
        HumanCount(rows),
        HumanBytes(bytes)
    )
}

fn bar_style() -> ProgressStyle {
    let template =
        "{prefix:<8} [{bar:28}] {percent:>3}%  {bytes}/{total_bytes}  {bytes_per_sec}  ETA {eta}  {msg}";
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

fn spinner_style() -> ProgressStyle {
    ProgressStyle::with_template("{prefix:<8} {spinner} {bytes}  {bytes_per_sec}  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}
