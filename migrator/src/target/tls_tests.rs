//! Tests of the TLS plan as a table, and of files that cannot be used.

use super::*;

use Negotiation::{Always, IfOffered, Never, PlainFirst};
use Verification::{Authority, AuthorityAndName};

fn planned(sslmode: Option<SslMode>, roots: &Roots, reach: Reach) -> (Negotiation, Verification) {
    let plan = plan(sslmode, roots, reach);
    (plan.negotiation, plan.verification)
}

#[test]
fn without_sslmode_only_this_machine_is_trusted() {
    let none = Verification::None;
    assert_eq!(planned(None, &Roots::System, Reach::Socket), (Never, none));
    assert_eq!(planned(None, &Roots::System, Reach::Loopback), (IfOffered, none));
    assert_eq!(
        planned(None, &Roots::System, Reach::Remote),
        (Always, AuthorityAndName)
    );
    // The usual file is there for other servers too; a named one is meant for this one.
    assert_eq!(
        planned(None, &Roots::UsualFile("f".into()), Reach::Loopback),
        (IfOffered, none)
    );
    assert_eq!(
        planned(None, &Roots::NamedFile("f".into()), Reach::Loopback),
        (Always, AuthorityAndName)
    );
    assert_eq!(
        planned(None, &Roots::NamedSystem, Reach::Loopback),
        (Always, AuthorityAndName)
    );
}

#[test]
fn sslmode_means_what_libpq_means() {
    let file = Roots::NamedFile("f".into());
    for reach in [Reach::Loopback, Reach::Remote] {
        let cases = [
            (
                SslMode::Disable,
                (Never, Verification::None),
                (Never, Verification::None),
            ),
            (
                SslMode::Allow,
                (PlainFirst, Verification::None),
                (PlainFirst, Verification::None),
            ),
            (
                SslMode::Prefer,
                (IfOffered, Verification::None),
                (IfOffered, Verification::None),
            ),
            (
                SslMode::Require,
                (Always, Verification::None),
                (Always, Authority),
            ),
            (SslMode::VerifyCa, (Always, Authority), (Always, Authority)),
            (
                SslMode::VerifyFull,
                (Always, AuthorityAndName),
                (Always, AuthorityAndName),
            ),
        ];
        for (mode, without_file, with_file) in cases {
            assert_eq!(
                planned(Some(mode), &Roots::System, reach),
                without_file,
                "{mode:?}"
            );
            assert_eq!(planned(Some(mode), &file, reach), with_file, "{mode:?}");
            assert_eq!(
                planned(Some(mode), &file, Reach::Socket),
                (Never, Verification::None),
                "{mode:?}"
            );
        }
    }
}

#[test]
fn where_the_bytes_go_decides_the_reach() {
    let reach = |name: &str, hostaddr: Option<&str>| {
        Reach::of(&Address::Tcp {
            name: name.into(),
            hostaddr: hostaddr.map(|text| text.parse().unwrap()),
        })
    };
    for local in [
        "localhost",
        "LOCALHOST",
        "127.0.0.1",
        "127.255.255.255",
        "::1",
        "::ffff:127.0.0.1",
    ] {
        assert_eq!(reach(local, None), Reach::Loopback, "{local}");
    }
    for remote in [
        "db.example.com",
        "128.0.0.0",
        "126.255.255.255",
        "::2",
        "localhost.example.com",
        "0.0.0.0",
    ] {
        assert_eq!(reach(remote, None), Reach::Remote, "{remote}");
    }
    assert_eq!(reach("localhost", Some("10.0.0.1")), Reach::Remote);
    assert_eq!(reach("db.example.com", Some("127.0.0.1")), Reach::Loopback);
    assert_eq!(Reach::of(&Address::Socket("/tmp".into())), Reach::Socket);
}

#[test]
fn a_named_root_file_that_cannot_be_used_is_an_error_in_every_mode() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty.crt");
    std::fs::write(&empty, "no certificate here").unwrap();
    for path in [empty, directory.path().join("gone.crt")] {
        for mode in [SslMode::Prefer, SslMode::Require, SslMode::VerifyFull] {
            let roots = Roots::NamedFile(path.clone());
            let plan = plan(Some(mode), &roots, Reach::Remote);
            assert!(
                matches!(connector(plan, &roots, None), Err(TlsSetupError::File { .. })),
                "{mode:?}"
            );
        }
    }
}
