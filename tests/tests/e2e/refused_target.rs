//! Targets that cannot be used: what, where, why and what next, no password, the target as it was.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use outgrow_e2e::postgres;

use crate::scene::{Said, Scene, catalog};

const ONE_TABLE: &str = "CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT); CREATE INDEX by_v ON a (v); INSERT INTO a VALUES (1, 'x');";

fn migrate_to(scene: &Scene, url: &str) -> Said {
    let before = scene.catalog();
    let said = migrate_into(scene, url);
    assert_eq!(before, scene.catalog(), "the target changed");
    said
}

/// A migration that makes no certificate.
fn migrate_into(scene: &Scene, url: &str) -> Said {
    let said = scene.run(&["migrate", scene.source.to_str().unwrap(), "--to", url]);
    assert_eq!(
        std::fs::read_dir(scene.work()).unwrap().count(),
        0,
        "a certificate was written"
    );
    for secret in ["hunter2", "s3cret"] {
        assert!(
            !said.stderr.contains(secret) && !said.stdout.contains(secret),
            "{}",
            said.stderr
        );
    }
    said
}

#[test]
fn a_target_that_is_none_is_a_usage_error() {
    let scene = Scene::script(ONE_TABLE);
    for url in [
        "mysql://u:hunter2@h/d",
        "host=h password=hunter2 port=x",
        "postgres://u:hunter2@h:99999/d",
        "::",
        "",
    ] {
        let said = migrate_to(&scene, url);
        assert_eq!(said.code, Some(2), "{url}: {}", said.stderr);
        assert!(
            said.stderr.contains("error: ") && said.stdout.is_empty(),
            "{}",
            said.stderr
        );
    }
    let said = scene.run(&["migrate", scene.source.to_str().unwrap()]);
    assert!(said.code == Some(2) || said.code == Some(5), "{said:?}");
    assert!(said.stderr.contains("next:"), "{}", said.stderr);
}

#[test]
fn a_wrong_password_is_told_with_the_role_and_where_the_password_came_from() {
    let scene = Scene::script(ONE_TABLE);
    let url = scene
        .database
        .url()
        .replace(postgres::shared().password(), "hunter2");
    migrate_to(&scene, &url).refuses(5, &["refused the password of role outgrow", "where:"]);
}

#[test]
fn a_missing_database_is_told_by_name() {
    let scene = Scene::script(ONE_TABLE);
    migrate_to(&scene, &postgres::shared().url("no_such_db"))
        .refuses(5, &["no database no_such_db", "createdb"]);
}

#[test]
fn a_refused_port_is_told_by_address() {
    let scene = Scene::script(ONE_TABLE);
    let port = TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("postgres://u:hunter2@127.0.0.1:{port}/d?sslmode=disable");
    migrate_to(&scene, &url).refuses(5, &["cannot be reached", &port.to_string()]);
}

#[test]
fn a_server_that_is_not_postgres_is_told() {
    let scene = Scene::script(ONE_TABLE);
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let url = format!("postgres://u:hunter2@127.0.0.1:{port}/d?sslmode=disable");
    migrate_to(&scene, &url).refuses(5, &["where:", &port.to_string()]);
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let scene = Scene::script(ONE_TABLE);
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("postgres://u:hunter2@127.0.0.1:{port}/d?sslmode=disable&connect_timeout=2");
    migrate_to(&scene, &url).refuses(5, &["connect_timeout", &port.to_string()]);
}

#[test]
fn a_name_that_is_taken_blocks_whatever_it_belongs_to() {
    for taken in [
        "CREATE TABLE a (id int); INSERT INTO a VALUES (42)",
        "CREATE VIEW a AS SELECT 1 AS id",
        "CREATE MATERIALIZED VIEW a AS SELECT 1 AS id",
        "CREATE SEQUENCE a",
        "CREATE TABLE other (id int); CREATE INDEX a ON other (id)",
        "CREATE TABLE other (id int); CREATE INDEX by_v ON other (id)",
        "CREATE TYPE a AS ENUM ('x')",
        "CREATE DOMAIN a AS int",
    ] {
        let scene = Scene::script(ONE_TABLE);
        scene.database.execute(taken);
        let said = migrate_to(&scene, &scene.database.url());
        assert_eq!(said.code, Some(4), "{taken}:\n{}", said.stderr);
        let name = if taken.contains("by_v") {
            "already has by_v"
        } else if taken.starts_with("CREATE TABLE a") {
            // It could be the application's; its row stands in the way then.
            "table:a [seeds.rows]"
        } else {
            "already has a"
        };
        said.refuses(4, &[name, "Nothing was written"]);
    }
}

