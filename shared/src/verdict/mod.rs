//! The verdict: signals and a policy in, a decision out.
//!
//! Everything here is data or a pure function. Where the numbers come from, how a decision is shown and what
//! is done about it belongs to the callers; which thresholds exist belongs to the policy, never to code.

mod decide;
mod decision;
mod migration_metrics;
mod number;
mod policy;
mod signal;
mod threshold;
mod unit;

pub use decide::decide;
pub use decision::{
    DECISION_SCHEMA_VERSION, Decision, FixResult, FixState, Level, TriggerResult, TriggerState,
};
pub use migration_metrics::{MigrationMetrics, should_migrate_to_postgresql};
pub use policy::{POLICY_SCHEMA_VERSION, Policy, Trigger, Tuning};
pub use signal::{Deployment, Measured, SIGNALS_SCHEMA_VERSION, Signals, name};
pub use threshold::Threshold;
pub use unit::Unit;
