//! What ships for Prometheus and Grafana, read as those servers read it.

use serde_json::Value;

use crate::metrics_servers::prometheus;
use crate::programs::repository_file;
use crate::promql::unknown_metrics;

/// The rules of `alerts/rules.yml` as Prometheus has loaded them; kind is `alert` or `record`.
///
/// # Panics
/// When Prometheus does not load them.
#[must_use]
pub fn rules(kind: &str) -> Vec<Value> {
    let beside = [("rules.yml", &*repository_file("alerts/rules.yml"))];
    let server = prometheus(&repository_file("alerts/prometheus.yml"), &beside);
    let answer = server.json(&format!("/api/v1/rules?type={kind}"));
    let groups = answer["data"]["groups"].as_array().expect("a list of groups");
    groups
        .iter()
        .flat_map(|group| group["rules"].as_array().expect("a list of rules").clone())
        .collect()
}

/// The overview dashboard.
///
/// # Panics
/// When it is no JSON.
#[must_use]
pub fn dashboard() -> Value {
    let text = repository_file("grafana/dashboards/outgrow-overview.json");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("the dashboard is no JSON: {error}"))
}

/// The dashboard's panels without the rows that group them.
///
/// # Panics
/// When it has none.
#[must_use]
pub fn panels(dashboard: &Value) -> Vec<&Value> {
    let all = dashboard["panels"].as_array().expect("a list of panels");
    all.iter().filter(|panel| panel["type"] != "row").collect()
}

/// The queries of a panel.
///
/// # Panics
/// When a target has none.
#[must_use]
pub fn queries(panel: &Value) -> Vec<&str> {
    let targets = panel["targets"].as_array().expect("a list of targets");
    targets
        .iter()
        .map(|target| target["expr"].as_str().expect("a query"))
        .collect()
}

/// Everything that rules and dashboard ask Prometheus.
///
/// # Panics
/// When rules or dashboard cannot be read.
#[must_use]
pub fn expressions() -> Vec<String> {
    let dashboard = dashboard();
    let of_panels = panels(&dashboard)
        .into_iter()
        .flat_map(queries)
        .map(str::to_owned);
    let of_rules = ["record", "alert"].into_iter().flat_map(rules);
    let of_rules = of_rules.filter_map(|rule| rule["query"].as_str().map(str::to_owned));
    of_rules.chain(of_panels).collect()
}

/// The metrics that rules and dashboard read, and that are neither in `exported` nor recorded by a rule.
///
/// # Panics
/// When rules or dashboard cannot be read.
#[must_use]
pub fn unknown_in_rules_and_dashboard<'a>(exported: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let recorded = rules("record");
    let expressions = expressions();
    let mut known: Vec<&str> = recorded.iter().filter_map(|rule| rule["name"].as_str()).collect();
    for name in exported {
        known.push(name);
    }
    unknown_metrics(expressions.iter().map(String::as_str), known)
}
