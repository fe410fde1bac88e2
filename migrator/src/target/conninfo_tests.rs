//! Tests of resolution over made-up machines: precedence, defaults, refusals, and that no password shows.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use proptest::prelude::*;

use super::super::environment::{Files, FoundFile};
use super::*;
use crate::exit::Exit;
use crate::failure::Failure;

struct Machine(HashMap<PathBuf, FoundFile>);

impl Files for Machine {
    fn read(&self, path: &Path) -> io::Result<FoundFile> {
        self.0
            .get(path)
            .cloned()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn machine(variables: &[(&str, &str)], files: &[(&str, &str)]) -> Environment {
    let found = |text: &str| FoundFile {
        text: text.into(),
        is_plain: true,
        open_to_others: false,
    };
    Environment {
        variables: variables
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect(),
        home: Some(PathBuf::from("/home/ada")),
        os_user: Some("ada".into()),
        files: Box::new(Machine(
            files.iter().map(|(p, t)| (PathBuf::from(p), found(t))).collect(),
        )),
    }
}

fn password(conninfo: &Conninfo) -> Option<(&str, String)> {
    let password = conninfo.endpoints[0].password.as_ref()?;
    Some((password.secret.reveal(), password.origin.to_string()))
}

fn places(conninfo: &Conninfo) -> Vec<String> {
    conninfo.endpoints.iter().map(ToString::to_string).collect()
}

fn ok(to: &str, environment: &Environment) -> Conninfo {
    resolve(Some(to), environment).unwrap()
}

fn refusal(to: &str) -> String {
    Failure::from(resolve(Some(to), &machine(&[], &[])).unwrap_err()).to_string()
}

#[test]
fn without_anything_that_names_a_place_there_is_no_target() {
    for variables in [
        &[][..],
        &[("PGUSER", "u"), ("PGPASSWORD", "p"), ("PGSSLMODE", "require")],
        &[("PGHOST", "")],
    ] {
        let failure = Failure::from(resolve(None, &machine(variables, &[])).unwrap_err());
        assert_eq!(failure.exit, Exit::Usage);
        for way in ["--to", "OUTGROW_TO", "PGHOST", "service=NAME"] {
            assert!(failure.next.contains(way), "{way}: {}", failure.next);
        }
    }
}

#[test]
fn an_empty_string_does_not_fall_back_to_a_default_target() {
    let environment = machine(&[("PGHOST", "h")], &[]);
    assert!(matches!(
        resolve(Some(" "), &environment),
        Err(ConninfoError::Empty { .. })
    ));
}

#[test]
fn the_option_outranks_the_variable() {
    let environment = machine(&[("OUTGROW_TO", "host=variable")], &[]);
    assert_eq!(places(&ok("host=option", &environment)), ["option:5432"]);
    assert_eq!(places(&resolve(None, &environment).unwrap()), ["variable:5432"]);
}

#[test]
fn the_string_outranks_the_service_and_the_service_outranks_variables() {
    let environment = machine(
        &[
            ("PGHOST", "v"),
            ("PGPORT", "1"),
            ("PGDATABASE", "v"),
            ("PGUSER", "v"),
            ("PGAPPNAME", "v"),
        ],
        &[(
            "/home/ada/.pg_service.conf",
            "[prod]\nhost=s\nport=2\ndbname=s\nuser=s\n",
        )],
    );
    let conninfo = ok("service=prod host=t port=3", &environment);
    assert_eq!(conninfo.redacted(), "postgres://s@t:3/s");
    assert_eq!(conninfo.application_name, "v");
}

#[test]
fn a_service_is_found_by_variable_in_the_named_and_the_system_file() {
    let named = machine(
        &[("PGSERVICE", "p"), ("PGSERVICEFILE", "/s")],
        &[("/s", "[p]\nhost=h\n")],
    );
    assert_eq!(places(&resolve(None, &named).unwrap()), ["h:5432"]);
    let system = machine(
        &[("PGSYSCONFDIR", "/etc/pg")],
        &[("/etc/pg/pg_service.conf", "[p]\nhost=h\n")],
    );
    assert_eq!(places(&ok("service=p", &system)), ["h:5432"]);
}

#[test]
fn a_missing_service_tells_where_it_was_looked_for() {
    let told = refusal("service=prod");
    assert!(
        told.contains("prod") && told.contains("/home/ada/.pg_service.conf"),
        "{told}"
    );
    let environment = machine(&[("PGSERVICEFILE", "/gone")], &[]);
    assert!(matches!(
        resolve(Some("service=p"), &environment),
        Err(ConninfoError::FileUnreadable { .. })
    ));
}

#[test]
fn defaults_are_the_sockets_the_os_user_and_the_database_of_that_name() {
    let conninfo = ok("port=5433", &machine(&[], &[]));
    assert_eq!(
        places(&conninfo),
        ["/var/run/postgresql/.s.PGSQL.5433", "/tmp/.s.PGSQL.5433"]
    );
    assert_eq!((conninfo.user.as_str(), conninfo.dbname.as_str()), ("ada", "ada"));
    assert_eq!(conninfo.connect_timeout, Some(Duration::from_secs(10)));
    assert_eq!(conninfo.application_name, "outgrow");
    assert_eq!(ok("user=u port=1", &machine(&[], &[])).dbname, "u");
}

#[test]
fn host_lists_take_one_port_or_one_each() {
    assert_eq!(places(&ok("host=a,b port=1", &machine(&[], &[]))), ["a:1", "b:1"]);
    assert_eq!(
        places(&ok("postgres://a:1,b,c:3/d", &machine(&[], &[]))),
        ["a:1", "b:5432", "c:3"]
    );
    assert_eq!(places(&ok("host=::1 port=1", &machine(&[], &[]))), ["[::1]:1"]);
    assert!(refusal("host=a,b,c port=1,2").contains("2 values of `port` do not match 3 hosts"));
    assert!(refusal("host=a,b hostaddr=10.0.0.1").contains("hostaddr"));
}

#[test]
fn hostaddr_is_where_and_host_is_the_name() {
    let conninfo = ok("host=db hostaddr=10.0.0.1", &machine(&[], &[]));
    let hostaddr = Some(IpAddr::from([10, 0, 0, 1]));
    assert_eq!(
        conninfo.endpoints[0].address,
        Address::Tcp {
            name: "db".into(),
            hostaddr
        }
    );
    let conninfo = ok("hostaddr=10.0.0.1", &machine(&[], &[]));
    assert_eq!(
        conninfo.endpoints[0].address,
        Address::Tcp {
            name: "10.0.0.1".into(),
            hostaddr
        }
    );
}

#[test]
fn passwords_come_from_string_service_variable_and_file_in_that_order() {
    let files = [
        ("/home/ada/.pgpass", "h:5432:*:ada:file\n"),
        ("/home/ada/.pg_service.conf", "[p]\nhost=h\npassword=service\n"),
    ];
    let bare = machine(&[], &files);
    let with_variable = machine(&[("PGPASSWORD", "variable")], &files);
    let cases = [
        (&with_variable, "service=p password=string", "string", "--to"),
        (&with_variable, "service=p", "service", "service p"),
        (&with_variable, "host=h", "variable", "PGPASSWORD"),
        (&bare, "host=h", "file", "password file /home/ada/.pgpass"),
    ];
    for (environment, to, expected, origin) in cases {
        assert_eq!(
            password(&ok(to, environment)),
            Some((expected, origin.to_owned())),
            "{to}"
        );
    }
    assert_eq!(password(&ok("host=other", &bare)), None);
}

#[test]
fn the_password_file_is_the_named_one_and_each_host_has_its_own_line() {
    let environment = machine(
        &[("PGPASSFILE", "/pass")],
        &[
            (
                "/pass",
                "a:*:*:*:one\nb:*:*:*:two\nlocalhost:*:*:*:three\n/run:*:*:*:four\n",
            ),
            ("/home/ada/.pgpass", "*:*:*:*:no\n"),
        ],
    );
    let conninfo = ok("host=a,b,/tmp,/run", &environment);
    let secrets: Vec<_> = conninfo
        .endpoints
        .iter()
        .map(|e| e.password.as_ref().unwrap().secret.reveal())
        .collect();
    assert_eq!(secrets, ["one", "two", "three", "four"]);
}

#[test]
fn a_password_on_the_command_line_is_taken_with_a_warning() {
    let warned = ok("postgres://u:hunter2@localhost/d", &machine(&[], &[])).warnings;
    assert!(
        warned.len() == 1 && warned[0].contains("PGPASSFILE"),
        "{warned:?}"
    );
    let variable = machine(&[("OUTGROW_TO", "postgres://u:hunter2@localhost/d")], &[]);
    assert!(resolve(None, &variable).unwrap().warnings.is_empty());
}

#[test]
fn an_unverified_remote_server_is_warned_of() {
    let warnings = |to: &str| ok(to, &machine(&[], &[])).warnings.len();
    assert_eq!(warnings("host=db.example.com"), 0);
    assert_eq!(warnings("host=db.example.com sslmode=verify-ca"), 0);
    assert_eq!(warnings("host=db.example.com sslmode=require"), 1);
    assert_eq!(warnings("host=db.example.com sslmode=disable"), 1);
    assert_eq!(warnings("host=127.0.0.1 sslmode=disable"), 0);
}

#[test]
fn unknown_and_unsupported_parameters_are_named() {
    assert!(refusal("host=h sslmodus=require").contains("unknown connection parameter `sslmodus` in --to"));
    assert!(refusal("postgres://h/d?pool=1").contains("`pool`"));
    assert!(refusal("host=h require_auth=scram-sha-256").contains("Remove `require_auth`"));
    assert!(refusal("host=h gssencmode=require").contains("disable or prefer"));
    assert!(
        resolve(
            Some("host=h gssencmode=prefer client_encoding=LATIN1"),
            &machine(&[], &[])
        )
        .is_ok()
    );
    let environment = machine(&[("PGSSLCRL", "/crl"), ("PGHOST", "h")], &[]);
    assert!(
        resolve(None, &environment)
            .unwrap_err()
            .to_string()
            .contains("PGSSLCRL")
    );
}

#[test]
fn bad_values_are_told_by_parameter_and_origin_but_not_quoted() {
    let cases = [
        "port=hunter2",
        "port=0",
        "port=65536",
        "port=-1",
        "sslmode=hunter2",
        "connect_timeout=hunter2",
        "hostaddr=hunter2",
        "channel_binding=hunter2",
        "target_session_attrs=standby",
        "keepalives=x",
        "host=@hunter2",
    ];
    for to in cases {
        let told = refusal(to);
        let keyword = to.split('=').next().unwrap();
        assert!(
            told.contains(keyword) && told.contains("--to") && !told.contains("hunter2"),
            "{told}"
        );
    }
    assert_eq!(places(&ok("host=h port=65535", &machine(&[], &[]))), ["h:65535"]);
    assert_eq!(places(&ok("host=h port=1", &machine(&[], &[]))), ["h:1"]);
}

#[test]
fn timeouts_follow_libpq() {
    let limit = |to: &str| ok(to, &machine(&[], &[])).connect_timeout;
    assert_eq!(limit("host=h connect_timeout=3"), Some(Duration::from_secs(3)));
    assert_eq!(limit("host=h connect_timeout=0"), None);
    assert_eq!(limit("host=h connect_timeout=-1"), None);
    // libpq counts this one in milliseconds.
    let conninfo = ok("host=h tcp_user_timeout=1500 keepalives=0", &machine(&[], &[]));
    assert_eq!(conninfo.keepalive.user_timeout, Some(Duration::from_millis(1500)));
    assert!(!conninfo.keepalive.enabled);
}

#[test]
fn roots_are_the_named_the_usual_or_the_systems() {
    let bare = machine(&[], &[]);
    let usual = machine(
        &[("PGSSLROOTCERT", "/ca")],
        &[("/home/ada/.postgresql/root.crt", "")],
    );
    assert_eq!(ok("host=h", &bare).roots, Roots::System);
    assert_eq!(ok("host=h sslrootcert=system", &bare).roots, Roots::NamedSystem);
    assert_eq!(ok("host=h", &usual).roots, Roots::NamedFile("/ca".into()));
    let usual = machine(&[], &[("/home/ada/.postgresql/root.crt", "")]);
    assert_eq!(
        ok("host=h", &usual).roots,
        Roots::UsualFile("/home/ada/.postgresql/root.crt".into())
    );
    assert!(refusal("host=h sslrootcert=system sslmode=require").contains("verify-full"));
}

#[test]
fn the_redacted_url_reads_back_and_names_sockets() {
    let environment = machine(&[], &[]);
    let conninfo = ok(
        "host=/run/pg dbname='a b/c' user=u@x port=5433 password=hunter2",
        &environment,
    );
    assert_eq!(
        conninfo.redacted(),
        "postgres://u%40x@/a%20b%2Fc?host=/run/pg&port=5433"
    );
    let again = ok(&conninfo.redacted(), &environment);
    assert_eq!(
        (again.user, again.dbname, again.endpoints.len()),
        ("u@x".into(), "a b/c".into(), 1)
    );
}

proptest! {
    #[test]
    fn a_password_shows_in_no_text_form(password in "[A-Z]{8,20}") {
        let environment = machine(&[("PGPASSWORD", &password)], &[]);
        let conninfo = ok("postgres://u@h/d", &environment);
        prop_assert_eq!(conninfo.endpoints[0].password.as_ref().unwrap().secret.reveal(), &password);
        for text in [format!("{conninfo:?}"), conninfo.to_string(), conninfo.redacted()] {
            prop_assert!(!text.contains(&password));
        }
    }

    #[test]
    fn no_refusal_quotes_the_password(password in "[A-Z]{8,20}", around in "[@:/?#%=' ,a-z]{0,12}") {
        for to in [
            format!("postgres://u:{password}{around}@h/d"),
            format!("postgres://u:{around}{password}@h/d"),
            format!("host=h password='{around}{password}"),
        ] {
            if let Err(error) = resolve(Some(&to), &machine(&[], &[])) {
                let told = Failure::from(error).to_string();
                prop_assert!(!told.contains(&password), "{}", told);
            }
        }
    }
}
