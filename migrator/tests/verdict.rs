//! `outgrow verdict` as a user runs it: the real binary against a real socket that serves real exposition text.

#![allow(clippy::expect_used, reason = "helpers of tests state what must hold")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::thread;

/// Serves each page once, in order, and then nothing more; returns the address.
fn serve(pages: Vec<(u16, String)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for (status, body) in pages {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut request = BufReader::new(stream.try_clone().expect("a socket"));
            let mut line = String::new();
            while request.read_line(&mut line).is_ok_and(|bytes| bytes > 2) {
                line.clear();
            }
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: text/plain; version=0.0.4\r\n\
                 content-length: {length}\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).expect("a reader");
            stream.write_all(body.as_bytes()).expect("a reader");
        }
    });
    address
}

/// What an agent exports for one database after so many writes.
fn page(db: &str, ok: u32, errors: u32, journal_mode: &str) -> String {
    let all = ok + errors;
    format!(
        "# HELP checkpoint_writes_total Writes.\n# TYPE checkpoint_writes_total counter\n\
         checkpoint_writes_total{{db=\"{db}\",op=\"put\",status=\"ok\"}} {ok}\n\
         checkpoint_writes_total{{db=\"{db}\",op=\"put\",status=\"error\"}} {errors}\n\n\
         checkpoint_write_duration_seconds_bucket{{db=\"{db}\",op=\"put\",le=\"0.1\"}} {all}\n\
         checkpoint_write_duration_seconds_bucket{{db=\"{db}\",op=\"put\",le=\"+Inf\"}} {all}\n\
         sqlite_database_size_bytes{{db=\"{db}\"}} 8192\n\
         sqlite_busy_timeout_seconds{{db=\"{db}\"}} 5\n\
         sqlite_config_info{{db=\"{db}\",journal_mode=\"{journal_mode}\"}} 1\n"
    )
}

fn verdict(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_outgrow"))
        .arg("verdict")
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs")
}

fn first_line(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().next().unwrap_or_default().to_owned()
}

fn scraped(pages: Vec<String>, more: &[&str]) -> Output {
    let address = serve(pages.into_iter().map(|page| (200, page)).collect());
    let mut args = vec!["--scrape", &address, "--window", "1s"];
    args.extend(more);
    verdict(&args)
}

#[test]
fn each_level_has_its_headline_and_exit_code() {
    let thousand = page("a", 1000, 0, "wal");
    for (second, more, code, headline) in [
        (page("a", 1050, 0, "wal"), vec![], 0, "SQLite sufficient"),
        (
            page("a", 1050, 0, "wal").replace("} 8192", "} 6e9"),
            vec![],
            11,
            "PLAN MIGRATION - File size >=5 GB",
        ),
        (
            page("a", 2000, 50, "wal"),
            vec![],
            12,
            "MIGRATE NOW - Write errors >1%",
        ),
        (
            page("a", 1050, 0, "wal"),
            vec!["--deployment", "multi-server"],
            12,
            "MIGRATE NOW - Multi-server deployment",
        ),
        (
            page("a", 1050, 0, "wal"),
            vec!["--deployment", "single"],
            0,
            "SQLite sufficient",
        ),
        (
            thousand.clone(),
            vec![],
            13,
            "UNKNOWN - write error ratio: no writes in 1s (and 1 more)",
        ),
    ] {
        let output = scraped(vec![thousand.clone(), second], &more);
        assert_eq!(first_line(&output), headline, "{output:?}");
        assert_eq!(output.status.code(), Some(code), "{headline}");
        assert!(
            !String::from_utf8_lossy(&output.stdout).contains('\x1b'),
            "no colour in a pipe"
        );
    }
}

#[test]
fn a_cheaper_cause_comes_first() {
    let signals = r#"{"schema_version":1,"observed_seconds":300,"age_seconds":0,"writes_seen":9000,"measured":{
        "write_error_ratio":{"value":0.05,"held_seconds":300},"writes_per_second":{"value":30,"held_seconds":300},
        "database_size_bytes":{"value":1e9},"write_p99_seconds":{"value":0.1,"held_seconds":300},
        "busy_timeout_seconds":{"value":0}}}"#;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), signals).expect("a file");
    let output = verdict(&["--signals", &file.path().to_string_lossy()]);
    assert_eq!(first_line(&output), "TUNE FIRST - Raise the busy timeout to 5 s");
    assert_eq!(output.status.code(), Some(10));
}

