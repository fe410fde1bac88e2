//! Texts, labels, UUIDs and addresses.

use outgrow_migrator::target::catalog::ColumnKind;
use outgrow_shared::value::OwnedValue;

use super::{Dice, Subject, blob, integer, real, text, texts, unknown_to_postgres, with_random};
use crate::{Ask, Case};

/// Types whose values are words.
pub fn words(dice: &mut Dice, rounds: usize) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for (name, kind, send) in [
        ("text", ColumnKind::Text, "textsend"),
        (
            "character varying(4)",
            ColumnKind::Varchar(Some(4)),
            "varcharsend",
        ),
        ("character(4)", ColumnKind::Char(4), "bpcharsend"),
    ] {
        let mut cases = texts(&[
            "",
            " ",
            "a",
            "a ",
            "abcd",
            "abcde",
            "\u{e9}\u{1f600}zz",
            "a\0b",
            "\t",
        ]);
        cases.extend([blob("ab "), integer(-5), integer(12_345), real(1.5)]);
        let cases = with_random(cases, rounds, || {
            let word = dice.word("ab \u{e9}\n\u{1f600}", 5);
            if dice.below(3) == 0 {
                blob(&word)
            } else {
                text(word)
            }
        });
        subjects.push(Subject::new(name, kind, cases).by_bytes(send));
    }
    let labels = ["sad", "so so", "it's", "\u{e9}"];
    let kind = ColumnKind::Enum(labels.map(str::to_owned).to_vec());
    let mut cases = texts(&labels);
    cases.extend(texts(&["", "Sad", "sad ", "e"]));
    subjects.push(Subject::new("mood", kind, cases));
    let cases = with_random(Vec::new(), rounds, || {
        let digits: String = (0..32).map(|_| dice.pick(&['0', '7', 'a', 'f'])).collect();
        uuid(dice, &digits)
    });
    subjects.push(Subject::new("uuid", ColumnKind::Uuid, cases).by_bytes("uuid_send"));
    for (name, kind, send) in [
        ("inet", ColumnKind::Inet, "inet_send"),
        ("cidr", ColumnKind::Cidr, "cidr_send"),
    ] {
        let cases = texts(&[
            "0.0.0.0/0",
            "::/0",
            "::1",
            "::ffff:1.2.3.4",
            "::ffff:1.2.3.4/120",
            "::1.2.3.4",
            "10.0.0.0/8",
            "255.255.255.255",
            "1::/16",
            "2001:db8::/32",
            "1:2:3:4:5:6:7:8",
            "1:0:0:2:0:0:0:3",
            "10.0.0.1/8",
            "10.1.2.3/33",
            "::/129",
            "10/8",
            "fe80::/10",
        ]);
        let cases = with_random(cases, rounds, || network(dice));
        subjects.push(Subject::new(name, kind, cases).by_bytes(send));
    }
    subjects
}

fn uuid(dice: &mut Dice, digits: &str) -> Case {
    let parts = [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ];
    let hyphenated = parts.join("-");
    match dice.below(7) {
        0 => text(digits),
        1 => text(hyphenated.to_uppercase()),
        2 => text(format!("{{{hyphenated}}}")),
        3 => text(format!("{{{digits}}}")),
        4 => unknown_to_postgres(&format!("urn:uuid:{hyphenated}")),
        5 => Case {
            value: OwnedValue::Blob(
                (0..16)
                    .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
                    .collect(),
            ),
            ask: Ask::Text(hyphenated),
        },
        _ => text(hyphenated),
    }
}

fn network(dice: &mut Dice) -> Case {
    let address = if dice.below(2) == 0 {
        let octets: Vec<String> = (0..4)
            .map(|_| dice.pick(&["0", "0", "1", "10", "128", "255"]).to_owned())
            .collect();
        octets.join(".")
    } else {
        let words: Vec<String> = (0..8)
            .map(|_| dice.pick(&["0", "0", "0", "1", "00ab", "FFFF"]).to_owned())
            .collect();
        words.join(":")
    };
    match dice.below(3) {
        0 => text(address),
        _ => text(format!(
            "{address}/{}",
            dice.pick(&[0, 1, 8, 15, 24, 31, 32, 64, 127, 128])
        )),
    }
}
