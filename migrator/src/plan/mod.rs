//! The plan: what will be done to each object and each value, decided before anything is written.

pub mod target_type;
pub mod translate;
