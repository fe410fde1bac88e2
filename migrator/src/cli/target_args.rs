//! The options that name the target, shared by every command that needs one.

use std::fmt;

use clap::Args;

use crate::failure::Failure;
use crate::target::{Conninfo, Environment, TO_VARIABLE, resolve};

/// Where the Postgres is that takes over.
#[derive(Clone, Args)]
#[command(next_help_heading = "Target")]
pub struct TargetArgs {
    /// The Postgres database: a URL, a keyword string, or service=NAME
    ///
    /// Examples: postgres://user@host:5432/db, "host=/run/postgresql dbname=db", service=prod.
    /// Without it OUTGROW_TO counts. What both leave open comes from a service (PGSERVICE, PGSERVICEFILE,
    /// ~/.pg_service.conf), then from libpq's variables: PGHOST, PGHOSTADDR, PGPORT, PGDATABASE, PGUSER,
    /// PGPASSWORD, PGPASSFILE, PGSSLMODE, PGSSLROOTCERT, PGSSLCERT, PGSSLKEY, PGCONNECT_TIMEOUT, PGAPPNAME,
    /// PGOPTIONS, PGCHANNELBINDING, PGTARGETSESSIONATTRS. Keep the password in ~/.pgpass or PGPASSFILE:
    /// here every user of the machine can read it. A remote host must offer TLS with a certificate that is
    /// valid for its name, unless sslmode says otherwise.
    #[arg(long, value_name = "CONNINFO")]
    to: Option<String>,
}

impl TargetArgs {
    /// The target, if the option or `OUTGROW_TO` names one; libpq's variables alone do not.
    ///
    /// # Errors
    /// What names it cannot be used (exit 2).
    pub fn conninfo_if_named(&self, environment: &Environment) -> Result<Option<Conninfo>, Failure> {
        let named = self.to.is_some() || environment.variable(TO_VARIABLE).is_some();
        named.then(|| self.conninfo(environment)).transpose()
    }

    /// The target that the option and the environment name.
    ///
    /// # Errors
    /// None is named, or what names it cannot be used (exit 2).
    pub fn conninfo(&self, environment: &Environment) -> Result<Conninfo, Failure> {
        Ok(resolve(self.to.as_deref(), environment)?)
    }
}

/// The string may hold a password.
impl fmt::Debug for TargetArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TargetArgs")
            .field("to", &self.to.as_ref().map(|_| "***"))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        target: TargetArgs,
    }

    #[test]
    fn debug_output_does_not_show_the_string() {
        let command = Command::parse_from(["x", "--to", "postgres://u:hunter2@h/d"]);
        assert!(!format!("{command:?}").contains("hunter2"));
    }
}
