//! The ledgers of applications that keep one of their own making. Data and nothing else; how a ledger is told is
//! said in [`super::frameworks`].

use super::Columns::{Only, With};
use super::Comparison::Own;
use super::Counts::Successes;
use super::Name::{Ends, Is};
use super::frameworks::{SETTINGS, latest, own, same};
use super::{Comparison, Ledger};

/// Why notes of single steps are not compared.
const STEPS_PER_ENGINE: Comparison = Own("the list has other steps on each engine");

/// Every ledger of an application.
pub(super) const ALL: &[Ledger] = &[
    Ledger {
        counts: Successes("success"),
        ..same(
            "Grafana",
            Ends("migration_log"),
            With(&["migration_id", "sql", "success"]),
            &["migration_id"],
        )
    },
    latest(
        "Home Assistant",
        Is("schema_changes"),
        With(&["change_id", "schema_version"]),
        &["schema_version"],
    ),
    latest(
        "Synapse",
        Is("schema_version"),
        Only(&["lock", "version", "upgraded"]),
        &["version"],
    ),
    latest(
        "Synapse",
        Is("schema_compat_version"),
        With(&["lock", "compat_version"]),
        &["compat_version"],
    ),
    own(
        "Synapse",
        Is("applied_schema_deltas"),
        With(&["version", "file"]),
        STEPS_PER_ENGINE,
    ),
    own(
        "Synapse",
        Is("applied_module_schemas"),
        With(&["module_name", "file"]),
        STEPS_PER_ENGINE,
    ),
    latest(
        "mautrix",
        Is("version"),
        Only(&["version", "compat"]),
        &["version"],
    ),
    latest("Gitea", Is("version"), Only(&["id", "version"]), &["version"]),
    latest(
        "Forgejo",
        Is("forgejo_version"),
        Only(&["id", "version"]),
        &["version"],
    ),
    latest(
        "Authelia",
        Is("migrations"),
        With(&["version_before", "version_after"]),
        &["version_after"],
    ),
    same(
        "Directus",
        Is("directus_migrations"),
        With(&["version", "name"]),
        &["version"],
    ),
    same(
        "Strapi",
        Is("strapi_migrations"),
        With(&["name", "time"]),
        &["name"],
    ),
    same(
        "Strapi",
        Is("strapi_migrations_internal"),
        With(&["name", "time"]),
        &["name"],
    ),
    own(
        "Strapi",
        Is("strapi_database_schema"),
        With(&["schema", "hash"]),
        SETTINGS,
    ),
    own(
        "LangGraph",
        Is("store_migrations"),
        Only(&["v"]),
        STEPS_PER_ENGINE,
    ),
    own(
        "LangGraph",
        Is("vector_migrations"),
        Only(&["v"]),
        STEPS_PER_ENGINE,
    ),
    own(
        "LangGraph",
        Is("checkpoint_migrations"),
        Only(&["v"]),
        STEPS_PER_ENGINE,
    ),
    // The version of the program that made the schema stands beside it and is not compared.
    latest(
        "Optuna",
        Is("version_info"),
        With(&["version_info_id", "schema_version", "library_version"]),
        &["schema_version"],
    ),
];
