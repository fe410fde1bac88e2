//! A Postgres server of this test's own, spoken to by queries and binary COPY.

use std::pin::pin;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use outgrow_migrator::demo::private_postgres::PrivatePostgres;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// Signature, flags and length of the extension of a binary COPY stream.
const HEADER_BYTES: usize = 19;

/// A throw-away Postgres with one session.
pub struct Server {
    client: Client,
    runtime: tokio::runtime::Runtime,
    _server: PrivatePostgres,
}

impl Server {
    /// Starts one. Without a Postgres on this machine the test fails and says what to do.
    pub fn start() -> Self {
        let started = PrivatePostgres::builder().durable(false).start();
        let server = started.unwrap_or_else(|error| panic!("{error}; run `make setup`"));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let client = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&server.url("postgres"), NoTls)
                .await
                .unwrap();
            tokio::spawn(connection);
            client
        });
        Self {
            client,
            runtime,
            _server: server,
        }
    }

    /// The rows of a script, every value as text.
    pub fn rows(&self, script: &str) -> Vec<Vec<Option<String>>> {
        let answers = self.runtime.block_on(self.client.simple_query(script));
        let answers = answers.unwrap_or_else(|error| panic!("{error:?}\n{script:.300}"));
        let rows = answers.iter().filter_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect())
            }
            _ => None,
        });
        rows.collect()
    }

    /// Sends a whole binary stream.
    pub fn copy_in(&self, statement: &str, stream: Vec<u8>) {
        let sent = self.runtime.block_on(async {
            let mut sink = pin!(self.client.copy_in::<_, Bytes>(statement).await?);
            sink.send(Bytes::from(stream)).await?;
            sink.finish().await
        });
        sent.unwrap_or_else(|error| panic!("{error:?}\n{statement}"));
    }

    /// The fields of every row of a binary stream.
    pub fn copy_out(&self, statement: &str) -> Vec<Vec<Option<Vec<u8>>>> {
        let stream = self.runtime.block_on(async {
            let stream = self.client.copy_out(statement).await.unwrap();
            let pieces: Vec<Bytes> = stream.map(Result::unwrap).collect().await;
            pieces.concat()
        });
        rows_of(&stream[HEADER_BYTES..])
    }
}

fn rows_of(mut rest: &[u8]) -> Vec<Vec<Option<Vec<u8>>>> {
    let mut rows = Vec::new();
    loop {
        let (count, after) = rest.split_first_chunk::<2>().unwrap();
        rest = after;
        let Ok(count) = usize::try_from(i16::from_be_bytes(*count)) else {
            return rows;
        };
        let mut row = Vec::new();
        for _ in 0..count {
            let (length, after) = rest.split_first_chunk::<4>().unwrap();
            let length = usize::try_from(i32::from_be_bytes(*length)).ok();
            let (field, after) = after.split_at(length.unwrap_or(0));
            row.push(length.map(|_| field.to_vec()));
            rest = after;
        }
        rows.push(row);
    }
}
