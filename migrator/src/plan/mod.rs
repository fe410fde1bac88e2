//! The plan: what will be done to each object and each value, decided before anything is written.

mod build;
pub mod choose;
mod columns;
mod constraints;
pub mod decimal;
mod foreign_keys;
pub mod mapping;
pub mod model;
pub mod rules;
pub mod schema_name;
pub mod target_type;
pub mod text_time;
pub mod translate;

pub use build::{Options, UnknownSkip, build};
