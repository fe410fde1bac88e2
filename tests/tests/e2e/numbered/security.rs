//! Files made to do harm: values that grow when read, names that open other files, text that wants to be SQL.

use super::fixture::{Fixture, fixtures, script};

fixtures! {
    s01_columns_that_grow_when_they_are_read: Fixture {
        options: &["--skip", "generated:t.g", "--skip", "generated:t.h"],
        findings: &[("skipped", "object.skipped", "generated:t.g"), ("skipped", "object.skipped", "generated:t.h")],
        holds: &[("SELECT a FROM @.t ORDER BY a", "1; 2")],
        ..script("CREATE TABLE t (a INT, g AS (zeroblob(900000000)), h AS (hex(zeroblob(400000000)))); INSERT INTO t VALUES (1), (2)")
    };
    s02_a_name_that_reads_as_a_uri: Fixture {
        file: "file:app.db?mode=memory",
        holds: &[("SELECT a FROM @.t", "1")],
        ..script("CREATE TABLE t (a INT); INSERT INTO t VALUES (1)")
    };
    s05_a_name_that_wants_to_be_sql: Fixture {
        holds: &[("SELECT count(*) FROM pg_namespace WHERE nspname = 'stolen'", "0"),
            ("SELECT \"a\"\"; CREATE SCHEMA stolen; --\" FROM @.\"t\"\"); CREATE SCHEMA stolen; --\"", "'; CREATE SCHEMA stolen; --")],
        ..script("CREATE TABLE \"t\"\"); CREATE SCHEMA stolen; --\" (\"a\"\"; CREATE SCHEMA stolen; --\" TEXT \
            DEFAULT '''; CREATE SCHEMA stolen; --' CHECK (\"a\"\"; CREATE SCHEMA stolen; --\" <> '\\''; CREATE SCHEMA stolen; --')); \
            INSERT INTO \"t\"\"); CREATE SCHEMA stolen; --\" VALUES ('''; CREATE SCHEMA stolen; --')")
    };
}
