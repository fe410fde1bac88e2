//! The values that labels of the metrics can take, and how SQLite's result codes map to them.
//!
//! Every set is closed, so that each value can stand at zero from the start.

use serde::Serialize;

/// How a write ended; values of the label `status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Committed.
    Ok,
    /// Failed; a rollback the application asked for is not a failure.
    Error,
}

impl Status {
    /// Every value of the label.
    pub const ALL: [Self; 2] = [Self::Ok, Self::Error];

    /// The label's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }
}

/// Why a write failed; values of the label `code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Another connection held the lock longer than the busy timeout (`SQLITE_BUSY` and its kin).
    Busy,
    /// A read transaction tried to write over a newer snapshot; no timeout helps (`SQLITE_BUSY_SNAPSHOT`).
    BusySnapshot,
    /// A conflict inside this process's shared cache or connection (`SQLITE_LOCKED`).
    Locked,
    /// The disk, or the page limit, is full (`SQLITE_FULL`).
    Full,
    /// The operating system reported an error (`SQLITE_IOERR`).
    Ioerr,
    /// The file is damaged (`SQLITE_CORRUPT`).
    Corrupt,
    /// A constraint refused the row (`SQLITE_CONSTRAINT`).
    Constraint,
    /// The database may not be written (`SQLITE_READONLY`).
    Readonly,
    /// Any other result code, or an error that never reached SQLite.
    Other,
}

impl Code {
    /// Every value of the label, in the order of the enum.
    pub const ALL: [Self; 9] = [
        Self::Busy,
        Self::BusySnapshot,
        Self::Locked,
        Self::Full,
        Self::Ioerr,
        Self::Corrupt,
        Self::Constraint,
        Self::Readonly,
        Self::Other,
    ];

    /// The label's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::BusySnapshot => "busy_snapshot",
            Self::Locked => "locked",
            Self::Full => "full",
            Self::Ioerr => "ioerr",
            Self::Corrupt => "corrupt",
            Self::Constraint => "constraint",
            Self::Readonly => "readonly",
            Self::Other => "other",
        }
    }

    /// Classifies an extended result code of SQLite (<https://sqlite.org/rescode.html>). The low eight bits
    /// name the family; only `SQLITE_BUSY_SNAPSHOT` (517) has a meaning of its own here.
    #[must_use]
    pub const fn from_extended(extended_code: i32) -> Self {
        if extended_code == 517 {
            return Self::BusySnapshot;
        }
        match extended_code & 0xff {
            5 => Self::Busy,
            6 => Self::Locked,
            8 => Self::Readonly,
            10 => Self::Ioerr,
            11 => Self::Corrupt,
            13 => Self::Full,
            19 => Self::Constraint,
            _ => Self::Other,
        }
    }
}

/// How a transaction ended; values of the label `outcome`.
pub const OUTCOMES: [&str; 2] = ["commit", "rollback"];

/// Value of the label `reason`: a write named an op beyond the limit and was counted as [`OTHER_OP`].
pub const REASON_OP_LIMIT: &str = "op_limit";

/// Value of the label `op` for every op beyond the limit.
pub const OTHER_OP: &str = "other";

/// Value of the label `op` for writes the application gave no name.
pub const DEFAULT_OP: &str = "write";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_classified_by_family_and_517_alone_is_special() {
        let cases = [
            (5, Code::Busy),
            (261, Code::Busy),
            (517, Code::BusySnapshot),
            (773, Code::Busy),
            (6, Code::Locked),
            (262, Code::Locked),
            (8, Code::Readonly),
            (1032, Code::Readonly),
            (10, Code::Ioerr),
            (778, Code::Ioerr),
            (11, Code::Corrupt),
            (267, Code::Corrupt),
            (13, Code::Full),
            (19, Code::Constraint),
            (2067, Code::Constraint),
            (1, Code::Other),
            (0, Code::Other),
            (26, Code::Other),
            (-1, Code::Other),
        ];
        for (extended, code) in cases {
            assert_eq!(Code::from_extended(extended), code, "{extended}");
        }
    }

    #[test]
    fn label_values_match_their_place() {
        for (i, code) in Code::ALL.iter().enumerate() {
            assert_eq!(*code as usize, i);
        }
        assert_eq!(Status::ALL.map(Status::as_str), ["ok", "error"]);
    }
}
