//! A Django project of our own (`tests/fixtures/django`): its `migrate` makes the tables and the seed rows, outgrow
//! moves the data, and its ORM says whether both sides are the same and whether it can go on.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use outgrow_e2e::postgres::{execute, shared};
use outgrow_e2e::programs::repository;

use super::{Python, assert_refused, blocking, moved, rows_by_table, schema};
use crate::scene::Scene;

fn project() -> PathBuf {
    repository().join("tests/fixtures/django")
}

fn python(file: &Path) -> Python {
    Python::of("OUTGROW_DJANGO_PYTHON", &project()).with("HERBARIUM_SQLITE", file.to_str().unwrap())
}

/// The project's file, filled once.
fn filled() -> &'static [u8] {
    static FILLED: OnceLock<Vec<u8>> = OnceLock::new();
    FILLED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("herbarium.sqlite3");
        python(&file).succeeds(&["manage.py", "migrate", "-v0"]);
        python(&file).succeeds(&["fill.py"]);
        fs::read(&file).unwrap()
    })
}

/// The project's file beside an empty database.
struct Project {
    scene: Scene,
}

impl Project {
    fn filled() -> Self {
        let scene = Scene::made("herbarium.sqlite3", |file| fs::write(file, filled()).unwrap());
        Self { scene }
    }

    /// The project's file, and its own tables and seed rows on Postgres.
    fn installed() -> Self {
        let project = Self::filled();
        let migrate = ["manage.py", "migrate", "-v0", "--database", "postgres"];
        project.python().succeeds(&migrate);
        project
    }

    /// The project on both databases.
    fn python(&self) -> Python {
        python(&self.scene.source).with("HERBARIUM_POSTGRES", self.scene.database.url())
    }

    #[track_caller]
    fn check_passes(&self) {
        let said = self.python().succeeds(&["check.py"]);
        assert!(said.contains(" 0 faults"), "{said}");
    }
}

/// A damage, and what the check says of it.
const DAMAGES: &[(&str, &str)] = &[
    (
        "UPDATE \"Sheet of paper\" SET drying = drying + interval '1 microsecond' WHERE id = 3",
        "Sheet 3 drying",
    ),
    (
        "UPDATE \"Sheet of paper\" SET measured = '[false]' WHERE id = 4",
        "Sheet 4 measured",
    ),
    (
        "UPDATE \"Sheet of paper\" SET weight = 0.1::real WHERE weight = 0.1",
        "weight: 0.1 became 0.10000000149",
    ),
    (
        "DELETE FROM herbarium_taxon_synonyms WHERE id = 4",
        "Taxon_synonyms 4: only in SQLite",
    ),
    (
        "INSERT INTO auth_group VALUES (9, 'strangers')",
        "Group 9: only in Postgres",
    ),
    (
        "ALTER SEQUENCE herbarium_remark_id_seq RESTART WITH 43",
        "got id 43, and 43 was given away",
    ),
    (
        "ALTER SEQUENCE auth_permission_id_seq RESTART WITH 5",
        "got id 5, and 52 was given away",
    ),
    (
        "ALTER TABLE \"Sheet of paper\" DROP CONSTRAINT sheet_boxes",
        "901 boxes was not refused",
    ),
    (
        "ALTER TABLE \"Sheet of paper\" DROP CONSTRAINT \"Sheet of paper_number_key\"",
        "a second number was not refused",
    ),
    (
        "ALTER TABLE \"Sheet of paper\" ALTER copies DROP DEFAULT",
        "null value in column \"copies\"",
    ),
];

#[test]
fn the_check_of_the_project_passes_on_an_equal_copy_and_names_every_damage() {
    let project = Project::installed();
    let database = &project.scene.database;
    let tables = database.value(
        "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables \
         WHERE schemaname = 'public' AND tablename <> 'django_migrations'",
    );
    database.execute(&format!("TRUNCATE {tables}"));
    project.python().succeeds(&["copy_rows.py"]);
    project.check_passes();
    for (damage, words) in DAMAGES {
        let (server, copy) = (shared().url("postgres"), format!("damaged_{}", database.name()));
        execute(
            &server,
            &format!("CREATE DATABASE {copy} TEMPLATE {}", database.name()),
        );
        execute(&shared().url(&copy), damage);
        let python = python(&project.scene.source).with("HERBARIUM_POSTGRES", shared().url(&copy));
        let (success, said) = python.run(&["check.py"]);
        execute(&server, &format!("DROP DATABASE {copy} WITH (FORCE)"));
        assert!(!success && said.contains(words), "{damage}:\n{said}");
    }
}

