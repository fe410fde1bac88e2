//! A database of an application for one test: a schema `app` whose tables belong to a role without other rights.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use outgrow_migrator::demo::private_postgres::PrivatePostgres;
use outgrow_migrator::target::{Conninfo, Disk, Environment, Target, connect, resolve};
use tokio_postgres::{Client, NoTls};

/// The server of all tests; its guard stops it when this process is gone.
static SERVER: LazyLock<PrivatePostgres> = LazyLock::new(|| {
    let mut builder = PrivatePostgres::builder()
        .durable(false)
        .setting("autovacuum", "off");
    // The folder of another version's programs.
    if let Some(folder) = std::env::var_os("OUTGROW_PG_BINDIR") {
        builder = builder.programs(folder);
    }
    let started = builder.start();
    started.unwrap_or_else(|error| panic!("{error}; run `make setup`"))
});

/// A database, with the role that owns its tables.
pub struct Scene {
    database: String,
    /// The role.
    pub role: String,
}

impl Scene {
    /// Makes one: `by_owner` runs as the role with schema `app` in its path, after `by_admin`, which runs as superuser.
    pub async fn new(by_admin: &str, by_owner: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let scene = Self {
            database: format!("app_{number}"),
            role: format!("owner_{number}"),
        };
        let (database, role) = (&scene.database, &scene.role);
        let server = client(&SERVER.url("postgres")).await;
        for sql in [
            format!("CREATE ROLE {role} LOGIN PASSWORD '{role}'"),
            format!("CREATE DATABASE {database}"),
        ] {
            server.batch_execute(&sql).await.unwrap();
        }
        let admin = scene.admin().await;
        let prepare = format!("CREATE SCHEMA app; GRANT USAGE, CREATE ON SCHEMA app TO {role}; {by_admin}");
        run(&admin, &prepare).await;
        run(
            &scene.owner().await,
            &format!("SET search_path = app, public; {by_owner}"),
        )
        .await;
        run(&admin, &format!("REVOKE CREATE ON SCHEMA app FROM {role}")).await;
        scene
    }

    /// A plain session of a superuser.
    pub async fn admin(&self) -> Client {
        client(&SERVER.url(&self.database)).await
    }

    /// A plain session of the role.
    pub async fn owner(&self) -> Client {
        client(&self.url(&self.role)).await
    }

    /// A session of the role as outgrow makes it.
    pub async fn target(&self) -> Target {
        self.target_as(&self.role).await
    }

    /// A session of any role whose password is its name.
    pub async fn target_as(&self, role: &str) -> Target {
        let conninfo = resolve(Some(&self.url(role)), &environment()).unwrap();
        connected(&conninfo).await
    }

    /// Runs a script as the role, with psql where the server's programs have one.
    pub async fn run_script(&self, script: &Path) {
        let program = SERVER.programs().folder.join("psql");
        if !program.exists() {
            run(&self.owner().await, &std::fs::read_to_string(script).unwrap()).await;
            return;
        }
        let ran = Command::new(program)
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f"])
            .args([script.as_os_str(), "-d".as_ref(), self.url(&self.role).as_ref()])
            .env("PGOPTIONS", "-c lock_timeout=5s")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{said}");
    }

    fn url(&self, role: &str) -> String {
        format!(
            "postgres://{role}:{role}@127.0.0.1:{}/{}",
            SERVER.port(),
            self.database
        )
    }
}

/// Runs statements; a refusal fails the test with the statement that was refused.
pub async fn run(client: &Client, sql: &str) {
    let done = client.batch_execute(sql).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn connected(conninfo: &Conninfo) -> Target {
    match connect(conninfo).await {
        Ok(target) => target,
        Err(error) => panic!("{error} ({error:?})"),
    }
}

fn environment() -> Environment {
    Environment {
        variables: BTreeMap::new(),
        home: None,
        os_user: Some("nobody".into()),
        files: Box::new(Disk),
    }
}
