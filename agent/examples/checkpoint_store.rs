//! A checkpoint store of agent threads in one SQLite file, with the agent in it.
//!
//! Its tables are those of LangGraph's SQLite saver. The levels of contention are data in [`LEVELS`]: `calm` has
//! no failed write, `storm` has more than 1 % of them at more than 100 writes per second. It stops at the end of
//! its time or on SIGTERM and SIGINT, between two writes, and leaves a consistent file. Its first line of output
//! is the address of its metrics.

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Parser;
use outgrow_agent::{Agent, Connection};
use rusqlite::params;

const SCHEMA: &str = "
PRAGMA journal_mode = wal;
CREATE TABLE IF NOT EXISTS checkpoints (
    thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id TEXT NOT NULL,
    parent_checkpoint_id TEXT, type TEXT, checkpoint BLOB, metadata BLOB,
    PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id));
CREATE TABLE IF NOT EXISTS writes (
    thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id TEXT NOT NULL,
    task_id TEXT NOT NULL, task_path TEXT NOT NULL DEFAULT '', idx INTEGER NOT NULL, channel TEXT NOT NULL,
    type TEXT, value BLOB,
    PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx));
";

/// What one level of contention means, unless flags say otherwise.
struct Level {
    name: &'static str,
    threads: u32,
    writes_per_second: u32,
    busy_timeout: Duration,
    /// How long the housekeeper holds the write lock, and how long it then pauses.
    housekeeping: Option<(Duration, Duration)>,
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Forty conversations of earlier days, with as many checkpoints as asked for.
const HISTORY: &str = "
BEGIN;
CREATE TEMP TABLE step AS WITH RECURSIVE step(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM step WHERE i + 1 < :rows)
    SELECT i, format('past-%d', i % 40) AS thread_id, format('%020x-%016x', i, i % 40) AS id FROM step;
INSERT INTO checkpoints
    SELECT thread_id, '', id, iif(i < 40, NULL, format('%020x-%016x', i - 40, i % 40)), 'msgpack',
        randomblob(400 + abs(random() % 5600)), CAST(format('{\"source\": \"loop\", \"step\": %d}', i / 40) AS BLOB)
    FROM step;
INSERT INTO writes
    SELECT thread_id, '', id, 'task', '', idx, channel, 'msgpack', randomblob(20 + abs(random() % 280))
    FROM step, (SELECT 0 AS idx, 'messages' AS channel UNION ALL SELECT 1, 'log');
COMMIT;
DROP TABLE step;
";

/// A write fails when the housekeeper holds the lock for longer than the busy timeout: never in `calm` and
/// `busy`. In `storm` the timeout is an ordinary second, and still every writer that meets the slow clean-up loses
/// a write each time. Few transactions are slow, so that a percentile of them shows nothing: one cause that no
/// setting cures.
const LEVELS: [Level; 3] = [
    Level {
        name: "calm",
        threads: 2,
        writes_per_second: 20,
        busy_timeout: ms(5_000),
        housekeeping: None,
    },
    Level {
        name: "busy",
        threads: 4,
        writes_per_second: 90,
        busy_timeout: ms(5_000),
        housekeeping: Some((ms(30), ms(500))),
    },
    Level {
        name: "storm",
        threads: 32,
        writes_per_second: 200,
        busy_timeout: ms(1_000),
        housekeeping: Some((ms(1_250), ms(2_250))),
    },
];

/// Keeps checkpoints in SQLite and serves metrics about it.
#[derive(Parser)]
struct Options {
    /// The database file.
    #[arg(long)]
    db: PathBuf,
    /// Address of /metrics; port 0 for any free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: String,
    /// Level of contention: calm, busy or storm.
    #[arg(long, default_value = "calm", value_parser = ["calm", "busy", "storm"])]
    contend: String,
    /// Turn to the level storm after this many seconds.
    #[arg(long, value_name = "SECONDS")]
    storm_after: Option<u64>,
    /// Begin with this many checkpoints of earlier days in a new file.
    #[arg(long, default_value_t = 0)]
    history: u32,
    /// Writer threads [default: by level].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=256))]
    threads: Option<u32>,
    /// Writes per second of all threads together [default: by level].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: Option<u32>,
    /// Busy timeout of the writers in milliseconds [default: by level].
    #[arg(long)]
    busy_timeout_ms: Option<u64>,
    /// Stop after this many seconds; 0 for never.
    #[arg(long, default_value_t = 0)]
    seconds: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::flag::register(signal, stop.clone())?;
    }
    prepare(&options)?;
    let ops = ["put", "put_writes", "prune"];
    let agent = Agent::builder("checkpoints", &options.db)
        .listen(&options.listen)
        .ops(ops)
        .start()?;
    let addr = agent.local_addr().ok_or("the agent does not listen")?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "metrics http://{addr}/metrics")?;
    stdout.flush()?;

    let begun = Instant::now();
    let end = (options.seconds > 0).then(|| begun + Duration::from_secs(options.seconds));
    let turn = options
        .storm_after
        .map(|after| begun + Duration::from_secs(after));
    let before = |when: Option<Instant>| when.is_none_or(|when| Instant::now() < when);
    let go_on = || !stop.load(Ordering::Relaxed) && before(end);
    serve(&agent, level(&options.contend)?, &options, &|| {
        go_on() && before(turn)
    })?;
    if turn.is_some() {
        serve(&agent, level("storm")?, &options, &go_on)?;
    }
    writeln!(stdout, "stopped")?;
    Ok(())
}

fn level(name: &str) -> Result<&'static Level, &'static str> {
    LEVELS
        .iter()
        .find(|level| level.name == name)
        .ok_or("no such level")
}

