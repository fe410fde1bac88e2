//! Both engines as the oracle of the translator: random expressions over random rows must mean the same.
//!
//! Each expression goes the whole way: text, reader, translator, and then SQLite evaluates the text and
//! Postgres the translation, row by row. Conditions must agree in true, false and NULL; values in value and
//! kind. A row on which Postgres reports an overflow is left out: that is the translator's documented
//! difference. The seed is printed; `OUTGROW_SEED` and `OUTGROW_ROUNDS` repeat or lengthen a run.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use outgrow_migrator::plan::target_type::TargetType as T;
use outgrow_migrator::plan::translate::{
    ColumnBinding, StoredClass as C, Ty, quote, translate, translate_condition,
};
use outgrow_migrator::source::ddl::{Affinity, Ddl, Expr, read};

/// Name, declared type in SQLite, type in Postgres, class of its values.
const COLUMNS: &[(&str, &str, T, C)] = &[
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

const INTS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "42",
    "255",
    "-100",
    "9007199254740993",
    "-9223372036854775808",
    "9223372036854775807",
    "1000000000000",
];
const REALS: &[&str] = &[
    "0.0",
    "1.0",
    "-1.5",
    "0.1",
    "2.5",
    "3.0",
    "1e15",
    "-7.25",
    "9007199254740994.0",
    "1e300",
];
const DECIMALS: &[&str] = &["0.1", "1.5", "-2.25", "3", "10.01", "0", "42"];
const WORDS: &[&str] = &[
    "",
    "a",
    "A",
    "ab",
    "Ab",
    "aB ",
    " ab",
    "ab  ",
    "B",
    "b",
    "_",
    "%",
    "a%b",
    "a_b",
    "a\\b",
    "it's",
    "\u{e9}",
    "\u{c9}",
    "\u{e9}A",
    "5",
    "10",
    "true",
    "xyz",
    "\u{1f600}z",
    "a\nb",
    "Z",
    "[a]",
];
const DATES: &[&str] = &["2024-01-01", "2024-01-01 10:00:00", "now", "abc"];
const BLOBS: &[&str] = &["x''", "x'00'", "x'61'", "x'ff00'", "x'6162'"];

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % bound as u64).unwrap()
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Random expressions, mostly well typed so that the translator takes them.
fn number(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 || dice.below(3) == 0 {
        return match dice.below(12) {
            0..=3 => dice.pick(&["i", "j"]).to_owned(),
            4 => dice.pick(&["r", "q", "d", "b"]).to_owned(),
            5 => dice.pick(REALS).to_owned(),
            6 => dice
                .pick(&["0x10", "TRUE", "false", "NULL", "0.5", "1.5", "2.0", "1e3"])
                .to_owned(),
            7 => dice.pick(&["r", "b"]).to_owned(),
            _ => dice
                .pick(&["0", "1", "2", "5", "-3", "42", "100", "9007199254740993"])
                .to_owned(),
        };
    }
    let depth = depth - 1;
    match dice.below(13) {
        0..=2 => format!(
            "({} {} {})",
            number(dice, depth),
            dice.pick(&["+", "-", "*"]),
            number(dice, depth)
        ),
        3 => format!(
            "({} {} {})",
            number(dice, depth),
            dice.pick(&["/", "%"]),
            dice.pick(&["2", "3", "-7", "i"])
        ),
        4 => format!(
            "({} {} {})",
            number(dice, depth),
            dice.pick(&["&", "|"]),
            number(dice, depth)
        ),
        5 => format!("{} {}", dice.pick(&["-", "+", "~"]), number(dice, depth)),
        6 => format!("abs({})", number(dice, depth)),
        7 => format!("length({})", text(dice, depth)),
        8 => format!("instr({}, {})", text(dice, depth), text(dice, depth)),
        9 => format!(
            "{}({}, {})",
            dice.pick(&["coalesce", "ifnull", "min", "max", "nullif"]),
            number(dice, depth),
            number(dice, depth)
        ),
        10 => format!(
            "CASE WHEN {} THEN {} ELSE {} END",
            condition(dice, depth),
            number(dice, depth),
            number(dice, depth)
        ),
        11 => format!(
            "CAST({} AS {})",
            number(dice, depth),
            dice.pick(&["INTEGER", "REAL", "NUMERIC"])
        ),
        _ => condition(dice, depth),
    }
}

