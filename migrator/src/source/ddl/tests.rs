//! The reader against SQLite's quirks, hostile texts, and every schema of the corpus when it is there.

use super::*;

fn table(sql: &str) -> TableDdl {
    match read("t", sql).unwrap() {
        Ddl::Table(table) => table,
        other => panic!("not a table: {other:?}"),
    }
}

fn index(sql: &str) -> IndexDdl {
    match read("i", sql).unwrap() {
        Ddl::Index(index) => index,
        other => panic!("not an index: {other:?}"),
    }
}

#[test]
fn a_column_keeps_everything_said_about_it() {
    let table = table(
        "CREATE TABLE \"group by\"(/* c */ id INTEGER CONSTRAINT pk PRIMARY KEY ON CONFLICT REPLACE AUTOINCREMENT,
         [name] VARCHAR ( 20 ) NOT NULL ON CONFLICT IGNORE COLLATE nocase UNIQUE -- end
           DEFAULT 'it''s' CONSTRAINT long CHECK(length(name) > 2) CHECK (1),
         `p` DECIMAL(10, -2) REFERENCES \"pa rent\" (x) ON DELETE SET NULL ON UPDATE CASCADE MATCH full
           DEFERRABLE INITIALLY DEFERRED) STRICT, WITHOUT ROWID",
    );
    assert_eq!(table.name, "group by");
    assert!(table.strict && table.without_rowid);
    let [id, name, p] = table.columns.as_slice() else {
        panic!("{:?}", table.columns)
    };
    assert_eq!(
        id.primary_key,
        Some(ColumnKeyDdl {
            name: Some("pk".to_owned()),
            desc: false,
            autoincrement: true,
            on_conflict: Some(ResolveType::Replace)
        })
    );
    assert_eq!(name.declared_type.as_deref(), Some("VARCHAR(20)"));
    assert_eq!(name.collation.as_deref(), Some("nocase"));
    assert_eq!(
        name.not_null.as_ref().unwrap().on_conflict,
        Some(ResolveType::Ignore)
    );
    assert_eq!(name.default.as_ref().unwrap().expr, Expr::Text("it's".to_owned()));
    assert_eq!(name.checks[0].name.as_deref(), Some("long"));
    assert_eq!(name.checks[0].expr.text, "length (name) > 2");
    assert_eq!(name.checks[1].name, None);
    assert_eq!(p.declared_type.as_deref(), Some("DECIMAL(10,-2)"));
    let key = &p.foreign_keys[0];
    assert_eq!(
        (key.parent_table.as_str(), key.parent_columns.as_slice()),
        ("pa rent", ["x".to_owned()].as_slice())
    );
    assert_eq!(
        (key.on_delete, key.on_update),
        (Some(RefAct::SetNull), Some(RefAct::Cascade))
    );
    assert_eq!(key.match_name.as_deref(), Some("full"));
    assert!(key.deferrable && key.initially_deferred);
}

#[test]
fn generated_columns_are_read_with_and_without_the_words() {
    let table = table(
        "CREATE TABLE t(a, b AS (a+1), c INT GENERATED ALWAYS AS (a*2) STORED, d GENERATED ALWAYS AS (a) VIRTUAL,
         e DECIMAL(4,1) AS (1) stored)",
    );
    let seen: Vec<_> = table
        .columns
        .iter()
        .map(|column| {
            let generated = column
                .generated
                .as_ref()
                .map(|g| (g.expr.text.as_str(), g.stored));
            (column.declared_type.as_deref(), generated)
        })
        .collect();
    assert_eq!(
        seen,
        [
            (None, None),
            (None, Some(("a + 1", false))),
            (Some("INT"), Some(("a * 2", true))),
            (None, Some(("a", false))),
            (Some("DECIMAL(4,1)"), Some(("1", true))),
        ]
    );
}

