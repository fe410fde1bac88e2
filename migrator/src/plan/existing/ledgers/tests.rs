//! Which tables are ledgers, and what their rows say.

use super::*;

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn rows(rows: &[&[&str]]) -> Vec<LedgerRow> {
    rows.iter()
        .map(|row| row.iter().map(|&part| Some(part.to_owned())).collect())
        .collect()
}

/// The framework whose ledger a table is.
fn framework(table: &str, columns: &[&str]) -> Option<&'static str> {
    recognise(table, &strings(columns)).map(|ledger| ledger.framework)
}

fn ledger(table: &str, columns: &[&str]) -> &'static Ledger {
    recognise(table, &strings(columns)).unwrap_or_else(|| panic!("{table} is no ledger"))
}

fn same(entries: &[&str]) -> Agreement {
    Agreement::Same {
        entries: strings(entries),
    }
}

fn drift(only_in_source: &[&str], only_in_target: &[&str]) -> Agreement {
    Agreement::Drift {
        only_in_source: strings(only_in_source),
        only_in_target: strings(only_in_target),
    }
}

fn unfinished(in_source: &[&str], in_target: &[&str]) -> Agreement {
    Agreement::Unfinished {
        in_source: strings(in_source),
        in_target: strings(in_target),
    }
}

#[test]
fn tables_are_told_by_name_and_columns_as_frameworks_make_them() {
    let known: &[(&str, &[&str], &str)] = &[
        ("django_migrations", &["id", "app", "name", "applied"], "Django"),
        ("alembic_version", &["version_num"], "Alembic"),
        ("alembic_version_jobs", &["version_num"], "Alembic"),
        ("schema_migrations", &["version"], "Rails or dbmate"),
        ("schema_migrations", &["version", "dirty"], "golang-migrate"),
        ("schema_migrations", &["version", "inserted_at"], "Ecto"),
        ("migrations", &["id", "timestamp", "name"], "TypeORM"),
        ("migrations", &["id", "migration", "batch"], "Laravel"),
        ("migrations", &["id"], "gormigrate"),
        (
            "__efmigrationshistory",
            &["migrationid", "productversion"],
            "Entity Framework",
        ),
        (
            "VersionInfo",
            &["Version", "AppliedOn", "Description"],
            "FluentMigrator",
        ),
        (
            "DATABASECHANGELOG",
            &[
                "ID",
                "AUTHOR",
                "FILENAME",
                "DATEEXECUTED",
                "ORDEREXECUTED",
                "EXECTYPE",
            ],
            "Liquibase",
        ),
        ("wallabag_migration_versions", &["version"], "Doctrine"),
        (
            "doctrine_migration_versions",
            &["version", "executed_at", "execution_time"],
            "Doctrine",
        ),
        ("oc_migrations", &["app", "version"], "Nextcloud"),
        (
            "migration_log",
            &["id", "migration_id", "sql", "success", "error", "timestamp"],
            "Grafana",
        ),
        ("version", &["id", "version"], "Gitea"),
        ("store_migrations", &["v"], "LangGraph"),
    ];
    for (table, columns, expected) in known {
        assert_eq!(framework(table, columns), Some(*expected), "{table}");
    }
}

#[test]
fn tables_of_the_application_are_not_mistaken() {
    let others: &[(&str, &[&str])] = &[
        ("migrations", &["id", "name"]),
        ("migrations", &["id", "timestamp", "name", "species"]),
        ("migrations", &[]),
        ("version", &["id", "version", "document"]),
        ("schema_migrations", &["id", "from_schema", "to_schema"]),
        ("bird_migrations", &["app", "version", "season"]),
        ("django_migrations_old", &["id", "app", "name", "applied"]),
        ("alembic_version", &["version_num", "note"]),
        ("version_info", &["id", "text"]),
        ("", &["version"]),
    ];
    for (table, columns) in others {
        assert_eq!(framework(table, columns), None, "{table} {columns:?}");
    }
}

#[test]
fn every_ledger_is_found_by_its_own_description_and_reads_only_what_it_must_have() {
    for ledger in known() {
        let (Name::Is(name) | Name::Begins(name) | Name::Ends(name)) = ledger.name;
        let (Columns::With(columns) | Columns::Only(columns)) = ledger.columns;
        let found = recognise(name, &strings(columns));
        assert_eq!(found, Some(ledger), "{} {name}", ledger.framework);
        let is_own = matches!(ledger.comparison, Comparison::Own(_));
        assert_eq!(ledger.read().is_empty(), is_own, "{} {name}", ledger.framework);
        for column in ledger.read() {
            assert!(columns.contains(&column), "{} {name}.{column}", ledger.framework);
        }
    }
}

#[test]
fn lists_must_be_the_same_in_any_order_and_what_is_not_is_named() {
    let django = ledger("django_migrations", &["id", "app", "name", "applied"]);
    assert_eq!(django.read(), ["app", "name"]);
    let one = rows(&[
        &["auth", "0001_initial"],
        &["shop", "0001_initial"],
        &["shop", "0002_price"],
    ]);
    let mut two = one.clone();
    two.reverse();
    let all = ["auth 0001_initial", "shop 0001_initial", "shop 0002_price"];
    assert_eq!(compare(django, &one, &two), same(&all));
    assert_eq!(compare(django, &one, &one[..2]), drift(&["shop 0002_price"], &[]));
    assert_eq!(compare(django, &[], &one), drift(&[], &all));
    assert_eq!(compare(django, &[], &[]), same(&[]));
    let renamed = rows(&[&["auth", "0001_initial"], &["shop", "0001_Initial"]]);
    assert_eq!(
        compare(django, &one[..2], &renamed),
        drift(&["shop 0001_initial"], &["shop 0001_Initial"])
    );
}

