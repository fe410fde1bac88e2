//! Sessions in the way of a run, and what can be done about each.

use std::collections::BTreeMap;

use super::facts::BlockerFacts;
use super::judge::moment;
use super::model::BlockerStatus;
use super::pace::whole;

/// One entry a session in the way, whomever it blocks.
pub(super) fn blockers(found: &[BlockerFacts], now_seconds: f64) -> Vec<BlockerStatus> {
    let mut by_pid: BTreeMap<i32, BlockerStatus> = BTreeMap::new();
    for fact in found {
        let blocker = by_pid.entry(fact.pid).or_insert_with(|| BlockerStatus {
            pid: fact.pid,
            blocked_pids: Vec::new(),
            application_name: fact.application_name.clone().filter(|name| !name.is_empty()),
            user: fact.user.clone(),
            client_address: fact.client_address.clone(),
            state: fact.state.clone(),
            transaction_since: fact.transaction_since_seconds.and_then(moment),
            transaction_age_seconds: fact
                .transaction_since_seconds
                .map(|since| whole(now_seconds - since)),
            relation: fact.relation.clone(),
            lock_type: fact.lock_type.clone(),
            lock_mode: fact.lock_mode.clone(),
            query: fact.query.clone(),
            next: advice(fact),
        });
        if !blocker.blocked_pids.contains(&fact.blocked_pid) {
            blocker.blocked_pids.push(fact.blocked_pid);
        }
    }
    by_pid.into_values().collect()
}

/// What can be done about a session in the way.
fn advice(blocker: &BlockerFacts) -> String {
    let pid = blocker.pid;
    if pid == 0 {
        return "It is a prepared transaction: find it in pg_prepared_xacts, then COMMIT PREPARED or ROLLBACK PREPARED."
            .to_owned();
    }
    if blocker.is_own {
        return "It is a session of this migration; one waits for the other, and nothing has to be done."
            .to_owned();
    }
    if blocker.backend_type.as_deref() == Some("autovacuum worker") {
        return "It gives way by itself within a second, unless it prevents a wraparound.".to_owned();
    }
    match blocker.state.as_deref() {
        Some(state) if state.starts_with("idle in transaction") => format!(
            "Its transaction is open and does nothing: have it commit or roll back, or end it: SELECT pg_terminate_backend({pid})"
        ),
        Some("active") => format!("Wait for its statement, or cancel it: SELECT pg_cancel_backend({pid})"),
        _ => format!("Have its owner end its transaction, or end it: SELECT pg_terminate_backend({pid})"),
    }
}
