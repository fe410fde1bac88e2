//! Faults inside a session: what they are called, and that no row value is told.

use std::time::Duration;

use outgrow_migrator::failure::Failure;
use outgrow_migrator::target::{Target, TargetError, TargetFault, resolve};

use crate::servers::{ADMIN_PASSWORD, PRIMARY, admin};
use crate::{as_app, connected, environment};

async fn fault_of(target: &Target, sql: &str) -> TargetError {
    target.fault(&target.client().batch_execute(sql).await.unwrap_err())
}

#[tokio::test]
async fn a_unique_violation_names_table_and_constraint_but_no_value() {
    let target = connected(&as_app("")).await;
    target
        .client()
        .batch_execute("CREATE SCHEMA dup; CREATE TABLE dup.t (a text PRIMARY KEY)")
        .await
        .unwrap();
    let error = fault_of(&target, "INSERT INTO dup.t VALUES ('hunter2'), ('hunter2')").await;
    let TargetFault::Sql(fault) = &error.fault else {
        panic!("{error}")
    };
    assert_eq!(
        (fault.sqlstate.as_str(), fault.place().as_deref()),
        ("23505", Some("dup.t"))
    );
    assert_eq!(fault.constraint.as_deref(), Some("t_pkey"));
    let debug = format!("{error:?}");
    let told = format!("{debug} {}", Failure::from(error));
    assert!(!told.contains("hunter2"), "{told}");
}

#[tokio::test]
async fn a_value_that_does_not_fit_its_type_is_withheld() {
    let target = connected(&as_app("")).await;
    for sql in [
        "SELECT 'hunter2'::integer",
        "SELECT 'hunter2'::timestamptz",
        "SELECT 'hun\"ter2'::uuid",
    ] {
        let error = fault_of(&target, sql).await;
        let told = format!("{error} {error:?}");
        assert!(!told.contains("hun") && told.contains("value withheld"), "{told}");
    }
}

#[tokio::test]
async fn a_missing_grant_is_told_as_one() {
    admin(&PRIMARY, "CREATE TABLE public.locked (a int)");
    let to = format!(
        "host=127.0.0.1 port={} user=odd password=odd dbname=postgres",
        PRIMARY.port
    );
    let target = connected(&resolve(Some(&to), &environment(&[])).unwrap()).await;
    let error = fault_of(&target, "SELECT * FROM public.locked").await;
    assert!(matches!(error.fault, TargetFault::MissingGrant(_)), "{error}");
}

#[tokio::test]
async fn a_session_that_is_ended_under_way_is_told_as_lost_with_the_servers_reason() {
    let target = connected(&as_app("")).await;
    let ender = tokio::spawn(async {
        let to = format!(
            "host=127.0.0.1 port={} user=postgres password={ADMIN_PASSWORD} dbname=app",
            PRIMARY.port
        );
        connected(&resolve(Some(&to), &environment(&[])).unwrap()).await
    });
    let ender = ender.await.unwrap();
    let pid = target.facts().backend_pid;
    let sleep = target.client().batch_execute("SELECT pg_sleep(30)");
    let end = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        ender
            .client()
            .query("SELECT pg_terminate_backend($1)", &[&pid])
            .await
            .unwrap();
    };
    let (slept, ()) = tokio::join!(sleep, end);
    let error = target.fault(&slept.unwrap_err());
    assert!(
        matches!(error.fault, TargetFault::ConnectionLost { .. }),
        "{error:?}"
    );
    // What is asked afterwards meets a closed connection and is told the same reason.
    let error = target.fault(&target.client().batch_execute("SELECT 1").await.unwrap_err());
    let TargetFault::ConnectionLost { reason } = &error.fault else {
        panic!("{error:?}")
    };
    assert!(
        reason.contains("closed") || reason.contains("terminating connection"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_running_statement_can_be_cancelled() {
    let target = connected(&as_app("")).await;
    let sleep = target.client().batch_execute("SELECT pg_sleep(30)");
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        target.cancel().await.unwrap();
    };
    let (slept, ()) = tokio::join!(sleep, cancel);
    let error = target.fault(&slept.unwrap_err());
    assert!(
        matches!(&error.fault, TargetFault::Sql(fault) if fault.sqlstate == "57014"),
        "{error:?}"
    );
}
