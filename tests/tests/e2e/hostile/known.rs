//! Files that were lost, cut or refused wrongly once, each with the exit code and the object that must be named.

use outgrow_e2e::postgres::Database;
use rusqlite::Connection;

use super::run;

struct Known {
    sql: String,
    options: &'static [&'static str],
    exit: i32,
    /// What the failure has to name.
    says: &'static str,
}

fn known(sql: impl Into<String>, options: &'static [&'static str], exit: i32, says: &'static str) -> Known {
    Known {
        sql: sql.into(),
        options,
        exit,
        says,
    }
}

fn columns(count: usize) -> String {
    let names: Vec<String> = (0..count).map(|number| format!("c{number}")).collect();
    names.join(", ")
}

/// Names and limits.
fn misfits() -> Vec<Known> {
    let long = "c".repeat(64);
    let (wide, keyed) = (columns(1601), columns(33));
    let row = vec!["1"; 1100].join(", ");
    vec![
        known(
            "CREATE TABLE t (a TEXT, PRIMARY KEY (a COLLATE NOCASE)) WITHOUT ROWID",
            &[],
            4,
            "primary-key:t",
        ),
        known(format!("CREATE TABLE t (a, {long})"), &[], 0, ""),
        known(
            "CREATE TABLE t (a, \"\" TEXT)",
            &["--skip", "column:t.b"],
            2,
            "column:t.b",
        ),
        known("CREATE TABLE t (a, b, UNIQUE (a, a))", &[], 0, ""),
        known(
            format!("CREATE TABLE t ({keyed}, UNIQUE ({keyed}))"),
            &[],
            4,
            "unique:t.1",
        ),
        known(
            format!("CREATE TABLE t ({keyed}); CREATE INDEX ix ON t ({keyed})"),
            &[],
            0,
            "1 skipped",
        ),
        known(format!("CREATE TABLE t ({wide})"), &[], 4, "table:t"),
        known(
            format!("CREATE TABLE t ({}); INSERT INTO t VALUES ({row})", columns(1100)),
            &[],
            4,
            "table:t",
        ),
        known(
            "CREATE TABLE t (a TEXT UNIQUE); INSERT INTO t VALUES (hex(randomblob(3000)))",
            &[],
            4,
            "unique:t.1",
        ),
        known(
            "CREATE TABLE t (a INT, b INT, CHECK (a * b > 0)); INSERT INTO t VALUES (9223372036854775807, 2)",
            &[],
            4,
            "--skip 'check:t.1'",
        ),
    ]
}

/// Keys between tables, and schemas of the target.
fn relations() -> Vec<Known> {
    let parents = "CREATE TABLE p (id INTEGER PRIMARY KEY, a INT UNIQUE); INSERT INTO p VALUES (1, 1);";
    vec![
        known(
            "CREATE TABLE p (id INTEGER PRIMARY KEY, a); CREATE TABLE c (a REFERENCES p (a)); INSERT INTO c VALUES (1)",
            &[],
            4,
            "foreign-key:c.1",
        ),
        known(
            format!("{parents} CREATE TABLE c (a INT REFERENCES p (a))"),
            &["--skip", "unique:p.1"],
            4,
            "foreign-key:c.1",
        ),
        known(
            format!("{parents} CREATE TABLE c (a INT REFERENCES p (a)); CREATE INDEX ix ON c (a)"),
            &["--skip", "table:c", "--skip", "index:c.ix"],
            0,
            "",
        ),
        known(
            "CREATE TABLE p (k TEXT PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY REFERENCES p)",
            &[],
            4,
            "foreign-key:c.1",
        ),
        known(
            "CREATE TABLE migration (a)",
            &["--schema", "_outgrow"],
            2,
            "_outgrow",
        ),
        known(
            "CREATE TABLE t (a)",
            &["--schema", "information_schema"],
            2,
            "information_schema",
        ),
        known("CREATE TABLE t (a)", &["--schema", ""], 2, "--schema"),
    ]
}

#[test]
fn what_once_went_wrong_ends_with_its_exit_code_and_its_object() {
    for case in misfits().into_iter().chain(relations()) {
        let (database, folder) = (Database::create(), tempfile::tempdir().unwrap());
        let connection = Connection::open(folder.path().join("a.db")).unwrap();
        connection
            .execute_batch(&format!("PRAGMA foreign_keys = OFF; {}", case.sql))
            .unwrap();
        drop(connection);
        let url = database.url();
        let output = run::command(
            folder.path(),
            &[&["migrate", "a.db", "--to", &url], case.options].concat(),
        );
        let said = run::told(&output);
        assert_eq!(output.status.code(), Some(case.exit), "{}\n{said}", case.sql);
        assert!(said.contains(case.says), "{}\n{said}", case.sql);
        let done = database.value("SELECT to_regclass('_outgrow.migration') IS NOT NULL") == "t"
            && database.value("SELECT count(*) FROM _outgrow.migration") == "1";
        assert_eq!(done, case.exit == 0, "{}\n{said}", case.sql);
    }
}

/// The file's name would be another file to SQLite, and only a relative one shows it.
#[test]
fn a_relative_name_that_reads_as_a_uri_is_that_file() {
    let folder = tempfile::tempdir().unwrap();
    for (name, table) in [("other.db", "other"), ("own.db", "own")] {
        let connection = Connection::open(folder.path().join(name)).unwrap();
        connection
            .execute_batch(&format!("CREATE TABLE {table} (a)"))
            .unwrap();
    }
    for name in ["file:other.db", ":memory:"] {
        std::fs::copy(folder.path().join("own.db"), folder.path().join(name)).unwrap();
        let output = run::command(folder.path(), &["plan", name]);
        assert_eq!(output.status.code(), Some(0), "{}", run::told(&output));
        assert!(String::from_utf8_lossy(&output.stdout).contains("name = \"own\""));
    }
}
