//! The example store under load, watched by the real tools: promtool, Prometheus with our rules, and the verdict.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use outgrow_e2e::metrics_servers::{MetricsServer, get, prometheus};
use outgrow_e2e::programs::{example, from_setup, outgrow, repository_file};
use outgrow_migrator::demo::store::{Order, Store};

/// Where the agent listens unless told otherwise.
const DEFAULT_ADDRESS: &str = "127.0.0.1:9867";

/// How long Prometheus watches: several of the store's slow clean-ups.
const WATCHED: Duration = Duration::from_secs(15);

/// How long anything may take that takes a second or two on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A store that stays calm for longer than any test runs, or that is in its storm from the start.
fn store(calm: bool) -> Store {
    let order = Order {
        program: Some(example("checkpoint_store")),
        calm: Duration::from_secs(if calm { 3_600 } else { 0 }),
        history: 100,
    };
    Store::start(&order).unwrap_or_else(|failure| panic!("{failure}"))
}

fn verdict(store: &Store, window: &str) -> (Option<i32>, String) {
    let said: Output = Command::new(outgrow())
        .args(["verdict", "--scrape", store.endpoint.shown(), "--window", window])
        .output()
        .unwrap();
    (said.status.code(), String::from_utf8(said.stdout).unwrap())
}

#[test]
fn promtool_finds_no_fault_in_what_the_agent_serves() {
    let store = store(true);
    let metrics = get(store.endpoint.shown()).unwrap();
    let mut promtool = Command::new(from_setup("OUTGROW_PROMTOOL"))
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool
        .stdin
        .take()
        .unwrap()
        .write_all(metrics.as_bytes())
        .unwrap();
    let said = promtool.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&said.stdout) + String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success() && text.is_empty(), "{text}");
}

#[test]
fn a_calm_store_does_not_outgrow_sqlite() {
    let store = store(true);
    // Both of its threads write at least once a second.
    thread::sleep(Duration::from_secs(1));
    let (exit, text) = verdict(&store, "6s");
    assert_eq!(exit, Some(0), "{text}");
    assert!(text.starts_with("SQLite sufficient"), "{text}");
}

#[test]
fn a_store_in_its_storm_does() {
    let store = store(false);
    thread::sleep(Duration::from_secs(1));
    let (exit, text) = verdict(&store, "12s");
    assert_eq!(exit, Some(12), "{text}");
    assert!(text.starts_with("MIGRATE NOW - Write errors >1%"), "{text}");
}

/// The sum of all series of a metric whose labels contain `label`, from the text that the agent serves.
fn sum(metrics: &str, metric: &str, label: &str) -> f64 {
    let lines = metrics.lines().filter(|line| {
        let series = line.rsplit_once(' ').map_or("", |(series, _)| series);
        series.split('{').next() == Some(metric) && series.contains(label)
    });
    lines
        .map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap())
        .sum()
}

/// The one value that an instant query gives, once it gives one.
fn recorded(server: &MetricsServer, query: &str) -> f64 {
    let start = Instant::now();
    loop {
        let answer = server.json(&format!("/api/v1/query?query={query}"));
        let series = answer["data"]["result"].as_array().unwrap();
        if let [one] = series.as_slice() {
            return one["value"][1].as_str().unwrap().parse().unwrap();
        }
        assert!(series.is_empty(), "{query}: {answer}");
        assert!(start.elapsed() < PATIENCE, "{query} has no value");
        thread::sleep(Duration::from_millis(100));
    }
}

#[track_caller]
fn assert_close(recorded: f64, counted: f64, tolerance: f64) {
    assert!(
        (recorded - counted).abs() <= tolerance * counted,
        "recorded {recorded}, counted {counted}"
    );
}

#[test]
fn the_recorded_series_agree_with_what_the_agent_counts() {
    let store = store(false);
    let address = store
        .endpoint
        .shown()
        .replace("http://", "")
        .replace("/metrics", "");
    // The example as it ships, but for the address and the pace.
    let shipped = repository_file("alerts/prometheus.yml");
    assert!(shipped.contains(DEFAULT_ADDRESS), "{shipped}");
    let config = shipped.replace(DEFAULT_ADDRESS, &address).replace("15s", "1s");
    let server = prometheus(&config, &[("rules.yml", &repository_file("alerts/rules.yml"))]);
    assert_close(recorded(&server, "up"), 1.0, 0.0);
    let before = get(store.endpoint.shown()).unwrap();
    thread::sleep(WATCHED);
    let ratio = recorded(
        &server,
        "instance_db:checkpoint_write_errors_per_writes:ratio_rate5m",
    );
    let rate = recorded(&server, "instance_db:checkpoint_writes:rate5m");
    let busy = recorded(
        &server,
        "instance_db_code:checkpoint_write_errors:rate5m%7Bcode=%22busy%22%7D",
    );
    let p99 = recorded(
        &server,
        "instance_db:checkpoint_write_duration_seconds:p99_rate5m",
    );
    let size = recorded(&server, "instance_db:sqlite_database_size_bytes:max5m");
    let after = get(store.endpoint.shown()).unwrap();

    let grown = |metric, label| sum(&after, metric, label) - sum(&before, metric, label);
    let all = grown("checkpoint_writes_total", "");
    let errors = grown("checkpoint_writes_total", "status=\"error\"");
    assert!(all > 500.0 && errors > 20.0, "{all} writes, {errors} failed");
    // Scrapes lie up to a second beside ours at either end, and failures come in bursts: a burst more or less is
    // a third of them. A ratio of 1, or one that misses an op, is far outside.
    assert_close(ratio, errors / all, 0.4);
    assert_close(rate * 300.0, all, 0.4);
    assert_close(busy / rate, ratio, 0.05);
    assert!((1.0..=2.5).contains(&p99), "failed writes waited a second: {p99}");
    assert_close(size, sum(&after, "sqlite_database_size_bytes", ""), 0.3);
    assert_close(
        recorded(&server, "job_db:checkpoint_writing_instances:count"),
        1.0,
        0.0,
    );
}
