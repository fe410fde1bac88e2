//! An endpoint under watch: one scrape after another, judged over a window that moves along with them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use outgrow_shared::verdict::Signals;

use super::scrape::{Endpoint, Scrape, client};

/// Scrapes of one endpoint, kept for as long as the window needs them.
#[derive(Debug)]
pub struct Watch {
    client: ureq::Agent,
    endpoint: Endpoint,
    window: Duration,
    scrapes: VecDeque<Scrape>,
}

impl Watch {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(endpoint: Endpoint, window: Duration) -> Self {
        Self {
            client: client(),
            endpoint,
            window,
            scrapes: VecDeque::new(),
        }
    }

    /// Scrapes once more; the signals between the first scrape of the window and this one. `None` until there are
    /// two. An endpoint that does not answer is one signal that says why.
    pub fn look(&mut self) -> Option<Vec<Signals>> {
        let now = match Scrape::take(&self.client, &self.endpoint) {
            Ok(scrape) => scrape,
            Err(why) => return Some(why),
        };
        let surplus = surplus(self.scrapes.iter().map(|scrape| scrape.at), now.at, self.window);
        self.scrapes.drain(..surplus);
        let signals = self
            .scrapes
            .front()
            .map(|first| now.signals_since(first, &self.endpoint, None));
        self.scrapes.push_back(now);
        signals
    }

    /// Forgets what was seen, so that the window starts anew.
    pub fn start_anew(&mut self) {
        self.scrapes.clear();
    }
}

/// How many of the earliest scrapes a window that ends `now` can do without: the first one kept is the latest
/// that is at least a window old, so that a full window is never cut short.
fn surplus(taken: impl Iterator<Item = Instant>, now: Instant, window: Duration) -> usize {
    let old_enough = taken.take_while(|at| now.duration_since(*at) >= window).count();
    old_enough.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_begins_with_the_latest_scrape_that_is_old_enough() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let surplus_at = |now| surplus([0, 1, 2, 3].map(at).into_iter(), at(now), Duration::from_secs(3));
        assert_eq!([3, 4, 5, 6, 100].map(surplus_at), [0, 1, 2, 3, 3]);
    }

    #[test]
    fn an_endpoint_that_does_not_answer_is_told_and_not_kept() {
        let endpoint = Endpoint::parse("127.0.0.1:1").unwrap();
        let mut watch = Watch::new(endpoint, Duration::from_secs(1));
        let signals = watch.look().unwrap();
        assert!(signals[0].failure.as_deref().unwrap().contains("cannot scrape"));
        assert!(watch.scrapes.is_empty());
    }
}
