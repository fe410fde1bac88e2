-- Relations of every kind, partitions and inheritance, sequences.
WITH mine AS (
    SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n
     WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', '_outgrow')
       AND ($1::text[] IS NULL OR n.nspname = ANY ($1))),
relation AS (
    SELECT c.*, pg_catalog.format('%I.%I', m.nspname, c.relname) AS name
      FROM pg_catalog.pg_class c JOIN mine m ON m.oid = c.relnamespace)
SELECT 'relation ' || r.name,
       pg_catalog.concat_ws(' ', 'kind', r.relkind, 'owner', pg_catalog.pg_get_userbyid(r.relowner), 'acl', r.relacl::text,
           'options', r.reloptions::text, 'persistence', r.relpersistence, 'rls', r.relrowsecurity, r.relforcerowsecurity,
           'replica identity', r.relreplident, 'method', (SELECT amname FROM pg_catalog.pg_am WHERE oid = r.relam),
           'tablespace', (SELECT spcname FROM pg_catalog.pg_tablespace WHERE oid = r.reltablespace),
           'type', CASE WHEN r.reloftype <> 0 THEN r.reloftype::pg_catalog.regtype::text END,
           'partition', pg_catalog.pg_get_partkeydef(r.oid), pg_catalog.pg_get_expr(r.relpartbound, r.oid),
           'comment', pg_catalog.quote_nullable(pg_catalog.obj_description(r.oid, 'pg_class')))
  FROM relation r WHERE r.relkind NOT IN ('i', 'I', 't')
UNION ALL
SELECT 'inheritance ' || r.name || ' of ' || i.inhparent::pg_catalog.regclass::text, i.inhseqno::text
  FROM pg_catalog.pg_inherits i JOIN relation r ON r.oid = i.inhrelid WHERE r.relkind NOT IN ('i', 'I')
UNION ALL
SELECT 'sequence ' || r.name,
       pg_catalog.concat_ws(' ', pg_catalog.format_type(s.seqtypid, NULL), 'start', s.seqstart, 'increment', s.seqincrement,
           'min', s.seqmin, 'max', s.seqmax, 'cache', s.seqcache, 'cycle', s.seqcycle,
           'owner', (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', d.deptype, d.refobjid::pg_catalog.regclass::text,
                         pg_catalog.quote_ident(a.attname)), ', ' ORDER BY d.refobjid::pg_catalog.regclass::text, a.attname)
                       FROM pg_catalog.pg_depend d
                       JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = r.oid
                        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')))
  FROM pg_catalog.pg_sequence s JOIN relation r ON r.oid = s.seqrelid
UNION ALL
SELECT 'schema ' || pg_catalog.quote_ident(n.nspname),
       pg_catalog.concat_ws(' ', 'owner', pg_catalog.pg_get_userbyid(n.nspowner), 'acl', n.nspacl::text,
           'comment', pg_catalog.quote_nullable(pg_catalog.obj_description(n.oid, 'pg_namespace')))
  FROM pg_catalog.pg_namespace n JOIN mine m ON m.oid = n.oid
