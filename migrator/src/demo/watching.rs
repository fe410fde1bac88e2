//! The chapters that watch the store: live numbers, and the verdict over them until it turns.

use std::time::{Duration, Instant};

use outgrow_shared::verdict::{Level, Policy, Signals, Unit, name};

use super::store::Store;
use super::story::Story;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::verdict::{Answer, Watch, judge};

/// How often the agent is scraped: often enough to look alive, far too seldom to cost anything.
const TICK: Duration = Duration::from_secs(1);

/// How many windows the verdict gets to turn. The first one shows it unless the machine is overloaded.
const WINDOWS_MAX: u32 = 4;

/// Shows the calm load until it ends; the verdict over all of it.
pub async fn calm(
    story: &mut Story,
    store: &Store,
    watch: &mut Watch,
    time: Duration,
) -> Result<Answer, Failure> {
    let end = store.begun + time;
    let mut seen = tokio::task::block_in_place(|| watch.look()).unwrap_or_default();
    while Instant::now() + TICK <= end {
        seen = tick(story, store, watch, "").await?.unwrap_or(seen);
    }
    story.end_live();
    tokio::time::sleep(end.saturating_duration_since(Instant::now())).await;
    Ok(judge(&seen, &policy(time)))
}

/// Shows the growing load until the verdict over a full window says MIGRATE NOW.
///
/// # Errors
/// When it does not turn in time; the failure has the numbers.
pub async fn until_migrate_now(
    story: &mut Story,
    store: &Store,
    watch: &mut Watch,
    window: Duration,
) -> Result<Answer, Failure> {
    watch.start_anew();
    let begun = Instant::now();
    let policy = policy(window);
    let seen = tokio::task::block_in_place(|| watch.look()).unwrap_or_default();
    let mut last = judge(&seen, &policy);
    while begun.elapsed() < window * WINDOWS_MAX {
        let goal = format!("{:>3} of {} s  ", begun.elapsed().as_secs(), window.as_secs());
        let Some(seen) = tick(story, store, watch, &goal).await? else {
            continue;
        };
        // Before its window is full a verdict says little but that it is too early.
        if begun.elapsed() < window {
            continue;
        }
        last = judge(&seen, &policy);
        if last.decision.level == Level::MigrateNow {
            story.end_live();
            return Ok(last);
        }
    }
    story.end_live();
    Err(did_not_turn(&last, begun.elapsed()))
}

/// Rates over a window cannot hold longer than the window.
fn policy(window: Duration) -> Policy {
    Policy {
        hold_at_most_seconds: Some(window.as_secs_f64()),
        ..Policy::sqlite_to_postgres()
    }
}

async fn tick(
    story: &mut Story,
    store: &Store,
    watch: &mut Watch,
    goal: &str,
) -> Result<Option<Vec<Signals>>, Failure> {
    tokio::time::sleep(TICK).await;
    store.check()?;
    let seen = tokio::task::block_in_place(|| watch.look());
    if let Some(signals) = seen.as_ref().and_then(|seen| seen.first()) {
        story.live(&format!("{goal}{}", numbers(signals)));
    }
    Ok(seen)
}

/// The four numbers that matter most, in columns that do not jump.
fn numbers(signals: &Signals) -> String {
    let value = |signal: &str| signals.measured.get(signal).map(|measured| measured.value);
    let shown = |value: Option<f64>, show: &dyn Fn(f64) -> String| value.map_or_else(|| "-".to_owned(), show);
    let rate = shown(value(name::WRITES_PER_SECOND), &|rate| format!("{rate:.0}"));
    let errors = shown(value(name::WRITE_ERROR_RATIO), &|ratio| {
        format!("{:.2}%", ratio * 100.0)
    });
    let p99 = shown(value(name::WRITE_P99_SECONDS), &|p99| Unit::Seconds.show(p99));
    let size = shown(value(name::DATABASE_SIZE_BYTES), &|bytes| Unit::Bytes.show(bytes));
    format!("{rate:>4} writes/s   {errors:>6} failed   p99 {p99:>7}   file {size:>8}")
}

fn did_not_turn(last: &Answer, waited: Duration) -> Failure {
    let mut numbers = Vec::new();
    for trigger in &last.decision.triggers {
        if let Some(value) = trigger.value {
            let limit = trigger.migrate_now.show(trigger.unit);
            numbers.push(format!(
                "{} {} (now: {limit})",
                trigger.title,
                trigger.unit.show(value)
            ));
        }
    }
    let what = format!(
        "the verdict did not turn to MIGRATE NOW within {} s, it says: {}",
        waited.as_secs(),
        last.decision.headline
    );
    let next = "The machine may be too busy for the store's load. Try again, with a longer --window.";
    Failure::new(Exit::Refused, what, next).at(numbers.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_is_a_dash() {
        let mut signals = Signals::new(5.0);
        signals.insert(name::WRITES_PER_SECOND, 181.6, "");
        signals.insert(name::WRITE_ERROR_RATIO, 0.0345, "");
        let line = numbers(&signals);
        assert!(line.starts_with(" 182 writes/s    3.45% failed"), "{line}");
        assert!(line.contains("p99       -"), "{line}");
    }

    #[test]
    fn a_verdict_that_does_not_turn_fails_with_its_numbers() {
        let mut signals = Signals::new(5.0);
        signals.insert(name::WRITE_ERROR_RATIO, 0.002, "");
        let failure = did_not_turn(&judge(&[signals], &policy(TICK)), Duration::from_secs(48));
        assert_eq!(failure.exit, Exit::Refused);
        let text = failure.to_string();
        assert!(
            text.contains("within 48 s") && text.contains("write error ratio 0.2"),
            "{text}"
        );
    }
}
