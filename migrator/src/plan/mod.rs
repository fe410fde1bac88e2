//! The plan: what will be done to each object and each value, decided before anything is written.

mod belonging;
mod build;
mod builder;
pub mod cast;
pub mod choices;
pub mod choose;
mod columns;
pub mod computed;
mod constraints;
pub mod decimal;
pub mod epoch;
pub mod existing;
pub mod file;
pub mod folded_keys;
mod foreign_keys;
mod generated;
mod indexes;
pub mod mapping;
pub mod model;
mod names;
mod nocase;
mod others;
pub mod policy;
pub mod rules;
pub mod schema_name;
mod suggest;
pub mod target_type;
pub mod text_time;
mod todo;
pub mod translate;
mod unknown_choice;
mod values;

pub use build::build;
pub use builder::skip_flag;
pub use unknown_choice::UnknownChoice;
