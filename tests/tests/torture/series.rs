//! Seeded series of ends: an attempt is started, something happens to it at a random moment, the source may change,
//! the next attempt goes on.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use outgrow_e2e::postgres;
use outgrow_e2e::processes::send;
use outgrow_e2e::programs::outgrow;

use super::attempt::{Attempt, Ground, Said, assert_done_before};
use super::fixture;
use super::servers::Field;
use crate::hostile::random::Random;

/// Events of each series in a default run; four run side by side.
const EVENTS: usize = 26;

/// Rows of the big table in a default run: three chunks. The long series has a hundred.
const ROWS: u32 = 10_000;
const ROWS_LONG: u32 = 420_000;

/// What happens to an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// SIGKILL to the tool.
    KillTool,
    /// A signal that ends it in order.
    Stop(&'static str),
    /// An administrator ends one of its sessions.
    TerminateSession,
    /// An administrator cancels a statement.
    CancelStatement,
    /// SIGKILL to one backend: the server restarts all.
    KillBackend,
    /// SIGKILL to the postmaster.
    KillPostmaster,
    /// Immediate shutdown.
    StopServer,
    /// A second tool is started, and the first one killed later.
    TwoTools,
}

const OF_THE_TOOL: [Event; 8] = [
    Event::KillTool,
    Event::KillTool,
    Event::KillTool,
    Event::Stop("INT"),
    Event::Stop("TERM"),
    Event::Stop("HUP"),
    Event::TerminateSession,
    Event::TwoTools,
];

const OF_THE_SERVER: [Event; 7] = [
    Event::KillBackend,
    Event::KillPostmaster,
    Event::StopServer,
    Event::TerminateSession,
    Event::CancelStatement,
    Event::KillTool,
    Event::KillTool,
];

/// What came of a series.
#[derive(Debug, Default)]
struct Tally {
    ends: BTreeMap<Event, [u32; 4]>,
    changes: BTreeMap<&'static str, u32>,
    completed: u32,
    met: usize,
    chunks_redone: u64,
}

impl Tally {
    /// Counts an end by the exit code: done, interrupted, killed, other.
    fn count(&mut self, event: Event, said: &Said) {
        let place = match said.code {
            Some(0) => 0,
            Some(7) => 1,
            None => 2,
            Some(_) => 3,
        };
        self.ends.entry(event).or_default()[place] += 1;
        self.chunks_redone += redone(&said.stderr);
    }

    fn show(&self, seed: u64, took: Duration) {
        println!(
            "torture: seed {seed}, {:.0} s, {} attempts met under way, {} migrations EQUAL",
            took.as_secs_f64(),
            self.met,
            self.completed
        );
        println!(
            "  {:24} {:>6} {:>6} {:>6} {:>6}",
            "event", "done", "exit 7", "killed", "other"
        );
        for (event, [done, seven, killed, other]) in &self.ends {
            println!(
                "  {:24} {done:>6} {seven:>6} {killed:>6} {other:>6}",
                format!("{event:?}")
            );
        }
        println!(
            "  changes of the source: {:?}; chunks redone {}",
            self.changes, self.chunks_redone
        );
    }
}

