//! Both engines as the oracle of the translator: random expressions over random rows must mean the same.
//!
//! Each expression goes the whole way: text, reader, translator, and then SQLite evaluates the text and
//! Postgres the translation, row by row. Conditions must agree in true, false and NULL; values in value and
//! kind. A row on which Postgres reports an overflow is left out: that is the translator's documented
//! difference. The seed is printed; `OUTGROW_SEED` and `OUTGROW_ROUNDS` repeat or lengthen a run.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "this whole program is a test; clippy exempts only its #[test] functions"
)]

mod defaults;
mod generate;
mod server;
mod views;

use outgrow_migrator::plan::target_type::TargetType as T;
use outgrow_migrator::plan::translate::{
    ColumnBinding, StoredClass as C, Ty, translate, translate_condition,
};
use outgrow_migrator::quote::quote_literal;
use outgrow_migrator::source::ddl::{Affinity, Ddl, Expr, read};

use generate::{Dice, condition, literal, number, text};
use server::Server;

/// Name, declared type in SQLite, type in Postgres, class of its values.
type Column = (&'static str, &'static str, T, C);

const COLUMNS: &[Column] = &[
    ("i", "INTEGER", T::Bigint, C::Integer),
    ("j", "INTEGER NOT NULL", T::Bigint, C::Integer),
    ("r", "REAL", T::DoublePrecision, C::Real),
    ("q", "NUMERIC", T::DoublePrecision, C::Number),
    (
        "d",
        "DECIMAL(10,2)",
        T::Numeric {
            precision: 10,
            scale: 2,
        },
        C::Number,
    ),
    ("b", "BOOLEAN", T::Boolean, C::Integer),
    ("s", "TEXT", T::Text, C::Text),
    ("u", "TEXT NOT NULL", T::Text, C::Text),
    ("n", "TEXT COLLATE NOCASE", T::Text, C::Text),
    ("k", "TEXT COLLATE RTRIM", T::Text, C::Text),
    ("m", "DATETIME", T::Text, C::Text),
    ("x", "BLOB", T::Bytea, C::Blob),
];
const ROWS: usize = 60;

fn columns(name: &str) -> Option<ColumnBinding> {
    let (name, declared, target, class) = *COLUMNS
        .iter()
        .find(|column| column.0.eq_ignore_ascii_case(name))?;
    let (declared_type, collation) = declared.split_once(" COLLATE ").unwrap_or((declared, "BINARY"));
    Some(ColumnBinding {
        name: name.to_owned(),
        target,
        affinity: Affinity::of(declared_type.split(' ').next()),
        class,
        collation: Some(collation.to_owned()),
        nocase: None,
        not_null: declared.contains("NOT NULL"),
    })
}

fn parsed(source: &str) -> Expr {
    match read("t", &format!("CREATE TABLE t(a CHECK({source}))")).unwrap() {
        Ddl::Table(table) => table.columns[0].checks[0].expr.expr.clone(),
        other => panic!("{other:?}"),
    }
}

/// A case: the expression, what SQLite says per row, and the Postgres query that must say the same.
struct Case {
    source: String,
    target: String,
    ty: Ty,
    sqlite: Vec<String>,
}

/// How a value of a kind is shown alike by both engines; floats are compared as numbers afterwards.
fn shown(ty: Ty, sql: &str) -> String {
    match ty {
        Ty::Text => format!("'t' || encode(convert_to({sql}, 'UTF8'), 'hex')"),
        Ty::Bytes => format!("'x' || encode({sql}, 'hex')"),
        Ty::Bool => format!("({sql})::int::text"),
        _ => format!("({sql})::text"),
    }
}

