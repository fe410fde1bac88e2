//! The target: finding the Postgres that is meant, connecting to it, speaking its names and its errors.
//!
//! [`resolve`] turns `--to` and the environment into a [`Conninfo`]; [`connect`] turns that into a [`Target`],
//! which is a server fit for a migration (new enough, UTF8, writable) with its session settings made.
//! What is written there is the plan's and the copy's business.

pub mod catalog;
mod connect;
mod conninfo;
mod conninfo_build;
mod conninfo_error;
mod conninfo_string;
mod environment;
mod error;
mod fault;
mod handshake;
mod lookup;
mod parameter;
mod passfile;
mod patience;
mod reader;
mod redacted;
mod secret;
mod server;
mod service_file;
mod session;
mod sessions;
mod sql_fault;
mod tls;
mod tls_verifier;

pub use connect::{Target, connect, connect_to_read};
pub use conninfo::{Address, Conninfo, Endpoint, Keepalive, Origin, Password, TO_VARIABLE, resolve};
pub use conninfo_error::ConninfoError;
pub use environment::{Disk, Environment, Files, FoundFile};
pub use error::{MINIMUM_SERVER_MAJOR, TargetError, TargetFault, Unreachable};
pub use secret::Secret;
pub use server::ServerFacts;
pub use session::{BULK_SETTINGS, Condition, SETTINGS, Setting};
pub use sessions::{connect_many, connect_many_to_read};
pub use sql_fault::SqlFault;
pub use tls::{ClientCertificate, Negotiation, Reach, Roots, SslMode, TlsPlan, TlsSetupError, Verification};
