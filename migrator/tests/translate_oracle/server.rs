//! A Postgres server of this test's own.

use outgrow_migrator::demo::private_postgres::PrivatePostgres;
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// A linguistic default collation, so that a missing COLLATE "C" shows.
const LINGUISTIC: &str =
    "CREATE DATABASE oracle TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'";

/// A throw-away Postgres with one database.
pub struct Server(PrivatePostgres);

impl Server {
    /// Starts one. Without a Postgres on this machine the test fails and says what to do.
    pub fn start() -> Self {
        let started = PrivatePostgres::builder().durable(false).start();
        let server = Self(started.unwrap_or_else(|error| panic!("{error}; run `make setup`")));
        server.ask("postgres", LINGUISTIC);
        server
    }

    /// The result lines of a script.
    pub fn run(&self, script: &str) -> Vec<String> {
        let first = |mut row: Vec<Option<String>>| row.swap_remove(0).unwrap_or_default();
        self.rows(script).into_iter().map(first).collect()
    }

    /// The rows of a script, every value as text.
    pub fn rows(&self, script: &str) -> Vec<Vec<Option<String>>> {
        self.ask("oracle", script)
    }

    fn ask(&self, database: &str, script: &str) -> Vec<Vec<Option<String>>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let answers = runtime.unwrap().block_on(async {
            let (client, connection) = tokio_postgres::connect(&self.0.url(database), NoTls).await?;
            tokio::spawn(connection);
            client.simple_query(script).await
        });
        let answers = answers.unwrap_or_else(|error| panic!("{error:?}"));
        let rows = answers.iter().filter_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect())
            }
            _ => None,
        });
        rows.collect()
    }
}