fn sqlite_rows(source: &rusqlite::Connection, query: &str, expected: Ty) -> Option<Vec<String>> {
    let mut statement = source.prepare(query).ok()?;
    let rows = statement.query_map([], |row| {
        Ok(match row.get_ref(0)? {
            rusqlite::types::ValueRef::Null => "n".to_owned(),
            rusqlite::types::ValueRef::Integer(value) => match expected {
                Ty::Real => format!("an integer {value} where a real must be"),
                _ => value.to_string(),
            },
            rusqlite::types::ValueRef::Real(value) => match expected {
                Ty::Int => format!("a real {value:?} where an integer must be"),
                _ => format!("{value:?}"),
            },
            rusqlite::types::ValueRef::Text(value) => format!("t{}", hex(value)),
            rusqlite::types::ValueRef::Blob(value) => format!("x{}", hex(value)),
        })
    });
    // An error of SQLite (abs of the smallest integer) leaves nothing to compare with.
    rows.ok()?.collect::<Result<_, _>>().ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn alike(ty: Ty, sqlite: &str, postgres: &str) -> bool {
    sqlite == postgres
        || (matches!(ty, Ty::Real | Ty::Number | Ty::Decimal)
            && sqlite
                .parse::<f64>()
                .is_ok_and(|left| postgres.parse::<f64>().is_ok_and(|right| left == right)))
}

#[test]
fn both_engines_agree_on_every_translated_expression() {
    let number_from = |name: &str, otherwise: u64| {
        std::env::var(name)
            .ok()
            .and_then(|value| value.parse().ok())
            .unwrap_or(otherwise)
    };
    let seed = number_from("OUTGROW_SEED", 0x0dd_5eed);
    let rounds = number_from("OUTGROW_ROUNDS", 4000);
    println!("OUTGROW_SEED={seed} OUTGROW_ROUNDS={rounds}");
    let mut dice = Dice(seed);
    let source = rusqlite::Connection::open_in_memory().unwrap();
    let (sqlite_setup, postgres_setup) = tables(&mut dice);
    source.execute_batch(&sqlite_setup).unwrap();
    let (cases, refused) = cases(&mut dice, &source, rounds);
    println!("{} cases, {refused} expressions refused", cases.len());
    assert!(
        cases.len() as u64 > rounds / 2,
        "too few expressions are translated to test anything"
    );

    let server = Server::start();
    let mut script = postgres_setup;
    script.push_str(PROBE);
    for case in &cases {
        script.push_str(&format!(
            "SELECT probe({});\n",
            quote_literal(&shown(case.ty, &case.target)).unwrap()
        ));
    }
    let answers = server.run(&script);
    assert_eq!(answers.len(), cases.len(), "{:?}", answers.first());
    let (mut compared, mut overflowed, mut differences) = (0, 0, Vec::new());
    for (case, answer) in cases.iter().zip(&answers) {
        assert!(
            !answer.starts_with("error"),
            "{}\n{}\n{answer}",
            case.source,
            case.target
        );
        let rows: Vec<&str> = answer.split(',').collect();
        assert_eq!(rows.len(), ROWS, "{answer}");
        for (id, (postgres, sqlite)) in rows.iter().zip(&case.sqlite).enumerate() {
            if *postgres == "overflow" {
                overflowed += 1;
                continue;
            }
            compared += 1;
            if !alike(case.ty, sqlite, postgres) {
                differences.push(format!(
                    "{}\n{}\n{:?} row {id}: SQLite {sqlite}, Postgres {postgres}\n{}\n",
                    case.source,
                    case.target,
                    case.ty,
                    row_text(&source, id)
                ));
                // One row is enough to tell.
                break;
            }
        }
    }
    println!("{compared} values equal, {overflowed} overflowed on Postgres");
    assert!(overflowed * 5 < compared);
    differences.sort_by_key(String::len);
    differences.truncate(8);
    assert!(
        differences.is_empty(),
        "the shortest differences:\n{}",
        differences.join("\n")
    );
}

fn cases(dice: &mut Dice, source: &rusqlite::Connection, rounds: u64) -> (Vec<Case>, usize) {
    let (mut cases, mut refused) = (Vec::new(), 0);
    for round in 0..rounds {
        let depth = 1 + dice.below(3);
        let text = match round % 4 {
            0 => number(dice, depth),
            1 => text(dice, depth),
            _ => condition(dice, depth),
        };
        let expr = parsed(&text);
        let values = translate(&expr, &columns);
        refused += usize::from(values.is_err());
        if let Ok(done) = values
            && let Some(sqlite) = sqlite_rows(source, &format!("SELECT {text} FROM t ORDER BY id"), done.ty)
        {
            let target = if done.ty == Ty::Null {
                "NULL::text".to_owned()
            } else {
                done.sql
            };
            cases.push(Case {
                source: text.clone(),
                target,
                ty: done.ty,
                sqlite,
            });
        }
        let query =
            format!("SELECT CASE WHEN ({text}) THEN 1 WHEN NOT ({text}) THEN 0 END FROM t ORDER BY id");
        if let Ok(target) = translate_condition(&expr, &columns)
            && let Some(sqlite) = sqlite_rows(source, &query, Ty::Bool)
        {
            cases.push(Case {
                source: text,
                target,
                ty: Ty::Bool,
                sqlite,
            });
        }
    }
    (cases, refused)
}

fn row_text(source: &rusqlite::Connection, id: usize) -> String {
    source
        .query_row(&format!("SELECT * FROM t WHERE id = {id}"), [], |row| {
            Ok((1..=COLUMNS.len())
                .map(|at| format!("{}={:?}", COLUMNS[at - 1].0, row.get_ref(at).unwrap()))
                .collect())
        })
        .unwrap()
}

/// The same rows for both engines.
fn tables(dice: &mut Dice) -> (String, String) {
    let list = |show: &dyn Fn(&Column) -> String| COLUMNS.iter().map(show).collect::<Vec<_>>().join(", ");
    let mut sqlite = format!(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, {});\n",
        list(&|(name, declared, ..)| format!("{name} {declared}"))
    );
    let mut postgres = format!(
        "CREATE TABLE t(id bigint PRIMARY KEY, {});\n",
        list(&|(name, _, target, _)| format!("\"{name}\" {target}"))
    );
    for id in 0..ROWS {
        let (mut left, mut right) = (id.to_string(), id.to_string());
        for (name, declared, target, _) in COLUMNS {
            let value = literal(dice, name, declared);
            left.push_str(&format!(", {value}"));
            right.push_str(&match (target, value.as_str()) {
                (_, "NULL") => ", NULL".to_owned(),
                (T::Boolean, _) => format!(", {}", value == "1"),
                (T::Bytea, _) => format!(", '\\x{}'", &value[2..value.len() - 1]),
                _ => format!(", {value}"),
            });
        }
        sqlite.push_str(&format!("INSERT INTO t VALUES({left});\n"));
        postgres.push_str(&format!("INSERT INTO t VALUES({right});\n"));
    }
    (sqlite, postgres)
}

/// All rows in one query; row by row only where one of them overflows.
const PROBE: &str = r"
CREATE FUNCTION probe_row(shown text, row_id bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
  EXECUTE 'SELECT coalesce(' || shown || ', ''n'') FROM t WHERE id = $1' INTO answer USING row_id;
  RETURN answer;
EXCEPTION WHEN numeric_value_out_of_range THEN RETURN 'overflow';
END $$;
CREATE FUNCTION probe(shown text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
  EXECUTE 'SELECT string_agg(coalesce(' || shown || ', ''n''), '','' ORDER BY id) FROM t' INTO answer;
  RETURN answer;
EXCEPTION
  WHEN numeric_value_out_of_range THEN
    SELECT string_agg(probe_row(shown, id), ',' ORDER BY id) INTO answer FROM t;
    RETURN answer;
  WHEN OTHERS THEN RETURN 'error ' || sqlstate || ' ' || sqlerrm;
END $$;
";
