//! Views of SQLite and their translation show the same rows under the same names.

use outgrow_migrator::plan::translate::{ColumnBinding, Relation, RelationColumn, translate_view};
use outgrow_migrator::quote::quote_ident;
use outgrow_migrator::source::ddl::{Ddl, read};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::generate::Dice;
use crate::server::Server;
use crate::{COLUMNS, ROWS, columns, tables};

/// Tables beside `t` that views join: their rows meet some of its ids twice and some never.
const PARTS: &str =
    "CREATE TABLE p(pid bigint, i bigint, s text COLLATE \"C\", \"order\" text COLLATE \"C\");
    INSERT INTO p VALUES (1, 0, 'a', 'x'), (2, 1, 'A', NULL), (3, 1, 'ab', 'y'), (4, 42, NULL, 'z');";

const VIEWS: &[&str] = &[
    "SELECT * FROM t",
    "SELECT id, S, \"u\" AS U2 FROM t WHERE j > 1",
    "SELECT id AS Id, i + 1, s || 'x' AS sx, b, NOT b, NULL FROM t WHERE s LIKE 'A%'",
    "SELECT t.id, p.* FROM t JOIN p ON t.i = p.i",
    "SELECT a.id, a.id, b.pid FROM t a LEFT JOIN p AS b ON b.i = a.j AND b.pid > 1",
    "SELECT id, pid, coalesce(p.s, t.u) AS w, ifnull(p.pid, 0) + 1 FROM t LEFT JOIN p ON p.s = t.s COLLATE NOCASE",
    "SELECT * FROM t JOIN p USING (i)",
    "SELECT i, t.i, p.i, s FROM t JOIN p USING (i, s)",
    "SELECT p.*, q.pid FROM p LEFT JOIN p q USING (i) WHERE q.pid IS NOT NULL",
    "SELECT a.pid, b.pid, c.id FROM p a, p b LEFT JOIN t c ON c.i = a.i AND c.j = b.i WHERE a.pid <> b.pid",
    "SELECT 1, 'two' AS two, x'03'",
    "SELECT \"order\", \"ghost\" AS g, pid FROM p CROSS JOIN t WHERE t.id = p.pid AND \"order\" IS NOT 'x'",
    "SELECT case when i > 1 then 'big' else s end what, typeof(u) FROM main.t INDEXED BY t_i",
    "SELECT min(i, j) FROM t WHERE i IS NOT NULL",
    "SELECT pid FROM p INNER JOIN t ON p.i = t.i WHERE p.s = 'a' OR t.b",
];

/// Views that would show something else, and the beginning of what is said of them.
const REFUSED: &[(&str, &str)] = &[
    ("SELECT DISTINCT s FROM t", "DISTINCT"),
    ("SELECT s FROM t ORDER BY s", "ORDER BY"),
    ("SELECT s FROM t LIMIT 1", "LIMIT"),
    ("SELECT max(i) FROM t", "the function max()"),
    ("SELECT count(*) FROM t", "a function call with *"),
    ("SELECT i FROM t GROUP BY i", "GROUP BY"),
    ("SELECT s FROM t UNION SELECT s FROM p", "UNION"),
    ("SELECT * FROM t NATURAL JOIN p", "NATURAL JOIN"),
    (
        "SELECT t.id FROM t RIGHT JOIN p ON t.i = p.i",
        "RIGHT or FULL JOIN",
    ),
    ("SELECT s AS w FROM t WHERE w = 'a'", "the name \"w\""),
    ("SELECT s AS w FROM t WHERE \"w\" = 'a'", "the name \"w\""),
    ("SELECT (SELECT 1) FROM t", "a subquery"),
    ("SELECT rowid FROM t", "the name \"rowid\""),
    ("SELECT value FROM json_each('[1]')", "a table-valued function"),
    ("SELECT CURRENT_TIMESTAMP", "the current time"),
    ("SELECT i FROM t, p", "ambiguous column name"),
    ("SELECT gone FROM t", "no such column"),
    ("SELECT s FROM (SELECT s FROM t)", "a subquery"),
    ("SELECT 1 FROM p, p", "a query with two tables called p"),
    (
        "SELECT id AS a_name_of_sixty_four_bytes_which_is_one_more_than_postgres_keeps___ FROM t",
        "the column name",
    ),
];

fn relation(name: &str) -> Option<Relation> {
    let is = |own: &str| name.eq_ignore_ascii_case(own);
    let like = |model: &str, name: &str| {
        let binding = columns(model).map(|model| ColumnBinding {
            name: name.to_owned(),
            ..model
        });
        RelationColumn {
            name: name.to_owned(),
            binding,
        }
    };
    if is("t") {
        let own = COLUMNS.iter().map(|(name, ..)| RelationColumn {
            name: (*name).to_owned(),
            binding: columns(name),
        });
        return Some(Relation {
            sql: "public.\"t\"".to_owned(),
            columns: std::iter::once(like("j", "id")).chain(own).collect(),
        });
    }
    is("p").then(|| Relation {
        sql: "public.\"p\"".to_owned(),
        columns: vec![
            like("i", "pid"),
            like("i", "i"),
            like("s", "s"),
            like("s", "order"),
        ],
    })
}

