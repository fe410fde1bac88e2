//! Two scrapes by hand: rates, ratios and quantiles against numbers worked out on paper.

use outgrow_shared::verdict::Signals;

use super::*;
use crate::verdict::exposition::parse;

/// One database, two operations, as an agent exports them. `scale` is how far the counters have come.
fn scraped(ok: f64, errors: f64, fast: f64, slow: f64) -> String {
    format!(
        "# TYPE checkpoint_writes_total counter\n\
         checkpoint_writes_total{{db=\"a\",op=\"put\",status=\"ok\"}} {ok}\n\
         checkpoint_writes_total{{db=\"a\",op=\"put\",status=\"error\"}} {errors}\n\
         checkpoint_writes_total{{db=\"a\",op=\"drop\",status=\"ok\"}} 0\n\
         checkpoint_writes_total{{db=\"a\",op=\"drop\",status=\"error\"}} 0\n\
         checkpoint_write_errors_total{{db=\"a\",op=\"put\",code=\"busy_snapshot\"}} 0\n\
         checkpoint_write_duration_seconds_bucket{{db=\"a\",op=\"put\",le=\"1\"}} {fast}\n\
         checkpoint_write_duration_seconds_bucket{{db=\"a\",op=\"put\",le=\"5\"}} {both}\n\
         checkpoint_write_duration_seconds_bucket{{db=\"a\",op=\"put\",le=\"+Inf\"}} {both}\n\
         sqlite_database_size_bytes{{db=\"a\"}} 4096\n\
         sqlite_busy_timeout_seconds{{db=\"a\"}} 5\n\
         sqlite_config_info{{db=\"a\",journal_mode=\"wal\",synchronous=\"normal\",vfs=\"unix\",fs=\"ext4\"}} 1\n",
        both = fast + slow,
    )
}

fn between(first: &str, second: &str, elapsed_seconds: f64) -> Signals {
    let (first, second) = (parse(first).unwrap(), parse(second).unwrap());
    let window = Window {
        first: &first,
        second: &second,
        elapsed_seconds,
        now_unix_seconds: 1_000_000.0,
    };
    window.signals("a")
}

fn value(signals: &Signals, signal: &str) -> f64 {
    signals.measured[signal].value
}

#[test]
fn rates_and_ratios_come_from_the_increase() {
    let signals = between(
        &scraped(1000.0, 500.0, 1000.0, 500.0),
        &scraped(1190.0, 510.0, 1100.0, 600.0),
        10.0,
    );
    assert_eq!(signals.writes_seen, Some(200.0));
    assert_eq!(value(&signals, name::WRITES_PER_SECOND), 20.0);
    assert_eq!(value(&signals, name::WRITE_ERROR_RATIO), 0.05);
    // 100 up to 1 s, 100 up to 5 s: rank 198 is 98 % into the second bucket.
    assert_eq!(value(&signals, name::WRITE_P99_SECONDS), 1.0 + 4.0 * 0.98);
    assert_eq!(value(&signals, name::DATABASE_SIZE_BYTES), 4096.0);
    assert_eq!(value(&signals, name::BUSY_TIMEOUT_SECONDS), 5.0);
    assert_eq!(value(&signals, name::JOURNAL_MODE_WAL), 1.0);
    assert_eq!(value(&signals, name::BUSY_SNAPSHOT_ERRORS), 0.0);
    let ratio = &signals.measured[name::WRITE_ERROR_RATIO];
    assert_eq!(ratio.held_seconds, 10.0);
    assert_eq!(
        ratio.source,
        "sum(increase(checkpoint_writes_total{db=\"a\",status=\"error\"}[10s])) \
         / sum(increase(checkpoint_writes_total{db=\"a\"}[10s]))"
    );
    assert!(!signals.measured.contains_key(name::WRITER_LOCK_UTILIZATION));
    assert!(signals.absent.contains_key(name::WRITER_LOCK_UTILIZATION));
    assert!(signals.absent.contains_key(name::DISK_FULL_DAYS));
}

#[test]
fn a_restart_counts_from_zero_for_every_counter_of_the_database() {
    // Errors went from 3 to 5 and so look as if they only grew; the writes show that the process is new.
    let signals = between(
        &scraped(10_000.0, 3.0, 9000.0, 3.0),
        &scraped(95.0, 5.0, 90.0, 10.0),
        10.0,
    );
    assert_eq!(signals.writes_seen, Some(100.0));
    assert_eq!(value(&signals, name::WRITE_ERROR_RATIO), 0.05);
    assert_eq!(value(&signals, name::WRITE_P99_SECONDS), 1.0 + 4.0 * 0.9);
}

