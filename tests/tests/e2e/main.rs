//! All end-to-end tests; a module per topic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod alerts;
mod apps;
mod as_stored;
mod benchmark;
mod certificate;
mod command;
mod corpus;
mod damage;
mod dashboards;
mod demo;
mod existing;
mod golden;
mod hostile;
mod interrupted;
mod live;
mod live_source;
mod migrating;
mod numbered;
mod objects;
mod output;
mod plan_file;
mod policies;
mod private_servers;
mod records;
mod refused_plan;
mod refused_source;
mod refused_target;
mod resume;
mod scene;
mod side_by_side;
mod sources;
mod status;
mod types;