fn text(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 || dice.below(3) == 0 {
        return match dice.below(8) {
            0..=3 => dice.pick(&["s", "u", "s", "u", "n", "k", "m"]).to_owned(),
            4 => format!("\"{}\"", dice.pick(&["ghost", "A b", "5"])),
            _ => quoted(dice.pick(WORDS)),
        };
    }
    let depth = depth - 1;
    match dice.below(12) {
        0 => format!("({} || {})", text(dice, depth), text(dice, depth)),
        1 | 2 => format!(
            "{}({})",
            dice.pick(&["lower", "upper", "trim", "ltrim", "rtrim"]),
            text(dice, depth)
        ),
        3 => format!(
            "{}({}, {})",
            dice.pick(&["trim", "ltrim", "rtrim"]),
            text(dice, depth),
            text(dice, depth)
        ),
        4 => format!(
            "substr({}, {}, {})",
            text(dice, depth),
            dice.below(4),
            dice.below(4)
        ),
        5 => format!(
            "replace({}, {}, {})",
            text(dice, depth),
            text(dice, depth),
            text(dice, depth)
        ),
        6 => format!(
            "{}({}, {})",
            dice.pick(&["coalesce", "ifnull", "min", "max", "nullif"]),
            text(dice, depth),
            text(dice, depth)
        ),
        7 => format!(
            "CASE {} WHEN {} THEN {} ELSE {} END",
            text(dice, depth),
            text(dice, depth),
            text(dice, depth),
            text(dice, depth)
        ),
        8 => format!(
            "typeof({})",
            dice.pick(&["i", "j", "r", "s", "u", "b", "x", "NULL"])
        ),
        9 => format!(
            "CAST({} AS TEXT)",
            if dice.below(2) == 0 {
                number(dice, depth)
            } else {
                text(dice, depth)
            }
        ),
        10 => format!(
            "({} COLLATE {})",
            text(dice, depth),
            dice.pick(&["BINARY", "NOCASE", "RTRIM"])
        ),
        _ => format!(
            "iif({}, {}, {})",
            condition(dice, depth),
            text(dice, depth),
            text(dice, depth)
        ),
    }
}

fn condition(dice: &mut Dice, depth: usize) -> String {
    const COMPARISONS: &[&str] = &["=", "==", "<>", "!=", "<", "<=", ">", ">=", "IS", "IS NOT"];
    if depth == 0 {
        return dice
            .pick(&["b", "i", "j > 2", "s = 'a'", "s IS NULL", "x NOTNULL", "TRUE"])
            .to_owned();
    }
    let depth = depth - 1;
    match dice.below(17) {
        0..=2 => format!(
            "({} {} {})",
            number(dice, depth),
            dice.pick(COMPARISONS),
            number(dice, depth)
        ),
        3..=5 => format!(
            "({} {} {})",
            text(dice, depth),
            dice.pick(COMPARISONS),
            text(dice, depth)
        ),
        6 => format!(
            "({} {} {})",
            condition(dice, depth),
            dice.pick(&["AND", "OR"]),
            condition(dice, depth)
        ),
        7 => format!("NOT {}", condition(dice, depth)),
        8 => format!(
            "({} {}BETWEEN {} AND {})",
            number(dice, depth),
            dice.pick(&["", "NOT "]),
            number(dice, depth),
            number(dice, depth)
        ),
        9 => format!(
            "({} BETWEEN {} AND {})",
            text(dice, depth),
            text(dice, depth),
            text(dice, depth)
        ),
        10 => format!(
            "({} {}IN ({}, {}))",
            number(dice, depth),
            dice.pick(&["", "NOT "]),
            number(dice, depth),
            number(dice, depth)
        ),
        11 => format!(
            "({} {}IN ({}, {}, {}))",
            text(dice, depth),
            dice.pick(&["", "NOT "]),
            text(dice, depth),
            text(dice, depth),
            quoted(dice.pick(WORDS))
        ),
        12 => format!(
            "({} {})",
            if dice.below(2) == 0 {
                number(dice, depth)
            } else {
                text(dice, depth)
            },
            dice.pick(&[
                "IS NULL",
                "NOTNULL",
                "ISNULL",
                "NOT NULL",
                "IS TRUE",
                "IS NOT FALSE"
            ])
        ),
        13 | 14 => {
            let parts = [
                "%", "_", "a", "A", "b", "\u{e9}", "\u{c9}", "\\", "!%", "!_", "5", " ",
            ];
            let pattern: String = (0..dice.below(5)).map(|_| dice.pick(&parts)).collect();
            let escape = dice.pick(&["", " ESCAPE '!'", " ESCAPE '\\'"]);
            format!(
                "({} {}LIKE {}{escape})",
                text(dice, depth),
                dice.pick(&["", "NOT "]),
                quoted(&pattern)
            )
        }
        15 => {
            let parts = ["*", "?", "a", "A", "b", "%", "_", "\\", "\u{e9}"];
            let pattern: String = (0..dice.below(4)).map(|_| dice.pick(&parts)).collect();
            format!("({} GLOB {})", text(dice, depth), quoted(&pattern))
        }
        _ => format!("(x {} {})", dice.pick(COMPARISONS), dice.pick(BLOBS)),
    }
}

