//! The main job end to end on this machine alone, and the private servers it runs on.
//!
//! Nothing outlives the process: [`guarded`] sees to that also after a kill -9.

mod cluster;
pub mod guarded;
pub mod private_postgres;
mod proof;
pub mod run;
pub mod server_binaries;
pub mod server_folder;
pub mod store;
pub mod story;
mod watching;
