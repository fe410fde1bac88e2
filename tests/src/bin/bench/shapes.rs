//! The shapes of data: rows, types and sizes as applications have them.

use std::fmt::Write;

use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use crate::Outcome;
use crate::random::Random;

/// Rows in each table of `many`.
const MANY_ROWS: u32 = 500;
/// Writes of one checkpoint.
const CHANNELS: [&str; 5] = ["messages", "branch:to:agent", "__start__", "context", "tools"];

/// State of an agent: blobs of 0.5-8 KiB under composite text keys, five small writes each.
pub fn checkpoints(connection: &Connection, seed: u64, count: u32) -> Outcome<()> {
    connection.execute_batch(
        "CREATE TABLE checkpoints (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '',
             checkpoint_id TEXT NOT NULL, parent_checkpoint_id TEXT, type TEXT, checkpoint BLOB, metadata BLOB,
             PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id));
         CREATE TABLE writes (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '',
             checkpoint_id TEXT NOT NULL, task_id TEXT NOT NULL, idx INTEGER NOT NULL, channel TEXT NOT NULL,
             type TEXT, value BLOB, PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx))",
    )?;
    let mut random = Random::new(seed, 1);
    let soup = random.words(4 << 20).into_bytes();
    let mut insert = connection.prepare("INSERT INTO checkpoints VALUES (?, '', ?, ?, 'msgpack', ?, ?)")?;
    let mut insert_write = connection.prepare("INSERT INTO writes VALUES (?, '', ?, ?, ?, ?, ?, ?)")?;
    let (mut thread, mut parent, mut left, mut step) = (String::new(), None, 0, 0);
    let mut clock = 0;
    for _ in 0..count {
        if left == 0 {
            (thread, parent, left, step) = (random.uuid(), None, random.between(1, 60), 0);
        }
        clock += random.between(1, 5000).unsigned_abs();
        let id = checkpoint_id(clock, &mut random);
        let blob = checkpoint_blob(&id, &soup, &mut random);
        let metadata =
            format!(r#"{{"source": "loop", "writes": {{}}, "step": {step}, "thread_id": "{thread}"}}"#);
        insert.execute(params![thread, id, parent, blob, metadata.as_bytes()])?;
        let task = random.uuid();
        for (index, channel) in (0_u32..).zip(CHANNELS) {
            let mut value = vec![0x92, 0xc7, 0x00];
            random.bytes(8, &mut value);
            let length = 39 + random.below(451);
            value.extend_from_slice(slice(&soup, length, &mut random));
            let class = if index == 0 { "null" } else { "msgpack" };
            insert_write.execute(params![thread, id, task, index, channel, class, value])?;
        }
        (parent, left, step) = (Some(id), left - 1, step + 1);
    }
    Ok(())
}

/// Ordered by time, as the identifiers of checkpoints are.
fn checkpoint_id(clock: u64, random: &mut Random) -> String {
    let noise = random.bits();
    format!(
        "1f0{:05x}-{:04x}-6{:x}00-{:04x}-{:012x}",
        (clock >> 20) & 0xf_ffff,
        (clock >> 4) & 0xffff,
        clock & 0xf,
        noise >> 48,
        noise & 0xffff_ffff_ffff,
    )
}

/// 0.5-8 KiB, sizes spread evenly over their logarithm; an eighth of it does not compress.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 512 and 8192"
)]
fn checkpoint_blob(id: &str, soup: &[u8], random: &mut Random) -> Vec<u8> {
    let length = (512.0 * 16_f64.powf(random.fraction())) as usize;
    let mut blob = b"\x85\xa1v\x04\xa2id\xd9\x24".to_vec();
    blob.extend_from_slice(id.as_bytes());
    random.bytes(length / 8, &mut blob);
    blob.extend_from_slice(slice(soup, length - length / 8, random));
    blob
}

/// Some piece of a long text.
fn slice<'a>(soup: &'a [u8], length: usize, random: &mut Random) -> &'a [u8] {
    let from = random.below(soup.len() - length);
    &soup[from..from + length]
}

