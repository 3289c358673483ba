CREATE TABLE public.customers (
  id integer PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE, phone varchar(20), card varchar(19) NOT NULL,
  ssn char(11) NOT NULL, ssn_number bigint, notes text, profile jsonb NOT NULL, birthday date, secret_bytes bytea,
  tags text[], country text NOT NULL DEFAULT 'US', balance numeric(12,2) NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT '2026-01-01', active boolean NOT NULL DEFAULT true,
  domain text GENERATED ALWAYS AS (split_part(email, '@', 2)) STORED,
  CHECK (balance > -100000));
CREATE TABLE public.orders (
  id integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES public.customers, item text NOT NULL,
  quantity integer NOT NULL, total numeric(10,2) NOT NULL, status text NOT NULL DEFAULT 'new',
  placed_at timestamptz NOT NULL DEFAULT '2026-02-01');
CREATE TABLE public.notes_log (id serial PRIMARY KEY, body text, n bigint);
CREATE TABLE public.vip (level integer) INHERITS (public.customers);
CREATE TABLE public.payments (id integer, card text, paid_at date) PARTITION BY RANGE (paid_at);
CREATE TABLE public.payments_2026 PARTITION OF public.payments FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE SCHEMA audit;
CREATE TABLE audit.customers (id integer, action text, at timestamptz DEFAULT '2026-01-01');
CREATE VIEW public.contact AS SELECT id, email AS reach, name FROM public.customers;
CREATE VIEW public.contact_upper AS SELECT id, upper(reach) AS shout FROM public.contact;
CREATE VIEW public.harmless AS SELECT c.id, c.name, count(o.id) AS orders FROM public.customers c
  LEFT JOIN public.orders o ON o.customer_id = c.id GROUP BY c.id, c.name;
CREATE VIEW public.fives AS SELECT id, name FROM public.customers WHERE ssn LIKE '5%';
CREATE MATERIALIZED VIEW public.card_cache AS SELECT id, card AS number, name FROM public.customers;
CREATE FUNCTION public.get_ssn(integer) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn::text FROM public.customers WHERE id = $1';
CREATE FUNCTION public.all_customers() RETURNS SETOF public.customers LANGUAGE sql STABLE AS 'SELECT * FROM public.customers';
CREATE FUNCTION public.full_card(public.customers) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1.card::text';
CREATE FUNCTION public.order_total(integer) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT sum(total) FROM public.orders WHERE customer_id = $1';
CREATE FUNCTION public.add_tax(amount numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN round(amount * 1.2, 2); END $$;
CREATE FUNCTION public.peek(q text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN EXECUTE q INTO r; RETURN r; END $$;
CREATE FUNCTION public.shout_ssn(i integer) RETURNS void LANGUAGE plpgsql AS $$ DECLARE s text; BEGIN SELECT ssn INTO s FROM public.customers WHERE id = i; RAISE NOTICE 'ssn %', s; END $$;
CREATE FUNCTION public.order_owner(public.orders) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM public.customers WHERE id = $1.customer_id';
CREATE PROCEDURE public.move_card(i integer) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.notes_log(body) SELECT card FROM public.customers WHERE id = i; END $$;
INSERT INTO public.orders SELECT 0, 0, '', 0, 0 WHERE false;
