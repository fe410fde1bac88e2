//! A plan, a certificate and a verification to render, without a database.

use std::collections::BTreeMap;
use std::path::PathBuf;

use outgrow_migrator::migrate::Migrated;
use outgrow_migrator::plan::choices::Choices;
use outgrow_migrator::plan::existing::seeds::SeedPolicy;
use outgrow_migrator::plan::mapping::Mapping;
use outgrow_migrator::plan::model::{
    ColumnPlan, Converted, Disposition, FORMAT, Finding, Plan, SchemaMode, Seeds, TablePlan,
};
use outgrow_migrator::report::certificate::{
    Certificate, Exception, Level, SourceSide, TableEntry, TargetSide,
};
use outgrow_migrator::source::Identity;
use outgrow_migrator::verify::again::Outcome;
use outgrow_migrator::verify::{ColumnDifference, Difference, Differences, Kind, TableRoots, Verified};
use outgrow_shared::ce1::{Digest, Mode, TableRoot};

pub fn finding(disposition: Disposition, rule: &str, object: &str, detail: &str, next: &str) -> Finding {
    Finding {
        disposition,
        rule: rule.to_owned(),
        object: object.to_owned(),
        detail: detail.to_owned(),
        rows: 0,
        samples: Vec::new(),
        next: next.to_owned(),
    }
}

/// Two tables, and findings of every disposition in the order a plan has them.
pub fn plan(blocked: bool) -> Plan {
    let mut findings = Vec::new();
    if blocked {
        for object in ["collation:users.name", "collation:users.mail"] {
            let next = format!("Change it in the source, or leave it out with --skip '{object}'.");
            let detail = "compares by NOCASE";
            findings.push(finding(
                Disposition::Blocked,
                "collation.not-binary",
                object,
                detail,
                &next,
            ));
        }
        let detail = "values of several storage classes: 2,239 integer, 1 text";
        findings.push(Finding {
            rows: 4,
            samples: vec!["rowid 7".to_owned(), "rowid 8".to_owned(), "rowid 9".to_owned()],
            ..finding(
                Disposition::Blocked,
                "value.mixed-classes",
                "column:users.age",
                detail,
                "Mend it.",
            )
        });
    }
    for name in [
        "by\nmail",
        "by name",
        "recent",
        "archived",
        "with a name so long that the line has to be folded",
    ] {
        let object = format!("view:{name}");
        let detail = "holds no rows; write it anew for Postgres";
        findings.push(finding(
            Disposition::Skipped,
            "view.not-carried",
            &object,
            detail,
            "",
        ));
    }
    let detail = "SQLite lets this key be NULL, and no row uses that; Postgres makes it NOT NULL, which is a \
                  detail longer than one line";
    findings.push(finding(
        Disposition::Changed,
        "key.made-not-null",
        "primary-key:users",
        detail,
        "",
    ));
    Plan {
        schema_mode: SchemaMode::Own,
        format: FORMAT.to_owned(),
        choices: Choices::default(),
        source: identity(),
        findings,
        todo: Vec::new(),
        converted: Converted::default(),
        preparations: Vec::new(),
        tables: vec![table("users", 2240, Mode::Keyed), table("log", 1, Mode::Bucket)],
        steps: Vec::new(),
    }
}

/// A plan that fills tables of the application, with names that differ and rows that are there.
pub fn plan_for_the_application() -> Plan {
    let mut plan = plan(false);
    plan.schema_mode = SchemaMode::App;
    plan.choices.seeds = Some(SeedPolicy::Replace);
    plan.findings = vec![
        finding(
            Disposition::Changed,
            "seeds.replaced",
            "table:log",
            "rows on the target that are deleted before the copy: 3",
            "",
        ),
        finding(
            Disposition::Skipped,
            "ledger.compared",
            "table:django_migrations",
            "the migration ledger of Django: both sides are at the same migration (19 compared); the target's rows stay",
            "",
        ),
    ];
    plan.tables[0].columns[0].target_name = "user_id".to_owned();
    plan.tables[1].target_name = "Log".to_owned();
    plan.tables[1].seeds = Some(Seeds {
        rows: 3,
        policy: SeedPolicy::Replace,
    });
    plan
}

