//! What tries to break a migration into tables of outgrow's own: kills, crashes, faults of the network and of the
//! disk, a source that changes between attempts, a ledger that somebody damaged. Whatever happens, the same command
//! goes on, and what it ends with is EQUAL by a comparison that shares no code with outgrow's.
//!
//! `make torture` runs the long series: `KILLS` events from `SEED`. A seed repeats the order of events; what each one
//! meets depends on the machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// A seed, what a long series came to, and what was skipped are for whoever runs these.
#![allow(clippy::print_stdout)]

mod attempt;
mod damaged;
mod failpoints;
mod fencing;
mod fixture;
mod network;
mod resources;
mod series;
mod servers;

/// The comparison of the hostile files, which these tests share.
#[path = "../e2e/hostile"]
#[allow(dead_code, reason = "the hostile files need more of it")]
mod hostile {
    pub mod compare;
    /// Names as SQL has them.
    pub mod names {
        pub fn quoted(name: &str) -> String {
            format!("\"{}\"", name.replace('"', "\"\""))
        }
    }
    pub mod random;
    pub mod read;
}
