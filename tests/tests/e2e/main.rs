//! All end-to-end tests; a module per topic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod alerts;
mod as_stored;
mod certificate;
mod command;
mod corpus;
mod damage;
mod dashboards;
mod golden;
mod interrupted;
mod live;
mod migrating;
mod output;
mod private_servers;
mod records;
mod refused_plan;
mod refused_source;
mod refused_target;
mod scene;
mod sources;
