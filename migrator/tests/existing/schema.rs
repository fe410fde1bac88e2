//! An application's schema with everything that has to survive.

/// Made by the superuser.
pub const BY_ADMIN: &str = r#"
CREATE SCHEMA kinds; CREATE SCHEMA far; GRANT USAGE ON SCHEMA kinds, far TO PUBLIC;
CREATE TYPE kinds.mood AS ENUM ('sad', 'happy'); CREATE DOMAIN kinds.price AS numeric(8,2) CHECK (VALUE >= 0);
CREATE TABLE far.country (code text PRIMARY KEY); GRANT SELECT, REFERENCES ON far.country TO PUBLIC;
INSERT INTO far.country VALUES ('nl'), ('in');"#;

/// Made by the owner.
pub const BY_OWNER: &str = r#"
CREATE TABLE a (id serial PRIMARY KEY, b_id int, country text REFERENCES far.country ON UPDATE CASCADE);
CREATE TABLE b (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a_id int NOT NULL, cost kinds.price, feels kinds.mood DEFAULT 'sad',
    twice numeric GENERATED ALWAYS AS (cost * 2) STORED, CONSTRAINT back_to_a FOREIGN KEY (a_id) REFERENCES a DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE a ADD CONSTRAINT forth_to_b FOREIGN KEY (b_id) REFERENCES b ON DELETE SET NULL;
CREATE TABLE tree (id bigint PRIMARY KEY, parent bigint CONSTRAINT up REFERENCES tree ON DELETE CASCADE);
COMMENT ON CONSTRAINT up ON tree IS 'it''s "a" tree \ with $outgrow$';
CREATE TABLE "Odd Näme ""x.y" ("Key 1" text, "key.2" int, "a$b" text, PRIMARY KEY ("Key 1", "key.2"));
CREATE TABLE composite (x text, y int, CONSTRAINT "The ""odd"" Key $outgrow$ '\" FOREIGN KEY (x, y)
    REFERENCES "Odd Näme ""x.y" MATCH FULL ON UPDATE CASCADE ON DELETE RESTRICT);
CREATE TABLE loose (a_id int);
INSERT INTO loose VALUES (-1);
ALTER TABLE loose ADD CONSTRAINT not_checked FOREIGN KEY (a_id) REFERENCES a NOT VALID;
COMMENT ON CONSTRAINT not_checked ON loose IS 'old rows';
CREATE TABLE parted (id int, at date, a_id int REFERENCES a, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE parted_old PARTITION OF parted FOR VALUES FROM ('2000-01-01') TO ('2020-01-01') PARTITION BY LIST (id);
CREATE TABLE parted_old_1 PARTITION OF parted_old FOR VALUES IN (1, 2, 3);
CREATE TABLE parted_new PARTITION OF parted DEFAULT;
ALTER TABLE parted_new ADD CONSTRAINT own_key FOREIGN KEY (id) REFERENCES a;
CREATE TABLE to_parted (id int, at date, FOREIGN KEY (id, at) REFERENCES parted);
CREATE TABLE outside (a_id int REFERENCES a ON DELETE SET DEFAULT DEFERRABLE, note text);
CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stopped by %', TG_NAME; END $$;
CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER t_origin BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION stop();
CREATE TRIGGER t_replica BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION stop();
CREATE TRIGGER t_always AFTER INSERT OR UPDATE ON a FOR EACH STATEMENT EXECUTE FUNCTION stop();
CREATE TRIGGER t_disabled BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION stop();
CREATE CONSTRAINT TRIGGER "T later" AFTER INSERT ON a DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION stop();
ALTER TABLE a ENABLE REPLICA TRIGGER t_replica; ALTER TABLE a ENABLE ALWAYS TRIGGER t_always; ALTER TABLE a DISABLE TRIGGER t_disabled;
COMMENT ON TRIGGER t_origin ON a IS 'stops';
CREATE TRIGGER on_parted BEFORE INSERT ON parted FOR EACH ROW EXECUTE FUNCTION pass();
CREATE TRIGGER on_new BEFORE INSERT ON parted_new FOR EACH ROW EXECUTE FUNCTION stop();
ALTER TABLE parted_old_1 DISABLE TRIGGER on_parted;
CREATE VIEW seen AS SELECT a.id, b.cost FROM a JOIN b ON b.a_id = a.id GROUP BY a.id, b.cost;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM seen;
CREATE RULE log_it AS ON DELETE TO tree DO ALSO DELETE FROM loose;
CREATE INDEX by_country ON a (lower(country)) WHERE country IS NOT NULL; ALTER TABLE a CLUSTER ON a_pkey;
CREATE STATISTICS about_b (dependencies) ON a_id, cost FROM b;
ALTER TABLE tree ENABLE ROW LEVEL SECURITY; CREATE POLICY everybody ON tree USING (true);
ALTER TABLE b REPLICA IDENTITY FULL; ALTER TABLE b ALTER cost SET STATISTICS 50; ALTER TABLE b SET (fillfactor = 70);
GRANT SELECT ON a TO PUBLIC; GRANT UPDATE (country) ON a TO PUBLIC; COMMENT ON COLUMN b.cost IS 'in rupees';"#;

/// The tables that a migration would fill; `outside` and the partitions are not named.
pub const NAMED: [&str; 8] = [
    "a",
    "b",
    "tree",
    "Odd Näme \"x.y",
    "composite",
    "loose",
    "parted",
    "to_parted",
];

/// Rows that every guard would refuse at the moment they come in, and that are whole in the end.
pub const ROWS: &str = r#"
    INSERT INTO app.a (id, b_id, country) VALUES (1, 1, 'nl'), (2, 2, NULL);
    INSERT INTO app.b (id, a_id) OVERRIDING SYSTEM VALUE VALUES (1, 2), (2, 1);
    INSERT INTO app.tree VALUES (2, 1), (1, NULL);
    INSERT INTO app.composite VALUES ('k', 1), (NULL, NULL);
    INSERT INTO app."Odd Näme ""x.y" VALUES ('k', 1);
    INSERT INTO app.to_parted VALUES (1, '2010-01-01'), (2, '2030-01-01');
    INSERT INTO app.parted VALUES (1, '2010-01-01', 1), (2, '2030-01-01', 2);"#;
