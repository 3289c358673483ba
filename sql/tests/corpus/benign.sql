Each case: "--= verbs effect flags", then the text.

--= select read bounded
SELECT 1
--= select read bounded
select version(), current_database(), current_user, now()
--= select read bounded limit=10 reads=public.orders
SELECT id, total FROM orders ORDER BY created_at DESC LIMIT 10
--= select read bounded reads=public.orders columns=public.orders.id,public.orders.*
SELECT * FROM orders WHERE id = $1
--= select read bounded reads=public.orders,public.customers
SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.id = 7
--= select read bounded
SELECT o.id FROM orders o JOIN customers c USING (customer_id) WHERE o.id = 7
--= select read bounded
SELECT o.id FROM orders o, customers c WHERE c.id = o.customer_id AND c.email = 'x'
--= select read bounded
SELECT * FROM orders o LEFT JOIN items i ON i.order_id = o.id WHERE o.id = 5
--= select read unbounded
SELECT * FROM orders o LEFT JOIN items i ON i.order_id = o.id AND o.id = 5
--= select read bounded
SELECT count(*) FROM orders
--= select read bounded
SELECT count(*), sum(total)::numeric, max(created_at) FROM orders WHERE status = 'x'
--= select read unbounded
SELECT status, count(*) FROM orders GROUP BY status
--= select read bounded reads=public.orders
WITH recent AS (SELECT * FROM orders WHERE created_at > now() - interval '1 day') SELECT * FROM recent
--= select read bounded
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT * FROM n LIMIT 5
--= select read reads=public.categories
WITH RECURSIVE tree AS (SELECT id, parent_id FROM categories WHERE id = 1 UNION ALL SELECT c.id, c.parent_id FROM categories c JOIN tree ON c.parent_id = tree.id) SELECT * FROM tree
--= select read bounded
SELECT * FROM generate_series(1, 10) AS g(i)
--= select read bounded
SELECT unnest(ARRAY[1,2,3])
--= select read bounded
VALUES (1, 'a'), (2, 'b')
--= select read bounded
SELECT * FROM (VALUES (1), (2)) AS v(x)
--= select read bounded
SELECT id FROM t WHERE name ILIKE '%bob%' OFFSET 20 FETCH FIRST 10 ROWS ONLY
--= select read
SELECT DISTINCT ON (customer_id) * FROM orders ORDER BY customer_id, created_at DESC
--= select read
SELECT id, row_number() OVER (PARTITION BY customer_id ORDER BY id) FROM orders WINDOW w AS (ORDER BY id)
--= select read
SELECT CASE WHEN total > 10 THEN 'big' ELSE 'small' END AS size FROM orders WHERE id = 1
--= select read
SELECT data->'a'->>'b', data #>> '{x,y}', data @> '{"a":1}' FROM docs WHERE id = 1
--= select read
SELECT array_agg(id ORDER BY id) FILTER (WHERE status = 'x') FROM orders
--= select read
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) FROM orders
--= select read
SELECT extract(epoch FROM created_at), created_at AT TIME ZONE 'UTC' FROM orders WHERE id = 1
--= select read
SELECT a.x FROM a CROSS JOIN LATERAL (SELECT b.y FROM b WHERE b.a_id = a.id LIMIT 1) s WHERE a.id = 1
--= select read
SELECT grouping(a), count(*) FROM t GROUP BY GROUPING SETS ((a), ()), CUBE (b)
--= select read
SELECT * FROM t TABLESAMPLE SYSTEM (1) WHERE id = 4
--= select read
SELECT (addr).city, tags[1], tags[1:2] FROM people WHERE id = 1
--= select read
SELECT 'it''s', E'a\nb', $$x$$, B'01', X'1F', 1e10, NULL, interval '1 day'
--= select read
SELECT xmlelement(name a, 1), xmlforest(1 AS x), xmlserialize(content '<a/>' AS text)
--= select read
SELECT json_object('a': 1), json_array(1, 2), json_value('{}', '$.a'), '{}' IS JSON
--= select read
SELECT * FROM json_table('[]', '$[*]' COLUMNS (a int PATH '$.a')) AS j
--= select read
SELECT least(1, 2), greatest(3, 4), nullif(1, 2), coalesce(NULL, 1)
--= select read
SELECT overlay('abc' PLACING 'x' FROM 1), position('a' IN 'abc'), substring('abc' FROM 2), trim(both 'x' FROM 'x')
--= select read
SELECT id FROM a INTERSECT SELECT id FROM b EXCEPT SELECT id FROM c
--= select read
SELECT EXISTS (SELECT 1 FROM t WHERE id = 1), (SELECT max(id) FROM t), 1 = ANY(ARRAY[1])
--= select read bounded
SELECT * FROM users WHERE (id, name) = (1, 'x')
--= select read bounded
SELECT * FROM pg_catalog.pg_class
--= select read bounded
SELECT "public"."users"."id" AS "0" FROM "public"."users" WHERE 1=1 AND "public"."users"."email" = $1 LIMIT $2 OFFSET $3
--= select read
SELECT "users".* FROM "users" WHERE "users"."id" = $1 LIMIT $2
--= select read
SELECT u1_0.id,u1_0.name FROM users u1_0 WHERE u1_0.id=$1
--= select read
SELECT "django_session"."session_key" FROM "django_session" WHERE ("django_session"."expire_date" > '2024-01-01T00:00:00+00:00'::timestamptz AND "django_session"."session_key" = 'x') LIMIT 21
--= select read
SELECT (1) AS "a" FROM "auth_user" WHERE "auth_user"."username" = 'x' LIMIT 1
--= insert write writes=public.users
INSERT INTO users (name, email) VALUES ('a', 'b')
--= insert write reads=public.users columns=public.users.id
INSERT INTO users (name) VALUES ($1) RETURNING id
--= insert write
INSERT INTO users DEFAULT VALUES
--= insert write
INSERT INTO t VALUES (1), (2), (3) ON CONFLICT DO NOTHING
--= insert,update write
INSERT INTO t (id, n) VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET n = t.n + excluded.n WHERE t.n < 10
--= insert,select write reads=public.orders writes=public.archive
INSERT INTO archive SELECT * FROM orders WHERE id = 5
--= update write writes=public.users
UPDATE users SET name = 'x', updated_at = now() WHERE id = 1
--= update write
UPDATE "users" SET "name" = $1 WHERE "users"."id" = $2
--= update write
UPDATE accounts SET balance = balance - 10 WHERE id = 1 RETURNING balance
--= update write reads=public.b
UPDATE a SET x = b.x FROM b WHERE a.id = b.a_id
--= update,select write
UPDATE t SET (a, b) = (SELECT 1, 2) WHERE id = 1
--= update,select,lock write
UPDATE jobs SET state = 'run' WHERE id = (SELECT id FROM jobs WHERE state = 'new' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *
--= delete write
DELETE FROM sessions WHERE expires_at < now()
--= delete write
DELETE FROM a USING b WHERE a.b_id = b.id AND b.dead
--= delete,select write
DELETE FROM t WHERE id IN (SELECT id FROM t WHERE done LIMIT 100)
--= merge,update,insert write
MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = s.n WHEN NOT MATCHED THEN INSERT (id, n) VALUES (s.id, s.n)
--= transaction session
BEGIN
--= transaction session
START TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY
--= transaction session
COMMIT
--= transaction session
ROLLBACK TO SAVEPOINT a
--= transaction session
SAVEPOINT a; RELEASE SAVEPOINT a
--= transaction,update write
BEGIN; UPDATE t SET a = 1 WHERE id = 1; COMMIT
--= set session set=extra_float_digits
SET extra_float_digits = 3
--= set session set=timezone
SET TIME ZONE 'UTC'
--= set session set=application_name
SET application_name = 'x'
--= set session set=client_encoding
SET NAMES 'UTF8'
--= set session
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED
--= set session
SET TRANSACTION READ ONLY
--= set session set=statement_timeout
SET LOCAL statement_timeout = '5s'
--= set session set=search_path
SET search_path TO app, public
--= set session set=all
RESET ALL
--= set session
SET CONSTRAINTS ALL DEFERRED
--= show session
SHOW search_path
--= show session
SHOW ALL
--= show session
SHOW TRANSACTION ISOLATION LEVEL
--= discard session
DISCARD ALL
--= prepare session
DEALLOCATE ALL
--= listen session
LISTEN jobs
--= listen session
UNLISTEN *
--= notify write
NOTIFY jobs, 'x'
--= explain,select read bounded
EXPLAIN SELECT * FROM t
--= explain,select read bounded
EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM t
--= prepare,select read bounded
PREPARE p(int) AS SELECT * FROM t WHERE id = $1
--= prepare,execute,select read bounded
PREPARE p(int) AS SELECT * FROM t WHERE id = $1; EXECUTE p(1); DEALLOCATE p
--= cursor,select read unbounded
DECLARE c CURSOR FOR SELECT * FROM t
--= transaction,cursor,select read
BEGIN; DECLARE c CURSOR FOR SELECT * FROM t WHERE id = 1; FETCH 10 FROM c; CLOSE c; COMMIT
--= copy_in write writes=public.t
COPY t (a, b) FROM STDIN WITH (FORMAT csv, HEADER)
--= copy_out read unbounded reads=public.t
COPY t TO STDOUT
--= copy_out,select read bounded
COPY (SELECT * FROM t WHERE id = 1) TO STDOUT WITH CSV
--= create admin ddl=create~table writes=public.t
CREATE TABLE IF NOT EXISTS t (id bigserial PRIMARY KEY, name text NOT NULL DEFAULT 'x', CHECK (id > 0))
--= create admin ddl=create~table reads=public.u
CREATE TABLE t (id int REFERENCES u (id) ON DELETE CASCADE, LIKE u INCLUDING ALL)
--= create admin ddl=create~table
CREATE TABLE m (id int, d date) PARTITION BY RANGE (d)
--= create admin ddl=create~table
CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')
--= create write ddl=create~table writes=pg_temp.x
CREATE TEMPORARY TABLE x (a int) ON COMMIT DROP
--= create admin ddl=create~index writes=public.t
CREATE UNIQUE INDEX CONCURRENTLY i ON t USING btree (lower(name)) WHERE active
--= create,select admin ddl=create~view writes=public.v reads=public.t
CREATE OR REPLACE VIEW v AS SELECT id FROM t WHERE active
--= create,insert,select admin ddl=create~materialized~view
CREATE MATERIALIZED VIEW mv AS SELECT * FROM t
--= maintain write
REFRESH MATERIALIZED VIEW CONCURRENTLY mv
--= create admin ddl=create~sequence
CREATE SEQUENCE s START 100
--= create admin ddl=create~type
CREATE TYPE mood AS ENUM ('sad', 'ok')
--= create admin ddl=create~type
CREATE TYPE pair AS (a int, b int)
--= create admin ddl=create~domain
CREATE DOMAIN posint AS int CHECK (VALUE > 0)
--= create admin ddl=create~schema writes=app
CREATE SCHEMA IF NOT EXISTS app
--= create,select admin ddl=create~function
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + 1'
--= create admin ddl=create~function
CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$
--= create admin ddl=create~policy
CREATE POLICY p ON t FOR SELECT TO public USING (owner = current_user)
--= alter admin ddl=alter~table,add~column
ALTER TABLE t ADD COLUMN c int DEFAULT 0
--= alter admin ddl=alter~table
ALTER TABLE t ALTER COLUMN c TYPE bigint USING c::bigint, ALTER COLUMN c SET NOT NULL
--= alter admin ddl=alter~table
ALTER TABLE ONLY public.t ADD CONSTRAINT t_pkey PRIMARY KEY (id)
--= alter admin ddl=alter~table
ALTER TABLE t ENABLE ROW LEVEL SECURITY
--= alter admin ddl=alter~index
ALTER INDEX i RENAME TO j
--= alter admin ddl=alter~type
ALTER TYPE mood ADD VALUE 'happy'
--= alter admin ddl=alter~sequence
ALTER SEQUENCE s OWNED BY t.id
--= alter admin
ALTER FUNCTION f(int) STABLE
--= comment admin writes=public.t
COMMENT ON TABLE t IS 'x'
--= comment admin writes=public.t
COMMENT ON COLUMN t.a IS 'x'
--= drop write writes=pg_temp.x
DROP TABLE pg_temp.x
--= drop admin ddl=drop~index
DROP INDEX IF EXISTS i
--= vacuum write
ANALYZE t (a, b)
--= vacuum write
VACUUM (ANALYZE) t
--= lock write
LOCK TABLE public.t IN ACCESS SHARE MODE
--= do write
DO $$ BEGIN RAISE NOTICE 'hello %', 1 + 1; END $$
--= do,select,update write
DO $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM t; IF n > 5 THEN UPDATE t SET a = n WHERE id = 1; END IF; END $$
--= select,sequence write writes=public.users_id_seq
SELECT nextval('"users_id_seq"')
--= select,sequence write writes=public.hibernate_sequence
select nextval ('hibernate_sequence')
--= select,set read set=search_path
SELECT pg_catalog.set_config('search_path', '', false)
--= select,lock write
SELECT pg_try_advisory_xact_lock(42)
--= select read
SELECT pg_sleep(1)
--= select read
SELECT currval('s'), lastval(), txid_current(), gen_random_uuid(), random()
--= select read
SELECT pg_size_pretty(pg_total_relation_size('t')), pg_relation_size('t'::regclass)
--= select read bounded
SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' END as "Type", pg_catalog.pg_get_userbyid(c.relowner) as "Owner" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam WHERE c.relkind IN ('r','p','v','m','S','f','') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2
--= select read bounded
SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname OPERATOR(pg_catalog.~) '^(orders)$' COLLATE pg_catalog.default AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 2, 3
--= select read bounded
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef), a.attnotnull FROM pg_catalog.pg_attribute a WHERE a.attrelid = '16385' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
--= select read bounded
SELECT d.datname as "Name", pg_catalog.pg_get_userbyid(d.datdba) as "Owner", pg_catalog.array_to_string(d.datacl, E'\n') AS "Access privileges" FROM pg_catalog.pg_database d ORDER BY 1
--= select read bounded
SELECT r.rolname, r.rolsuper, ARRAY(SELECT b.rolname FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles b ON (m.roleid = b.oid) WHERE m.member = r.oid) as memberof FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY 1
--= select read bounded
SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
--= select read bounded
SELECT t.oid, t.typname FROM pg_type t JOIN pg_namespace ns ON t.typnamespace = ns.oid WHERE t.typname IN ('hstore')
--= select read
SELECT pid, state, query FROM pg_stat_activity WHERE state <> 'idle'
--= select read
SELECT date_trunc('month', "o"."created_at") AS "m", sum("o"."total") AS "revenue" FROM "orders" "o" GROUP BY date_trunc('month', "o"."created_at") ORDER BY "m" ASC
--= select read limit=2000
SELECT "source"."status" AS "status", count(*) AS "count" FROM (SELECT "public"."orders"."status" AS "status" FROM "public"."orders" WHERE "public"."orders"."created_at" >= now() + INTERVAL '-30 day') AS "source" GROUP BY "source"."status" LIMIT 2000
--= transaction,set session
BEGIN; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY
--= select read

