//! What the server says about itself, and whether it is fit for a migration.
//!
//! [`unfit`] is the pure decision; reading the facts and making the session settings are beside it.

use std::collections::HashMap;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, Row};

use super::error::{MINIMUM_SERVER_MAJOR, TargetFault};
use super::session::{BULK_SETTINGS, Condition, SETTINGS, Setting, applies};

/// `server_version_num` is major * 10000 + minor since Postgres 10.
const VERSION_NUM_PER_MAJOR: u32 = 10_000;

/// What the server says about itself and this session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFacts {
    /// `server_version_num`, such as 150004.
    pub version_num: u32,
    /// `server_version`, such as `15.4 (Debian 15.4-1)`.
    pub version: String,
    /// Encoding of the database.
    pub encoding: String,
    /// Database.
    pub database: String,
    /// Role whose rights count.
    pub user: String,
    /// Whether that role is a superuser.
    pub is_superuser: bool,
    /// Whether that role may create schemas in the database.
    pub may_create_schema: bool,
    /// Whether the server is a standby or recovers.
    pub in_recovery: bool,
    /// Whether transactions are read-only by default.
    pub read_only: bool,
    /// `standard_conforming_strings`, before we set it.
    pub standard_conforming_strings: bool,
    /// Process id of the session on the server.
    pub backend_pid: i32,
    /// Whether new large values are compressed with lz4.
    pub has_lz4: bool,
}

impl ServerFacts {
    /// Major version.
    pub fn major(&self) -> u32 {
        self.version_num / VERSION_NUM_PER_MAJOR
    }
}

const FACTS: &str = "\
SELECT current_setting('server_version_num')::int8 AS version_num,
       current_setting('server_version') AS version,
       current_setting('server_encoding') AS encoding,
       current_database()::text AS database,
       current_user::text AS role,
       coalesce((SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user), false) AS is_superuser,
       has_database_privilege(current_database(), 'CREATE') AS may_create_schema,
       pg_is_in_recovery() AS in_recovery,
       current_setting('transaction_read_only')::bool AS read_only,
       current_setting('standard_conforming_strings')::bool AS standard_conforming_strings,
       pg_backend_pid() AS backend_pid,
       coalesce((SELECT 'lz4' = ANY (enumvals) FROM pg_catalog.pg_settings
                 WHERE name = 'default_toast_compression'), false) AS has_lz4";

/// Asks the server for its facts.
pub(super) async fn facts(client: &Client) -> Result<ServerFacts, Error> {
    read(&client.query_one(FACTS, &[]).await?)
}

fn read(row: &Row) -> Result<ServerFacts, Error> {
    Ok(ServerFacts {
        // A server that says something absurd about its version counts as too old.
        version_num: u32::try_from(row.try_get::<_, i64>("version_num")?).unwrap_or(0),
        version: row.try_get("version")?,
        encoding: row.try_get("encoding")?,
        database: row.try_get("database")?,
        user: row.try_get("role")?,
        is_superuser: row.try_get("is_superuser")?,
        may_create_schema: row.try_get("may_create_schema")?,
        in_recovery: row.try_get("in_recovery")?,
        read_only: row.try_get("read_only")?,
        standard_conforming_strings: row.try_get("standard_conforming_strings")?,
        backend_pid: row.try_get("backend_pid")?,
        has_lz4: row.try_get("has_lz4")?,
    })
}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To migrate.
    Migrate,
    /// To look at a migration: the role may be one that must not write. A standby does not see who is at work.
    Read,
}

/// Why this server does not serve the purpose, if it does not.
pub(super) fn unfit(facts: &ServerFacts, purpose: Purpose) -> Option<TargetFault> {
    if facts.major() < MINIMUM_SERVER_MAJOR {
        return Some(TargetFault::TooOld {
            version: facts.version.clone(),
        });
    }
    if facts.in_recovery {
        return Some(TargetFault::ReadOnly {
            reason: "it is a standby, or still recovering",
        });
    }
    if facts.read_only && purpose == Purpose::Migrate {
        return Some(TargetFault::ReadOnly {
            reason: "default_transaction_read_only is on",
        });
    }
    if facts.encoding != "UTF8" {
        let (database, encoding) = (facts.database.clone(), facts.encoding.clone());
        return Some(TargetFault::NotUtf8 { database, encoding });
    }
    None
}