/// Chunks that an attempt said it copies again.
fn redone(stderr: &str) -> u64 {
    let line = stderr
        .lines()
        .find(|line| line.contains(" changed since and copied again"));
    let words = line.and_then(|line| line.split("; ").nth(1));
    words
        .and_then(|words| words.split(' ').next()?.parse().ok())
        .unwrap_or(0)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// One series of events from a seed. A run that comes to its end is compared, and another one begins.
fn series(seed: u64, events: usize, rows: u32, kinds: &[Event], wal: bool) {
    println!("torture: SEED={seed} repeats the order of events");
    let start = Instant::now();
    let mut random = Random::new(seed);
    let mut field = Field::with(&[]);
    let mut tally = Tally::default();
    let mut ground = field.ground(rows, wal);
    let whole = undisturbed(&ground);
    ground.url = field.database("template1");
    let mut met = 0;
    while met < events {
        let event = *random.pick(kinds);
        let moment = whole.mul_f64(f64::from(u32::try_from(random.below(1000)).unwrap()) / 1000.0);
        let (said, was_met) = disturbed(&mut field, &ground, event, moment, &mut random);
        tally.count(event, &said);
        met += usize::from(was_met);
        if ground.is_done() {
            ground.assert_equal();
            tally.completed += 1;
            ground.url = field.database("template1");
        }
        if random.chance(40) {
            *tally
                .changes
                .entry(fixture::change(&ground.source, &mut random, rows))
                .or_default() += 1;
        }
    }
    ground.finish();
    tally.completed += 1;
    tally.met = met;
    tally.show(seed, start.elapsed());
}

/// How long an attempt takes that nothing happens to.
fn undisturbed(ground: &Ground) -> Duration {
    // Built on first use, which is no part of it.
    let _ = outgrow();
    let start = Instant::now();
    let said = ground.attempt(&["--retry-for", "0s"], "");
    let took = start.elapsed();
    assert_eq!(said.code, Some(0), "{said:?}");
    ground.assert_equal();
    took
}

/// An attempt to which something happens at a moment of its life; whether it still lived then.
fn disturbed(
    field: &mut Field,
    ground: &Ground,
    event: Event,
    moment: Duration,
    random: &mut Random,
) -> (Said, bool) {
    let jobs = ["1", "2", "4"][random.below(3)];
    // Half of them go on by themselves.
    let patience = if random.chance(50) { "30s" } else { "0s" };
    let options = ["--jobs", jobs, "--retry-for", patience];
    let mut attempt = ground.start(&options, "");
    std::thread::sleep(moment);
    let was_met = !attempt.has_ended();
    match event {
        Event::KillTool => attempt.kill(),
        Event::Stop(signal) => {
            if !attempt.has_ended() {
                send(signal, attempt.id());
            }
        }
        Event::TerminateSession => on_a_session(ground, random, "pg_terminate_backend"),
        Event::CancelStatement => on_a_session(ground, random, "pg_cancel_backend"),
        Event::KillBackend => kill_backend(field, ground, random),
        Event::KillPostmaster => field.kill_postmaster(),
        Event::StopServer => field.stop_at_once(),
        Event::TwoTools => return (two_tools(ground, attempt, moment), was_met),
    }
    let said = attempt.end();
    field.await_back();
    assert_fit(ground, event, &said);
    (said, was_met)
}

/// Exit codes are those that are documented for what happened.
#[track_caller]
fn assert_fit(ground: &Ground, event: Event, said: &Said) {
    match (event, said.code) {
        (_, Some(0)) | (Event::KillTool, None) => {}
        (Event::Stop(_), Some(7)) => {}
        // Until handlers are installed a signal ends the process on the spot.
        (Event::Stop(_), None) => assert!(said.stderr.is_empty(), "{said:?}"),
        (Event::KillTool | Event::Stop(_), _) => assert_done_before(said),
        (_, Some(7)) => {}
        // Nothing had been begun, or the server could not be reached at all.
        (_, Some(5)) => assert!(
            ["run the same command again", "run again", "cannot be reached"]
                .iter()
                .any(|words| said.stderr.contains(words)),
            "{said:?}"
        ),
        (_, Some(4)) => assert!(ground.is_done(), "{said:?}"),
        _ => panic!("{event:?} ended it with {said:?}"),
    }
}

/// The sessions of the tool, by their process.
const SESSIONS: &str = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
     AND backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY backend_start, pid";

fn on_a_session(ground: &Ground, random: &mut Random, function: &str) {
    let sessions = postgres::rows(&ground.url, SESSIONS);
    if sessions.is_empty() {
        return;
    }
    let pid = random.pick(&sessions)[0].clone().unwrap();
    let _ = postgres::run(&ground.url, &format!("SELECT {function}({pid})"));
}

fn kill_backend(field: &Field, ground: &Ground, random: &mut Random) {
    let sessions = postgres::rows(&ground.url, SESSIONS);
    if !sessions.is_empty() {
        let pid = random.pick(&sessions)[0].clone().unwrap();
        let _ = std::process::Command::new("kill").args(["-KILL", &pid]).status();
    }
    field.await_back();
}

/// A second tool beside the first; one of them is killed, or both go on. Never more than one comes through.
fn two_tools(ground: &Ground, mut first: Attempt, moment: Duration) -> Said {
    let second = ground.start(&["--retry-for", "0s"], "");
    std::thread::sleep(moment / 2);
    first.kill();
    let first = first.end();
    let second = second.end();
    if first.code == Some(0) {
        assert_ne!(second.code, Some(0), "both came through");
    }
    match second.code {
        Some(0 | 7) => {}
        Some(4) => assert!(ground.is_done(), "{second:?}"),
        Some(5) => assert!(second.stderr.contains("another outgrow"), "{second:?}"),
        _ => panic!("{second:?}"),
    }
    second
}

fn default_series(seed: u64, kinds: &[Event], wal: bool) {
    series(number("SEED").unwrap_or(seed), EVENTS, ROWS, kinds, wal);
}

#[test]
fn a_tool_that_is_killed_goes_on_from_a_file_in_rollback_mode() {
    default_series(1, &OF_THE_TOOL, false);
}

#[test]
fn a_tool_that_is_killed_goes_on_from_a_file_in_wal_mode() {
    default_series(2, &OF_THE_TOOL, true);
}

#[test]
fn a_server_that_crashes_is_gone_on_with_from_a_file_in_rollback_mode() {
    default_series(3, &OF_THE_SERVER, false);
}

#[test]
fn a_server_that_crashes_is_gone_on_with_from_a_file_in_wal_mode() {
    default_series(4, &OF_THE_SERVER, true);
}

/// The long series of `make torture`; without `KILLS` there is none.
#[test]
fn as_many_events_as_are_asked_for() {
    let Some(kills) = number("KILLS") else { return };
    let all: Vec<Event> = OF_THE_TOOL.into_iter().chain(OF_THE_SERVER).collect();
    let seed = number("SEED").unwrap_or(1);
    let half = usize::try_from(kills).unwrap().div_ceil(2);
    std::thread::scope(|scope| {
        scope.spawn(|| series(seed, half, ROWS_LONG, &all, true));
        scope.spawn(|| series(seed + 1, half, ROWS, &all, false));
    });
}