SELECT pg_catalog.pg_get_viewdef('16400'::pg_catalog.oid) AS viewdef
--= select read
-- just a comment
SELECT /* hint */ 1 -- end
--= select read
SELECT '/* not a comment */', "odd -- name" FROM t WHERE id = 1
--= create,update,select admin ddl=create~function
CREATE FUNCTION pay(p_id int, p_sum numeric) RETURNS numeric LANGUAGE plpgsql AS $$ DECLARE n numeric; BEGIN UPDATE accounts SET balance = balance - p_sum WHERE id = p_id; SELECT balance INTO n FROM accounts WHERE id = p_id; p_sum := n; RETURN n; END $$
--= create,select admin ddl=create~function
CREATE FUNCTION rows_of(k text) RETURNS SETOF t LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN QUERY SELECT * FROM t WHERE kind = k; END $$
--= set session set=row_security
SET row_security = off
--= select read
SELECT result.a FROM (SELECT i.indisprimary, information_schema._pg_expandarray(i.indkey) AS keys, 1 AS a FROM pg_catalog.pg_index i) result WHERE result.indisprimary
--= alter admin writes=public.t,public.u
ALTER TABLE t RENAME TO u
--= select,set read set=row_security fn=pg_catalog.set_config
SELECT set_config(name, 'off', false) FROM pg_settings WHERE name = 'row_security'
--= lock write
LOCK TABLE t IN ROW EXCLUSIVE MODE
--= lock write
LOCK TABLE t IN SHARE MODE
--= select,delete write
SELECT lo_unlink(d.body) FROM documents d WHERE d.id = 7
--= select,sequence write writes=public.s
SELECT setval('s', (SELECT max(id) FROM t))
--= select,notify write
SELECT pg_notify('jobs', id::text) FROM jobs WHERE id = 7
--= select,notify write
SELECT pg_notify('jobs', (SELECT count(*) FROM jobs)::text)
--= select,lock write
SELECT pg_advisory_lock(id) FROM jobs LIMIT 1
--= select read
SELECT a, b FROM generate_series(1, 1000) a, generate_series(1, 1000) b
--= select read
SELECT s.name, c.name, r.name FROM sizes s, colours c, regions r
--= do,select,delete write
DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM t WHERE old LOOP DELETE FROM t WHERE id = r.id; END LOOP; END $$
--= do,select,delete write
DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM parents LOOP DELETE FROM children WHERE parent_id = r.id; END LOOP; END $$
--= do,select,delete write
DO $$ DECLARE c CURSOR FOR SELECT * FROM t WHERE old; BEGIN FOR r IN c LOOP DELETE FROM t WHERE CURRENT OF c; END LOOP; END $$
--= do,delete,select write
DO $$ BEGIN LOOP DELETE FROM t WHERE id IN (SELECT id FROM t WHERE old LIMIT 500); EXIT WHEN NOT FOUND; END LOOP; END $$
--= do,select,delete write
DO $$ DECLARE v int; BEGIN SELECT max(id) INTO v FROM t; DELETE FROM t WHERE id = v; END $$
--= do,select,delete write
DO $$ DECLARE v int; BEGIN SELECT id INTO v FROM t ORDER BY at LIMIT 1; DELETE FROM t WHERE id = v; END $$
--= delete write
DELETE FROM t USING unnest(ARRAY[1, 2]) AS x(id) WHERE t.id = x.id
--= update,select write
UPDATE t SET a = x.a FROM s, LATERAL (SELECT max(a) AS a FROM u WHERE u.s_id = s.id) x WHERE t.s_id = s.id
--= do,select,delete write
DO $$ DECLARE r t%ROWTYPE; BEGIN FOR r IN SELECT * FROM t WHERE id = 7 LOOP DELETE FROM t WHERE id = r.id; END LOOP; END $$
--= do,select,delete write
DO $$ DECLARE r t%ROWTYPE; BEGIN FOR r IN SELECT * FROM t LIMIT 10 LOOP DELETE FROM t WHERE id = r.id; END LOOP; END $$
--= do,select,update write
DO $$ DECLARE r t%ROWTYPE; BEGIN SELECT * INTO r FROM t WHERE id = 5; UPDATE t SET a = 1 WHERE id = r.id; END $$
--= do,select,delete write
DO $$ DECLARE m int; BEGIN SELECT max(id) INTO m FROM batches; DELETE FROM t WHERE batch_id = m; END $$
--= do,select,update write
DO $$ DECLARE m int; BEGIN SELECT max(id) INTO m FROM t; UPDATE t SET latest = true WHERE id = m; END $$
--= do,delete write
DO $$ DECLARE since timestamptz := now() - interval '30 days'; BEGIN DELETE FROM t WHERE created_at < since; END $$
--= do,delete write
DO $$ DECLARE since timestamptz := now(); BEGIN since := since - interval '30 days'; DELETE FROM t WHERE created_at < since; END $$
--= do,select,update write
DO $$ DECLARE c t%ROWTYPE; r orders%ROWTYPE; x int; BEGIN FOR r IN SELECT * FROM orders LOOP x := r.customer_id; UPDATE customers SET n = n + 1 WHERE id = x; END LOOP; END $$
--= do,select,update write
DO $$ DECLARE x int; BEGIN LOOP SELECT id INTO x FROM jobs WHERE state = 'queued' LIMIT 1; EXIT WHEN NOT FOUND; UPDATE jobs SET state = 'done' WHERE id = x; END LOOP; END $$
