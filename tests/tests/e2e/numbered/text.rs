//! Texts: encodings, bytes that are no text, NUL, JSON, UUIDs, texts among blobs and blobs among texts.

use std::path::Path;

use rusqlite::Connection;

use super::fixture::{Fixture, code, fixtures, script};

const BLOCKED_TEXT: &[(&str, &str, &str)] = &[("blocked", "value.text-not-unicode", "column:t.v")];
const BLOCKED_NUL: &[(&str, &str, &str)] = &[("blocked", "value.text-nul", "column:t.v")];
const NOT_UTF8: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); \
    INSERT INTO t VALUES (1, 'fine'), (2, CAST(x'61ff62' AS TEXT)), (3, NULL)";
const NUL: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); \
    INSERT INTO t VALUES (1, 'foo' || char(0) || 'bar'), (2, 'plain')";
const LONE_SURROGATE: &str = "PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); \
    INSERT INTO t VALUES (1, CAST(x'610000d8' AS TEXT)), (2, 'a')";

/// Texts, one of them as large as an application would hardly store.
fn large_blob(path: &Path) {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = off; PRAGMA synchronous = off; CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB); \
             INSERT INTO t VALUES (1, zeroblob(300000000)), (2, x'01')",
        )
        .unwrap();
}

fixtures! {
    r09a_utf16_with_a_lone_surrogate: Fixture { exit: 4, findings: BLOCKED_TEXT, ..script(LONE_SURROGATE) };
    r09b_a_lone_surrogate_as_bytes: Fixture {
        options: &["--values", "column:t.v/text-not-unicode=bytea"],
        findings: &[("changed", "value.as-bytea", "column:t.v")],
        holds: &[("SELECT id, encode(v, 'hex') FROM @.t ORDER BY id", "1|610000d8; 2|61")],
        ..script(LONE_SURROGATE)
    };
    r10a_bytes_that_are_not_utf8: Fixture { exit: 4, findings: BLOCKED_TEXT, says: &["column:t.v"], ..script(NOT_UTF8) };
    r10b_bytes_that_are_not_utf8_as_bytea: Fixture {
        options: &["--values", "text-not-unicode=bytea"],
        findings: &[("changed", "value.as-bytea", "column:t.v")],
        holds: &[("SELECT id, encode(v, 'hex') FROM @.t ORDER BY id", "1|66696e65; 2|61ff62; 3|NULL")],
        ..script(NOT_UTF8)
    };
    r10c_bytes_that_are_not_utf8_set_aside: Fixture {
        options: &["--values", "text-not-unicode=quarantine"],
        findings: &[("changed", "value.quarantined", "column:t.v")],
        holds: &[("SELECT id, v FROM @.t ORDER BY id", "1|fine; 2|NULL; 3|NULL")],
        ..script(NOT_UTF8)
    };
    r11a_nul_in_text: Fixture { exit: 4, findings: BLOCKED_NUL, ..script(NUL) };
    r11b_nul_in_text_as_bytea: Fixture {
        options: &["--values", "text-nul=bytea"],
        findings: &[("changed", "value.as-bytea", "column:t.v")],
        holds: &[("SELECT encode(v, 'hex') FROM @.t WHERE id = 1", "666f6f00626172")],
        ..script(NUL)
    };
    r11c_nul_in_text_as_null: Fixture {
        options: &["--values", "text-nul=null"],
        findings: &[("changed", "value.as-null", "column:t.v")],
        holds: &[("SELECT id, v FROM @.t ORDER BY id", "1|NULL; 2|plain")],
        ..script(NUL)
    };
    r11d_nul_in_text_is_never_text: Fixture {
        options: &["--values", "text-nul=text"], exit: 4, findings: BLOCKED_NUL, ..script(NUL)
    };
    p22_blob_and_text_uuids_in_one_column: Fixture {
        exit: 4,
        findings: &[("blocked", "value.mixed-classes", "column:t.u")],
        ..script("CREATE TABLE t (u UUID); INSERT INTO t VALUES (x'6ba7b8109dad11d180b400c04fd430c8'), \
            ('6ba7b810-9dad-11d1-80b4-00c04fd430c8')")
    };
    p23_bad_json_and_an_escaped_nul_stay_text: Fixture {
        holds: &[("SELECT pg_typeof(j)::text, j FROM @.t WHERE id = 2", "text|{\"a\": \"\\u0000\"}"),
            ("SELECT j FROM @.t WHERE id = 3", "{bad"), ("SELECT j FROM @.t WHERE id = 1", "{\"b\":1,\"a\":1.0,\"a\":2}")],
        ..script("CREATE TABLE t (id INTEGER PRIMARY KEY, j TEXT); INSERT INTO t VALUES \
            (1, '{\"b\":1,\"a\":1.0,\"a\":2}'), (2, '{\"a\": \"\\u0000\"}'), (3, '{bad')")
    };
    p24_nul_and_ff_in_one_column_as_bytea: Fixture {
        options: &["--values", "text-nul=bytea", "--values", "text-not-unicode=bytea"],
        findings: &[("changed", "value.as-bytea", "column:t.v")],
        holds: &[("SELECT encode(v, 'hex') FROM @.t ORDER BY id", "6100; ff; 61")],
        ..script("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); \
            INSERT INTO t VALUES (1, 'a' || char(0)), (2, CAST(x'ff' AS TEXT)), (3, 'a')")
    };
    p25_a_utf16_file: Fixture {
        holds: &[("SELECT w FROM @.t ORDER BY n", "\u{1f600}\u{e9}; e\u{301}; \u{ffff}; ")],
        ..script("PRAGMA encoding = 'UTF-16be'; CREATE TABLE t (w TEXT PRIMARY KEY NOT NULL, n INT); \
            INSERT INTO t VALUES ('\u{1f600}\u{e9}', 1), ('e\u{301}', 2), ('\u{ffff}', 3), ('', 4)")
    };
    p26a_texts_in_a_blob_column: Fixture {
        findings: &[("changed", "type.not-as-declared", "column:t.b")],
        holds: &[("SELECT b FROM @.t", "abcd; aGVsbG8="), ("SELECT pg_typeof(b)::text FROM @.t LIMIT 1", "text")],
        ..script("CREATE TABLE t (b BLOB); INSERT INTO t VALUES ('abcd'), ('aGVsbG8=')")
    };
    p26b_texts_among_blobs: Fixture {
        options: &["--values", "column:t.b/text=bytea"],
        findings: &[("changed", "value.as-bytea", "column:t.b")],
        holds: &[("SELECT encode(b, 'hex') FROM @.t ORDER BY b", "00; 61626364")],
        ..script("CREATE TABLE t (b BLOB); INSERT INTO t VALUES ('abcd'), (x'00')")
    };
    p28_a_blob_of_300_megabytes: Fixture {
        holds: &[("SELECT id, octet_length(v) FROM @.t ORDER BY id", "1|300000000; 2|1")],
        ..code(large_blob)
    };
}
