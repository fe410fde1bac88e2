//! The reader against SQLite's quirks and at its limits.

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

#[test]
fn a_deferral_belongs_to_the_references_before_it() {
    let deferred = |sql: &str| -> Vec<(bool, bool)> {
        let table = table(sql);
        let keys = table.foreign_keys();
        keys.map(|key| (key.deferrable, key.initially_deferred)).collect()
    };
    let (no, late, deferrable) = ((false, false), (true, true), (true, false));
    for (columns, expected) in [
        (
            "x REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED, y REFERENCES p NOT DEFERRABLE",
            vec![late, no],
        ),
        (
            "x REFERENCES p(id) CONSTRAINT late DEFERRABLE INITIALLY DEFERRED",
            vec![late],
        ),
        ("x REFERENCES p, y INT DEFERRABLE INITIALLY DEFERRED", vec![late]),
        (
            "x REFERENCES p DEFERRABLE INITIALLY IMMEDIATE NOT NULL",
            vec![deferrable],
        ),
        (
            "x REFERENCES p DEFERRABLE INITIALLY DEFERRED NOT DEFERRABLE INITIALLY DEFERRED",
            vec![no],
        ),
        (
            "x REFERENCES p, FOREIGN KEY (x) REFERENCES q DEFERRABLE, FOREIGN KEY (x) REFERENCES r",
            vec![no, deferrable, no],
        ),
        // A comment or a name is no clause.
        (
            "\"deferrable\" TEXT /* DEFERRABLE */ REFERENCES \"references\"",
            vec![no],
        ),
    ] {
        assert_eq!(
            deferred(&format!("CREATE TABLE c({columns})")),
            expected,
            "{columns}"
        );
    }
}
