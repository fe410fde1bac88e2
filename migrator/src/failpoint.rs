//! Places where a test can end a migration: by an error of the connection, or the whole process.
//!
//! Every step that the ledger tells of calls `reach` by a name of its own, before and after it commits. Without the
//! feature `failpoints` a place is nothing at all; released programs are built without it. Which place fails, and at
//! which passing, the variable `FAILPOINTS` says, in the language of the crate `fail`: `chunk-sent=2*off->1*return(abort)`.

use crate::target::TargetError;
#[cfg(feature = "failpoints")]
use crate::target::TargetFault;

/// Reads which places fail; once, before anything else.
pub fn arm() {
    #[cfg(feature = "failpoints")]
    std::mem::forget(fail::FailScenario::setup());
}

/// Fails here if a test asked for it.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub(crate) fn reach(_name: &str) -> Result<(), TargetError> {
    Ok(())
}

/// Fails here if a test asked for it: with `return(error)` as a connection that broke, with `return(abort)` as a
/// process that was killed.
#[cfg(feature = "failpoints")]
pub(crate) fn reach(name: &str) -> Result<(), TargetError> {
    fail::fail_point!(name, |how: Option<String>| {
        if how.as_deref() == Some("abort") {
            std::process::abort();
        }
        Err(TargetError {
            server: String::new(),
            fault: TargetFault::ConnectionLost {
                reason: format!("failpoint {name}"),
            },
        })
    });
    Ok(())
}
