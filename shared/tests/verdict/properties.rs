//! What must hold of every decision, whatever the numbers: it exists, it is the same twice, and a worse signal
//! never gives a milder level.

use outgrow_shared::decide;
use outgrow_shared::verdict::{Decision, Level, Measured, Policy, Signals, name};
use proptest::prelude::*;

/// Any number at all, with the ones that break careless code in front.
fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(-0.0),
        any::<f64>(),
        0.0..1.0,
        0.0..1e11,
    ]
}

fn signal_names() -> Vec<String> {
    let policy = Policy::sqlite_to_postgres();
    let triggers = policy.triggers.into_iter().map(|trigger| trigger.signal);
    let tunings = policy.tunings.into_iter().map(|tuning| tuning.signal);
    triggers.chain(tunings).collect()
}

prop_compose! {
    fn any_measured()(value in any_number(), held_seconds in any_number(), declared in any::<bool>()) -> Measured {
        Measured { declared, ..Measured::new(value, held_seconds, "q") }
    }
}

prop_compose! {
    fn any_signals()(
        measured in prop::collection::btree_map(prop::sample::select(signal_names()), any_measured(), 0..14),
        observed_seconds in any_number(),
        age_seconds in any_number(),
        writes_seen in prop::option::of(any_number()),
    ) -> Signals {
        Signals { measured, age_seconds, writes_seen, ..Signals::new(observed_seconds) }
    }
}

/// A number a trigger can meet in life: for a ratio 0 to 1, else around the thresholds.
fn possible(signal: &str) -> BoxedStrategy<f64> {
    match signal {
        name::WRITE_ERROR_RATIO => (0.0..0.03).boxed(),
        name::WRITER_LOCK_UTILIZATION => (0.0..=1.0).boxed(),
        name::WRITES_PER_SECOND => (0.0..200.0).boxed(),
        name::DATABASE_SIZE_BYTES => (0.0..20e9).boxed(),
        name::WRITE_P99_SECONDS => (0.0..4.0).boxed(),
        name::DISK_FULL_DAYS => (0.0..60.0).boxed(),
        name::WRITING_SERVERS => (1.0..3.0).boxed(),
        _ => (0.0..2.0).boxed(),
    }
}

prop_compose! {
    fn possible_signals()(
        values in signal_names().iter().map(|s| possible(s)).collect::<Vec<_>>(),
        present in prop::collection::vec(prop::bool::weighted(0.9), 13),
        held in prop::sample::select(vec![30.0, 300.0, 1800.0]),
        writes in prop::sample::select(vec![0.0, 50.0, 5000.0]),
    ) -> Signals {
        let mut signals = Signals::new(held);
        signals.writes_seen = Some(writes);
        for ((signal, value), present) in signal_names().iter().zip(values).zip(present) {
            if present {
                signals.insert(signal, value, "q");
            }
        }
        signals
    }
}

fn text(decision: &Decision) -> String {
    serde_json::to_string(decision).expect("JSON")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decide_is_total_and_deterministic(signals in any_signals()) {
        let policy = Policy::sqlite_to_postgres();
        let decision = decide(&signals, &policy);
        prop_assert_eq!(text(&decision), text(&decide(&signals.clone(), &policy)));
        prop_assert!(decision.headline.starts_with(&decision.level.to_string()));
        prop_assert_eq!(decision.headline.contains(" - "), decision.level != Level::SqliteSufficient);
        prop_assert_eq!(decision.triggers.len(), policy.triggers.len());
    }

    #[test]
    fn sufficient_means_that_every_required_signal_was_seen_and_makes_sense(signals in any_signals()) {
        let policy = Policy::sqlite_to_postgres();
        if decide(&signals, &policy).level == Level::SqliteSufficient {
            for trigger in policy.triggers.iter().filter(|trigger| trigger.required) {
                let measured = signals.measured.get(&trigger.signal);
                prop_assert!(measured.is_some_and(|m| m.value.is_finite() && m.value >= 0.0));
            }
        }
    }

    #[test]
    fn a_worse_signal_never_gives_a_milder_level(signals in possible_signals(), which in 0_usize..7, step in 0.0..1.0_f64) {
        let policy = Policy::sqlite_to_postgres();
        let signal = policy.triggers[which].signal.clone();
        let before = decide(&signals, &policy).level;
        let mut worse = signals.clone();
        if let Some(measured) = worse.measured.get_mut(&signal) {
            measured.value = match signal.as_str() {
                name::DISK_FULL_DAYS => measured.value * step,
                name::WRITE_ERROR_RATIO | name::WRITER_LOCK_UTILIZATION => (measured.value + step).min(1.0),
                _ => measured.value * (1.0 + 10.0 * step),
            };
            prop_assert!(decide(&worse, &policy).level >= before, "{} {:?}", signal, worse);
        }
    }

    #[test]
    fn losing_a_required_signal_never_makes_it_sufficient(signals in possible_signals(), which in 0_usize..7) {
        let policy = Policy::sqlite_to_postgres();
        let trigger = &policy.triggers[which];
        if trigger.required {
            let mut blind = signals.clone();
            blind.measured.remove(&trigger.signal);
            prop_assert!(decide(&blind, &policy).level >= Level::Unknown);
        }
    }

    #[test]
    fn signals_and_decisions_survive_json(signals in any_signals()) {
        let written = serde_json::to_string(&signals).expect("JSON");
        let read: Signals = serde_json::from_str(&written).expect("signals");
        prop_assert_eq!(&serde_json::to_string(&read).expect("JSON"), &written);
        let decision = decide(&signals, &Policy::sqlite_to_postgres());
        let read: Decision = serde_json::from_str(&text(&decision)).expect("a decision");
        prop_assert_eq!(text(&read), text(&decision));
    }
}
