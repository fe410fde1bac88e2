//! Shared harness of the end-to-end tests.
//!
//! Every server is real, listens on a free port of 127.0.0.1, lives in a temporary folder and is gone with
//! the test process, however that ends. Tests fail by panicking, so the harness panics too: a test without
//! its server must never pass.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod fuzzing;
pub mod metrics_servers;
pub mod postgres;
pub mod processes;
pub mod programs;
pub mod promql;
pub mod proxy;
pub mod shipped;
