//! Two scrapes of one endpoint into the signals of each database on it. Pure.
//!
//! Rates come from counter increases, the 99th percentile from bucket increases. A counter that went down began
//! anew with its process; all counters of that database are then taken to have begun at zero, because a young
//! counter may already have passed its old value. What cannot be told is absent with its reason, never zero.

use std::collections::{BTreeMap, BTreeSet};

use outgrow_shared::verdict::{Signals, name};

use super::exposition::Sample;
use super::names;
use super::quantile::{Bucket, histogram_quantile};

/// The percentile that the policy limits.
const P99: f64 = 0.99;

/// A clock that runs this far ahead of ours is skew; further ahead, nobody knows the age.
const CLOCK_SKEW_SECONDS: f64 = 60.0;

/// Two scrapes and the time between them.
pub(super) struct Window<'a> {
    pub(super) first: &'a [Sample],
    pub(super) second: &'a [Sample],
    pub(super) elapsed_seconds: f64,
    /// Our clock at the second scrape, seconds since 1970-01-01 UTC.
    pub(super) now_unix_seconds: f64,
}

impl Window<'_> {
    /// Aliases of the databases whose writes the second scrape counts.
    pub(super) fn databases(&self) -> BTreeSet<&str> {
        let writes = self
            .second
            .iter()
            .filter(|sample| sample.name == names::WRITES_TOTAL);
        writes
            .filter_map(|sample| sample.label(names::LABEL_DB))
            .collect()
    }

    /// The signals of the database `db`.
    pub(super) fn signals(&self, db: &str) -> Signals {
        let increases = Increases::new(self, db);
        let mut signals = Signals::new(self.elapsed_seconds);
        signals.database = Some(db.to_owned());
        signals.measured_at_unix_seconds = Some(self.now_unix_seconds);
        signals.age_seconds = self.age_seconds(db);
        writes(&increases, &mut signals);
        latency(&increases, &mut signals);
        lock(&increases, &mut signals);
        wal_checkpoints(&increases, &mut signals);
        self.gauges(db, &mut signals);
        let window = increases.range();
        signals.insert_absent(
            name::DISK_FULL_DAYS,
            format!("a window of {window} is too short to predict days"),
        );
        signals.insert_absent(name::WRITING_SERVERS, "not declared, see --deployment");
        signals
    }

    /// Age of the newest sample. Exporters seldom send timestamps; without one a sample is as old as its scrape.
    fn age_seconds(&self, db: &str) -> f64 {
        let newest = of_database(self.second, db)
            .filter_map(|sample| sample.timestamp_seconds)
            .fold(f64::NEG_INFINITY, f64::max);
        if newest == f64::NEG_INFINITY {
            return 0.0;
        }
        let age = self.now_unix_seconds - newest;
        if (-CLOCK_SKEW_SECONDS..0.0).contains(&age) {
            0.0
        } else {
            age
        }
    }

    fn gauges(&self, db: &str, signals: &mut Signals) {
        let gauge = |metric: &str| {
            let values = of_database(self.second, db).filter(|sample| sample.name == metric);
            values.map(|sample| sample.value).reduce(worse_of_two)
        };
        match gauge(names::DATABASE_SIZE_BYTES) {
            Some(bytes) => {
                let source = format!("{}{{db={db:?}}}", names::DATABASE_SIZE_BYTES);
                signals.insert(name::DATABASE_SIZE_BYTES, bytes, source);
            }
            None => signals.insert_absent(
                name::DATABASE_SIZE_BYTES,
                not_exported(names::DATABASE_SIZE_BYTES),
            ),
        }
        let timeouts = of_database(self.second, db).filter(|s| s.name == names::BUSY_TIMEOUT_SECONDS);
        // Connections may differ; the one with the shortest timeout is the one that fails.
        if let Some(seconds) = timeouts.map(|sample| sample.value).reduce(f64::min) {
            let source = format!("min({}{{db={db:?}}})", names::BUSY_TIMEOUT_SECONDS);
            signals.insert(name::BUSY_TIMEOUT_SECONDS, seconds, source);
        }
        let journal_mode = of_database(self.second, db)
            .filter(|sample| sample.name == names::CONFIG_INFO && sample.value == 1.0)
            .find_map(|sample| sample.label(names::LABEL_JOURNAL_MODE));
        if let Some(mode) = journal_mode {
            let wal = if mode.eq_ignore_ascii_case("wal") {
                1.0
            } else {
                0.0
            };
            let source = format!("{}{{db={db:?}}}, journal_mode={mode:?}", names::CONFIG_INFO);
            signals.insert(name::JOURNAL_MODE_WAL, wal, source);
        }
    }
}