#[test]
fn a_series_that_appears_counts_from_zero() {
    let signals = between(
        "checkpoint_writes_total{db=\"b\"} 1\n",
        &scraped(50.0, 50.0, 50.0, 50.0),
        10.0,
    );
    assert_eq!(signals.writes_seen, Some(100.0));
}

#[test]
fn no_writes_have_no_ratio_and_no_latency() {
    let idle = scraped(1000.0, 10.0, 900.0, 110.0);
    let signals = between(&idle, &idle, 30.0);
    assert_eq!(value(&signals, name::WRITES_PER_SECOND), 0.0);
    for signal in [name::WRITE_ERROR_RATIO, name::WRITE_P99_SECONDS] {
        assert!(!signals.measured.contains_key(signal), "{signal}");
        assert_eq!(signals.absent[signal], "no writes in 30s", "{signal}");
    }
}

#[test]
fn a_missing_error_series_is_not_zero_errors() {
    let only_ok = "checkpoint_writes_total{db=\"a\",status=\"ok\"} 5\n";
    let signals = between("", only_ok, 10.0);
    assert_eq!(
        signals.absent[name::WRITE_ERROR_RATIO],
        "checkpoint_writes_total{status=\"error\"} is not exported"
    );
    assert!(signals.absent[name::WRITE_P99_SECONDS].ends_with("is not exported"));
    assert!(signals.absent[name::DATABASE_SIZE_BYTES].ends_with("is not exported"));
}

#[test]
fn nan_is_kept_to_be_judged() {
    let second = scraped(f64::NAN, 5.0, 10.0, 10.0);
    let signals = between(&scraped(0.0, 0.0, 0.0, 0.0), &second, 10.0);
    assert!(value(&signals, name::WRITES_PER_SECOND).is_nan());
    assert!(value(&signals, name::WRITE_ERROR_RATIO).is_nan());
}

#[test]
fn the_age_comes_from_timestamps_where_there_are_any() {
    for (timestamp, age) in [
        ("", 0.0),
        (" 999999000", 1.0),
        (" 999100000", 900.0),
        (" 1000059000", 0.0),
        (" 1000061000", -61.0),
    ] {
        let scrape = format!("checkpoint_writes_total{{db=\"a\",status=\"ok\"}} 5{timestamp}\n");
        assert_eq!(between("", &scrape, 10.0).age_seconds, age, "{timestamp:?}");
    }
}

#[test]
fn engine_families_are_read_when_present() {
    let engine = |held: f64, hold_fast: f64, hold_slow: f64, all: f64, blocked: f64| {
        format!(
            "checkpoint_writes_total{{db=\"a\",status=\"ok\"}} 1\n\
             sqlite_write_lock_hold_seconds_sum{{db=\"a\"}} {held}\n\
             sqlite_write_lock_hold_seconds_bucket{{db=\"a\",le=\"0.1\"}} {hold_fast}\n\
             sqlite_write_lock_hold_seconds_bucket{{db=\"a\",le=\"0.2\"}} {hold_slow}\n\
             sqlite_write_lock_hold_seconds_bucket{{db=\"a\",le=\"+Inf\"}} {hold_slow}\n\
             sqlite_wal_checkpoints_total{{db=\"a\"}} {all}\n\
             sqlite_wal_checkpoint_blocked_total{{db=\"a\"}} {blocked}\n"
        )
    };
    let signals = between(
        &engine(1.0, 0.0, 0.0, 10.0, 5.0),
        &engine(8.0, 0.0, 100.0, 14.0, 8.0),
        10.0,
    );
    assert_eq!(value(&signals, name::WRITER_LOCK_UTILIZATION), 0.7);
    assert!((value(&signals, name::WRITE_LOCK_HOLD_P99_SECONDS) - 0.199).abs() < 1e-12);
    assert_eq!(value(&signals, name::WAL_CHECKPOINTS_BLOCKED_RATIO), 0.75);
    let always = between(
        &engine(0.0, 0.0, 0.0, 0.0, 0.0),
        &engine(10.1, 0.0, 1.0, 0.0, 0.0),
        10.0,
    );
    assert_eq!(value(&always, name::WRITER_LOCK_UTILIZATION), 1.0);
}

#[test]
fn databases_are_told_apart() {
    let both = format!(
        "{}{}",
        scraped(1.0, 0.0, 1.0, 0.0),
        scraped(9.0, 9.0, 9.0, 9.0).replace("db=\"a\"", "db=\"b\"")
    );
    let samples = parse(&both).unwrap();
    let window = Window {
        first: &[],
        second: &samples,
        elapsed_seconds: 1.0,
        now_unix_seconds: 0.0,
    };
    assert_eq!(window.databases().into_iter().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(window.signals("a").writes_seen, Some(1.0));
    assert_eq!(window.signals("b").writes_seen, Some(18.0));
}
