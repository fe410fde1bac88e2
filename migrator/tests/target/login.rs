//! Logging in: where passwords come from, and what a refusal says.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use outgrow_migrator::exit::Exit;
use outgrow_migrator::failure::Failure;
use outgrow_migrator::target::{TargetFault, Unreachable, resolve};

use crate::servers::{APP_PASSWORD, PRIMARY, STANDBY};
use crate::{as_app, connected, environment, refused};

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// A password file with one line, of this mode.
fn passfile(password: &str, mode: u32) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let escaped = password.replace('\\', "\\\\").replace(':', "\\:");
    fs::write(file.path(), format!("# for tests\n*:*:app:app:{escaped}\n")).unwrap();
    fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
    file
}

#[tokio::test]
async fn a_url_with_an_encoded_password_logs_in() {
    let url = format!(
        "postgres://app:{}@127.0.0.1:{}/app",
        percent_encoded(APP_PASSWORD),
        PRIMARY.port
    );
    let target = connected(&resolve(Some(&url), &environment(&[])).unwrap()).await;
    assert_eq!(target.facts().user, "app");
    assert_eq!(target.facts().database, "app");
    assert!(!target.facts().is_superuser && target.facts().may_create_schema);
    assert_eq!(
        target.server(),
        format!("postgres://app@127.0.0.1:{}/app", PRIMARY.port)
    );
    target.close().await;
}

#[tokio::test]
async fn libpq_variables_alone_log_in() {
    let port = PRIMARY.port.to_string();
    let variables = [
        ("PGHOST", "127.0.0.1"),
        ("PGPORT", &port),
        ("PGDATABASE", "app"),
        ("PGUSER", "app"),
        ("PGPASSWORD", APP_PASSWORD),
        ("PGAPPNAME", "mine"),
        ("PGOPTIONS", "-c work_mem=5MB"),
    ];
    let target = connected(&resolve(None, &environment(&variables)).unwrap()).await;
    let sql = "SELECT current_setting('application_name'), current_setting('work_mem')";
    let row = target.client().query_one(sql, &[]).await.unwrap();
    assert_eq!((row.get(0), row.get(1)), ("mine", "5MB"));
}

#[tokio::test]
async fn a_password_file_logs_in_over_tcp_and_over_the_socket() {
    let file = passfile(APP_PASSWORD, 0o600);
    let environment = environment(&[("PGPASSFILE", file.path().to_str().unwrap())]);
    for host in ["127.0.0.1".to_owned(), PRIMARY.folder().display().to_string()] {
        let to = format!("host={host} port={} user=app dbname=app", PRIMARY.port);
        connected(&resolve(Some(&to), &environment).unwrap()).await;
    }
}

