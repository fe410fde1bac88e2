//! The short form of the verdict over five numbers.

use outgrow_shared::verdict::{Deployment, MigrationMetrics, should_migrate_to_postgresql};

#[test]
fn five_numbers_are_enough() {
    let metrics = MigrationMetrics {
        error_rate: 0.1,
        writes_per_second: 10.0,
        deployment: Deployment::Single,
        file_size_gb: 1.0,
        timestamp: std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000),
    };
    let decision = should_migrate_to_postgresql(&metrics);
    assert_eq!(decision.headline, "SQLite sufficient");
    assert_eq!(decision.measured_at_unix_seconds, Some(1_700_000_000.0));
    let with = |change: &dyn Fn(&mut MigrationMetrics)| {
        let mut metrics = metrics.clone();
        change(&mut metrics);
        should_migrate_to_postgresql(&metrics).headline
    };
    for (percent, headline) in [
        (0.499_999, "SQLite sufficient"),
        (0.5, "PLAN MIGRATION - Write errors >=0.5%"),
        (1.0, "PLAN MIGRATION - Write errors >=0.5%"),
        (1.000_001, "MIGRATE NOW - Write errors >1%"),
    ] {
        assert_eq!(with(&|m| m.error_rate = percent), headline, "{percent} %");
    }
    for (size_gb, headline) in [
        (4.99, "SQLite sufficient"),
        (5.0, "PLAN MIGRATION - File size >=5 GB"),
        (10.0, "PLAN MIGRATION - File size >=5 GB"),
        (10.01, "MIGRATE NOW - File size >10 GB"),
    ] {
        assert_eq!(with(&|m| m.file_size_gb = size_gb), headline, "{size_gb} GB");
    }
    assert_eq!(
        with(&|m| m.writes_per_second = 100.1),
        "MIGRATE NOW - Throughput >100 writes/sec"
    );
    assert_eq!(
        with(&|m| m.deployment = Deployment::MultiServer),
        "MIGRATE NOW - Multi-server deployment"
    );
    assert!(with(&|m| m.error_rate = f64::NAN).starts_with("UNKNOWN - "));
    assert!(with(&|m| m.error_rate = 101.0).starts_with("UNKNOWN - "));
    assert!(with(&|m| m.file_size_gb = -1.0).starts_with("UNKNOWN - "));
}
