CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT NOT NULL UNIQUE, b REAL DEFAULT 1.5, c BLOB);
INSERT INTO t VALUES (1, 'one', 1.25, x'00ff'), (-5, 'two', NULL, 'text'), (9223372036854775807, '', 9e999, zeroblob(300));
CREATE INDEX ix ON t (lower(a) DESC, b) WHERE b > 0;
-- next file
PRAGMA encoding = 'UTF-16le';
CREATE TABLE "quo""te" (a TEXT COLLATE NOCASE, "b c" NUMERIC, PRIMARY KEY ("b c", a)) WITHOUT ROWID;
INSERT INTO "quo""te" VALUES ('x', 1), (CAST(x'00d8' AS TEXT), 2.5), ('e', 'text');
-- next file
PRAGMA foreign_keys = OFF;
CREATE TABLE p (a INT, b TEXT, PRIMARY KEY (a, b));
CREATE TABLE c (x INT REFERENCES c (y) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, y INT UNIQUE, z TEXT,
  FOREIGN KEY (x, z) REFERENCES p, CHECK (x > 0 OR z GLOB 'a*'));
INSERT INTO p VALUES (1, 'a'), (2, 'b'); INSERT INTO c VALUES (1, 1, 'a'), (7, 2, NULL);
-- next file
CREATE TABLE s (a INT, b TEXT, c REAL, d BLOB, e ANY, g TEXT GENERATED ALWAYS AS (b || 'x') STORED, h INT AS (a + 1)) STRICT;
INSERT INTO s VALUES (1, 'x', 1.5, x'00', 'any'), (NULL, NULL, NULL, NULL, 5);
-- next file
CREATE TABLE dates (d DATETIME, u UUID, j JSON, f BOOLEAN, m DECIMAL(10,2), w DATE);
INSERT INTO dates VALUES ('2024-02-29 23:59:59.123456', '6ba7b810-9dad-11d1-80b4-00c04fd430c8', '{"a":1}', 1, 1.25, '2024-02-29');
INSERT INTO dates VALUES (1704067200, x'6ba7b8109dad11d180b400c04fd430c8', '{', 2, 'x', '0000-00-00');
CREATE VIEW v AS SELECT * FROM dates; CREATE TRIGGER tr AFTER INSERT ON dates BEGIN DELETE FROM dates; END;
-- next file
CREATE VIRTUAL TABLE f USING fts5(a, b); INSERT INTO f VALUES ('x y', 'z');
-- next file
PRAGMA page_size = 512; PRAGMA auto_vacuum = FULL;
CREATE TABLE wide (a, b, c); INSERT INTO wide VALUES (zeroblob(3000), hex(zeroblob(900)), -0.0);
CREATE INDEX i1 ON wide (c); CREATE INDEX i2 ON wide (b); DELETE FROM wide WHERE a IS NULL;
-- next file
CREATE TABLE rowid (rowid TEXT, _rowid_ TEXT, oid TEXT); INSERT INTO rowid VALUES ('a', 'b', 'c'), (NULL, NULL, NULL);
CREATE TABLE keys (k TEXT PRIMARY KEY); INSERT INTO keys VALUES (NULL), (NULL), ('x');
