//! Postgres as the oracle of the casts: what outgrow makes of a value must be what Postgres makes of it.
//!
//! Thousands of spellings per type, random and hand-picked, go through every candidate. What is not refused is sent
//! by binary COPY into a column of the type, and three things must hold: it equals what Postgres's own input
//! function makes of the spelling (to the byte, where one value has one form); read back and decoded it is the normal
//! form; and two values have one normal form exactly when Postgres calls them equal. The seed is printed;
//! `OUTGROW_SEED` and `OUTGROW_ROUNDS` repeat or lengthen a run.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "this whole program is a test; clippy exempts only its #[test] functions"
)]

mod server;
mod spellings;

use std::collections::BTreeMap;

use outgrow_migrator::copy::encode::{HEADER, TRAILER, encode_field};
use outgrow_migrator::plan::cast::{Candidate, Fit, Hints, candidate_for, candidates};
use outgrow_migrator::plan::mapping::{Mapping, Scratch};
use outgrow_migrator::quote::quote_literal;
use outgrow_migrator::verify::decode::decode_field;
use outgrow_shared::value::OwnedValue;

use server::Server;
use spellings::{Available, Dice, Subject, subjects};

/// How Postgres is asked for its own reading of a value.
#[derive(Debug, Clone)]
pub enum Ask {
    /// By its input function.
    Text(String),
    /// By an expression of the column's type.
    Sql(String),
    /// Not at all: Postgres does not know the spelling.
    Nothing,
}

/// A value and what Postgres is asked.
#[derive(Debug, Clone)]
pub struct Case {
    /// What SQLite holds.
    pub value: OwnedValue,
    /// How Postgres is asked what it would hold.
    pub ask: Ask,
}

/// A value that a candidate took.
struct Sent {
    case: usize,
    mapping: Mapping,
    normal: OwnedValue,
}

#[test]
fn postgres_agrees_with_every_cast() {
    let number_from = |name: &str, otherwise: u64| {
        let given = std::env::var(name).ok();
        given.and_then(|value| value.parse().ok()).unwrap_or(otherwise)
    };
    let seed = number_from("OUTGROW_SEED", 0x0ca_57ed);
    let rounds = number_from("OUTGROW_ROUNDS", 1000);
    println!("OUTGROW_SEED={seed} OUTGROW_ROUNDS={rounds}");
    let mut dice = Dice(seed);
    let server = Server::start();
    server.rows("SET timezone = 'America/New_York'; SET client_min_messages = warning");
    server.rows("CREATE TYPE mood AS ENUM ('sad', 'so so', 'it''s', '\u{e9}')");
    let mut differences = Vec::new();
    let versions = server.rows("SHOW server_version_num");
    let version: u32 = versions[0][0].as_deref().unwrap().parse().unwrap();
    let with_citext = !server
        .rows("SELECT 1 FROM pg_available_extensions WHERE name = 'citext'")
        .is_empty();
    if with_citext {
        server.rows("CREATE EXTENSION citext");
    }
    println!("Postgres {version}, citext {with_citext}");
    let tried = Available { version, with_citext };
    for subject in subjects(tried, &mut dice, usize::try_from(rounds).unwrap()) {
        let told = check(&server, &subject);
        println!(
            "{}: {} of {} values sent",
            subject.type_name,
            told.sent,
            subject.cases.len()
        );
        assert!(
            told.sent * 10 > subject.cases.len(),
            "{}: too few to test anything",
            subject.type_name
        );
        differences.extend(told.differences);
    }
    let count = differences.len();
    differences.truncate(30);
    assert!(
        differences.is_empty(),
        "{count} differences:\n{}",
        differences.join("\n")
    );
}

struct Told {
    sent: usize,
    differences: Vec<String>,
}