#[test]
fn a_second_migration_into_the_same_schema_is_refused_and_the_first_stays() {
    let scene = Scene::script(ONE_TABLE);
    scene.migrated(&[]);
    let before = scene.catalog();
    scene.migrate(&[]).refuses(4, &["already has"]);
    assert_eq!(before, scene.catalog());
    scene.verify(&[]).exits(0);
}

/// A role of its own for one test, dropped with what it owns.
struct Role<'a> {
    scene: &'a Scene,
    name: String,
}

impl<'a> Role<'a> {
    fn create(scene: &'a Scene) -> Self {
        let name = format!("role_{}", scene.database.name());
        scene
            .database
            .execute(&format!("CREATE ROLE {name} LOGIN PASSWORD 's3cret'"));
        Self { scene, name }
    }

    fn url(&self) -> String {
        let url = self.scene.database.url();
        let (_, rest) = url.split_once('@').unwrap();
        format!("postgresql://{}:s3cret@{rest}", self.name)
    }
}

impl Drop for Role<'_> {
    fn drop(&mut self) {
        let name = &self.name;
        self.scene
            .database
            .execute(&format!("DROP OWNED BY {name}; DROP ROLE {name}"));
    }
}

#[test]
fn a_role_without_the_right_to_create_is_told_what_is_missing() {
    let scene = Scene::script(ONE_TABLE);
    let role = Role::create(&scene);
    let database = scene.database.name();
    migrate_to(&scene, &role.url()).refuses(5, &["permission", database, "GRANT CREATE"]);
    scene.database.execute(&format!(
        "GRANT CREATE ON DATABASE {database} TO {}; REVOKE ALL ON SCHEMA public FROM public",
        role.name
    ));
    migrate_into(&scene, &role.url()).refuses(5, &["permission", "public"]);
    scene
        .database
        .execute(&format!("GRANT ALL ON SCHEMA public TO {}", role.name));
    let said = scene
        .run(&["migrate", scene.source.to_str().unwrap(), "--to", &role.url()])
        .exits(0);
    assert!(said.stdout.starts_with("EQUAL"));
}

#[test]
fn a_database_that_takes_no_writes_is_told() {
    let scene = Scene::script(ONE_TABLE);
    let sql = format!(
        "ALTER DATABASE {} SET default_transaction_read_only = on",
        scene.database.name()
    );
    scene.database.execute(&sql);
    migrate_to(&scene, &scene.database.url())
        .refuses(5, &["takes no writes", "default_transaction_read_only"]);
}

#[test]
fn a_database_in_another_encoding_is_refused() {
    let scene = Scene::script(ONE_TABLE);
    let server = postgres::shared().url("postgres");
    let name = format!("latin_{}", scene.database.name());
    postgres::execute(
        &server,
        &format!("CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'"),
    );
    let before = catalog(&postgres::shared().url(&name));
    let said = migrate_to(&scene, &postgres::shared().url(&name));
    assert_eq!(before, catalog(&postgres::shared().url(&name)));
    postgres::execute(&server, &format!("DROP DATABASE {name}"));
    said.refuses(5, &["LATIN1", "createdb -E UTF8"]);
}

#[test]
fn a_trigger_on_the_server_that_refuses_rows_ends_the_migration() {
    let scene = Scene::script(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO a VALUES (1, 'hunter2');",
    );
    // What is made here is made for every database's own tables, as a company's audit tool would.
    scene.database.execute(
        "CREATE SCHEMA audit; \
         CREATE FUNCTION audit.refuse() RETURNS trigger LANGUAGE plpgsql AS \
           $$BEGIN RAISE EXCEPTION 'row % is not wanted', NEW.v; END$$; \
         CREATE FUNCTION audit.watch() RETURNS event_trigger LANGUAGE plpgsql AS \
           $$DECLARE o record; BEGIN FOR o IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP \
             IF o.object_type = 'table' AND o.schema_name = 'public' THEN \
               EXECUTE format('CREATE TRIGGER refuse BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION audit.refuse()', o.object_identity); \
             END IF; END LOOP; END$$; \
         CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION audit.watch()",
    );
    migrate_into(&scene, &scene.database.url()).refuses(5, &["table a", "where:", "withheld"]);
    assert_eq!(
        scene.database.value("SELECT count(*) FROM _outgrow.migration"),
        "0"
    );
}
