//! Days, times, moments and durations in text.

use outgrow_migrator::target::catalog::ColumnKind;

use super::{Dice, Subject, text, texts, unknown_to_postgres, with_random};
use crate::Case;

const MOMENTS: &[&str] = &[
    "0001-01-01",
    "9999-12-31 23:59:59.999999",
    "1999-12-31 23:59:59.9999995",
    "1999-12-31 23:59:59.9995",
    "2000-01-01 00:00:00.0000005",
    "2000-01-01 00:00:00.0000015",
    "2024-02-29T12:00:00Z",
    "2024-03-10 02:30:00",
    "2024-11-03 01:30:00",
    "2024-11-03 01:30:00-04",
    "1883-11-18 12:03:57",
    "2024-01-01 10:00:00.123",
    "2024-01-01 10:00:00.123456+00:00",
];
const DAYS: &[&str] = &[
    "0001-01-01",
    "9999-12-31",
    "2024-02-29",
    "2024-02-29 00:00:00",
    "2000-01-01T00:00:00.000Z",
    "2023-02-29",
];
const CLOCKS: &[&str] = &[
    "00:00:00",
    "23:59:59.999999",
    "23:59:59.9999999",
    "23:59:59.95",
    "24:00:00",
    "12:00:00.05",
];
const DURATIONS: &[&str] = &[
    "-1 day, 23:59:59.5",
    "1 day",
    "3 days 04:05:06",
    "1 day -00:00:01",
    "100:00:00",
    "-00:00:00.000001",
    "PT0S",
    "P2W",
    "P1DT2H3M4.5S",
    "PT36H",
    "1 mon",
    "1 year",
    "999999 days, 0:00:00",
];

fn clock(dice: &mut Dice) -> String {
    let pair = |dice: &mut Dice, most| format!("{:02}", dice.below(most));
    let mut clock = format!("{}:{}", pair(dice, 24), pair(dice, 60));
    if dice.below(6) > 0 {
        clock.push_str(&format!(":{}", pair(dice, 60)));
        if dice.below(3) > 0 {
            let count = 1 + dice.below(9);
            clock.push_str(&format!(".{}", dice.digits(count)));
        }
    }
    clock
}

fn moment(dice: &mut Dice) -> String {
    let year = dice.pick(&[1, 1900, 1969, 1999, 2000, 2023, 2024, 2024, 2038, 9998]);
    let mut moment = format!("{year:04}-{:02}-{:02}", 1 + dice.below(12), 1 + dice.below(28));
    if dice.below(8) > 0 {
        let clock = clock(dice);
        moment.push_str(&format!("{}{clock}", dice.pick(&[" ", "T", "t"])));
        let zone = [
            "",
            "",
            "",
            "Z",
            "+00:00",
            "+02",
            "-0530",
            "+05:30:15",
            " UTC",
            " +01:00",
            "+00",
            "-15:59",
        ];
        moment.push_str(dice.pick(&zone));
    }
    moment
}

/// Types of time, all but what counts it.
pub fn times(dice: &mut Dice, rounds: usize) -> Vec<Subject> {
    let mut subjects = Vec::new();
    let send = ["timestamp_send", "timestamptz_send"];
    for (name, kind, send) in [
        ("timestamp", ColumnKind::Timestamp(6), send[0]),
        ("timestamp(3)", ColumnKind::Timestamp(3), send[0]),
        ("timestamp(0)", ColumnKind::Timestamp(0), send[0]),
        ("timestamptz", ColumnKind::Timestamptz(6), send[1]),
        ("timestamptz(2)", ColumnKind::Timestamptz(2), send[1]),
    ] {
        let cases = with_random(texts(MOMENTS), rounds, || text(moment(dice)));
        subjects.push(Subject::new(name, kind, cases).by_bytes(send));
    }
    let days = with_random(texts(DAYS), rounds, || text(day(dice)));
    subjects.push(Subject::new("date", ColumnKind::Date, days).by_bytes("date_send"));
    for (name, kind) in [("time", ColumnKind::Time(6)), ("time(1)", ColumnKind::Time(1))] {
        let cases = with_random(texts(CLOCKS), rounds, || text(clock(dice)));
        subjects.push(Subject::new(name, kind, cases).by_bytes("time_send"));
    }
    let durations = durations(dice, rounds);
    subjects.push(Subject::new(
        "interval",
        ColumnKind::Interval(6),
        durations.clone(),
    ));
    // Postgres rounds a part of the duration, outgrow all of it: halves below zero fall to the other side.
    let mut coarse = Subject::new("interval(2)", ColumnKind::Interval(2), durations);
    coarse.same = "abs(extract(epoch FROM ours.v - asked.v)) <= 0.01".to_owned();
    subjects.push(coarse);
    subjects
}

fn day(dice: &mut Dice) -> String {
    let (year, month, day) = (1 + dice.below(9999), 1 + dice.below(12), 1 + dice.below(31));
    let midnight = dice.pick(&["", " 00:00", "T00:00:00"]);
    format!("{year:04}-{month:02}-{day:02}{midnight}")
}

fn durations(dice: &mut Dice, rounds: usize) -> Vec<Case> {
    let mut cases = texts(DURATIONS);
    cases.extend(["1.02:03:04", "-1.00:00:00.5000000", "-P1DT00H00M00.1S"].map(unknown_to_postgres));
    with_random(cases, rounds, || {
        let days = dice.pick(&["", "-", "1 day, ", "-2 days, ", "10 days "]);
        let count = 1 + dice.below(8);
        let fraction = if dice.below(2) == 0 {
            String::new()
        } else {
            format!(".{}", dice.digits(count))
        };
        let (hours, minutes, seconds) = (dice.below(200), dice.below(60), dice.below(60));
        text(format!("{days}{hours}:{minutes:02}:{seconds:02}{fraction}"))
    })
}
