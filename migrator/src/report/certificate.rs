//! The certificate: what was compared, how, and that both sides held the same values.
//!
//! Canonical JSON (RFC 8785), so that its bytes can be hashed and signed. It names no host, no password and no
//! row value. It is written with mode 0600 and never over an existing file.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use outgrow_shared::ce1::{Digest, Mode, TAG};
use sha2::{Digest as _, Sha256};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::model::{Disposition, Plan};
use crate::source::Identity;
use crate::target::{BULK_SETTINGS, Target, TargetError};
use crate::verify::Verified;

/// Version of the certificate's form.
pub const FORMAT: &str = "outgrow-certificate-1";

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Certificate {
    /// [`FORMAT`].
    pub format: String,
    /// The encoding behind the digests, `outgrow-ce1`.
    pub encoding: String,
    /// `EQUAL`, or `EQUAL-MODULO` where a column folds values; a certificate of anything else is not written.
    pub verdict: String,
    /// The columns whose values are equal only modulo their mapping or policy.
    pub modulo: Vec<String>,
    /// How fresh both sides were read.
    pub level: Level,
    /// The run that wrote it.
    pub run_id: String,
    /// When it was written, RFC 3339, UTC.
    pub written_at: String,
    /// Version of outgrow.
    pub tool_version: String,
    /// SHA-256 of the program file, hex; empty where it cannot be read.
    pub tool_sha256: String,
    /// SHA-256 of the plan's canonical JSON, hex.
    pub plan_sha256: String,
    /// The source.
    pub source: SourceSide,
    /// The target.
    pub target: TargetSide,
    /// Rows of all tables.
    pub rows: u64,
    /// Every table.
    pub tables: Vec<TableEntry>,
    /// Where ids go on in tables that the application made.
    pub ids: Vec<NextId>,
    /// What was left out or changed, object by object.
    pub exceptions: Vec<Exception>,
    /// What this certificate does not say.
    pub limits: Vec<String>,
}

/// How fresh both sides were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The source's values were hashed as they were sent, the target's as they were read back.
    ReadBack,
    /// Both sides were read anew.
    FreshBoth,
}

/// The source in a certificate.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SourceSide {
    /// What pins its state.
    pub identity: Identity,
    /// Its root D.
    pub root: Digest,
}

/// The target in a certificate.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TargetSide {
    /// Database name.
    pub database: String,
    /// Schema of the tables.
    pub schema: String,
    /// Server version.
    pub server_version: String,
    /// `system_identifier` of the cluster, empty where the role may not see it.
    pub system_identifier: String,
    /// Settings that bear on durability and on how rows were copied, by name.
    pub settings: std::collections::BTreeMap<String, String>,
    /// Its root D.
    pub root: Digest,
}

/// A table in a certificate.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TableEntry {
    /// Its name on both sides.
    pub name: String,
    /// Its columns: name and mapping.
    pub columns: Vec<(String, String)>,
    /// How its rows were laid into chunks.
    pub mode: Mode,
    /// Rows.
    pub rows: u64,
    /// Values that are kept in the quarantine.
    pub quarantined: u64,
    /// Chunks.
    pub chunks: u64,
    /// Merkle root T.
    pub root: Digest,
    /// Schema digest S.
    pub schema: Digest,
}

/// Where the ids of a column go on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NextId {
    /// The table on the target.
    pub table: String,
    /// The column.
    pub column: String,
    /// The sequence that it draws from.
    pub sequence: String,
    /// The next one.
    pub next: i64,
    /// What an insert came to that was tried and rolled back.
    pub tried: String,
}

/// An object that is not carried over as it is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Exception {
    /// What happened to it.
    pub disposition: Disposition,
    /// The rule.
    pub rule: String,
    /// The object.
    pub object: String,
}

/// What the target says about itself for the certificate.
#[derive(Debug, Clone, Default)]
pub struct TargetFacts {
    system_identifier: String,
    settings: std::collections::BTreeMap<String, String>,
}

const LIMITS: [&str; 3] = [
    "It speaks of the values at the moment both sides were read, not of later ones.",
    "Equality is of SQLite's values: storage class and bytes, by the mapping named for each column.",
    "It does not speak of objects listed as skipped, of privileges, or of the application's queries.",
];

/// Asks the target; outside a transaction, because a refused question would end it.
pub async fn target_facts(target: &Target) -> Result<TargetFacts, TargetError> {
    let identifier = "SELECT system_identifier::text FROM pg_catalog.pg_control_system()";
    // Some providers keep this from ordinary roles.
    let system_identifier = target
        .client()
        .query_one(identifier, &[])
        .await
        .map_or_else(|_| String::new(), |row| row.get(0));
    let settings = "SELECT name, setting FROM pg_catalog.pg_settings \
                    WHERE name IN ('fsync', 'full_page_writes', 'data_checksums', 'synchronous_commit', 'default_toast_compression')";
    let rows = target
        .client()
        .query(settings, &[])
        .await
        .map_err(|error| target.fault(&error))?;
    Ok(TargetFacts {
        system_identifier,
        settings: rows.iter().map(|row| (row.get(0), row.get(1))).collect(),
    })
}

