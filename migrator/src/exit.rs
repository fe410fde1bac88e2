//! The one table of exit codes. Scripts rely on it; a code never changes its meaning.

use std::process::ExitCode;

/// How a run of `outgrow` ended, as its exit code says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done: verified EQUAL, or the verdict is `SQLite sufficient`.
    Done = 0,
    /// The command line or a file given on it cannot be used.
    Usage = 2,
    /// The SQLite file cannot be read or must not be trusted.
    SourceRefused = 3,
    /// The plan names something that would be lost, or the target refuses an object for good.
    PlanBlocked = 4,
    /// Postgres refused, failed or went away.
    TargetError = 5,
    /// Verification found both sides DIFFERENT.
    Different = 6,
    /// Stopped on request; the next run goes on.
    Interrupted = 7,
    /// The verdict or a halt forbids the migration.
    Refused = 8,
    /// Verdict `TUNE FIRST`.
    TuneFirst = 10,
    /// Verdict `PLAN MIGRATION`.
    PlanMigration = 11,
    /// Verdict `MIGRATE NOW`.
    MigrateNow = 12,
    /// Verdict `UNKNOWN`.
    Unknown = 13,
    /// A fault of outgrow itself.
    Bug = 70,
}

impl Exit {
    /// Every code with what it means, in the order of the codes. Help and documentation show this table.
    pub const ALL: [(Self, &'static str); 13] = [
        (Self::Done, "done: verified EQUAL, or `SQLite sufficient`"),
        (
            Self::Usage,
            "usage: the command line, or a file named on it, cannot be used",
        ),
        (
            Self::SourceRefused,
            "source refused: the SQLite file cannot be read or must not be trusted",
        ),
        (
            Self::PlanBlocked,
            "plan blocked: something would be lost, or the target refuses it",
        ),
        (
            Self::TargetError,
            "target error: Postgres refused, failed or went away",
        ),
        (Self::Different, "verification found both sides DIFFERENT"),
        (
            Self::Interrupted,
            "interrupted: run the same command again, it goes on where it stopped",
        ),
        (Self::Refused, "refused by the verdict or a halt"),
        (Self::TuneFirst, "verdict TUNE FIRST"),
        (Self::PlanMigration, "verdict PLAN MIGRATION"),
        (Self::MigrateNow, "verdict MIGRATE NOW"),
        (Self::Unknown, "verdict UNKNOWN"),
        (Self::Bug, "a fault of outgrow itself"),
    ];
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
