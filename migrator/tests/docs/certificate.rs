//! `docs/certificate.md` names every key of a certificate and of the events of `--json`.

use std::collections::BTreeSet;

use outgrow_migrator::report::summary;
use serde_json::Value;

use crate::{document, sample};

/// Keys that are names of settings, not of ours.
const FREE: &str = "settings";

fn keys(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                found.insert(key.clone());
                if key != FREE {
                    keys(member, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        _ => {}
    }
}

#[test]
fn every_key_is_documented() {
    let mut found = BTreeSet::new();
    let certificate: Value =
        serde_json::from_str(&sample::migrated().certificate.to_canonical_json()).unwrap();
    let events = [
        summary::result_event(&sample::migrated()),
        summary::verified_event(&sample::outcome(false)),
    ];
    keys(&certificate, &mut found);
    for event in events {
        keys(&serde_json::from_str(&event).unwrap(), &mut found);
    }
    assert!(found.len() > 30, "{found:?}");
    let text = document("docs/certificate.md");
    let missing: Vec<&String> = found
        .iter()
        .filter(|key| !text.contains(&format!("`{key}`")))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/certificate.md does not name {missing:?}"
    );
}
