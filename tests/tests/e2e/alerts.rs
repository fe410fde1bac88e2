//! What ships in `alerts/`: valid for the real tools, tested, documented, and loaded by the real servers.

use std::process::Command;

use outgrow_e2e::metrics_servers::alertmanager;
use outgrow_e2e::programs::{from_setup, repository, repository_file};
use outgrow_e2e::shipped::rules;
use serde_json::Value;

/// The four cases that every alert is tested in, as `alerts/tests.yml` names them.
const CASES: [&str; 4] = ["fires", "just below", "no data", "reset"];

fn check(tool: &str, arguments: &[&str]) {
    let said = Command::new(from_setup(tool))
        .args(arguments)
        .current_dir(repository())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&said.stdout) + String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{tool} {arguments:?}: {text}");
}

#[test]
fn the_rules_are_free_of_lints() {
    check(
        "OUTGROW_PROMTOOL",
        &["check", "rules", "--lint=all", "--lint-fatal", "alerts/rules.yml"],
    );
}

#[test]
fn the_rules_pass_their_tests() {
    check("OUTGROW_PROMTOOL", &["test", "rules", "alerts/tests.yml"]);
}

#[test]
fn the_example_configurations_are_valid() {
    check("OUTGROW_PROMTOOL", &["check", "config", "alerts/prometheus.yml"]);
    check("OUTGROW_AMTOOL", &["check-config", "alerts/alertmanager.yml"]);
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key} is missing in {value}"))
}

#[test]
fn prometheus_loads_the_rules_and_every_alert_is_complete() {
    let runbook = repository_file("alerts/runbook.md");
    let tests = repository_file("alerts/tests.yml");
    let alerts = rules("alert");
    assert_eq!(alerts.len(), 13);
    for alert in &alerts {
        let name = text(alert, "name");
        let severity = text(&alert["labels"], "severity");
        assert!(["critical", "warning"].contains(&severity), "{name}: {severity}");
        let summary = text(&alert["annotations"], "summary");
        assert!(
            !summary.contains("{{"),
            "{name}: a summary that changes splits notifications"
        );
        assert!(
            text(&alert["annotations"], "description").contains("{{ $labels."),
            "{name}"
        );
        let anchor = format!(
            "{{{{ $externalLabels.outgrow_runbook }}}}#{}",
            name.to_lowercase()
        );
        assert_eq!(text(&alert["annotations"], "runbook_url"), anchor);
        assert!(
            runbook.contains(&format!("\n## {name}\n")),
            "{name} has no section in the runbook"
        );
        for case in CASES {
            assert!(
                tests.contains(&format!("- name: '{name}: {case}")),
                "{name} is not tested: {case}"
            );
        }
    }
    let sections = runbook.lines().filter(|line| line.starts_with("## ")).count();
    assert_eq!(
        sections,
        alerts.len(),
        "the runbook has a section without an alert"
    );
}

#[test]
fn alertmanager_starts_with_the_example_configuration() {
    let server = alertmanager(&repository_file("alerts/alertmanager.yml"));
    let status = server.json("/api/v2/status");
    assert!(text(&status["config"], "original").contains("CheckpointStoreWriteErrorsRising"));
}
