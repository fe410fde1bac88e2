//! Numbers that count time.

use outgrow_migrator::target::catalog::ColumnKind;
use outgrow_shared::value::OwnedValue;

use super::{Dice, Subject, with_random};
use crate::{Ask, Case};

/// Every unit into every type.
pub fn counted_times(dice: &mut Dice, rounds: usize) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for (unit, size, stamp, stamptz, duration) in [
        (
            "1 second",
            1_000_000_i64,
            "integer.timestamp(s)",
            "integer.timestamptz(s)",
            "integer.interval(s)",
        ),
        (
            "1 millisecond",
            1000,
            "integer.timestamp(ms)",
            "integer.timestamptz(ms)",
            "integer.interval(ms)",
        ),
        (
            "1 microsecond",
            1,
            "integer.timestamp(us)",
            "integer.timestamptz(us)",
            "integer.interval(us)",
        ),
    ] {
        let counts: Vec<i64> = (0..rounds).map(|_| (dice.integer() >> 8) / size / 100).collect();
        // Days and rest apart, because an interval is multiplied in binary64.
        let apart = |count: i64| {
            let day = 86_400_000_000 / size;
            let (days, rest) = (count.div_euclid(day), count.rem_euclid(day));
            format!("{days} * interval '1 day' + {rest} * interval '{unit}'")
        };
        let cases = |ask: &dyn Fn(i64) -> String| -> Vec<Case> {
            let case = |count: &i64| Case {
                value: OwnedValue::Integer(*count),
                ask: Ask::Sql(ask(*count)),
            };
            counts.iter().map(case).collect()
        };
        let wall = |count| format!("timestamp '1970-01-01' + {}", apart(count));
        for (name, kind, only, cases) in [
            ("timestamp", ColumnKind::Timestamp(6), stamp, cases(&wall)),
            (
                "timestamptz",
                ColumnKind::Timestamptz(6),
                stamptz,
                cases(&|count| format!("({}) AT TIME ZONE 'UTC'", wall(count))),
            ),
            ("interval", ColumnKind::Interval(6), duration, cases(&apart)),
        ] {
            let mut subject = Subject::new(name, kind, cases);
            subject.only = Some(only);
            subjects.push(subject);
        }
    }
    subjects.extend(seconds(dice, rounds));
    subjects
}

/// REAL seconds, as they are and rounded.
fn seconds(dice: &mut Dice, rounds: usize) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for (name, digits, only) in [
        ("timestamptz", 6, "real.timestamptz(s)"),
        ("timestamptz", 6, "real.timestamptz(s,6)"),
        ("timestamptz(1)", 1, "real.timestamptz(s,1)"),
    ] {
        let cases = with_random(Vec::new(), rounds, || {
            #[expect(clippy::cast_precision_loss)]
            let seconds = (dice.integer() >> 12) as f64 / dice.pick(&[1e6, 1e6, 3e6, 1e3]);
            Case {
                value: OwnedValue::Real(seconds),
                ask: Ask::Sql(format!("to_timestamp('{seconds:?}'::float8)")),
            }
        });
        let mut subject = Subject::new(name, ColumnKind::Timestamptz(digits), cases);
        subject.only = Some(only);
        subjects.push(subject);
    }
    subjects
}
