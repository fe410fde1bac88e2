//! The numbers of one op, as atomics that the application's threads add to.
//!
//! Adding never locks, allocates or blocks. A histogram keeps a count and a sum for each bucket, so that the
//! exporter can hand exact bucket counts and an exact sum to any recorder. Reading and naming them is `export`'s.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use outgrow_shared::metrics::{self, Code, Metric, Unit};

/// Nanoseconds as they are kept; a span beyond 584 years counts as that.
pub(crate) fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

/// Samples by bucket. Durations are kept in nanoseconds, payloads in bytes.
pub(crate) struct HistogramCells {
    bounds: Box<[u64]>,
    cells: Box<[BucketCell]>,
}

#[derive(Default)]
struct BucketCell {
    count: AtomicU64,
    sum: AtomicU64,
}

impl HistogramCells {
    pub(crate) fn new(metric: &Metric) -> Self {
        let whole = |bound: &f64| match metric.unit {
            Unit::Seconds => nanos(Duration::from_secs_f64(*bound)),
            // Whole bytes: the nanosecond arithmetic of Duration is exact for them as seconds.
            Unit::Bytes | Unit::Count => Duration::from_secs_f64(*bound).as_secs(),
        };
        let bounds: Box<[u64]> = metric.buckets.iter().map(whole).collect();
        let cells = (0..=bounds.len()).map(|_| BucketCell::default()).collect();
        Self { bounds, cells }
    }

    /// Adds one sample; a sample equal to a bound belongs to that bound's bucket, as in Prometheus.
    pub(crate) fn add(&self, sample: u64) {
        let at = self.bounds.partition_point(|bound| *bound < sample);
        if let Some(cell) = self.cells.get(at) {
            cell.sum.fetch_add(sample, Ordering::Relaxed);
            // Released after the sum: a reader that sees the count sees its sample in the sum too.
            cell.count.fetch_add(1, Ordering::Release);
        }
    }

    /// Count and sum of each bucket, the one above the last bound included.
    pub(crate) fn read(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.cells.iter().map(|cell| {
            let count = cell.count.load(Ordering::Acquire);
            (count, cell.sum.load(Ordering::Relaxed))
        })
    }

    /// Number of samples.
    pub(crate) fn count(&self) -> u64 {
        self.cells
            .iter()
            .map(|cell| cell.count.load(Ordering::Acquire))
            .sum()
    }
}

/// The numbers of one op of one database.
pub(crate) struct OpCells {
    /// Value of the label `op`.
    pub(crate) name: Box<str>,
    /// Every write that ended, failed ones included; committed ones are its count less the errors.
    pub(crate) duration: HistogramCells,
    /// Failed writes, by `Code as usize`.
    pub(crate) errors: [AtomicU64; Code::ALL.len()],
    /// Rows changed by committed writes.
    pub(crate) rows: AtomicU64,
    /// Payload of committed writes that told one.
    pub(crate) bytes: HistogramCells,
}

impl OpCells {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            duration: HistogramCells::new(&metrics::WRITE_DURATION),
            errors: Default::default(),
            rows: AtomicU64::new(0),
            bytes: HistogramCells::new(&metrics::WRITE_BYTES),
        }
    }

    /// Counts a write that committed.
    pub(crate) fn add_ok(&self, took: Duration, rows: u64, bytes: u64) {
        if rows > 0 {
            self.rows.fetch_add(rows, Ordering::Relaxed);
        }
        if bytes > 0 {
            self.bytes.add(bytes);
        }
        self.duration.add(nanos(took));
    }

    /// Counts a write that failed.
    pub(crate) fn add_error(&self, took: Duration, code: Code) {
        // The duration first: a reader that loads errors before durations never sees more errors than writes.
        self.duration.add(nanos(took));
        if let Some(cell) = self.errors.get(code as usize) {
            cell.fetch_add(1, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_on_a_bound_belongs_to_its_bucket_and_one_more_to_the_next() {
        let cells = HistogramCells::new(&metrics::WRITE_DURATION);
        cells.add(50_000);
        cells.add(50_001);
        cells.add(10_000_000_000);
        cells.add(10_000_000_001);
        let read: Vec<_> = cells.read().collect();
        let last = metrics::DURATION_BUCKETS_SECONDS.len();
        assert_eq!(read.len(), last + 1);
        assert_eq!(read[0], (1, 50_000));
        assert_eq!(read[1], (1, 50_001));
        assert_eq!(read[last - 1], (1, 10_000_000_000));
        assert_eq!(read[last], (1, 10_000_000_001));
        assert_eq!(cells.count(), 4);
    }

    #[test]
    fn bounds_in_bytes_are_the_contract_s() {
        let cells = HistogramCells::new(&metrics::WRITE_BYTES);
        assert_eq!(
            *cells.bounds,
            [
                256, 1024, 4096, 16384, 65536, 262_144, 1_048_576, 4_194_304, 16_777_216
            ]
        );
    }

    #[test]
    fn endless_spans_do_not_overflow() {
        assert_eq!(nanos(Duration::MAX), u64::MAX);
    }
}
