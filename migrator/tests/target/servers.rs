//! Throw-away Postgres servers for these tests: TLS with a private authority, scram passwords, free ports.
//!
//! Without a Postgres on this machine these tests fail and say what to do; nothing stays behind.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use outgrow_migrator::demo::private_postgres::{Builder, PrivatePostgres};
use tokio_postgres::NoTls;

/// Password of the role `app`: every character that a URL, a keyword string or a password file escapes.
pub const APP_PASSWORD: &str = r"p@ss:w/r d'\%?#";

/// Password of the superuser `postgres`.
pub const ADMIN_PASSWORD: &str = "admin";

/// Makes the authority, a certificate for `db.test`, one for the role `certified`, one without extensions, and a self-signed one for `db.test`.
const CERTIFICATES: &str = "
set -e
new() { openssl req -new -newkey rsa:2048 -nodes -batch \"$@\"; }
new -x509 -days 2 -subj /CN=outgrow-test-ca -keyout ca.key -out ca.crt
new -x509 -days 2 -subj /CN=another-ca -keyout other.key -out other.crt
new -subj /CN=db.test -keyout server.key -out server.csr
printf 'subjectAltName=DNS:db.test' > san
printf 'basicConstraints=CA:FALSE' > plain
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile san -out server.crt
new -subj /CN=certified -keyout client.key -out client.csr
openssl x509 -req -in client.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile plain -out client.crt
printf '' > none
new -subj /CN=db.test -keyout old.key -out old.csr
openssl x509 -req -in old.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile none -out old.crt
new -x509 -days 2 -subj /CN=db.test -addext subjectAltName=DNS:db.test -keyout self.key -out self.crt
chmod 600 *.key
";

/// Before the usual rules, which want a password.
const ACCESS: [&str; 3] = [
    "hostssl   tls_only all all scram-sha-256",
    "hostnossl tls_only all all reject",
    "hostssl   all certified all cert",
];

/// A server and the certificates beside it. Servers live as long as the test process.
pub struct Server {
    postgres: PrivatePostgres,
    /// Port on 127.0.0.1 and number of the socket in the folder.
    pub port: u16,
}

impl Server {
    fn start(builder: Builder) -> Self {
        let started = CERTIFICATE_FILES
            .iter()
            .fold(builder.durable(false), |builder, (name, contents)| {
                builder.file(name, contents)
            })
            .start();
        let postgres = started.unwrap_or_else(|error| panic!("{error}; run `make setup`"));
        let port = postgres.port();
        let server = Self { postgres, port };
        server.execute(&format!(
            "CREATE ROLE postgres SUPERUSER LOGIN PASSWORD '{ADMIN_PASSWORD}'"
        ));
        server
    }

    /// A file of the server's folder, as text for a connection string.
    pub fn file(&self, name: &str) -> String {
        self.folder().join(name).display().to_string()
    }

    /// The folder of sockets and certificates.
    pub fn folder(&self) -> &Path {
        self.postgres.folder()
    }

    /// Runs a statement as superuser. In a thread of its own, since a test may have a runtime already.
    fn execute(&self, sql: &str) {
        let (url, sql) = (self.postgres.url("postgres"), sql.to_owned());
        let work = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
                tokio::spawn(connection);
                client.batch_execute(&sql).await
            })
        });
        let result = work.join().unwrap();
        result.unwrap_or_else(|error| panic!("{error:?}"));
    }
}

/// Name and contents of every certificate and key.
static CERTIFICATE_FILES: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new("sh")
        .args(["-c", CERTIFICATES])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "openssl makes no certificates: {said}");
    let files = std::fs::read_dir(folder.path()).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        (name, std::fs::read(entry.path()).unwrap())
    });
    files.collect()
});

fn with_tls(certificate: &str) -> Builder {
    PrivatePostgres::builder()
        .setting("ssl", "on")
        .setting("ssl_cert_file", &format!("../{certificate}.crt"))
        .setting("ssl_key_file", &format!("../{certificate}.key"))
}

/// The primary, with TLS.
pub static PRIMARY: LazyLock<Server> = LazyLock::new(|| {
    let builder = with_tls("server").setting("ssl_ca_file", "../ca.crt");
    let server = Server::start(ACCESS.iter().fold(builder, |builder, line| builder.hba(line)));
    let password = APP_PASSWORD.replace('\'', "''");
    // One statement each: CREATE DATABASE does not run inside a transaction.
    for sql in [
        format!("CREATE ROLE app LOGIN PASSWORD '{password}'"),
        "CREATE ROLE crowded LOGIN PASSWORD 'crowded' CONNECTION LIMIT 0".into(),
        "CREATE ROLE certified LOGIN".into(),
        "CREATE ROLE odd LOGIN PASSWORD 'odd'".into(),
        "ALTER ROLE odd SET search_path = 'public'".into(),
        "ALTER ROLE odd SET DateStyle = 'SQL, DMY'".into(),
        "ALTER ROLE odd SET TimeZone = 'Asia/Kolkata'".into(),
        "ALTER ROLE odd SET extra_float_digits = -15".into(),
        "ALTER ROLE odd SET standard_conforming_strings = off".into(),
        "ALTER ROLE odd SET statement_timeout = '1min'".into(),
        "CREATE DATABASE app OWNER app".into(),
        "CREATE DATABASE tls_only OWNER app".into(),
        "CREATE DATABASE read_only OWNER app".into(),
        "ALTER DATABASE read_only SET default_transaction_read_only = on".into(),
        "CREATE DATABASE ascii OWNER app ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
            .into(),
    ] {
        admin(&server, &sql);
    }
    server
});

/// A standby without TLS that follows nobody.
pub static STANDBY: LazyLock<Server> = LazyLock::new(|| {
    let mut server = Server::start(PrivatePostgres::builder());
    server.postgres.crash().unwrap();
    std::fs::write(server.postgres.data_directory().join("standby.signal"), "").unwrap();
    server.postgres.restart().unwrap();
    server
});

/// A server with a self-signed certificate that calls itself an authority.
pub static SELF_SIGNED: LazyLock<Server> = LazyLock::new(|| Server::start(with_tls("self")));

/// A server with a certificate of the authority that has no extensions: no names, X.509 version 1.
pub static OLD_STYLE: LazyLock<Server> = LazyLock::new(|| Server::start(with_tls("old")));

/// Runs a statement as superuser.
pub fn admin(server: &Server, sql: &str) {
    server.execute(sql);
}