#[test]
fn defaults_are_what_sqlite_takes_them_for() {
    let default = |text: &str| {
        let table = table(&format!("CREATE TABLE t(a DEFAULT {text} NOT NULL)"));
        assert!(table.columns[0].not_null.is_some(), "{text}");
        table.columns[0].default.clone().unwrap().expr
    };
    let text = |value: &str| Expr::Text(value.to_owned());
    let number = |value: &str| Expr::Number(value.to_owned());
    assert_eq!(default("\"lit\""), text("lit"));
    assert_eq!(default("word"), text("word"));
    assert_eq!(default("[true]"), text("true"));
    assert_eq!(default("False"), number("0"));
    assert_eq!(default("TRUE"), number("1"));
    assert_eq!(default("null"), Expr::Null);
    assert_eq!(default("'null'"), text("null"));
    assert_eq!(default("x'00FF'"), Expr::Blob(vec![0, 255]));
    assert_eq!(
        default("-5"),
        Expr::Unary(UnaryOperator::Negative, Box::new(number("5")))
    );
    assert_eq!(default("CURRENT_TIMESTAMP"), Expr::Now(Moment::Timestamp));
    assert_eq!(
        default("(datetime('now'))"),
        Expr::Call {
            name: "datetime".to_owned(),
            arguments: vec![text("now")]
        }
    );
}

#[test]
fn table_constraints_keep_names_collations_and_order() {
    let table = table(
        "CREATE TABLE 't'('a' TEXT, b long varchar(3), CONSTRAINT k PRIMARY KEY(b COLLATE RTRIM DESC, 'a') ON CONFLICT FAIL,
         UNIQUE(\"a\" ASC), CONSTRAINT \"c 1\" CHECK (a <> \"x\" OR b IS NULL) CHECK(b),
         CONSTRAINT f FOREIGN KEY(a,b) REFERENCES other ON DELETE NO ACTION NOT DEFERRABLE INITIALLY IMMEDIATE)",
    );
    assert_eq!(table.columns[0].name, "a");
    assert_eq!(table.columns[1].declared_type.as_deref(), Some("long varchar(3)"));
    let key = table.primary_key.unwrap();
    assert_eq!(
        (key.name.as_deref(), key.on_conflict),
        (Some("k"), Some(ResolveType::Fail))
    );
    assert_eq!(
        key.parts,
        [
            KeyPart {
                term: KeyTerm::Column("b".to_owned()),
                collation: Some("RTRIM".to_owned()),
                desc: true
            },
            KeyPart {
                term: KeyTerm::Column("a".to_owned()),
                collation: None,
                desc: false
            },
        ]
    );
    assert_eq!(table.unique.len(), 1);
    assert_eq!(table.checks.len(), 2);
    assert_eq!(table.checks[0].name.as_deref(), Some("c 1"));
    let foreign = &table.foreign_keys[0];
    assert_eq!(foreign.columns, ["a", "b"]);
    assert!(foreign.parent_columns.is_empty() && !foreign.deferrable);
}

#[test]
fn indexes_tell_columns_from_expressions() {
    let index = index(
        "CREATE UNIQUE INDEX i ON \"t\"(lower(email), (b) COLLATE NOCASE DESC, 'c') WHERE d IS NOT NULL",
    );
    assert!(index.unique);
    assert!(matches!(&index.parts[0].term, KeyTerm::Expr(expr) if expr.text == "lower (email)"));
    assert_eq!(index.parts[1].term, KeyTerm::Column("b".to_owned()));
    assert_eq!(index.parts[1].collation.as_deref(), Some("NOCASE"));
    assert!(index.parts[1].desc && !index.parts[2].desc);
    assert_eq!(index.parts[2].term, KeyTerm::Column("c".to_owned()));
    assert_eq!(index.where_clause.unwrap().text, "d IS NOT NULL");
}

#[test]
fn the_other_objects_say_who_they_are() {
    assert!(matches!(
        read("v", "CREATE VIEW v(a, b) AS SELECT 1, (SELECT 2)").unwrap(),
        Ddl::View(view) if view.columns == ["a", "b"]
    ));
    assert!(matches!(
        read("g", "CREATE TRIGGER g AFTER UPDATE OF a ON t WHEN new.a > 1 BEGIN DELETE FROM t; SELECT 1; END").unwrap(),
        Ddl::Trigger(trigger) if trigger.event == TriggerVerb::Update && trigger.time == Some(TriggerTime::After)
    ));
    assert!(matches!(
        read("f", "CREATE VIRTUAL TABLE f USING fts5(a, content='')").unwrap(),
        Ddl::VirtualTable(table) if table.module == "fts5" && table.arguments == ["a", "content=''"]
    ));
}

