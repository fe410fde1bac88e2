//! Defaults, checks, computed columns, collations, and indexes over more than columns.

use super::fixture::{Fixture, fixtures, script};

/// The defaults as Postgres computes them for a new row.
const NEW_ROW: &str = "INSERT INTO @.t (id) VALUES (99) RETURNING *";

const COMPUTED: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT, g INT GENERATED ALWAYS AS (a + 1) STORED, \
    h TEXT AS (b || '!')); INSERT INTO t (id, a, b) VALUES (1, 1, 'x'), (2, NULL, NULL)";
const RANDOM: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, g TEXT AS (json_extract(a, '$.x'))); \
    INSERT INTO t (id, a) VALUES (1, '{\"x\":\"deep\"}'), (2, NULL)";
const NOCASE: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT COLLATE NOCASE UNIQUE); \
    INSERT INTO t VALUES (1, 'Ann'), (2, 'bob'), (3, '\u{c9}'), (4, '\u{e9}')";
const OF_SQLITE_ALONE: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, CHECK (a GLOB '[a-z]*'), CHECK (json_valid(a) OR 1)); \
    CREATE INDEX ix ON t (soundex(a)); INSERT INTO t VALUES (1, 'x')";

fixtures! {
    r23a_computed_columns_are_computed_there: Fixture {
        holds: &[("SELECT g, h FROM @.t ORDER BY id", "2|x!; NULL|NULL"),
            ("INSERT INTO @.t (id, a, b) VALUES (3, 41, 'y') RETURNING g, h", "42|y!")],
        ..script(COMPUTED)
    };
    r23b_a_computed_column_without_an_equal: Fixture {
        exit: 4,
        findings: &[("blocked", "generated.not-carried", "generated:t.g")],
        ..script(RANDOM)
    };
    p09_computed_with_and_without_the_words: Fixture {
        holds: &[("SELECT string_agg(concat(attname, attgenerated), ' ' ORDER BY attnum) FROM pg_attribute \
                WHERE attrelid = '@.t'::regclass AND attgenerated <> ''", "gs hs")],
        ..script(COMPUTED)
    };
    r30a_what_only_sqlite_computes_is_left_to_its_owner: Fixture {
        findings: &[("skipped", "check.untranslated", "check:t.1"), ("skipped", "check.untranslated", "check:t.2"),
            ("skipped", "index.untranslated", "index:t.ix")],
        ..script(OF_SQLITE_ALONE)
    };
    r30b_a_unique_index_that_only_sqlite_computes: Fixture {
        exit: 4,
        findings: &[("blocked", "index.untranslated", "index:t.ix")],
        ..script("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); CREATE UNIQUE INDEX ix ON t (soundex(a)); INSERT INTO t VALUES (1, 'x')")
    };
    r31a_defaults_that_ask_the_clock: Fixture {
        holds: &[("INSERT INTO @.t (id) VALUES (9) RETURNING a LIKE '____-__-__ __:__:__', b > 1700000000, c LIKE '____-__-__'", "t|t|t")],
        ..script("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT DEFAULT (datetime('now')), b INTEGER DEFAULT (strftime('%s','now')), \
            c TEXT DEFAULT CURRENT_DATE)")
    };
    r31b_a_default_in_double_quotes: Fixture {
        holds: &[(NEW_ROW, "99|lit|it's|bare")],
        ..script("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT DEFAULT \"lit\", b TEXT DEFAULT 'it''s', c TEXT DEFAULT bare)")
    };
    r31c_a_default_by_chance_is_left_to_its_owner: Fixture {
        findings: &[("skipped", "default.untranslated", "default:t.a")],
        holds: &[(NEW_ROW, "99|NULL")],
        ..script("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT DEFAULT (hex(randomblob(4))))")
    };
    p08_defaults_of_every_kind: Fixture {
        holds: &[(NEW_ROW, "99|x|NULL|null|f|it's|-5|255|1.5")],
        ..script("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT DEFAULT \"x\", b TEXT DEFAULT null, c TEXT DEFAULT 'null', \
            d BOOLEAN DEFAULT false, e TEXT DEFAULT 'it''s', f INT DEFAULT -5, g INT DEFAULT 0xff, h REAL DEFAULT 1.5)")
    };
    r32a_nocase_waits_for_a_choice: Fixture {
        exit: 4,
        findings: &[("blocked", "collation.not-binary", "collation:t.n")],
        ..script(NOCASE)
    };
    r32b_nocase_by_bytes: Fixture {
        options: &["--nocase", "bytes"],
        findings: &[("changed", "collation.nocase", "column:t.n")],
        ..script(NOCASE)
    };
    r32c_nocase_by_icu: Fixture {
        options: &["--nocase", "icu"],
        findings: &[("changed", "collation.nocase", "column:t.n")],
        holds: &[("SELECT id FROM @.t WHERE n = 'ANN'", "1")],
        ..script("CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT COLLATE NOCASE UNIQUE); INSERT INTO t VALUES (1, 'Ann'), (2, 'bob')")
    };
    r32d_rtrim_is_named: Fixture {
        exit: 4,
        findings: &[("blocked", "collation.not-binary", "collation:t.n")],
        ..script("CREATE TABLE t (n TEXT COLLATE RTRIM); INSERT INTO t VALUES ('a '), ('a')")
    };
    p05_a_partial_unique_index: Fixture {
        holds: &[("SELECT indisunique, pg_get_expr(indpred, indrelid) IS NOT NULL FROM pg_index WHERE indexrelid = '@.ix'::regclass", "t|t"),
            ("SELECT count(*) FROM @.t WHERE a = 1", "2")],
        ..script("CREATE TABLE t (a INT, live INT); CREATE UNIQUE INDEX ix ON t (a) WHERE live = 1; \
            INSERT INTO t VALUES (1, 1), (1, 0), (2, 1)")
    };
    p06_an_index_over_lower: Fixture {
        holds: &[("SELECT count(*) FROM pg_index WHERE indexrelid = '@.ix'::regclass AND indexprs IS NOT NULL", "1")],
        ..script("CREATE TABLE t (email TEXT); CREATE UNIQUE INDEX ix ON t (lower(email)); INSERT INTO t VALUES ('A@x'), ('b@x')")
    };
}
