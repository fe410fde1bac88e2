//! What ledger and server say of a run, as plain data. Every time is in seconds since 1970 by the server's clock.

use uuid::Uuid;

use crate::plan::model::Plan;

/// Everything a status is made of.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The server's time when it was asked.
    pub now_seconds: f64,
    /// Role that asked.
    pub role: String,
    /// The run.
    pub run: RunFacts,
    /// Its plan, if this version of outgrow can read it.
    pub plan: Option<Plan>,
    /// What the ledger has of each table's rows.
    pub chunks: Vec<ChunkFacts>,
    /// Steps that are done.
    pub steps: Vec<StepFacts>,
    /// Values set aside so far; none where the role may not count them.
    pub values_quarantined: Option<u64>,
    /// Sessions at work, as far as the role sees them.
    pub sessions: Vec<SessionFacts>,
    /// Whether there are sessions of which the role does not see enough to know them again.
    pub sessions_hidden: bool,
    /// What stands in their way.
    pub blockers: Vec<BlockerFacts>,
}

/// How a run stands by its row alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recorded {
    /// It has not come to its end.
    #[default]
    Unfinished,
    /// Both sides were found equal.
    Done,
    /// What it made was dropped.
    Discarded,
}

/// One run.
#[derive(Debug, Clone, Default)]
pub struct RunFacts {
    /// Its id.
    pub id: Uuid,
    /// How it stands by its row.
    pub recorded: Recorded,
    /// Which taking up of it is at work, from 1; none of a migration in one transaction, which leaves its record only.
    pub epoch: Option<i64>,
    /// Schema of the tables.
    pub schema: String,
    /// File name of the source.
    pub source_file: String,
    /// `system_identifier` of the cluster; empty where the role could not see it.
    pub system_identifier: String,
    /// Timeline of the cluster; empty where the role could not see it.
    pub timeline: String,
    /// Version of outgrow that began it.
    pub tool_version: String,
    /// When it was begun.
    pub begun_at_seconds: Option<f64>,
    /// When it was last taken up.
    pub taken_up_at_seconds: Option<f64>,
    /// When it came to its end.
    pub ended_at_seconds: Option<f64>,
    /// Root that both sides had, once it is done.
    pub root: Option<String>,
    /// Its pulse.
    pub pulse: Option<Pulse>,
    /// The session that holds the lease on its schema.
    pub lease: Option<Lease>,
}

/// The last word of the process at work.
#[derive(Debug, Clone, Default)]
pub struct Pulse {
    /// Epoch in which it was said.
    pub epoch: i64,
    /// When.
    pub at_seconds: f64,
    /// The stage; empty between two.
    pub stage: String,
    /// The table or object at work.
    pub doing: String,
    /// Bytes of the stage so far.
    pub bytes: u64,
    /// Bytes of the whole stage, where they are known.
    pub bytes_total: Option<u64>,
}

/// Who holds the lease.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lease {
    /// Its process on the server.
    pub pid: i32,
    /// When that session began, where the role may see it.
    pub since_seconds: Option<f64>,
}

/// What the ledger has of a table's rows.
#[derive(Debug, Clone, Default)]
pub struct ChunkFacts {
    /// The table, by its name in the source.
    pub table: String,
    /// All that is there.
    pub all: Amount,
    /// What came since the run was begun or last taken up.
    pub since_taken_up: Amount,
    /// What of that came in the last minute.
    pub last_minute: Amount,
    /// When the last of it came.
    pub last_at_seconds: Option<f64>,
}

/// Rows and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// Rows.
    pub rows: u64,
    /// Bytes in the COPY stream.
    pub bytes: u64,
}

/// A step that is done.
#[derive(Debug, Clone, Default)]
pub struct StepFacts {
    /// Its name.
    pub step: String,
    /// When it was done.
    pub finished_at_seconds: f64,
}

/// A session at work.
#[derive(Debug, Clone, Default)]
pub struct SessionFacts {
    /// Its process on the server.
    pub pid: i32,
    /// `active`, `idle in transaction` and so on.
    pub state: Option<String>,
    /// Kind of what it waits for, if it waits.
    pub wait_event_type: Option<String>,
    /// What it waits for.
    pub wait_event: Option<String>,
    /// What the server says of a long command.
    pub command: Option<CommandFacts>,
}

/// A command that the server reports progress of.
#[derive(Debug, Clone, Default)]
pub struct CommandFacts {
    /// `COPY`, `CREATE INDEX` or `ANALYZE`.
    pub command: String,
    /// Its table, where that is committed already.
    pub relation: Option<String>,
    /// What it is at.
    pub phase: Option<String>,
    /// How much is done.
    pub done: u64,
    /// Of how much; none where the server does not know.
    pub total: Option<u64>,
    /// What is counted: `blocks`, `rows` or `bytes`.
    pub unit: String,
}

/// A session that blocks one of ours.
#[derive(Debug, Clone, Default)]
pub struct BlockerFacts {
    /// Its process on the server; 0 for a prepared transaction, which has none.
    pub pid: i32,
    /// Our session that waits for it.
    pub blocked_pid: i32,
    /// Whether it is one of ours as well.
    pub is_own: bool,
    /// `client backend`, `autovacuum worker` and so on.
    pub backend_type: Option<String>,
    /// What it calls itself.
    pub application_name: Option<String>,
    /// Its role.
    pub user: Option<String>,
    /// Where it comes from; none over a socket, or where the role may not see it.
    pub client_address: Option<String>,
    /// `active`, `idle in transaction` and so on; none where the role may not see it.
    pub state: Option<String>,
    /// When its transaction began.
    pub transaction_since_seconds: Option<f64>,
    /// The relation whose lock is waited for.
    pub relation: Option<String>,
    /// Kind of lock: `relation`, `transactionid`, `advisory` and so on.
    pub lock_type: Option<String>,
    /// Its mode.
    pub lock_mode: Option<String>,
    /// The beginning of its statement, where the role may see it.
    pub query: Option<String>,
}