#[test]
fn a_text_that_cannot_be_read_names_object_and_place() {
    let error = read("my table", "CREATE TABLE t(a,\n b b b !)").unwrap_err();
    let DdlError::Syntax { object, line, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!((object.as_str(), *line), ("my table", 2));
    for text in [
        "",
        "SELECT 1",
        "CREATE TABLE t AS SELECT 1",
        "CREATE TABLE t(a); DROP TABLE t",
        "DROP TABLE t",
    ] {
        assert!(
            matches!(read("x", text), Err(DdlError::NotOneCreate { .. })),
            "{text}"
        );
    }
}

#[test]
fn size_and_depth_are_refused_just_above_their_limits() {
    let nested = |levels: usize| {
        format!(
            "CREATE TABLE t(a CHECK{}1{})",
            "(".repeat(levels),
            ")".repeat(levels)
        )
    };
    // The statement and its column list take two levels.
    let deepest = lexis::NESTING_MAX - 2;
    assert!(read("t", &nested(deepest)).is_ok());
    assert!(matches!(
        read("t", &nested(deepest + 1)),
        Err(DdlError::TooDeep { .. })
    ));
    for (one, last) in [
        ("(", "1"),
        ("NOT ", "1"),
        ("1+", "1"),
        ("a||", "a"),
        ("CASE WHEN ", "1"),
        ("f(", "1"),
    ] {
        let text = format!("CREATE TABLE t(a CHECK({}{last}))", one.repeat(100_000));
        assert!(matches!(read("t", &text), Err(DdlError::TooDeep { .. })), "{one}");
    }
    for one in ["NOT ", "1+", "- ", "a AND "] {
        let text = format!("CREATE TABLE t(a CHECK({}1))", one.repeat(deepest - 1));
        assert!(read("t", &text).is_ok(), "{one}");
    }
    let padded = |bytes: usize| {
        let mut text = "CREATE TABLE t(a)".to_owned();
        text.push_str(&" ".repeat(bytes - text.len()));
        text
    };
    assert!(read("t", &padded(lexis::TEXT_BYTES_MAX)).is_ok());
    assert!(matches!(
        read("t", &padded(lexis::TEXT_BYTES_MAX + 1)),
        Err(DdlError::TooLong { .. })
    ));
}

/// A small generator, so that a failing text is found again by its printed seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}

#[test]
fn mutated_and_random_texts_never_panic() {
    const PIECES: &[&str] = &[
        "CREATE",
        "TABLE",
        "INDEX",
        "VIEW",
        "TRIGGER",
        "VIRTUAL",
        "UNIQUE",
        "ON",
        "(",
        ")",
        ",",
        ";",
        "t",
        "\"a\"",
        "[b]",
        "`c`",
        "'d'",
        "''",
        "\"",
        "'",
        "[",
        "x'",
        "x'0'",
        "x'00'",
        "0x",
        "0xF",
        "1",
        "1.5e3",
        "1e",
        "NOT",
        "NULL",
        "DEFAULT",
        "CHECK",
        "PRIMARY",
        "KEY",
        "CONSTRAINT",
        "REFERENCES",
        "DEFERRABLE",
        "COLLATE",
        "AS",
        "SELECT",
        "WHERE",
        "WITHOUT",
        "ROWID",
        "STRICT",
        "CASE",
        "WHEN",
        "END",
        "LIKE",
        "ESCAPE",
        "IN",
        "BETWEEN",
        "AND",
        "+",
        "-",
        "||",
        "->",
        "->>",
        "!",
        "=",
        "\u{e9}",
        "\u{0}",
        "\u{feff}",
        "--",
        "/*",
        "*/",
        "\n",
        "?1",
        "$a",
        "GENERATED",
        "ALWAYS",
        "STORED",
        "BEGIN",
        "NATURAL",
        "JOIN",
        "LEFT",
        "FULL",
        "WINDOW",
        "OVER",
        "FILTER",
        "EXPLAIN",
        "VALUES",
        "WITH",
        "RAISE",
        "ABORT",
        "AUTOINCREMENT",
        "CURRENT_TIME",
        "INTEGER",
        ".",
        "*",
    ];
    const SEEDS: &[&str] = &[
        "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT DEFAULT (1+2) CHECK (b LIKE 'x%' ESCAPE '\\') COLLATE NOCASE)",
        "CREATE UNIQUE INDEX i ON t(lower(a) DESC, b COLLATE RTRIM) WHERE c IN (1, 'two', x'03')",
        "CREATE TRIGGER g BEFORE INSERT ON t BEGIN INSERT INTO u VALUES(1) ON CONFLICT DO NOTHING; END",
        "CREATE VIEW v AS WITH w AS (SELECT 1) SELECT * FROM w NATURAL JOIN t WINDOW x AS (ORDER BY 1)",
        "CREATE VIRTUAL TABLE f USING m(a b, 'c,d', (e))",
    ];
    let seed = std::env::var("OUTGROW_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0x5eed_1234);
    println!("OUTGROW_SEED={seed}");
    let mut dice = Dice(seed);
    let mut read_well = 0;
    for round in 0..20_000 {
        let mut text = if round % 2 == 0 {
            String::new()
        } else {
            SEEDS[dice.below(SEEDS.len())].to_owned()
        };
        for _ in 0..=dice.below(if round % 2 == 0 { 25 } else { 3 }) {
            let cut = (0..=dice.below(text.len() + 1))
                .rev()
                .find(|at| text.is_char_boundary(*at))
                .unwrap();
            if dice.below(4) == 0 {
                let end = (cut..=text.len())
                    .nth(dice.below(8))
                    .filter(|at| text.is_char_boundary(*at));
                text.replace_range(cut..end.unwrap_or(cut), "");
            } else {
                text.insert_str(cut, &format!(" {} ", PIECES[dice.below(PIECES.len())]));
            }
        }
        let outcome = std::panic::catch_unwind(|| read("fuzz", &text));
        read_well += usize::from(outcome.unwrap_or_else(|_| panic!("panicked on {text:?}")).is_ok());
    }
    assert!(
        read_well > 200,
        "only {read_well} texts were readable: the mutations are too wild to test anything"
    );
}

/// Every object of every database in the corpus is read, and tables agree with what SQLite says of them.
#[test]
fn the_corpus_is_read_whole() {
    let folder = std::env::var_os("OUTGROW_CORPUS").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/open"),
        std::path::PathBuf::from,
    );
    let Ok(entries) = std::fs::read_dir(folder.join("db")) else {
        println!("no corpus at {}: skipped", folder.display());
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let mut objects = 0;
    for entry in entries {
        let path = entry.unwrap().path();
        let file_name = path.file_name().unwrap().to_string_lossy().into_owned();
        let copy = scratch.path().join(file_name.trim_end_matches(".zst"));
        if file_name.ends_with(".zst") {
            let unpacked = std::process::Command::new("zstd")
                .args(["-dq", "-o"])
                .arg(&copy)
                .arg(&path)
                .status();
            if !unpacked.is_ok_and(|status| status.success()) {
                println!("{file_name} is packed and zstd is missing: skipped");
            }
        } else {
            std::fs::copy(&path, &copy).unwrap();
        }
    }
    for entry in std::fs::read_dir(scratch.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.contains("-wal") && !name.contains("-shm") && !name.ends_with(".sql") {
            objects += agrees_with_sqlite(&path);
        }
    }
    println!("{objects} objects read");
    assert!(objects > 100);
}

fn agrees_with_sqlite(path: &std::path::Path) -> usize {
    let source = rusqlite::Connection::open(path).unwrap();
    let mut statement = source
        .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
        .unwrap();
    let texts: Vec<(String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for (name, sql) in &texts {
        let ddl = read(name, sql).unwrap_or_else(|error| panic!("{}: {error}\n{sql}", path.display()));
        let Ddl::Table(table) = ddl else { continue };
        let mut info = source
            .prepare(
                "SELECT name, type, \"notnull\" FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid",
            )
            .unwrap();
        let told: Vec<(String, String, bool)> = info
            .query_map([name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let squeeze = |text: &str| {
            text.to_lowercase()
                .replace(' ', "")
                .replace("generatedalways", "")
        };
        let seen: Vec<_> = table
            .columns
            .iter()
            .map(|column| {
                (
                    column.name.clone(),
                    squeeze(column.declared_type.as_deref().unwrap_or_default()),
                )
            })
            .collect();
        let expected: Vec<_> = told
            .iter()
            .map(|(name, kind, _)| (name.clone(), squeeze(kind)))
            .collect();
        assert_eq!(seen, expected, "{} {name}", path.display());
        // SQLite adds NOT NULL to the key of a WITHOUT ROWID table by itself.
        for (column, (_, _, not_null)) in table.columns.iter().zip(&told) {
            assert!(
                column.not_null.is_none() || *not_null,
                "{} {name} {}",
                path.display(),
                column.name
            );
            assert!(
                table.without_rowid || column.not_null.is_some() == *not_null,
                "{name} {}",
                column.name
            );
        }
    }
    texts.len()
}