fn check(server: &Server, subject: &Subject) -> Told {
    let hints = Hints {
        zone: Some("America/New_York".to_owned()),
        durations_are_microseconds: true,
    };
    let ways = match subject.only {
        None => candidates(&subject.kind, &hints),
        Some(only) => {
            let mapping = Mapping::try_from(only.to_owned()).unwrap();
            vec![candidate_for(mapping, &subject.kind).unwrap()]
        }
    };
    let (sent, stream) = encode(&ways, &subject.cases);
    let type_name = &subject.type_name;
    server.rows(&format!(
        "DROP TABLE IF EXISTS ours, asked; DROP FUNCTION IF EXISTS read(text, text); \
         CREATE TEMP TABLE ours(id integer, v {type_name}); CREATE TEMP TABLE asked(id integer, v {type_name}); {}",
        reader(type_name)
    ));
    server.copy_in("COPY ours FROM STDIN (FORMAT binary)", stream);
    ask(server, &subject.cases);
    let mut differences = compare(server, subject, &sent);
    differences.extend(read_back(server, subject, &sent));
    differences.extend(compare_order(server, subject, &sent));
    if subject.has_equality {
        differences.extend(compare_equality(server, subject, &sent));
    }
    let mut cases: Vec<usize> = sent.iter().map(|sent| sent.case).collect();
    cases.dedup();
    Told {
        sent: cases.len(),
        differences,
    }
}

/// Postgres's own reading of a text, as an assignment makes it: too long is an error, not a cut.
fn reader(type_name: &str) -> String {
    format!(
        "CREATE FUNCTION read(text, expression text) RETURNS {type_name} LANGUAGE plpgsql AS $f$
         DECLARE result {type_name};
         BEGIN
           IF expression IS NULL THEN result := $1; ELSE EXECUTE 'SELECT ' || expression INTO result; END IF;
           RETURN result;
         EXCEPTION WHEN OTHERS THEN RETURN NULL;
         END $f$;"
    )
}

/// Every value that a candidate takes, and the stream that carries them.
fn encode(ways: &[Candidate], cases: &[Case]) -> (Vec<Sent>, Vec<u8>) {
    let (mut sent, mut stream) = (Vec::new(), HEADER.to_vec());
    for (place, case) in cases.iter().enumerate() {
        for candidate in ways {
            let (mut scratch, value) = (Scratch::default(), case.value.as_value());
            if candidate.fit(&value, &mut scratch) == Fit::Refused {
                continue;
            }
            let mapping = candidate.mapping;
            let normal = mapping.normal_form(value, &mut scratch);
            let travels = if matches!(mapping, Mapping::Cast(_)) {
                value
            } else {
                normal
            };
            stream.extend_from_slice(&2_i16.to_be_bytes());
            stream.extend_from_slice(&4_i32.to_be_bytes());
            stream.extend_from_slice(&i32::try_from(sent.len()).unwrap().to_be_bytes());
            encode_field(mapping, &travels, &mut stream).unwrap();
            sent.push(Sent {
                case: place,
                mapping,
                normal: normal.into(),
            });
        }
    }
    stream.extend_from_slice(&TRAILER);
    (sent, stream)
}

fn ask(server: &Server, cases: &[Case]) {
    let rows: Vec<String> = cases
        .iter()
        .enumerate()
        .filter_map(|(place, case)| match &case.ask {
            // Postgres has no NUL in text, and neither has a query.
            Ask::Text(text) if text.contains('\0') => None,
            Ask::Text(text) => Some(format!("({place}, {}, NULL)", quote_literal(text).unwrap())),
            Ask::Sql(sql) => Some(format!("({place}, NULL, {})", quote_literal(sql).unwrap())),
            Ask::Nothing => None,
        })
        .collect();
    if !rows.is_empty() {
        server.rows(&format!(
            "INSERT INTO asked SELECT id, read(t, e) FROM (VALUES {}) AS q(id, t, e)",
            rows.join(", ")
        ));
    }
}

