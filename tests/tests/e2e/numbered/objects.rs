//! Objects beside tables, tables of other kinds, and tables that no server takes.

use std::path::Path;

use rusqlite::Connection;

use super::fixture::{Fixture, code, fixtures, script};
use crate::sources;

fn of_columns(path: &Path, count: usize, value: &str) {
    let names: Vec<String> = (0..count).map(|number| format!("c{number}")).collect();
    let values = vec![value; count].join(", ");
    sources::script(
        path,
        &format!(
            "CREATE TABLE t ({}); INSERT INTO t VALUES ({values})",
            names.join(", ")
        ),
    );
}

/// A virtual table whose module is not there.
fn missing_module(path: &Path) {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE t (a INT); INSERT INTO t VALUES (1); PRAGMA writable_schema = on; \
             INSERT INTO sqlite_schema VALUES ('table', 'words', 'words', 0, 'CREATE VIRTUAL TABLE words USING spellfix1')",
        )
        .unwrap();
}

const FTS: &str = "CREATE TABLE t (a INT); INSERT INTO t VALUES (1); CREATE VIRTUAL TABLE f USING fts5(a, b); \
    INSERT INTO f VALUES ('x y', 'z'); CREATE VIRTUAL TABLE r USING rtree(id, x0, x1); INSERT INTO r VALUES (1, 0, 1)";
const SHADOWS: [(&str, &str, &str); 8] = [
    ("skipped", "shadow-table.not-carried", "shadow-table:f_data"),
    ("skipped", "shadow-table.not-carried", "shadow-table:f_idx"),
    ("skipped", "shadow-table.not-carried", "shadow-table:f_content"),
    ("skipped", "shadow-table.not-carried", "shadow-table:f_docsize"),
    ("skipped", "shadow-table.not-carried", "shadow-table:f_config"),
    ("skipped", "shadow-table.not-carried", "shadow-table:r_rowid"),
    ("skipped", "shadow-table.not-carried", "shadow-table:r_node"),
    ("skipped", "shadow-table.not-carried", "shadow-table:r_parent"),
];

fixtures! {
    r17a_more_columns_than_a_server_takes: Fixture {
        exit: 4,
        findings: &[("blocked", "table.too-wide", "table:t")],
        ..code(|path| of_columns(path, 1601, "1"))
    };
    r17b_rows_wider_than_a_page: Fixture {
        exit: 4,
        findings: &[("blocked", "table.row-too-wide", "table:t")],
        ..code(|path| of_columns(path, 1100, "1"))
    };
    r17c_as_many_columns_as_fit: Fixture {
        holds: &[("SELECT count(*) FROM pg_attribute WHERE attrelid = '@.t'::regclass AND attnum > 0", "1600"),
            ("SELECT c0, c1599 FROM @.t", "NULL|NULL")],
        ..code(|path| of_columns(path, 1600, "NULL"))
    };
    r22_modules_and_their_state: Fixture {
        options: &["--skip", "virtual-table:f", "--skip", "virtual-table:r"],
        findings: &[("skipped", "object.skipped", "virtual-table:f"), ("skipped", "object.skipped", "virtual-table:r"),
            SHADOWS[0], SHADOWS[1], SHADOWS[2], SHADOWS[3], SHADOWS[4], SHADOWS[5], SHADOWS[6], SHADOWS[7]],
        holds: &[("SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = '@'::regnamespace", "t")],
        ..script(FTS)
    };
    r33_views_and_triggers: Fixture {
        findings: &[("skipped", "view.not-carried", "view:v"), ("skipped", "trigger.not-carried", "trigger:tr"),
            ("skipped", "trigger.not-carried", "trigger:instead")],
        holds: &[("SELECT a FROM @.t", "1"), ("SELECT count(*) FROM pg_class WHERE relkind = 'v' AND relnamespace = '@'::regnamespace", "0")],
        ..script("CREATE TABLE t (a INT); INSERT INTO t VALUES (1); CREATE VIEW v AS SELECT title_sort(a) FROM t; \
            CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM t; END; \
            CREATE TRIGGER instead INSTEAD OF INSERT ON v BEGIN SELECT 1; END")
    };
    r36_a_strict_table: Fixture {
        holds: &[("SELECT string_agg(format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute \
                WHERE attrelid = '@.t'::regclass AND attnum > 0", "bigint, bigint, double precision, text, bytea"),
            ("SELECT a, b, c, d, encode(e, 'hex') FROM @.t", "1|2|1|x|00")],
        ..script("CREATE TABLE t (a INT, b INTEGER, c REAL, d TEXT, e BLOB) STRICT; INSERT INTO t VALUES (1, '2', 1, 'x', x'00')")
    };
    p10_any_in_a_strict_table: Fixture {
        exit: 4,
        findings: &[("blocked", "value.mixed-classes", "column:t.b")],
        ..script("CREATE TABLE t (a ANY, b ANY) STRICT; INSERT INTO t VALUES ('1', 1), ('x', 'x')")
    };
    p11_columns_without_a_type: Fixture {
        holds: &[("SELECT string_agg(format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute \
                WHERE attrelid = '@.t'::regclass AND attnum > 0", "bigint, text, double precision, bytea, text")],
        ..script("CREATE TABLE t (a, b, c, d, e); INSERT INTO t VALUES (1, 'x', 1.5, x'00', NULL)")
    };
    p46a_modules_block_until_they_are_left_out: Fixture {
        exit: 4,
        findings: &[("blocked", "virtual-table.not-carried", "virtual-table:f"),
            ("blocked", "virtual-table.not-carried", "virtual-table:r"),
            SHADOWS[0], SHADOWS[1], SHADOWS[2], SHADOWS[3], SHADOWS[4], SHADOWS[5], SHADOWS[6], SHADOWS[7]],
        ..script(FTS)
    };
    p46b_a_module_that_is_missing: Fixture {
        options: &["--skip", "virtual-table:words"],
        findings: &[("skipped", "object.skipped", "virtual-table:words")],
        holds: &[("SELECT a FROM @.t", "1")],
        ..code(missing_module)
    };
}