#[test]
fn the_worst_database_is_shown_unless_one_is_named() {
    let pages = || {
        let first = page("a", 0, 0, "wal") + &page("b", 0, 0, "wal");
        vec![first, page("a", 50, 0, "wal") + &page("b", 900, 100, "wal")]
    };
    let worst = scraped(pages(), &["--json"]);
    let json: serde_json::Value = serde_json::from_slice(&worst.stdout).expect("JSON");
    assert_eq!(json["database"], "b");
    assert_eq!(json["level"], "migrate_now");
    assert_eq!(json["other_databases"][0]["headline"], "SQLite sufficient");
    assert_eq!(worst.status.code(), Some(12));
    let named = scraped(pages(), &["--db", "a"]);
    assert_eq!(first_line(&named), "SQLite sufficient");
    let missing = scraped(pages(), &["--db", "c"]);
    assert!(
        first_line(&missing).ends_with("has no database `c`, it has: a, b"),
        "{missing:?}"
    );
    assert_eq!(missing.status.code(), Some(13));
}

#[test]
fn an_endpoint_that_cannot_be_scraped_is_unknown_with_the_reason() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("an address").to_string()
    };
    let good = || (200, page("a", 1, 0, "wal"));
    for (address, reason) in [
        (closed, "refused"),
        (serve(vec![(503, String::new())]), "HTTP status 503"),
        (
            serve(vec![(200, "<html>".to_owned())]),
            "line 1 is not in the Prometheus text format",
        ),
        (serve(vec![good(), (500, String::new())]), "HTTP status 500"),
        (
            serve(vec![(200, "up 1\n".to_owned()), (200, "up 1\n".to_owned())]),
            "counts no writes",
        ),
    ] {
        let output = verdict(&[
            "--scrape",
            &format!("http://me:secret@{address}"),
            "--window",
            "1s",
        ]);
        let line = first_line(&output);
        assert!(line.starts_with("UNKNOWN - ") && line.contains(reason), "{line}");
        assert_eq!(output.status.code(), Some(13), "{line}");
        assert!(!format!("{output:?}").contains("secret"), "{output:?}");
    }
}

#[test]
fn what_cannot_be_used_is_a_usage_error_with_a_next_step() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "{").expect("a file");
    let path = file.path().to_string_lossy().into_owned();
    for (args, words) in [
        (vec!["--signals", path.as_str()], "cannot be understood"),
        (vec!["--signals", "no/such/file"], "cannot read the signals file"),
        (vec!["--scrape", "ftp://h"], "only http and https"),
        (vec!["--scrape", "h", "--window", "soon"], "such as 30s or 5m"),
        (vec!["--scrape", "h", "--window", "0s"], "between 1s and 24h"),
        (vec!["--scrape", "h", "--window=-5s"], "between 1s and 24h"),
        (vec!["--scrape", "h", "--signals", "f"], "cannot be used with"),
        (vec!["--signals", "f", "--db", "a"], "cannot be used with"),
        (vec![], "required"),
        (vec!["--scrape", "h", "--deployment", "many"], "invalid value"),
    ] {
        let output = verdict(&args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains(words), "{args:?}: {stderr}");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn the_signals_file_in_the_help_text_can_be_used() {
    let help = verdict(&["--help"]);
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let (_, after) = help.split_once("A signals file:").expect("the example");
    let (example, _) = after.split_once("\n\n").expect("an end");
    let mut child = Command::new(env!("CARGO_BIN_EXE_outgrow"))
        .args(["verdict", "--signals", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(example.as_bytes()).expect("a reader");
    drop(stdin);
    let output = child.wait_with_output().expect("an end");
    assert_eq!(first_line(&output), "MIGRATE NOW - Write errors >1%");
    assert_eq!(output.status.code(), Some(12));
}
