//! Sizes as they are written, and a log that grows.

use std::fs;

use super::*;

#[test]
fn sizes_are_read_as_people_write_them() {
    let mib = 1024 * 1024;
    for (text, expected) in [
        ("512MiB", MaxWal::Bytes(512 * mib)),
        ("4 GiB", MaxWal::Bytes(4096 * mib)),
        ("1000", MaxWal::Bytes(1000)),
        ("1GB", MaxWal::Bytes(1_000_000_000)),
        ("0", MaxWal::Unbounded),
        ("none", MaxWal::Unbounded),
        ("auto", MaxWal::Auto),
    ] {
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }
    for text in ["", "much", "-1", "4 sheep"] {
        assert!(text.parse::<MaxWal>().is_err(), "{text}");
    }
}

/// What a watch says of a log that is changed so after it began.
fn told(max: MaxWal, before: u64, after: u64) -> Option<Failure> {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("a.db");
    let log = folder.path().join("a.db-wal");
    fs::write(&source, "").unwrap();
    let resize = |bytes| {
        fs::File::options()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap()
            .set_len(bytes)
            .unwrap();
    };
    if before > 0 {
        resize(before);
    }
    let watch = WalWatch::begin(&source, max);
    resize(after);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let waited = runtime.block_on(async { tokio::time::timeout(POLL * 2, watch.exceeded()).await });
    waited.ok()
}

#[test]
fn only_growth_beyond_the_bound_is_told() {
    let max = MaxWal::Bytes(5000);
    assert!(told(max, 0, 5000).is_none());
    assert!(told(max, 9000, 9000).is_none(), "it was there before");
    assert!(told(max, 9000, 14_000).is_none());
    assert!(told(max, 9000, 100).is_none(), "it shrank");
    assert!(told(MaxWal::Unbounded, 0, 1 << 40).is_none());
    assert!(told(MaxWal::Auto, 0, 4096).is_none());
    // A sparse file beyond any bound by default.
    assert!(told(MaxWal::Auto, 0, 1 << 40).is_some());
    let failure = told(max, 9000, 14_001).unwrap();
    assert_eq!(failure.exit, Exit::Interrupted);
    let text = failure.to_string();
    for word in ["a.db-wal", "--max-wal", "run the same command again", "4.9 KiB"] {
        assert!(text.contains(word), "{word}: {text}");
    }
}