/// Two integers, a short text, a float; one index beside the key.
pub fn narrow(connection: &Connection, seed: u64, rows: u32) -> Outcome<()> {
    connection
        .execute_batch("CREATE TABLE narrow (id INTEGER PRIMARY KEY, ts INTEGER, k TEXT(12), v REAL)")?;
    let mut random = Random::new(seed, 2);
    let keys: Vec<String> = (0..50_000)
        .map(|_| format!("{:012x}", random.bits() >> 16))
        .collect();
    let mut insert = connection.prepare("INSERT INTO narrow VALUES (?, ?, ?, ?)")?;
    let mut clock = 1_700_000_000_000_i64;
    for id in 1..=rows {
        clock += random.between(0, 1023);
        let key = &keys[random.below(keys.len())];
        insert.execute(params![id, clock, key, random.fraction() * 1000.0])?;
    }
    Ok(connection.execute_batch("CREATE INDEX narrow_k ON narrow (k)")?)
}

/// Forty columns of all kinds, an eighth of the values NULL; two indexes beside the key.
pub fn wide(connection: &Connection, seed: u64, rows: u32) -> Outcome<()> {
    let kinds = [
        ("i", "INTEGER", 7),
        ("f", "REAL", 6),
        ("c", "VARCHAR(40)", 8),
        ("b", "BOOLEAN", 4),
        ("ts", "DATETIME", 4),
        ("d", "DATE", 2),
        ("n", "DECIMAL(12,2)", 4),
        ("txt", "TEXT", 2),
        ("js", "TEXT", 1),
        ("bl", "BLOB", 1),
    ];
    let mut create = "CREATE TABLE wide (id INTEGER PRIMARY KEY".to_owned();
    for (prefix, declared_type, count) in kinds {
        for number in 0..count {
            write!(create, ", {prefix}{number} {declared_type}")?;
        }
    }
    connection.execute_batch(&format!("{create})"))?;
    let mut random = Random::new(seed, 3);
    let soup = random.words(1 << 20);
    let marks = vec!["?"; 40].join(", ");
    let mut insert = connection.prepare(&format!("INSERT INTO wide VALUES ({marks})"))?;
    for id in 1..=rows {
        insert.execute(params_from_iter(wide_row(id, &soup, &mut random)))?;
    }
    Ok(connection.execute_batch("CREATE INDEX wide_c0 ON wide (c0); CREATE INDEX wide_ts0 ON wide (ts0)")?)
}

fn wide_row(id: u32, soup: &str, random: &mut Random) -> Vec<Value> {
    const UNICODE: [&str; 4] = [
        "Z\u{fc}rich",
        "\u{6771}\u{4eac}\u{90fd}",
        "\u{1f600} ok",
        "O'Brien \\ tab\there",
    ];
    let mut row = vec![Value::Integer(id.into())];
    row.extend((0..5).map(|_| Value::Integer(random.between(0, i64::from(i32::MAX)))));
    row.extend((0..2).map(|_| Value::Integer(random.between(-(1 << 61), 1 << 61))));
    row.extend((0..4).map(|_| Value::Real(random.fraction() * 1e6)));
    for _ in 0..2 {
        let power = i32::try_from(random.between(-16, 15)).unwrap_or(0);
        row.push(Value::Real(random.normal() * 10_f64.powi(power)));
    }
    row.extend((0..8).map(|_| Value::Text(piece(soup, 5, 40, random))));
    if id.is_multiple_of(50) {
        row[16] = Value::Text(UNICODE[random.below(UNICODE.len())].to_owned());
    }
    row.extend((0..4).map(|_| Value::Integer(random.between(0, 1))));
    row.extend((0..4).map(|_| Value::Text(timestamp(random))));
    row.extend((0..2).map(|_| Value::Text(timestamp(random)[..10].to_owned())));
    #[expect(clippy::cast_precision_loss, reason = "below a thousand million")]
    row.extend((0..4).map(|_| Value::Real(random.between(0, 999_999_999) as f64 / 100.0)));
    row.extend((0..2).map(|_| Value::Text(piece(soup, 20, 275, random))));
    let number = random.below(1 << 16);
    row.push(Value::Text(format!(
        r#"{{"a": {number}, "tags": ["x", "y"], "ok": true}}"#
    )));
    let mut bytes = Vec::new();
    random.bytes(16, &mut bytes);
    row.push(Value::Blob(bytes));
    for value in &mut row[1..] {
        if random.below(8) == 0 {
            *value = Value::Null;
        }
    }
    row
}

