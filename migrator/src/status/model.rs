//! A status as people and scripts read it: `docs/status.md` names every field, and a test holds the two together.

use serde::{Serialize, Serializer};
use uuid::Uuid;

/// Version of the object of `--json`; it grows when a field changes its meaning.
pub const FORMAT: &str = "outgrow-status-1";

/// What `outgrow status` tells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: &'static str,
    /// The server's time when it was asked, RFC 3339.
    pub asked_at: Option<String>,
    /// The runs asked for.
    pub runs: Vec<Status>,
    /// Other runs that have not come to their end and are not at work.
    pub also_unfinished: Vec<String>,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// A process is at work on it.
    Running,
    /// It has not come to its end, and nobody is at work on it.
    Stopped,
    /// Both sides were found equal.
    Done,
    /// What it made was dropped.
    Discarded,
}

impl State {
    /// Whether it changes no more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Discarded)
    }
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// Its id.
    #[serde(serialize_with = "as_text")]
    pub run_id: Uuid,
    /// How it stands.
    pub state: State,
    /// File name of the source.
    pub source_file: String,
    /// Schema of the tables.
    pub target_schema: String,
    /// Version of outgrow that began it.
    pub tool_version: String,
    /// `system_identifier` of the cluster.
    pub system_identifier: String,
    /// Timeline of the cluster.
    pub timeline: String,
    /// When it was begun, RFC 3339.
    pub begun_at: Option<String>,
    /// When it was last taken up.
    pub taken_up_at: Option<String>,
    /// When it came to its end.
    pub ended_at: Option<String>,
    /// From its begin to its end or to now.
    pub age_seconds: Option<u64>,
    /// How often it was taken up after its begin.
    pub times_taken_up: Option<u64>,
    /// Root that both sides had.
    pub root: Option<String>,
    /// How long ago its process was last heard of.
    pub pulse_age_seconds: Option<u64>,
    /// The stage at work.
    pub stage: Option<String>,
    /// The table or object at work.
    pub doing: Option<String>,
    /// Bytes of the stage so far.
    pub stage_bytes_done: Option<u64>,
    /// Bytes of the whole stage.
    pub stage_bytes_total: Option<u64>,
    /// Rows that are committed.
    pub rows_done: u64,
    /// Rows of all tables.
    pub rows_total: Option<u64>,
    /// Bytes that are committed.
    pub bytes_done: u64,
    /// About how many bytes it will be.
    pub bytes_total: Option<u64>,
    /// Bytes sent and not committed.
    pub bytes_in_flight: u64,
    /// In the last minute.
    pub last_minute: Option<Pace>,
    /// Since it was begun or last taken up.
    pub overall: Option<Pace>,
    /// Time to go of the stage named in `eta_stage`.
    pub eta_seconds: Option<u64>,
    /// The stage that `eta_seconds` speaks of; no other is in it.
    pub eta_stage: Option<&'static str>,
    /// Each table.
    pub tables: Vec<TableStatus>,
    /// Steps around the rows, by kind.
    pub steps: Vec<StepsStatus>,
    /// Sessions at work.
    pub sessions: Vec<SessionStatus>,
    /// Whether the role sees the sessions at work.
    pub sessions_visible: bool,
    /// Sessions in the way.
    pub blockers: Vec<BlockerStatus>,
    /// Values set aside so far.
    pub values_quarantined: Option<u64>,
    /// The command that goes on with it.
    pub next: Option<String>,
    /// What else has to be known.
    pub notes: Vec<String>,
}

fn as_text<S: Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

/// How fast rows come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Pace {
    /// Rows a second.
    pub rows_per_second: u64,
    /// Bytes a second.
    pub bytes_per_second: u64,
}

/// How a table stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TableState {
    /// Some of its rows are there.
    Copying,
    /// None is there.
    Waiting,
    /// All are there.
    Done,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableStatus {
    /// Its name in the source.
    pub name: String,
    /// How it stands.
    pub state: TableState,
    /// Rows that are committed.
    pub rows_done: u64,
    /// Rows the census counted.
    pub rows_total: Option<u64>,
    /// Bytes that are committed.
    pub bytes_done: u64,
    /// About how many bytes it will be.
    pub bytes_total: Option<u64>,
}

/// Steps of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepsStatus {
    /// `schema`, `tables`, `keys`, `indexes`, `constraints`, `others` or `statistics`.
    pub kind: &'static str,
    /// How many are done.
    pub steps_done: u64,
    /// How many there are.
    pub steps_total: u64,
    /// Those still to do.
    pub to_do: Vec<String>,
}

/// One session at work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionStatus {
    /// Its process on the server.
    pub pid: i32,
    /// What the server says of its state.
    pub state: Option<String>,
    /// Kind of what it waits for.
    pub wait_event_type: Option<String>,
    /// What it waits for.
    pub wait_event: Option<String>,
    /// A long command at work.
    pub command: Option<CommandStatus>,
}

/// A command that the server reports progress of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommandStatus {
    /// `COPY`, `CREATE INDEX` or `ANALYZE`.
    pub name: String,
    /// Its table.
    pub relation: Option<String>,
    /// What it is at.
    pub phase: Option<String>,
    /// How much is done.
    pub amount_done: u64,
    /// Of how much.
    pub amount_total: Option<u64>,
    /// `blocks`, `rows` or `bytes`.
    pub amount_unit: String,
}

/// One session in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BlockerStatus {
    /// Its process on the server; 0 for a prepared transaction.
    pub pid: i32,
    /// Our sessions that wait for it.
    pub blocked_pids: Vec<i32>,
    /// What it calls itself.
    pub application_name: Option<String>,
    /// Its role.
    pub user: Option<String>,
    /// Where it comes from.
    pub client_address: Option<String>,
    /// What the server says of its state.
    pub state: Option<String>,
    /// When its transaction began, RFC 3339.
    pub transaction_since: Option<String>,
    /// How long that is ago.
    pub transaction_age_seconds: Option<u64>,
    /// The relation whose lock is waited for.
    pub relation: Option<String>,
    /// Kind of lock.
    pub lock_type: Option<String>,
    /// Its mode.
    pub lock_mode: Option<String>,
    /// The beginning of its statement.
    pub query: Option<String>,
    /// What can be done about it.
    pub next: String,
}
