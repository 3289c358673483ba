SELECT 1
--
SELECT now(), current_user, version()
--
SELECT * FROM orders WHERE id = 7
--
SELECT id, name FROM customers ORDER BY name LIMIT 20 OFFSET 40
--
SELECT count(*) FROM orders
--
SELECT status, count(*), sum(total) FROM orders GROUP BY status HAVING count(*) > 1
--
SELECT o.*, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.created_at > now() - interval '7 days'
--
SELECT DISTINCT ON (customer_id) * FROM orders ORDER BY customer_id, created_at DESC
--
SELECT * FROM a LEFT JOIN b USING (id) WHERE b.id IS NULL
--
SELECT 'DROP TABLE customers' AS joke
--
SELECT note FROM orders WHERE note ILIKE '%delete from%'
--
SELECT "drop" FROM "table" WHERE "delete" = 1
--
SELECT $$truncate customers$$ AS text
--
SELECT /* drop table x */ 1 -- truncate y
--
SELECT E'it\'s; drop table x; --'
--
SELECT coalesce(name, 'none'), upper(name), length(name) FROM customers WHERE id < 10
--
SELECT jsonb_build_object('a', 1) -> 'a'
--
SELECT profile ->> 'city' FROM customers WHERE profile @> '{"vip": true}'
--
SELECT jsonb_agg(x) FROM (SELECT id FROM orders LIMIT 5) x
--
SELECT row_number() OVER (PARTITION BY customer_id ORDER BY id) FROM orders LIMIT 5
--
SELECT generate_series(1, 10)
--
SELECT * FROM generate_series('2026-01-01'::date, '2026-01-31', '1 day') d
--
SELECT unnest(array[1,2,3])
--
SELECT array_agg(id ORDER BY id) FROM orders WHERE customer_id = 3
--
SELECT to_char(created_at, 'YYYY-MM'), sum(total) FROM orders GROUP BY 1
--
SELECT regexp_replace('a b', '\s', '') 
--
SELECT substring(name FROM 1 FOR 3), position('a' IN name) FROM customers LIMIT 3
--
SELECT extract(epoch FROM now())
--
SELECT date_trunc('day', now() AT TIME ZONE 'UTC')
--
SELECT CASE WHEN total > 100 THEN 'big' ELSE 'small' END FROM orders LIMIT 10
--
SELECT * FROM orders WHERE id = ANY(ARRAY[1,2,3])
--
SELECT * FROM orders WHERE id IN (SELECT order_id FROM items WHERE sku = 'x')
--
SELECT * FROM orders WHERE EXISTS (SELECT 1 FROM items WHERE items.order_id = orders.id)
--
SELECT 1 UNION ALL SELECT 2
--
(SELECT 1) INTERSECT (SELECT 1)
--
VALUES (1, 'a'), (2, 'b')
--
TABLE orders LIMIT 5
--
WITH recent AS (SELECT * FROM orders WHERE created_at > now() - interval '1 hour') SELECT count(*) FROM recent
--
WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t
--
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) FROM orders
--
SELECT string_agg(name, ', ') FROM customers WHERE id < 5
--
SELECT md5('x'), gen_random_uuid()
--
SELECT pg_size_pretty(pg_total_relation_size('orders'))
--
SELECT pg_database_size('shop')
--
SELECT pg_get_viewdef('v'::regclass)
--
SELECT pg_backend_pid(), pg_is_in_recovery()
--
SELECT current_setting('TimeZone')
--
SELECT * FROM pg_stat_activity WHERE state = 'active'
--
SELECT relname, n_live_tup FROM pg_stat_user_tables ORDER BY 2 DESC LIMIT 10
--
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'
--
SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'orders'
--
SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'
--
SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'orders'
--
SELECT extname FROM pg_extension
--
SELECT usename FROM pg_user
--
SELECT datname FROM pg_database
--
SELECT typname FROM pg_type WHERE oid = 25
--
SELECT pg_sleep(0.1)
--
SELECT nextval('orders_id_seq')
--
SELECT currval('orders_id_seq')
--
SELECT has_table_privilege('orders', 'select')
--
SELECT to_regclass('public.orders')
--
SELECT obj_description('orders'::regclass)
--
SELECT format('%s-%s', 1, 2)
--
SELECT quote_ident('a b')
--
EXPLAIN SELECT * FROM orders WHERE id = 1
--
EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM orders WHERE id = 1
--
EXPLAIN ANALYZE UPDATE orders SET status = 'x' WHERE id = 1
--
INSERT INTO orders (customer_id, total) VALUES (1, 9.99)
--
INSERT INTO orders (customer_id, total) VALUES (1, 9.99) RETURNING id
--
INSERT INTO notes DEFAULT VALUES
--
INSERT INTO archive SELECT * FROM orders WHERE id = 9
--
INSERT INTO t (id, n) VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET n = excluded.n
--
INSERT INTO t (id) VALUES (1) ON CONFLICT DO NOTHING
--
INSERT INTO notes (text) VALUES ('please DELETE FROM my list; DROP it')
--
UPDATE orders SET status = 'shipped' WHERE id = 5
--
UPDATE orders SET status = 'shipped', updated_at = now() WHERE id IN (1, 2, 3)
--
UPDATE orders o SET total = s.total FROM sums s WHERE s.order_id = o.id AND o.id = 5
--
UPDATE customers SET name = 'x' WHERE email = $1
--
UPDATE customers SET profile = jsonb_set(profile, '{city}', '"Rome"') WHERE id = 3
--
UPDATE counters SET n = n + 1 WHERE name = 'visits' RETURNING n
--
DELETE FROM sessions WHERE expires_at < now()
--
DELETE FROM cart_items WHERE cart_id = 4 AND sku = 'x'
--
DELETE FROM orders WHERE id = 5 RETURNING *
--
DELETE FROM logs USING users WHERE logs.user_id = users.id AND users.name = 'bob'
--
WITH old AS (DELETE FROM jobs WHERE done AND id < 100 RETURNING id) SELECT count(*) FROM old
--
MERGE INTO stock s USING (VALUES (1, 5)) v(id, n) ON s.id = v.id WHEN MATCHED THEN UPDATE SET n = v.n WHEN NOT MATCHED THEN INSERT VALUES (v.id, v.n)
--
BEGIN
--
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY
--
START TRANSACTION
--
COMMIT
--
ROLLBACK
--
SAVEPOINT a
--
ROLLBACK TO SAVEPOINT a
--
RELEASE a
--
END
--
SET TIME ZONE 'UTC'
--
SET statement_timeout = '5s'
--
SET LOCAL work_mem = '64MB'
--
SET application_name = 'report'
--
SET client_encoding TO 'UTF8'
--
SET DateStyle = 'ISO, MDY'
--
SET extra_float_digits = 3
--
SET TRANSACTION READ ONLY
--
SET lock_timeout TO 1000
--
RESET statement_timeout
--
SHOW search_path
--
SHOW server_version
--
SHOW ALL
--
SELECT set_config('application_name', 'x', false)
--
DISCARD ALL
--
DEALLOCATE ALL
--
PREPARE p (int) AS SELECT * FROM orders WHERE id = $1
--
DECLARE c CURSOR FOR SELECT * FROM orders WHERE id < 100
--
CLOSE c
--
LISTEN orders
--
NOTIFY orders, 'changed'
--
UNLISTEN orders
--
SELECT pg_notify('orders', '1')
--
COPY orders TO STDOUT
--
COPY (SELECT id, total FROM orders WHERE id < 100) TO STDOUT WITH (FORMAT csv, HEADER)
--
COPY notes (text) FROM STDIN WITH CSV
--
CREATE TEMP TABLE tmp (a int)
--
CREATE TEMPORARY TABLE tmp2 AS SELECT * FROM orders WHERE id < 5
--
SELECT * INTO TEMP tmp3 FROM orders WHERE id = 1
--
SELECT * FROM orders FOR UPDATE SKIP LOCKED LIMIT 1
--
SELECT pg_advisory_lock(1)
--
SELECT pg_try_advisory_xact_lock(42)
--
SELECT pg_advisory_unlock(1)
--
ANALYZE orders
--
VACUUM orders
--
SELECT 1; SELECT 2
--
;
--
SELECT * FROM "Weird Name" WHERE "Id" = 1
--
SELECT c AS "Kunde", o.total::numeric(10,2) FROM customers c, orders o WHERE c.id = o.customer_id AND c.id = 1
--
SELECT * FROM orders TABLESAMPLE SYSTEM (1) LIMIT 10
--
SELECT a.n FROM nums a CROSS JOIN LATERAL (SELECT a.n * 2) b LIMIT 3
--
SELECT GREATEST(1,2), LEAST(1,2), NULLIF(1,1)
--
SELECT ROW(1,2) = ROW(1,2)
--
SELECT '2026-01-01'::date + 7
--
SELECT xmlelement(name a, 'b')
--
SELECT to_tsvector('english', 'a fat cat') @@ to_tsquery('cat')
--
SELECT ts_headline('a fat cat', to_tsquery('cat'))
--
SELECT inet '10.0.0.1' << inet '10.0.0.0/8'
--
SELECT int4range(1, 5) @> 3
--
SELECT point(1,2) <-> point(3,4)
--
SELECT encode('abc', 'base64'), decode('YWJj', 'base64')
--
SELECT lpad('7', 3, '0'), trim(' a '), split_part('a,b', ',', 1)
--
SELECT random(), floor(random() * 10)
--
SELECT pg_typeof(1)
--
SELECT age(timestamp '2000-01-01')
--
SELECT oid::regclass FROM pg_class LIMIT 1
--
SELECT * FROM pg_locks WHERE NOT granted
--
SELECT * FROM pg_stat_replication
--
SELECT sum(total) FILTER (WHERE status = 'paid') FROM orders
--
SELECT * FROM orders ORDER BY random() LIMIT 1
--
SELECT id FROM orders WHERE (customer_id, status) = (1, 'x')
--
SELECT GROUPING(a), a FROM t GROUP BY ROLLUP (a)
--
SELECT lag(total) OVER w FROM orders WINDOW w AS (ORDER BY id) LIMIT 5
--
SELECT json_object_agg(k, v) FROM kv WHERE k LIKE 'a%'
--
SELECT * FROM jsonb_to_recordset('[{"a":1}]') AS x(a int)
--
SELECT * FROM json_array_elements('[1,2]')
--
REFRESH MATERIALIZED VIEW mv
--
LOCK TABLE orders IN SHARE MODE
--
SET search_path = shop, public
--
DO 'begin perform 1; end'
--
REINDEX INDEX CONCURRENTLY orders_idx
--
SELECT pg_export_snapshot()
--
DELETE FROM t WHERE created_at < now() - interval '2 years'
--
DELETE FROM t WHERE created_at < current_date - 30
--
DELETE FROM t WHERE expires_at < now() + interval '1 day'
--
DELETE FROM t WHERE expires_at < now() - interval '10 years'
--
DELETE FROM t WHERE ctid = '(0,1)'
--
DELETE FROM t WHERE ctid IN (SELECT ctid FROM t WHERE status = 'x' LIMIT 100)
--
DELETE FROM t WHERE during && tstzrange('2026-01-01', '2026-02-01')
--
DELETE FROM t WHERE id <@ int4range(1, 10)
--
DELETE FROM t WHERE tags @> '{old}'
--
DELETE FROM t WHERE data @> '{"type":"x"}'
--
DELETE FROM t WHERE data->>'type' = 'x'
--
DELETE FROM t WHERE id % 2 = 0
--
DELETE FROM t WHERE name LIKE 'tmp_%'
--
DELETE FROM t WHERE name ~ '^test'
--
DELETE FROM t WHERE user_id = 5 AND NOT read
--
DELETE FROM t a USING t b WHERE a.id < b.id AND a.email = b.email
--
DELETE FROM t WHERE id NOT IN (SELECT min(id) FROM t GROUP BY email)
--
DELETE FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.id = t.u_id)
--
DELETE FROM t WHERE (a, b) IN ((1, 2), (3, 4))
--
DELETE FROM t WHERE id = $1 RETURNING *
--
WITH old AS (SELECT id FROM t WHERE created_at < now() - interval '1 year' LIMIT 1000) DELETE FROM t USING old WHERE t.id = old.id
--
WITH moved AS (DELETE FROM q WHERE id = 5 RETURNING *) INSERT INTO done SELECT * FROM moved
--
UPDATE t SET a = a + 1 WHERE id = 5
--
UPDATE t SET a = CASE WHEN id = 1 THEN 'x' WHEN id = 2 THEN 'y' END WHERE id IN (1, 2)
--
UPDATE t SET data = jsonb_set(data, '{a}', '1') WHERE id = 5
--
UPDATE t SET data = data || '{"a":1}' WHERE data->>'k' = 'v'
--
UPDATE t SET a = v.a FROM (VALUES (1, 'x'), (2, 'y')) v(id, a) WHERE t.id = v.id
--
UPDATE t SET deleted_at = now() WHERE id = ANY('{1,2,3}'::int[])
--
UPDATE t SET a = 1 WHERE deleted_at IS NULL AND user_id = 5
--
INSERT INTO t (a) VALUES (1), (2), (3) ON CONFLICT (a) DO UPDATE SET n = t.n + 1 RETURNING id, (xmax = 0) AS inserted
--
INSERT INTO t SELECT * FROM staging ON CONFLICT (id) DO UPDATE SET a = excluded.a
--
INSERT INTO t SELECT id, 'x' FROM t WHERE id = 5 ON CONFLICT (id) DO UPDATE SET a = 'y'
--
INSERT INTO t (a, b) SELECT a, b FROM u WHERE u.id = 5
--
INSERT INTO t SELECT g, md5(g::text) FROM generate_series(1, 10000) g
--
INSERT INTO t (d) SELECT generate_series('2026-01-01'::date, '2026-12-31', '1 day')
--
INSERT INTO t OVERRIDING SYSTEM VALUE VALUES (1)
--
MERGE INTO t USING staging s ON t.id = s.id AND s.batch = 7 WHEN MATCHED AND s.batch = 7 AND t.id = 5 THEN UPDATE SET a = s.a WHEN NOT MATCHED THEN INSERT (id, a) VALUES (s.id, s.a)
--
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 100) SELECT n FROM r
--
WITH RECURSIVE tree AS (SELECT id, parent FROM n WHERE id = 1 UNION SELECT n.id, n.parent FROM n JOIN tree ON n.parent = tree.id) SELECT * FROM tree
--
WITH RECURSIVE g(a, b) AS (SELECT a, b FROM e WHERE a = 1 UNION ALL SELECT e.a, e.b FROM e, g WHERE e.a = g.b) CYCLE a SET c USING p SELECT * FROM g
--
SELECT generate_series(1, 1000000)
--
SELECT count(*) FROM generate_series(1, 5000000)
--
SELECT pg_sleep(5)
--
SELECT pg_sleep_for('5 minutes')
--
SELECT repeat('ab', 1000), lpad('7', 10, '0')
--
SELECT subname, subenabled FROM pg_subscription
--
SELECT pubname FROM pg_publication
--
SELECT srvname FROM pg_foreign_server
--
SELECT rolname FROM pg_roles
--
SELECT * FROM pg_settings WHERE source <> 'default'
--
SELECT * FROM information_schema.role_table_grants WHERE grantee = current_user
--
SELECT * FROM pg_stat_user_indexes WHERE idx_scan = 0
--
SELECT relname, pg_size_pretty(pg_total_relation_size(oid)) FROM pg_class ORDER BY pg_total_relation_size(oid) DESC LIMIT 10
--
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE NOT indisvalid
--
SELECT datname, age(datfrozenxid) FROM pg_database
--
SELECT locktype, mode, granted FROM pg_locks WHERE pid <> pg_backend_pid()
--
SELECT pid, usename, client_addr, backend_start FROM pg_stat_activity WHERE datname = current_database()
--
SELECT checkpoints_timed FROM pg_stat_bgwriter
--
SELECT sum(heap_blks_hit) / nullif(sum(heap_blks_hit) + sum(heap_blks_read), 0) FROM pg_statio_user_tables
--
SELECT EXTRACT(EPOCH FROM (now() - pg_last_xact_replay_timestamp()))
--
SELECT CASE WHEN pg_is_in_recovery() THEN 1 ELSE 0 END
--
SELECT state, count(*) FROM pg_stat_activity GROUP BY state
--
SELECT pg_current_wal_lsn()
--
SELECT * FROM pg_stat_ssl WHERE pid = pg_backend_pid()
--
SELECT * FROM pg_timezone_names WHERE name LIKE 'Europe/%'
--
SELECT format_type(23, -1), to_regtype('int4'), 'orders'::regclass::oid
--
SELECT enum_range(NULL::mood)
--
SELECT array_agg(DISTINCT a ORDER BY a) FROM t WHERE id < 100
--
SELECT a, b, sum(c) FROM t GROUP BY CUBE (a, b)
--
SELECT first_value(a) OVER (PARTITION BY b ORDER BY c ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM t WHERE b = 1
--
SELECT ntile(4) OVER (ORDER BY a), cume_dist() OVER (ORDER BY a) FROM t LIMIT 10
--
SELECT * FROM t WHERE to_tsvector('english', body) @@ websearch_to_tsquery('a b') ORDER BY ts_rank(to_tsvector(body), to_tsquery('a')) DESC LIMIT 10
--
SELECT * FROM t WHERE data @? '$.a[*] ? (@ > 1)' LIMIT 5
--
SELECT JSON_OBJECT('a': 1, 'b': 2), JSON_ARRAY(1, 2), JSON_QUERY('{"a":[1]}', '$.a')
--
SELECT j.* FROM t, JSON_TABLE(t.data, '$.items[*]' COLUMNS (id int PATH '$.id', NESTED PATH '$.tags[*]' COLUMNS (tag text PATH '$'))) j WHERE t.id = 1
--
SELECT key, value FROM t, jsonb_each_text(t.data) WHERE t.id = 1
--
SELECT * FROM t, unnest(t.tags) AS tag WHERE t.id = 1
--
SELECT string_to_table('a,b', ','), regexp_split_to_table('a b', ' ')
--
SELECT x FROM regexp_matches('a1b2', '\d', 'g') x
--
SELECT overlay('abc' PLACING 'x' FROM 2), position('b' IN 'abc'), 'abc' ^@ 'a'
--
SELECT '192.168.1.1'::inet << '192.168.0.0/16'::cidr, host('10.0.0.1'::inet)
--
SELECT 1::money, '1 day'::interval, B'101', x'1F'::int
--
SELECT point(1,2) <-> point(3,4), circle '((0,0),1)'
--
SELECT width_bucket(5, ARRAY[1,3,7])
--
SELECT date_bin('15 minutes', ts, '2026-01-01'), count(*) FROM t WHERE ts > now() - interval '1 day' GROUP BY 1
--
SELECT setseed(0.5), random()
--
SELECT num_nulls(a, b) FROM t WHERE id = 1
--
SELECT xmlagg(xmlelement(name x, a)) FROM t WHERE id < 10
--
SELECT * FROM a FULL JOIN b USING (id) WHERE a.id = 1 OR b.id = 1
--
SELECT * FROM a LEFT JOIN LATERAL (SELECT 1 AS x) s ON true WHERE a.id = 1
--
SELECT (SELECT count(*) FROM b WHERE b.a_id = a.id) FROM a WHERE a.id = 1
--
SELECT * FROM (VALUES (1, 'a')) AS v(id, n)
--
(SELECT 1) UNION (SELECT 2) ORDER BY 1
--
SELECT * FROM t WHERE id = 1 FOR NO KEY UPDATE OF t
--
SELECT ALL a FROM t WHERE id = 1
--
SELECT "Order"."Id" FROM "dbo"."Order" WHERE "Order"."Id" = 1
--
BEGIN; SET LOCAL statement_timeout = '5s'; SELECT 1; COMMIT
--
SET lock_timeout = '1s'
--
SET search_path TO app, public
--
SET work_mem = '64MB'
--
SET default_transaction_isolation = 'serializable'
--
SET timezone = 'Europe/Berlin'
--
SET datestyle = 'ISO, MDY'
--
SET enable_seqscan = off
--
SET standard_conforming_strings = on
--
SET bytea_output = 'hex'
--
SET intervalstyle = iso_8601
--
SET idle_in_transaction_session_timeout = 0
--
SET synchronous_commit = off
--
SET xmloption = content
--
SET row_security = off
--
SET client_min_messages = warning
--
SET check_function_bodies = false
--
SET SESSION statement_timeout TO 0
--
SHOW transaction_isolation
--
SHOW max_connections
--
RESET search_path
--
CLOSE ALL
--
EXPLAIN (SETTINGS, WAL, ANALYZE) SELECT 1
--
DO $$ BEGIN RAISE NOTICE 'hi'; END $$
--
DO $$ DECLARE i int := 0; BEGIN LOOP i := i + 1; EXIT WHEN i > 10; END LOOP; END $$
--
DO $$ BEGIN FOR i IN 1..10 LOOP INSERT INTO t VALUES (i); END LOOP; END $$
--
DO $$ BEGIN UPDATE t SET a = 1 WHERE id = 5; END $$
--
CREATE TEMPORARY TABLE x (LIKE t INCLUDING ALL)
--
CREATE TEMP TABLE x ON COMMIT PRESERVE ROWS AS SELECT 1
--
COPY (SELECT 1) TO STDOUT
--
COPY t (a, b) FROM STDIN
--
COPY t FROM STDIN WITH (FORMAT csv, HEADER true, DELIMITER ';')
--
NOTIFY jobs, '7'
--
SELECT pg_notify('jobs', '7')
--
VACUUM t
--
ANALYZE VERBOSE t (a)
--
SELECT version(), current_user, inet_server_addr()
--
SELECT * FROM customers WHERE id = 7
--
SELECT * FROM orders ORDER BY created_at DESC LIMIT 50
--
SELECT count(*) FROM customers
--
SELECT status, count(*), sum(total) FROM orders GROUP BY 1 ORDER BY 2 DESC
--
SELECT c.name, o.total FROM customers c JOIN orders o ON o.customer_id = c.id WHERE o.id = 9
--
SELECT c.name FROM customers c LEFT JOIN LATERAL (SELECT * FROM orders o WHERE o.customer_id = c.id ORDER BY id DESC LIMIT 1) l ON true WHERE c.id < 10
--
UPDATE orders SET status = 'paid' WHERE id = 7
--
UPDATE orders SET status = 'paid', paid_at = now() WHERE id IN (1, 2, 3) RETURNING id
--
UPDATE orders o SET total = s.t FROM (SELECT order_id, sum(price) t FROM items GROUP BY 1) s WHERE s.order_id = o.id AND o.status = 'open'
--
UPDATE customers SET email = lower(email) WHERE email <> lower(email)
--
UPDATE orders SET note = 'it''s -- not a comment; DROP TABLE x' WHERE id = 7
--
DELETE FROM sessions WHERE expires_at < now() - interval '30 days'
--
DELETE FROM orders WHERE id = 7
--
DELETE FROM items i USING orders o WHERE i.order_id = o.id AND o.status = 'cancelled'
--
DELETE FROM items WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = items.order_id)
--
DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE state = 'done' ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED)
--
DELETE FROM dups a USING dups b WHERE a.id > b.id AND a.email = b.email
--
DELETE FROM tokens WHERE user_id = 7 AND revoked
--
INSERT INTO orders (customer_id, total) VALUES (7, 12.5) RETURNING id
--
INSERT INTO orders (customer_id, total) SELECT id, 0 FROM customers WHERE vip
--
INSERT INTO kv (k, v) VALUES ('a', 'b') ON CONFLICT (k) DO UPDATE SET v = excluded.v
--
INSERT INTO kv (k, v) VALUES ('a', 'b') ON CONFLICT DO NOTHING
--
INSERT INTO test_data (n) SELECT g FROM generate_series(1, 100000) g
--
INSERT INTO grid SELECT x, y FROM generate_series(1, 100) x, generate_series(1, 100) y
--
MERGE INTO stock s USING (VALUES (1, 5)) v(id, n) ON s.id = v.id WHEN MATCHED THEN UPDATE SET n = s.n + v.n WHEN NOT MATCHED THEN INSERT VALUES (v.id, v.n)
--
MERGE INTO orders o USING staged s ON o.id = s.id WHEN MATCHED AND s.deleted THEN DELETE WHEN MATCHED THEN UPDATE SET total = s.total WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.total)
--
WITH picked AS (SELECT id FROM jobs WHERE state = 'new' ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1) UPDATE jobs SET state = 'run' FROM picked WHERE jobs.id = picked.id RETURNING jobs.*
--
WITH gone AS (DELETE FROM carts WHERE updated_at < now() - interval '90 days' RETURNING *) INSERT INTO carts_archive SELECT * FROM gone
--
WITH RECURSIVE t AS (SELECT id, parent_id FROM categories WHERE id = 1 UNION ALL SELECT c.id, c.parent_id FROM categories c JOIN t ON c.parent_id = t.id) SELECT * FROM t
--
WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT i FROM n
--
EXPLAIN SELECT * FROM orders WHERE id = 7
--
EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM orders WHERE customer_id = 7
--
EXPLAIN ANALYZE UPDATE orders SET status = 'x' WHERE id = 7
--
BEGIN; UPDATE accounts SET balance = balance - 10 WHERE id = 1; UPDATE accounts SET balance = balance + 10 WHERE id = 2; COMMIT
--
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE
--
SAVEPOINT a; RELEASE SAVEPOINT a
--
SET LOCAL lock_timeout = '1s'
--
SET search_path = app, public
--
SET TIME ZONE 'Europe/Berlin'
--
SET application_name = 'reports'
--
SET work_mem = '256MB'
--
DISCARD TEMP
--
LISTEN jobs
--
UNLISTEN *
--
NOTIFY jobs, 'refresh'
--
SELECT pg_notify('jobs', '42')
--
SELECT pg_notify('jobs', json_build_object('id', 7)::text)
--
SELECT pg_notify('jobs', id::text) FROM jobs WHERE id = 7
--
SELECT currval('orders_id_seq'), lastval()
--
SELECT setval('orders_id_seq', (SELECT max(id) FROM orders))
--
SELECT setval(pg_get_serial_sequence('orders', 'id'), coalesce(max(id), 1)) FROM orders
--
SELECT lo_unlink(16400)
--
SELECT lo_get(16400)
--
SELECT pg_advisory_lock(42)
--
SELECT pg_try_advisory_xact_lock(hashtext('job'))
--
SELECT pg_advisory_unlock_all()
--
LOCK TABLE orders IN ROW EXCLUSIVE MODE
--
LOCK TABLE orders IN ROW SHARE MODE
--
LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE
--
SELECT * FROM orders WHERE id = 7 FOR UPDATE NOWAIT
--
VACUUM (ANALYZE, VERBOSE) orders
--
REINDEX INDEX CONCURRENTLY orders_customer_idx
--
REFRESH MATERIALIZED VIEW CONCURRENTLY sales_by_day
--
REFRESH MATERIALIZED VIEW sales_by_day
--
COPY (SELECT id, total FROM orders WHERE created_at >= '2026-01-01') TO STDOUT CSV HEADER
--
COPY customers (id, name) TO STDOUT WITH (FORMAT csv)
--
COPY orders FROM STDIN
--
COPY items (order_id, sku) FROM STDIN WITH (FORMAT csv, HEADER)
--
DECLARE c CURSOR FOR SELECT * FROM orders; FETCH 100 FROM c; CLOSE c
--
BEGIN; DECLARE c CURSOR FOR SELECT * FROM orders WHERE status = 'x' FOR UPDATE; FETCH NEXT FROM c; UPDATE orders SET status = 'y' WHERE CURRENT OF c; COMMIT
--
PREPARE q (int) AS SELECT * FROM orders WHERE id = $1; EXECUTE q(7); DEALLOCATE q
--
PREPARE u AS UPDATE orders SET total = $2 WHERE id = $1; EXECUTE u(7, 1)
--
CREATE TEMP TABLE x AS SELECT id FROM orders WHERE status = 'open'
--
CREATE TEMPORARY TABLE tmp (id int) ON COMMIT DROP
--
DROP TABLE pg_temp.x
--
CREATE TEMP TABLE w (a int); INSERT INTO w VALUES (1); SELECT * FROM w; DROP TABLE w
--
CREATE TEMP VIEW v AS SELECT id FROM orders
--
DO $$ BEGIN RAISE NOTICE 'hello %', now(); END $$
--
DO $$ BEGIN UPDATE orders SET status = 'paid' WHERE id = 7; IF NOT FOUND THEN RAISE EXCEPTION 'none'; END IF; END $$
--
DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM orders WHERE status = 'stale' LOOP DELETE FROM items WHERE order_id = r.id; DELETE FROM orders WHERE id = r.id; END LOOP; END $$
--
DO $$ DECLARE c CURSOR FOR SELECT * FROM orders WHERE status = 'stale'; BEGIN FOR r IN c LOOP DELETE FROM orders WHERE CURRENT OF c; END LOOP; END $$
--
DO $$ DECLARE n int; BEGIN LOOP DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at < now() - interval '1 year' LIMIT 5000); GET DIAGNOSTICS n = ROW_COUNT; EXIT WHEN n = 0; COMMIT; END LOOP; END $$
--
DO $$ DECLARE v int := 7; BEGIN DELETE FROM orders WHERE id = v; END $$
--
DO $$ BEGIN FOR i IN 1..10 LOOP INSERT INTO test_data VALUES (i); END LOOP; END $$
--
SELECT datname, pg_size_pretty(pg_database_size(datname)) FROM pg_database
--
SELECT relname, n_live_tup, n_dead_tup, last_autovacuum FROM pg_stat_user_tables ORDER BY n_dead_tup DESC LIMIT 20
--
SELECT pid, state, wait_event, left(query, 80) FROM pg_stat_activity WHERE state <> 'idle'
--
SELECT blocked.pid, blocking.pid FROM pg_locks blocked JOIN pg_locks blocking ON blocking.locktype = blocked.locktype AND blocking.pid <> blocked.pid WHERE NOT blocked.granted
--
SELECT pid, pg_blocking_pids(pid) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0
--
SELECT query, calls, mean_exec_time FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 10
--
SELECT slot_name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) FROM pg_replication_slots
--
SELECT name, setting FROM pg_settings WHERE name LIKE '%mem%'
--
SELECT indexrelid::regclass, idx_scan FROM pg_stat_user_indexes WHERE idx_scan = 0
--
SELECT n.nspname, c.relname, pg_total_relation_size(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' ORDER BY 3 DESC LIMIT 10
--
SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
--
SELECT rolname, rolsuper FROM pg_roles
--
SELECT pg_get_viewdef('sales_by_day'::regclass)
--
SELECT pg_get_functiondef('f'::regproc)
--
SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn()
--
SELECT to_tsvector('english', body) @@ to_tsquery('drop & table') FROM posts WHERE id = 1
--
SELECT * FROM orders WHERE data @> '{"source": "web"}' LIMIT 10
--
SELECT data->>'a', jsonb_path_query_first(data, '$.b[*] ? (@ > 1)') FROM orders WHERE id = 7
--
SELECT jsonb_agg(o) FROM (SELECT id, total FROM orders WHERE customer_id = 7) o
--
SELECT string_agg(name, ', ' ORDER BY name) FROM categories
--
SELECT id, row_number() OVER (PARTITION BY customer_id ORDER BY created_at) FROM orders WHERE customer_id IN (1, 2)
--
SELECT date_trunc('day', created_at) d, count(*) FROM orders WHERE created_at > now() - interval '7 days' GROUP BY d ORDER BY d
--
SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY total) FROM orders
--
SELECT d::date, count(o.id) FROM generate_series('2026-01-01'::date, '2026-01-31', '1 day') d LEFT JOIN orders o ON o.created_at::date = d GROUP BY 1
--
SELECT DISTINCT ON (customer_id) customer_id, id FROM orders ORDER BY customer_id, created_at DESC LIMIT 100
--
SELECT 'DROP TABLE orders' AS harmless
--
SELECT $$DELETE FROM orders$$ AS text
--
SELECT E'\x41', U&'\0041', B'101', X'1F'
--
SELECT /* DELETE FROM orders */ 1 -- TRUNCATE x
--
TABLE categories
--
SELECT a.id, b.id FROM small_a a CROSS JOIN small_b b
--
SELECT s.sku, r.name FROM sizes s, regions r
--
SELECT x FROM unnest(ARRAY[1, 2, 3]) WITH ORDINALITY AS u(x, n)
--
SELECT * FROM json_to_recordset('[{"a":1}]') AS t(a int)
--
SELECT gen_random_uuid(), md5('x'), now() AT TIME ZONE 'utc'
--
SELECT pg_sleep(2)
--
SELECT pg_column_size(data) FROM orders WHERE id = 7
--
SELECT has_table_privilege('orders', 'select'), current_setting('server_version')
--
SELECT txid_current(), pg_current_xact_id()
--
SELECT o.* FROM orders o WHERE (o.created_at, o.id) < ('2026-01-01', 100) ORDER BY 1 DESC LIMIT 20
--
UPDATE orders SET tags = array_append(tags, 'vip') WHERE 'new' = ANY(tags)
--
UPDATE orders SET data = jsonb_set(data, '{a}', '1') WHERE data ? 'a'
--
UPDATE users SET last_seen = now() WHERE lower(email) = lower('A@b.example')
--
UPDATE inventory SET n = n - 1 WHERE sku = 'x' AND n > 0 RETURNING n
--
UPDATE orders SET archived = true WHERE created_at < date_trunc('year', now())
--
DELETE FROM cart_items WHERE cart_id = 5 AND product_id = ANY('{1,2}'::int[])
--
DELETE FROM logs WHERE level = 'debug' AND at < current_date - 7
--
DELETE FROM t1 WHERE id IN (SELECT t1_id FROM t2 WHERE t2.flag)
--
SELECT count(*) FILTER (WHERE status = 'paid') FROM orders
--
SELECT pg_relation_filepath('orders')
--
SELECT o.id FROM orders o JOIN customers c USING (customer_id) JOIN regions r USING (region_id) WHERE r.code = 'EU' LIMIT 100
--
SELECT a.n, b.n, c.n FROM (VALUES (1), (2)) a(n), (VALUES (1), (2)) b(n), (VALUES (1), (2)) c(n)
--
SELECT id, total FROM invoices WHERE id = 7
--
SELECT * FROM invoices ORDER BY id DESC LIMIT 50
--
SELECT count(*), sum(total) FROM invoices
--
SELECT c.name, count(i.id) FROM customers c LEFT JOIN invoices i ON i.customer_id = c.id GROUP BY c.name HAVING count(i.id) > 3
--
SELECT date_trunc('month', created_at) AS m, sum(total) FILTER (WHERE paid) FROM invoices GROUP BY 1 ORDER BY 1
--
SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY created_at DESC) AS rn FROM invoices
--
WITH recent AS (SELECT * FROM invoices WHERE created_at > now() - interval '7 days') SELECT customer_id, sum(total) FROM recent GROUP BY 1
--
SELECT jsonb_path_query(data, '$.items[*].price') FROM orders WHERE id = 4
--
SELECT data->>'email' FROM orders WHERE data @> '{"state":"open"}'
--
SELECT to_char(now(), 'YYYY-MM-DD'), current_user, version()
--
SELECT 'DROP TABLE invoices' AS scary
--
SELECT $$DELETE FROM invoices$$ AS text
--
SELECT E'it\'s; truncate invoices' AS t
--
INSERT INTO invoices (customer_id, total) VALUES (3, 12.5) RETURNING id
--
INSERT INTO invoices (customer_id, total) VALUES (1, 1), (2, 2), (3, 3)
--
INSERT INTO invoices (id, total) VALUES (9, 1) ON CONFLICT (id) DO UPDATE SET total = excluded.total
--
INSERT INTO invoices (customer_id, total) SELECT id, 0 FROM customers WHERE id = 5
--
UPDATE invoices SET paid = true WHERE id = 7
--
UPDATE invoices SET paid = true WHERE id IN (1, 2, 3)
--
UPDATE invoices SET paid = true WHERE customer_id = 4 AND NOT paid
--
UPDATE invoices i SET total = i.total * 1.1 FROM customers c WHERE c.id = i.customer_id AND c.id = 9
--
UPDATE invoices SET note = NULL WHERE id = 7 AND note IS NOT NULL
--
DELETE FROM invoices WHERE id = 7
--
DELETE FROM invoices WHERE customer_id = 3 AND created_at < '2020-01-01'
--
DELETE FROM invoices WHERE id = ANY ('{1,2,3}')
--
DELETE FROM sessions WHERE token = 'abc'
--
MERGE INTO invoices i USING (VALUES (7, 3.5)) s(id, total) ON i.id = s.id WHEN MATCHED THEN UPDATE SET total = s.total WHEN NOT MATCHED THEN INSERT (id, total) VALUES (s.id, s.total)
--
BEGIN; UPDATE invoices SET paid = true WHERE id = 1; COMMIT
--
BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; ROLLBACK
--
EXPLAIN SELECT * FROM invoices WHERE id = 7
--
EXPLAIN (ANALYZE, FORMAT JSON) SELECT count(*) FROM invoices
--
PREPARE q AS SELECT * FROM invoices WHERE id = $1; EXECUTE q(7)
--
PREPARE u (int) AS UPDATE invoices SET paid = true WHERE id = $1; EXECUTE u(3)
--
DECLARE c CURSOR FOR SELECT id FROM invoices
--
COPY (SELECT id, total FROM invoices WHERE customer_id = 3) TO STDOUT WITH CSV HEADER
--
COPY invoices (customer_id, total) FROM STDIN
--
CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1); SELECT * FROM t
--
CREATE TEMP TABLE t AS SELECT id FROM invoices WHERE paid
--
SELECT relname, n_live_tup FROM pg_stat_user_tables
--
SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'invoices'
--
SELECT pg_size_pretty(pg_total_relation_size('invoices'))
--
SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'invoices'
--
SELECT has_table_privilege('invoices', 'select')
--
NOTIFY jobs, 'one'
--
SELECT pg_notify('jobs', 'two')
--
SELECT * FROM invoices WHERE id = 7 FOR UPDATE
--
SELECT id FROM jobs WHERE state = 'new' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
--
WITH next AS (SELECT id FROM jobs WHERE state = 'new' LIMIT 1 FOR UPDATE SKIP LOCKED) UPDATE jobs SET state = 'run' WHERE id IN (SELECT id FROM next) RETURNING *
--
WITH moved AS (DELETE FROM cart WHERE user_id = 3 RETURNING *) INSERT INTO old_cart SELECT * FROM moved
--
SELECT pg_advisory_xact_lock(42)
--
SELECT generate_series(1, 100)
--
SELECT md5('x'), gen_random_uuid(), random()
--
SELECT string_agg(name, ', ' ORDER BY name) FROM customers WHERE id < 10
--
SELECT regexp_replace(name, '[^a-z]', '', 'g') FROM customers WHERE id = 1
--
SELECT nextval('invoices_id_seq')
--
SELECT * FROM customers TABLESAMPLE SYSTEM (1)
--
TABLE invoices
--
DO $$ BEGIN PERFORM 1; RAISE NOTICE 'hi'; END $$
--
DO $$ BEGIN IF EXISTS (SELECT 1 FROM invoices WHERE id = 7) THEN UPDATE invoices SET paid = true WHERE id = 7; END IF; END $$
--
DO $$ DECLARE i int := 0; BEGIN WHILE i < 10 LOOP INSERT INTO log (n) VALUES (i); i := i + 1; END LOOP; END $$
--
DO $$ DECLARE i int := 1; BEGIN WHILE i <= 12 LOOP UPDATE months SET open = false WHERE id = i; i := i + 1; END LOOP; END $$
--
DO $$ DECLARE v int; BEGIN SELECT id INTO v FROM customers WHERE email = 'a@example.org'; DELETE FROM carts WHERE customer_id = v; END $$
--
DO $$ DECLARE n int; BEGIN LOOP DELETE FROM logs WHERE id IN (SELECT id FROM logs WHERE day < '2020-01-01' LIMIT 1000); GET DIAGNOSTICS n = ROW_COUNT; EXIT WHEN n = 0; END LOOP; END $$
--
DO $$ DECLARE ids int[] := ARRAY(SELECT id FROM invoices WHERE customer_id = 4 AND paid); BEGIN UPDATE invoices SET note = 'x' WHERE id = ANY(ids); END $$
--
DO $$ DECLARE ids int[] := ARRAY[1,2,3]; x int; BEGIN FOREACH x IN ARRAY ids LOOP DELETE FROM carts WHERE id = x; END LOOP; END $$
--
RESET ALL
--
ANALYZE invoices
--
SELECT 1 AS "drop table", 2 AS "delete from"
--
SELECT id FROM invoices WHERE note = 'rm -rf /; DROP TABLE x; --'
--
SELECT a.id FROM invoices a CROSS JOIN LATERAL (SELECT 1) b WHERE a.id = 3
--
SELECT grouping(customer_id), sum(total) FROM invoices GROUP BY ROLLUP (customer_id)
--
WITH RECURSIVE tree AS (SELECT id, parent FROM nodes WHERE id = 1 UNION ALL SELECT n.id, n.parent FROM nodes n JOIN tree t ON n.parent = t.id) SELECT * FROM tree
--
SELECT * FROM json_to_recordset('[{"a":1}]') AS x(a int)
--
SELECT count(*) FROM invoices WHERE embedding <-> '[1,2]' < 0.5
--
DO $$ DECLARE i int := 1; BEGIN WHILE i <= 100 LOOP INSERT INTO log (n) VALUES (i); i := i + 1; END LOOP; END $$
--
DO $$ DECLARE d date := '2026-01-01'; BEGIN WHILE d < '2026-02-01' LOOP DELETE FROM stats WHERE day = d; d := d + 1; END LOOP; END $$
--
DO $$ DECLARE i int := 0; BEGIN FOR i IN 1..10 LOOP UPDATE slots SET free = true WHERE id = i; END LOOP; END $$
--
DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM carts WHERE expired LOOP DELETE FROM carts WHERE id = r.id; END LOOP; END $$
--
DO $$ DECLARE ids int[]; BEGIN ids := ARRAY(SELECT id FROM carts WHERE expired LIMIT 100); DELETE FROM carts WHERE id = ANY(ids); END $$
--
DO $$ DECLARE ids int[] := '{4,5}'; BEGIN DELETE FROM carts WHERE id = ANY(ids); END $$
--
DO $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM carts; RAISE NOTICE '% carts', n; END $$
--
DO $$ DECLARE total numeric := 0; BEGIN SELECT sum(x) INTO total FROM invoices; UPDATE summary SET value = total WHERE name = 'all'; END $$
--
DO $$ DECLARE i int := 0; names text[] := ARRAY['a','b']; BEGIN WHILE i < array_length(names, 1) LOOP i := i + 1; UPDATE tags SET used = true WHERE name = names[i]; END LOOP; END $$
--
DO $$ DECLARE tries int := 0; BEGIN LOOP tries := tries + 1; BEGIN UPDATE jobs SET state = 'run' WHERE id = 7; EXIT; EXCEPTION WHEN deadlock_detected THEN EXIT WHEN tries > 3; END; END LOOP; END $$
--
SELECT max(id) FROM invoices
--
DELETE FROM invoices WHERE id = (SELECT max(id) FROM invoices)
--
DELETE FROM invoices WHERE id IN (SELECT id FROM invoices WHERE customer_id = 5)
--
DELETE FROM carts WHERE created_at < now() - interval '30 days'
--
DELETE FROM carts c WHERE NOT EXISTS (SELECT 1 FROM customers u WHERE u.id = c.user_id) AND c.created_at < now() - interval '1 year'
--
UPDATE invoices SET total = total + 1 WHERE id = 3 RETURNING total
--
UPDATE invoices SET note = coalesce(note, '') || '!' WHERE id BETWEEN 10 AND 20
--
UPDATE jobs SET state = 'done', finished_at = now() WHERE id = 9 AND state = 'run'
--
INSERT INTO audit (who, what) VALUES (current_user, 'DELETE FROM everything')
--
INSERT INTO a SELECT * FROM b WHERE day = '2026-01-01' ON CONFLICT DO NOTHING
--
SELECT id FROM a UNION ALL SELECT id FROM b ORDER BY 1 LIMIT 5
--
SELECT * FROM a NATURAL JOIN b WHERE a.id = 1
--
SELECT DISTINCT ON (customer_id) * FROM invoices ORDER BY customer_id, created_at DESC
--
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) FROM invoices
--
SELECT array_agg(id) FROM invoices WHERE paid
--
SELECT json_build_object('id', id) FROM invoices LIMIT 3
--
SELECT * FROM generate_series('2026-01-01'::date, '2026-01-31', '1 day')
--
SELECT pg_typeof(1), pg_backend_pid(), inet_server_addr()
--
SELECT obj_description('invoices'::regclass)
--
SELECT lag(total) OVER w FROM invoices WINDOW w AS (ORDER BY id) LIMIT 10
--
SELECT CASE WHEN paid THEN 'yes' ELSE 'no' END FROM invoices WHERE id = 5
--
SELECT ($1)::int
--
BEGIN READ ONLY; SELECT 1; END
--
RELEASE SAVEPOINT a
--
SET client_encoding = 'UTF8'
--
SET DateStyle = ISO
--
EXPLAIN (COSTS OFF) UPDATE invoices SET paid = true WHERE id = 1
--
COPY customers (id, name) TO STDOUT
--
DELETE FROM carts WHERE created_at < now() + interval '-30 days'
--
DO $$ DECLARE r carts%ROWTYPE; BEGIN FOR r IN SELECT * FROM carts WHERE expired LOOP DELETE FROM carts WHERE id = r.id; END LOOP; END $$
--
DO $$ DECLARE r t%ROWTYPE; BEGIN FOR r IN SELECT * FROM t WHERE id = 7 LOOP DELETE FROM t WHERE id = r.id; END LOOP; END $$
--
DO $$ DECLARE r t%ROWTYPE; BEGIN FOR r IN SELECT * FROM t LIMIT 10 LOOP DELETE FROM t WHERE id = r.id; END LOOP; END $$
--
DO $$ DECLARE r t%ROWTYPE; BEGIN SELECT * INTO r FROM t WHERE id = 5; UPDATE t SET a = 1 WHERE id = r.id; END $$
--
DO $$ DECLARE m int; BEGIN SELECT max(id) INTO m FROM batches; DELETE FROM t WHERE batch_id = m; END $$
--
DO $$ DECLARE m int; BEGIN SELECT max(id) INTO m FROM t; UPDATE t SET latest = true WHERE id = m; END $$
--
DO $$ DECLARE m int; BEGIN SELECT max(id) INTO m FROM t; UPDATE t SET latest = true WHERE id = m - 1; END $$
--
DO $$ DECLARE since timestamptz := now() - interval '30 days'; BEGIN DELETE FROM t WHERE created_at < since; END $$
--
DO $$ DECLARE since timestamptz := now(); BEGIN since := since - interval '30 days'; DELETE FROM t WHERE created_at < since; END $$
--
DO $$ DECLARE cfg settings%ROWTYPE; BEGIN SELECT * INTO cfg FROM settings LIMIT 1; DELETE FROM logs WHERE created_at < now() - cfg.keep; END $$
--
DO $$ DECLARE c t%ROWTYPE; r orders%ROWTYPE; x int; BEGIN FOR r IN SELECT * FROM orders LOOP x := r.customer_id; UPDATE customers SET n = n + 1 WHERE id = x; END LOOP; END $$
--
DO $$ DECLARE r orders%ROWTYPE; c refcursor; BEGIN OPEN c FOR SELECT * FROM orders WHERE status = 'stale'; LOOP FETCH c INTO r; EXIT WHEN NOT FOUND; DELETE FROM orders WHERE id = r.id; END LOOP; END $$
--
DO $$ DECLARE m int; BEGIN SELECT last_id INTO m FROM archive_state; DELETE FROM events WHERE id <= m; END $$
--
DO $$ DECLARE x int; BEGIN LOOP SELECT id INTO x FROM jobs WHERE state = 'queued' LIMIT 1; EXIT WHEN NOT FOUND; UPDATE jobs SET state = 'done' WHERE id = x; END LOOP; END $$
--
DO $$ DECLARE m int; BEGIN SELECT count(*) INTO m FROM items WHERE order_id = 7; UPDATE orders SET n = m WHERE id = 7; END $$
--
DO $$ DECLARE total int := 0; r record; BEGIN FOR r IN SELECT amount FROM payments LOOP total := total + r.amount; END LOOP; UPDATE reports SET sum = total WHERE id = 3; END $$
--
DELETE FROM t WHERE id <= (SELECT id FROM t ORDER BY id DESC OFFSET 1000 LIMIT 1)
--
DO $$ DECLARE v_id int; BEGIN INSERT INTO t (a) VALUES (1) RETURNING id INTO v_id; UPDATE t SET a = 2 WHERE id = v_id; END $$
--
DO $$ DECLARE v record; BEGIN SELECT * INTO v FROM t ORDER BY at DESC LIMIT 1; UPDATE t SET a = 2 WHERE id = v.id; END $$
--
DO $$ DECLARE old_id int; new_id int; BEGIN SELECT id INTO old_id FROM plans WHERE name = 'a'; SELECT id INTO new_id FROM plans WHERE name = 'b'; UPDATE subs SET plan_id = new_id WHERE plan_id = old_id; END $$
--
DO $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM t; IF n > 5 THEN DELETE FROM t WHERE id = 9; END IF; END $$
--
DO $$ DECLARE x int; BEGIN FOREACH x IN ARRAY ARRAY[1,2,3] LOOP DELETE FROM t WHERE id = x; END LOOP; END $$
--
SELECT * FROM orders WHERE id > 100 ORDER BY id LIMIT 50
--
SELECT * FROM orders WHERE (created_at, id) > ('2026-01-01', 7) ORDER BY created_at, id FETCH NEXT 50 ROWS ONLY
--
DELETE FROM orders WHERE id > 100 AND id <= 200
--
DELETE FROM orders WHERE id BETWEEN 100 AND 200
--
UPDATE orders SET paid = true WHERE id > 100 AND status = 'late'
--
DELETE FROM sessions WHERE user_id = 7 AND id > 100
--
DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE state = 'done' LIMIT 100000)
--
DELETE FROM jobs WHERE id IN (SELECT id FROM jobs LIMIT 500)
--
DO $$ DECLARE n int := 500; BEGIN DELETE FROM jobs WHERE id IN (SELECT id FROM jobs LIMIT n); END $$
--
DO $$ BEGIN EXECUTE 'DELETE FROM orders WHERE id = $1' USING 7; END $$
--
DO $$ BEGIN EXECUTE format('DELETE FROM %I WHERE id = %L', 'orders', 7); END $$
--
DO $$ BEGIN EXECUTE 'UPDATE ' || quote_ident('orders') || ' SET paid = true WHERE id = 7'; END $$
--
DO $$ DECLARE n bigint; BEGIN EXECUTE 'SELECT count(*) FROM orders WHERE status = $1' INTO n USING 'late'; RAISE NOTICE '%', n; END $$
--
DO $$ DECLARE last int := 0; BEGIN DELETE FROM events WHERE id > last AND id <= last + 1000; END $$
--
SELECT id FROM orders WHERE id > 5 EXCEPT SELECT order_id FROM refunds
--
SELECT 'EXECUTE ''DROP TABLE x''' AS help
--
UPDATE customers SET note = 'limit 1000000' WHERE id = 3
--
SELECT * FROM (SELECT * FROM orders LIMIT 200000) o WHERE o.total > 5
--
DELETE FROM tokens WHERE expires_at < now() - interval '1 day' AND id > 0
--
INSERT INTO audit (text) SELECT format('order %s of %L', id, status) FROM orders WHERE id = 7
--
SELECT c.relname, n.nspname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r','p','') AND n.nspname !~ '^pg_toast' ORDER BY 1,2
--
SELECT * FROM customers WHERE name ILIKE '%delete from%' LIMIT 10
--
INSERT INTO orders (customer_id, item) VALUES ($1, $2) RETURNING id
--
INSERT INTO kv (k, v) VALUES ('a', 'b') ON CONFLICT (k) DO UPDATE SET v = EXCLUDED.v, updated_at = now()
--
INSERT INTO kv (k, v) SELECT k, v FROM staging WHERE batch = 7 ON CONFLICT (k) DO UPDATE SET v = EXCLUDED.v
--
INSERT INTO tags (name) VALUES ('x') ON CONFLICT DO NOTHING
--
UPDATE orders SET state = 'paid' WHERE id IN (1, 2, 3)
--
UPDATE orders SET total = total * 1.1 WHERE customer_id = 5 AND created_at >= '2026-01-01'
--
WITH t AS (SELECT id FROM jobs WHERE state = 'queued' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) UPDATE jobs SET state = 'running' FROM t WHERE jobs.id = t.id RETURNING jobs.*
--
UPDATE jobs SET locked_at = now() WHERE id = (SELECT id FROM jobs WHERE locked_at IS NULL AND queue = 'mail' ORDER BY priority, id FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING *
--
DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE state = 'done' ORDER BY id LIMIT 100)
--
SELECT date_trunc('day', created_at) AS d, count(*), sum(total) FROM orders WHERE created_at > now() - interval '30 days' GROUP BY 1 ORDER BY 1
--
SELECT id, rank() OVER (PARTITION BY customer_id ORDER BY total DESC) FROM orders WHERE customer_id = ANY('{1,2,3}')
--
SELECT DISTINCT ON (customer_id) * FROM orders ORDER BY customer_id, created_at DESC LIMIT 50
--
SELECT * FROM orders TABLESAMPLE SYSTEM (1) LIMIT 100
--
SELECT c.name, o.n FROM customers c CROSS JOIN LATERAL (SELECT count(*) AS n FROM orders WHERE customer_id = c.id) o LIMIT 20
--
SELECT region, product, sum(total) FROM sales GROUP BY GROUPING SETS ((region), (product), ())
--
WITH RECURSIVE tree AS (SELECT id, parent_id, 1 AS depth FROM categories WHERE parent_id IS NULL UNION ALL SELECT c.id, c.parent_id, t.depth + 1 FROM categories c JOIN tree t ON c.parent_id = t.id) SELECT * FROM tree
--
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE; SELECT 1; COMMIT
--
SAVEPOINT a; RELEASE SAVEPOINT a; ROLLBACK TO SAVEPOINT b
--
BEGIN; DECLARE c CURSOR FOR SELECT * FROM orders WHERE customer_id = 7; FETCH 100 FROM c; CLOSE c; COMMIT
--
PREPARE q (int) AS SELECT * FROM orders WHERE id = $1; EXECUTE q (7); DEALLOCATE q
--
SET statement_timeout = '5s'; SET LOCAL lock_timeout = '2s'; RESET statement_timeout
--
SELECT set_config('app.user_id', '5', true), current_setting('app.user_id', true)
--
LISTEN jobs; NOTIFY jobs, 'new'; UNLISTEN *
--
CREATE TEMP TABLE mine ON COMMIT DROP AS SELECT id FROM orders WHERE customer_id = 7
--
COPY orders (id, item) FROM STDIN WITH (FORMAT csv, HEADER)
--
COPY (SELECT id, item FROM orders WHERE created_at > '2026-01-01') TO STDOUT WITH CSV HEADER
--
SELECT pg_size_pretty(pg_total_relation_size('orders')), pg_relation_filepath('orders')
--
SELECT pid, state, query FROM pg_stat_activity WHERE state <> 'idle' ORDER BY query_start
--
SELECT blocked.pid, blocking.pid FROM pg_locks blocked JOIN pg_locks blocking ON blocking.locktype = blocked.locktype WHERE NOT blocked.granted
--
SELECT jsonb_path_query(data, '$.items[*].price') FROM events WHERE id = 1
--
SELECT id FROM docs WHERE to_tsvector('english', body) @@ plainto_tsquery('drop table') LIMIT 10
--
SELECT id FROM items ORDER BY embedding <-> '[1,2,3]' LIMIT 5
--
SELECT d::date FROM generate_series('2026-01-01'::date, '2026-12-31', '1 day') d
--
SELECT 'DROP TABLE customers; --' AS "delete from x"
--
INSERT INTO audit SELECT * FROM orders WHERE id = 7
--
UPDATE customers SET prefs = jsonb_set(prefs, '{a}', '1') WHERE email = 'x@example.org'
--
UPDATE orders o SET total = s.t FROM (SELECT order_id, sum(price) AS t FROM items WHERE order_id = 7 GROUP BY 1) s WHERE o.id = s.order_id
--
DELETE FROM cart USING users u WHERE cart.user_id = u.id AND u.email = 'x@example.org'
--
DELETE FROM cart WHERE user_id = 5 RETURNING *
--
SELECT pg_backend_pid(), inet_client_addr(), version(), current_database(), session_user
--
DO $$ BEGIN RAISE NOTICE 'hi %', now(); END $$
--
DO $$ BEGIN IF EXISTS (SELECT 1 FROM t WHERE id = 5) THEN UPDATE t SET a = 1 WHERE id = 5; END IF; END $$
--
DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM orders WHERE customer_id = 7 LOOP UPDATE orders SET state = 'x' WHERE id = r.id; END LOOP; END $$
--
SELECT has_table_privilege('orders', 'select'), pg_has_role('app', 'member')
--
SELECT pg_try_advisory_lock(42), pg_advisory_unlock(42), pg_advisory_xact_lock(hashtext('x'))
--
SELECT array_agg(x ORDER BY x) FILTER (WHERE y), percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM t WHERE z = 1
--
SELECT gen_random_uuid(), md5('x'), encode(sha256('x'), 'hex')
--
UPDATE users SET last_login = now() WHERE lower(email) = lower('A@b.c')
--
UPDATE inventory SET qty = qty - 1 WHERE sku = 'A-1' AND qty > 0
--
SELECT * FROM orders WHERE id = 7 FOR NO KEY UPDATE NOWAIT
--
SELECT xmlelement(name a, 'x'), xpath('/a', '<a/>'::xml)
--
SELECT x.* FROM json_to_recordset('[{"a":1}]') AS x(a int)
--
SELECT * FROM json_table('{"a":[1,2]}', '$.a[*]' COLUMNS (v int PATH '$')) t
--
SHOW server_version; SHOW ALL
--
SELECT e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typname = 'mood'
--
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'orders'::regclass
--
SELECT pg_get_functiondef('app.f'::regproc)
--
SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'
--
EXPLAIN (COSTS OFF, FORMAT JSON) SELECT * FROM orders WHERE id = 1
--
INSERT INTO events (at, kind) SELECT now(), k FROM unnest(ARRAY['a','b']) k
--
UPDATE accounts SET balance = CASE id WHEN 1 THEN balance - 10 WHEN 2 THEN balance + 10 END WHERE id IN (1, 2)
--
DELETE FROM sessions WHERE token = 'abc' AND expires_at < now()
--
UPDATE orders SET note = 'x' WHERE order_no = 'A-2026-001' OR order_no = 'A-2026-002'
--
UPDATE t SET a = 1 WHERE (tenant_id, id) = (5, 7)
--
UPDATE t SET a = v.a FROM (VALUES (1, 'x'), (2, 'y')) AS v(id, a) WHERE t.id = v.id
--
DELETE FROM t WHERE id = ANY($1::int[])
--
UPDATE t SET a = $1 WHERE id = $2 AND version = $3
--
SELECT nextval('orders_id_seq'), currval('orders_id_seq'), lastval()
--
SELECT t.* FROM t WHERE t.ts >= date_trunc('month', now()) AND t.ts < date_trunc('month', now()) + interval '1 month'
--
CREATE TEMP TABLE x (a int); INSERT INTO x VALUES (1); TRUNCATE x
--
CREATE TEMP TABLE x AS SELECT * FROM customers WHERE id = 5; TRUNCATE TABLE x; DROP TABLE x
--
CREATE TEMPORARY TABLE IF NOT EXISTS stage (LIKE customers); TRUNCATE ONLY stage RESTART IDENTITY
--
TRUNCATE pg_temp.stage
--
TRUNCATE TABLE pg_temp.stage, pg_temp.other
--
select version()
--
SELECT current_database(), current_user, inet_server_addr()
--
SELECT now() AT TIME ZONE 'utc'
--
SET application_name = 'psql'
--
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED
--
BEGIN; UPDATE orders SET status = 'paid' WHERE id = 7; COMMIT
--
LISTEN channel
--
SELECT * FROM customers LIMIT 10
--
SELECT * FROM customers
--
SELECT id, name FROM customers WHERE id = 5
--
SELECT * FROM customers WHERE email ILIKE '%@example.org' ORDER BY id DESC LIMIT 50 OFFSET 100
--
SELECT c.*, count(o.id) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id HAVING count(o.id) > 3
--
SELECT customer_id, array_agg(id ORDER BY id) FROM orders GROUP BY customer_id
--
SELECT customer_id, string_agg(status, ', ') FROM orders GROUP BY customer_id
--
SELECT department, string_agg(name, ', ' ORDER BY name) FROM employees GROUP BY department
--
SELECT date_trunc('day', created_at) AS day, count(*), array_agg(DISTINCT status) FROM orders GROUP BY 1 ORDER BY 1
--
SELECT json_agg(o) FROM orders o WHERE customer_id = 7
--
SELECT json_agg(t) FROM (SELECT id, name FROM customers ORDER BY id LIMIT 20) t
--
SELECT coalesce(json_agg(t), '[]') FROM (SELECT * FROM orders WHERE customer_id = $1) t
--
WITH pgrst_source AS (SELECT "public"."orders".* FROM "public"."orders" WHERE "public"."orders"."id" = $1 LIMIT $2 OFFSET $3) SELECT null::bigint AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total, coalesce(json_agg(_postgrest_t), '[]') AS body, nullif(current_setting('response.headers', true), '') AS response_headers FROM (SELECT * FROM pgrst_source) _postgrest_t
--
SELECT c.id, c.name, (SELECT json_agg(o) FROM orders o WHERE o.customer_id = c.id) AS orders FROM customers c LIMIT 20
--
SELECT c.id, (SELECT coalesce(json_agg(json_build_object('id', o.id)), '[]'::json) FROM orders o WHERE o.customer_id = c.id) FROM customers c
--
SELECT c.id, o.list FROM customers c LEFT JOIN LATERAL (SELECT json_agg(x) AS list FROM orders x WHERE x.customer_id = c.id) o ON true WHERE c.id = 5
--
SELECT c.id, o.list FROM customers c LEFT JOIN LATERAL (SELECT json_agg(x) AS list FROM (SELECT * FROM orders y WHERE y.customer_id = c.id LIMIT 10) x) o ON true
--
SELECT ARRAY(SELECT id FROM orders WHERE customer_id = 7)
--
SELECT ARRAY(SELECT unnest(ARRAY[1,2,3]) ORDER BY 1 DESC)
--
SELECT array_agg(x) FROM unnest(ARRAY[1,2,3]) x
--
SELECT string_agg(x::text, ',') FROM generate_series(1, 100) x
--
SELECT json_agg(v) FROM (VALUES (1), (2)) v(a)
--
SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'customers'::regclass AND attnum > 0
--
SELECT array_agg(nspname) FROM pg_namespace
--
SELECT string_agg(table_name, ',') FROM information_schema.tables
--
SELECT json_agg(row_to_json(t)) FROM pg_stat_activity t
--
SELECT json_agg(status) FROM (SELECT DISTINCT status FROM orders WHERE created_at > now() - interval '1 day') s
--
SELECT max(id), min(created_at), sum(total), avg(total) FROM orders
--
SELECT status, count(*) FROM orders GROUP BY GROUPING SETS ((status), ())
--
SELECT id, row_number() OVER (PARTITION BY customer_id ORDER BY created_at DESC) FROM orders WHERE created_at > now() - interval '7 days'
--
SELECT id, array_agg(id) OVER (PARTITION BY customer_id) FROM orders WHERE customer_id = 7
--
SELECT repeat('=', 80)
--
SELECT repeat('ab', 10), lpad(id::text, 10, '0') FROM orders LIMIT 5
--
SELECT repeat(repeat('-', 10), 10)
--
SELECT rpad(name, 20) FROM customers LIMIT 5
--
INSERT INTO t (payload) VALUES (repeat('x', 100000))
--
INSERT INTO big SELECT g, repeat('x', 100) FROM generate_series(1, 100000) g
--
SELECT g::date FROM generate_series(current_date - 30, current_date, interval '1 day') g
--
SELECT pg_sleep(1)
--
SELECT pg_sleep(0.5)
--
WITH RECURSIVE t AS (SELECT id, parent_id, name FROM categories WHERE id = 5 UNION ALL SELECT c.id, c.parent_id, c.name FROM categories c JOIN t ON c.parent_id = t.id) SELECT * FROM t
--
WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT sum(n) FROM t
--
WITH RECURSIVE tree AS (SELECT id FROM categories WHERE parent_id IS NULL AND slug = 'x' UNION ALL SELECT c.id FROM categories c JOIN tree ON c.parent_id = tree.id) DELETE FROM products WHERE category_id IN (SELECT id FROM tree)
--
WITH RECURSIVE days AS (SELECT date '2026-01-01' AS d UNION ALL SELECT d + 1 FROM days WHERE d < '2026-01-31') SELECT * FROM days
--
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 10) UPDATE slots SET free = true FROM t WHERE slots.id = t.n
--
DELETE FROM orders WHERE id IN (SELECT generate_series(1, 10))
--
DELETE FROM orders WHERE id <@ int4range(10, 20)
--
DELETE FROM bookings WHERE during && tstzrange('2026-01-01', '2026-01-02')
--
SELECT * FROM bookings WHERE during @> now()
--
DELETE FROM events WHERE created_at <@ tstzrange('2026-01-01', '2026-02-01')
--
SELECT * FROM customers WHERE id <@ int4range(0, 2000000000)
--
DELETE FROM orders WHERE id = 5
--
DELETE FROM orders WHERE id = $1
--
DELETE FROM orders WHERE id = ANY($1)
--
DELETE FROM orders WHERE id IN (1, 2, 3) RETURNING id
--
DELETE FROM orders o USING customers c WHERE o.customer_id = c.id AND c.email = 'x@example.org'
--
UPDATE orders SET total = total * 1.1, updated_at = now() WHERE customer_id = 7 AND status = 'open'
--
UPDATE customers SET name = 'x' WHERE name LIKE 'temp_%'
--
UPDATE orders o SET status = 'x' FROM customers c WHERE c.id = o.customer_id AND c.country = 'DE'
--
PREPARE x AS SELECT * FROM customers WHERE name LIKE $1; EXECUTE x('%')
--
PREPARE x AS SELECT * FROM customers WHERE name LIKE $1; EXECUTE x('Ann%')
--
PREPARE x AS UPDATE customers SET name = $2 WHERE id = $1; EXECUTE x(1, 'Ann')
--
PREPARE x(int) AS DELETE FROM orders WHERE id = $1; EXECUTE x(5); DEALLOCATE x
--
PREPARE x(text) AS DELETE FROM orders WHERE note LIKE $1; EXECUTE x('tmp-%')
--
PREPARE x(timestamptz) AS DELETE FROM orders WHERE created_at < $1; EXECUTE x('2020-01-01')
--
PREPARE x(int, int) AS DELETE FROM orders WHERE id BETWEEN $1 AND $2; EXECUTE x(10, 20)
--
PREPARE x AS DELETE FROM orders WHERE id = ANY($1); EXECUTE x('{1,2}')
--
PREPARE x AS DELETE FROM orders WHERE id = ANY($1); EXECUTE x(ARRAY[1,2])
--
PREPARE ins AS INSERT INTO orders (customer_id, note) VALUES ($1, $2); EXECUTE ins(1, '%')
--
INSERT INTO customers (name, email) VALUES ('A', 'a@example.org') RETURNING id
--
INSERT INTO customers (id, name) VALUES (1, 'A') ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name
--
INSERT INTO orders SELECT * FROM staging_orders WHERE batch = 7
--
INSERT INTO audit (what) SELECT 'x' WHERE NOT EXISTS (SELECT 1 FROM audit WHERE what = 'x')
--
COPY customers TO STDOUT WITH (FORMAT csv, HEADER)
--
COPY (SELECT id, name FROM customers WHERE country = 'DE') TO STDOUT CSV
--
COPY orders (id, note) FROM STDIN WITH (FORMAT csv)
--
EXPLAIN SELECT * FROM customers
--
EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM orders WHERE id = 7
--
EXPLAIN DELETE FROM orders WHERE id = 5
--
VACUUM ANALYZE orders
--
ANALYZE
--
ANALYZE customers
--
DECLARE c CURSOR FOR SELECT * FROM customers; FETCH 100 FROM c; CLOSE c
--
SELECT * FROM orders WHERE id = 7 FOR UPDATE
--
SELECT * FROM jobs WHERE state = 'new' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
--
UPDATE jobs SET state = 'run' WHERE id = (SELECT id FROM jobs WHERE state = 'new' ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING *
--
SELECT pg_try_advisory_lock(hashtext('migrate'))
--
SELECT currval(pg_get_serial_sequence('orders', 'id'))
--
SELECT pg_size_pretty(pg_database_size(current_database()))
--
SELECT pid, usename, state, wait_event, query FROM pg_stat_activity WHERE state <> 'idle'
--
SELECT * FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT granted
--
SELECT pg_blocking_pids(pid), pid FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0
--
SELECT schemaname, relname, indexrelname, idx_scan FROM pg_stat_user_indexes WHERE idx_scan = 0
--
SELECT * FROM pg_indexes WHERE tablename = 'orders'
--
SELECT * FROM pg_settings WHERE name LIKE 'shared%'
--
SELECT current_setting('work_mem')
--
SELECT set_config('work_mem', '64MB', true)
--
SELECT set_config('app.user_id', '7', true)
--
SELECT * FROM pg_roles
--
SELECT rolname, rolsuper FROM pg_roles WHERE rolname !~ '^pg_'
--
SELECT has_table_privilege('customers', 'select')
--
SELECT pg_get_viewdef('v'::regclass, true)
--
SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' END as "Type", pg_catalog.pg_get_userbyid(c.relowner) as "Owner" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam WHERE c.relkind IN ('r','p','') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2
--
SELECT d.datname as "Name", pg_catalog.pg_get_userbyid(d.datdba) as "Owner", pg_catalog.pg_encoding_to_char(d.encoding) as "Encoding", pg_catalog.array_to_string(d.datacl, E'\n') AS "Access privileges" FROM pg_catalog.pg_database d ORDER BY 1
--
SELECT r.rolname, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolcanlogin, r.rolconnlimit, r.rolvaliduntil, ARRAY(SELECT b.rolname FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles b ON (m.roleid = b.oid) WHERE m.member = r.oid) as memberof, r.rolreplication, r.rolbypassrls FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY 1
--
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef), a.attnotnull, (SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type t WHERE c.oid = a.attcollation AND t.oid = a.atttypid AND a.attcollation <> t.typcollation) AS attcollation, a.attidentity, a.attgenerated FROM pg_catalog.pg_attribute a WHERE a.attrelid = '16384' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
--
SELECT c2.relname, i.indisprimary, i.indisunique, i.indisclustered, i.indisvalid, pg_catalog.pg_get_indexdef(i.indexrelid, 0, true), pg_catalog.pg_get_constraintdef(con.oid, true), contype, condeferrable, condeferred, i.indisreplident, c2.reltablespace FROM pg_catalog.pg_class c, pg_catalog.pg_class c2, pg_catalog.pg_index i LEFT JOIN pg_catalog.pg_constraint con ON (conrelid = i.indrelid AND conindid = i.indexrelid AND contype IN ('p','u','x')) WHERE c.oid = '16384' AND c.oid = i.indrelid AND i.indexrelid = c2.oid ORDER BY i.indisprimary DESC, c2.relname
--
SELECT pol.polname, pol.polpermissive, CASE WHEN pol.polroles = '{0}' THEN NULL ELSE pg_catalog.array_to_string(array(select rolname from pg_catalog.pg_roles where oid = any (pol.polroles) order by 1),',') END, pg_catalog.pg_get_expr(pol.polqual, pol.polrelid) FROM pg_catalog.pg_policy pol WHERE pol.polrelid = '16384' ORDER BY 1
--
SELECT oid, stxrelid::pg_catalog.regclass, stxnamespace::pg_catalog.regnamespace::pg_catalog.text AS nsp, stxname, pg_catalog.pg_get_statisticsobjdef_columns(oid) AS columns, 'd' = any(stxkind) AS ndist_enabled FROM pg_catalog.pg_statistic_ext WHERE stxrelid = '16384' ORDER BY nsp, stxname
--
SELECT t.oid, t.typname, t.typsend, t.typreceive, t.typoutput, t.typinput, d.typelem, coalesce(r.rngsubtype, 0), ARRAY (SELECT a.atttypid FROM pg_attribute AS a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) FROM pg_type AS t LEFT JOIN pg_type AS d ON t.oid = d.typarray LEFT JOIN pg_range AS r ON r.rngtypid = t.oid OR r.rngmultitypid = t.oid WHERE (t.typrelid = 0)
--
SELECT typname AS name, oid, typarray AS array_oid, oid::regtype::text AS regtype, typdelim AS delimiter FROM pg_type t WHERE t.oid = to_regtype($1) ORDER BY t.oid
--
SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid FROM (SELECT typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind, elemtyp.oid AS elemtypoid, elemtyp.typname AS elemtypname, elemcls.relkind AS elemrelkind, CASE WHEN elemproc.proname='array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype FROM (SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid, CASE WHEN proc.proname='array_recv' THEN 'a' ELSE typ.typtype END AS typtype FROM pg_type AS typ LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid) LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive) AS typ LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = typ.elemoid LEFT JOIN pg_class AS elemcls ON (elemcls.oid = elemtyp.typrelid) LEFT JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive) AS t JOIN pg_namespace AS ns ON (ns.oid = typnamespace)
--
SELECT pg_catalog.set_config('search_path', '', false)
--
SET LOCAL lock_timeout = '2s'
--
SET bytea_output = hex
--
SET default_transaction_read_only = on
--
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY
--
SET synchronize_seqscans TO off
--
SELECT pg_is_in_recovery()
--
LOCK TABLE public.customers IN ACCESS SHARE MODE
--
SELECT pg_catalog.pg_export_snapshot()
--
SELECT oid, proname, prolang, proacl, acldefault('f', proowner), pronamespace, proowner FROM pg_proc WHERE prokind <> 'a' AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')
--
COPY public.customers (id, name, email) TO stdout;
--
SELECT sequence_name, last_value FROM orders_id_seq
--
SELECT * FROM pg_sequences
--
SELECT last_value, is_called FROM public.orders_id_seq
--
SELECT pg_relation_filepath('customers')
--
SELECT pg_stat_get_activity(NULL)
--
SELECT * FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 10
--
SELECT pg_table_size('orders'), pg_indexes_size('orders')
--
SELECT txid_current()
--
SELECT gen_random_uuid()
--
SELECT crypt('x', gen_salt('bf'))
--
SELECT uuid_generate_v4()
--
SELECT similarity('a', 'b')
--
SELECT ST_AsGeoJSON(geom) FROM places WHERE id = 5
--
SELECT * FROM places WHERE ST_DWithin(geom, ST_MakePoint(1,2)::geography, 1000)
--
SELECT embedding <-> '[1,2,3]' FROM items ORDER BY 1 LIMIT 5
--
SELECT time_bucket('5 minutes', ts) AS b, avg(v) FROM metrics WHERE ts > now() - interval '1 hour' GROUP BY b
--
SELECT jsonb_path_query(doc, '$.a[*]') FROM docs WHERE id = 5
--
SELECT doc->>'a', doc #>> '{b,c}' FROM docs WHERE doc @> '{"x":1}'
--
SELECT jsonb_set(doc, '{a}', '1') FROM docs WHERE id = 5
--
UPDATE docs SET doc = jsonb_set(doc, '{a}', '1') WHERE id = 5
--
SELECT xpath('//a', '<a/>'::xml)
--
SELECT to_tsvector('english', body) @@ plainto_tsquery('x') FROM docs WHERE id = 5
--
SELECT * FROM a UNION ALL SELECT * FROM b LIMIT 100
--
SELECT * FROM (VALUES (1,'a'),(2,'b')) AS t(id, name)
--
VALUES (1), (2)
--
TABLE orders
--
SELECT a.* FROM customers a CROSS JOIN settings b
--
SELECT count(*) FROM customers a JOIN customers b ON a.referrer_id = b.id JOIN customers c ON b.referrer_id = c.id
--
SELECT CASE WHEN total > 100 THEN 'big' ELSE 'small' END, count(*) FROM orders GROUP BY 1
--
SELECT extract(dow FROM created_at), count(*) FROM orders GROUP BY 1 ORDER BY 1
--
SELECT *, lag(total) OVER (ORDER BY created_at) FROM orders WHERE customer_id = 7
--
CREATE TEMP TABLE ids (id int) ON COMMIT DROP
--
CREATE TEMP TABLE t AS SELECT id FROM orders WHERE created_at > '2026-01-01'
--
CREATE TEMP VIEW v AS SELECT 1
--
CREATE INDEX ON pg_temp.t (id)
--
CREATE TEMP TABLE t (id int); CREATE INDEX ON t (id); ANALYZE t; DROP TABLE t
--
CREATE TEMP TABLE t (id int); DELETE FROM t
--
CREATE TEMP TABLE t (id int, a int); UPDATE t SET a = 1
--
CREATE TEMP TABLE t (id int); ALTER TABLE t ADD COLUMN b text
--
DO $$ BEGIN RAISE NOTICE 'hello'; END $$
--
DO $$ BEGIN PERFORM 1 FROM customers WHERE id = 5; IF NOT FOUND THEN RAISE EXCEPTION 'no'; END IF; END $$
--
SELECT 'DROP TABLE customers'
--
SELECT 'a;b', $$ drop table x; $$
--
SELECT * FROM orders WHERE note = 'TRUNCATE customers'
--
-- just a comment
--
/* DROP TABLE x */ SELECT 1
--
SELECT "delete" FROM "drop" WHERE "truncate" = 1
--
INSERT INTO notes (text) VALUES ('DELETE FROM customers; DROP TABLE x;')
--
SELECT relname FROM pg_class WHERE relname = 'pg_authid'
--
SELECT id FROM users WHERE role = 'admin' AND password IS NOT NULL
--
UPDATE users SET last_login = now() WHERE username = 'ann'
--
UPDATE orders SET note = 'x' WHERE created_at::date = current_date AND status = 'open'
--
DELETE FROM cart_items WHERE cart_id = 'c-1' AND product_id = 7
--
DELETE FROM tokens WHERE expires_at < now() AND user_id = 7
--
DELETE FROM logs WHERE created_at < now() - interval '90 days'
--
DELETE FROM logs WHERE ctid IN (SELECT ctid FROM logs WHERE created_at < now() - interval '90 days' LIMIT 1000)
--
DELETE FROM tags WHERE NOT EXISTS (SELECT 1 FROM post_tags pt WHERE pt.tag_id = tags.id)
--
DELETE FROM a USING b WHERE a.id = b.a_id AND b.dead
--
UPDATE products SET price = price * 0.9 WHERE category = 'books'
--
UPDATE products p SET stock = stock - i.qty FROM order_items i WHERE i.product_id = p.id AND i.order_id = 7
--
INSERT INTO t DEFAULT VALUES
--
SELECT 1 WHERE EXISTS (SELECT FROM customers WHERE email = 'x')
--
SELECT string_agg(DISTINCT tag, ',') FROM post_tags WHERE post_id = 7
--
SELECT post_id, array_agg(tag) FROM post_tags GROUP BY post_id
--
SELECT u.id, array_remove(array_agg(r.name), NULL) FROM users u LEFT JOIN roles r ON r.user_id = u.id GROUP BY u.id
--
SELECT jsonb_object_agg(key, value) FROM settings WHERE user_id = 7
--
SELECT a.id, json_agg(b.*) FROM authors a JOIN books b ON b.author_id = a.id WHERE a.id = 3 GROUP BY a.id
--
SELECT to_json(array_agg(t)) FROM (SELECT * FROM orders WHERE status = 'open' LIMIT 50) t
--
DELETE FROM customers WHERE created_at < now() - interval '2 years' AND last_login IS NULL
--
DELETE FROM customers WHERE name LIKE 'test%' || '@example.org'
--
DELETE FROM orders WHERE id IN (1, 2, 3) OR reference IN ('a', 'b')
--
DELETE FROM orders WHERE status = 'draft' OR (status = 'open' AND NOT paid)
--
DELETE FROM orders WHERE (status = 'draft' AND note = 'x') OR NOT (status = 'open' OR note = 'y')
--
DELETE FROM orders WHERE extract(year FROM placed_at) = 2019
--
DELETE FROM orders WHERE extract(year FROM placed_at) < 2015
--
DELETE FROM orders WHERE date_part('month', placed_at) = 2 AND date_part('year', placed_at) = 2020
--
DELETE FROM orders WHERE extract(dow FROM placed_at) IN (0, 6) AND status = 'draft'
--
DELETE FROM tags WHERE length(name) > 40
--
DELETE FROM tags WHERE length(name) < 2
--
DELETE FROM tags WHERE name ~ '^tmp-[0-9]+$'
--
DELETE FROM tags WHERE name ~ '^[A-M]'
--
DELETE FROM tags WHERE name !~ '^[a-z0-9-]+$'
--
DELETE FROM tags WHERE id % 100 = 7
--
DELETE FROM tags WHERE name >= 'tmp' AND name < 'tmq'
--
DELETE FROM logs WHERE logged_at < '2024-01-01'::date
--
DELETE FROM logs WHERE logged_at < date '2024-01-01' + 30
--
DELETE FROM logs WHERE logged_at < to_timestamp(1700000000)
--
DELETE FROM logs WHERE logged_at < make_date(2024, 1, 1)
--
DELETE FROM logs WHERE logged_at BETWEEN '2024-01-01'::date AND '2024-02-01'::date
--
DELETE FROM logs WHERE logged_at < '2024-01-01'::date OR logged_at > '2026-12-01'::date
--
DELETE FROM logs WHERE logged_at < '20240101'
--
DELETE FROM logs WHERE logged_at < 'Feb 24, 2024'
--
DELETE FROM logs WHERE logged_at <@ tstzrange('2024-01-01', '2024-02-01')
--
DELETE FROM logs WHERE age(logged_at) > interval '90 days'
--
DELETE FROM logs WHERE now() - logged_at > interval '90 days'
--
DELETE FROM logs WHERE level IS NOT DISTINCT FROM 'debug'
--
DELETE FROM logs WHERE level IS DISTINCT FROM 'error' AND logged_at < now() - interval '30 days'
--
DELETE FROM logs WHERE session_id IS NOT DISTINCT FROM NULL AND level = 'debug'
--
DELETE FROM items WHERE price > 10 * 100
--
DELETE FROM items WHERE price < 5 + 5
--
DELETE FROM items WHERE price >= round(99.5)
--
DELETE FROM items WHERE sku = upper('ab-1')
--
DELETE FROM items WHERE sku LIKE upper('ab-%')
--
DELETE FROM items WHERE weight::int = 5
--
DELETE FROM items WHERE active::bool = false AND id = 7
--
UPDATE users SET active = false WHERE NOT active::bool AND last_seen < now() - interval '1 year'
--
UPDATE users SET name = trim(name) WHERE name <> trim(name)
--
UPDATE users SET phone = NULL WHERE phone = ''
--
UPDATE users SET tier = 'gold' WHERE total > 1e4
--
UPDATE users SET note = 'x' WHERE id = '42'::int
--
UPDATE users SET note = 'x' WHERE id = CAST('42' AS bigint)
--
UPDATE users SET note = 'x' WHERE uuid = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
--
UPDATE users SET note = 'x' WHERE lower(email) = lower('A@example.org')
--
PREPARE p (int) AS UPDATE users SET note = 'x' WHERE id = $1; EXECUTE p (7)
--
PREPARE p (text) AS DELETE FROM tags WHERE name LIKE $1; EXECUTE p ('tmp-%')
--
SELECT * FROM orders WHERE placed_at >= '2026-01-01' ORDER BY id LIMIT 50 OFFSET 100
--
SELECT count(*) FROM generate_series(now() - interval '30 days', now(), interval '1 day')
--
SELECT repeat('-', 80) || E'\n'
--
WITH old AS (SELECT id FROM orders WHERE placed_at < '2020-01-01') DELETE FROM lines USING old WHERE lines.order_id = old.id
--
MERGE INTO stock s USING (VALUES (1, 5)) v (id, n) ON s.id = v.id WHEN MATCHED THEN UPDATE SET n = v.n WHEN NOT MATCHED THEN INSERT VALUES (v.id, v.n)
--
SELECT id, status FROM orders ORDER BY id DESC LIMIT 50 OFFSET 100
--
SELECT status, count(*) FROM orders GROUP BY 1 HAVING count(*) > 5 ORDER BY 2 DESC
--
SELECT date_trunc('day', created_at) d, sum(total) FROM orders WHERE created_at >= now() - interval '7 days' GROUP BY d
--
SELECT o.*, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.name ILIKE '%ann%'
--
SELECT "orders"."id" AS "orders_id", "orders"."status" AS "orders_status" FROM "orders" WHERE "orders"."id" = 1 LIMIT 1
--
SELECT "public"."orders"."id", "public"."orders"."status" FROM "public"."orders" WHERE 1=1 ORDER BY "public"."orders"."id" ASC LIMIT 10 OFFSET 0
--
SELECT t0.id, t0.status FROM orders t0 WHERE ((t0.id = 1)) LIMIT 2
--
SELECT (1) AS "a" FROM "orders" WHERE "orders"."id" = 5 LIMIT 1
--
INSERT INTO "orders" ("status", "total") VALUES ('new', 5) RETURNING "orders"."id"
--
INSERT INTO orders (status) VALUES ('a'), ('b'), ('c')
--
INSERT INTO orders (id, status) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET status = EXCLUDED.status
--
INSERT INTO orders (id) VALUES (1) ON CONFLICT DO NOTHING
--
UPDATE "orders" SET "status" = 'x', "updated_at" = now() WHERE "orders"."id" IN (1, 2, 3)
--
UPDATE orders SET status = 'expired' WHERE created_at < now() - interval '90 days' AND status = 'new'
--
UPDATE orders SET total = total * 1.1 WHERE customer_id = 9 RETURNING id
--
DELETE FROM "sessions" WHERE "sessions"."id" = 'abc' AND "sessions"."user_id" = 4
--
DELETE FROM orders USING customers c WHERE c.id = orders.customer_id AND c.name = 'x'
--
WITH r AS (SELECT id FROM orders WHERE status = 'new' LIMIT 10 FOR UPDATE SKIP LOCKED) UPDATE orders SET status = 'run' FROM r WHERE orders.id = r.id RETURNING orders.*
--
SELECT id FROM jobs WHERE run_at <= now() ORDER BY run_at LIMIT 1 FOR UPDATE SKIP LOCKED
--
UPDATE jobs SET locked_by = 'w1' WHERE id = (SELECT id FROM jobs WHERE locked_by IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *
--
BEGIN; UPDATE orders SET status = 'x' WHERE id = 1; COMMIT
--
SET application_name = 'x'
--
SET search_path TO public
--
SHOW TRANSACTION ISOLATION LEVEL
--
SELECT version()
--
SELECT current_database(), current_schema(), current_user
--
SELECT pg_backend_pid()
--
SELECT relname, n_live_tup FROM pg_stat_user_tables ORDER BY n_live_tup DESC
--
SELECT pid, state, query FROM pg_stat_activity WHERE state <> 'idle'
--
SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
--
SELECT n.nspname, c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r','p','') AND n.nspname !~ '^pg_toast' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2
--
SELECT indexdef FROM pg_indexes WHERE tablename = 'orders'
--
SELECT oid, typname FROM pg_type WHERE typname = 'hstore'
--
SELECT t.oid, typarray FROM pg_type t JOIN pg_namespace ns ON typnamespace = ns.oid WHERE typname = 'jsonb'
--
EXPLAIN SELECT * FROM orders
--
EXPLAIN DELETE FROM orders WHERE id = 1
--
COPY (SELECT id FROM orders WHERE id < 100) TO STDOUT WITH CSV HEADER
--
COPY orders (id, status) FROM STDIN
--
PREPARE p AS SELECT * FROM orders WHERE id = $1; EXECUTE p(1)
--
DECLARE c CURSOR FOR SELECT * FROM orders WHERE id > 5
--
NOTIFY jobs, 'x'
--
SELECT pg_notify('jobs', 'x')
--
SELECT pg_try_advisory_lock(1)
--
CREATE TEMP TABLE t (id int)
--
CREATE TEMPORARY TABLE t AS SELECT id FROM orders WHERE id < 10; DROP TABLE t
--
WITH RECURSIVE t AS (SELECT id, parent FROM cat WHERE id = 1 UNION ALL SELECT c.id, c.parent FROM cat c JOIN t ON c.parent = t.id) SELECT * FROM t
--
SELECT id, row_number() OVER (PARTITION BY customer_id ORDER BY id) FROM orders LIMIT 20
--
SELECT data->>'a', data #>> '{b,c}' FROM events WHERE data @> '{"x": 1}'
--
SELECT * FROM events WHERE data ? 'k' LIMIT 5
--
SELECT jsonb_array_elements(data->'items') FROM events WHERE id = 1
--
SELECT array_agg(tag) FROM tags WHERE post_id = 5
--
SELECT json_agg(t) FROM (SELECT id, name FROM tags WHERE post_id = 5) t
--
SELECT string_agg(name, ', ') FROM tags WHERE post_id = 5
--
SELECT customer_id, array_agg(id) FROM orders WHERE created_at > now() - interval '1 day' GROUP BY customer_id
--
SELECT now(), clock_timestamp()
--
SELECT coalesce(max(id), 0) + 1 FROM orders
--
SELECT to_char(created_at, 'YYYY-MM') m, count(*) FROM orders GROUP BY m
--
SELECT * FROM orders WHERE created_at BETWEEN '2026-01-01' AND '2026-01-31'
--
SELECT * FROM orders WHERE id = ANY ('{1,2,3}'::int[])
--
SELECT * FROM orders WHERE lower(status) = 'new'
--
SELECT DISTINCT ON (customer_id) * FROM orders ORDER BY customer_id, created_at DESC LIMIT 10
--
SELECT * FROM orders TABLESAMPLE SYSTEM (1)
--
SELECT 1 -- DROP TABLE x
--
SELECT 'DROP TABLE orders; --'
--
SELECT $$DELETE FROM orders$$
--
SELECT "drop" FROM "delete" WHERE "truncate" = 1
--
SELECT EXISTS (SELECT 1 FROM orders WHERE id = 1)
--
SELECT EXISTS(SELECT 1 FROM information_schema.tables WHERE table_name = 'schema_migrations')
--
SELECT version FROM schema_migrations ORDER BY version
--
SELECT * FROM alembic_version
--
SELECT "django_migrations"."id", "django_migrations"."app" FROM "django_migrations"
--
SELECT * FROM "_prisma_migrations" ORDER BY started_at ASC
--
INSERT INTO audit (who, what) VALUES (current_user, 'DROP TABLE x')
--
UPDATE accounts SET balance = balance - 5 WHERE id = 1 AND balance >= 5
--
UPDATE users SET last_seen = now() WHERE id = 3
--
UPDATE users SET email = lower(email) WHERE id BETWEEN 1 AND 50
--
UPDATE orders o SET total = s.t FROM (SELECT order_id, sum(price) t FROM lines WHERE order_id = 3 GROUP BY order_id) s WHERE s.order_id = o.id
--
DELETE FROM cart_items WHERE cart_id = 9 AND product_id NOT IN (1, 2)
--
DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE status = 'void' ORDER BY id LIMIT 1000)
--
DELETE FROM orders WHERE ctid IN (SELECT ctid FROM orders WHERE status = 'void' LIMIT 500)
--
DELETE FROM tokens WHERE user_id = 3 AND expires_at IS NOT NULL
--
SELECT pg_relation_size('orders'), pg_total_relation_size('orders')
--
SELECT * FROM pg_settings WHERE name LIKE '%work_mem%'
--
SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a WHERE a.attrelid = 'orders'::regclass AND a.attnum > 0
--
SELECT extname, extversion FROM pg_extension
--
SELECT has_table_privilege('orders', 'SELECT')
--
SELECT age(datfrozenxid) FROM pg_database
--
SELECT st_distance(a.geom, b.geom) FROM places a, places b WHERE a.id = 1 AND b.id = 2
--
SELECT ts_rank(v, q), title FROM docs, to_tsquery('a & b') q WHERE v @@ q LIMIT 10
--
SELECT similarity(name, 'x') FROM customers WHERE name % 'x' LIMIT 5
--
SELECT lag(total) OVER w FROM orders WHERE customer_id = 1 WINDOW w AS (ORDER BY id)
--
SELECT * FROM orders o CROSS JOIN LATERAL (SELECT * FROM lines l WHERE l.order_id = o.id LIMIT 3) x WHERE o.id = 1
--
SELECT x.* FROM jsonb_to_recordset('[{"a":1}]') AS x(a int)
--
SELECT regexp_replace(name, '[0-9]+', '#', 'g') FROM customers LIMIT 5
