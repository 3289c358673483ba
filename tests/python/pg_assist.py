"""Makes a server say a value in whatever it may say besides rows, and prints all that the driver got.  usage: pg_assist.py DSN"""

import sys

import psycopg

dsn = sys.argv[1]
CARD = "'4111' || repeat('1', 12)"
SPACED = "'4111 1111 1111 ' || '1111'"
got = []


def told(notice):
    diag = notice.diag if hasattr(notice, "diag") else notice
    fields = ("message_primary", "message_detail", "message_hint", "context", "internal_query", "schema_name",
              "table_name", "column_name", "datatype_name", "constraint_name")
    got.append({field: getattr(diag, field) for field in fields})


def fails(db, statement):
    try:
        db.execute(statement)
        got.append("no error")
    except psycopg.Error as error:
        told(error)


with psycopg.connect(dsn, autocommit=True) as db:
    db.add_notice_handler(told)
    db.execute("CREATE TEMP TABLE cards (card text CONSTRAINT \"one 4111111111111111\" PRIMARY KEY, n int CHECK (n > 0))")
    db.execute(f"INSERT INTO cards VALUES ({CARD}, 1)")
    fails(db, f"INSERT INTO cards VALUES ({CARD}, 1)")
    fails(db, f"INSERT INTO cards VALUES ('x' || {SPACED}, 0)")
    fails(db, f"SELECT ({SPACED})::int")
    fails(db, "SELECT \"4111111111111111\" FROM cards")
    raised = f"RAISE {{}} USING MESSAGE = 'm ' || {SPACED}, DETAIL = 'd ' || {CARD}, HINT = 'h ' || {CARD}, \
        COLUMN = 'c ' || {CARD}, TABLE = 't ' || {CARD}, SCHEMA = 's ' || {CARD}, DATATYPE = 'y ' || {CARD}, CONSTRAINT = 'k ' || {CARD}"
    db.execute(f"DO $$ BEGIN {raised.format('NOTICE')}; END $$")
    fails(db, f"DO $$ BEGIN {raised.format('EXCEPTION')}; END $$")
    fails(db, f"DO $$ BEGIN EXECUTE 'SELECT 1/0 AS \"' || {SPACED} || '\"'; END $$")
    for alias in ("4111111111111111", "4111 1111 1111 1111", "card 4111-1111-1111-1111"):
        cursor = db.execute(f"SELECT 1 AS \"{alias}\", 'fine'")
        got.append([cursor.description[0].name, cursor.fetchall()])
    for channel, payload in (("plain", f"'p ' || {SPACED}"), ("4111111111111111", "'q'"), ("c 4111 1111 1111 1111", "'r'")):
        db.execute(f"LISTEN \"{channel}\"")
        db.execute(f"SELECT pg_notify('{channel}', {payload})")
    got += [(note.channel, note.payload) for note in db.notifies(timeout=20, stop_after=3)]
    db.execute(f"SELECT set_config('application_name', 'a ' || {SPACED}, false)")
    got.append(db.info.parameter_status("application_name"))
    got.append(db.execute("SHOW application_name").fetchall())
    got.append(db.execute("SELECT 'still here'").fetchall())
for one in got:
    print(one)
