//! One Postgres for all tests of a binary, and a fresh database for each test that asks.
//!
//! Tests that change the server itself (settings, crashes, TLS) start a private one with [`private`].

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use outgrow_migrator::demo::private_postgres::{Builder, PrivatePostgres};
use tokio_postgres::{NoTls, SimpleQueryMessage};

use crate::programs::from_setup;

/// A row as `psql` would show it: text, or `None` for NULL.
pub type TextRow = Vec<Option<String>>;

/// A server to be configured and started by one test alone. It never fsyncs.
#[must_use]
pub fn private() -> Builder {
    PrivatePostgres::builder()
        .programs(from_setup("OUTGROW_PG_BINDIR"))
        .durable(false)
}

/// The server that all tests share, started by the first one that asks.
///
/// # Panics
/// When it does not start.
pub fn shared() -> &'static PrivatePostgres {
    // Never dropped; the guard of the server stops it when this process is gone.
    static SHARED: OnceLock<PrivatePostgres> = OnceLock::new();
    SHARED.get_or_init(|| {
        // Nothing here lives long enough to be worth a vacuum.
        let mut builder = private().setting("autovacuum", "off");
        if let Some(folder) = memory() {
            builder = builder.below(folder);
        }
        builder.start().unwrap_or_else(|error| panic!("{error}"))
    })
}

/// Where Linux keeps files in memory.
const MEMORY: &str = "/dev/shm";

/// Bytes that the shared server's databases and its write-ahead log stay below.
const ROOM_BYTES: u64 = 6 << 30;

/// A folder in memory, where there is one with room: thousands of tables are thousands of files, which the file
/// system of a disk is slow to make.
#[must_use]
pub fn memory() -> Option<&'static Path> {
    let room = rustix::fs::statvfs(MEMORY).map(|stat| stat.f_bavail.saturating_mul(stat.f_frsize));
    (room.ok()? > ROOM_BYTES).then_some(Path::new(MEMORY))
}

/// A database of its own for one test, dropped at its end.
#[derive(Debug)]
pub struct Database {
    name: String,
}

impl Database {
    /// Creates an empty database on the shared server.
    ///
    /// # Panics
    /// When that fails.
    #[must_use]
    pub fn create() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        execute(&shared().url("postgres"), &format!("CREATE DATABASE {name}"));
        Self { name }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Connection URL, with the password in it.
    #[must_use]
    pub fn url(&self) -> String {
        shared().url(&self.name)
    }

    /// Runs statements and returns the rows of all of them.
    ///
    /// # Panics
    /// When one of them fails.
    #[must_use]
    pub fn rows(&self, sql: &str) -> Vec<TextRow> {
        rows(&self.url(), sql)
    }

    /// Runs statements for their effect.
    ///
    /// # Panics
    /// When one of them fails.
    pub fn execute(&self, sql: &str) {
        execute(&self.url(), sql);
    }

    /// The one value that a query returns, as text.
    ///
    /// # Panics
    /// When it fails, or returns anything else.
    #[must_use]
    pub fn value(&self, sql: &str) -> String {
        match self.rows(sql).as_slice() {
            [row] => match row.as_slice() {
                [Some(value)] => value.clone(),
                other => panic!("{sql} returned {other:?}"),
            },
            other => panic!("{sql} returned {} rows", other.len()),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Frees the disk early; the whole server is deleted soon anyway.
        let _ = run(
            &shared().url("postgres"),
            &format!("DROP DATABASE {} WITH (FORCE)", self.name),
        );
    }
}

/// A connection that stays open, for tests that ask thousands of questions.
#[derive(Debug)]
pub struct Session {
    runtime: tokio::runtime::Runtime,
    client: tokio_postgres::Client,
}

impl Session {
    /// Connects.
    ///
    /// # Panics
    /// When that fails.
    #[must_use]
    pub fn open(url: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime starts");
        let client = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            tokio::spawn(connection);
            Ok::<_, tokio_postgres::Error>(client)
        });
        Self {
            runtime,
            client: client.unwrap_or_else(|error| panic!("{error:?}")),
        }
    }

    /// Runs statements and returns the rows of all of them.
    ///
    /// # Panics
    /// When one of them fails.
    #[must_use]
    pub fn rows(&self, sql: &str) -> Vec<TextRow> {
        let messages = self.runtime.block_on(self.client.simple_query(sql));
        let messages = messages.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        messages.iter().filter_map(text_row).collect()
    }
}

/// Runs statements on any server for their effect.
///
/// # Panics
/// When one of them fails.
pub fn execute(url: &str, sql: &str) {
    run(url, sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

/// Runs statements on any server and returns the rows of all of them.
///
/// # Panics
/// When one of them fails.
#[must_use]
pub fn rows(url: &str, sql: &str) -> Vec<TextRow> {
    run(url, sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"))
}

/// Runs statements on any server.
///
/// # Errors
/// What the server or the connection said.
pub fn run(url: &str, sql: &str) -> Result<Vec<TextRow>, tokio_postgres::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts");
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        let driver = tokio::spawn(connection);
        let messages = client.simple_query(sql).await?;
        drop(client);
        let _ = driver.await;
        Ok(messages.iter().filter_map(text_row).collect())
    })
}

fn text_row(message: &SimpleQueryMessage) -> Option<TextRow> {
    match message {
        SimpleQueryMessage::Row(row) => Some(
            (0..row.len())
                .map(|column| row.get(column).map(str::to_owned))
                .collect(),
        ),
        _ => None,
    }
}
