//! The registered series and how each is brought up to date from the cells.
//!
//! A series appears with its zero as soon as its op is known, so that no query misses it. Gauges that are not
//! known yet (sizes before the first sample, configuration before the first connection) do not appear at all.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder as Sink, SharedString};
use outgrow_shared::metrics::{self as contract, Code, Kind, Metric, Status, Unit};
use quanta::Instant;

use crate::cells::{HistogramCells, OpCells};
use crate::probe::{Config, Probe};
use crate::sampler::Sizes;

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// Nanoseconds in a second.
const NANOS: f64 = 1e9;

/// Every registered series of one database.
#[derive(Default)]
pub(crate) struct Series {
    ops: Vec<OpSeries>,
    gauges: Option<ProbeSeries>,
    attached: Option<[Counter; 2]>,
    sizes: Option<[Gauge; 4]>,
    busy_timeout: Option<Gauge>,
    config: Option<(Vec<String>, Gauge)>,
    overhead: Option<Counter>,
    /// Moment of the last committed write and the Unix time made of it, which must not wander between scrapes.
    last_success: Option<(Instant, f64)>,
}

struct ProbeSeries {
    in_flight: Gauge,
    last_success: Gauge,
    over_op_limit: Counter,
}

struct OpSeries {
    name: Box<str>,
    status: [Counter; Status::ALL.len()],
    errors: [Counter; Code::ALL.len()],
    rows: Counter,
    duration: HistogramMirror,
    bytes: Option<HistogramMirror>,
}

/// Tells a recorder what a metric means.
pub(crate) fn describe(sink: &dyn Sink, metric: &Metric) {
    let name = metric.name.into();
    let description = SharedString::const_str(metric.description);
    let unit = match metric.unit {
        Unit::Count => metrics::Unit::Count,
        Unit::Seconds => metrics::Unit::Seconds,
        Unit::Bytes => metrics::Unit::Bytes,
    };
    match metric.kind {
        Kind::Counter => sink.describe_counter(name, Some(unit), description),
        Kind::Gauge => sink.describe_gauge(name, Some(unit), description),
        Kind::Histogram => sink.describe_histogram(name, Some(unit), description),
    }
}

/// Time the agent took: its threads, and its share of every write.
pub(crate) fn overhead(probe: &Probe, cost_per_write: Duration) -> Duration {
    let writes: u64 = probe.ops().iter().map(|op| op.duration.count()).sum();
    let in_writes = cost_per_write.as_secs_f64() * writes as f64;
    let in_threads = Duration::from_nanos(probe.background_nanos.load(Ordering::Relaxed));
    in_threads + Duration::try_from_secs_f64(in_writes).unwrap_or_default()
}

fn key(metric: &Metric, values: &[&str]) -> Key {
    debug_assert_eq!(metric.labels.len(), values.len());
    let labels: Vec<Label> = metric
        .labels
        .iter()
        .zip(values)
        .map(|(label, value)| Label::new(*label, (*value).to_owned()))
        .collect();
    Key::from_parts(metric.name, labels)
}

fn counter(sink: &dyn Sink, metric: &Metric, values: &[&str]) -> Counter {
    let counter = sink.register_counter(&key(metric, values), &METADATA);
    counter.absolute(0);
    counter
}

fn gauge(sink: &dyn Sink, metric: &Metric, values: &[&str]) -> Gauge {
    sink.register_gauge(&key(metric, values), &METADATA)
}

impl Series {
    /// Brings every series up to date with `probe`.
    pub(crate) fn mirror(&mut self, sink: &dyn Sink, probe: &Probe) {
        for cells in probe.ops() {
            let known = self.ops.iter().position(|op| op.name == cells.name);
            let at = known.unwrap_or_else(|| {
                self.ops.push(OpSeries::register(sink, &probe.db, &cells));
                self.ops.len() - 1
            });
            if let Some(op) = self.ops.get_mut(at) {
                op.mirror(sink, &probe.db, &cells);
            }
        }
        self.mirror_probe(sink, probe);
        let sizes = probe.sizes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let config = probe
            .config
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(sizes) = &sizes {
            self.mirror_sizes(sink, &probe.db, sizes);
        }
        if let Some(config) = &config {
            self.mirror_config(sink, &probe.db, config, sizes.as_ref());
        }
        if probe.attached.load(Ordering::Relaxed) {
            let [commits, rollbacks] = self.attached.get_or_insert_with(|| {
                contract::OUTCOMES
                    .map(|outcome| counter(sink, &contract::ATTACHED_TRANSACTIONS, &[&probe.db, outcome]))
            });
            commits.absolute(probe.commits.load(Ordering::Relaxed));
            rollbacks.absolute(probe.rollbacks.load(Ordering::Relaxed));
        }
    }

