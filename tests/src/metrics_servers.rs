//! Prometheus and Alertmanager for one test each: a temporary folder, a free port, a given configuration.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use outgrow_migrator::demo::guarded::{Guarded, Launch};
use outgrow_migrator::demo::private_postgres::free_port;
use outgrow_migrator::demo::server_folder;
use serde_json::Value;

use crate::programs::from_setup;

/// How long a server may take until it answers; it takes well under a second on an idle machine.
const READY_PATIENCE: Duration = Duration::from_secs(60);

/// A running Prometheus or Alertmanager, stopped and removed when dropped.
#[derive(Debug)]
pub struct MetricsServer {
    server: Guarded,
    port: u16,
}

/// Starts Prometheus with this configuration and other files beside it, such as rules.
///
/// # Panics
/// When it does not become ready; the message has its log.
#[must_use]
pub fn prometheus(config: &str, beside: &[(&str, &str)]) -> MetricsServer {
    start("OUTGROW_PROMETHEUS", "prometheus.yml", config, beside, |folder| {
        vec![option("--storage.tsdb.path=", folder), "--log.level=warn".into()]
    })
}

/// Starts Alertmanager with this configuration. It joins no cluster.
///
/// # Panics
/// When it does not become ready; the message has its log.
#[must_use]
pub fn alertmanager(config: &str) -> MetricsServer {
    start(
        "OUTGROW_ALERTMANAGER",
        "alertmanager.yml",
        config,
        &[],
        |folder| {
            vec![
                option("--storage.path=", folder),
                "--cluster.listen-address=".into(),
            ]
        },
    )
}

fn start(
    program: &str,
    config_name: &str,
    config: &str,
    beside: &[(&str, &str)],
    more: impl Fn(&Path) -> Vec<OsString>,
) -> MetricsServer {
    // Before the folder is made: without set-up this panics, and nothing may stay behind.
    let program = from_setup(program);
    let (folder, owner) =
        server_folder::create("outgrow-metrics-", None).expect("a temporary folder can be made");
    for (name, text) in beside.iter().chain(&[(config_name, config)]) {
        server_folder::write(&folder.join(name), text.as_bytes(), owner).expect("the folder can be written");
    }
    let port = free_port().expect("a port is free");
    let mut arguments = more(&folder.join("data"));
    arguments.push(option("--config.file=", &folder.join(config_name)));
    arguments.push(format!("--web.listen-address=127.0.0.1:{port}").into());
    let log = folder.join("server.log");
    // Nothing of it is kept, so there is nothing to say goodbye to.
    let launch = Launch {
        program: &program,
        arguments,
        variables: vec![],
        log: &log,
        stop_signal: "KILL",
    };
    let server = Guarded::start(&folder, &owner, &launch).expect("the server can be started");
    let server = MetricsServer { server, port };
    server.wait_until_ready();
    server
}

fn option(name: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(name);
    argument.push(path);
    argument
}

impl MetricsServer {
    /// Its base URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its process id.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.server.process_id()
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.server.folder().to_owned()
    }

    /// What it logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.server.folder().join("server.log")).unwrap_or_default()
    }

    /// The JSON that a path answers with, such as `/api/v1/rules`.
    ///
    /// # Panics
    /// When the answer is no JSON.
    #[must_use]
    pub fn json(&self, path: &str) -> Value {
        let text = get(&format!("{}{path}", self.url())).unwrap_or_else(|error| panic!("{path}: {error}"));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
    }

    fn wait_until_ready(&self) {
        let start = Instant::now();
        while get(&format!("{}/-/ready", self.url())).is_err() {
            assert!(
                self.server.exit_status().is_none(),
                "the server ended: {}",
                self.log()
            );
            assert!(
                start.elapsed() < READY_PATIENCE,
                "the server is not ready: {}",
                self.log()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The body that a URL answers with.
///
/// # Errors
/// When there is no answer, or its status is not a success.
pub fn get(url: &str) -> Result<String, Box<ureq::Error>> {
    ureq::get(url)
        .call()
        .and_then(|mut answer| answer.body_mut().read_to_string())
        .map_err(Box::new)
}
