//! The ledgers of frameworks, as they make them. Data and nothing else.
//!
//! The first that fits a table is taken: of two with one name the one with more columns stands first. A ledger
//! is told by columns that every version of its framework gives it; only where the name is one that applications
//! use for tables of their own must the columns be these and no others.

use super::Columns::{Only, With};
use super::Comparison::{Latest, Own, Same};
use super::Counts::{Dirty, Every, Finished, Net};
use super::Name::{Begins, Ends, Is};
use super::{Columns, Comparison, Ledger, Name};

/// Why a lock is not compared.
const LOCK: Comparison = Own("it is a lock of this database, not a list");

/// Why a list of dialect-bound files is not compared.
const FILES_PER_ENGINE: Comparison =
    Own("its migrations are written for one engine each, so the lists have nothing in common");

/// Why settings of the framework are not compared.
pub(super) const SETTINGS: Comparison = Own("it describes this database to its framework, and is not a list");

/// A ledger whose rows are all entries and must be the same on both sides.
pub(super) const fn same(
    framework: &'static str,
    name: Name,
    columns: Columns,
    entry: &'static [&'static str],
) -> Ledger {
    Ledger {
        framework,
        schema: None,
        name,
        columns,
        entry,
        counts: Every,
        comparison: Same,
    }
}

/// A ledger of which the newest entry must be the same.
pub(super) const fn latest(
    framework: &'static str,
    name: Name,
    columns: Columns,
    entry: &'static [&'static str],
) -> Ledger {
    Ledger {
        comparison: Latest,
        ..same(framework, name, columns, entry)
    }
}

/// A ledger that is not compared.
pub(super) const fn own(
    framework: &'static str,
    name: Name,
    columns: Columns,
    comparison: Comparison,
) -> Ledger {
    Ledger {
        comparison,
        ..same(framework, name, columns, &[])
    }
}

