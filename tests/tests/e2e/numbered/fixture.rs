//! One numbered input through the command: its plan, its end, and what Postgres holds afterwards.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use outgrow_e2e::postgres::{Database, Session};
use outgrow_migrator::plan::model::Plan;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::hostile::compare::{Sides, assert_same_values};
use crate::hostile::run::{command, told};
use crate::sources;

/// How the file is made.
#[derive(Clone, Copy)]
pub enum Make {
    /// By SQL statements.
    Script(&'static str),
    /// By code; the file's path is given.
    Code(fn(&Path)),
}

/// An input with all that is expected of it.
#[derive(Clone, Copy)]
pub struct Fixture {
    pub make: Make,
    pub file: &'static str,
    /// What its owner asks for.
    pub options: &'static [&'static str],
    pub exit: i32,
    /// All findings of the plan: disposition, rule, object. Of a refused source there is none.
    pub findings: &'static [(&'static str, &'static str, &'static str)],
    /// Words in what the command says on stderr.
    pub says: &'static [&'static str],
    /// Queries and what they give; `@` is the schema. Columns are separated by `|`, rows by `; `.
    pub holds: &'static [(&'static str, &'static str)],
}

/// A file by SQL that is migrated as it is; everything else is added with `..`.
pub const fn script(sql: &'static str) -> Fixture {
    Fixture {
        make: Make::Script(sql),
        file: "app.db",
        options: &[],
        exit: 0,
        findings: &[],
        says: &[],
        holds: &[],
    }
}

/// A file by code.
pub const fn code(make: fn(&Path)) -> Fixture {
    Fixture {
        make: Make::Code(make),
        ..script("")
    }
}

/// A test for each fixture, named as it is, and the list of the names.
macro_rules! fixtures {
    ($($name:ident: $fixture:expr;)*) => {
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];
        $(
            #[test]
            fn $name() {
                crate::numbered::fixture::check(stringify!($name), $fixture);
            }
        )*
    };
}
pub(super) use fixtures;

fn database() -> &'static Database {
    static SHARED: OnceLock<Database> = OnceLock::new();
    SHARED.get_or_init(Database::create)
}

/// Runs one fixture in a schema of its own.
pub fn check(name: &str, fixture: Fixture) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(fixture.file);
    match fixture.make {
        Make::Script(sql) => sources::script(&path, sql),
        Make::Code(make) => make(&path),
    }
    let schema = format!("{} {}", &name[..3], NEXT.fetch_add(1, Ordering::Relaxed));
    let url = database().url();
    let chosen = [&["--schema", schema.as_str()], fixture.options].concat();
    let migrate = ["migrate", fixture.file, "--to", &url, "--json"];
    let output = command(folder.path(), &[&migrate[..], &chosen].concat());
    assert_eq!(
        output.status.code(),
        Some(fixture.exit),
        "{name}: {}",
        told(&output)
    );
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8_lossy(&output.stdout);
    for word in fixture.says {
        assert!(
            stderr.contains(word) || stdout.contains(word),
            "{name} does not say {word:?}: {}",
            told(&output)
        );
    }
    let session = Session::open(&url);
    if matches!(fixture.exit, 0 | 4) {
        let plan = planned(folder.path(), fixture, &chosen);
        assert_findings(name, &plan, fixture.findings);
        if fixture.exit == 0 {
            let result: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
            assert_equal(&result, &path, &plan, &session);
        }
    }
    for (query, expected) in fixture.holds {
        let query = query.replace('@', &format!("\"{schema}\""));
        assert_eq!(answer(&session, &query), *expected, "{name}: {query}");
    }
    if fixture.exit != 0 {
        let made = format!("SELECT count(*) FROM pg_namespace WHERE nspname = '{schema}'");
        assert_eq!(answer(&session, &made), "0", "{name}: something was kept");
    }
}

fn planned(folder: &Path, fixture: Fixture, chosen: &[&str]) -> Plan {
    let planned = command(folder, &[&["plan", fixture.file, "--json"], chosen].concat());
    // What the target alone can tell is no finding yet.
    let blocked = fixture.findings.iter().any(|finding| finding.0 == "blocked");
    let expected = if blocked { 4 } else { 0 };
    assert_eq!(planned.status.code(), Some(expected), "{}", told(&planned));
    serde_json::from_slice(&planned.stdout).unwrap()
}

fn assert_findings(name: &str, plan: &Plan, expected: &[(&str, &str, &str)]) {
    let found: BTreeSet<(&str, &str, &str)> = plan
        .findings
        .iter()
        .map(|finding| {
            (
                finding.disposition.word(),
                finding.rule.as_str(),
                finding.object.as_str(),
            )
        })
        .collect();
    let expected: BTreeSet<(&str, &str, &str)> = expected.iter().copied().collect();
    assert!(found == expected, "{name}: the plan finds {:#?}", plan.findings);
}

/// Equal by the certificate, and by values read here and there without it.
fn assert_equal(result: &Value, path: &Path, plan: &Plan, session: &Session) {
    assert!(
        result["verdict"].as_str().unwrap().starts_with("EQUAL"),
        "{result}"
    );
    let certificate = &result["certificate"];
    assert_eq!(certificate["source"]["root"], certificate["target"]["root"]);
    let source = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sides = Sides {
        source: &source,
        target: session,
        plan,
        run: certificate["run_id"].as_str(),
    };
    for table in &plan.tables {
        assert_same_values(&sides, table);
    }
}

fn answer(session: &Session, query: &str) -> String {
    let rows = session.rows(query).into_iter().map(|row| {
        let texts = row
            .into_iter()
            .map(|text| text.unwrap_or_else(|| "NULL".to_owned()));
        texts.collect::<Vec<String>>().join("|")
    });
    rows.collect::<Vec<String>>().join("; ")
}