fn literal(dice: &mut Dice, name: &str, declared: &str) -> String {
    if !declared.contains("NOT NULL") && dice.below(5) == 0 {
        return "NULL".to_owned();
    }
    match name {
        "i" | "j" => {
            let count = if dice.below(6) == 0 { INTS.len() } else { 9 };
            dice.pick(&INTS[..count]).to_owned()
        }
        "r" => dice.pick(REALS).to_owned(),
        "q" => if dice.below(2) == 0 {
            dice.pick(&INTS[..9])
        } else {
            dice.pick(REALS)
        }
        .to_owned(),
        "d" => dice.pick(DECIMALS).to_owned(),
        "b" => dice.pick(&["0", "1"]).to_owned(),
        "m" => quoted(dice.pick(DATES)),
        "x" => dice.pick(BLOBS).to_owned(),
        _ => quoted(dice.pick(WORDS)),
    }
}

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

    let Some(server) = Server::start() else {
        println!("no Postgres server on this machine: skipped");
        return;
    };
    let mut script = postgres_setup;
    script.push_str(PROBE);
    for case in &cases {
        script.push_str(&format!(
            "SELECT probe({});\n",
            quote::string(&shown(case.ty, &case.target)).unwrap()
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
    let list = |show: &dyn Fn(&(&str, &str, T, C)) -> String| {
        COLUMNS.iter().map(show).collect::<Vec<_>>().join(", ")
    };
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

/// A throw-away Postgres on a socket in a temporary folder.
struct Server {
    bin: PathBuf,
    folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Option<Self> {
        let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
            .ok()?
            .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
            .filter(|bin| bin.join("initdb").exists())
            .collect();
        versions.sort();
        let server = Self {
            bin: versions.pop()?,
            folder: tempfile::tempdir().unwrap(),
        };
        let path = server.folder.path();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
        let data = path.join("data");
        // A linguistic default collation, so that a missing COLLATE "C" shows.
        let made = server
            .command("initdb")
            .args([
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
                "--locale=C",
            ])
            .args(["--locale-provider=icu", "--icu-locale=en-US", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success(), "initdb failed");
        let options = format!("-k {} -c listen_addresses='' -c fsync=off", path.display());
        let started = server
            .command("pg_ctl")
            .args(["-w", "-s", "-o", &options, "-l"])
            .arg(path.join("log"))
            .arg("-D")
            .arg(&data)
            .arg("start")
            .status();
        assert!(started.unwrap().success(), "pg_ctl start failed");
        Some(server)
    }

    /// Postgres refuses to run as root.
    fn command(&self, program: &str) -> Command {
        let program = self.bin.join(program);
        let owner = Command::new("id").arg("-u").output().unwrap().stdout;
        let mut command = if owner.trim_ascii() == b"0" {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/");
        command
    }

    /// The result lines of a script.
    fn run(&self, script: &str) -> Vec<String> {
        let file: &Path = &self.folder.path().join("script.sql");
        std::fs::write(file, script).unwrap();
        let output = self
            .command("psql")
            .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"])
            .arg(self.folder.path())
            .arg("-f")
            .arg(file)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = self.folder.path().join("data");
        let _ = self
            .command("pg_ctl")
            .args(["-w", "-s", "-m", "immediate", "stop", "-D"])
            .arg(data)
            .status();
    }
}