/// Every ledger of a framework.
pub(super) const ALL: &[Ledger] = &[
    // ---- Python ----
    same(
        "Django",
        Is("django_migrations"),
        With(&["app", "name", "applied"]),
        &["app", "name"],
    ),
    same(
        "South",
        Is("south_migrationhistory"),
        With(&["app_name", "migration", "applied"]),
        &["app_name", "migration"],
    ),
    // A row for each head; applications append a name of their own, so that several share one database.
    same(
        "Alembic",
        Begins("alembic_version"),
        Only(&["version_num"]),
        &["version_num"],
    ),
    same(
        "yoyo",
        Is("_yoyo_migration"),
        With(&["migration_hash", "migration_id"]),
        &["migration_id"],
    ),
    own(
        "yoyo",
        Is("_yoyo_log"),
        With(&["migration_hash", "operation"]),
        Own("it is a log of this database"),
    ),
    own(
        "yoyo",
        Is("_yoyo_version"),
        With(&["version", "installed_at_utc"]),
        SETTINGS,
    ),
    own("yoyo", Is("yoyo_lock"), With(&["locked", "ctime", "pid"]), LOCK),
    same(
        "peewee-migrate",
        Is("migratehistory"),
        With(&["name", "migrated_at"]),
        &["name"],
    ),
    same(
        "aerich",
        Is("aerich"),
        With(&["version", "app", "content"]),
        &["app", "version"],
    ),
    same(
        "Tortoise",
        Is("tortoise_migrations"),
        With(&["app", "name"]),
        &["app", "name"],
    ),
    // ---- Go, all but the general schema_migrations ----
    Ledger {
        counts: Dirty("dirty"),
        ..same(
            "golang-migrate",
            Is("schema_migrations"),
            Only(&["version", "dirty"]),
            &["version"],
        )
    },
    Ledger {
        counts: Net("is_applied"),
        ..same(
            "goose",
            Is("goose_db_version"),
            With(&["version_id", "is_applied"]),
            &["version_id"],
        )
    },
    same(
        "sql-migrate",
        Is("gorp_migrations"),
        With(&["id", "applied_at"]),
        &["id"],
    ),
    same("gormigrate", Is("migrations"), Only(&["id"]), &["id"]),
    same(
        "xormigrate",
        Is("migration"),
        Only(&["id", "description"]),
        &["id"],
    ),
    same(
        "xormigrate",
        Is("migrations"),
        Only(&["id", "description"]),
        &["id"],
    ),
    same(
        "bun",
        Is("bun_migrations"),
        With(&["name", "group_id"]),
        &["name"],
    ),
    own("bun", Is("bun_migration_locks"), With(&["table_name"]), LOCK),
    Ledger {
        schema: Some("atlas_schema_revisions"),
        ..own(
            "Atlas",
            Is("atlas_schema_revisions"),
            With(&["version", "applied", "total", "hash"]),
            FILES_PER_ENGINE,
        )
    },
    // ---- Ruby and Elixir; dbmate keeps the table of Rails ----
    same(
        "Ecto",
        Is("schema_migrations"),
        Only(&["version", "inserted_at"]),
        &["version"],
    ),
    same(
        "Rails or dbmate",
        Is("schema_migrations"),
        Only(&["version"]),
        &["version"],
    ),
    own(
        "Rails",
        Is("ar_internal_metadata"),
        With(&["key", "value"]),
        SETTINGS,
    ),
    same(
        "Sequel",
        Is("schema_migrations"),
        Only(&["filename"]),
        &["filename"],
    ),
    same("Sequel", Is("schema_info"), Only(&["version"]), &["version"]),
    // ---- Rust ----
    Ledger {
        // The checksum is left out: the same migration may have other statements on each engine.
        counts: Finished("success"),
        ..same(
            "sqlx",
            Is("_sqlx_migrations"),
            With(&["version", "checksum", "success"]),
            &["version"],
        )
    },
    // A folder of migrations for each engine: Vaultwarden's list begins in 2018 on SQLite, in 2019 on Postgres.
    latest(
        "Diesel",
        Is("__diesel_schema_migrations"),
        With(&["version", "run_on"]),
        &["version"],
    ),
    same(
        "refinery",
        Is("refinery_schema_history"),
        With(&["version", "name", "applied_on"]),
        &["version", "name"],
    ),
    same(
        "SeaORM",
        Is("seaql_migrations"),
        With(&["version", "applied_at"]),
        &["version"],
    ),
    // ---- .NET ----
    same(
        "Entity Framework",
        Is("__EFMigrationsHistory"),
        With(&["MigrationId", "ProductVersion"]),
        &["MigrationId"],
    ),
    same(
        "FluentMigrator",
        Is("VersionInfo"),
        With(&["Version", "AppliedOn"]),
        &["Version"],
    ),
    // ---- JavaScript ----
    same(
        "Knex",
        Is("knex_migrations"),
        With(&["name", "batch", "migration_time"]),
        &["name"],
    ),
    own("Knex", Is("knex_migrations_lock"), With(&["is_locked"]), LOCK),
    // A folder of migrations for each engine, in n8n as in Jellyseerr.
    latest(
        "TypeORM",
        Is("migrations"),
        Only(&["id", "timestamp", "name"]),
        &["timestamp", "name"],
    ),
    own(
        "TypeORM",
        Is("typeorm_metadata"),
        With(&["type", "name", "value"]),
        SETTINGS,
    ),
    own(
        "Prisma",
        Is("_prisma_migrations"),
        With(&["migration_name", "rolled_back_at"]),
        FILES_PER_ENGINE,
    ),
    same("Sequelize", Is("SequelizeMeta"), Only(&["name"]), &["name"]),
    // Its entries are hashes of the files.
    Ledger {
        schema: Some("drizzle"),
        ..own(
            "Drizzle",
            Is("__drizzle_migrations"),
            With(&["hash", "created_at"]),
            FILES_PER_ENGINE,
        )
    },
    same(
        "MikroORM",
        Is("mikro_orm_migrations"),
        With(&["name", "executed_at"]),
        &["name"],
    ),
    same(
        "node-pg-migrate",
        Is("pgmigrations"),
        With(&["name", "run_on"]),
        &["name"],
    ),
    same(
        "Kysely",
        Is("kysely_migration"),
        With(&["name", "timestamp"]),
        &["name"],
    ),
    own("Kysely", Is("kysely_migration_lock"), With(&["is_locked"]), LOCK),
    own(
        "Payload",
        Is("payload_migrations"),
        With(&["name", "batch"]),
        FILES_PER_ENGINE,
    ),
    // ---- PHP ----
    same(
        "Laravel",
        Is("migrations"),
        Only(&["id", "migration", "batch"]),
        &["migration"],
    ),
    // Plug-ins put their name before it.
    same(
        "Phinx",
        Ends("phinxlog"),
        With(&["version", "migration_name"]),
        &["version"],
    ),
    same(
        "Doctrine",
        Ends("migration_versions"),
        With(&["version"]),
        &["version"],
    ),
    same(
        "Nextcloud",
        Ends("_migrations"),
        Only(&["app", "version"]),
        &["app", "version"],
    ),
    // ---- Java and Swift ----
    Ledger {
        counts: Finished("success"),
        ..same(
            "Flyway",
            Is("flyway_schema_history"),
            With(&["version", "script", "success"]),
            &["version", "script"],
        )
    },
    same(
        "Liquibase",
        Is("databasechangelog"),
        With(&["id", "author", "filename"]),
        &["id", "author", "filename"],
    ),
    own("Liquibase", Is("databasechangeloglock"), With(&["locked"]), LOCK),
    latest(
        "Play",
        Is("play_evolutions"),
        With(&["id", "hash", "state"]),
        &["id"],
    ),
    same(
        "Fluent",
        Is("_fluent_migrations"),
        With(&["name", "batch"]),
        &["name"],
    ),
];
