//! The target against real servers: login, TLS, fitness, session settings, faults, names.

// Helpers of tests state what must hold, as the tests themselves do.
#![allow(clippy::unwrap_used, clippy::panic)]

mod faults;
mod login;
mod names;
mod servers;
mod session;
mod tls;

use std::collections::BTreeMap;

use outgrow_migrator::target::{Conninfo, Disk, Environment, Target, TargetError, connect, resolve};
use servers::{APP_PASSWORD, PRIMARY};

/// An environment with these variables, the disk's files, and no home.
fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment {
        variables: variables
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect::<BTreeMap<_, _>>(),
        home: None,
        os_user: Some("nobody".into()),
        files: Box::new(Disk),
    }
}

/// The role `app` on the primary; `more` adds and overrides parameters.
fn as_app(more: &str) -> Conninfo {
    let port = PRIMARY.port;
    let to = format!("host=127.0.0.1 port={port} user=app dbname=app {more}");
    resolve(Some(&to), &environment(&[("PGPASSWORD", APP_PASSWORD)])).unwrap()
}

async fn connected(conninfo: &Conninfo) -> Target {
    match connect(conninfo).await {
        Ok(target) => target,
        Err(error) => panic!("{error} ({error:?})"),
    }
}

async fn refused(conninfo: &Conninfo) -> TargetError {
    match connect(conninfo).await {
        Ok(target) => panic!("connected to {}", target.server()),
        Err(error) => {
            let told = format!("{error} {error:?} {}", error.fault.next());
            assert!(!told.contains(APP_PASSWORD), "{told}");
            error
        }
    }
}
