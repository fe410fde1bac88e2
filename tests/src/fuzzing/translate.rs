//! Any expression over columns of any kind: the translator refuses it, or gives one closed expression.
//!
//! The first bytes choose what the columns are, the rest is the text of the expression. What comes out is
//! scanned with rules written here from the Postgres manual, not with the code under test.

use outgrow_migrator::plan::choices::Nocase;
use outgrow_migrator::plan::target_type::TargetType;
use outgrow_migrator::plan::translate::{
    ColumnBinding, Relation, RelationColumn, StoredClass, translate, translate_condition, translate_default,
    translate_view,
};
use outgrow_migrator::source::ddl::{Affinity, Ddl, Expr, read};

/// Columns that an expression can name.
const NAMES: [&str; 4] = ["a", "b", "c", "select \"x\""];

/// Bytes that choose a column.
const CHOICE_BYTES: usize = 2;

const TARGETS: [TargetType; 14] = [
    TargetType::Smallint,
    TargetType::Integer,
    TargetType::Uuid,
    TargetType::Json,
    TargetType::Bigint,
    TargetType::DoublePrecision,
    TargetType::Numeric {
        precision: 10,
        scale: 2,
    },
    TargetType::Numeric {
        precision: 40,
        scale: 0,
    },
    TargetType::Boolean,
    TargetType::Text,
    TargetType::Bytea,
    TargetType::Timestamp,
    TargetType::Timestamptz,
    TargetType::Date,
];

const CLASSES: [StoredClass; 6] = [
    StoredClass::Integer,
    StoredClass::Real,
    StoredClass::Number,
    StoredClass::Text,
    StoredClass::Blob,
    StoredClass::Mixed,
];

const AFFINITIES: [Affinity; 5] = [
    Affinity::Blob,
    Affinity::Text,
    Affinity::Numeric,
    Affinity::Integer,
    Affinity::Real,
];

fn pick<T: Copy>(from: &[T], choice: u8) -> T {
    from[usize::from(choice) % from.len()]
}

fn binding(name: &str, choice: &[u8]) -> ColumnBinding {
    let [first, second] = choice else {
        unreachable!("chunks of {CHOICE_BYTES} bytes")
    };
    ColumnBinding {
        name: name.to_owned(),
        target: pick(&TARGETS, first >> 4),
        class: pick(&CLASSES, first & 15),
        affinity: pick(&AFFINITIES, second >> 4),
        collation: pick(&[None, Some("NOCASE"), Some("RTRIM"), Some("odd")], second & 3).map(str::to_owned),
        nocase: pick(&[None, Some(Nocase::Icu), Some(Nocase::Citext)], second >> 2),
        not_null: second & 4 != 0,
    }
}

/// The expressions of a table whose CHECK, DEFAULT, index term and generated column are this text.
fn expressions(text: &str) -> Vec<Expr> {
    let table = format!(
        "CREATE TABLE t (a, b, c DEFAULT ({text}), \"select \"\"x\"\"\", g AS ({text}), CHECK ({text}))"
    );
    let Ok(Ddl::Table(table)) = read("t", &table) else {
        return Vec::new();
    };
    let checks = table.checks.iter().map(|check| &check.expr);
    let generated = table
        .columns
        .iter()
        .filter_map(|column| column.generated.as_ref())
        .map(|generated| &generated.expr);
    let defaults = table.columns.iter().filter_map(|column| column.default.as_ref());
    let all = checks.chain(generated).chain(defaults);
    all.map(|source| source.expr.clone()).collect()
}

/// The text as what a view shows, and as its whole query; what comes out is one SELECT.
fn check_views(text: &str, bindings: &[ColumnBinding]) {
    let relation = |name: &str| {
        let column = |binding: &ColumnBinding| RelationColumn {
            name: binding.name.clone(),
            binding: Some(binding.clone()),
        };
        ["t", "u"].contains(&name).then(|| Relation {
            sql: format!("public.{name}"),
            columns: bindings.iter().map(column).collect(),
        })
    };
    for sql in [
        format!("CREATE VIEW v AS SELECT {text} AS x FROM t WHERE {text}"),
        format!("CREATE VIEW v AS {text}"),
    ] {
        let Ok(Ddl::View(view)) = read("v", &sql) else {
            continue;
        };
        let Ok(query) = view.query else { continue };
        for count in 0..6 {
            let names: Vec<String> = (0..count).map(|number| format!("c{number}")).collect();
            if let Ok(select) = translate_view(&query, &names, &relation) {
                assert_closed(&format!("({select})"));
            }
        }
    }
}

/// Panics unless the SQL is closed in itself: quotes and parentheses end, nothing ends the statement.
fn assert_closed(sql: &str) {
    let bytes = sql.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while at < bytes.len() {
        let rest = &bytes[at..];
        match rest[0] {
            b'"' => at += quoted(rest, b'"', false, sql),
            b'\'' => {
                let before = at.checked_sub(1).map(|before| bytes[before]);
                let standing_alone = at < 2 || !bytes[at - 2].is_ascii_alphanumeric();
                let escapes = matches!(before, Some(b'E' | b'e')) && standing_alone;
                // Without E, a backslash means itself or an escape by a setting of the server.
                at += quoted(rest, b'\'', escapes, sql);
            }
            b'(' => depth += 1,
            b')' => {
                depth = depth
                    .checked_sub(1)
                    .unwrap_or_else(|| panic!("closes too much: {sql}"));
            }
            b';' | b'$' | 0 | b'?' => panic!("{:?} outside of quotes: {sql}", char::from(rest[0])),
            b'-' if rest.starts_with(b"--") => panic!("a comment begins: {sql}"),
            b'/' if rest.starts_with(b"/*") => panic!("a comment begins: {sql}"),
            b',' if depth == 0 => panic!("two expressions: {sql}"),
            _ => {}
        }
        at += 1;
    }
    assert!(depth == 0, "parentheses stay open: {sql}");
    assert!(!sql.trim().is_empty(), "nothing at all");
}

/// Bytes from an opening quote to the closing one, that one left out.
fn quoted(rest: &[u8], quote: u8, escapes: bool, sql: &str) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            0 => panic!("U+0000 in quotes: {sql}"),
            b'\\' if escapes => at += 1,
            b'\\' if quote == b'\'' => panic!("a backslash that a setting may take for an escape: {sql}"),
            byte if byte == quote && rest.get(at + 1) == Some(&quote) => at += 1,
            byte if byte == quote => return at,
            _ => {}
        }
        at += 1;
    }
    panic!("a quote stays open: {sql}")
}

/// One input.
///
/// # Panics
/// When the input breaks what has to hold.
pub fn run(bytes: &[u8]) {
    let Some((choices, text)) = bytes.split_at_checked(NAMES.len() * CHOICE_BYTES) else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let bindings: Vec<ColumnBinding> = NAMES
        .iter()
        .zip(choices.chunks(CHOICE_BYTES))
        .map(|(name, choice)| binding(name, choice))
        .collect();
    let columns = |name: &str| {
        let found = bindings
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(name));
        found.cloned()
    };
    check_views(text, &bindings);
    for expr in expressions(text) {
        if let Ok(value) = translate(&expr, &columns) {
            assert_closed(&value.sql);
        }
        if let Ok(condition) = translate_condition(&expr, &columns) {
            assert_closed(&condition);
        }
        for target in TARGETS {
            for affinity in AFFINITIES {
                if let Ok(default) = translate_default(&expr, target, affinity) {
                    assert_closed(&default);
                }
            }
        }
    }
}
