//! What once went wrong with tables that the application made.

use super::{both, rows};

#[test]
fn a_policy_takes_out_only_what_no_cast_takes() {
    // An exact cast that takes some of the texts must not cost the others, which a folding one takes.
    let scene = both(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, b, at TEXT); INSERT INTO t VALUES (1, 1, '2024-01-01 00:00:00'),
            (2, 'true', '2024-01-01T00:00:00.5Z'), (3, 'no', '2024-01-01T02:00:00+02:00'), (4, 'perhaps', 'soon')",
        "CREATE TABLE t (id integer PRIMARY KEY, b boolean, at timestamptz)",
    );
    scene
        .migrate(&["--values", "text=null", "--timezone", "UTC"])
        .exits(0);
    assert_eq!(
        rows(&scene, "SELECT id, b, at AT TIME ZONE 'UTC' FROM t ORDER BY id"),
        [
            "1|t|2024-01-01 00:00:00",
            "2|t|2024-01-01 00:00:00.5",
            "3|f|2024-01-01 00:00:00",
            "4|~|~"
        ]
    );
}