/// Makes the settings of [`SETTINGS`] that this server has.
pub(super) async fn make_settings(client: &Client) -> Result<(), Error> {
    let names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
    let sql = "SELECT name, enumvals FROM pg_catalog.pg_settings WHERE name = ANY ($1::text[])";
    let mut known: HashMap<String, Option<Vec<String>>> = HashMap::new();
    for row in client.query(sql, &[&names]).await? {
        known.insert(row.try_get(0)?, row.try_get(1)?);
    }
    let applicable = SETTINGS
        .iter()
        .filter(|setting| applies(setting, known.get(setting.name)));
    let (always, where_known): (Vec<&Setting>, Vec<&Setting>) =
        applicable.partition(|setting| setting.condition == Condition::Always);
    let (names, values): (Vec<&str>, Vec<&str>) = always.iter().map(|s| (s.name, s.value)).unzip();
    let sql = "SELECT pg_catalog.set_config(s.name, s.value, false) \
               FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS s (name, value)";
    client.query(sql, &[&names, &values]).await?;
    for setting in where_known {
        let sql = "SELECT pg_catalog.set_config($1, $2, false)";
        match client.query(sql, &[&setting.name, &setting.value]).await {
            // Some platforms know the parameter and accept only its default.
            Err(error) if error.code() == Some(&SqlState::INVALID_PARAMETER_VALUE) => {}
            other => drop(other?),
        }
    }
    Ok(())
}

/// Makes the settings of [`BULK_SETTINGS`].
pub(super) async fn make_bulk_settings(client: &Client) -> Result<(), Error> {
    for setting in BULK_SETTINGS {
        let smaller = "SELECT pg_catalog.set_config(name, $2, false) FROM pg_catalog.pg_settings \
                       WHERE name = $1 AND setting::int8 * 1024 < pg_catalog.pg_size_bytes($2)";
        let sql = match setting.condition {
            Condition::WhereSmaller => smaller,
            Condition::Always | Condition::WhereKnown => "SELECT pg_catalog.set_config($1, $2, false)",
        };
        client.query(sql, &[&setting.name, &setting.value]).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit() -> ServerFacts {
        ServerFacts {
            version_num: 140_000,
            version: "14.0".into(),
            encoding: "UTF8".into(),
            database: "d".into(),
            user: "u".into(),
            is_superuser: false,
            may_create_schema: true,
            in_recovery: false,
            read_only: false,
            standard_conforming_strings: true,
            backend_pid: 1,
            has_lz4: true,
        }
    }

    #[test]
    fn the_first_version_that_is_accepted_is_14() {
        assert!(unfit(&fit(), Purpose::Migrate).is_none());
        let old = ServerFacts {
            version_num: 139_999,
            version: "13.99".into(),
            ..fit()
        };
        let told = unfit(&old, Purpose::Migrate).unwrap().to_string();
        assert!(told.contains("13.99") && told.contains("14"), "{told}");
    }

    #[test]
    fn a_database_in_another_encoding_is_refused() {
        for encoding in ["SQL_ASCII", "LATIN1", "utf8"] {
            let facts = ServerFacts {
                encoding: encoding.into(),
                ..fit()
            };
            assert!(
                matches!(unfit(&facts, Purpose::Migrate), Some(TargetFault::NotUtf8 { .. })),
                "{encoding}"
            );
        }
    }

    #[test]
    fn a_server_that_takes_no_writes_is_refused() {
        let standby = ServerFacts {
            in_recovery: true,
            ..fit()
        };
        let switched_off = ServerFacts {
            read_only: true,
            ..fit()
        };
        for facts in [standby, switched_off] {
            assert!(
                matches!(
                    unfit(&facts, Purpose::Migrate),
                    Some(TargetFault::ReadOnly { .. })
                ),
                "{facts:?}"
            );
        }
    }

    #[test]
    fn a_role_that_must_not_write_may_look_but_not_at_a_standby() {
        let reader = ServerFacts {
            read_only: true,
            ..fit()
        };
        assert!(unfit(&reader, Purpose::Read).is_none());
        let standby = ServerFacts {
            in_recovery: true,
            ..reader
        };
        assert!(matches!(
            unfit(&standby, Purpose::Read),
            Some(TargetFault::ReadOnly { .. })
        ));
    }
}