/// The column names that SQLite gives a view, and the view's translation.
fn translated(source: &Connection, sql: &str) -> Result<(Vec<String>, String), String> {
    source.execute_batch("DROP VIEW IF EXISTS v").unwrap();
    let sql = format!("CREATE VIEW v AS {sql}");
    source.execute_batch(&sql).unwrap();
    let names = || {
        let mut statement = source.prepare("PRAGMA table_xinfo(v)")?;
        let names = statement.query_map([], |row| row.get("name"))?;
        names.collect::<rusqlite::Result<Vec<String>>>()
    };
    let names = names().map_err(|broken| broken.to_string())?;
    let Ddl::View(view) = read("v", &sql).unwrap() else {
        panic!("{sql}")
    };
    let query = view.query.map_err(str::to_owned)?;
    let select = translate_view(&query, &names, &relation).map_err(|why| why.to_string())?;
    Ok((names, select))
}

/// A value of SQLite as text that is the same for the value Postgres shows in a column of this type.
fn of_sqlite(value: Value, kind: &str) -> String {
    match (value, kind) {
        (Value::Null, _) => "null".to_owned(),
        (Value::Integer(n), "boolean") => ["f", "t"][usize::try_from(n).unwrap()].to_owned(),
        (Value::Integer(n), "bigint") => n.to_string(),
        #[expect(clippy::cast_precision_loss, reason = "both sides hold a float")]
        (Value::Integer(n), "double precision" | "numeric") => format!("{:?}", n as f64),
        (Value::Real(r), "double precision" | "numeric") => format!("{r:?}"),
        (Value::Text(text), "text") => format!("'{text}'"),
        (Value::Blob(bytes), "bytea") => format!("\\x{}", crate::hex(&bytes)),
        (other, _) => format!("{other:?} where Postgres has {kind}"),
    }
}

fn of_postgres(value: Option<String>, kind: &str) -> String {
    match (value, kind) {
        (None, _) => "null".to_owned(),
        (Some(text), "text") => format!("'{text}'"),
        (Some(text), "double precision" | "numeric") => format!("{:?}", text.parse::<f64>().unwrap()),
        (Some(text), _) => text,
    }
}

#[test]
fn a_view_shows_the_same_rows_under_the_same_names() {
    let (sqlite_setup, postgres_setup) = tables(&mut Dice(0x51de));
    let source = Connection::open_in_memory().unwrap();
    source.execute_batch(&sqlite_setup).unwrap();
    source
        .execute_batch(&PARTS.replace(" COLLATE \"C\"", ""))
        .unwrap();
    source.execute_batch("CREATE INDEX t_i ON t(i)").unwrap();
    let server = Server::start();
    server.run(&format!("{postgres_setup} {PARTS}"));
    let mut shown_rows = 0;
    for sql in VIEWS {
        let (names, select) = translated(&source, sql).unwrap_or_else(|why| panic!("{sql}: {why}"));
        let columns: Vec<String> = names.iter().map(|name| quote_ident(name)).collect();
        server.run(&format!(
            "DROP VIEW IF EXISTS v; CREATE VIEW v ({}) AS {select}",
            columns.join(", ")
        ));
        let described = server.rows(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'v' \
             ORDER BY ordinal_position",
        );
        let (found, kinds): (Vec<String>, Vec<String>) = described
            .into_iter()
            .map(|mut row| (row.remove(0).unwrap(), row.remove(0).unwrap()))
            .unzip();
        assert_eq!(found, names, "{sql}");
        let mut statement = source.prepare("SELECT * FROM v").unwrap();
        let rows = statement.query_map([], |row| {
            let value = |(place, kind): (usize, &String)| Ok(of_sqlite(row.get(place)?, kind));
            kinds
                .iter()
                .enumerate()
                .map(value)
                .collect::<rusqlite::Result<Vec<String>>>()
        });
        let mut expected: Vec<Vec<String>> = rows.unwrap().map(Result::unwrap).collect();
        let mut found: Vec<Vec<String>> = server
            .rows("SELECT * FROM v")
            .into_iter()
            .map(|row| {
                row.into_iter()
                    .zip(&kinds)
                    .map(|(value, kind)| of_postgres(value, kind))
                    .collect()
            })
            .collect();
        expected.sort();
        found.sort();
        assert_eq!(expected, found, "{sql}\n{select}");
        shown_rows += found.len();
    }
    println!("{} views, {shown_rows} rows equal", VIEWS.len());
    assert!(shown_rows > ROWS);
    for (sql, why) in REFUSED {
        let refused = translated(&source, sql).expect_err(sql);
        assert!(refused.starts_with(why), "{sql}: {refused}");
    }
}
