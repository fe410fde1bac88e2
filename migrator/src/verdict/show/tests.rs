//! The text as a person sees it, whole.

use outgrow_shared::verdict::{Policy, Signals, name};

use super::*;
use crate::verdict::judge;

fn answer() -> Answer {
    let mut signals = Signals::new(30.0);
    signals.database = Some("checkpoints".to_owned());
    signals.writes_seen = Some(1200.0);
    signals.insert(name::WRITE_ERROR_RATIO, 0.036, "errors / all");
    signals.insert(name::WRITES_PER_SECOND, 40.0, "all");
    signals.insert(name::DATABASE_SIZE_BYTES, 1.5e9, "size");
    signals.insert(name::WRITE_P99_SECONDS, 0.75, "p99");
    signals.insert(name::BUSY_TIMEOUT_SECONDS, 5.0, "timeout");
    signals.insert_absent(name::DISK_FULL_DAYS, "too short a window");
    let mut calm = signals.clone();
    calm.database = Some("calm".to_owned());
    calm.insert(name::WRITE_ERROR_RATIO, 0.0, "errors / all");
    calm.insert(name::WRITE_P99_SECONDS, 0.01, "p99");
    let mut policy = Policy::sqlite_to_postgres();
    policy.hold_at_most_seconds = Some(30.0);
    judge(&[calm, signals], &policy)
}

const TEXT: &str = "\
MIGRATE NOW - Write errors >1%
database checkpoints, policy sqlite-to-postgres, watched 30 s, 1200 writes seen

  SIGNAL                   VALUE   PLAN       NOW           HELD             STATE
  write error ratio        3.6 %   >= 0.5 %   > 1 %         30 s of 5 min *  MIGRATE NOW
  writes per second        40/s    >= 80/s    > 100/s       30 s of 5 min *  ok
  deployment               -       -          multi-server  -                not measured
  database size            1.5 GB  >= 5 GB    > 10 GB       -                ok
  write p99                750 ms  >= 500 ms  > 2 s         30 s of 5 min *  PLAN MIGRATION
  writer-lock utilization  -       >= 30 %    > 60 %        -                not measured
  disk full predicted      -       < 30 d     < 7 d         -                not measured
  * judged over the window given, 30 s, not over the policy's hold time

Why
  write error ratio: 3.6 %, limit > 1 %
  write p99: 750 ms, limit >= 500 ms

Sources
  write error ratio: errors / all
  writes per second: all
  deployment: not measured
  database size: size
  write p99: p99
  writer-lock utilization: not measured
  disk full predicted: too short a window

Other databases
  calm: SQLite sufficient

Next
  Run `outgrow migrate FILE --to URL`; `outgrow plan` shows beforehand what it will do.
";

#[test]
fn the_whole_text() {
    assert_eq!(answer().text(Paint::Plain), TEXT);
}

#[test]
fn colour_changes_no_word() {
    let coloured = answer().text(Paint::Colour);
    assert!(coloured.starts_with("\x1b[1;31mMIGRATE NOW - Write errors >1%\x1b[0m\n"));
    let mut plain = String::new();
    for part in coloured.split('\x1b') {
        plain.push_str(
            part.split_once('m')
                .filter(|_| part.starts_with('['))
                .map_or(part, |(_, rest)| rest),
        );
    }
    assert_eq!(plain, TEXT);
}

#[test]
fn json_is_the_decision_and_the_others() {
    let json: serde_json::Value = serde_json::from_str(&answer().json().unwrap()).unwrap();
    assert_eq!(json["schema_version"], 1);
    assert_eq!(json["level"], "migrate_now");
    assert_eq!(json["headline"], "MIGRATE NOW - Write errors >1%");
    assert_eq!(json["triggers"][0]["state"], "migrate_now");
    assert_eq!(json["triggers"][0]["judged_over_seconds"], 30.0);
    assert_eq!(json["other_databases"][0]["database"], "calm");
}

#[test]
fn nothing_to_judge_is_unknown() {
    let answer = judge(&[], &Policy::sqlite_to_postgres());
    assert_eq!(answer.decision.headline, "UNKNOWN - no database was seen");
}