/// Makes the tables and the history. No write of the application, so the agent does not see it.
fn prepare(options: &Options) -> rusqlite::Result<()> {
    let conn = rusqlite::Connection::open(&options.db)?;
    conn.execute_batch(SCHEMA)?;
    let empty = conn.query_row("SELECT NOT EXISTS (SELECT 1 FROM checkpoints)", [], |row| {
        row.get(0)
    })?;
    if options.history > 0 && empty {
        conn.execute_batch(&HISTORY.replace(":rows", &options.history.to_string()))?;
    }
    Ok(())
}

/// Runs the threads of one level while `go_on` holds.
fn serve(
    agent: &Agent,
    level: &Level,
    options: &Options,
    go_on: &(impl Fn() -> bool + Sync),
) -> Result<(), Box<dyn Error>> {
    let threads = options.threads.unwrap_or(level.threads);
    let rate = options.rate.unwrap_or(level.writes_per_second);
    let busy_timeout = options
        .busy_timeout_ms
        .map_or(level.busy_timeout, Duration::from_millis);
    thread::scope(|scope| {
        let mut workers = Vec::new();
        if let Some((hold, pause)) = level.housekeeping {
            let conn = agent.open()?;
            workers.push(scope.spawn(move || keep_house(conn, hold, pause, go_on)));
        }
        for number in 0..threads {
            let conn = agent.open()?;
            conn.busy_timeout(busy_timeout)?;
            // A step of the graph is two writes: the checkpoint, and the pending writes of its tasks.
            let pause = Duration::from_secs(2) * threads / rate;
            workers.push(scope.spawn(move || keep_checkpoints(conn, number, pause, go_on)));
        }
        for worker in workers {
            worker.join().map_err(|_| "a thread panicked")??;
        }
        Ok(())
    })
}

/// Puts one checkpoint after another for a few conversations; a write that finds the database busy is lost, as in
/// an application that does not retry.
fn keep_checkpoints(
    mut conn: Connection,
    number: u32,
    pause: Duration,
    go_on: &(impl Fn() -> bool + Sync),
) -> rusqlite::Result<()> {
    let mut noise = Noise::new(number);
    let mut parents: [Option<String>; 4] = Default::default();
    let mut next = Instant::now() + pause.mul_f64(noise.share());
    for step in 0_usize.. {
        wait_until(next, go_on);
        if !go_on() {
            break;
        }
        next += pause;
        let parent = &mut parents[step % 4];
        let thread_id = format!("user-{number}-{}", step % 4);
        let id = checkpoint_id(&mut noise);
        let blob = noise.bytes(400, 6_000);
        let put = conn.state_write("put", |tx| {
            tx.add_bytes(blob.len());
            let metadata = format!("{{\"source\": \"loop\", \"step\": {step}}}");
            tx.prepare_cached("INSERT INTO checkpoints VALUES (?1, '', ?2, ?3, 'msgpack', ?4, ?5)")?
                .execute(params![thread_id, id, *parent, blob, metadata.as_bytes()])
        });
        if kept(put)? {
            *parent = Some(id.clone());
            let value = noise.bytes(20, 300);
            let put_writes = conn.state_write("put_writes", |tx| {
                tx.add_bytes(value.len() * 2);
                let mut insert = tx.prepare_cached(
                    "INSERT INTO writes VALUES (?1, '', ?2, ?3, '', ?4, ?5, 'msgpack', ?6)",
                )?;
                for (idx, channel) in [(0, "messages"), (1, "log")] {
                    insert.execute(params![thread_id, id, "task", idx, channel, value])?;
                }
                Ok(())
            });
            kept(put_writes)?;
        }
    }
    Ok(())
}

/// Deletes what nobody needs, slowly and in one transaction: the long transaction that makes others wait.
fn keep_house(
    mut conn: Connection,
    hold: Duration,
    pause: Duration,
    go_on: &(impl Fn() -> bool + Sync),
) -> rusqlite::Result<()> {
    conn.busy_timeout(Duration::from_secs(5))?;
    while go_on() {
        let pruned = conn.state_write("prune", |tx| {
            let oldest = "SELECT rowid FROM writes ORDER BY rowid LIMIT 1";
            let rows = tx.execute(&format!("DELETE FROM writes WHERE rowid IN ({oldest})"), [])?;
            thread::sleep(hold);
            Ok(rows)
        });
        kept(pruned.map(drop))?;
        wait_until(Instant::now() + pause, go_on);
    }
    Ok(())
}

/// Whether the write took place; a busy database is part of the experiment, anything else ends it.
fn kept<T>(result: rusqlite::Result<T>) -> rusqlite::Result<bool> {
    match result {
        Ok(_) => Ok(true),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Sleeps in slices, so that a signal is heard within 50 ms.
fn wait_until(when: Instant, go_on: &impl Fn() -> bool) {
    while go_on() {
        let left = when.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::sleep(left.min(ms(50)));
    }
}

/// Ids sort by time, as LangGraph's do.
fn checkpoint_id(noise: &mut Noise) -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:020x}-{:016x}", since.as_nanos(), noise.next())
}

/// A small xorshift generator: payloads need no more than to differ.
struct Noise(u64);

impl Noise {
    fn new(seed: u32) -> Self {
        Self(0x9e37_79b9_7f4a_7c15 ^ (u64::from(seed) + 1))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Between 0 and 1.
    fn share(&mut self) -> f64 {
        (self.next() % 1_000) as f64 / 1_000.0
    }

    fn bytes(&mut self, least: u64, most: u64) -> Vec<u8> {
        let words = (least + self.next() % (most - least)) / 8;
        (0..=words).flat_map(|_| self.next().to_le_bytes()).collect()
    }
}
