//! Mirrors the cells into a `metrics` recorder and renders them.
//!
//! Every family, label and description comes from `outgrow_shared::metrics`. Series are registered once and kept
//! as handles. Samples reach the recorder by bucket, count and mean, so bucket counts and sums stay exact.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::Recorder as Sink;
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use outgrow_shared::metrics::{self as contract, Kind, Metric};
use quanta::Instant;

use crate::probe::Probe;
use crate::series::{Series, describe, overhead};

/// Where the series live.
enum Target {
    /// A recorder of the agent's own.
    Private(Box<PrometheusRecorder>, PrometheusHandle),
    /// Whatever recorder the application installed.
    Global,
}

/// Registers, mirrors and renders the series of one database.
pub(crate) struct Exporter {
    target: Target,
    series: Mutex<Series>,
    cost_per_write: Duration,
}

impl Exporter {
    /// An exporter with a recorder of its own; its buckets are the contract's.
    pub(crate) fn private(cost_per_write: Duration) -> Result<Self, BuildError> {
        let mut builder = PrometheusBuilder::new();
        for metric in contract::ALL
            .iter()
            .filter(|metric| metric.kind == Kind::Histogram)
        {
            builder =
                builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), metric.buckets)?;
        }
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        Ok(Self::new(
            Target::Private(Box::new(recorder), handle),
            cost_per_write,
        ))
    }

    /// An exporter that emits through the recorder the application installed before.
    pub(crate) fn global(cost_per_write: Duration) -> Self {
        Self::new(Target::Global, cost_per_write)
    }

    fn new(target: Target, cost_per_write: Duration) -> Self {
        let exporter = Self {
            target,
            series: Mutex::default(),
            cost_per_write,
        };
        exporter.with_sink(|sink| contract::ALL.iter().for_each(|metric| describe(sink, metric)));
        exporter
    }

    /// Brings every series up to date.
    pub(crate) fn collect(&self, probe: &Probe) {
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        self.with_sink(|sink| {
            series.mirror(sink, probe);
            if matches!(self.target, Target::Global) {
                // Whole seconds are all that a counter of the `metrics` crate can hold.
                series.mirror_overhead(sink, overhead(probe, self.cost_per_write));
            }
        });
    }

    /// Empties the private recorder's buffers; the application runs the upkeep of a global one.
    pub(crate) fn upkeep(&self) {
        if let Target::Private(_, handle) = &self.target {
            handle.run_upkeep();
        }
    }

    /// The text of `/metrics`; empty with the global recorder, whose exporter renders.
    pub(crate) fn render(&self, probe: &Probe) -> String {
        let Target::Private(_, handle) = &self.target else {
            return String::new();
        };
        let started = Instant::now();
        self.collect(probe);
        let mut text = handle.render();
        // Counters of the `metrics` crate hold whole numbers; a fraction of a second needs lines of its own.
        let Metric {
            name, description, ..
        } = contract::OVERHEAD;
        let seconds = overhead(probe, self.cost_per_write).as_secs_f64();
        // Writing into a String cannot fail.
        let _ = writeln!(
            text,
            "# HELP {name} {description}\n# TYPE {name} counter\n{name} {seconds}"
        );
        probe.worked_since(started);
        text
    }

    fn with_sink<T>(&self, emit: impl FnOnce(&dyn Sink) -> T) -> T {
        match &self.target {
            Target::Private(recorder, _) => emit(&**recorder),
            Target::Global => metrics::with_recorder(emit),
        }
    }
}
