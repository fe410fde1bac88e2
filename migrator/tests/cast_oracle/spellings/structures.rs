//! JSON and arrays.

use outgrow_migrator::quote::quote_literal;
use outgrow_migrator::target::catalog::ColumnKind;
use outgrow_shared::value::OwnedValue;

use super::{Dice, Subject, blob, integer, real, real_as_written, text, texts, with_random};
use crate::{Ask, Case};

fn json(dice: &mut Dice, depth: usize) -> String {
    let space = dice.pick(&["", "", " ", "\n"]);
    match dice.below(if depth == 0 { 4 } else { 7 }) {
        0 => dice
            .pick(&[
                "null", "true", "false", "\"\"", "0", "-0", "-0.0", "1.0", "1e0", "10E-1",
            ])
            .to_owned(),
        1 => {
            let digits = 1 + dice.below(30);
            format!(
                "{}{}",
                dice.pick(&["1", "-2", "0.", "3.", "-0.0"]),
                dice.digits(digits)
            )
        }
        2 => format!(
            "{}e{}{}",
            dice.pick(&["1", "-2.50", "0", "120"]),
            dice.pick(&["", "-", "+"]),
            dice.below(40)
        ),
        3 => json_string(dice),
        4 | 5 => {
            let members: Vec<String> = (0..dice.below(5))
                .map(|_| format!("{}{space}:{}", json_string(dice), json(dice, depth - 1)))
                .collect();
            format!("{{{space}{}}}", members.join(","))
        }
        _ => {
            let items: Vec<String> = (0..dice.below(5)).map(|_| json(dice, depth - 1)).collect();
            format!("[{}{space}]", items.join(&format!("{space},")))
        }
    }
}

fn json_string(dice: &mut Dice) -> String {
    let parts = [
        "a",
        "b",
        "A",
        "\\u0061",
        "\\\"",
        "\\\\",
        "\\/",
        "\\n",
        "\\u000a",
        "\\u001f",
        "\\ud83d\\ude00",
        "\u{1f600}",
        "\u{e9}",
        "\\u00e9",
        "\u{7f}",
        " ",
    ];
    let inside: String = (0..dice.below(3)).map(|_| dice.pick(&parts)).collect();
    format!("\"{inside}\"")
}

/// `json`, `jsonb` and arrays.
pub fn structures(dice: &mut Dice, rounds: usize) -> Vec<Subject> {
    let edges = texts(&[
        "{}",
        " [ ] ",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "1e131071",
        "1e131072",
        "[1e-16383]",
        "{\"a\":1,\"a\":2}",
        "[1,2",
        "nul",
        "01",
        "{\"b\":{\"d\":1,\"c\":[]},\"a\":null,\"b\":0}",
    ]);
    let mut subjects = Vec::new();
    let documents = |dice: &mut Dice| {
        let mut cases = edges.clone();
        cases.extend([
            integer(5),
            real(1.5),
            real_as_written(1e300),
            blob("{\"x\": [1.50]}"),
        ]);
        with_random(cases, 2 * rounds, || text(json(dice, 3)))
    };
    subjects.push(Subject::new("jsonb", ColumnKind::Jsonb, documents(dice)).by_bytes("jsonb_send"));
    let mut kept = Subject::new("json", ColumnKind::Json, documents(dice));
    kept.same = "ours.v::text = asked.v::text".to_owned();
    kept.has_equality = false;
    subjects.push(kept);
    for (element, kind) in [
        ("text", ColumnKind::Text),
        ("character varying(3)", ColumnKind::Varchar(Some(3))),
        ("smallint", ColumnKind::Smallint),
        ("integer", ColumnKind::Integer),
        ("bigint", ColumnKind::Bigint),
        ("real", ColumnKind::Real),
        ("double precision", ColumnKind::DoublePrecision),
        ("boolean", ColumnKind::Boolean),
        ("numeric", ColumnKind::Numeric(None)),
        ("numeric(6,2)", ColumnKind::Numeric(Some((6, 2)))),
        ("uuid", ColumnKind::Uuid),
    ] {
        let cases = (0..rounds / 2).map(|_| array(dice, element, &kind)).collect();
        subjects.push(Subject::new(
            &format!("{element}[]"),
            ColumnKind::Array(Box::new(kind)),
            cases,
        ));
    }
    subjects
}

/// A JSON array mostly of what the element takes; Postgres reads it element by element.
fn array(dice: &mut Dice, element: &str, kind: &ColumnKind) -> Case {
    let items: Vec<String> = (0..dice.below(5))
        .map(|_| match kind {
            _ if dice.below(6) == 0 => "null".to_owned(),
            ColumnKind::Text | ColumnKind::Varchar(_) => json_string(dice),
            ColumnKind::Boolean => dice.pick(&["true", "false"]).to_owned(),
            ColumnKind::Uuid => {
                let digits: String = (0..32).map(|_| dice.pick(&['0', 'B', 'f'])).collect();
                format!("\"{digits}\"")
            }
            ColumnKind::Smallint | ColumnKind::Integer | ColumnKind::Bigint => {
                let shift = dice.pick(&[48, 52, 60]);
                (dice.integer() >> shift).to_string()
            }
            _ => dice
                .pick(&["0.1", "-2.50", "1e3", "99.99", "12", "0.125", "1e-2"])
                .to_owned(),
        })
        .collect();
    let text = format!("[{}]", items.join(", "));
    let literal = quote_literal(&text).unwrap();
    let sql = format!(
        "ARRAY(SELECT x::{element} FROM jsonb_array_elements_text({literal}::jsonb) WITH ORDINALITY AS q(x, n) ORDER BY n)"
    );
    Case {
        value: OwnedValue::Text(text),
        ask: Ask::Sql(sql),
    }
}
