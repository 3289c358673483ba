-- Conditions of UPDATE and DELETE on table t (columns id, name, status, active, created_at, amount, data).
-- "+" really limits, "-" does not.
+ id = 1
+ id = $1
+ "id" = 1
+ t.id = 1
+ public.t.id = 1
+ id IN (1, 2, 3)
+ id = ANY($1)
+ id = ANY(ARRAY[1,2,3])
+ id = ANY('{1,2}'::int[])
+ name = 'x' AND true
+ true AND name = 'x'
+ 1 = 1 AND id = 7
+ (id, name) = (1, 'x')
+ (id, name) IN ((1, 'x'), (2, 'y'))
+ id BETWEEN 10 AND 20
+ id BETWEEN SYMMETRIC 20 AND 10
+ created_at < now() - interval '30 days'
+ created_at < $1
+ created_at >= '2024-01-01' AND created_at < '2024-02-01'
+ created_at::date = current_date
+ date_trunc('day', created_at) = date_trunc('day', now())
+ extract(year FROM created_at) = 2024
+ status = 'done' OR status = 'failed'
+ status IN ('done', 'failed') OR id = 4
+ status <> 'done'
+ status NOT IN ('done', 'failed')
+ status <> 'done' OR status IS NULL
+ name IS NULL
+ deleted_at IS NOT NULL
+ active
+ NOT active
+ active IS TRUE
+ active IS NOT TRUE
+ active = false
+ NOT (status = 'done')
+ coalesce(active, false) = false
+ coalesce(status, '') = 'x'
+ lower(name) = 'bob'
+ name LIKE 'bob%'
+ name ILIKE '%bob%'
+ name NOT LIKE 'bob%'
+ name ~ '^bob'
+ name LIKE $1
+ data->>'kind' = 'x'
+ data @> '{"a": 1}'
+ data ? 'a'
+ starts_with(name, 'bo')
+ amount > 100
+ amount > 0
+ amount < 5 OR amount > 10
+ amount * 2 > 100
+ created_at < updated_at
+ false
+ 1 = 0
+ id = NULL
+ id = (SELECT max(id) FROM t)
+ id = (SELECT 5)
+ id IN (SELECT t_id FROM other)
+ id IN (SELECT id FROM t WHERE status = 'done')
+ id IN (SELECT id FROM t WHERE status = 'done' ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED)
+ ctid IN (SELECT ctid FROM t LIMIT 1000)
+ id NOT IN (SELECT t_id FROM other)
+ id NOT IN (SELECT min(id) FROM t GROUP BY name)
+ EXISTS (SELECT 1 FROM other o WHERE o.t_id = t.id)
+ NOT EXISTS (SELECT 1 FROM other o WHERE o.t_id = t.id)
+ CURRENT OF c
+ id IS NOT DISTINCT FROM 5
+ status IS DISTINCT FROM 'done'
+ tenant_id = current_setting('app.tenant')::int
+ id = 1 AND (status = 'a' OR true)
+ (id = 1) IS TRUE
+ xmin = '123'
+ id > 100 AND id <= 200
+ id BETWEEN 100 AND 200
+ id < 1000
+ id > 100 AND status = 'late'
+ id IN (SELECT id FROM t LIMIT 10000)
- true
- TRUE
- 't'
- 'yes'::bool
- 1::bool
- NOT false
- NOT NOT true
- 1=1
- 1 = 1 AND 2 = 2
- 2 > 1
- 'a' = 'a'
- 'a' <> 'b'
- 1 <> 2
- 1 IN (1, 2)
- 5 BETWEEN 1 AND 10
- id = id
- t.id = id
- t.id = t.id
- id + 0 = id
- id >= id
- id = coalesce(id, 0)
- coalesce(id, 1) = coalesce(id, 1)
- coalesce(1, id) = 1
- id::text = id::text
- id = 1 OR true
- id > 0 OR 1 = 1
- true OR id = 1
- id = 1 OR id <> 1
- id = 1 OR NOT id = 1
- id = 1 OR NOT (id = 1)
- id < 5 OR id >= 5
- id <= 10 OR id > 3
- id IS NULL OR id IS NOT NULL
- x IS NULL OR x IS NOT NULL
- x IS NOT NULL OR x IS NULL
- active OR NOT active
- active IS TRUE OR active IS NOT TRUE
- status = 'a' OR status <> 'a'
- status <> 'a' OR status <> 'b'
- status IN ('a') OR status NOT IN ('a')
- name LIKE 'a%' OR name NOT LIKE 'a%'
- NOT (id = 1 AND id = 2)
- NOT (id IS NULL AND id IS NOT NULL)
- NOT (1 = 0)
- id IS NOT NULL
- ctid IS NOT NULL
- NOT (id IS NULL)
- id > 100
- id >= 5000
- id > '100'
- id > $1
- id IN (SELECT id FROM t LIMIT 10001)
- id IN (SELECT id FROM t LIMIT 99999999999)
- id IN (SELECT id FROM t LIMIT ALL)
- id IN (SELECT id FROM t LIMIT (SELECT count(*) FROM t))
- id IN (SELECT id FROM t LIMIT 1000 * 1000)
- id > 0
- id >= 0
- id > -1
- id <> 0
- id <> -1
- id != -1
- id < 99999999999
- id BETWEEN -2147483648 AND 2147483647
- id IS DISTINCT FROM NULL
- (id = 1) IS NOT NULL
- (id = 1) IS NOT UNKNOWN
- name LIKE '%'
- name LIKE '%%'
- name ILIKE '%'
- name LIKE '_%'
- name LIKE '%' OR name IS NULL
- name ~ '.*'
- name ~ ''
- name ~ '^'
- name ~ 'a|.*'
- name ~ 'x*'
- name SIMILAR TO '%'
- name <> ''
- length(name) >= 0
- abs(id) >= 0
- id * 0 = 0
- id - id = 0
- id % 1 = 0
- created_at > '1970-01-01'
- created_at > '-infinity'
- created_at < 'infinity'
- created_at < '9999-12-31'
- random() >= 0
- random() < 2
- now() > '2000-01-01'
- current_user = 'postgres'
- current_user IS NOT NULL
- $1
- $1 = $1
- $1 IS NULL OR id = $1
- EXISTS (SELECT 1)
- EXISTS (SELECT 1 FROM t)
- EXISTS (SELECT 1 FROM other)
- EXISTS (SELECT 1 FROM t t2 WHERE t2.id = t.id)
- EXISTS (SELECT 1 FROM other o WHERE o.x = o.x)
- EXISTS (VALUES (1))
- id IN (SELECT id FROM t)
- id IN (SELECT t2.id FROM t t2)
- id IN (SELECT id FROM public.t)
- id IN (SELECT id FROM t WHERE true)
- id IN (SELECT id FROM t WHERE id = id)
- id IN (SELECT id FROM t UNION SELECT 1)
- id IN (SELECT id FROM (SELECT * FROM t) s)
- id = ANY (SELECT id FROM t)
- id = ANY (ARRAY(SELECT id FROM t))
- id IN (SELECT t.id)
- id = (SELECT t.id)
- id = (SELECT t2.id FROM t t2 WHERE t2.id = t.id)
- id IN (id, 1)
- id = ANY (ARRAY[id])
- id >= (SELECT min(id) FROM t)
- id <= ALL (SELECT id FROM t)
- (id, 1) = (id, 1)
- CASE WHEN true THEN true ELSE false END
- CASE WHEN id = 1 THEN true ELSE true END
- CASE id WHEN 1 THEN 2 ELSE 2 END = 2
- some_function(id)
- some_function(id) = 1
- id OPERATOR(public.=) 1
- data @> '{}'
- (SELECT true)
- (SELECT 1) = 1
- nullif(1, 2) = 1
- greatest(1, 2) = 2
- id = id AND name = name
- 1 = ALL (ARRAY[1,1])
- '' = ''
- pg_sleep(0) IS NOT NULL
- row(1) = row(1)
- EXISTS (SELECT 1 FROM t t2 WHERE t2.name = t.name AND t2.id < t.id)
- tableoid = 't'::regclass
- ctid >= '(0,0)'
- ctid BETWEEN '(0,1)' AND '(4294967295,65535)'
+ ctid = '(0,1)'
- created_at < now() + interval '100 years'
- created_at > now() - interval '500 years'
- created_at < current_date + 365000
- created_at < make_date(9999, 1, 1)
+ created_at < now() - interval '2 years'
- created_at < now() + interval '1 day'
- id <@ int8range(NULL, NULL)
- int8range(NULL, NULL) @> id
+ id <@ int8range(1, 10)
- left(name, 0) = ''
- substr(name, 1, 0) = ''
+ left(name, 3) = 'tmp'
- id % 2 = 0 OR id % 2 = 1
- mod(id, 2) IN (0, 1)
+ mod(id, 3) IN (0, 1)
- id NOT IN (SELECT id FROM t WHERE false)
- id IN (WITH c AS (TABLE t) SELECT id FROM c)
- t IS NOT NULL
- id::text ~ '\d'
+ name ~ '\.tmp$'
+ email <> lower(email)
+ trim(name) IS DISTINCT FROM name
- id <> id + 1
- reverse(name) <> name
- created_at < now()
- updated_at <= CURRENT_TIMESTAMP
- now() >= created_at
+ created_at < now() - interval '1 day'
+ expires_at < now()
- id IN (SELECT generate_series(1, 100000))
+ id IN (SELECT generate_series(1, 100))
- id = ANY(ARRAY(SELECT id FROM t))
- name <> 'made up'
- name != 'nobody'
- NOT (name = 'made up')
- NOT name = 'made up'
- name NOT IN ('a', 'b')
- name <> ALL (ARRAY['a', 'b'])
- name IS DISTINCT FROM 'made up'
- lower(name) <> 'made up'
- name <> 'a' AND name <> 'b'
- name <> 'made up' AND id IS NOT NULL
- email <> 'nobody@example.org'
- title <> 'x' OR title IS NULL
- amount <> -1
- amount <> 0
- created_at <> '1999-01-01'
- data <> '{}'
- id <> 0 AND name <> ''
- name IS NOT NULL
- email IS NOT NULL
- created_at IS NOT NULL
- updated_at IS NOT NULL
- NOT (name IS NULL)
- status IS NOT NULL
- amount IS NOT NULL
- data IS NOT NULL
- birth_date IS NOT NULL
- customer_id IS NOT NULL
- name IS NOT NULL AND email IS NOT NULL
- name IS NOT NULL OR status = 'x'
- name <> 'made up' OR status = 'x'
- length(name) <> 0
- length(name) <> 77
- length(name) > 0
- length(name) < 100000
- char_length(name) >= 1
- coalesce(name, '') <> 'made up'
- upper(email) <> 'X'
- id = ANY (SELECT id FROM t)
- id = ANY (SELECT t2.id FROM t t2 WHERE true)
- id = SOME (SELECT id FROM t)
- id IN (SELECT id FROM t WHERE name <> 'made up')
- id IN (SELECT id FROM t WHERE id > 0)
- id IN (SELECT id FROM t WHERE id IS NOT NULL)
- id IN (SELECT id FROM t ORDER BY id)
- id IN (SELECT DISTINCT id FROM t)
- id IN (SELECT id FROM t GROUP BY id)
- id IN (SELECT max(id) FROM t GROUP BY id)
- EXISTS (SELECT 1 WHERE true)
- EXISTS (SELECT 1 FROM t t2)
- EXISTS (SELECT FROM t)
- NOT EXISTS (SELECT 1 WHERE false)
- id > 0 AND id < 2147483647
- id > 0 AND name <> 'x'
- id >= 1
- id + 1 > 0
- id <> 1
- id NOT IN (1, 2, 3)
- id NOT IN (-1)
- id <> ALL (ARRAY[1,2])
- NOT (id = 1)
- NOT (id IN (1, 2))
- (name <> 'a') IS TRUE
- name || 'x' <> 'yx'
- 'x' <> name
- key <> 'a'
- phone <> '0'
+ status <> 'done' AND created_at < now() - interval '1 day'
+ status != 'done'
+ NOT (status = 'done' )
+ status <> 'done' AND status <> 'failed'
+ status NOT IN ('done')
+ state <> 'closed'
+ role <> 'admin'
+ type <> 'system'
+ order_status <> 'paid'
+ account_type <> 'internal'
+ country <> 'DE'
+ currency <> 'EUR'
+ level <> 'error'
+ priority <> 1
+ is_active <> true
+ active <> false
+ active IS DISTINCT FROM true
+ is_deleted IS DISTINCT FROM false
+ processed <> 1
+ version <> 3
+ extract(month FROM created_at) <> 3
+ cancelled_at IS NOT NULL
+ expires_at IS NOT NULL
+ archived_at IS NOT NULL
+ deleted_by IS NOT NULL
+ parent_key IS NOT NULL
+ locked_until IS NOT NULL
+ last_error IS NOT NULL
+ failure_reason IS NOT NULL
+ NOT (deleted_at IS NULL)
+ deleted_at IS NOT NULL AND deleted_at < now() - interval '30 days'
+ deleted_at IS DISTINCT FROM NULL
+ deleted_at IS NULL
+ name IS NULL
+ email IS NULL OR email = ''
+ name = '' OR name IS NULL
+ name = 'x' AND email IS NOT NULL
+ name <> 'x' AND status = 'new'
+ name <> 'x' AND id = 7
+ id = 7 AND name IS NOT NULL
+ email LIKE '%@example.org' AND email <> 'admin@example.org'
+ created_at < '2024-01-01' AND name <> 'keep'
+ id IN (SELECT id FROM t WHERE status <> 'done' LIMIT 100)
+ id IN (SELECT id FROM t WHERE name = 'x')
+ id = ANY (SELECT id FROM t WHERE created_at < '2020-01-01')
- id IN (SELECT min(id) FROM t GROUP BY status)
+ EXISTS (SELECT 1 FROM other o WHERE o.t_id = t.id AND o.kind = 'x')
+ id BETWEEN 1 AND 500
+ id > 10 AND id < 20
+ length(name) > 200
+ length(name) = 0
+ name = lower('X')
+ amount < 0
+ amount = 0
+ amount BETWEEN 0 AND 1
+ created_at BETWEEN '2024-01-01' AND '2024-01-31'
+ updated_at < created_at
+ data->>'state' = 'x' AND name <> 'y'
+ tenant_id = 5 AND name <> 'x'
+ tenant_id = 5 AND id > 0
