//! Report: what happened, for people and for machines.

pub mod binding;
pub mod census;
pub mod certificate;
pub mod findings;
pub mod layout;
pub mod paint;
pub mod progress;
pub mod status;
pub mod summary;
