//! What the outside sees: HTTP, file sizes, configuration, both recorders, and that a drop stops everything.

// Helpers of tests, too, state what must hold by unwrapping.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::PrometheusBuilder;
use outgrow_agent::{Agent, Recorder, StartError};

fn value(text: &str, series: &str) -> Option<f64> {
    let line = text.lines().find(|line| {
        line.strip_prefix(series)
            .is_some_and(|rest| rest.starts_with(' '))
    })?;
    line.rsplit(' ').next().unwrap().parse().ok()
}

fn agent(path: &Path) -> Agent {
    Agent::builder("app", path)
        .listen("127.0.0.1:0")
        .sample_every(Duration::from_millis(20))
        .start()
        .unwrap()
}

/// Status, content type and body.
fn get(addr: SocketAddr, path: &str) -> (u16, String, String) {
    let client: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut response = client.get(format!("http://{addr}{path}")).call().unwrap();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    (
        response.status().as_u16(),
        kind,
        response.body_mut().read_to_string().unwrap(),
    )
}

/// Waits until the metric is what it should be, which the sampler sees to.
fn eventually(agent: &Agent, series: &str, wanted: f64) {
    let started = Instant::now();
    while value(&agent.render(), series) != Some(wanted) {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "{series} != {wanted}:\n{}",
            agent.render()
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn the_listener_serves_metrics_and_health_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let agent = agent(&dir.path().join("app.db"));
    let addr = agent.local_addr().unwrap();
    assert!(addr.ip().is_loopback());
    agent.open().unwrap().execute("CREATE TABLE t (k)", []).unwrap();
    let (status, kind, body) = get(addr, "/metrics");
    assert_eq!(
        (status, kind.as_str()),
        (200, "text/plain; version=0.0.4; charset=utf-8")
    );
    assert_eq!(
        value(
            &body,
            "checkpoint_writes_total{db=\"app\",op=\"write\",status=\"ok\"}"
        ),
        Some(1.0)
    );
    let (status, _, body) = get(addr, "/healthz");
    assert_eq!((status, body.as_str()), (200, "ok\n"));
    assert_eq!(get(addr, "/").0, 404);
    assert_eq!(get(addr, "/metrics/x").0, 404);
    let client: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    assert_eq!(
        client
            .delete(format!("http://{addr}/metrics"))
            .call()
            .unwrap()
            .status(),
        405
    );
}

#[test]
fn dropping_the_agent_frees_the_port_and_keeps_connections_working() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.db");
    let agent = agent(&path);
    let addr = agent.local_addr().unwrap();
    let conn = agent.open().unwrap();
    let kept_alive = TcpStream::connect(addr).unwrap();
    drop(agent);
    assert!(TcpStream::connect(addr).is_err());
    drop(kept_alive);
    conn.execute("CREATE TABLE t (k)", []).unwrap();
}

#[test]
fn a_taken_port_is_an_error_the_application_can_go_on_from() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.db");
    let first = agent(&path);
    let builder = Agent::builder("app", &path).listen(first.local_addr().unwrap());
    let Err(error) = builder.clone().start() else {
        panic!("the port is taken")
    };
    assert!(matches!(error, StartError::Listen { .. }));
    assert!(error.to_string().contains(".no_listener()"), "{error}");
    let second = builder.no_listener().start().unwrap();
    assert_eq!(second.local_addr(), None);
    assert!(second.render().contains("outgrow_agent_build_info"));
}

#[test]
fn nonsense_is_refused_at_the_start() {
    let refused = Agent::builder("app", "app.db").listen("nonsense").start();
    assert!(matches!(refused, Err(StartError::Address { .. })));
    assert!(matches!(
        Agent::builder("", "app.db").no_listener().start(),
        Err(StartError::EmptyAlias)
    ));
    let both = Agent::builder("app", "app.db")
        .listen("127.0.0.1:0")
        .recorder(Recorder::Global)
        .start();
    assert!(matches!(both, Err(StartError::ListenOnGlobal { .. })));
}

#[test]
fn sizes_follow_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.db");
    let agent = agent(&path);
    eventually(&agent, "sqlite_database_size_bytes{db=\"app\"}", 0.0);
    let conn = agent.open().unwrap();
    conn.execute_batch("PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (v)")
        .unwrap();
    conn.execute("INSERT INTO t VALUES (zeroblob(1000000))", [])
        .unwrap();
    let bytes = |name: &str| std::fs::metadata(dir.path().join(name)).unwrap().len() as f64;
    assert!(bytes("app.db-wal") > 1e6);
    eventually(&agent, "sqlite_wal_size_bytes{db=\"app\"}", bytes("app.db-wal"));
    conn.pragma_query(None, "wal_checkpoint(truncate)", |_| Ok(()))
        .unwrap_err();
    conn.execute_batch("PRAGMA wal_checkpoint(truncate)").unwrap();
    assert!(bytes("app.db") > 1e6);
    eventually(&agent, "sqlite_wal_size_bytes{db=\"app\"}", 0.0);
    eventually(&agent, "sqlite_database_size_bytes{db=\"app\"}", bytes("app.db"));
    let text = agent.render();
    let size = value(&text, "sqlite_filesystem_size_bytes{db=\"app\"}").unwrap();
    let avail = value(&text, "sqlite_filesystem_avail_bytes{db=\"app\"}").unwrap();
    assert!(avail > 0.0 && avail <= size);
}

