//! All end-to-end tests; a module per topic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod alerts;
mod command;
mod dashboards;
mod demo;
mod hostile;
mod live;
mod private_servers;