fn piece(soup: &str, shortest: i64, longest: i64, random: &mut Random) -> String {
    let length = usize::try_from(random.between(shortest, longest)).unwrap_or(0);
    // The soup is ASCII.
    let from = random.below(soup.len() - length);
    soup[from..from + length].to_owned()
}

/// `YYYY-MM-DD HH:MM:SS` of the years 2010 to 2025.
fn timestamp(random: &mut Random) -> String {
    let mut number = |low, high| random.between(low, high);
    format!(
        "{}-{:02}-{:02} {:02}:{:02}:{:02}",
        number(2010, 2025),
        number(1, 12),
        number(1, 28),
        number(0, 23),
        number(0, 59),
        number(0, 59),
    )
}

/// Documents as applications keep them: a key, a time, and a JSON payload that is nearly all of the row.
pub fn json(connection: &Connection, seed: u64, rows: u32) -> Outcome<()> {
    connection.execute_batch(
        "CREATE TABLE documents (id TEXT PRIMARY KEY, created DATETIME NOT NULL, payload TEXT NOT NULL)",
    )?;
    let mut random = Random::new(seed, 5);
    let soup = random.words(1 << 20);
    let mut insert = connection.prepare("INSERT INTO documents VALUES (?, ?, ?)")?;
    for _ in 0..rows {
        let mut payload = format!(r#"{{"kind":"message","version":{},"items":["#, random.below(100));
        for number in 0..=random.below(24) {
            let comma = if number == 0 { "" } else { "," };
            let (text, at) = (piece(&soup, 10, 200, &mut random), timestamp(&mut random));
            let score = random.fraction();
            write!(
                payload,
                r#"{comma}{{"id":{number},"role":"user","at":"{at}","text":"{text}","score":{score},"tags":["a","b"],"seen":true}}"#
            )?;
        }
        payload.push_str(r#"],"next":null}"#);
        insert.execute(params![random.uuid(), timestamp(&mut random), payload])?;
    }
    Ok(())
}

/// Small tables that refer to earlier ones by up to two foreign keys, with an index on each of these and two more.
pub fn many(connection: &Connection, seed: u64, tables: u32) -> Outcome<()> {
    let mut random = Random::new(seed, 4);
    let soup = random.words(1 << 18);
    for table in 0..tables {
        let parents: Vec<usize> = (0..table.min(2))
            .map(|_| random.below(usize::try_from(table).unwrap_or(1)))
            .collect();
        let mut references = String::new();
        for (number, parent) in parents.iter().enumerate() {
            write!(references, "p{number} INTEGER REFERENCES t{parent:03} (id), ")?;
        }
        connection.execute_batch(&format!(
            "CREATE TABLE t{table:03} (id INTEGER PRIMARY KEY, {references}name TEXT NOT NULL, created DATETIME,
                 flag BOOLEAN NOT NULL DEFAULT 0, amount REAL, note TEXT)"
        ))?;
        let marks = vec!["?"; 6 + parents.len()].join(", ");
        let mut insert = connection.prepare(&format!("INSERT INTO t{table:03} VALUES ({marks})"))?;
        for id in 1..=MANY_ROWS {
            let mut row = vec![Value::Integer(id.into())];
            row.extend(
                parents
                    .iter()
                    .map(|_| Value::Integer(random.between(1, MANY_ROWS.into()))),
            );
            row.extend([
                Value::Text(format!("{}-{id}", piece(&soup, 8, 24, &mut random))),
                Value::Text(timestamp(&mut random)),
                Value::Integer(random.between(0, 1)),
                Value::Real(random.fraction() * 1e4),
                Value::Text(piece(&soup, 0, 120, &mut random)),
            ]);
            insert.execute(params_from_iter(row))?;
        }
        connection.execute_batch(&format!(
            "CREATE UNIQUE INDEX t{table:03}_name ON t{table:03} (name);
             CREATE INDEX t{table:03}_created ON t{table:03} (created)"
        ))?;
        for number in 0..parents.len() {
            connection.execute_batch(&format!(
                "CREATE INDEX t{table:03}_p{number} ON t{table:03} (p{number})"
            ))?;
        }
    }
    Ok(())
}
