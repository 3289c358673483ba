"""Walks through what psycopg 3 does and prints one JSON document; must print the same direct and through a gateway.

usage: psycopg_tour.py DSN TABLE
"""

import json
import sys
from decimal import Decimal

import psycopg
from psycopg.rows import dict_row

dsn, table = sys.argv[1:]
seen = {}


def note(name, value):
    seen[name] = json.loads(json.dumps(value, default=str))


with psycopg.connect(dsn, autocommit=True) as db:
    db.execute(f"DROP TABLE IF EXISTS {table}")
    db.execute(f"CREATE TABLE {table} (id int, name text, amount numeric, at timestamptz, doc jsonb, raw bytea)")
    for binary in (False, True):
        with db.cursor(binary=binary) as cursor:
            cursor.execute("SELECT %s::int, %s::text, %s::float8, %s::bytea", (7, "grüße", 1.5, b"\x00\xff"))
            note(f"row binary={binary}", [str(value) for value in cursor.fetchone()])
            cursor.execute("SELECT i, i * i, repeat('x', i) FROM generate_series(1, 300) i")
            note(f"rows binary={binary}", cursor.fetchall())
    # Named prepared statements: the same query over and over becomes one.
    for i in range(12):
        row = db.execute("SELECT %s::int + 1", (i,), prepare=True).fetchone()
    note("prepared", row)
    with db.pipeline():
        cursors = [db.execute("SELECT %s::int * 2", (i,)) for i in range(20)]
        note("pipeline", [cursor.fetchone()[0] for cursor in cursors])
    try:
        with db.pipeline():
            first = db.execute("SELECT 1")
            db.execute("SELECT 1/0")
            db.execute("SELECT 2")
    except psycopg.Error as error:
        note("pipeline error", [error.sqlstate, first.fetchone()[0]])
    note("after the error", db.execute("SELECT 'well'").fetchone())

    with db.cursor() as cursor:
        with cursor.copy(f"COPY {table} (id, name, amount) FROM STDIN") as copy:
            for i in range(2000):
                copy.write_row((i, f"name {i}", Decimal(i) / 4))
        with cursor.copy(f"COPY {table} (id, name, amount) TO STDOUT (FORMAT binary)") as copy:
            note("copy binary bytes", sum(len(piece) for piece in copy))
        with cursor.copy(f"COPY (SELECT id, name, amount FROM {table} ORDER BY id LIMIT 3) TO STDOUT (FORMAT csv)") as copy:
            note("copy csv", b"".join(copy).decode())
        note("aborted copy", "none")
        try:
            with cursor.copy(f"COPY {table} (id) FROM STDIN") as copy:
                copy.write("not a number\n")
        except psycopg.Error as error:
            note("aborted copy", error.sqlstate)

    db.execute("LISTEN bell")
    db.execute("NOTIFY bell, 'ding'")
    note("notify", [n.payload for n in db.notifies(timeout=5, stop_after=1)])

    notices = []
    db.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    db.execute("DO $$ BEGIN RAISE NOTICE 'mind the %', 'gap'; END $$")
    note("notices", notices)

    try:
        db.execute("SELECT * FROM no_such_table_anywhere")
    except psycopg.Error as error:
        note("error", [error.sqlstate, error.diag.message_primary, error.diag.statement_position])
    note("encoding", [db.info.encoding, db.info.parameter_status("server_version")])

with psycopg.connect(dsn, row_factory=dict_row) as db:
    with db.transaction():
        db.execute(f"UPDATE {table} SET name = 'changed' WHERE id < 10")
        try:
            with db.transaction():
                db.execute(f"DELETE FROM {table}")
                raise psycopg.Rollback()
        except psycopg.Rollback:
            pass
    note("transactions", db.execute(f"SELECT count(*), count(*) FILTER (WHERE name = 'changed') c FROM {table}").fetchone())
    with db.cursor(name="walk") as cursor:
        cursor.itersize = 100
        cursor.execute(f"SELECT id FROM {table} ORDER BY id")
        note("server-side cursor", sum(row["id"] for row in cursor))
    db.execute(f"DROP TABLE {table}")

print(json.dumps(seen, indent=1, sort_keys=True))
