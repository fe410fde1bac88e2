//! Dates and times: one format travels as a time, several stay as they are or block.

use super::fixture::{Fixture, fixtures, script};

fixtures! {
    r35a_one_format_becomes_a_timestamp: Fixture {
        holds: &[("SELECT pg_typeof(d)::text, d::text FROM @.t ORDER BY d",
            "timestamp without time zone|1969-12-31 23:59:59; timestamp without time zone|2024-02-29 12:00:00")],
        ..script("CREATE TABLE t (d DATETIME); INSERT INTO t VALUES ('2024-02-29 12:00:00'), ('1969-12-31 23:59:59')")
    };
    r35b_two_formats_stay_text: Fixture {
        findings: &[("changed", "type.not-as-declared", "column:t.d")],
        holds: &[("SELECT d FROM @.t ORDER BY d COLLATE \"C\"", "2024-02-29; 2024-02-29 12:00:00")],
        ..script("CREATE TABLE t (d DATETIME); INSERT INTO t VALUES ('2024-02-29 12:00:00'), ('2024-02-29')")
    };
    r35c_a_day_that_was_not_stays_text: Fixture {
        findings: &[("changed", "type.not-as-declared", "column:t.d")],
        holds: &[("SELECT d FROM @.t", "2023-02-29")],
        ..script("CREATE TABLE t (d DATE); INSERT INTO t VALUES ('2023-02-29')")
    };
    p21a_every_way_to_write_a_time_in_one_column: Fixture {
        exit: 4,
        findings: &[("blocked", "value.mixed-classes", "column:t.d")],
        ..script(P21)
    };
    p21b_every_way_to_write_a_time_as_text: Fixture {
        options: &["--values", "column:t.d/text=text"],
        findings: &[("changed", "value.as-text", "column:t.d")],
        holds: &[("SELECT string_agg(d, ' ' ORDER BY id) FROM @.t",
            "0 2023 1704067200 1704067200000 2460310.5 2024-01-01T00:00:00Z 2024-01-01T00:00:00+02:00 now 0000-00-00")],
        ..script(P21)
    };
    p21c_seconds_of_the_epoch_stay_integers: Fixture {
        findings: &[("changed", "type.not-as-declared", "column:t.d")],
        holds: &[("SELECT d FROM @.t ORDER BY d", "0; 2023; 1704067200")],
        ..script("CREATE TABLE t (d DATETIME); INSERT INTO t VALUES (0), (2023), (1704067200)")
    };
}

const P21: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, d DATETIME); INSERT INTO t VALUES (1, 0), (2, 2023), \
    (3, 1704067200), (4, 1704067200000), (5, 2460310.5), (6, '2024-01-01T00:00:00Z'), (7, '2024-01-01T00:00:00+02:00'), \
    (8, 'now'), (9, '0000-00-00')";