#[test]
fn versions_are_listed_by_size_and_null_is_an_entry() {
    let rails = ledger("schema_migrations", &["version"]);
    let source = rows(&[&["10"], &["9"], &["20240101120000"]]);
    assert_eq!(
        compare(rails, &source, &source),
        same(&["9", "10", "20240101120000"])
    );
    let flyway = ledger("flyway_schema_history", &["version", "script", "success"]);
    let repeatable = vec![vec![None, Some("R__views.sql".to_owned()), Some("t".to_owned())]];
    assert_eq!(
        compare(flyway, &repeatable, &repeatable),
        same(&["NULL R__views.sql"])
    );
    assert_eq!(
        compare(flyway, &repeatable, &[]),
        drift(&["NULL R__views.sql"], &[])
    );
}

#[test]
fn of_a_list_with_another_beginning_the_newest_entry_counts() {
    let typeorm = ledger("migrations", &["id", "timestamp", "name"]);
    let sqlite = rows(&[&["1588102412422", "Initial"], &["1737320080282", "AddTags"]]);
    let postgres = rows(&[&["1734786061496", "Initial"], &["1737320080282", "AddTags"]]);
    assert_eq!(
        compare(typeorm, &sqlite, &postgres),
        same(&["1737320080282 AddTags"])
    );
    assert_eq!(
        compare(typeorm, &sqlite, &postgres[..1]),
        drift(&["1737320080282 AddTags"], &["1734786061496 Initial"])
    );
    assert_eq!(
        compare(typeorm, &[], &postgres[..1]),
        drift(&[], &["1734786061496 Initial"])
    );
    let assistant = ledger("schema_changes", &["change_id", "schema_version", "changed"]);
    assert_eq!(
        compare(assistant, &rows(&[&["9"], &["50"]]), &rows(&[&["50"]])),
        same(&["50"])
    );
    assert_eq!(
        compare(assistant, &rows(&[&["9"]]), &rows(&[&["10"]])),
        drift(&["9"], &["10"])
    );
}

#[test]
fn lists_of_their_own_say_why_they_are_not_compared() {
    let own = [
        ledger("store_migrations", &["v"]),
        ledger("knex_migrations_lock", &["index", "is_locked"]),
        ledger(
            "ar_internal_metadata",
            &["key", "value", "created_at", "updated_at"],
        ),
        ledger("__drizzle_migrations", &["id", "hash", "created_at"]),
    ];
    for ledger in own {
        match compare(ledger, &rows(&[&["1"]]), &[]) {
            Agreement::Own { why } => assert!(!why.is_empty()),
            other => panic!("{}: {other:?}", ledger.framework),
        }
    }
    let drizzle = ledger("__drizzle_migrations", &["id", "hash", "created_at"]);
    assert_eq!(drizzle.schema, Some("drizzle"));
}

#[test]
fn half_done_migrations_are_named_on_either_side() {
    let go = ledger("schema_migrations", &["version", "dirty"]);
    assert_eq!(go.read(), ["version", "dirty"]);
    let (clean, dirty) = (rows(&[&["7", "0"]]), rows(&[&["7", "t"]]));
    assert_eq!(compare(go, &clean, &rows(&[&["7", "f"]])), same(&["7"]));
    assert_eq!(compare(go, &clean, &dirty), unfinished(&[], &["7"]));
    let sqlx = ledger(
        "_sqlx_migrations",
        &["version", "description", "checksum", "success"],
    );
    let (done, failed) = (rows(&[&["1", "true"]]), rows(&[&["1", "1"], &["2", "0"]]));
    assert_eq!(compare(sqlx, &failed, &done), unfinished(&["2"], &[]));
    assert_eq!(compare(sqlx, &failed[..1], &done), same(&["1"]));
}

#[test]
fn attempts_that_failed_and_steps_taken_back_do_not_count() {
    let grafana = ledger("migration_log", &["migration_id", "sql", "success"]);
    let twice = rows(&[&["create user", "0"], &["create user", "1"], &["drop temp", "0"]]);
    assert_eq!(
        compare(grafana, &twice, &rows(&[&["create user", "t"]])),
        same(&["create user"])
    );
    let goose = ledger("goose_db_version", &["id", "version_id", "is_applied", "tstamp"]);
    let back = rows(&[&["0", "1"], &["1", "1"], &["2", "1"], &["2", "0"]]);
    assert_eq!(
        compare(goose, &back, &rows(&[&["0", "t"], &["1", "t"]])),
        same(&["0", "1"])
    );
    let again = [back, rows(&[&["2", "1"]])].concat();
    assert_eq!(
        compare(goose, &again, &rows(&[&["0", "t"], &["1", "t"]])),
        drift(&["2"], &[])
    );
}

#[test]
fn a_row_that_says_nothing_of_its_end_is_half_done() {
    let flyway = ledger("flyway_schema_history", &["version", "script", "success"]);
    let (version, script) = (Some("1".to_owned()), Some("V1.sql".to_owned()));
    for odd in [vec![version.clone()], vec![version, script, None]] {
        let said = compare(flyway, &[odd], &[]);
        assert!(matches!(said, Agreement::Unfinished { in_source, .. } if in_source.len() == 1));
    }
}
