//! The plan: what will be done to each object and each value, decided before anything is written.

pub mod choose;
pub mod decimal;
pub mod mapping;
pub mod model;
pub mod rules;
pub mod target_type;
pub mod text_time;
pub mod translate;
