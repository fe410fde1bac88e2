//! Files with damaged bytes: refused, or migrated equal to what SQLite still reads; never a crash.

use outgrow_e2e::postgres::Database;

use super::random::Random;
use super::{from_environment, run, source};

/// Damaged files of a default run.
const CASES: u64 = 100;

#[test]
fn a_damaged_file_never_crashes_or_passes_as_another() {
    let seed: u64 = from_environment("OUTGROW_SEED", 1);
    let cases: u64 = from_environment("OUTGROW_CASES", CASES);
    let database = Database::create();
    let folder = tempfile::tempdir().unwrap();
    source::make(&folder.path().join("good.db"), &mut Random::new(seed));
    let good = std::fs::read(folder.path().join("good.db")).unwrap();
    for case in 0..cases {
        let mut random = Random::new(seed + case);
        let mut bytes = good.clone();
        for _ in 0..1 + random.below(4) {
            let at = if random.chance(30) {
                random.below(100)
            } else {
                random.below(bytes.len())
            };
            bytes[at] = random.bits().to_le_bytes()[0];
        }
        if random.chance(10) {
            bytes.truncate(random.below(bytes.len()));
        }
        std::fs::write(folder.path().join("bad.db"), bytes).unwrap();
        let schema = format!("case {case}");
        let url = database.url();
        let output = run::command(
            folder.path(),
            &["migrate", "bad.db", "--to", &url, "--schema", &schema],
        );
        assert!(
            matches!(output.status.code(), Some(0 | 3 | 4)),
            "OUTGROW_SEED={seed}, case {case}: {}",
            run::told(&output)
        );
    }
}