#[tokio::test]
async fn a_password_file_that_others_can_read_is_not_used() {
    let file = passfile(APP_PASSWORD, 0o640);
    let environment = environment(&[("PGPASSFILE", file.path().to_str().unwrap())]);
    let to = format!("host=127.0.0.1 port={} user=app dbname=app", PRIMARY.port);
    let conninfo = resolve(Some(&to), &environment).unwrap();
    assert!(
        conninfo
            .warnings
            .iter()
            .any(|warning| warning.contains("chmod 0600")),
        "{:?}",
        conninfo.warnings
    );
    let error = refused(&conninfo).await;
    assert!(
        matches!(error.fault, TargetFault::PasswordMissing { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_service_logs_in() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let service = format!(
        "[prod]\nhost=127.0.0.1\nport={}\nuser=app\ndbname=app\n",
        PRIMARY.port
    );
    fs::write(file.path(), service).unwrap();
    let variables = [
        ("PGSERVICEFILE", file.path().to_str().unwrap()),
        ("PGPASSWORD", APP_PASSWORD),
    ];
    connected(&resolve(Some("service=prod"), &environment(&variables)).unwrap()).await;
}

#[tokio::test]
async fn a_wrong_password_is_told_with_where_it_came_from() {
    let file = passfile("hunter2", 0o600);
    let path = file.path().to_str().unwrap();
    let port = PRIMARY.port;
    let cases = [
        (
            format!("postgres://app:hunter2@127.0.0.1:{port}/app"),
            ("PGAPPNAME", "x"),
            "--to".to_owned(),
        ),
        (
            format!("postgres://app@127.0.0.1:{port}/app"),
            ("PGPASSWORD", "hunter2"),
            "PGPASSWORD".to_owned(),
        ),
        (
            format!("postgres://app@127.0.0.1:{port}/app"),
            ("PGPASSFILE", path),
            format!("password file {path}"),
        ),
    ];
    for (to, variable, origin) in cases {
        let error = refused(&resolve(Some(&to), &environment(&[variable])).unwrap()).await;
        assert!(
            matches!(error.fault, TargetFault::WrongPassword { .. }),
            "{error}"
        );
        let failure = Failure::from(error);
        assert_eq!(failure.exit, Exit::TargetError);
        assert!(
            failure.next.contains(&origin) && !failure.to_string().contains("hunter2"),
            "{failure}"
        );
    }
}

#[tokio::test]
async fn without_a_password_the_ways_to_give_one_are_told() {
    let to = format!("postgres://app@127.0.0.1:{}/app", PRIMARY.port);
    let error = refused(&resolve(Some(&to), &environment(&[])).unwrap()).await;
    assert!(
        matches!(error.fault, TargetFault::PasswordMissing { .. }),
        "{error}"
    );
    assert!(error.fault.next().contains(".pgpass"));
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_named() {
    let error = refused(&as_app("dbname=nowhere")).await;
    assert!(
        matches!(&error.fault, TargetFault::NoSuchDatabase { database } if database == "nowhere"),
        "{error}"
    );
}

#[tokio::test]
async fn a_role_without_connections_left_is_told() {
    let to = format!(
        "host=127.0.0.1 port={} user=crowded password=crowded dbname=app",
        PRIMARY.port
    );
    let error = refused(&resolve(Some(&to), &environment(&[])).unwrap()).await;
    assert!(
        matches!(error.fault, TargetFault::TooManyConnections { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn nobody_listening_is_told_with_every_place_tried() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let error = refused(&as_app(&format!("port={free}"))).await;
    assert!(
        matches!(
            error.fault,
            TargetFault::Unreachable {
                kind: Unreachable::Refused,
                ..
            }
        ),
        "{error}"
    );
    assert!(
        error.to_string().contains(&format!("127.0.0.1:{free}")),
        "{error}"
    );
    let error = refused(&as_app("host=/nowhere,/elsewhere")).await;
    assert!(
        matches!(
            error.fault,
            TargetFault::Unreachable {
                kind: Unreachable::NoSocket,
                ..
            }
        ),
        "{error}"
    );
    assert!(
        error.to_string().contains("/nowhere/") && error.to_string().contains("/elsewhere/"),
        "{error}"
    );
}

#[tokio::test]
async fn a_name_without_an_address_is_told() {
    let error = refused(&as_app("host=no..name")).await;
    assert!(
        matches!(
            error.fault,
            TargetFault::Unreachable {
                kind: Unreachable::UnknownHost,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_after_the_limit() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let error = refused(&as_app(&format!("port={port} connect_timeout=1"))).await;
    assert!(
        matches!(
            error.fault,
            TargetFault::Unreachable {
                kind: Unreachable::TimedOut,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn the_next_host_is_tried_when_one_is_down_but_not_when_one_refuses() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let port = PRIMARY.port;
    connected(&as_app(&format!("host=127.0.0.1,127.0.0.1 port={free},{port}"))).await;
    let error = refused(&as_app(&format!(
        "host=127.0.0.1,127.0.0.1 port={port},{free} dbname=nowhere"
    )))
    .await;
    assert!(
        matches!(error.fault, TargetFault::NoSuchDatabase { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_database_in_sql_ascii_is_refused() {
    let error = refused(&as_app("dbname=ascii")).await;
    assert!(
        matches!(&error.fault, TargetFault::NotUtf8 { encoding, .. } if encoding == "SQL_ASCII"),
        "{error}"
    );
}

#[tokio::test]
async fn a_database_switched_to_read_only_is_refused() {
    let error = refused(&as_app("dbname=read_only")).await;
    assert!(matches!(error.fault, TargetFault::ReadOnly { .. }), "{error}");
}

#[tokio::test]
async fn a_standby_is_refused_or_passed_over_on_request() {
    let (standby, primary) = (STANDBY.port, PRIMARY.port);
    let to = |hosts: &str| format!("{hosts} user=postgres password=admin dbname=postgres");
    let alone = resolve(
        Some(&to(&format!("host=127.0.0.1 port={standby}"))),
        &environment(&[]),
    )
    .unwrap();
    let error = refused(&alone).await;
    assert!(matches!(error.fault, TargetFault::ReadOnly { .. }), "{error}");
    let both = to(&format!(
        "host=127.0.0.1,127.0.0.1 port={standby},{primary} target_session_attrs=read-write"
    ));
    let target = connected(&resolve(Some(&both), &environment(&[])).unwrap()).await;
    assert!(!target.facts().in_recovery && target.facts().is_superuser);
}
