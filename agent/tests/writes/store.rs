//! A fresh database with an agent on it, and the metrics read back by name.

use std::path::PathBuf;
use std::time::Duration;

use outgrow_agent::{Agent, Code, Connection};

pub(crate) struct Bench {
    pub(crate) agent: Agent,
    pub(crate) path: PathBuf,
    _dir: tempfile::TempDir,
}

pub(crate) fn bench(ops: &[&str]) -> Bench {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.db");
    let setup = rusqlite::Connection::open(&path).unwrap();
    setup
        .execute_batch("PRAGMA journal_mode = wal; CREATE TABLE t (k INTEGER PRIMARY KEY, v BLOB UNIQUE)")
        .unwrap();
    let agent = Agent::builder("app", &path)
        .no_listener()
        .ops(ops)
        .start()
        .unwrap();
    Bench {
        agent,
        path,
        _dir: dir,
    }
}

impl Bench {
    pub(crate) fn open(&self) -> Connection {
        let conn = self.agent.open().unwrap();
        conn.busy_timeout(Duration::ZERO).unwrap();
        conn
    }

    pub(crate) fn value(&self, series: &str) -> Option<f64> {
        value(&self.agent.render(), series)
    }

    pub(crate) fn ok(&self, op: &str) -> f64 {
        self.value(&format!(
            "checkpoint_writes_total{{db=\"app\",op=\"{op}\",status=\"ok\"}}"
        ))
        .unwrap()
    }

    pub(crate) fn errors(&self, op: &str) -> f64 {
        self.value(&format!(
            "checkpoint_writes_total{{db=\"app\",op=\"{op}\",status=\"error\"}}"
        ))
        .unwrap()
    }

    pub(crate) fn code(&self, op: &str, code: Code) -> f64 {
        self.value(&format!(
            "checkpoint_write_errors_total{{db=\"app\",op=\"{op}\",code=\"{}\"}}",
            code.as_str()
        ))
        .unwrap()
    }

    pub(crate) fn rows(&self, op: &str) -> f64 {
        self.value(&format!("checkpoint_write_rows_total{{db=\"app\",op=\"{op}\"}}"))
            .unwrap()
    }

    pub(crate) fn timed(&self, op: &str) -> f64 {
        self.value(&format!(
            "checkpoint_write_duration_seconds_count{{db=\"app\",op=\"{op}\"}}"
        ))
        .unwrap()
    }

    pub(crate) fn in_flight(&self) -> f64 {
        self.value("checkpoint_writes_in_flight{db=\"app\"}").unwrap()
    }
}

pub(crate) fn value(text: &str, series: &str) -> Option<f64> {
    let line = text.lines().find(|line| {
        line.strip_prefix(series)
            .is_some_and(|rest| rest.starts_with(' '))
    })?;
    line.rsplit(' ').next().unwrap().parse().ok()
}