    /// Mirrors the agent's own cost in whole seconds.
    pub(crate) fn mirror_overhead(&mut self, sink: &dyn Sink, overhead: Duration) {
        let total = self
            .overhead
            .get_or_insert_with(|| counter(sink, &contract::OVERHEAD, &[]));
        total.absolute(overhead.as_secs());
    }

    fn mirror_probe(&mut self, sink: &dyn Sink, probe: &Probe) {
        let series = self.gauges.get_or_insert_with(|| {
            gauge(
                sink,
                &contract::BUILD_INFO,
                &[env!("CARGO_PKG_VERSION"), sqlite_version()],
            )
            .set(1);
            ProbeSeries {
                in_flight: gauge(sink, &contract::WRITES_IN_FLIGHT, &[&probe.db]),
                last_success: gauge(sink, &contract::WRITE_LAST_SUCCESS, &[&probe.db]),
                over_op_limit: counter(sink, &contract::DROPPED_EVENTS, &[contract::REASON_OP_LIMIT]),
            }
        });
        series
            .in_flight
            .set(probe.in_flight.load(Ordering::Relaxed) as f64);
        series.over_op_limit.absolute(probe.over_op_limit());
        if let Some(at) = probe.last_success()
            && self.last_success.is_none_or(|(seen, _)| seen != at)
        {
            self.last_success = Some((at, unix_seconds(at)));
        }
        series
            .last_success
            .set(self.last_success.map_or(0.0, |(_, unix)| unix));
    }

    fn mirror_sizes(&mut self, sink: &dyn Sink, db: &str, sizes: &Sizes) {
        let metrics = [
            contract::DATABASE_SIZE,
            contract::WAL_SIZE,
            contract::FILESYSTEM_AVAIL,
            contract::FILESYSTEM_SIZE,
        ];
        let [database, wal, avail, size] = self
            .sizes
            .get_or_insert_with(|| metrics.map(|metric| gauge(sink, &metric, &[db])));
        database.set(sizes.database_bytes as f64);
        wal.set(sizes.wal_bytes as f64);
        if let Some(filesystem) = &sizes.filesystem {
            avail.set(filesystem.avail_bytes as f64);
            size.set(filesystem.size_bytes as f64);
        }
    }

    fn mirror_config(&mut self, sink: &dyn Sink, db: &str, config: &Config, sizes: Option<&Sizes>) {
        let timeout = self
            .busy_timeout
            .get_or_insert_with(|| gauge(sink, &contract::BUSY_TIMEOUT, &[db]));
        timeout.set(config.busy_timeout.as_secs_f64());
        let fs = sizes
            .and_then(|sizes| sizes.filesystem.as_ref())
            .map_or("unknown", |fs| fs.kind.as_str());
        let values = [db, &config.journal_mode, config.synchronous, &config.vfs, fs];
        if let Some((seen, info)) = &self.config {
            if seen.iter().eq(values.iter()) {
                return;
            }
            info.set(0);
        }
        let info = gauge(sink, &contract::CONFIG_INFO, &values);
        info.set(1);
        self.config = Some((values.map(str::to_owned).to_vec(), info));
    }
}