pub fn identity() -> Identity {
    Identity {
        file_name: "app.db".to_owned(),
        path_sha256: "aa".repeat(32),
        size_bytes: 1_048_576,
        wal_size_bytes: 0,
        modified_at: "2026-11-20T03:00:00.000000000Z".to_owned(),
        wal_modified_at: String::new(),
        header_sha256: "bb".repeat(32),
        page_count: 256,
        page_size_bytes: 4096,
        schema_version: 3,
        encoding: "UTF-8".to_owned(),
        journal_mode: "wal".to_owned(),
    }
}

fn table(name: &str, rows: u64, mode: Mode) -> TablePlan {
    TablePlan {
        seeds: None,
        name: name.to_owned(),
        target_name: name.to_owned(),
        rows,
        bytes: rows * 100,
        mode,
        key: Vec::new(),
        create: String::new(),
        columns: vec![ColumnPlan {
            fits: None,
            name: "id".to_owned(),
            target_name: "id".to_owned(),
            declared_type: "INTEGER".to_owned(),
            target_type: "bigint".to_owned(),
            mapping: Mapping::IntegerBigint,
            values: BTreeMap::new(),
            could_be: Vec::new(),
            generated: None,
            not_null: true,
            reason: "every value is an integer".to_owned(),
        }],
    }
}

fn root(rows: u64, fill: u8) -> TableRoot {
    TableRoot {
        rows,
        chunks: 1,
        root: Digest([fill; 32]),
    }
}

/// A migration that went well.
pub fn migrated() -> Migrated {
    let plan = plan(false);
    let tables = plan.tables.iter().map(|table| TableEntry {
        quarantined: 0,
        name: table.name.clone(),
        columns: vec![("id".to_owned(), "integer.bigint".to_owned())],
        mode: table.mode,
        rows: table.rows,
        chunks: 1,
        root: Digest([0x11; 32]),
        schema: Digest([0x22; 32]),
    });
    let exceptions = plan.findings.iter().map(|f| Exception {
        disposition: f.disposition,
        rule: f.rule.clone(),
        object: f.object.clone(),
    });
    let certificate = Certificate {
        ids: Vec::new(),
        modulo: Vec::new(),
        format: "outgrow-certificate-1".to_owned(),
        encoding: "outgrow-ce1".to_owned(),
        verdict: "EQUAL".to_owned(),
        level: Level::ReadBack,
        run_id: "01900000-0000-7000-8000-000000000000".to_owned(),
        written_at: "2026-01-01T00:00:00Z".to_owned(),
        tool_version: "0.1.0".to_owned(),
        tool_sha256: "cc".repeat(32),
        plan_sha256: "dd".repeat(32),
        source: SourceSide {
            identity: identity(),
            root: Digest([0x33; 32]),
        },
        target: TargetSide {
            database: "app".to_owned(),
            schema: "public".to_owned(),
            server_version: "15.0".to_owned(),
            system_identifier: "1".to_owned(),
            settings: [("fsync".to_owned(), "on".to_owned())].into(),
            root: Digest([0x33; 32]),
        },
        rows: plan.rows(),
        tables: tables.collect(),
        exceptions: exceptions.collect(),
        limits: vec!["It speaks of one moment.".to_owned()],
    };
    Migrated {
        certificate,
        path: PathBuf::from("certificate.json"),
        plan,
    }
}

/// A verification that found one row changed, or nothing.
pub fn outcome(equal: bool) -> Outcome {
    let plan = plan(false);
    let mut differences = Differences::default();
    if !equal {
        differences.add(|| Difference {
            table: "users".to_owned(),
            kind: Kind::Changed,
            key: "id = integer 7".to_owned(),
            columns: vec![ColumnDifference {
                column: "name".to_owned(),
                source: "text 'a'".to_owned(),
                target: "text 'b'".to_owned(),
            }],
        });
    }
    let verified = Verified {
        tables: vec![
            TableRoots {
                quarantined: 0,
                source: root(2240, 1),
                target: root(2240, if equal { 1 } else { 2 }),
            },
            TableRoots {
                quarantined: 0,
                source: root(1, 3),
                target: root(1, 3),
            },
        ],
        source_root: Digest([0x44; 32]),
        target_root: Digest([if equal { 0x44 } else { 0x55 }; 32]),
        differences: differences.clone(),
    };
    Outcome {
        plan,
        verified: Some(verified),
        differences,
        certificate: None,
    }
}
