//! The insert that is tried and rolled back.

use outgrow_migrator::existing::probe::{Outcome, Probed, try_next};
use outgrow_migrator::exit::Exit;
use outgrow_migrator::failure::Failure;
use outgrow_migrator::target::Target;
use outgrow_migrator::target::catalog::read;

use crate::ids::{begun, go_on, positions};
use crate::scene::Scene;

async fn probe(target: &Target) -> Result<Vec<Probed>, Failure> {
    let catalog = read(target, "app").await.unwrap();
    let tables: Vec<&str> = catalog.tables.iter().map(|table| table.name.as_str()).collect();
    let continued = go_on(target, &tables, &[]).await.unwrap();
    try_next(target, &catalog, &continued).await
}

#[tokio::test]
async fn the_next_insert_is_proven_and_leaves_no_trace() {
    let by_admin = "CREATE SEQUENCE app.theirs; GRANT ALL ON app.theirs TO PUBLIC;";
    let by_owner = r#"
        CREATE TYPE mood AS ENUM ('sad', 'happy');
        CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'never'; END $$;
        CREATE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TABLE full_rows (id serial PRIMARY KEY, v text, w int GENERATED ALWAYS AS (1 + 1) STORED);
        CREATE TABLE empty_rows (id bigint GENERATED ALWAYS AS IDENTITY, b bool NOT NULL, n numeric(4,2) NOT NULL, c char(3) NOT NULL,
            u uuid NOT NULL, j jsonb NOT NULL, t timestamptz NOT NULL, m mood NOT NULL, a int[] NOT NULL, i interval NOT NULL,
            x bytea NOT NULL, p cidr NOT NULL, d int NOT NULL DEFAULT 3);
        CREATE TABLE only_id (id serial);
        CREATE TABLE "Odd ""x.y" ("Id" serial PRIMARY KEY, email text UNIQUE);
        CREATE TABLE checked (id serial, v int NOT NULL CHECK (v > 5));
        CREATE TABLE pointing (id serial, to_full int NOT NULL REFERENCES full_rows);
        CREATE TABLE by_tens (id serial PRIMARY KEY, v text UNIQUE); ALTER SEQUENCE by_tens_id_seq CACHE 10;
        INSERT INTO by_tens VALUES (10, 'once'); SELECT setval('by_tens_id_seq', 10);
        CREATE TABLE audit (id serial, note text); SELECT nextval('audit_id_seq');
        CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO app.audit (note) VALUES ('new'); RETURN NEW; END $$;
        CREATE TRIGGER a AFTER INSERT ON full_rows FOR EACH ROW EXECUTE FUNCTION log();
        CREATE TABLE guarded (id serial, v int); CREATE TRIGGER g AFTER INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION stop();
        CREATE TABLE swallowed (id serial); CREATE TRIGGER s BEFORE INSERT ON swallowed FOR EACH ROW EXECUTE FUNCTION drop_row();
        CREATE TABLE ruled (id serial); CREATE RULE r AS ON INSERT TO ruled DO INSTEAD NOTHING;
        CREATE TABLE shaped (id serial, p point NOT NULL); CREATE TABLE borrowed (id int DEFAULT nextval('theirs'));
        CREATE TABLE named (id text DEFAULT 'N-' || nextval('naming'), v int); CREATE TABLE plain (id int);
        INSERT INTO full_rows (v) VALUES ('a'), ('b'); INSERT INTO "Odd ""x.y" (email) VALUES ('a@b');"#;
    let by_owner = by_owner.replace("CREATE TABLE named", "CREATE SEQUENCE naming; CREATE TABLE named");
    let scene = Scene::new(by_admin, &by_owner).await;
    let before = positions(&scene).await;
    let target = begun(&scene).await;
    let probed = probe(&target).await.unwrap();
    let told: Vec<String> = probed
        .iter()
        .map(|p| {
            let outcome = match &p.outcome {
                Outcome::Inserted(ids) => format!("inserted {ids:?}"),
                Outcome::Stopped(by) => format!("stopped by {by}"),
                Outcome::Refused => "refused".to_owned(),
                Outcome::NotTried(why) => format!("not tried: {why}"),
            };
            format!("{} {outcome}", p.table.name)
        })
        .collect();
    let expected = [
        r#"Odd "x.y stopped by constraint Odd "x.y_email_key"#,
        r#"audit inserted [("id", "4")]"#,
        "borrowed not tried: sequence app.theirs belongs to another role, so that drawing from it could not be taken back",
        "by_tens stopped by constraint by_tens_v_key",
        "checked stopped by constraint checked_v_check",
        r#"empty_rows inserted [("id", "1")]"#,
        r#"full_rows inserted [("id", "3")]"#,
        "guarded refused",
        r#"named inserted [("id", "N-1")]"#,
        r#"only_id inserted [("id", "1")]"#,
        "pointing stopped by constraint pointing_to_full_fkey",
        "ruled not tried: a rule puts something else in the place of the insert",
        "shaped not tried: it is empty, and p needs a point",
        "swallowed refused",
    ];
    assert_eq!(told, expected);
    target.client().batch_execute("COMMIT").await.unwrap();
    assert_eq!(positions(&scene).await, before);
    target.client().batch_execute("BEGIN").await.unwrap();
    probe(&target).await.unwrap();
    target.client().batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(positions(&scene).await, before);
}

#[tokio::test]
async fn an_insert_without_a_good_id_is_a_failure() {
    let scenes = [
        // Ids that a trigger chooses by a rule of its own.
        (
            "CREATE TABLE t (id serial PRIMARY KEY, v int); INSERT INTO t (v) VALUES (1);
             CREATE FUNCTION one() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := 1; RETURN NEW; END $$;
             CREATE TRIGGER o BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION one()",
            "an id that a row has already",
        ),
        (
            "CREATE TABLE t (id serial, v int); INSERT INTO t (v) VALUES (1);
             CREATE FUNCTION one() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := 1; RETURN NEW; END $$;
             CREATE TRIGGER o BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION one()",
            "an id that a row has already: id 1",
        ),
        (
            "CREATE TABLE t (id serial, v int);
             CREATE FUNCTION no_id() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := NULL; RETURN NEW; END $$;
             CREATE TRIGGER o BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION no_id()",
            "leaves out id gets no id",
        ),
        (
            "CREATE SEQUENCE s; CREATE TABLE t (id bigint DEFAULT nullif(nextval('s'), 1))",
            "leaves out id gets no id: the insert left it NULL",
        ),
    ];
    for (by_owner, told) in scenes {
        let scene = Scene::new("", by_owner).await;
        let target = begun(&scene).await;
        let failure = probe(&target).await.unwrap_err();
        assert_eq!(failure.exit, Exit::PlanBlocked);
        assert!(failure.to_string().contains(told), "{failure}");
    }
}
