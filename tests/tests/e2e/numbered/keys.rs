//! Primary, unique and foreign keys, rowids and the next id.

use super::fixture::{Fixture, fixtures, script};

const NULL_KEYS: &str = "CREATE TABLE t (k TEXT PRIMARY KEY, n INT); \
    INSERT INTO t VALUES (NULL, 1), (NULL, 2), (NULL, 2), ('x', 3)";
const CYCLE: &str = "CREATE TABLE a (id INTEGER PRIMARY KEY, b INT REFERENCES b DEFERRABLE INITIALLY DEFERRED); \
    CREATE TABLE b (id INTEGER PRIMARY KEY, a INT REFERENCES a, self INT REFERENCES b);";

/// The next id of a table, as its sequence would give it.
const NEXT_ID: &str = "SELECT nextval(pg_get_serial_sequence('@.t', 'id'))";

fixtures! {
    r24a_keys_in_a_circle: Fixture {
        holds: &[("SELECT count(*), bool_and(convalidated) FROM pg_constraint WHERE contype = 'f' AND connamespace = '@'::regnamespace", "3|t"),
            ("SELECT condeferrable, condeferred FROM pg_constraint WHERE contype = 'f' AND conrelid = '@.a'::regclass", "t|t")],
        ..script("CREATE TABLE a (id INTEGER PRIMARY KEY, b INT REFERENCES b DEFERRABLE INITIALLY DEFERRED); \
            CREATE TABLE b (id INTEGER PRIMARY KEY, a INT REFERENCES a, self INT REFERENCES b); \
            INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 1, 1), (2, NULL, 1)")
    };
    r24b_rows_without_a_parent: Fixture {
        findings: &[("changed", "foreign-key.orphans", "foreign-key:c.1")],
        holds: &[("SELECT p FROM @.c ORDER BY p", "1; 9; NULL"),
            ("SELECT convalidated FROM pg_constraint WHERE contype = 'f' AND conrelid = '@.c'::regclass", "f")],
        ..script("CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p INT REFERENCES p); \
            INSERT INTO p VALUES (1); INSERT INTO c VALUES (1), (9), (NULL)")
    };
    r25a_nulls_in_a_primary_key: Fixture {
        exit: 4, findings: &[("blocked", "key.null", "primary-key:t")], ..script(NULL_KEYS)
    };
    r25b_nulls_in_a_primary_key_without_the_key: Fixture {
        options: &["--skip", "primary-key:t"],
        findings: &[("skipped", "object.skipped", "primary-key:t")],
        holds: &[("SELECT k, n FROM @.t ORDER BY n", "NULL|1; NULL|2; NULL|2; x|3")],
        ..script(NULL_KEYS)
    };
    r26_a_descending_key_is_no_rowid: Fixture {
        findings: &[("changed", "key.made-not-null", "primary-key:t")],
        holds: &[("SELECT id FROM @.t ORDER BY id", "5; 9"),
            ("SELECT count(*) FROM pg_attribute WHERE attrelid = '@.t'::regclass AND attidentity <> ''", "0")],
        ..script("CREATE TABLE t (id INTEGER PRIMARY KEY DESC, v TEXT); INSERT INTO t VALUES (5, 'a'), (9, 'b')")
    };
    r27_rows_without_a_key: Fixture {
        holds: &[("SELECT a, count(*) FROM @.t GROUP BY a ORDER BY a", "1|3; NULL|2")],
        ..script("CREATE TABLE t (a INT, b TEXT); INSERT INTO t VALUES (1, 'x'), (1, 'x'), (1, 'y'), (NULL, NULL), (NULL, NULL)")
    };
    r28a_a_sequence_ahead_of_its_rows: Fixture {
        holds: &[(NEXT_ID, "901")],
        ..script("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t VALUES (1), (900); DELETE FROM t WHERE id = 900")
    };
    r28b_rows_ahead_of_their_sequence: Fixture {
        holds: &[(NEXT_ID, "78")],
        ..script("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t VALUES (77); \
            UPDATE sqlite_sequence SET seq = 3")
    };
    r29_a_table_without_rowid: Fixture {
        holds: &[("SELECT w, n FROM @.t ORDER BY w", "|1; B|2; a|3; a |4")],
        ..script("CREATE TABLE t (w TEXT PRIMARY KEY, n INT) WITHOUT ROWID; INSERT INTO t VALUES ('a ', 4), ('B', 2), ('a', 3), ('', 1)")
    };
    p01_a_key_in_another_order_than_its_columns: Fixture {
        holds: &[("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '@.t'::regclass", "PRIMARY KEY (b, a)")],
        ..script("CREATE TABLE t (a INT, b TEXT, PRIMARY KEY (b, a)) WITHOUT ROWID; INSERT INTO t VALUES (1, 'x'), (1, 'y'), (2, 'x')")
    };
    p02_a_foreign_key_without_columns: Fixture {
        holds: &[("SELECT pg_get_constraintdef(oid) LIKE 'FOREIGN KEY (x, y) REFERENCES %.p(b, a)' FROM pg_constraint \
            WHERE conrelid = '@.c'::regclass", "t")],
        ..script("CREATE TABLE p (a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (b, a)); \
            CREATE TABLE c (x INT, y INT, FOREIGN KEY (x, y) REFERENCES p); \
            INSERT INTO p VALUES (1, 2); INSERT INTO c VALUES (2, 1)")
    };
    p03_a_parent_declared_later: Fixture {
        holds: &[("SELECT c.p, p.v FROM @.c JOIN @.p ON p.id = c.p", "1|x")],
        ..script("CREATE TABLE c (p INT REFERENCES p (id) ON DELETE CASCADE); CREATE TABLE p (id INTEGER PRIMARY KEY, v TEXT); \
            INSERT INTO p VALUES (1, 'x'); INSERT INTO c VALUES (1)")
    };
    p04_a_circle_that_is_empty: Fixture {
        holds: &[("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = '@'::regnamespace", "3")],
        ..script(CYCLE)
    };
    p07_a_descending_index: Fixture {
        holds: &[("SELECT pg_get_indexdef('@.ix'::regclass) LIKE '%(a DESC, b)'", "t")],
        ..script("CREATE TABLE t (a INT, b INT); CREATE INDEX ix ON t (a DESC, b); INSERT INTO t VALUES (1, 2)")
    };
    p29_null_in_a_text_key: Fixture {
        exit: 4,
        findings: &[("blocked", "key.null", "primary-key:t")],
        ..script("CREATE TABLE t (k TEXT PRIMARY KEY); INSERT INTO t VALUES (NULL), ('a')")
    };
    p30_keys_that_become_equal_as_text: Fixture {
        options: &["--values", "column:t.k/integer=text"],
        exit: 4,
        findings: &[("changed", "value.as-text", "column:t.k"), ("blocked", "key.folded-duplicates", "unique:t.1")],
        ..script("CREATE TABLE t (k UNIQUE); INSERT INTO t VALUES (1), ('1')")
    };
    p31_rowids_at_their_ends: Fixture {
        findings: &[("changed", "key.exhausted", "identity:t.id")],
        holds: &[("SELECT id FROM @.t ORDER BY id", "-9223372036854775808; -1; 0; 9223372036854775807")],
        ..script("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (9223372036854775807, 'max'), \
            (-9223372036854775807 - 1, 'min'), (0, 'zero'), (-1, 'minus')")
    };
    p32_an_emptied_table_goes_on_counting: Fixture {
        holds: &[(NEXT_ID, "78")],
        ..script("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t VALUES (77); DELETE FROM t")
    };
    p33_a_sequence_set_by_hand: Fixture {
        holds: &[(NEXT_ID, "5001")],
        ..script("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t VALUES (1), (2); \
            UPDATE sqlite_sequence SET seq = 5000")
    };
}
