//! Faults of the network between the tool and a real server: each is gone on after, by the same process where there
//! is time for it, else by the next one.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use outgrow_e2e::proxy::{Fault, Proxy};

use super::attempt::{Ground, Said};
use super::servers::Field;
use crate::hostile::random::Random;

/// Rows of the big table: two chunks.
const ROWS: u32 = 5_000;

/// Places at which a default run cuts, beside those in the first bytes.
const CUTS: usize = 12;
const CUTS_LONG: usize = 200;

/// The login, the settings and the first questions.
const FIRST_BYTES: u64 = 4_000;

/// The limit on one beat of the pulse, and what a busy machine adds to it.
const PULSE_NOTICES: Duration = Duration::from_secs(75);

fn is_long() -> bool {
    std::env::var_os("KILLS").is_some()
}

fn seed() -> u64 {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or(7);
    println!("torture: SEED={seed}");
    seed
}

/// The same ground, with a proxy before its server.
fn through(proxy: &Proxy, direct: &Ground, server_port: u16) -> Ground {
    let (before, after) = (format!(":{server_port}/"), format!(":{}/", proxy.port()));
    Ground {
        source: direct.source.clone(),
        folder: direct.folder.clone(),
        url: direct.url.replace(&before, &after),
    }
}

/// Migrates once through a fault, then finishes without one if that is needed.
#[track_caller]
fn migrate_through(field: &Mutex<Field>, direct: &Ground, fault: Fault) -> (Said, Proxy) {
    let port = field.lock().unwrap().server.port();
    let proxy = Proxy::start(port, fault);
    let said = through(&proxy, direct, port).attempt(&["--retry-for", "20s", "--jobs", "2"], "");
    match said.code {
        // What is lost before a run is begun is told at once.
        Some(0 | 5 | 7) => {}
        _ => panic!("{fault:?}: {said:?}"),
    }
    if said.code != Some(0) {
        direct.finish();
    }
    direct.assert_equal();
    (said, proxy)
}

/// Tries faults side by side, each with a database of its own.
fn each(faults: Vec<Fault>, threads: usize, mut check: impl FnMut(Fault, &Said, &Proxy) + Send) {
    let field = Field::with(&[]);
    let source = field.source(ROWS, true);
    let field = Mutex::new(field);
    let waiting = Mutex::new(faults.into_iter());
    let check = Mutex::new(&mut check);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let Some(fault) = waiting.lock().unwrap().next() else {
                        return;
                    };
                    let folder = tempfile::tempdir().unwrap();
                    let direct = Ground {
                        source: source.clone(),
                        folder: folder.path().to_owned(),
                        url: field.lock().unwrap().database("template1"),
                    };
                    let (said, proxy) = migrate_through(&field, &direct, fault);
                    let mut check = check.lock().unwrap();
                    (*check)(fault, &said, &proxy);
                }
            });
        }
    });
}

/// Bytes and COMMITs of a conversation without a fault.
fn measure() -> (u64, u32) {
    let mut measured = (0, 0);
    each(vec![Fault::None], 1, |_, said, proxy| {
        assert_eq!(said.code, Some(0), "{said:?}");
        measured = (proxy.bytes(), proxy.commits());
    });
    measured
}

#[test]
fn a_connection_that_is_cut_at_any_byte_is_gone_on_after() {
    let (bytes, _) = measure();
    let mut random = Random::new(seed());
    let (step, cuts) = if is_long() { (40, CUTS_LONG) } else { (500, CUTS) };
    let mut faults: Vec<Fault> = (1..=FIRST_BYTES).step_by(step).map(Fault::CutAt).collect();
    faults.extend((0..cuts).map(|_| Fault::CutAt(random.bits() % bytes)));
    each(faults, 2, |_, _, _| ());
}

#[test]
fn a_commit_that_is_cut_off_is_neither_lost_nor_made_twice() {
    let (_, commits) = measure();
    assert!(commits > 10, "{commits} commits");
    let step = if is_long() { 1 } else { 4 };
    let numbers = (1..=commits).step_by(step).chain([commits - 1, commits]);
    let faults = numbers.flat_map(|nth| [Fault::CutBeforeCommit(nth), Fault::CutAfterCommit(nth)]);
    each(faults.collect(), 2, |fault, said, proxy| {
        assert!(proxy.is_spent(), "{fault:?} did not come about: {said:?}");
    });
}

#[test]
fn a_network_that_is_slow_or_in_pieces_is_endured() {
    let faults = vec![Fault::Dribble(60_000), Fault::Delay(2)];
    each(faults, 2, |fault, said, _| {
        assert_eq!(said.code, Some(0), "{fault:?}: {said:?}");
    });
}

#[test]
fn a_connection_that_is_closed_in_one_direction_is_gone_on_after() {
    let (bytes, _) = measure();
    let faults = [50, 1_500, 9_000, bytes / 3, bytes / 2, bytes * 9 / 10].map(Fault::HalfCloseAt);
    each(faults.to_vec(), 2, |_, _, _| ());
}

#[test]
fn a_network_that_swallows_everything_is_noticed() {
    let (bytes, _) = measure();
    let mut places = vec![
        300,
        2_500,
        12_000,
        bytes / 4,
        bytes / 2,
        bytes * 3 / 4,
        bytes - 20_000,
    ];
    if is_long() {
        let mut random = Random::new(seed());
        places.extend((0..40).map(|_| random.bits() % bytes));
    }
    let start = Instant::now();
    let rounds = places.len().div_ceil(7);
    // They wait more than they work.
    each(
        places.into_iter().map(Fault::StallAt).collect(),
        7,
        |fault, said, _| {
            assert_ne!(said.code, Some(0), "{fault:?}: {said:?}");
        },
    );
    let limit = PULSE_NOTICES * u32::try_from(rounds).unwrap();
    assert!(
        start.elapsed() < limit + PULSE_NOTICES,
        "it took {:?}",
        start.elapsed()
    );
}
