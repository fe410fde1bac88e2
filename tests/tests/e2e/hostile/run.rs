//! One file through the command: plan, what the plan says is to be left out, migrate, verify.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use outgrow_e2e::programs::outgrow;
use outgrow_migrator::plan::model::Plan;
use serde_json::Value;

/// No file of these sizes takes longer, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Advice is followed so many times: leaving one object out can block others.
const ROUNDS_MAX: usize = 16;

/// Runs the command in a folder; panics if it does not end by itself.
pub fn command(folder: &Path, arguments: &[&str]) -> Output {
    let mut child = Command::new(outgrow())
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(folder.join("stdout")).unwrap())
        .stderr(std::fs::File::create(folder.join("stderr")).unwrap())
        .spawn()
        .unwrap();
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{arguments:?} did not end");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    Output {
        status,
        stdout: read("stdout"),
        stderr: read("stderr"),
    }
}

/// The exit code and all that was said, for messages.
pub fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes)
            .chars()
            .take(3000)
            .collect::<String>()
    };
    format!(
        "{:?}\n{}\n{}",
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr)
    )
}

/// What a file came to.
pub enum Outcome {
    /// It was migrated by this plan.
    Migrated(Box<Plan>),
    /// Nothing but the whole of it can be left out.
    NothingLeft,
}

/// Migrates a file under these choices, leaving out what the tool itself says can be left out.
pub fn migrate(folder: &Path, file: &str, url: &str, schema: &str, choices: &[&str]) -> Outcome {
    let mut skipped: BTreeSet<String> = BTreeSet::new();
    for _ in 0..ROUNDS_MAX {
        let skips = skipped.iter().flat_map(|object| ["--skip", object]);
        let skips: Vec<&str> = choices.iter().copied().chain(skips).collect();
        let migrate = ["migrate", file, "--to", url, "--schema", schema, "--json"];
        let output = command(folder, &[&migrate[..], &skips].concat());
        match output.status.code() {
            Some(0) => {
                return Outcome::Migrated(Box::new(carried_out(folder, file, schema, &skips, &output)));
            }
            Some(4) => {}
            _ => panic!("{}", told(&output)),
        }
        let planned = command(
            folder,
            &[&["plan", file, "--schema", schema, "--json"][..], &skips].concat(),
        );
        assert!(matches!(planned.status.code(), Some(0 | 4)), "{}", told(&planned));
        let plan: Value = serde_json::from_slice(&planned.stdout).unwrap();
        let blocked = plan["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|f| f["disposition"] == "blocked");
        let mut advice: Vec<String> = blocked.map(advised).collect();
        if advice.is_empty() {
            // The target itself could not take an object; the failure names it.
            advice.push(skip_in(&as_written(&output.stderr)).unwrap_or_else(|| panic!("{}", told(&output))));
        }
        let before = skipped.len();
        skipped.extend(advice);
        assert!(
            skipped.len() > before,
            "advice that did not help: {skipped:?}\n{}",
            told(&output)
        );
        if plan["tables"]
            .as_array()
            .unwrap()
            .iter()
            .all(|table| is_skipped(table, &skipped))
        {
            return Outcome::NothingLeft;
        }
    }
    panic!("still blocked without {skipped:?}");
}

fn is_skipped(table: &Value, skipped: &BTreeSet<String>) -> bool {
    skipped.contains(&format!("table:{}", table["name"].as_str().unwrap()))
}

fn advised(finding: &Value) -> String {
    skip_in(finding["next"].as_str().unwrap_or_default()).unwrap_or_else(|| panic!("no way on: {finding}"))
}

/// What a failure says, with the control characters of our names as they are.
fn as_written(stderr: &[u8]) -> String {
    String::from_utf8_lossy(stderr)
        .replace("\n         ", "\n")
        .replace("\\u{1b}", "\u{1b}")
        .replace("\\t", "\t")
}

/// The object in `--skip 'object'`, as a shell reads it.
pub fn skip_in(next: &str) -> Option<String> {
    let (_, rest) = next.split_once("--skip '")?;
    let (object, _) = rest.rsplit_once('\'')?;
    Some(object.replace("'\\''", "'"))
}

/// The plan of a migration that was found equal; its certificate names the same objects.
fn carried_out(folder: &Path, file: &str, schema: &str, skips: &[&str], output: &Output) -> Plan {
    let text = String::from_utf8_lossy(&output.stdout);
    let result: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(result["verdict"], "EQUAL");
    let planned = command(
        folder,
        &[&["plan", file, "--schema", schema, "--json"][..], skips].concat(),
    );
    assert_eq!(planned.status.code(), Some(0), "{}", told(&planned));
    let plan: Plan = serde_json::from_slice(&planned.stdout).unwrap();
    let exceptions = result["certificate"]["exceptions"].as_array().unwrap();
    let told: BTreeSet<&str> = exceptions
        .iter()
        .map(|exception| exception["object"].as_str().unwrap())
        .collect();
    let found: BTreeSet<&str> = plan
        .findings
        .iter()
        .map(|finding| finding.object.as_str())
        .collect();
    assert_eq!(told, found);
    plan
}
