"""Runs statements whose values decide whether they are limited, with psycopg (both formats) and asyncpg; prints what each came to.

usage: values.py DSN HOST PORT USER PASSWORD DATABASE CA CASES

CASES is a JSON list of [statement, [values]]; the statement has $1, $2.
"""

import asyncio
import json
import re
import ssl
import sys

import asyncpg
import psycopg

dsn, host, port, user, password, database, ca, cases = sys.argv[1:]
CASES = json.loads(cases)


def say(client, number, state, message):
    print(json.dumps({"client": client, "case": number, "state": state, "message": message}))


def psycopg_cases():
    for form in ("t", "b"):
        with psycopg.connect(dsn, autocommit=True) as db:
            for number, (statement, values) in enumerate(CASES):
                order = [int(digits) - 1 for digits in re.findall(r"\$(\d+)", statement)]
                text = re.sub(r"\$\d+", "%" + form, statement.replace("%", "%%"))
                try:
                    db.execute(text, [values[at] for at in order])
                    say("psycopg " + form, number, "ok", "")
                except psycopg.Error as error:
                    say("psycopg " + form, number, error.sqlstate, error.diag.message_primary)


async def asyncpg_cases():
    tls = ssl.create_default_context(cafile=ca)
    db = await asyncpg.connect(host=host, port=int(port), user=user, password=password, database=database, ssl=tls)
    for number, (statement, values) in enumerate(CASES):
        try:
            await db.fetch(statement, *values)
            say("asyncpg", number, "ok", "")
        except asyncpg.PostgresError as error:
            say("asyncpg", number, error.sqlstate, error.message)
    await db.close()


psycopg_cases()
asyncio.run(asyncpg_cases())
