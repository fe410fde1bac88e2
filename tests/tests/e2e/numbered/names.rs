//! Names: too long, equal to others after a cut, in need of quotes, hiding the rowid.

use super::fixture::{Fixture, fixtures, script};

/// Two names of 64 bytes that share their first 63.
const LONG: &str = "CREATE TABLE t23456789_123456789_123456789_123456789_123456789_123456789_123a (a INT); \
    CREATE TABLE t23456789_123456789_123456789_123456789_123456789_123456789_123b (a INT); \
    INSERT INTO t23456789_123456789_123456789_123456789_123456789_123456789_123b VALUES (1)";

fixtures! {
    r18a_long_names_of_columns_and_indexes: Fixture {
        findings: &[
            ("changed", "name.shortened", "column:t.c23456789_123456789_123456789_123456789_123456789_123456789_1234"),
            ("changed", "name.shortened", "index:t.i23456789_123456789_123456789_123456789_123456789_123456789_1234"),
        ],
        holds: &[("SELECT c23456789_123456789_123456789_123456789_123456789_1234_752c6e71 FROM @.t", "1")],
        ..script("CREATE TABLE t (c23456789_123456789_123456789_123456789_123456789_123456789_1234 INT); \
            CREATE INDEX i23456789_123456789_123456789_123456789_123456789_123456789_1234 ON \
            t (c23456789_123456789_123456789_123456789_123456789_123456789_1234); INSERT INTO t VALUES (1)")
    };
    r18b_an_empty_name: Fixture {
        findings: &[("changed", "name.shortened", "column:t.")],
        holds: &[("SELECT * FROM @.t", "1|2")],
        ..script("CREATE TABLE t (a INT, \"\" INT); INSERT INTO t VALUES (1, 2)")
    };
    r18e_a_table_without_a_name: Fixture {
        findings: &[("changed", "name.shortened", "table:"), ("changed", "name.shortened", "column:."),
            ("changed", "name.system-column", "column:.ctid")],
        holds: &[("SELECT * FROM @._e3b0c442", "1|2|3")],
        ..script("CREATE TABLE \"\" (\"\" INT, ctid INT, ix INT); CREATE INDEX ix ON \"\" (ix); INSERT INTO \"\" VALUES (1, 2, 3)")
    };
    r18c_names_of_system_columns: Fixture {
        findings: &[("changed", "name.system-column", "column:t.ctid"), ("changed", "name.system-column", "column:t.xmin")],
        holds: &[("SELECT * FROM @.t", "1|2|3")],
        ..script("CREATE TABLE t (ctid INT, xmin INT, a INT); INSERT INTO t VALUES (1, 2, 3)")
    };
    r18d_a_cut_inside_a_character: Fixture {
        findings: &[("changed", "name.shortened", "table:\
            \u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\
            \u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}a\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}")],
        holds: &[("SELECT count(*) FROM pg_class WHERE relnamespace = '@'::regnamespace AND octet_length(relname) BETWEEN 54 AND 63", "1")],
        ..script("CREATE TABLE \
            \u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\
            \u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}a\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9} (a INT)")
    };
    p13_two_names_that_differ_in_the_last_byte: Fixture {
        findings: &[
            ("changed", "name.shortened", "table:t23456789_123456789_123456789_123456789_123456789_123456789_123a"),
            ("changed", "name.shortened", "table:t23456789_123456789_123456789_123456789_123456789_123456789_123b"),
        ],
        holds: &[("SELECT count(*), count(DISTINCT relname) FROM pg_class WHERE relnamespace = '@'::regnamespace \
            AND relkind = 'r' AND length(relname) = 63", "2|2")],
        ..script(LONG)
    };
    r19_names_that_differ_by_case_beyond_ascii: Fixture {
        holds: &[("SELECT * FROM @.\"\u{e9}\"", "1"), ("SELECT * FROM @.\"\u{c9}\"", "2"),
            ("SELECT \"A\" FROM @.\"\u{e9}\"", "1")],
        ..script("CREATE TABLE \u{e9} (A INT); CREATE TABLE \u{c9} (A INT); INSERT INTO \u{e9} VALUES (1); \
            INSERT INTO \u{c9} VALUES (2)")
    };
    r20_names_that_need_every_quote: Fixture {
        holds: &[("SELECT \"new\nline\", \"; drop table t; --\", \"$1 %s {}\" FROM @.\"sel'ect\"", "1|2|3")],
        ..script("CREATE TABLE \"sel'ect\" (\"new\nline\" INT, \"; drop table t; --\" INT, \"$1 %s {}\" INT); \
            INSERT INTO \"sel'ect\" VALUES (1, 2, 3)")
    };
    r21a_every_name_of_the_rowid_is_a_column: Fixture {
        holds: &[("SELECT rowid, _rowid_, oid FROM @.t ORDER BY oid", "b|x|1; a|y|2; a|y|2")],
        ..script("CREATE TABLE t (rowid TEXT, _rowid_ TEXT, oid INT); INSERT INTO t VALUES ('a', 'y', 2), ('b', 'x', 1), ('a', 'y', 2)")
    };
    r21b_a_rowid_by_another_name_while_all_are_hidden: Fixture {
        holds: &[("SELECT string_agg(id::text, ' ' ORDER BY id) FROM @.t", "-3 7")],
        ..script("CREATE TABLE t (id INTEGER PRIMARY KEY, rowid INT, _rowid_ INT, oid INT); \
            INSERT INTO t VALUES (7, 1, 1, 1), (-3, 2, 2, 2)")
    };
    p14_quotes_and_keywords_as_columns: Fixture {
        holds: &[("SELECT \"quo\"\"te\", \"order\", \"group by\" FROM @.t", "1|2|3")],
        ..script("CREATE TABLE t (\"quo\"\"te\" INT, \"order\" INT, \"group by\" INT); INSERT INTO t VALUES (1, 2, 3)")
    };
    p15_keys_between_camel_case_columns: Fixture {
        holds: &[("SELECT pg_get_constraintdef(oid) LIKE 'FOREIGN KEY (\"parentId\") REFERENCES %.\"userOrders\"(\"orderId\")' FROM pg_constraint WHERE conrelid = '@.\"orderItems\"'::regclass AND contype = 'f'",
            "t")],
        ..script("CREATE TABLE userOrders (orderId INTEGER PRIMARY KEY); \
            CREATE TABLE orderItems (itemId INTEGER PRIMARY KEY, parentId INTEGER REFERENCES USERORDERS (ORDERID)); \
            INSERT INTO userOrders VALUES (1); INSERT INTO orderItems VALUES (1, 1)")
    };
    p16_a_table_called_user: Fixture {
        holds: &[("SELECT \"user\" FROM @.\"user\"", "root")],
        ..script("CREATE TABLE user (user TEXT); INSERT INTO user VALUES ('root')")
    };
    p47_a_view_named_like_a_table: Fixture {
        holds: &[("SELECT a FROM @.\"\u{e9}tat\"", "1"), ("SELECT a FROM @.\"\u{c9}tat\"", "1")],
        ..script("CREATE TABLE \u{e9}tat (a INT); INSERT INTO \u{e9}tat VALUES (1); CREATE VIEW \u{c9}tat AS SELECT a FROM \u{e9}tat")
    };
}
