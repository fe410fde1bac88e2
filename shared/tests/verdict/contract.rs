//! The JSON of a decision, byte for byte: programs outside read it. A change here needs a new schema version,
//! unless it only adds a field.

use outgrow_shared::verdict::{DECISION_SCHEMA_VERSION, Decision, Policy, Signals, name};

use crate::calm::decided;

fn golden_signals() -> Signals {
    let mut signals = Signals::new(300.0);
    signals.database = Some("checkpoints".to_owned());
    signals.measured_at_unix_seconds = Some(1_700_000_000.5);
    signals.age_seconds = 2.5;
    signals.writes_seen = Some(12_000.0);
    signals.insert(name::WRITE_ERROR_RATIO, 0.012, "errors / writes");
    signals.insert(name::WRITES_PER_SECOND, f64::NAN, "writes");
    signals.insert(name::DATABASE_SIZE_BYTES, 6e9, "size");
    signals.insert(name::JOURNAL_MODE_WAL, 0.0, "config");
    signals.insert_absent(name::DISK_FULL_DAYS, "too short a window");
    signals
}

#[test]
fn the_json_of_a_decision_is_frozen() {
    assert_eq!(DECISION_SCHEMA_VERSION, 1);
    let decision = decided(&golden_signals());
    let json = serde_json::to_string_pretty(&decision).expect("JSON");
    assert_eq!(json, include_str!("decision.json").trim_end(), "{json}");
    let read: Decision = serde_json::from_str(&json).expect("a decision");
    assert_eq!(read.headline, decision.headline);
}

#[test]
fn the_policy_survives_json_and_rejects_typos() {
    let policy = Policy::sqlite_to_postgres();
    let json = serde_json::to_string(&policy).expect("JSON");
    assert_eq!(serde_json::from_str::<Policy>(&json).expect("a policy"), policy);
    let typo = json.replace("holds_for_seconds", "hold_for_seconds");
    assert!(serde_json::from_str::<Policy>(&typo).is_err());
}
