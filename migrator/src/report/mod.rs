//! Report: what happened, for people and for machines.

pub mod certificate;
pub mod findings;
pub mod progress;
pub mod summary;