#[test]
fn data_moves_into_the_tables_the_project_made_and_it_goes_on_there() {
    let project = Project::installed();
    let before = schema(&project.scene);
    let certificate = moved(&project.scene, &["--seeds", "replace"]);
    assert_eq!(
        before,
        schema(&project.scene),
        "what the project made was changed"
    );
    project.check_passes();
    // The ledger is the target's own, and no part of the proof.
    let tables = certificate["tables"].as_array().unwrap();
    let proven = |name: &str| tables.iter().any(|table| table["name"] == name);
    assert!(proven("Sheet of paper") && !proven("django_migrations"));
}

/// A role that owns the project's tables and may make a schema, and nothing else.
fn owner(project: &Project) -> String {
    let database = &project.scene.database;
    let (role, password) = (format!("owner_{}", database.name()), "owner's own");
    database.execute(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD '{}'; GRANT CREATE ON DATABASE {} TO {role}; \
         GRANT USAGE ON SCHEMA public TO {role};",
        password.replace('\'', "''"),
        database.name()
    ));
    for row in database.rows("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'") {
        let table = row[0].as_deref().unwrap();
        database.execute(&format!("ALTER TABLE {table} OWNER TO {role}"));
    }
    let encoded = password.replace('\'', "%27").replace(' ', "%20");
    format!(
        "postgresql://{role}:{encoded}@127.0.0.1:{}/{}",
        shared().port(),
        database.name()
    )
}

#[test]
fn owning_the_tables_is_enough() {
    let project = Project::installed();
    let url = owner(&project);
    let before = schema(&project.scene);
    let source = project.scene.source.to_str().unwrap();
    let said = project
        .scene
        .run(&["migrate", source, "--to", &url, "--seeds", "replace"]);
    said.exits(0);
    assert_eq!(before, schema(&project.scene));
    project.check_passes();
}

#[test]
fn a_migration_that_only_one_side_has_is_named_and_refused() {
    let project = Project::installed();
    let back = [
        "manage.py",
        "migrate",
        "-v0",
        "--database",
        "postgres",
        "herbarium",
        "0002",
    ];
    project.python().succeeds(&back);
    let blocked = blocking(&project.scene, &["--seeds", "replace"]);
    let objects: Vec<_> = blocked.iter().map(|finding| finding.object.as_str()).collect();
    assert_eq!(objects, ["table:django_migrations"]);
    assert!(
        blocked[0].detail.contains("herbarium 0003_barcodes"),
        "{}",
        blocked[0].detail
    );
    assert_refused(
        &project.scene,
        &["--seeds", "replace"],
        &["table:django_migrations"],
    );
}

/// The tables that the project fills when it is installed.
const SEEDED: [&str; 3] = ["auth_permission", "django_content_type", "herbarium_rank"];

#[test]
fn rows_that_are_there_already_stop_the_migration_with_a_list() {
    let project = Project::installed();
    let blocked = blocking(&project.scene, &[]);
    let mut found: Vec<_> = blocked
        .iter()
        .map(|finding| (finding.object.clone(), finding.rows))
        .collect();
    found.sort();
    let rows = rows_by_table(&project.scene);
    let there = rows
        .iter()
        .filter(|(_, rows)| *rows > 0)
        .filter(|(table, _)| table != "django_migrations");
    let expected: Vec<_> = there
        .map(|(table, rows)| (format!("table:{table}"), *rows))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(expected.len(), SEEDED.len());
    let words = SEEDED.map(|table| format!("table:{table}"));
    assert_refused(&project.scene, &[], &words.each_ref().map(String::as_str));
}

#[test]
fn rows_of_a_fresh_installation_are_merged_with_the_same_rows() {
    let project = Project::installed();
    let before = schema(&project.scene);
    moved(&project.scene, &["--seeds", "merge-identical"]);
    assert_eq!(before, schema(&project.scene));
    project.check_passes();
}

#[test]
fn a_row_that_was_edited_on_the_target_is_not_merged() {
    let project = Project::installed();
    let database = &project.scene.database;
    database.execute("UPDATE herbarium_rank SET name = 'Familie' WHERE id = 1");
    assert_refused(
        &project.scene,
        &["--seeds", "merge-identical"],
        &["herbarium_rank", "id = integer 1"],
    );
    // Its owner decides for that table alone.
    let decided = [
        "--seeds",
        "merge-identical",
        "--seeds",
        "table:herbarium_rank=replace",
    ];
    moved(&project.scene, &decided);
    project.check_passes();
}

#[test]
fn what_the_target_holds_of_a_table_can_be_kept() {
    let project = Project::installed();
    let keep = ["--seeds", "replace", "--seeds", "table:django_content_type=keep"];
    moved(&project.scene, &keep);
    project.check_passes();
}
