//! TLS: what each sslmode accepts of a good, a foreign and a missing certificate.

use outgrow_migrator::exit::Exit;
use outgrow_migrator::failure::Failure;
use outgrow_migrator::target::{TargetFault, Verification, resolve};

use crate::servers::{ADMIN_PASSWORD, OLD_STYLE, PRIMARY, SELF_SIGNED, STANDBY, Server};
use crate::{as_app, connected, environment, refused};

/// Reached as `db.test`, the name in the certificates.
const BY_NAME: &str = "host=db.test hostaddr=127.0.0.1";

#[tokio::test]
async fn a_certificate_of_the_named_authority_for_the_right_name_is_accepted() {
    let ca = PRIMARY.file("ca.crt");
    for mode in [
        "sslmode=verify-full",
        "sslmode=verify-full channel_binding=require",
        "",
    ] {
        let target = connected(&as_app(&format!("{BY_NAME} {mode} sslrootcert={ca}"))).await;
        assert_eq!(target.tls(), Some(Verification::AuthorityAndName), "{mode}");
    }
}

#[tokio::test]
async fn the_server_agrees_that_the_session_is_encrypted_or_not() {
    for (mode, expected) in [
        ("sslmode=disable", false),
        ("sslmode=allow", false),
        ("sslmode=prefer", true),
        ("", true),
    ] {
        let target = connected(&as_app(mode)).await;
        let sql = "SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_backend_pid()";
        let encrypted: bool = target.client().query_one(sql, &[]).await.unwrap().get(0);
        assert_eq!(
            (encrypted, target.tls().is_some()),
            (expected, expected),
            "{mode}"
        );
    }
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_not_trusted() {
    let other = PRIMARY.file("other.crt");
    for mode in ["verify-full", "verify-ca", "require"] {
        let error = refused(&as_app(&format!("{BY_NAME} sslmode={mode} sslrootcert={other}"))).await;
        assert!(
            matches!(error.fault, TargetFault::TlsUntrusted { .. }),
            "{mode}: {error}"
        );
    }
    let error = refused(&as_app(&format!("{BY_NAME} sslmode=verify-full"))).await;
    assert!(
        matches!(
            error.fault,
            TargetFault::TlsUntrusted { .. } | TargetFault::TlsSetup(_)
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused_where_the_name_counts() {
    let ca = PRIMARY.file("ca.crt");
    for host in ["localhost", "127.0.0.1", "other.test hostaddr=127.0.0.1"] {
        let error = refused(&as_app(&format!(
            "host={host} sslmode=verify-full sslrootcert={ca}"
        )))
        .await;
        assert!(
            matches!(error.fault, TargetFault::TlsWrongName { .. }),
            "{host}: {error}"
        );
        let target = connected(&as_app(&format!(
            "host={host} sslmode=verify-ca sslrootcert={ca}"
        )))
        .await;
        assert_eq!(target.tls(), Some(Verification::Authority));
    }
}

#[tokio::test]
async fn require_without_a_root_file_encrypts_and_checks_nothing() {
    let target = connected(&as_app("sslmode=require")).await;
    assert_eq!(target.tls(), Some(Verification::None));
}

#[tokio::test]
async fn a_root_file_that_is_missing_is_the_command_lines_fault() {
    let error = refused(&as_app("sslmode=require sslrootcert=/nowhere/ca.crt")).await;
    let failure = Failure::from(error);
    assert_eq!(failure.exit, Exit::Usage);
    assert!(failure.what.contains("/nowhere/ca.crt"), "{failure}");
}

#[tokio::test]
async fn a_server_without_tls_is_refused_when_tls_is_required() {
    let admin = |server: &Server, more: &str| {
        let to = format!(
            "host=127.0.0.1 port={} user=postgres password={ADMIN_PASSWORD} dbname=postgres {more}",
            server.port
        );
        resolve(Some(&to), &environment(&[])).unwrap()
    };
    for mode in ["require", "verify-ca", "verify-full"] {
        let ca = PRIMARY.file("ca.crt");
        let error = refused(&admin(&STANDBY, &format!("sslmode={mode} sslrootcert={ca}"))).await;
        assert!(
            matches!(error.fault, TargetFault::TlsNotOffered),
            "{mode}: {error}"
        );
    }
    // It gets through TLS, and is then refused for what it is.
    let error = refused(&admin(&STANDBY, "sslmode=prefer")).await;
    assert!(matches!(error.fault, TargetFault::ReadOnly { .. }), "{error}");
}

#[tokio::test]
async fn allow_encrypts_where_the_server_insists_and_disable_does_not() {
    let target = connected(&as_app("dbname=tls_only sslmode=allow")).await;
    assert!(target.tls().is_some());
    let error = refused(&as_app("dbname=tls_only sslmode=disable")).await;
    assert!(matches!(error.fault, TargetFault::LoginRefused { .. }), "{error}");
}

#[tokio::test]
async fn a_self_signed_certificate_is_accepted_only_when_it_is_the_named_root() {
    let conninfo = |root: &str| {
        let to = format!(
            "{BY_NAME} port={} user=postgres password={ADMIN_PASSWORD} dbname=postgres sslmode=verify-full sslrootcert={root}",
            SELF_SIGNED.port
        );
        resolve(Some(&to), &environment(&[])).unwrap()
    };
    connected(&conninfo(&SELF_SIGNED.file("self.crt"))).await;
    let error = refused(&conninfo(&SELF_SIGNED.file("ca.crt"))).await;
    assert!(matches!(error.fault, TargetFault::TlsUntrusted { .. }), "{error}");
}

#[tokio::test]
async fn a_client_certificate_logs_in_where_the_server_asks_for_one() {
    let conninfo = |more: &str| {
        let to = format!(
            "host=127.0.0.1 port={} user=certified dbname=app sslmode=require {more}",
            PRIMARY.port
        );
        resolve(Some(&to), &environment(&[])).unwrap()
    };
    let (certificate, key) = (PRIMARY.file("client.crt"), PRIMARY.file("client.key"));
    connected(&conninfo(&format!("sslcert={certificate} sslkey={key}"))).await;
    let error = refused(&conninfo("")).await;
    assert!(matches!(error.fault, TargetFault::LoginRefused { .. }), "{error}");
}

#[tokio::test]
async fn a_certificate_without_extensions_encrypts_but_proves_nothing() {
    let conninfo = |more: &str| {
        let to = format!(
            "{BY_NAME} port={} user=postgres password={ADMIN_PASSWORD} dbname=postgres {more}",
            OLD_STYLE.port
        );
        resolve(Some(&to), &environment(&[])).unwrap()
    };
    for more in ["", "sslmode=prefer", "sslmode=require"] {
        assert_eq!(
            connected(&conninfo(more)).await.tls(),
            Some(Verification::None),
            "{more}"
        );
    }
    let error = refused(&conninfo(&format!(
        "sslmode=verify-full sslrootcert={}",
        OLD_STYLE.file("ca.crt")
    )))
    .await;
    assert!(
        matches!(
            error.fault,
            TargetFault::TlsUntrusted { .. } | TargetFault::TlsWrongName { .. }
        ),
        "{error}"
    );
}