impl OpSeries {
    fn register(sink: &dyn Sink, db: &str, cells: &OpCells) -> Self {
        let op = &*cells.name;
        Self {
            name: cells.name.clone(),
            status: Status::ALL.map(|status| counter(sink, &contract::WRITES, &[db, op, status.as_str()])),
            errors: Code::ALL.map(|code| counter(sink, &contract::WRITE_ERRORS, &[db, op, code.as_str()])),
            rows: counter(sink, &contract::WRITE_ROWS, &[db, op]),
            duration: HistogramMirror::register(sink, &contract::WRITE_DURATION, &[db, op]),
            bytes: None,
        }
    }

    fn mirror(&mut self, sink: &dyn Sink, db: &str, cells: &OpCells) {
        // Errors before durations, so that a failure counted in between never makes `ok` too small.
        let mut failed = 0;
        for (series, cell) in self.errors.iter().zip(&cells.errors) {
            let errors = cell.load(Ordering::Acquire);
            series.absolute(errors);
            failed += errors;
        }
        let [ok, error] = &self.status;
        error.absolute(failed);
        ok.absolute(cells.duration.count().saturating_sub(failed));
        self.rows.absolute(cells.rows.load(Ordering::Relaxed));
        self.duration.mirror(&cells.duration);
        if self.bytes.is_none() && cells.bytes.count() > 0 {
            self.bytes = Some(HistogramMirror::register(
                sink,
                &contract::WRITE_BYTES,
                &[db, &cells.name],
            ));
        }
        if let Some(bytes) = &mut self.bytes {
            bytes.mirror(&cells.bytes);
        }
    }
}

/// What of a histogram the recorder has already been told.
struct HistogramMirror {
    histogram: Histogram,
    buckets: &'static [f64],
    per_unit: f64,
    told: Vec<Told>,
}

#[derive(Clone, Copy, Default)]
struct Told {
    count: u64,
    sum: u64,
    /// Part of the sum that is still to be told, in the metric's unit.
    owed: f64,
}

impl HistogramMirror {
    fn register(sink: &dyn Sink, metric: &Metric, values: &[&str]) -> Self {
        let per_unit = if metric.unit == Unit::Seconds { NANOS } else { 1.0 };
        Self {
            histogram: sink.register_histogram(&key(metric, values), &METADATA),
            buckets: metric.buckets,
            per_unit,
            told: vec![Told::default(); metric.buckets.len() + 1],
        }
    }

    /// Tells each bucket's new samples as so many samples of their mean, which lies in that bucket.
    fn mirror(&mut self, cells: &HistogramCells) {
        for (at, ((count, sum), told)) in cells.read().zip(&mut self.told).enumerate() {
            told.owed += sum.wrapping_sub(told.sum) as f64 / self.per_unit;
            told.sum = sum;
            let new = count.saturating_sub(told.count);
            if new == 0 {
                continue;
            }
            told.count = count;
            let value = within(self.buckets, at, told.owed / new as f64);
            told.owed -= value * new as f64;
            self.histogram
                .record_many(value, usize::try_from(new).unwrap_or(usize::MAX));
        }
    }
}

/// `mean` kept inside bucket `at`: rounding, or a sum read while a sample was being added, may put it outside.
fn within(buckets: &[f64], at: usize, mean: f64) -> f64 {
    let below = at.checked_sub(1).and_then(|i| buckets.get(i));
    let least = below.map_or(0.0, |bound| bound.next_up());
    let most = buckets.get(at).copied().unwrap_or(f64::MAX);
    mean.clamp(least, most)
}

fn unix_seconds(at: Instant) -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(at.elapsed()).as_secs_f64()
}

#[cfg(feature = "rusqlite")]
fn sqlite_version() -> &'static str {
    rusqlite::version()
}

#[cfg(not(feature = "rusqlite"))]
fn sqlite_version() -> &'static str {
    "unknown"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_stays_in_its_bucket() {
        let buckets = [1.0, 2.0];
        assert_eq!(within(&buckets, 0, -0.1), 0.0);
        assert_eq!(within(&buckets, 0, 1.5), 1.0);
        assert!(within(&buckets, 1, 1.0) > 1.0);
        assert_eq!(within(&buckets, 1, 2.0), 2.0);
        assert_eq!(within(&buckets, 2, 9.0), 9.0);
        assert!(within(&buckets, 2, 2.0) > 2.0);
    }
}
