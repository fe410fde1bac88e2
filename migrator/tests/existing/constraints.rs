//! Taking off and putting back, the undo script, and the state that must not change.

use outgrow_migrator::existing::constraints::{Firing, Guards, lock, put_back, survey, take_off};
use outgrow_migrator::existing::state::{self, State, compare};
use outgrow_migrator::existing::undo;
use outgrow_migrator::exit::Exit;
use outgrow_migrator::failure::Failure;
use outgrow_migrator::target::Target;
use uuid::Uuid;

use crate::scene::{Scene, run};
use crate::schema::{BY_ADMIN, BY_OWNER, NAMED, ROWS};

async fn scene() -> Scene {
    Scene::new(BY_ADMIN, BY_OWNER).await
}

fn names(tables: &[&str]) -> Vec<String> {
    tables.iter().map(|name| (*name).to_owned()).collect()
}

async fn begin(target: &Target, tables: &[&str]) -> Result<Guards, Failure> {
    target.client().batch_execute("BEGIN").await.unwrap();
    lock(target, "app", &names(tables)).await?;
    survey(target, "app", &names(tables)).await
}

async fn execute(target: &Target, sql: &str) {
    let done = target.client().batch_execute(sql).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

fn assert_same(before: &State, after: &State) {
    let changes: Vec<String> = compare(before, after).iter().map(ToString::to_string).collect();
    assert!(before.len() > 100 && changes.is_empty(), "{changes:#?}");
}

#[tokio::test]
async fn everything_comes_back_as_it_was_and_is_gone_in_between() {
    let scene = scene().await;
    let target = scene.target().await;
    let before = state::read(&target, None).await.unwrap();
    let guards = begin(&target, &NAMED).await.unwrap();
    let keys: Vec<&str> = guards.foreign_keys.iter().map(|key| key.name.as_str()).collect();
    let expected = [
        "a_country_fkey",
        "forth_to_b",
        "back_to_a",
        "The \"odd\" Key $outgrow$ '\\",
        "not_checked",
        "outside_a_id_fkey",
        "parted_a_id_fkey",
        "own_key",
        "to_parted_id_at_fkey",
        "up",
    ];
    assert_eq!(keys, expected);
    let firing: Vec<(&str, Firing)> = guards
        .triggers
        .iter()
        .map(|t| (t.name.as_str(), t.firing))
        .collect();
    let expected = [
        ("T later", Firing::Origin),
        ("t_always", Firing::Always),
        ("t_origin", Firing::Origin),
        ("t_replica", Firing::Replica),
        ("on_parted", Firing::Origin),
        ("on_new", Firing::Origin),
        ("on_parted", Firing::Origin),
        ("on_parted", Firing::Origin),
    ];
    assert_eq!(firing, expected);
    take_off(&target, &guards).await.unwrap();
    let between = state::read(&target, None).await.unwrap();
    for key in &guards.foreign_keys {
        assert!(
            !between
                .objects()
                .any(|(object, _)| object.starts_with("constraint ") && object.contains(&key.name))
        );
    }
    execute(&target, ROWS).await;
    put_back(&target, &guards).await.unwrap();
    assert_same(&before, &state::read(&target, None).await.unwrap());
    execute(&target, "COMMIT").await;
    assert_same(&before, &state::read(&target, None).await.unwrap());
    // The guards do their work again.
    let admin = scene.admin().await;
    for refused in [
        "INSERT INTO app.a DEFAULT VALUES",
        "INSERT INTO app.loose VALUES (99)",
        "INSERT INTO app.composite VALUES ('k', NULL)",
    ] {
        admin.batch_execute(refused).await.unwrap_err();
    }
}

#[tokio::test]
async fn rolled_back_or_killed_in_between_nothing_has_changed() {
    let scene = scene().await;
    let target = scene.target().await;
    let before = state::read(&target, None).await.unwrap();
    let guards = begin(&target, &NAMED).await.unwrap();
    take_off(&target, &guards).await.unwrap();
    execute(&target, "ROLLBACK").await;
    assert_same(&before, &state::read(&target, None).await.unwrap());
    let guards = begin(&target, &NAMED).await.unwrap();
    take_off(&target, &guards).await.unwrap();
    execute(&target, ROWS).await;
    let admin = scene.admin().await;
    let pid = target.facts().backend_pid;
    run(&admin, &format!("SELECT pg_terminate_backend({pid}, 10000)")).await;
    let again = scene.target().await;
    assert_same(&before, &state::read(&again, None).await.unwrap());
}

#[tokio::test]
async fn the_undo_script_changes_nothing_when_nothing_is_missing_and_restores_what_is() {
    let scene = scene().await;
    let target = scene.target().await;
    let before = state::read(&target, None).await.unwrap();
    let guards = begin(&target, &NAMED).await.unwrap();
    execute(&target, "ROLLBACK").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(undo::file_name(Uuid::nil()));
    undo::write(&path, Uuid::nil(), &guards).unwrap();
    let script = std::fs::read_to_string(&path).unwrap();
    // Locks that it would take to change anything are held against it here.
    let admin = scene.admin().await;
    run(
        &admin,
        "BEGIN; LOCK TABLE app.a, app.b, app.tree, app.composite IN ACCESS SHARE MODE",
    )
    .await;
    scene.run_script(&path).await;
    run(&admin, "COMMIT").await;
    assert_same(&before, &state::read(&target, None).await.unwrap());
    execute(&target, "BEGIN").await;
    take_off(&target, &guards).await.unwrap();
    execute(&target, "COMMIT").await;
    assert!(!compare(&before, &state::read(&target, None).await.unwrap()).is_empty());
    scene.run_script(&path).await;
    assert_same(&before, &state::read(&target, None).await.unwrap());
    execute(&target, &script).await;
    assert_same(&before, &state::read(&target, None).await.unwrap());
    undo::remove(&path).unwrap();
}

#[tokio::test]
async fn rows_without_a_parent_are_counted_and_shown() {
    let scene = scene().await;
    let target = scene.target().await;
    let before = state::read(&target, None).await.unwrap();
    for (rows, key, told) in [
        (
            "INSERT INTO app.tree VALUES (5, 77), (6, 77), (7, 88), (8, 5), (9, NULL)",
            "up",
            ["3 rows have no parent in app.tree", "(parent): (77), (88)."],
        ),
        (
            "INSERT INTO app.composite VALUES ('half', NULL), ('none', 4), (NULL, NULL)",
            "The \"odd\" Key",
            ["2 rows have no parent", "(x, y): (half, NULL), (none, 4)."],
        ),
    ] {
        let guards = begin(&target, &NAMED).await.unwrap();
        take_off(&target, &guards).await.unwrap();
        execute(&target, rows).await;
        let failure = put_back(&target, &guards).await.unwrap_err();
        assert_eq!(failure.exit, Exit::PlanBlocked);
        let shown = failure.to_string();
        assert!(
            shown.contains(key) && told.iter().all(|part| shown.contains(part)),
            "{shown}"
        );
        execute(&target, "ROLLBACK").await;
        assert_same(&before, &state::read(&target, None).await.unwrap());
    }
}

#[tokio::test]
async fn what_a_role_lacks_is_said_with_the_statement_that_gives_it() {
    let by_admin = "CREATE ROLE keeper; GRANT USAGE ON SCHEMA app TO keeper; CREATE TABLE app.parent (id int PRIMARY KEY); GRANT ALL ON app.parent TO PUBLIC; \
        CREATE TABLE app.theirs (id int REFERENCES app.parent); ALTER TABLE app.theirs OWNER TO keeper; GRANT ALL ON app.theirs TO PUBLIC; \
        CREATE FUNCTION app.pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
        CREATE TABLE app.watched (id int); GRANT ALL ON app.watched TO PUBLIC; \
        CREATE TRIGGER w BEFORE INSERT ON app.watched FOR EACH ROW EXECUTE FUNCTION app.pass(); \
        CREATE TABLE app.shut (id int); CREATE TABLE app.lent (id int PRIMARY KEY); GRANT REFERENCES, SELECT ON app.lent TO PUBLIC";
    let by_owner = "CREATE TABLE mine (id int REFERENCES lent); CREATE TABLE sealed (id int PRIMARY KEY); \
        CREATE TABLE to_sealed (id int REFERENCES sealed); \
        CREATE TABLE uncut (id int PRIMARY KEY); CREATE TABLE cut (id int REFERENCES uncut) PARTITION BY LIST (id); CREATE TABLE cut_rest PARTITION OF cut DEFAULT";
    let scene = Scene::new(by_admin, by_owner).await;
    let admin = scene.admin().await;
    run(
        &admin,
        "REVOKE REFERENCES ON app.lent FROM PUBLIC; ALTER TABLE app.to_sealed DISABLE TRIGGER ALL; ALTER TABLE app.cut_rest DISABLE TRIGGER ALL",
    )
    .await;
    let target = scene.target().await;
    let role = scene.role.clone();
    for (tables, told) in [
        (
            "cut",
            vec![
                "cut_id_fkey".to_owned(),
                "ALTER TABLE app.cut_rest ENABLE TRIGGER \"RI_ConstraintTrigger_c".into(),
            ],
        ),
        (
            "parent",
            vec![
                "app.theirs belongs to role keeper".to_owned(),
                "theirs_id_fkey".into(),
                format!("GRANT \"keeper\" TO \"{role}\";"),
                format!("ALTER TABLE \"app\".\"theirs\" OWNER TO \"{role}\";"),
            ],
        ),
        (
            "shut",
            vec![format!(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON \"app\".\"shut\" TO \"{role}\";"
            )],
        ),
        (
            "watched",
            vec![
                "app.watched belongs to role outgrow".into(),
                "trigger w".into(),
                // Nobody is told to hand out the rights of a superuser.
                "run: ALTER TABLE \"app\".\"watched\" OWNER".into(),
            ],
        ),
        (
            "mine",
            vec![format!("GRANT REFERENCES ON \"app\".\"lent\" TO \"{role}\";")],
        ),
        (
            "sealed",
            vec![
                "to_sealed_id_fkey".into(),
                "ALTER TABLE app.to_sealed ENABLE TRIGGER \"RI".into(),
            ],
        ),
    ] {
        let failure = begin(&target, &[tables]).await.unwrap_err();
        let shown = failure.to_string();
        assert_eq!(failure.exit, Exit::PlanBlocked, "{shown}");
        assert!(told.iter().all(|part| shown.contains(part)), "{told:?}: {shown}");
        execute(&target, "ROLLBACK").await;
    }
}

#[tokio::test]
async fn checks_put_off_to_commit_do_not_keep_keys_away() {
    let by_owner = "CREATE TABLE t (id int PRIMARY KEY, n int UNIQUE DEFERRABLE INITIALLY DEFERRED, up int REFERENCES t)";
    let scene = Scene::new("", by_owner).await;
    let target = scene.target().await;
    let before = state::read(&target, None).await.unwrap();
    for (rows, is_good) in [
        (
            "INSERT INTO app.t VALUES (1, 5, 2), (2, 5, 1); UPDATE app.t SET n = 6 WHERE id = 2",
            true,
        ),
        ("INSERT INTO app.t VALUES (1, 5, 2), (2, 5, 1)", false),
    ] {
        let guards = begin(&target, &["t"]).await.unwrap();
        take_off(&target, &guards).await.unwrap();
        execute(&target, rows).await;
        let done = put_back(&target, &guards).await;
        assert_eq!(done.is_ok(), is_good, "{done:?}");
        execute(&target, "ROLLBACK").await;
        assert_eq!(compare(&before, &state::read(&target, None).await.unwrap()), []);
    }
}

#[tokio::test]
async fn who_is_in_the_way_is_named() {
    let scene = scene().await;
    let target = scene.target().await;
    execute(&target, "SET lock_timeout = '100ms'").await;
    let other = scene.owner().await;
    run(&other, "SET application_name = 'puma: cluster'").await;
    // At first the lock itself waits, then the first change to a table outside the set.
    for (held, table) in [("app.parted_old_1", "app.parted"), ("app.outside", "app.outside")] {
        run(&other, &format!("BEGIN; LOCK TABLE {held} IN ROW EXCLUSIVE MODE")).await;
        let failure = match begin(&target, &NAMED).await {
            Ok(guards) => take_off(&target, &guards).await.unwrap_err(),
            Err(failure) => failure,
        };
        let shown = failure.to_string();
        assert_eq!(failure.exit, Exit::TargetError, "{shown}");
        for part in [
            "table ",
            table,
            "Stop the application",
            "puma: cluster",
            &scene.role,
            "process ",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        execute(&target, "ROLLBACK").await;
        run(&other, "ROLLBACK").await;
    }
}