/// The greater value; NaN when either is, so that nonsense is seen and not skipped.
fn worse_of_two(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.max(b)
    }
}

fn not_exported(metric: &str) -> String {
    format!("{metric} is not exported")
}

fn of_database<'a>(samples: &'a [Sample], db: &'a str) -> impl Iterator<Item = &'a Sample> {
    samples
        .iter()
        .filter(move |sample| sample.label(names::LABEL_DB) == Some(db))
}

fn writes(increases: &Increases<'_>, signals: &mut Signals) {
    let range = increases.range();
    let all_query = increases.query(names::WRITES_TOTAL, "");
    let Some(all) = increases.sum(names::WRITES_TOTAL, |_| true) else {
        return;
    };
    signals.writes_seen = Some(all);
    let source = format!("sum(rate({all_query}))");
    signals.insert(name::WRITES_PER_SECOND, all / signals.observed_seconds, source);

    let is_error = |s: &Sample| s.label(names::LABEL_STATUS) == Some(names::STATUS_ERROR);
    match increases.sum(names::WRITES_TOTAL, is_error) {
        Some(_) if all == 0.0 => {
            signals.insert_absent(name::WRITE_ERROR_RATIO, format!("no writes in {range}"));
        }
        Some(errors) => {
            let error_query = increases.query(names::WRITES_TOTAL, ",status=\"error\"");
            let source = format!("sum(increase({error_query})) / sum(increase({all_query}))");
            signals.insert(name::WRITE_ERROR_RATIO, errors / all, source);
        }
        None => signals.insert_absent(
            name::WRITE_ERROR_RATIO,
            format!("{}{{status=\"error\"}} is not exported", names::WRITES_TOTAL),
        ),
    }
    let is_snapshot = |s: &Sample| s.label(names::LABEL_CODE) == Some(names::CODE_BUSY_SNAPSHOT);
    if let Some(count) = increases.sum(names::WRITE_ERRORS_TOTAL, is_snapshot) {
        let query = increases.query(names::WRITE_ERRORS_TOTAL, ",code=\"busy_snapshot\"");
        signals.insert(
            name::BUSY_SNAPSHOT_ERRORS,
            count,
            format!("sum(increase({query}))"),
        );
    }
}

fn latency(increases: &Increases<'_>, signals: &mut Signals) {
    let metric = format!("{}_bucket", names::WRITE_DURATION_SECONDS);
    match increases.p99(&metric) {
        P99Of::Value(value, source) => signals.insert(name::WRITE_P99_SECONDS, value, source),
        P99Of::Nothing => {
            let range = increases.range();
            signals.insert_absent(name::WRITE_P99_SECONDS, format!("no writes in {range}"));
        }
        P99Of::NotExported => signals.insert_absent(name::WRITE_P99_SECONDS, not_exported(&metric)),
    }
}

fn lock(increases: &Increases<'_>, signals: &mut Signals) {
    let held_metric = format!("{}_sum", names::WRITE_LOCK_HOLD_SECONDS);
    match increases.sum(&held_metric, |_| true) {
        Some(held_seconds) => {
            let source = format!("sum(rate({}))", increases.query(&held_metric, ""));
            // Two clocks measure hold and window; a lock held all the time may come out a hair above 1.
            let utilization = held_seconds / signals.observed_seconds;
            let utilization = if utilization > 1.0 { 1.0 } else { utilization };
            signals.insert(name::WRITER_LOCK_UTILIZATION, utilization, source);
        }
        None => signals.insert_absent(name::WRITER_LOCK_UTILIZATION, not_exported(&held_metric)),
    }
    let buckets = format!("{}_bucket", names::WRITE_LOCK_HOLD_SECONDS);
    if let P99Of::Value(value, source) = increases.p99(&buckets) {
        signals.insert(name::WRITE_LOCK_HOLD_P99_SECONDS, value, source);
    }
}

