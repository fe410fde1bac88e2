//! Numbers: at the edges of their types, in columns of another kind, rounded before anybody looked.

use super::fixture::{Fixture, fixtures, script};

const IN_INTEGER: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER); \
    INSERT INTO t VALUES (1, 1), (2, '12abc'), (3, '0x1F'), (4, x'00')";
const FLAGS: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, f BOOLEAN); \
    INSERT INTO t VALUES (1, 1), (2, 0), (3, 2), (4, 'yes'), (5, '')";

fixtures! {
    r12a_texts_and_blobs_in_an_integer_column: Fixture {
        exit: 4,
        findings: &[("blocked", "value.mixed-classes", "column:t.n")],
        ..script(IN_INTEGER)
    };
    r12b_texts_and_blobs_in_an_integer_column_set_aside: Fixture {
        options: &["--values", "text=quarantine", "--values", "blob=null"],
        findings: &[("changed", "value.quarantined", "column:t.n"), ("changed", "value.as-null", "column:t.n")],
        holds: &[("SELECT id, n FROM @.t ORDER BY id", "1|1; 2|NULL; 3|NULL; 4|NULL"),
            ("SELECT pg_typeof(n)::text FROM @.t LIMIT 1", "bigint")],
        ..script(IN_INTEGER)
    };
    r13_integers_that_sqlite_rounded_in_a_real_column: Fixture {
        holds: &[("SELECT r::text FROM @.t ORDER BY id", "9.007199254740992e+15; 1e+300; 0.1")],
        ..script("CREATE TABLE t (id INTEGER PRIMARY KEY, r REAL); \
            INSERT INTO t VALUES (1, 9007199254740993), (2, 1e300), (3, 0.1)")
    };
    r14_thirty_digits_in_a_numeric_column: Fixture {
        holds: &[("SELECT encode(float8send(n), 'hex') FROM @.t", "45f8ee90ff6c373e")],
        ..script("CREATE TABLE t (n NUMERIC); INSERT INTO t VALUES ('123456789012345678901234567890')")
    };
    r15a_infinities_and_minus_zero: Fixture {
        holds: &[("SELECT id, r::text, encode(float8send(r), 'hex') FROM @.t ORDER BY id",
            "1|Infinity|7ff0000000000000; 2|-Infinity|fff0000000000000; 3|-0|8000000000000000; 4|NULL|NULL")],
        ..script("CREATE TABLE t (id INTEGER PRIMARY KEY, r); \
            INSERT INTO t VALUES (1, 9e999), (2, -9e999), (3, -0.0), (4, 9e999 - 9e999)")
    };
    r15b_infinity_among_integers: Fixture {
        exit: 4,
        findings: &[("blocked", "value.mixed-numbers", "column:t.n")],
        ..script("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (9007199254740993), (9e999)")
    };
    p12_declared_types_of_other_systems: Fixture {
        holds: &[("SELECT string_agg(format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute \
                WHERE attrelid = '@.t'::regclass AND attnum > 0",
            "bytea, text, double precision, double precision, bigint, bigint, boolean")],
        findings: &[("changed", "type.not-as-declared", "column:t.a")],
        ..script("CREATE TABLE t (a byte[], b longtext, c number(10, 2), d double precision, e int(5), f mediumint unsigned, \
            g bool); INSERT INTO t VALUES (x'00', 'text', 1.25, 0.5, 3000000000, 5, 1)")
    };
    p17_integers_beyond_what_others_keep: Fixture {
        holds: &[("SELECT n FROM @.t ORDER BY n", "-9223372036854775808; 2147483648; 9007199254740993; 9223372036854775807")],
        ..script("CREATE TABLE t (n INT); INSERT INTO t VALUES (2147483648), (9223372036854775807), (9007199254740993), \
            (-9223372036854775807 - 1)")
    };
    p18_infinity_and_a_nan_that_became_null: Fixture {
        holds: &[("SELECT r FROM @.t ORDER BY r", "1.5; Infinity; NULL")],
        ..script("CREATE TABLE t (r REAL); INSERT INTO t VALUES (9e999), (9e999 * 0), (1.5)")
    };
    p19a_a_decimal_longer_than_a_double: Fixture {
        holds: &[("SELECT pg_typeof(n)::text, n FROM @.t", "double precision|1.2345678901234567e+19")],
        ..script("CREATE TABLE t (n NUMERIC); INSERT INTO t VALUES (12345678901234567890.12)")
    };
    p19b_decimals_of_the_declared_scale: Fixture {
        holds: &[("SELECT n::text FROM @.t ORDER BY n", "-0.01; 12345678.90")],
        ..script("CREATE TABLE t (n DECIMAL(10,2)); INSERT INTO t VALUES (12345678.9), (-0.01)")
    };
    p20_empty_texts_for_missing_values: Fixture {
        exit: 4,
        findings: &[("blocked", "value.mixed-classes", "column:t.n"), ("blocked", "value.mixed-classes", "column:t.p"),
            ("blocked", "foreign-key.parent-missing", "foreign-key:t.1"), ("changed", "type.not-as-declared", "column:t.d")],
        ..script("CREATE TABLE t (id INTEGER PRIMARY KEY, n INT, d DATE, p INT REFERENCES t); \
            INSERT INTO t VALUES (1, 5, '2024-01-01', 1), (2, '', '', '')")
    };
    p27a_flags_that_are_no_flags: Fixture {
        exit: 4,
        findings: &[("blocked", "value.mixed-classes", "column:t.f")],
        ..script(FLAGS)
    };
    p27b_flags_as_text: Fixture {
        options: &["--values", "column:t.f/text=text"],
        findings: &[("changed", "value.as-text", "column:t.f")],
        holds: &[("SELECT f FROM @.t ORDER BY id", "1; 0; 2; yes; ")],
        ..script(FLAGS)
    };
    p27c_a_two_among_flags_makes_them_integers: Fixture {
        findings: &[("changed", "type.not-as-declared", "column:t.f")],
        holds: &[("SELECT pg_typeof(f)::text, f FROM @.t ORDER BY f", "bigint|0; bigint|2")],
        ..script("CREATE TABLE t (f BOOLEAN); INSERT INTO t VALUES (0), (2)")
    };
}
