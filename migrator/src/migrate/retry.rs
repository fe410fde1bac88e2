//! When a failed attempt is followed by another, and what a migration says when it gives up.

use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::exit::Exit;
use crate::failure::{Failure, Passing};
use crate::report::progress::Progress;

/// The first wait before another attempt, and the longest.
const WAIT: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));

/// Attempts one after another, for as long as the mandate allows without one that lasted.
pub(super) struct Retry {
    limit: Duration,
    attempt: Instant,
    failing_since: Option<Instant>,
    waits: ExponentialBackoff,
}

impl Retry {
    /// The first attempt begins.
    pub fn new(limit: Duration) -> Self {
        Self {
            limit,
            attempt: Instant::now(),
            failing_since: None,
            waits: waits(),
        }
    }

    /// Waits for the next attempt; the failure, if there is to be none.
    pub async fn after(&mut self, failure: Failure, progress: &Progress) -> Result<(), Failure> {
        progress.abandon();
        if failure.passing == Passing::No {
            return Err(failure);
        }
        // An attempt that lasted was no failing one.
        if self.attempt.elapsed() > self.limit {
            self.failing_since = None;
            self.waits = waits();
        }
        let since = *self.failing_since.get_or_insert(self.attempt);
        let wait = self.waits.next().unwrap_or(WAIT.1);
        if failure.passing == Passing::Helped || since.elapsed() + wait > self.limit {
            return Err(failure);
        }
        let seconds = wait.as_secs_f64();
        progress.note(&format!("{}; trying again in {seconds:.1} s", failure.what));
        tokio::time::sleep(wait).await;
        self.attempt = Instant::now();
        Ok(())
    }
}

/// Waits between attempts: longer each time.
fn waits() -> ExponentialBackoff {
    let backoff = ExponentialBuilder::default()
        .with_min_delay(WAIT.0)
        .with_max_delay(WAIT.1);
    backoff.without_max_times().build()
}

/// A failure after which the same command may succeed; `stays` says what became of the rows.
pub(super) fn interrupted(failure: Failure, stays: &str) -> Failure {
    let help = match failure.passing {
        Passing::No => return failure,
        Passing::Helped => format!("{} ", failure.next),
        Passing::Soon => String::new(),
    };
    Failure {
        exit: Exit::Interrupted,
        next: format!("{help}{stays}"),
        ..failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::progress::Show;

    fn failure(passing: Passing) -> Failure {
        let failure = Failure::new(Exit::TargetError, "gone", "Free space.");
        Failure { passing, ..failure }
    }

    #[tokio::test(start_paused = true)]
    async fn what_passes_is_tried_again_until_the_limit() {
        let progress = Progress::new(Show::Nothing);
        let mut retry = Retry::new(Duration::from_secs(30));
        // The clock of the attempts is the machine's, so waits alone do not use the limit up here.
        for _ in 0..3 {
            assert!(retry.after(failure(Passing::Soon), &progress).await.is_ok());
        }
        let mut at_once = Retry::new(Duration::ZERO);
        assert!(at_once.after(failure(Passing::Soon), &progress).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_pass_by_itself_ends_it() {
        let progress = Progress::new(Show::Nothing);
        for passing in [Passing::No, Passing::Helped] {
            let mut retry = Retry::new(Duration::from_secs(300));
            assert!(retry.after(failure(passing), &progress).await.is_err());
        }
    }

    #[test]
    fn only_what_may_pass_ends_with_the_way_on() {
        let told = interrupted(failure(Passing::Helped), "Run it again.");
        assert_eq!(
            (told.exit, told.next.as_str()),
            (Exit::Interrupted, "Free space. Run it again.")
        );
        let told = interrupted(failure(Passing::Soon), "Run it again.");
        assert_eq!(
            (told.exit, told.next.as_str()),
            (Exit::Interrupted, "Run it again.")
        );
        let told = interrupted(failure(Passing::No), "Run it again.");
        assert_eq!(
            (told.exit, told.next.as_str()),
            (Exit::TargetError, "Free space.")
        );
    }
}