fn wal_checkpoints(increases: &Increases<'_>, signals: &mut Signals) {
    let all = increases.sum(names::WAL_CHECKPOINTS_TOTAL, |_| true);
    let blocked = increases.sum(names::WAL_CHECKPOINT_BLOCKED_TOTAL, |_| true);
    if let (Some(all), Some(blocked)) = (all, blocked)
        && all > 0.0
    {
        let above = increases.query(names::WAL_CHECKPOINT_BLOCKED_TOTAL, "");
        let below = increases.query(names::WAL_CHECKPOINTS_TOTAL, "");
        let source = format!("sum(increase({above})) / sum(increase({below}))");
        signals.insert(name::WAL_CHECKPOINTS_BLOCKED_RATIO, blocked / all, source);
    }
}

enum P99Of {
    Value(f64, String),
    Nothing,
    NotExported,
}

/// By how much each cumulative series of one database grew.
struct Increases<'a> {
    db: &'a str,
    elapsed_seconds: f64,
    grown: Vec<(&'a Sample, f64)>,
}

impl<'a> Increases<'a> {
    fn new(window: &Window<'a>, db: &'a str) -> Self {
        let before: BTreeMap<_, f64> = of_database(window.first, db)
            .map(|sample| ((&sample.name, &sample.labels), sample.value))
            .collect();
        let earlier = |sample: &Sample| before.get(&(&sample.name, &sample.labels)).copied();
        let restarted = of_database(window.second, db)
            .filter(|sample| is_cumulative(&sample.name))
            .any(|sample| earlier(sample).is_some_and(|value| sample.value < value));
        let grown = of_database(window.second, db)
            .filter(|sample| is_cumulative(&sample.name))
            .map(|sample| {
                let base = if restarted {
                    0.0
                } else {
                    earlier(sample).unwrap_or(0.0)
                };
                (sample, sample.value - base)
            })
            .collect();
        Self {
            db,
            elapsed_seconds: window.elapsed_seconds,
            grown,
        }
    }

    /// Sum over the series of `metric` that `keep` keeps; `None` when there is none.
    fn sum(&self, metric: &str, keep: impl Fn(&Sample) -> bool) -> Option<f64> {
        let mut kept = self
            .grown
            .iter()
            .filter(|(sample, _)| sample.name == metric && keep(sample))
            .peekable();
        kept.peek()?;
        Some(kept.map(|(_, increase)| increase).sum())
    }

    fn p99(&self, metric: &str) -> P99Of {
        let mut by_bound: BTreeMap<u64, Bucket> = BTreeMap::new();
        for (sample, increase) in self.grown.iter().filter(|(sample, _)| sample.name == metric) {
            let Some(Ok(le)) = sample.label(names::LABEL_LE).map(str::parse::<f64>) else {
                continue;
            };
            by_bound
                .entry(le.to_bits())
                .or_insert(Bucket { le, count: 0.0 })
                .count += increase;
        }
        if by_bound.is_empty() {
            return P99Of::NotExported;
        }
        match histogram_quantile(P99, by_bound.into_values().collect()) {
            Some(value) => {
                let query = self.query(metric, "");
                P99Of::Value(
                    value,
                    format!("histogram_quantile({P99}, sum by (le) (rate({query})))"),
                )
            }
            None => P99Of::Nothing,
        }
    }

    /// The selector of `metric` over the window, as PromQL writes it.
    fn query(&self, metric: &str, more_labels: &str) -> String {
        format!("{metric}{{db={:?}{more_labels}}}[{}]", self.db, self.range())
    }

    fn range(&self) -> String {
        format!("{:.0}s", self.elapsed_seconds.max(1.0))
    }
}

/// Whether a series only ever grows while its process lives. Prometheus' naming rules say so by the suffix.
fn is_cumulative(metric: &str) -> bool {
    ["_total", "_bucket", "_count", "_sum"]
        .iter()
        .any(|suffix| metric.ends_with(suffix))
}

#[cfg(test)]
mod tests;