/// Values that Postgres reads in another way, or not at all.
fn compare(server: &Server, subject: &Subject, sent: &[Sent]) -> Vec<String> {
    let is_asked = |sent: &Sent| !matches!(subject.cases[sent.case].ask, Ask::Nothing);
    let asked = sent.iter().enumerate().filter(|(_, sent)| is_asked(sent));
    let pairs: Vec<String> = asked.map(|(id, sent)| format!("({id}, {})", sent.case)).collect();
    let same = &subject.same;
    let rows = server.rows(&format!(
        "SELECT pair.id, ours.v::text, asked.v::text FROM (VALUES {}) AS pair(id, place) \
         JOIN ours ON ours.id = pair.id JOIN asked ON asked.id = pair.place \
         WHERE asked.v IS NULL OR NOT ({same})",
        pairs.join(", ")
    ));
    let told = rows.iter().map(|row| {
        let sent = &sent[row[0].as_deref().unwrap().parse::<usize>().unwrap()];
        let case = &subject.cases[sent.case];
        format!(
            "{} {}: {} arrives as {:?}, Postgres reads {:?}",
            subject.type_name,
            sent.mapping,
            case.value.as_value(),
            row[1],
            row[2]
        )
    });
    told.collect()
}

/// Values that do not come back in their normal form.
fn read_back(server: &Server, subject: &Subject, sent: &[Sent]) -> Vec<String> {
    let rows = server.copy_out("COPY (SELECT v FROM ours ORDER BY id) TO STDOUT (FORMAT binary)");
    assert_eq!(rows.len(), sent.len());
    let told = rows.iter().zip(sent).filter_map(|(row, sent)| {
        let mut scratch = String::new();
        let back = decode_field(sent.mapping, row[0].as_deref(), &mut scratch);
        let normal = sent.normal.as_value();
        (back != Ok(normal)).then(|| {
            let value = subject.cases[sent.case].value.as_value();
            format!(
                "{} {}: {value} is {normal} but comes back as {back:?}",
                subject.type_name, sent.mapping
            )
        })
    });
    told.collect()
}

/// Values that folding makes the same or keeps apart where Postgres does not.
fn compare_equality(server: &Server, subject: &Subject, sent: &[Sent]) -> Vec<String> {
    let folding: Vec<usize> = (0..sent.len()).filter(|id| sent[*id].mapping.folds()).collect();
    let ranks = server.rows("SELECT id, dense_rank() OVER (ORDER BY v) FROM ours ORDER BY id");
    let rank = |id: usize| ranks[id][1].clone().unwrap();
    let (mut by_rank, mut by_normal) = (BTreeMap::new(), BTreeMap::new());
    let mut told = Vec::new();
    for id in folding {
        let value = subject.cases[sent[id].case].value.as_value();
        let normal = (
            sent[id].mapping.to_string(),
            format!("{:?}", sent[id].normal.as_value()),
        );
        let first = by_rank
            .entry((normal.0.clone(), rank(id)))
            .or_insert_with(|| normal.1.clone());
        if *first != normal.1 {
            told.push(format!(
                "{}: {value} is {} but equals {first}",
                subject.type_name, normal.1
            ));
        }
        let first = by_normal.entry(normal.clone()).or_insert_with(|| rank(id));
        if *first != rank(id) {
            told.push(format!(
                "{}: {value} is {} as another value is",
                subject.type_name, normal.1
            ));
        }
    }
    told
}

/// Casts that say they keep the order of texts, and do not.
fn compare_order(server: &Server, subject: &Subject, sent: &[Sent]) -> Vec<String> {
    let keeps = |sent: &Sent| matches!(sent.mapping, Mapping::Cast(cast) if cast.keeps_order());
    let mut told = Vec::new();
    let mut previous: BTreeMap<String, &str> = BTreeMap::new();
    if !sent.iter().any(keeps) {
        return told;
    }
    for row in server.rows("SELECT id FROM ours ORDER BY v") {
        let sent = &sent[row[0].as_deref().unwrap().parse::<usize>().unwrap()];
        let OwnedValue::Text(text) = &subject.cases[sent.case].value else {
            continue;
        };
        if keeps(sent)
            && previous
                .insert(sent.mapping.to_string(), text)
                .is_some_and(|before| before > text.as_str())
        {
            told.push(format!(
                "{} {}: {text} is out of order",
                subject.type_name, sent.mapping
            ));
        }
    }
    told
}