impl TargetFacts {
    /// Adds the settings under which rows were copied, as `copy.NAME`.
    pub async fn add_bulk_settings(&mut self, target: &Target) -> Result<(), TargetError> {
        let names: Vec<&str> = BULK_SETTINGS.iter().map(|setting| setting.name).collect();
        let sql = "SELECT 'copy.' || name, pg_catalog.current_setting(name) FROM pg_catalog.pg_settings \
                   WHERE name = ANY ($1)";
        let rows = target.client().query(sql, &[&names]).await;
        let rows = rows.map_err(|error| target.fault(&error))?;
        self.settings
            .extend(rows.iter().map(|row| (row.get(0), row.get(1))));
        Ok(())
    }

    /// Whether the server keeps what it says it has committed, also when its machine fails.
    pub fn is_durable(&self) -> bool {
        self.settings.get("fsync").is_none_or(|fsync| fsync == "on")
    }
}

/// Puts a certificate together from a verification that found both sides equal.
pub fn certify(
    plan: &Plan,
    verified: &Verified,
    target: &Target,
    facts: &TargetFacts,
    run_id: uuid::Uuid,
    level: Level,
) -> Certificate {
    let tables = plan
        .tables
        .iter()
        .zip(&verified.tables)
        .map(|(table, roots)| TableEntry {
            name: table.name.clone(),
            columns: table
                .columns
                .iter()
                .map(|c| (c.name.clone(), c.mapping_id()))
                .collect(),
            mode: table.mode,
            rows: roots.target.rows,
            quarantined: roots.quarantined,
            chunks: roots.target.chunks,
            root: roots.target.root,
            schema: table.schema_digest(&plan.findings),
        });
    let exceptions = plan.findings.iter().map(|f| Exception {
        disposition: f.disposition,
        rule: f.rule.clone(),
        object: f.object.clone(),
    });
    Certificate {
        format: FORMAT.to_owned(),
        encoding: TAG.to_owned(),
        verdict: verdict(plan).to_owned(),
        modulo: plan.modulo(),
        level,
        run_id: run_id.to_string(),
        written_at: jiff::Timestamp::now().to_string(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        tool_sha256: own_digest(),
        plan_sha256: plan_sha256(plan).1,
        source: SourceSide {
            identity: plan.source.clone(),
            root: verified.source_root,
        },
        target: TargetSide {
            database: target.facts().database.clone(),
            schema: plan.choices.schema.clone(),
            server_version: target.facts().version.clone(),
            system_identifier: facts.system_identifier.clone(),
            settings: facts.settings.clone(),
            root: verified.target_root,
        },
        rows: verified.tables.iter().map(|t| t.target.rows).sum(),
        tables: tables.collect(),
        ids: Vec::new(),
        exceptions: exceptions.collect(),
        limits: LIMITS.map(str::to_owned).to_vec(),
    }
}

/// The word for equality under this plan.
pub fn verdict(plan: &Plan) -> &'static str {
    if plan.modulo().is_empty() {
        "EQUAL"
    } else {
        "EQUAL-MODULO"
    }
}

/// The plan's canonical JSON and its SHA-256 in hex.
pub fn plan_sha256(plan: &Plan) -> (String, String) {
    let json = canonical(plan);
    let digest = Digest(Sha256::digest(json.as_bytes()).into()).to_hex();
    (json, digest)
}

/// RFC 8785 JSON. Our own structs have string keys and finite numbers, so writing them cannot fail.
fn canonical<T: serde::Serialize>(value: &T) -> String {
    serde_json_canonicalizer::to_string(value).unwrap_or_default()
}

/// Begins to take the running program's digest, so that it is at hand when a certificate asks for it.
pub fn prepare() {
    std::thread::spawn(own_digest);
}

/// The running program's digest, taken once: it stays what it is while it runs.
fn own_digest() -> String {
    static DIGEST: OnceLock<String> = OnceLock::new();
    let take = || {
        let read = std::env::current_exe().and_then(std::fs::read);
        read.map_or_else(
            |_| String::new(),
            |bytes| Digest(Sha256::digest(&bytes).into()).to_hex(),
        )
    };
    DIGEST.get_or_init(take).clone()
}

impl Certificate {
    /// The bytes of the file.
    pub fn to_canonical_json(&self) -> String {
        canonical(self)
    }

    /// Writes it to a new file that only its owner can read.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.write_all(self.to_canonical_json().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()
    }
}

/// Where the certificate of a run goes: the path asked for, else `outgrow-certificate-RUN.json` in the current
/// directory. Asked before anything is written to the target, so that hours of copying never end in a path
/// that cannot be written.
pub fn choose_path(asked: Option<&Path>, run_id: impl std::fmt::Display) -> Result<PathBuf, Failure> {
    let path = asked.map_or_else(
        || PathBuf::from(format!("outgrow-certificate-{run_id}.json")),
        Path::to_owned,
    );
    let refuse = |what: String, next: &str| Err(Failure::new(Exit::Usage, what, next));
    if path.symlink_metadata().is_ok() {
        let what = format!("the certificate cannot go to {}: it exists", path.display());
        return refuse(
            what,
            "Name another file with --certificate, or move the old one away.",
        );
    }
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    // A file without a name proves that the folder takes one, and is gone at once.
    if let Err(error) = tempfile::tempfile_in(&folder) {
        let what = format!("the certificate cannot go to {}", path.display());
        let next = "Name a file in a folder you can write with --certificate.";
        return Err(Failure::new(Exit::Usage, what, next).because(error));
    }
    Ok(path)
}
