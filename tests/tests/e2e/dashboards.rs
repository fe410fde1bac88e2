//! The dashboard: complete, consistent, and with the same thresholds as the alerts.

use outgrow_e2e::programs::repository_file;
use outgrow_e2e::promql::unknown_metrics;
use outgrow_e2e::shipped::{dashboard, expressions, panels, queries, rules, unknown_in_rules_and_dashboard};
use outgrow_shared::metrics::{
    ALL, ATTACHED_TRANSACTIONS, BUSY_TIMEOUT, CONFIG_INFO, FILESYSTEM_SIZE, Metric, WRITES,
};
use serde_json::Value;

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key} is missing in {value}"))
}

#[test]
fn the_dashboard_can_be_provisioned_and_asks_for_its_data_source() {
    let dashboard = dashboard();
    assert_eq!(dashboard["uid"], "outgrow-overview");
    assert_eq!(dashboard["editable"], false);
    assert!(dashboard.get("id").is_none() && dashboard.get("__inputs").is_none());
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let names: Vec<_> = variables.iter().map(|variable| text(variable, "name")).collect();
    assert_eq!(names, ["datasource", "job", "instance", "db"]);
    for path in ["dashboards/outgrow.yaml", "datasources/prometheus.yaml"] {
        assert!(repository_file(&format!("grafana/provisioning/{path}")).contains("apiVersion: 1"));
    }
}

#[test]
fn every_panel_says_what_it_shows_and_in_which_unit() {
    let dashboard = dashboard();
    let panels = panels(&dashboard);
    assert!(panels.len() > 10);
    for panel in &panels {
        let title = text(panel, "title");
        assert!(text(panel, "description").ends_with('.'), "{title}");
        assert!(
            !text(&panel["fieldConfig"]["defaults"], "unit").is_empty(),
            "{title}"
        );
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        for query in queries(panel) {
            assert!(
                query.contains(r#"job=~"$job", instance=~"$instance""#),
                "{title}: {query}"
            );
            assert!(
                !query.contains("rate(") || query.contains("[$__rate_interval]"),
                "{title}: {query}"
            );
        }
    }
    let mut ids: Vec<_> = panels.iter().map(|panel| panel["id"].as_i64().unwrap()).collect();
    ids.dedup();
    assert_eq!(ids.len(), panels.len());
}

/// Exported metrics that neither rules nor dashboard read, and why not.
const READ_ELSEWHERE: [(Metric, &str); 4] = [
    (
        CONFIG_INFO,
        "the verdict reads the journal mode to name a cheaper cause",
    ),
    (BUSY_TIMEOUT, "the verdict reads it to name a cheaper cause"),
    (
        FILESYSTEM_SIZE,
        "the trend of the free bytes predicts a full disk",
    ),
    (
        ATTACHED_TRANSACTIONS,
        "a cross-check for applications that attach the agent",
    ),
];

#[test]
fn rules_and_dashboard_read_what_the_agent_exports_and_nothing_else() {
    let exported = ALL.iter().map(|metric| metric.name);
    assert_eq!(unknown_in_rules_and_dashboard(exported.chain(["up"])), [""; 0]);
    // The scanner sees plain metrics too, or this test would pass on nothing.
    assert!(unknown_in_rules_and_dashboard([]).contains(&WRITES.name.to_owned()));
}

#[test]
fn every_exported_metric_is_read_or_there_is_a_reason() {
    let expressions = expressions();
    for metric in ALL {
        let others = ALL.iter().filter(|other| *other != metric);
        let unknown = unknown_metrics(
            expressions.iter().map(String::as_str),
            others.map(|other| other.name),
        );
        let read = unknown.iter().any(|name| name.starts_with(metric.name));
        let excused = READ_ELSEWHERE.iter().find(|(excused, _)| excused == metric);
        assert_ne!(read, excused.is_some(), "{}: {excused:?}", metric.name);
    }
}

/// The number that an alert's query is compared with; Prometheus prints it after the last comparison.
fn threshold(alerts: &[Value], name: &str) -> f64 {
    let alert = alerts
        .iter()
        .find(|alert| alert["name"] == name)
        .unwrap_or_else(|| panic!("no {name}"));
    let query = text(alert, "query");
    let (_, number) = query
        .rsplit_once(['<', '>'])
        .unwrap_or_else(|| panic!("{query} compares nothing"));
    number
        .trim_start_matches('=')
        .split('*')
        .map(|factor| factor.trim().parse::<f64>().unwrap())
        .product()
}

fn steps(panel: &Value) -> Vec<f64> {
    let steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"].as_array();
    steps
        .into_iter()
        .flatten()
        .filter_map(|step| step["value"].as_f64())
        .collect()
}

#[test]
fn panels_change_colour_where_alerts_fire() {
    let (dashboard, alerts) = (dashboard(), rules("alert"));
    for (panel, first, second) in [
        (
            "Write error ratio",
            "CheckpointStoreWriteErrorsRising",
            "CheckpointStoreWriteErrors",
        ),
        (
            "Error ratio",
            "CheckpointStoreWriteErrorsRising",
            "CheckpointStoreWriteErrors",
        ),
        (
            "Writes per second",
            "CheckpointStoreThroughputRising",
            "CheckpointStoreThroughput",
        ),
        (
            "Write p99",
            "CheckpointStoreLatencyRising",
            "CheckpointStoreLatency",
        ),
        (
            "Write duration",
            "CheckpointStoreLatencyRising",
            "CheckpointStoreLatency",
        ),
        (
            "Database size",
            "CheckpointStoreSizeRising",
            "CheckpointStoreSize",
        ),
        (
            "Disk full in",
            "CheckpointStoreDiskFull",
            "CheckpointStoreDiskFilling",
        ),
    ] {
        let found = panels(&dashboard)
            .into_iter()
            .find(|found| found["title"] == panel);
        let found = found.unwrap_or_else(|| panic!("no panel {panel}"));
        assert_eq!(
            steps(found),
            [threshold(&alerts, first), threshold(&alerts, second)],
            "{panel}"
        );
    }
}
