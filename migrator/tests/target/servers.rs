//! Throw-away Postgres servers for these tests: TLS with a private authority, scram passwords, free ports.
//!
//! The server runs under a shell that waits for its standard input to close. It closes when the test process
//! ends, however it ends; then the shell stops the server and removes its folder, so nothing stays behind.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Password of the role `app`: every character that a URL, a keyword string or a password file escapes.
pub const APP_PASSWORD: &str = r"p@ss:w/r d'\%?#";

/// Password of the superuser.
pub const ADMIN_PASSWORD: &str = "admin";

/// Waiting longer than this for a server to start means that it does not.
const START_LIMIT: Duration = Duration::from_secs(60);

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

const HBA: &str = "
hostssl  tls_only all all scram-sha-256
hostnossl tls_only all all reject
hostssl  all certified all cert
local all all scram-sha-256
host  all all all scram-sha-256
";

/// A server and what keeps it alive.
pub struct Server {
    /// Folder with data, sockets and certificates.
    pub folder: PathBuf,
    /// Port on 127.0.0.1 and number of the socket in `folder`.
    pub port: u16,
    _keeper: Child,
}

impl Server {
    /// A file of the server's folder, as text for a connection string.
    pub fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

/// The primary, with TLS.
pub static PRIMARY: LazyLock<Server> = LazyLock::new(|| {
    let server = start(
        "-c ssl=on -c ssl_cert_file=../server.crt -c ssl_key_file=../server.key -c ssl_ca_file=../ca.crt",
        false,
    );
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
pub static STANDBY: LazyLock<Server> = LazyLock::new(|| start("-c ssl=off", true));

/// A server with a self-signed certificate that calls itself an authority.
pub static SELF_SIGNED: LazyLock<Server> = LazyLock::new(|| {
    start(
        "-c ssl=on -c ssl_cert_file=../self.crt -c ssl_key_file=../self.key",
        false,
    )
});

/// A server with a certificate of the authority that has no extensions: no names, X.509 version 1.
pub static OLD_STYLE: LazyLock<Server> = LazyLock::new(|| {
    start(
        "-c ssl=on -c ssl_cert_file=../old.crt -c ssl_key_file=../old.key",
        false,
    )
});

/// Runs a statement as superuser, over the socket.
pub fn admin(server: &Server, sql: &str) {
    let output = Command::new(bin("psql"))
        .args([
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "postgres",
            "-d",
            "postgres",
            "-c",
            sql,
        ])
        .arg("-h")
        .arg(&server.folder)
        .args(["-p", &server.port.to_string()])
        .env("PGPASSWORD", ADMIN_PASSWORD)
        .output()
        .unwrap();
    assert_success(&output);
}

fn start(options: &str, standby: bool) -> Server {
    let made = as_unprivileged()
        .args(["mktemp", "-d", "/tmp/outgrow-test-XXXXXX"])
        .output()
        .unwrap();
    assert_success(&made);
    let folder = PathBuf::from(String::from_utf8(made.stdout).unwrap().trim());
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    run_in(&folder, CERTIFICATES);
    run_in(
        &folder,
        &format!(
            "printf '%s' '{ADMIN_PASSWORD}' > password && '{}' -D data -U postgres -E UTF8 --locale=C \
             -A scram-sha-256 --pwfile=password --no-sync",
            bin("initdb").display()
        ),
    );
    run_in(&folder, &format!("cat > data/pg_hba.conf <<'END'\n{HBA}END"));
    if standby {
        run_in(&folder, "touch data/standby.signal");
    }
    let script = format!(
        "'{}' -D data -p {port} -k \"$PWD\" -c listen_addresses=127.0.0.1 -c fsync=off -c lc_messages=C {options} \
         > log 2>&1 & server=$!; cat > /dev/null; kill -INT $server; wait $server; cd /; rm -rf '{}'",
        bin("postgres").display(),
        folder.display()
    );
    let keeper = as_unprivileged()
        .args(["sh", "-c", &script])
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = Server {
        folder,
        port,
        _keeper: keeper,
    };
    wait_until_ready(&server);
    server
}

fn wait_until_ready(server: &Server) {
    let begun = Instant::now();
    loop {
        let ready = Command::new(bin("pg_isready"))
            .arg("-q")
            .arg("-h")
            .arg(&server.folder)
            .args(["-p", &server.port.to_string()])
            .status()
            .unwrap();
        if ready.success() {
            return;
        }
        let log = fs::read_to_string(server.folder.join("log")).unwrap_or_default();
        assert!(begun.elapsed() < START_LIMIT, "the server does not start:\n{log}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn run_in(folder: &Path, script: &str) {
    let output = as_unprivileged()
        .args(["sh", "-c", script])
        .current_dir(folder)
        .output()
        .unwrap();
    assert_success(&output);
}

fn assert_success(output: &Output) {
    if !output.status.success() {
        std::io::stderr().write_all(&output.stderr).unwrap();
        panic!("a command of the test's set-up failed");
    }
}

/// Postgres refuses to run as root; anybody else may run it.
fn as_unprivileged() -> Command {
    if whoami::username().is_ok_and(|name| name == "root") {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]);
        command
    } else {
        Command::new("env")
    }
}

/// A program of the newest installed Postgres; Debian keeps the server's out of PATH.
fn bin(program: &str) -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let major = entry.file_name().to_str()?.parse().ok()?;
            let path = entry.path().join("bin").join(program);
            path.exists().then_some((major, path))
        })
        .collect();
    found.sort();
    found
        .pop()
        .map_or_else(|| PathBuf::from(program), |(_, path)| path)
}