#[test]
fn configuration_follows_the_connection_and_old_sets_fall_to_zero() {
    let dir = tempfile::tempdir().unwrap();
    let agent = agent(&dir.path().join("app.db"));
    assert!(
        !agent.render().contains("sqlite_config_info"),
        "unknown before a connection is opened"
    );
    let conn = agent.open().unwrap();
    eventually(&agent, "sqlite_busy_timeout_seconds{db=\"app\"}", 5.0);
    let sets = |agent: &Agent| {
        let text = agent.render();
        let lines = text
            .lines()
            .filter(|line| line.starts_with("sqlite_config_info{"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(
        sets(&agent)
            .iter()
            .any(|set| set.contains("journal_mode=\"delete\"") && set.ends_with(" 1"))
    );
    conn.pragma_update(None, "journal_mode", "wal").unwrap();
    conn.execute_batch("PRAGMA synchronous = normal").unwrap();
    conn.busy_timeout(Duration::from_millis(250)).unwrap();
    let now = sets(&agent);
    let current: Vec<_> = now.iter().filter(|set| set.ends_with(" 1")).collect();
    assert_eq!(current.len(), 1, "{now:?}");
    assert!(current[0].contains("journal_mode=\"wal\",synchronous=\"normal\",vfs=\"default\",fs=\""));
    assert!(!current[0].contains("fs=\"unknown\""));
    assert_eq!(
        value(&agent.render(), "sqlite_busy_timeout_seconds{db=\"app\"}"),
        Some(0.25)
    );
}

#[test]
fn opening_does_not_wait_for_a_locked_database() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.db");
    let holder = rusqlite::Connection::open(&path).unwrap();
    holder
        .execute_batch("CREATE TABLE t (k); BEGIN EXCLUSIVE")
        .unwrap();
    let agent = agent(&path);
    let started = Instant::now();
    let conn = agent.open().unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "rusqlite's busy timeout is 5 s"
    );
    assert!(!agent.render().contains("sqlite_config_info"));
    holder.execute_batch("ROLLBACK").unwrap();
    conn.execute("INSERT INTO t VALUES (1)", []).unwrap();
    eventually(&agent, "sqlite_busy_timeout_seconds{db=\"app\"}", 5.0);
}

#[test]
fn what_is_exported_is_what_the_contract_lists() {
    let dir = tempfile::tempdir().unwrap();
    let agent = agent(&dir.path().join("app.db"));
    let mut conn = agent.open().unwrap();
    conn.add_bytes(1);
    conn.execute("CREATE TABLE t (k)", []).unwrap();
    agent
        .attach(conn.raw_mut(), outgrow_agent::HostHooks::none())
        .unwrap();
    eventually(&agent, "sqlite_wal_size_bytes{db=\"app\"}", 0.0);
    let text = agent.render();
    let mut exported: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    let mut listed: Vec<&str> = outgrow_shared::metrics::ALL
        .iter()
        .map(|metric| metric.name)
        .collect();
    exported.sort_unstable();
    listed.sort_unstable();
    assert_eq!(exported, listed);
    for metric in outgrow_shared::metrics::ALL {
        assert!(
            text.contains(&format!("# HELP {} {}\n", metric.name, metric.description)),
            "{}",
            metric.name
        );
        let series = text
            .lines()
            .filter(|line| line.starts_with(metric.name) && !line.starts_with('#'));
        for line in series.filter(|line| line[metric.name.len()..].starts_with('{')) {
            let labels = metric
                .labels
                .iter()
                .all(|label| line.contains(&format!("{label}=\"")));
            assert!(labels, "{line}");
        }
    }
    let overhead = value(&text, "outgrow_agent_overhead_seconds_total").unwrap();
    assert!(overhead > 0.0 && overhead < 10.0, "{overhead}");
}

#[test]
fn a_database_at_the_op_limit_stays_under_300_series() {
    let dir = tempfile::tempdir().unwrap();
    let agent = agent(&dir.path().join("app.db"));
    drop(agent.open().unwrap());
    for op in 0..10 {
        let mut write = agent.begin(&format!("op{op}"));
        write.add_bytes(1);
        write.finish(&Ok::<_, i32>(()));
    }
    eventually(&agent, "sqlite_wal_size_bytes{db=\"app\"}", 0.0);
    let series = agent
        .render()
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .count();
    assert!(series <= 300, "{series}");
}

#[test]
fn the_global_recorder_receives_everything_and_the_agent_serves_nothing() {
    let handle = PrometheusBuilder::new().install_recorder().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.db");
    let agent = Agent::builder("global", &path)
        .recorder(Recorder::Global)
        .start()
        .unwrap();
    assert_eq!((agent.local_addr(), agent.render().as_str()), (None, ""));
    let conn = agent.open().unwrap();
    conn.execute("CREATE TABLE t (k)", []).unwrap();
    conn.execute("INSERT INTO t VALUES (1), (2)", []).unwrap();
    agent.flush();
    let text = handle.render();
    assert_eq!(
        value(
            &text,
            "checkpoint_writes_total{db=\"global\",op=\"write\",status=\"ok\"}"
        ),
        Some(2.0)
    );
    assert_eq!(
        value(&text, "checkpoint_write_rows_total{db=\"global\",op=\"write\"}"),
        Some(2.0)
    );
    assert_eq!(
        value(
            &text,
            "checkpoint_write_duration_seconds_count{db=\"global\",op=\"write\"}"
        ),
        Some(2.0)
    );
    assert_eq!(value(&text, "outgrow_agent_overhead_seconds_total"), Some(0.0));
    let private = Agent::builder("private", &path).no_listener().start().unwrap();
    private.record("write", Duration::ZERO, &Ok::<_, i32>(()));
    private.flush();
    assert!(!handle.render().contains("db=\"private\""));
}
