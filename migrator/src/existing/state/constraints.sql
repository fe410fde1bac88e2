-- Constraints of tables and domains, and the triggers that check foreign keys. What Postgres makes for a partition
-- takes a name of its own choosing, so its definition stands for its name.
WITH constraint_of AS (
    SELECT k.*, pg_catalog.pg_get_constraintdef(k.oid) AS definition,
           CASE WHEN k.contypid <> 0 THEN k.contypid::pg_catalog.regtype::text ELSE k.conrelid::pg_catalog.regclass::text END
               || CASE WHEN k.conparentid <> 0 THEN ' for ' || pg_catalog.pg_get_constraintdef(k.oid)
                       ELSE ' ' || pg_catalog.quote_ident(k.conname) END AS name
      FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
     WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', '_outgrow')
       AND ($1::text[] IS NULL OR n.nspname = ANY ($1)))
SELECT 'constraint ' || k.name,
       pg_catalog.concat_ws(' ', k.contype, k.definition, 'validated', k.convalidated, 'deferrable', k.condeferrable,
           'deferred', k.condeferred, 'inherited', k.conislocal, k.coninhcount, k.connoinherit,
           'comment', pg_catalog.quote_nullable(pg_catalog.obj_description(k.oid, 'pg_constraint')))
  FROM constraint_of k WHERE k.contype <> 't'
UNION ALL
SELECT 'check of ' || k.name,
       pg_catalog.concat_ws(' ', t.tgfoid::pg_catalog.regproc::text, 'on', t.tgrelid::pg_catalog.regclass::text,
           'type', t.tgtype, 'enabled', t.tgenabled, 'deferrable', t.tgdeferrable, 'deferred', t.tginitdeferred)
  FROM pg_catalog.pg_trigger t JOIN constraint_of k ON k.oid = t.tgconstraint WHERE t.tgisinternal
