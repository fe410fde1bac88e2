-- Functions, types and extensions. Definitions that can be long stand as their hash.
WITH mine AS (
    SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n
     WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', '_outgrow')
       AND ($1::text[] IS NULL OR n.nspname = ANY ($1)))
SELECT pg_catalog.format('function %I.%I(%s)', m.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
       pg_catalog.concat_ws(' ', p.prokind, 'owner', pg_catalog.pg_get_userbyid(p.proowner), 'acl', p.proacl::text,
           CASE WHEN p.prokind <> 'a' THEN pg_catalog.md5(pg_catalog.pg_get_functiondef(p.oid)) END,
           (SELECT pg_catalog.concat_ws(' ', a.aggkind, a.aggtransfn, a.aggfinalfn, a.aggcombinefn,
                       a.aggtranstype::pg_catalog.regtype::text, a.agginitval)
              FROM pg_catalog.pg_aggregate a WHERE a.aggfnoid = p.oid),
           'comment', pg_catalog.quote_nullable(pg_catalog.obj_description(p.oid, 'pg_proc')))
  FROM pg_catalog.pg_proc p JOIN mine m ON m.oid = p.pronamespace
UNION ALL
SELECT pg_catalog.format('type %I.%I', m.nspname, t.typname),
       pg_catalog.concat_ws(' ', t.typtype, 'owner', pg_catalog.pg_get_userbyid(t.typowner), 'acl', t.typacl::text,
           CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END, 'not null', t.typnotnull,
           'default', t.typdefault,
           'labels', (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ',' ORDER BY e.enumsortorder)
                        FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid),
           'comment', pg_catalog.quote_nullable(pg_catalog.obj_description(t.oid, 'pg_type')))
  FROM pg_catalog.pg_type t JOIN mine m ON m.oid = t.typnamespace WHERE t.typcategory <> 'A'
UNION ALL
SELECT pg_catalog.format('view %I.%I', m.nspname, c.relname), pg_catalog.md5(pg_catalog.pg_get_viewdef(c.oid))
  FROM pg_catalog.pg_class c JOIN mine m ON m.oid = c.relnamespace WHERE c.relkind IN ('v', 'm')
UNION ALL
SELECT pg_catalog.format('extension %I', x.extname), pg_catalog.concat_ws(' ', x.extversion, 'in', m.nspname)
  FROM pg_catalog.pg_extension x JOIN mine m ON m.oid = x.extnamespace
