-- Columns of every relation, views and composite types included.
SELECT pg_catalog.format('column %I.%I.%I', n.nspname, c.relname, a.attname),
       pg_catalog.concat_ws(' ', a.attnum, pg_catalog.format_type(a.atttypid, a.atttypmod), 'dimensions', a.attndims,
           'not null', a.attnotnull, 'identity', a.attidentity, 'generated', a.attgenerated,
           'default', (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d
                        WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum),
           'collation', CASE WHEN a.attcollation <> 0 THEN a.attcollation::pg_catalog.regcollation::text END,
           'storage', a.attstorage, 'compression', a.attcompression, 'statistics', a.attstattarget,
           'options', a.attoptions::text, 'inherited', a.attislocal, a.attinhcount, 'acl', a.attacl::text,
           'comment', pg_catalog.quote_nullable(pg_catalog.col_description(a.attrelid, a.attnum)))
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind NOT IN ('i', 'I', 't', 'S')
   AND n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', '_outgrow')
       AND ($1::text[] IS NULL OR n.nspname = ANY ($1))
