-- Indexes, triggers, rules, policies, extended statistics and memberships of publications.
WITH relation AS (
    SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', '_outgrow')
       AND ($1::text[] IS NULL OR n.nspname = ANY ($1)))
SELECT 'index ' || r.name,
       pg_catalog.concat_ws(' ', pg_catalog.pg_get_indexdef(i.indexrelid), 'valid', i.indisvalid, 'ready', i.indisready,
           'live', i.indislive, 'primary', i.indisprimary, 'immediate', i.indimmediate, 'clustered', i.indisclustered,
           'replica identity', i.indisreplident, 'owner', pg_catalog.pg_get_userbyid(c.relowner),
           'options', c.reloptions::text,
           'tablespace', (SELECT spcname FROM pg_catalog.pg_tablespace WHERE oid = c.reltablespace),
           'statistics', (SELECT pg_catalog.string_agg(a.attstattarget::text, ',' ORDER BY a.attnum)
                            FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid),
           'part of', (SELECT h.inhparent::pg_catalog.regclass::text FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid),
           'comment', pg_catalog.quote_nullable(pg_catalog.obj_description(i.indexrelid, 'pg_class')))
  FROM pg_catalog.pg_index i JOIN relation r ON r.oid = i.indexrelid JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
UNION ALL
SELECT pg_catalog.format('trigger %s %I', r.name, t.tgname),
       pg_catalog.concat_ws(' ', pg_catalog.pg_get_triggerdef(t.oid), 'enabled', t.tgenabled, 'of a partition', t.tgparentid <> 0,
           'comment', pg_catalog.quote_nullable(pg_catalog.obj_description(t.oid, 'pg_trigger')))
  FROM pg_catalog.pg_trigger t JOIN relation r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
UNION ALL
SELECT pg_catalog.format('rule %s %I', r.name, w.rulename),
       pg_catalog.concat_ws(' ', pg_catalog.md5(pg_catalog.pg_get_ruledef(w.oid)), 'enabled', w.ev_enabled,
           'comment', pg_catalog.quote_nullable(pg_catalog.obj_description(w.oid, 'pg_rewrite')))
  FROM pg_catalog.pg_rewrite w JOIN relation r ON r.oid = w.ev_class
UNION ALL
SELECT pg_catalog.format('policy %s %I', r.name, p.polname),
       pg_catalog.concat_ws(' ', p.polcmd, 'permissive', p.polpermissive,
           'roles', (SELECT pg_catalog.string_agg(CASE WHEN o = 0 THEN 'public' ELSE pg_catalog.pg_get_userbyid(o)::text END, ',' ORDER BY 1)
                       FROM pg_catalog.unnest(p.polroles) AS o),
           'using', pg_catalog.pg_get_expr(p.polqual, p.polrelid), 'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid),
           'comment', pg_catalog.quote_nullable(pg_catalog.obj_description(p.oid, 'pg_policy')))
  FROM pg_catalog.pg_policy p JOIN relation r ON r.oid = p.polrelid
UNION ALL
SELECT pg_catalog.format('statistics %I.%I', n.nspname, s.stxname), pg_catalog.pg_get_statisticsobjdef(s.oid)
  FROM pg_catalog.pg_statistic_ext s JOIN relation r ON r.oid = s.stxrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
UNION ALL
SELECT pg_catalog.format('publication %I of %s', p.pubname, r.name), 'member'
  FROM pg_catalog.pg_publication_rel m JOIN pg_catalog.pg_publication p ON p.oid = m.prpubid
  JOIN relation r ON r.oid = m.prrelid
