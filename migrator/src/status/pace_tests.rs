//! Paces and times to go from made-up facts: at the begin, taken up, all there, and by stage.

use super::super::facts::{Pulse, RunFacts, StepFacts};
use super::super::judge::judge;
use super::super::judge::tests::{NOW, at_work, chunks, facts, pulse};
use super::super::model::Pace;

#[test]
fn pace_and_time_to_go_follow_from_what_came_and_are_none_where_nothing_did() {
    let pace = |rows: u64| {
        Some(Pace {
            rows_per_second: rows,
            bytes_per_second: rows * 100,
        })
    };
    let begun = |seconds: f64| RunFacts {
        begun_at_seconds: Some(NOW - seconds),
        ..at_work()
    };
    let taken_up = RunFacts {
        taken_up_at_seconds: Some(NOW - 20.0),
        ..begun(90_000.0)
    };
    for (what, run, came, last_minute, overall, eta_seconds) in [
        ("at the begin", begun(0.0), (0, 0, 0), None, None, None),
        (
            "in the first second",
            begun(0.5),
            (100, 100, 100),
            None,
            None,
            None,
        ),
        (
            "a clock that went back",
            begun(-5.0),
            (100, 100, 100),
            None,
            None,
            None,
        ),
        (
            "younger than a minute",
            begun(10.0),
            (100, 100, 100),
            pace(10),
            pace(10),
            Some(90),
        ),
        (
            "steady",
            begun(100.0),
            (500, 500, 300),
            pace(5),
            pace(5),
            Some(100),
        ),
        (
            "nothing in the last minute",
            begun(100.0),
            (500, 500, 0),
            None,
            pace(5),
            Some(100),
        ),
        ("taken up", taken_up, (800, 100, 100), pace(5), pace(5), Some(40)),
        (
            "all there",
            begun(100.0),
            (1000, 1000, 600),
            pace(10),
            pace(10),
            Some(0),
        ),
    ] {
        let mut facts = facts(run, vec![chunks(came.0, came.1, came.2)]);
        facts.steps = vec![StepFacts {
            step: "table:a".to_owned(),
            finished_at_seconds: NOW - 90.0,
        }];
        let status = judge(&facts);
        assert_eq!(status.last_minute, last_minute, "{what}");
        assert_eq!(status.overall, overall, "{what}");
        assert_eq!(status.eta_seconds, eta_seconds, "{what}");
        assert_eq!(status.eta_stage.is_some(), eta_seconds.is_some(), "{what}");
        assert_eq!(status.rows_done, came.0, "{what}");
    }
}

#[test]
fn the_time_to_go_speaks_of_its_stage_alone() {
    let in_stage = |stage: &str| {
        let mut facts = facts(
            RunFacts {
                pulse: Some(Pulse {
                    bytes: 25,
                    bytes_total: Some(100),
                    ..pulse(0.0, stage)
                }),
                ..at_work()
            },
            vec![chunks(1000, 1000, 600)],
        );
        facts.steps = vec![StepFacts {
            step: "analyze:a".to_owned(),
            finished_at_seconds: NOW - 5.0,
        }];
        let status = judge(&facts);
        (status.eta_stage, status.eta_seconds)
    };
    assert_eq!(in_stage("verify"), (Some("verify"), Some(15)));
    for without in ["", "keys", "compare", "a later stage"] {
        assert_eq!(in_stage(without), (None, None), "{without}");
    }
}
